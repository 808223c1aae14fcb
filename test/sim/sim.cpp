// SPDX-License-Identifier: PostgreSQL
//
// Simulates nodes whose clocks drift, step and stall, whose servers crash, start again and are
// promoted with a lag, whose disks are slow or fail, and whose backends are stopped anywhere.
// Checks G1, G2, G3 and G5 on all ids, H1, and that node time never goes back (C2).
//
//   sim [--seeds FIRST-LAST] [--nodes N] [--break NAME [--blind]]
//   sim --registry ...     nodes and their coordinator (registry.cpp)
//
// Prints a line a seed, and for a failure how to repeat it. --break runs a product that is broken
// in this way; --blind looks only at the ids, not at what a crash might have made of them.

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "registry.h"
#include "server.h"

namespace sim {
namespace {

struct Layout {
  const char* text;
  detid::Ordering ordering;
  int64_t epoch_before;  // the start of the simulation
};
constexpr int64_t kYear = 365 * kDay;
constexpr Layout kLayouts[] = {
    {"time:41@1ms node:10 sequence:12", detid::Ordering::kBackend, kYear},
    {"time:41@1ms node:10 sequence:12", detid::Ordering::kNode, kYear},
    {"time:41@1ms node:10 worker:5 sequence:7", detid::Ordering::kBackend, kYear},
    {"time:41@1ms node:10 sequence:2", detid::Ordering::kBackend, kYear},
    {"time:41@1ms node:10 sequence:2", detid::Ordering::kNode, kYear},
    {"time:41@1ms node:10 worker:5 sequence:1", detid::Ordering::kBackend, kYear},
    {"time:32@1s node:10 sequence:20", detid::Ordering::kBackend, kYear},
    {"time:39@10ms node:8 sequence:8", detid::Ordering::kNode, kYear},
    {"time:56@100ns sequence:4", detid::Ordering::kBackend, kYear},
    // 2^17 s are a day and a half: this epoch ends within the simulation.
    {"time:17@1s node:10 sequence:10", detid::Ordering::kBackend, kDay},
    {"time:27@1ms node:10 sequence:10", detid::Ordering::kNode, kDay},
};

struct Totals {
  uint64_t nodes = 0, scattered = 0, backends = 0, ids = 0, crashes = 0, promotions = 0, steps = 0,
           refused = 0, failed = 0, ended = 0, waits = 0, pauses = 0;
  int64_t simulated_us = 0;
};

struct Options {
  uint64_t first_seed = 1, last_seed = 4;
  int nodes = 250;
  Break broken = Break::kNothing;
  bool blind = false;
};

// One node id: a server, and those that take over from it.
class Node {
 public:
  Node(uint64_t seed, const Options& options, Totals* totals)
      : world_(seed, LengthOf(seed)), options_(options), totals_(totals) {
    Random& r = world_.random;
    const Layout& layout = kLayouts[r.Below(std::size(kLayouts))];
    definition_ = detid::DefinitionOf(layout.text).value;
    definition_.ordering = layout.ordering;
    definition_.epoch_us = kBase - layout.epoch_before;
    definition_.scatter = seed % 3 == 0 && detid::CheckScatter(definition_.layout).ok();
    rules_.broken = options.broken;
    rules_.horizon = {r.LogBetween(100 * kMs, 20 * kSecond), r.Chance(0.2) ? 0 : kSecond,
                      10 * kSecond, 10 * kMinute};
    journal_ = std::make_unique<Journal>(&definition_, rules_.horizon.ahead_us, !options.blind);
    backends_ = static_cast<int>(r.Between(2, 6));
    NewMachine();
    StartServer(1);
  }

  // Returns what is wrong, or nothing.
  std::string Run() {
    for (int i = 0; i < backends_; i++) world_.Spawn([this, i] { Client(i); });
    world_.Spawn([this] { Faults(); });
    world_.Run();
    journal_->Finish();
    totals_->nodes++;
    totals_->scattered += definition_.scatter;
    totals_->backends += static_cast<uint64_t>(backends_);
    totals_->ids += journal_->count();
    totals_->simulated_us += world_.now();
    return journal_->error();
  }

