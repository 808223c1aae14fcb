// SPDX-License-Identifier: PostgreSQL

#include "state/registry/standby.h"

#include "core/registry_text.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/horizon_row.h"
#include "state/registry/node_token.h"
#include "state/registry/registration.h"
#include "state/settings.h"

namespace detid {
namespace {

StandbyTrouble None() {
  StandbyTrouble t;
  t.detail[0] = '\0';
  t.hint = nullptr;
  return t;
}

StandbyTrouble Say(const char* detail, const char* hint) {
  StandbyTrouble t;
  strlcpy(t.detail, detail, sizeof t.detail);
  t.hint = hint;
  return t;
}

// Where nobody registers: numbers are what an operator has set.
StandbyTrouble LookAtNumber(const StoredRegistration& primary) {
  if (primary.path[0] != '\0')
    return Say(
        psprintf("the primary is node %s of a registry, and this standby has no "
                 "detid.coordinator",
                 primary.path),
        "Set detid.coordinator, detid.registered_databases and detid.node_token_file as on the "
        "primary, and restart the standby.");
  HorizonRecord record;
  const int32_t here = settings::node_id;
  if (here < 0)
    return Say("detid.node_id is not set here: promoted, this standby mints nothing",
               "Give it a number of its own: ALTER SYSTEM on a standby is for itself. ALTER SYSTEM "
               "SET detid.node_id = 2; SELECT pg_reload_conf();");
  if (ReadHorizon(&record) && record.horizon_us != 0 && record.origin.node == here)
    return Say(
        psprintf("detid.node_id is %d, and the primary mints under %d: promoted while the "
                 "primary lives, this standby mints the same ids",
                 here, here),
        "Give each member of a group a number of its own: ALTER SYSTEM SET detid.node_id = 2; "
        "SELECT pg_reload_conf();");
  return None();
}

// Of a registry: what its coordinator would refuse, and what the registry client needs.
StandbyTrouble LookAtMembership(const StoredRegistration& primary) {
  if (!IsListed()) return Say(MessageOf(Error::kNotRegistered), HintOf(Error::kNotRegistered));
  Token token;
  char trouble[kMaxTrouble];
  const bool has_token = FindNodeToken(get_database_name(MyDatabaseId), &token, trouble);
  explicit_bzero(&token, sizeof token);
  if (!has_token)
    return Say(trouble, "The members of a group are one node: copy the primary's file of tokens.");
  if (primary.path[0] == '\0') return None();  // it has not registered yet
  const bool assigned = primary.node >= 0;
  Reason reason = Reason::kNone;
  if (assigned != (settings::node_id >= 0))
    reason = Reason::kWrongMode;
  else if (assigned && primary.node != settings::node_id)
    reason = Reason::kWrongNode;
  if (reason == Reason::kNone) return None();
  char node[24] = "not set";
  if (settings::node_id >= 0) snprintf(node, sizeof node, "%d", settings::node_id);
  return Say(
      psprintf("promoted, this standby would be refused as %s: %s. The primary is %s%s; "
               "detid.node_id is %s here",
               NameOf(reason), Explain(reason), NameOf(assigned ? Mode::kAssigned : Mode::kLeased),
               assigned ? psprintf(" under number %d", primary.node) : "", node),
      AdviceOn(reason));
}

}  // namespace

StandbyTrouble LookAtStandby() {
  StoredRegistration primary;
  ReadRegistration(&primary);
  return settings::registers() ? LookAtMembership(primary) : LookAtNumber(primary);
}

}  // namespace detid
