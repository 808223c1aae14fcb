// SPDX-License-Identifier: PostgreSQL
//
// A simulated machine, its server and its backends. What a backend does is core's own code; what
// the server adds to it in state/ (shared memory, WAL, readings of the clock) is simulated here.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/horizon.h"
#include "core/node_clock.h"
#include "core/sequencer.h"
#include "world.h"

namespace sim {

using detid::Definition;
using detid::HorizonRecord;

// Ways to break the product, to show that the simulation would notice.
enum class Break {
  kNothing,
  kPublishEarly,     // before the record is flushed
  kPlainStore,       // a raise lowers
  kIgnoreHorizon,    // a start begins with the clock
  kNoFlush,          // a raise does not wait
  kNoGuard,          // after a promotion, node time begins at the horizon
  kIgnoreAccepted,   // node time goes back when the clock does
  kLateWord,         // the clock's word is not loaded again after the boot reading
  kTickBesideShard,  // a tick is leased though the generator has a shard
};

// Errors that end a mint.
struct Failed {};   // of the disk, or cancelled
struct Refused {};  // the clock is too far behind the horizon
struct Ended {};    // of the epoch, or before it
struct Crashed {};  // the server is gone

struct Rules {
  detid::HorizonRules horizon;
  Break broken = Break::kNothing;
};

// Its clocks. True time is the world's.
struct Machine {
  World* world;
  double boot_rate, real_rate;  // drift
  int64_t boot_offset;
  int64_t real_offset;         // of the system clock from true time; steps change it
  int64_t stalled_since = -1;  // the system clock stands still

  int64_t Boot() const {
    return boot_offset + static_cast<int64_t>(static_cast<double>(world->now()) * boot_rate);
  }
  int64_t Real() const {
    const int64_t at = stalled_since >= 0 ? stalled_since : world->now();
    return real_offset + static_cast<int64_t>(static_cast<double>(at) * real_rate);
  }
};

// That all simulated servers mint under, each in a world of its own.
inline constexpr int32_t kNodeId = 7;

// What survives a crash.
struct Disk {
  HorizonRecord record;
};

// From a start of the server to its end: shared memory, and WAL that is not flushed yet.
struct Incarnation {
  struct Inserted {
    uint64_t lsn;
    HorizonRecord record;
    int64_t node_us;  // when it was inserted
  };

  Incarnation(Machine* m, Disk* d, const Rules& r, const detid::Origin& w, int slot_count)
      : machine(m), disk(d), rules(r), origin(w), buffer(d->record), slots(slot_count) {
    Restart();
  }

  void Restart() { clock.Start(Read()); }
  detid::ClockReading Read() { return {machine->Boot(), machine->Real(), machine->Boot()}; }

  // What the WAL writer has done by now.
  void RunWalWriter() {
    if (nudged_at >= 0 && machine->world->now() >= nudged_at) {
      FlushTo(nudged_lsn);
      nudged_at = -1;
    }
  }
  void FlushTo(uint64_t lsn) {
    for (const Inserted& i : wal)
      if (i.lsn > flushed && i.lsn <= lsn) disk->record = i.record;
    if (lsn > flushed) flushed = lsn;
  }

  Machine* machine;
  Disk* disk;
  Rules rules;
  detid::Origin origin;
  bool alive = true;
  int64_t slow_until = 0;  // the disk

  // Shared memory.
  detid::NodeClock clock;
  int64_t returned_us = 0;  // the highest node time that a reading of it returned
  bool clock_begun = false, loading = false;
  detid::Horizon horizon;
  std::atomic<int64_t> begun_us{0};
  detid::Shard shard;
  std::atomic<int64_t> evicted_us{0};
  bool shard_known = false;
  int users = 0;         // of the shard
  HorizonRecord buffer;  // the page
  std::vector<detid::Slot> slots;

  std::vector<Inserted> wal;
  uint64_t inserted = 0, flushed = 0;
  int64_t nudged_at = -1;
  uint64_t nudged_lsn = 0;
};

// Core's Store.
class Store {
 public:
  Store(World* world, Incarnation* incarnation, detid::Move move = detid::Move::kNone)
      : world_(world), incarnation_(incarnation), move_(move) {}

