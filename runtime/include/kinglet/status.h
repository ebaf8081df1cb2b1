// Status and Result: how every failure in the runtime is told. Nothing is thrown, printed or aborted.
//
//     auto model = kinglet::Model::open(bytes);
//     if (!model.ok()) return report(model.status());   // code, static message, subject
//
// A Status owns nothing: its message is a string literal, its subject a number whose meaning the message states. A firmware may leave the
// messages out (KINGLET_PARTS without Messages); then each is empty.
//
// Rules that hold for every function of these headers:
//   numbers   may be any, and memory may be none: what does not fit is a Status, or an empty view, 0 or nothing where there is no Status.
//   memory    a span, a view or a reference leads to as much as it says; no function can see that it does not. What an object was made of, or
//             keeps, stays there, and nobody else changes it, as long as the object is used.
//   writing   what a call writes to is nothing else that it was given, and no arena, workspace or file. Tokenizer, PictureInput, SoundInput
//             and Session::capture look whether arguments of one call overlap; nobody can see of any other memory whose it is.
//   nothing   is what a default constructor makes, and what a Result holds that is not ok(): it waits for an assignment, and nothing may be
//             asked of it, but where a header says so.
//   calls     on one session, by whichever objects, come one after the other, and none out of a callback.
#pragma once

#include <cstdint>
#include <utility>

#include "kinglet/message.h"

namespace kinglet {

enum class Code : std::uint8_t {
  kOk,
  kBadFile,      // the bytes are no Kinglet model, or one that breaks a rule of the format
  kBadArgument,  // the caller asked for something this model or plan does not have
  kOutOfMemory,  // the arena or a caller's buffer is too small
  kContextFull,  // a sequence has no room left for the rows of this call
  kNotFinite,    // a NaN or an infinity appeared in a row
  kUnsupported,  // a newer format, or a feature this build leaves out
  kStopped,      // a callback asked to stop
};

class [[nodiscard]] Status {
 public:
  constexpr Status() = default;
  constexpr Status(Code code, Message message, std::uint64_t subject = 0)
      : message_(message),
        told_((subject < kMostSubject ? subject : kMostSubject) | std::uint64_t{static_cast<std::uint8_t>(code)}
                                                                      << kCodeAt) {}

  constexpr bool ok() const { return code() == Code::kOk; }
  constexpr Code code() const { return static_cast<Code>(told_ >> kCodeAt); }
  constexpr const char* message() const { return message_.text(); }         // a string literal
  constexpr std::uint64_t subject() const { return told_ & kMostSubject; }  // which operator, weight, row or byte

 private:
  // Small, for every function that can fail gives one back: the code lies above the subject.
  static constexpr int kCodeAt = 56;
  static constexpr std::uint64_t kMostSubject = (std::uint64_t{1} << kCodeAt) - 1;  // also of what is larger

  [[no_unique_address]] Message message_ = "ok";
  std::uint64_t told_ = 0;
};

// A value or the Status that says why there is none. T is small and cheap to move.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(status) {}     // NOLINT(google-explicit-constructor)

  bool ok() const { return status_.ok(); }
  Status status() const { return status_; }
  T& operator*() { return value_; }  // only where ok()
  const T& operator*() const { return value_; }
  T* operator->() { return &value_; }
  const T* operator->() const { return &value_; }

 private:
  T value_{};
  Status status_;
};

}  // namespace kinglet
