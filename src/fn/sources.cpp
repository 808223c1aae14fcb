// SPDX-License-Identifier: PostgreSQL

#include "fn/sources.h"

#include "state/definitions.h"
#include "state/generator_catalog.h"
#include "state/seed.h"

extern "C" {
#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
}

namespace detid {

struct Sources {
  ContextReader* contexts;
  HTAB* all;
  Source* at;  // of the last row
};

namespace {

// The relation of a qualified name; invalid if there is none, or it is no such name.
Oid GeneratorByName(std::string_view name) {
  List* parts = NIL;
  char* raw = pnstrdup(name.data(), name.size());  // cut into the parts
  if (!SplitIdentifierString(raw, '.', &parts) || list_length(parts) != 2) return InvalidOid;
  const Oid schema = get_namespace_oid(static_cast<const char*>(linitial(parts)), true);
  if (!OidIsValid(schema)) return InvalidOid;
  return get_relname_relid(static_cast<const char*>(lsecond(parts)), schema);
}

// Any generator of this database with that fingerprint: one that was renamed before a dump.
Oid GeneratorByFingerprint(uint64_t fingerprint, Definition* d) {
  Oid found = InvalidOid;
  EachGenerator([&](Oid oid, const Definition& other) {
    if (Fingerprint(other) != fingerprint) return true;
    found = oid;
    *d = other;
    return false;
  });
  return found;
}

// The generator of an entry: the relation of that oid, or of that name, or any, if it has the
// definition that the entry was made under.
Oid Resolve(Oid oid, std::string_view name, uint64_t fingerprint, Definition* d) {
  const char* why = nullptr;
  if (TryDefinition(oid, d, &why) && Fingerprint(*d) == fingerprint) return oid;
  const Oid other = GeneratorByName(name);
  if (OidIsValid(other) && TryDefinition(other, d, &why) && Fingerprint(*d) == fingerprint)
    return other;
  return GeneratorByFingerprint(fingerprint, d);
}

void LookUp(Sources* r, Source* s) {
  const Source::Key key = s->key;
  s = new (s) Source{};
  s->key = key;
  s->context = ReadContext(r->contexts, key.context);
  const Oid oid = s->context != nullptr ? s->context->generator : InvalidOid;
  const std::string_view name =
      s->context != nullptr ? s->context->generator_name : std::string_view{};
  s->generator = Resolve(oid, name, key.definition, &s->definition);
  if (s->context == nullptr) return;
  if (!OidIsValid(s->generator)) {  // what a dropped one recorded can be shown all the same
    const Result<Layout> layout = ParseLayout(s->context->layout);
    if (layout.ok()) s->definition.layout = layout.value;
    s->definition.epoch_us = s->context->epoch.us;
  }
  LedgerContext utf8 = *s->context;
  EachColumn(kContextColumns, utf8, [](const auto&, auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string_view>)
      value = InUtf8(value);
  });
  s->context_hash = HashOfContext(utf8);
  s->has_key = LedgerKeyFor(s->context->seed, &s->ledger_key);
  s->context_holds = s->has_key && MayHaveNumber(s->ledger_key, *s->context, key.context);
  Commitment used;
  if (s->has_key && OidIsValid(s->generator))
    KeyFor(s->definition, &s->context->seed, &s->generator_key, &used);
  if (s->has_key) return;
  // Is it one of ours that names another seed?
  EachSeed([&](int, const Commitment& commitment, const Seed& seed) {
    LedgerContext context = *s->context;
    context.seed = commitment;
    s->other_seed |= MayHaveNumber(DeriveLedgerKey(seed), context, key.context);
  });
}

}  // namespace

Sources* OpenSources() {
  Sources* r = static_cast<Sources*>(palloc0(sizeof(Sources)));
  r->contexts = OpenContexts();
  HASHCTL control = {};
  control.keysize = sizeof(Source::Key);
  control.entrysize = sizeof(Source);
  control.hcxt = CurrentMemoryContext;
  r->all = hash_create("pg_detid sources", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
  return r;
}

void CloseSources(Sources* r) {
  hash_destroy(r->all);
  CloseContexts(r->contexts);
  pfree(r);
}

ContextReader* ContextsOf(Sources* r) {
  return r->contexts;
}

const Source& SourceOf(Sources* r, const LedgerRow& row) {
  const Source::Key key = {row.context, row.key.definition};
  if (r->at != nullptr && r->at->key.context == key.context &&
      r->at->key.definition == key.definition)
    return *r->at;
  bool known = false;
  r->at = static_cast<Source*>(hash_search(r->all, &key, HASH_ENTER, &known));
  if (!known) LookUp(r, r->at);
  return *r->at;
}

const char* ReasonOf(const Source& s, bool* refuted) {
  *refuted = true;
  if (s.context == nullptr) return kNoContext;
  if (s.other_seed || (s.has_key && !s.context_holds)) return kOtherContext;
  if (s.has_key && static_cast<uint64_t>(s.context->definition) != s.key.definition)
    return kChanged;
  *refuted = false;
  if (!OidIsValid(s.generator)) return kNoGenerator;
  return s.has_key ? nullptr : kNoSeed;
}

// Some encodings have bytes that are no character of UTF-8: such a text is taken as it is, so that
// one row does not keep the others from being read.
std::string_view InUtf8(std::string_view text) {
  if (text.data() == nullptr) return text;
  const int encoding = GetDatabaseEncoding();
  if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII || text.empty()) return text;
  const Oid conversion = FindDefaultConversionProc(encoding, PG_UTF8);
  if (!OidIsValid(conversion)) return text;
  char* from = pnstrdup(text.data(), text.size());
  const int size = static_cast<int>(text.size());
  const int room = size * MAX_CONVERSION_GROWTH + 1;
  char* to = static_cast<char*>(palloc(static_cast<Size>(room)));
  const int converted = pg_do_encoding_conversion_buf(
      conversion, encoding, PG_UTF8, reinterpret_cast<unsigned char*>(from), size,
      reinterpret_cast<unsigned char*>(to), room, true);
  return converted == size ? std::string_view(to) : text;
}

}  // namespace detid
