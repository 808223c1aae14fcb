// SPDX-License-Identifier: PostgreSQL
//
// Simulates a coordinator and ten thousand nodes, and looks for positions that two of them gave out
// under one number.
//
//   sim --registry [--seeds FIRST-LAST] [--nodes N] [--minutes N] [--break NAME]
//
// Requests and answers are lost, sent again, and arrive late; servers and backends are stopped and
// go on long after; servers crash; clocks step; the coordinator is away, crashes, and is promoted
// with all of its history or without the last of it, or (with even seeds) is set back with its disk
// by minutes; numbers go to others; data directories and
// virtual machines are copied, standbys promoted and backups recovered beside their primaries,
// servers shut down, nodes retired. registry_judge.cpp says what is allowed, and counted.

#include "registry.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string>

#include "registry_run.h"

namespace sim {
namespace {

bool RunSeed(uint64_t seed, const RegistryOptions& options) {
  RegistryRun run(seed, options);
  const std::string error = run.Run();
  if (!error.empty()) {
    std::printf("not ok - registry, seed %" PRIu64 ": %s\n", seed, error.c_str());
    std::printf("#   repeat: sim --registry --seeds %" PRIu64 "-%" PRIu64
                " --nodes %d --minutes %" PRId64 "\n",
                seed, seed, options.nodes, options.minutes);
    return false;
  }
  const RegistryCounts& c = run.counts();
  std::printf("ok - registry, seed %" PRIu64 ": %d nodes, %" PRId64 " minutes, %" PRIu64
              " heartbeats, %" PRIu64 " ids\n",
              seed, options.nodes, options.minutes, c.heartbeats, c.ids);
  const struct {
    const char* name;
    uint64_t count;
  } kLines[] = {
      {"granted", c.granted},
      {"answered again", c.repeated},
      {"refused", c.refused},
      {"challenged", c.challenged},
      {"waited for a node that lives", c.waited},
      {"fenced", c.fenced},
      {"superseded", c.superseded},
      {"requests lost", c.lost_requests},
      {"answers lost", c.lost_answers},
      {"requests late", c.late},
      {"servers stopped", c.stops},
      {"backends stopped", c.backend_stops},
      {"crashes", c.crashes},
      {"clock steps", c.steps},
      {"mints after the interval", c.lapses},
      {"intervals too far ahead", c.too_far},
      {"numbers given to another", c.taken},
      {"data directories copied", c.cold_clones},
      {"machines copied", c.vm_clones},
      {"standbys promoted", c.standbys},
      {"backups recovered", c.recovered},
      {"servers shut down", c.clean_stops},
      {"claimed by operators", c.claims},
      {"retired", c.retired},
      {"coordinator: clock steps", c.coordinator_steps},
      {"outages", c.outages},
      {"crashes", c.coordinator_crashes},
      {"promotions", c.promotions},
      {"promotions with a lost tail", c.lost_tails},
      {"set back", c.set_backs},
      {"minted twice, as said: by copied machines", c.shared_vm},
      {"by copied assigned nodes", c.shared_assigned},
      {"after a succession that was lost", c.shared_lost},
  };
  std::printf("#  ");
  for (const auto& line : kLines)
    std::printf(" %s %" PRIu64 "%s", line.name, line.count,
                &line == std::end(kLines) - 1 ? "\n" : ",");
  std::fflush(stdout);
  return true;
}

}  // namespace

int RegistryMain(int argc, char** argv) {
  constexpr struct {
    const char* name;
    RegistryBreak broken;
  } kBreaks[] = {{"start-below-end", RegistryBreak::kStartBelowEnd},
                 {"answer-early", RegistryBreak::kAnswerEarly},
                 {"ignore-limit", RegistryBreak::kIgnoreLimit},
                 {"keep-grant", RegistryBreak::kKeepGrant},
                 {"ignore-nonce", RegistryBreak::kIgnoreNonce},
                 {"ignore-floor", RegistryBreak::kIgnoreFloor},
                 {"ignore-start", RegistryBreak::kIgnoreStart},
                 {"trust-silent", RegistryBreak::kTrustSilent},
                 {"ignore-fence", RegistryBreak::kIgnoreFence},
                 {"late-fences", RegistryBreak::kLateFences},
                 {"displace-living", RegistryBreak::kDisplaceLiving}};
  RegistryOptions o;
  for (int i = 2; i < argc; i++) {
    const std::string a = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (a == "--seeds" &&
        std::sscanf(value, "%" SCNu64 "-%" SCNu64, &o.first_seed, &o.last_seed) == 2) {
      i++;
    } else if (a == "--nodes" && (o.nodes = std::atoi(value)) >= 10) {
      i++;
    } else if (a == "--minutes" && (o.minutes = std::atoi(value)) > 0) {
      i++;
    } else if (a == "--break") {
      for (const auto& b : kBreaks)
        if (std::strcmp(b.name, value) == 0) o.broken = b.broken;
      if (o.broken == RegistryBreak::kNothing) return std::fprintf(stderr, "no such break\n"), 2;
      i++;
    } else {
      return std::fprintf(stderr,
                          "usage: sim --registry [--seeds FIRST-LAST] [--nodes N] "
                          "[--minutes N] [--break NAME]\n"),
             2;
    }
  }
  bool ok = true;
  for (uint64_t seed = o.first_seed; seed <= o.last_seed; seed++) ok &= RunSeed(seed, o);
  return ok ? 0 : 1;
}

}  // namespace sim
