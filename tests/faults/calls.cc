// The C library's functions that reach the file system: they ask first (faults.h). A program's own symbols come before those of all
// libraries, so what the C++ library, libsndfile and others call is these, too; what the C library calls itself is not.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "tests/faults/faults.h"

namespace {

using kinglet::faults::ask;
using kinglet::faults::kHalf;
using kinglet::faults::Kind;
using kinglet::faults::kNothing;

bool fails(Kind kind) {
  const int error = ask(kind);
  if (error > 0) errno = error;
  return error > 0;
}

// Of a call that moves bytes: how many of them it may move, or less than none where it fails.
ssize_t allowed(Kind kind, size_t size) {
  const int error = ask(kind);
  if (error > 0) errno = error;
  if (error != 0 && error != kHalf) return error == kNothing ? 0 : -1;
  return static_cast<ssize_t>(error == kHalf ? (size + 1) / 2 : size);
}

// The next function of this name: the C library's, or a sanitizer's.
template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

mode_t mode_of(int flags, va_list rest) { return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0; }

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  static auto* const real = next<int(const char*, int, ...)>("open");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return fails(Kind::kOpen) ? -1 : real(path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  static auto* const real = next<int(int, const char*, int, ...)>("openat");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return fails(Kind::kOpen) ? -1 : real(folder, path, flags, mode);
}

FILE* fopen(const char* path, const char* mode) {
  static auto* const real = next<FILE*(const char*, const char*)>("fopen");
  return fails(Kind::kOpen) ? nullptr : real(path, mode);
}

FILE* fopen64(const char* path, const char* mode) {
  static auto* const real = next<FILE*(const char*, const char*)>("fopen64");
  return fails(Kind::kOpen) ? nullptr : real(path, mode);
}

DIR* opendir(const char* path) {
  static auto* const real = next<DIR*(const char*)>("opendir");
  return fails(Kind::kOpen) ? nullptr : real(path);
}

int mkstemp(char* pattern) {
  static auto* const real = next<int(char*)>("mkstemp");
  return fails(Kind::kOpen) ? -1 : real(pattern);
}

char* mkdtemp(char* pattern) noexcept {
  static auto* const real = next<char*(char*)>("mkdtemp");
  return fails(Kind::kOpen) ? nullptr : real(pattern);
}

ssize_t read(int fd, void* bytes, size_t size) {
  static auto* const real = next<ssize_t(int, void*, size_t)>("read");
  const ssize_t most = allowed(Kind::kRead, size);
  return most <= 0 ? most : real(fd, bytes, static_cast<size_t>(most));
}

ssize_t pread(int fd, void* bytes, size_t size, off_t offset) {
  static auto* const real = next<ssize_t(int, void*, size_t, off_t)>("pread");
  const ssize_t most = allowed(Kind::kRead, size);
  return most <= 0 ? most : real(fd, bytes, static_cast<size_t>(most), offset);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  static auto* const real = next<ssize_t(int, const void*, size_t)>("write");
  const ssize_t most = allowed(Kind::kWrite, size);
  return most <= 0 ? most : real(fd, bytes, static_cast<size_t>(most));
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  static auto* const real = next<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  const ssize_t most = allowed(Kind::kWrite, size);
  return most <= 0 ? most : real(fd, bytes, static_cast<size_t>(most), offset);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  static auto* const real = next<ssize_t(int, const iovec*, int)>("writev");
  const ssize_t most = allowed(Kind::kWrite, static_cast<size_t>(count));  // of the parts
  return most <= 0 ? most : real(fd, parts, static_cast<int>(most));
}

// Of the C library's streams stdout: what the library itself writes for them does not ask.
size_t fwrite(const void* bytes, size_t size, size_t count, FILE* file) {
  static auto* const real = next<size_t(const void*, size_t, size_t, FILE*)>("fwrite");
  return file == stdout && fails(Kind::kWrite) ? 0 : real(bytes, size, count, file);
}

int fflush(FILE* file) {
  static auto* const real = next<int(FILE*)>("fflush");
  return file == stdout && fails(Kind::kWrite) ? EOF : real(file);
}

int fsync(int fd) {
  static auto* const real = next<int(int)>("fsync");
  return fails(Kind::kSync) ? -1 : real(fd);
}

// The descriptor is gone also where this fails.
int close(int fd) {
  static auto* const real = next<int(int)>("close");
  const bool failed = fails(Kind::kClose);
  const int error = errno, status = real(fd);
  if (failed) errno = error;
  return failed ? -1 : status;
}

int dup(int fd) noexcept {
  static auto* const real = next<int(int)>("dup");
  return fails(Kind::kOpen) ? -1 : real(fd);
}

int rename(const char* from, const char* to) noexcept {
  static auto* const real = next<int(const char*, const char*)>("rename");
  return fails(Kind::kRename) ? -1 : real(from, to);
}

int fchmod(int fd, mode_t mode) noexcept {
  static auto* const real = next<int(int, mode_t)>("fchmod");
  return fails(Kind::kRename) ? -1 : real(fd, mode);
}

void* mmap(void* at, size_t size, int protection, int flags, int fd, off_t offset) noexcept {
  static auto* const real = next<void*(void*, size_t, int, int, int, off_t)>("mmap");
  return fails(Kind::kMap) ? MAP_FAILED : real(at, size, protection, flags, fd, offset);
}

int stat(const char* path, struct stat* info) noexcept {
  static auto* const real = next<int(const char*, struct stat*)>("stat");
  return fails(Kind::kLook) ? -1 : real(path, info);
}

int lstat(const char* path, struct stat* info) noexcept {
  static auto* const real = next<int(const char*, struct stat*)>("lstat");
  return fails(Kind::kLook) ? -1 : real(path, info);
}

int fstat(int fd, struct stat* info) noexcept {
  static auto* const real = next<int(int, struct stat*)>("fstat");
  return fails(Kind::kLook) ? -1 : real(fd, info);
}

char* realpath(const char* path, char* resolved) noexcept {
  static auto* const real = next<char*(const char*, char*)>("realpath");
  return fails(Kind::kLook) ? nullptr : real(path, resolved);
}

// What _FILE_OFFSET_BITS=64 makes of these names; where file sizes have 64 bits anyway they are the same.
static_assert(sizeof(off_t) == 8 && sizeof(struct stat) == sizeof(struct stat64));

int open64(const char* path, int flags, ...) __attribute__((alias("open")));
int openat64(int folder, const char* path, int flags, ...) __attribute__((alias("openat")));
int mkstemp64(char* pattern) __attribute__((alias("mkstemp")));
ssize_t pread64(int fd, void* bytes, size_t size, off64_t offset) __attribute__((alias("pread")));
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) __attribute__((alias("pwrite")));
void* mmap64(void* at, size_t size, int protection, int flags, int fd, off64_t offset) noexcept
    __attribute__((alias("mmap")));
int stat64(const char* path, struct stat64* info) noexcept { return stat(path, reinterpret_cast<struct stat*>(info)); }
int lstat64(const char* path, struct stat64* info) noexcept {
  return lstat(path, reinterpret_cast<struct stat*>(info));
}
int fstat64(int fd, struct stat64* info) noexcept { return fstat(fd, reinterpret_cast<struct stat*>(info)); }
}
