// A second thread that stays: models of this size are done before a new one has begun.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace kinglet::bits {

class TwoThreads {
 public:
  TwoThreads() : thread_([this] { serve(); }) {}
  ~TwoThreads() {
    give({nullptr, nullptr, 0});
    thread_.join();
  }
  TwoThreads(const TwoThreads&) = delete;
  TwoThreads& operator=(const TwoThreads&) = delete;

  // Parallel::run: the second thread takes every odd index.
  static void run(void* context, std::uint32_t count, void (*fn)(void*, std::uint32_t), void* arg) {
    auto& self = *static_cast<TwoThreads*>(context);
    if (count > 1) self.give({fn, arg, count});
    for (std::uint32_t i = 0; i < count; i += 2) fn(arg, i);
    if (count > 1) self.wait();
  }

 private:
  struct Work {
    void (*fn)(void*, std::uint32_t);
    void* arg;
    std::uint32_t count;
  };

  void give(const Work& work) {
    {
      const std::lock_guard lock(mutex_);
      work_ = work;
      busy_ = true;
    }
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !busy_; });
  }
  void serve() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return busy_; });
      const Work work = work_;
      lock.unlock();
      for (std::uint32_t i = 1; i < work.count; i += 2) work.fn(work.arg, i);
      lock.lock();
      busy_ = false;
      changed_.notify_all();
      if (work.fn == nullptr) return;
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  Work work_{};
  bool busy_ = false;
  std::thread thread_;  // the last, for it uses all above
};

}  // namespace kinglet::bits