  bool Open(bool wait) {
    if (!wait && world_->random.Chance(0.1)) return false;
    // Somebody else holds a lock, and what this backend wants to write grows old.
    if (wait && world_->random.Chance(0.05))
      world_->Sleep(world_->random.LogBetween(kMs, 10 * kSecond));
    Pause();
    return true;
  }
  void Close() { Pause(); }
  detid::Written Write(int64_t target_us, int64_t enough_us) {
    Pause();
    if (world_->random.Chance(0.003)) throw Failed{};
    HorizonRecord* r = &incarnation_->buffer;
    const bool plain = incarnation_->rules.broken == Break::kPlainStore;
    if (plain || r->horizon_us < enough_us || !r->origin.SamePlace(incarnation_->origin)) {
      r->horizon_us = plain ? target_us : std::max(r->horizon_us, target_us);
      if (move_ != detid::Move::kNone) r->moved = move_;
      r->origin = incarnation_->origin;
      incarnation_->wal.push_back(
          {++incarnation_->inserted, *r, incarnation_->clock.At(incarnation_->machine->Boot())});
    }
    const detid::Written written = {r->horizon_us, incarnation_->inserted};
    Pause();
    return written;
  }
  bool Flushed(uint64_t lsn) {
    if (incarnation_->rules.broken == Break::kPublishEarly) return true;
    incarnation_->RunWalWriter();
    return incarnation_->flushed >= lsn;
  }
  void Flush(uint64_t lsn);
  void Nudge(uint64_t lsn) {
    const bool slow = world_->now() < incarnation_->slow_until;
    const int64_t at =
        world_->now() + world_->random.LogBetween(200, slow ? 5 * kSecond : 300 * kMs);
    if (incarnation_->nudged_at < 0 || at < incarnation_->nudged_at) incarnation_->nudged_at = at;
    incarnation_->nudged_lsn = lsn;
    Pause();
  }

 private:
  void Pause();

  World* world_;
  Incarnation* incarnation_;
  detid::Move move_;
};

// One id as it was minted.
struct Minted {
  uint64_t position;
  int32_t worker;
};

// What is known of all ids of one generator under one node id; tells what is wrong.
class Journal {
 public:
  Journal(const Definition* definition, int64_t ahead_us, bool oracle)
      : definition_(definition), ahead_us_(ahead_us), oracle_(oracle) {}

  // `clock_us` is the node time that the mint read, `began` and `ended` are true times.
  void Add(const Incarnation& incarnation, int worker, uint64_t position, int64_t clock_us,
           int64_t began, int64_t ended, int backend);
  // Node time was read that is below what a reading that had ended before this one began found.
  void FailClock(int64_t before_us, int64_t now_us);
  // Whether all are different; call at the end.
  void Finish();

  uint64_t count() const { return ids_.size(); }
  const std::string& error() const { return error_; }

 private:
  struct Settled {
    int64_t at;  // from when on ids of others must be higher
    uint64_t position;
    bool operator<(const Settled& s) const { return at > s.at; }
  };
  void Fail(const char* format, ...) __attribute__((format(printf, 2, 3)));

  const Definition* definition_;
  int64_t ahead_us_;
  bool oracle_;  // whether to look at what a crash would make of it, too
  std::vector<Minted> ids_;
  std::vector<uint64_t> last_of_backend_;
  std::vector<Settled> settled_;  // in order of time; each with the highest position so far
  std::priority_queue<Settled> unsettled_;
  std::string error_;
};

// A backend: a slot of an incarnation, and core's sequencer.
class Backend {
 public:
  Backend(World* world, const Definition* definition, Journal* journal, int number)
      : world_(world), definition_(definition), journal_(journal), number_(number) {}

  // A session, or a new one: attaches to the shard. Throws like Mint.
  void Connect(std::shared_ptr<Incarnation> incarnation);
  void Disconnect();
  bool connected() const { return connected_; }
  Incarnation* incarnation() { return incarnation_.get(); }

  // Mints up to `wanted` ids. Throws Failed, Refused, Ended, Crashed.
  void Mint(uint32_t wanted);

  // Core's Host.
  void CheckFence() {}
  uint64_t Now();
  void ReadHorizon() {
    sequencer_.SetHorizon(*definition_, incarnation_->horizon.published(), detid::kAlways);
  }
  void Raise(uint64_t position);
  void AwaitGrant(uint64_t) {}
  void Renew(uint64_t position);
  void Wait(uint64_t position);
  void Ready() {}
  void End() { throw Ended{}; }
  detid::Grant TakeWithoutShard(uint32_t wanted);

  int64_t waits = 0;

 private:
  struct Source;
  void Load();
  void Pause();
  void MakeShard();
  void UseShard();

  World* world_;
  const Definition* definition_;
  Journal* journal_;
  int number_;
  bool connected_ = false;
  std::shared_ptr<Incarnation> incarnation_;
  detid::Sequencer sequencer_;
  detid::Slot own_slot_;  // without a shard
  detid::PendingHorizon pending_;
  int64_t clock_us_ = 0;
};

}  // namespace sim