 private:
  static int64_t LengthOf(uint64_t seed) { return Random(seed + 1).LogBetween(kHour, 3 * kDay); }

  void NewMachine() {
    Random& r = world_.random;
    auto m = std::make_unique<Machine>();
    m->world = &world_;
    m->boot_rate = 1 + static_cast<double>(r.Between(-100, 100)) * 1e-6;
    m->real_rate = r.Chance(0.5) ? 1 : 1 + static_cast<double>(r.Between(-200, 200)) * 1e-6;
    m->boot_offset = r.Below(100 * kDay);
    m->real_offset = r.Between(-2 * kSecond, 2 * kSecond) + kBase;
    machines_.push_back(std::move(m));
    machine_ = machines_.back().get();
  }

  void StartServer(uint64_t instance) {
    detid::Origin w;
    w.instance = instance;
    w.database = 5;
    w.timeline = timeline_;
    w.node = kNodeId;
    incarnation_ = std::make_shared<Incarnation>(machine_, &disk_, rules_, w, backends_);
  }

  // --- Clients --------------------------------------------------------------------------------

  void Client(int number) {
    Random& r = world_.random;
    Backend backend(&world_, &definition_, journal_.get(), number);
    bool started_by_crash = false;
    // No fiber gives way inside a catch clause: the C++ runtime keeps its caught exceptions by
    // thread.
    while (!world_.over()) {
      if (!started_by_crash)
        world_.Sleep(r.Chance(0.8) ? r.LogBetween(10, 5 * kSecond)
                                   : r.LogBetween(5 * kSecond, kHour));
      else
        world_.Sleep(r.LogBetween(10, 100 * kMs));
      started_by_crash = false;
      try {
        if (!backend.connected() || backend.incarnation() != incarnation_.get() || r.Chance(0.1)) {
          backend.Disconnect();
          if (!incarnation_->alive) continue;
          backend.Connect(incarnation_);
        }
        Burst(&backend);
        if (r.Chance(0.3)) backend.Disconnect();
      } catch (const Crashed&) {
        backend.Disconnect();
        started_by_crash = true;
      } catch (const Failed&) {
        totals_->failed++;
      } catch (const Refused&) {
        totals_->refused++;
        backend.Disconnect();
      } catch (const Ended&) {
        totals_->ended++;
      }
    }
    backend.Disconnect();
    totals_->waits += static_cast<uint64_t>(backend.waits);
  }

  struct Counted {
    int* count;
    explicit Counted(int* c) : count(c) { ++*count; }
    ~Counted() { --*count; }
  };

  void Burst(Backend* backend) {
    Random& r = world_.random;
    const Counted minting(&minting_);
    const int64_t mints = r.LogBetween(1, 100);
    const int64_t gap = r.LogBetween(1, 50 * kMs);
    for (int64_t i = 0; i < mints && !world_.over(); i++) {
      backend->Mint(r.Chance(0.9) ? 1 : static_cast<uint32_t>(r.LogBetween(2, 300)));
      if (r.Chance(0.5)) world_.Sleep(r.Below(gap + 1));
    }
  }

  // --- Faults ---------------------------------------------------------------------------------

  void Faults() {
    Random& r = world_.random;
    while (!world_.over()) {
      world_.Sleep(r.LogBetween(10 * kMs, 2 * kHour));
      if (world_.over()) break;
      switch (r.Below(8)) {
        case 0:
        case 1:
          StepClock(machine_);
          break;
        case 2:
          Stall();
          break;
        case 3:
          incarnation_->slow_until = world_.now() + r.LogBetween(kSecond, kHour);
          if (r.Chance(0.3)) break;
          AwaitMinting();
          Crash();
          Restart();
          break;
        case 4:
          if (r.Chance(0.8)) AwaitMinting();
          Promote();
          break;
        default:
          if (r.Chance(0.8)) AwaitMinting();
          Crash();
          Restart();
      }
    }
    // So that nobody waits for a server that nobody starts.
  }

