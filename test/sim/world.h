// SPDX-License-Identifier: PostgreSQL
//
// The simulated world: one random number generator, one time that only the simulation knows, and
// fibers that give way to each other at the points where a real process may be stopped. A run is
// a function of its seed.

#pragma once

#include <setjmp.h>
#include <ucontext.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <queue>
#include <random>
#include <vector>

namespace sim {

inline constexpr int64_t kMs = 1000, kSecond = 1000000, kMinute = 60 * kSecond,
                         kHour = 60 * kMinute, kDay = 24 * kHour;
// When true time is 0: 2026-01-01Z.
inline constexpr int64_t kBase = 1767225600 * kSecond;

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  int64_t Below(int64_t n) { return static_cast<int64_t>(engine_() % static_cast<uint64_t>(n)); }
  int64_t Between(int64_t low, int64_t high) { return low + Below(high - low + 1); }
  bool Chance(double p) { return static_cast<double>(engine_() >> 11) * 0x1p-53 < p; }
  // Every order of magnitude is as likely.
  int64_t LogBetween(int64_t low, int64_t high) {
    const double u = static_cast<double>(engine_() >> 11) * 0x1p-53;
    return static_cast<int64_t>(static_cast<double>(low) *
                                std::pow(static_cast<double>(high) / static_cast<double>(low), u));
  }

 private:
  std::mt19937_64 engine_;
};

class World {
 public:
  World(uint64_t seed, int64_t end_us) : random(seed), end_(end_us) {}
  World(const World&) = delete;

  // A fiber begins to run at the time of its making.
  void Spawn(std::function<void()> body) {
    fibers_.push_back(std::make_unique<Fiber>());
    Fiber* f = fibers_.back().get();
    f->world = this;
    f->body = std::move(body);
    f->stack.resize(kStackBytes);
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->stack.data();
    f->context.uc_stack.ss_size = f->stack.size();
    f->context.uc_link = nullptr;
    const auto p = reinterpret_cast<uintptr_t>(f);
    makecontext(&f->context, reinterpret_cast<void (*)()>(Enter), 2, static_cast<unsigned>(p >> 32),
                static_cast<unsigned>(p));
    Wake(f, now_);
  }

  // Runs until all fibers have returned; they see that it is over().
  void Run() {
    while (!queue_.empty()) {
      const Turn turn = queue_.top();
      queue_.pop();
      now_ = turn.at;
      running_ = turn.fiber;
      if (_setjmp(scheduler_) == 0) Continue(running_);
    }
  }

  // Gives way for so long; the time of others passes.
  void Sleep(int64_t us) {
    Fiber* f = running_;
    Wake(f, now_ + us);
    if (_setjmp(f->left_at) == 0) _longjmp(scheduler_, 1);
  }

  int64_t now() const { return now_; }
  bool over() const { return now_ >= end_; }

  Random random;

 private:
  static constexpr size_t kStackBytes = 128 * 1024;  // exceptions are thrown on it
  struct Fiber {
    World* world;
    ucontext_t context;  // until it has begun
    bool begun = false;
    jmp_buf left_at;
    std::vector<char> stack;
    std::function<void()> body;
  };
  struct Turn {
    int64_t at;
    uint64_t order;
    Fiber* fiber;
    bool operator<(const Turn& t) const { return at != t.at ? at > t.at : order > t.order; }
  };
  static void Enter(unsigned high, unsigned low) {
    Fiber* f = reinterpret_cast<Fiber*>(uintptr_t{high} << 32 | low);
    f->body();
    _longjmp(f->world->scheduler_, 1);
  }
  // swapcontext asks the kernel for the signal mask each time, which was 85 % of a run.
  [[noreturn]] static void Continue(Fiber* f) {
    if (f->begun) _longjmp(f->left_at, 1);
    f->begun = true;
    setcontext(&f->context);
    std::abort();
  }
  // Those of one time come in random order.
  void Wake(Fiber* f, int64_t at) {
    queue_.push({at, static_cast<uint64_t>(random.Below(int64_t{1} << 62)), f});
  }

  int64_t end_;
  int64_t now_ = 0;
  jmp_buf scheduler_;
  Fiber* running_ = nullptr;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::priority_queue<Turn> queue_;
};

}  // namespace sim
