// SPDX-License-Identifier: PostgreSQL

#include "state/ledger_context.h"

#include "pg/errors.h"
#include "state/context_table.h"
#include "state/minter.h"
#include "state/origin.h"
#include "state/settings.h"

extern "C" {
#include "utils/fmgrprotos.h"
}

namespace detid {
namespace {

// Where this session came from; null if it is no client's.
const char* Client() {
  static char known[64] = "";
  if (known[0] != '\0') return known;
  if (MyBackendType != B_BACKEND) return nullptr;
  LOCAL_FCINFO(call, 0);
  InitFunctionCallInfoData(*call, nullptr, 0, InvalidOid, nullptr, nullptr);
  const Datum address = inet_client_addr(call);
  const char* host =
      call->isnull ? "[local]" : TextDatumGetCString(DirectFunctionCall1(network_host, address));
  strlcpy(known, host, sizeof known);
  return known;
}

std::string_view NameOf(Oid role) {
  const char* name = GetUserNameFromId(role, true);
  return name != nullptr ? name : "";
}

std::string_view Present(const char* text) {
  return text != nullptr ? std::string_view(text) : std::string_view{};
}

// Of the transactions of this session that had a tag, the last one's; and which transaction was the
// first of those that had it one after the other.
struct {
  char text[64];
  uint64_t first;
} last_tag;
uint64_t transactions = 0;  // that have ended

// Whether a transaction before this one had the tag, too: then the context says it.
bool Repeats(const char* tag) {
  if (strcmp(last_tag.text, tag) == 0) return last_tag.first != transactions;
  strlcpy(last_tag.text, strlen(tag) < sizeof last_tag.text ? tag : "", sizeof last_tag.text);
  last_tag.first = transactions;
  return false;
}

// The tag, or what is ASCII of it: a client's start packet may hold anything. Null if there is
// none.
char* CleanTag() {
  char* tag = settings::tag;
  if (tag == nullptr || tag[0] == '\0') return nullptr;
  if (pg_verifymbstr(tag, static_cast<int>(strlen(tag)), true)) return tag;
  char* clean = pstrdup(tag);
  for (char* c = clean; *c != '\0'; c++)
    if (static_cast<unsigned char>(*c) >= 0x80) *c = '?';
  return clean;
}

// The number of the context that the Minter mints in now; `tag` null: it says none.
uint64_t ContextOf(Minter* m, const char* tag) {
  const uint32_t xact_epoch = EpochFromFullTransactionId(GetTopFullTransactionId());
  const char* application = application_name != nullptr ? application_name : "";
  ContextUse* last = &m->context;
  const bool same = last->generation == KnownContexts() && last->minter == m->generation &&
                    last->user == m->user && last->xact_epoch == xact_epoch &&
                    strcmp(last->application, application) == 0;
  if (same && tag == nullptr && last->untagged != 0) return last->untagged;
  if (same && tag != nullptr && last->tagged != 0 && strcmp(last->tag, tag) == 0)
    return last->tagged;
  char layout[kMaxLayoutText];
  const Definition& d = m->definition;
  const int length = FormatLayout(d.layout, layout, sizeof layout);
  const Oid login =
      OidIsValid(GetAuthenticatedUserId()) ? GetAuthenticatedUserId() : GetSessionUserId();
  const LedgerContext context = {
      m->generator,
      m->name,
      static_cast<int64_t>(m->fingerprint),
      {layout, static_cast<size_t>(length)},
      {d.epoch_us},
      m->sequence_bits,
      m->seed,
      m->pinned,
      LedgerInstance(),
      static_cast<int32_t>(xact_epoch),
      m->ledger_worker >= 0 ? kNoWorker : m->worker_number,
      NameOf(login),
      NameOf(m->user),
      application,
      Present(Client()),
      Present(tag),
  };
  const uint64_t number = KeepContext(m->ledger_key, context);
  if (!same || last->generation != KnownContexts()) {
    *last = {};
    last->generation = KnownContexts();
    last->minter = m->generation;
    last->user = m->user;
    last->xact_epoch = xact_epoch;
    strlcpy(last->application, application, sizeof last->application);
  }
  if (tag == nullptr) {
    last->untagged = number;
  } else if (strlen(tag) < sizeof last->tag) {
    strlcpy(last->tag, tag, sizeof last->tag);
    last->tagged = number;
  }
  return number;
}

}  // namespace

int64_t LedgerInstance() {
  const Origin o = OriginHere();
  const uint64_t where[] = {o.instance, o.directory, uint64_t{o.database} << 32 | o.timeline};
  return static_cast<int64_t>(
      HashBits({reinterpret_cast<const char*>(where), sizeof where}, 63).word[0]);
}

SaidOfRow SayWho(Minter* m) {
  if (!m->has_seed) Raise(Status::Error(Code::kSeedMissing, "The table detid._seed is empty."));
  char* tag = CleanTag();
  const bool in_context = tag != nullptr && Repeats(tag);
  return {ContextOf(m, in_context ? tag : nullptr), in_context ? nullptr : tag};
}

namespace ledger_context {

void OnTransactionEnd() {
  transactions++;
}

}  // namespace ledger_context

}  // namespace detid