  // What G1 asks of the clock after a promotion holds until the first mint.
  bool InTakeOver() {
    if (incarnation_->horizon.published() != 0) taking_over_ = false;
    return taking_over_;
  }

  void StepClock(Machine* m) {
    Random& r = world_.random;
    if (InTakeOver()) return;
    totals_->steps++;
    const int64_t size = r.LogBetween(kMs, r.Chance(0.2) ? 40 * kDay : 8 * kMinute);
    m->real_offset += r.Chance(0.5) ? size : -size;
    // An operator notices, and says that the clock is right, or sets it right.
    if (size > 10 * kMinute) {
      world_.Sleep(r.LogBetween(kSecond, kHour));
      if (r.Chance(0.3))
        incarnation_->clock.Accept(incarnation_->Read());
      else
        m->real_offset = kBase;
    }
  }

  void Stall() {
    Random& r = world_.random;
    if (InTakeOver()) return;
    machine_->stalled_since = world_.now();
    world_.Sleep(r.LogBetween(kMs, kMinute));
    const int64_t before = machine_->Real();
    machine_->stalled_since = -1;
    machine_->real_offset += before - machine_->Real();
  }

  // Faults in the act are the dangerous ones.
  void AwaitMinting() {
    Random& r = world_.random;
    for (int i = 0; i < 10000 && minting_ == 0 && !world_.over(); i++)
      world_.Sleep(r.LogBetween(kMs, 100 * kMs));
    world_.Sleep(r.LogBetween(10, kSecond));
  }

  void Crash() {
    totals_->crashes++;
    incarnation_->RunWalWriter();
    incarnation_->alive = false;
  }

  // Down for a while; the clock may be set, and a machine that starts anew counts from zero.
  void Restart() {
    Random& r = world_.random;
    world_.Sleep(r.LogBetween(kMs, r.Chance(0.2) ? 6 * kHour : 10 * kSecond));
    if (r.Chance(0.4)) StepClock(machine_);
    if (r.Chance(0.3)) machine_->boot_offset -= machine_->Boot();
    StartServer(incarnation_->origin.instance);
  }

  // A standby takes over: what it has of the WAL ends somewhere, and its clock is its own.
  void Promote() {
    Random& r = world_.random;
    const std::shared_ptr<Incarnation> old = incarnation_;
    const int64_t guard = rules_.horizon.guard_us;
    const int64_t ahead = rules_.horizon.ahead_us + definition_.layout.unit / 10 + 1;
    Crash();
    // The highest node time that an id of the last server that minted may show.
    if (old->horizon.published() != 0) highest_us_ = old->clock.At(old->machine->Boot()) + ahead;
    const int64_t highest = highest_us_;
    // Backends that were stopped in the middle of a mint have not given its id to anybody yet.
    Machine* before = machine_;
    NewMachine();
    machine_->real_offset += r.Chance(0.5) ? 0 : r.Between(-guard, guard);
    if (old->horizon.published() == 0 && highest - machine_->Real() > guard) {
      machine_ = before;  // it is none that may take over: the old one starts again
      return StartServer(old->origin.instance);
    }
    const int64_t lag = r.LogBetween(kMs, kMinute);
    size_t kept = old->wal.size();
    HorizonRecord record = disk_.record;
    int64_t kept_us = highest;
    while (kept > 0 && (old->wal[kept - 1].lsn > old->flushed ||
                        old->wal[kept - 1].node_us > highest - ahead - lag))
      kept--;
    if (kept > 0) {
      record = old->wal[kept - 1].record;
      kept_us = old->wal[kept - 1].node_us;
    } else if (!old->wal.empty()) {
      return TakeOver(disk_.record, old);  // too little is known of what it had: all of it
    }
    // The conditions of G1: lag, or skew and lead, within the guard.
    const bool lag_within = highest - kept_us <= guard;
    const bool skew_within = highest - machine_->Real() <= guard;
    if (!lag_within && !skew_within) record = disk_.record;
    TakeOver(record, old);
  }

  void TakeOver(const HorizonRecord& record, const std::shared_ptr<Incarnation>& old) {
    totals_->promotions++;
    disk_.record = record;
    timeline_++;
    taking_over_ = true;
    if (world_.random.Chance(0.3)) world_.Sleep(world_.random.LogBetween(kMs, 5 * kSecond));
    StartServer(old->origin.instance + 1);
  }

  World world_;
  Options options_;
  Totals* totals_;
  Definition definition_;
  Rules rules_;
  std::unique_ptr<Journal> journal_;
  int backends_;
  std::vector<std::unique_ptr<Machine>> machines_;
  Machine* machine_ = nullptr;
  Disk disk_;
  uint32_t timeline_ = 1;
  bool taking_over_ = false;
  int64_t highest_us_ = 0;
  int minting_ = 0;  // clients in a burst
  std::shared_ptr<Incarnation> incarnation_;
};

bool RunSeed(uint64_t seed, const Options& options) {
  Totals t;
  for (int i = 0; i < options.nodes; i++) {
    const std::string error = Node(seed * 1000003 + static_cast<uint64_t>(i), options, &t).Run();
    if (error.empty()) continue;
    std::printf("not ok - seed %" PRIu64 ", node %d: %s\n", seed, i, error.c_str());
    std::printf("#   repeat: sim --seeds %" PRIu64 "-%" PRIu64 " --nodes %d\n", seed, seed, i + 1);
    return false;
  }
  std::printf("ok - seed %" PRIu64 ": %" PRIu64 " nodes (%" PRIu64 " scatter), %" PRIu64
              " backends, %.0f days, %" PRIu64 " ids, %" PRIu64 " crashes, %" PRIu64
              " promotions, %" PRIu64 " clock steps, %" PRIu64 " waits, %" PRIu64
              " failed writes, %" PRIu64 " refused starts, %" PRIu64 " after the end\n",
              seed, t.nodes, t.scattered, t.backends, static_cast<double>(t.simulated_us) / kDay,
              t.ids, t.crashes, t.promotions, t.steps, t.waits, t.failed, t.refused, t.ended);
  std::fflush(stdout);
  return true;
}

int Main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--registry") == 0) return RegistryMain(argc, argv);
  constexpr struct {
    const char* name;
    Break broken;
  } kBreaks[] = {{"publish-early", Break::kPublishEarly},
                 {"plain-store", Break::kPlainStore},
                 {"ignore-horizon", Break::kIgnoreHorizon},
                 {"no-flush", Break::kNoFlush},
                 {"no-guard", Break::kNoGuard},
                 {"clock-goes-back", Break::kIgnoreAccepted},
                 {"late-word", Break::kLateWord},
                 {"tick-beside-shard", Break::kTickBesideShard}};
  Options o;
  for (int i = 1; i < argc; i++) {
    const std::string a = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (a == "--seeds" &&
        std::sscanf(value, "%" SCNu64 "-%" SCNu64, &o.first_seed, &o.last_seed) == 2) {
      i++;
    } else if (a == "--nodes" && (o.nodes = std::atoi(value)) > 0) {
      i++;
    } else if (a == "--blind") {
      o.blind = true;
    } else if (a == "--break") {
      for (const auto& b : kBreaks)
        if (std::strcmp(b.name, value) == 0) o.broken = b.broken;
      if (o.broken == Break::kNothing) return std::fprintf(stderr, "no such break\n"), 2;
      i++;
    } else {
      return std::fprintf(stderr,
                          "usage: sim [--seeds FIRST-LAST] [--nodes N] "
                          "[--break NAME [--blind]]\n"),
             2;
    }
  }
  bool ok = true;
  for (uint64_t seed = o.first_seed; seed <= o.last_seed; seed++) ok &= RunSeed(seed, o);
  return ok ? 0 : 1;
}

}  // namespace
}  // namespace sim

int main(int argc, char** argv) {
  return sim::Main(argc, argv);
}
