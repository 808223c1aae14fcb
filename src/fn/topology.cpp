// SPDX-License-Identifier: PostgreSQL
//
// define_topology, assign_prefix, release_prefix, node_range.

#include "core/topology.h"
#include "fn/ids.h"
#include "fn/prefixes.h"
#include "fn/record.h"
#include "pg/as_owner.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/definitions.h"
#include "state/generator_catalog.h"

extern "C" {
#include "lib/stringinfo.h"
}

namespace detid {
namespace {

constexpr int kMaxShown = 5;  // generators in a notice

// An id as a column of its type has it.
Datum OwnTextDatum(const Definition& d, const Bits& id) {
  if (d.layout.is_text()) return TextFormDatum(d, id);
  char text[kMaxIdText];
  FormatId(d.layout.bits, id, text, sizeof text);
  return CStringGetTextDatum(text);
}

Path ParsePathOrRaise(std::string_view text) {
  const Result<Path> path = ParsePath(text);
  if (!path.ok()) Raise(path.status);
  return path.value;
}

// --- define_topology ---

// All prefixes keep their nodes if of each level the last does: see Renumber.
void RequireNothingMoves(const Topology& from, const Topology& to) {
  const uint64_t rows = Query().Read(
      "SELECT DISTINCT ON (level) level::int8, lower(nodes)::int8, path FROM detid.prefixes "
      "ORDER BY level, lower(nodes) DESC",
      Seen::kNow);
  for (uint64_t row = 0; row < rows; row++) {
    const int level = static_cast<int>(NumberAt(row, 1));
    const int64_t first = NumberAt(row, 2);
    const Nodes nodes = {first, first + static_cast<int64_t>(LowMask(from.below(level)))};
    Nodes now;
    if (!Renumber(from, to, level, nodes.first, &now))
      Raise(Error::kTopologyMoves, "\"%.200s\" has the nodes %lld to %lld; it would have none.",
            TextAt(row, 3), static_cast<long long>(nodes.first),
            static_cast<long long>(nodes.last));
    if (!(now == nodes))
      Raise(Error::kTopologyMoves,
            "\"%.200s\" has the nodes %lld to %lld; they would be %lld to %lld.", TextAt(row, 3),
            static_cast<long long>(nodes.first), static_cast<long long>(nodes.last),
            static_cast<long long>(now.first), static_cast<long long>(now.last));
  }
}

void WriteTopology(const Topology& t) {
  Query().Write("DELETE FROM detid.topology", SPI_OK_DELETE);
  for (int i = 0; i < t.count; i++)
    Query()
        .Number(i + 1)
        .Text(t.levels[i].name_text())
        .Number(t.levels[i].bits)
        .Write("INSERT INTO detid.topology (level, name, bits) VALUES ($1, $2, $3)", SPI_OK_INSERT);
}

// A generator with fewer node bits may be meant for some of the nodes only, so it is no error.
void TellOfNarrowGenerators(const Topology& t) {
  StringInfoData names;
  initStringInfo(&names);
  int narrow = 0;
  EachGenerator([&](Oid generator, const Definition& d) {
    const int bits = d.layout.bits_of(Kind::kNode);
    if (!d.layout.shows(Kind::kNode) || bits >= t.bits || ++narrow > kMaxShown) return true;
    char name[kMaxQualifiedName];
    if (QualifiedName(generator, name))
      appendStringInfo(&names, "%s%s (%d)", narrow > 1 ? ", " : "", name, bits);
    return true;
  });
  if (narrow > kMaxShown) appendStringInfo(&names, " and %d more", narrow - kMaxShown);
  if (narrow > 0)
    ereport(NOTICE,
            (errmsg("not all nodes of the topology can mint from every generator"),
             errdetail("Its node numbers have %d bits; the layouts of these generators have fewer: "
                       "%s.",
                       t.bits, names.data)));
}

// --- assign_prefix ---

// What a new prefix is: its level, from 1 on, and the nodes of the one above it.
struct Place {
  Topology topology;
  int level;
  Nodes parent;
};

Place PlaceOf(std::string_view text) {
  const Path path = ParsePathOrRaise(text);
  Place place;
  if (!ReadTopology(&place.topology)) Raise(Error::kNoTopology);
  place.level = path.count;
  if (path.count > place.topology.count)
    Raise(Status::Error(Code::kPathSyntax, "It has %d names; the topology has %d levels.",
                        path.count, place.topology.count));
  place.parent = place.topology.all();
  if (path.count > 1) place.parent = RequireAssigned(path.parent, Seen::kNow);
  return place;
}

void RequireFreePath(std::string_view path) {
  Nodes nodes;
  if (FindPrefix(path, Seen::kNow, &nodes))
    Raise(Error::kPrefixTaken, "\"%.*s\" has the nodes %lld to %lld.", Clip(path, 200), path.data(),
          static_cast<long long>(nodes.first), static_cast<long long>(nodes.last));
}

// The nodes of a particular number. Errors: too large, taken.
Nodes NodesOfNumber(const Place& place, int32_t number) {
  const Level& level = place.topology.levels[place.level - 1];
  if (number < 0 || static_cast<uint64_t>(number) > LowMask(level.bits))
    Raise(Error::kArgumentInvalid,
          "The number is %d; the level \"%.*s\" has %d bits, for numbers from 0 to %lld.", number,
          level.name_length, level.name, level.bits, static_cast<long long>(LowMask(level.bits)));
  const Nodes nodes = place.topology.Within(place.parent, place.level, number);
  if (Query()
          .Number(place.level)
          .Number(nodes.first)
          .Read("SELECT path FROM detid.prefixes WHERE level = $1 AND nodes @> $2::int4",
                Seen::kNow) > 0)
    Raise(Error::kPrefixTaken, "The number %d is that of \"%.200s\".", number, TextAt(0, 1));
  return nodes;
}

// The nodes of the lowest number that is free: where the first gap begins, or the rest. In one
// pass, as nobody may have analyzed the table.
Nodes LowestFree(const Place& place, std::string_view path) {
  const uint64_t rows =
      Query()
          .Number(place.level)
          .Number(place.parent.first)
          .Number(place.parent.last)
          .Add(INT8OID, Int64GetDatum(place.parent.last + 1), place.parent.last == PG_INT32_MAX)
          .Read(
              "SELECT behind::int8 FROM ("
              "  SELECT behind, lead(first) OVER (ORDER BY first, behind) AS next FROM ("
              "    SELECT $2::int4 AS first, $2::int4 AS behind UNION ALL "
              "    SELECT lower(nodes), upper(nodes) FROM detid.prefixes "
              "    WHERE level = $1 AND nodes <@ int4range($2::int4, $4::int4)) taken) gap "
              "WHERE behind <= $3 AND (next IS NULL OR next > behind) ORDER BY behind LIMIT 1",
              Seen::kNow);
  const Level& level = place.topology.levels[place.level - 1];
  if (rows == 0)
    Raise(Error::kLevelFull, "The level \"%.*s\" has %d bits, and no number is free for \"%.*s\".",
          level.name_length, level.name, level.bits, Clip(path, 200), path.data());
  const int below = place.topology.below(place.level);
  return place.topology.Within(place.parent, place.level,
                               (NumberAt(0, 1) - place.parent.first) >> below);
}

// Prefixes of nodes that are enrolled stay; leased ones take any number of theirs. Who may assign
// prefixes need not see the registry.
void RequireNoNodes(const Nodes& nodes, bool leased_only) {
  const uint64_t rows =
      Query()
          .Number(nodes.first)
          .Add(INT8OID, Int64GetDatum(nodes.last + 1), nodes.last == PG_INT32_MAX)
          .Add(BOOLOID, BoolGetDatum(leased_only))
          .Read("SELECT path FROM detid._nodes WHERE state <> 'retired' AND "
                "pool && int4range($1::int4, $2::int4) AND (mode = 'leased' OR NOT $3) "
                "ORDER BY path LIMIT 1",
                Seen::kNow);
  if (rows > 0) Raise(Error::kNodesEnrolled, "One of them is \"%.200s\".", TextAt(0, 1));
}

}  // namespace

// define_topology(levels text)
DETID_FUNCTION(detid_define_topology) {
  const Result<Topology> to = ParseTopology(View(PG_GETARG_TEXT_PP(0)));
  if (!to.ok()) Raise(to.status);
  BeginWriting("define_topology()");
  RequireRights("topology", ACL_INSERT | ACL_DELETE);
  Topology from;
  char text[kMaxTopologyText] = "", from_text[kMaxTopologyText] = "";
  FormatTopology(to.value, text);
  const bool defined = ReadTopology(&from);
  if (defined) FormatTopology(from, from_text);
  if (strcmp(text, from_text) != 0) {
    if (defined) RequireNothingMoves(from, to.value);
    WriteTopology(to.value);
    TellOfNarrowGenerators(to.value);
  }
  SPI_finish();
  PG_RETURN_VOID();
}

// assign_prefix(path text, owner text, number integer) -> int4range, its nodes
DETID_FUNCTION(detid_assign_prefix) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const std::string_view path = View(PG_GETARG_TEXT_PP(0));
  BeginWriting("assign_prefix()");
  RequireRights("prefixes", ACL_INSERT);
  const Place place = PlaceOf(path);
  RequireFreePath(path);
  const Nodes nodes =
      PG_ARGISNULL(2) ? LowestFree(place, path) : NodesOfNumber(place, PG_GETARG_INT32(2));
  RequireNoNodes(nodes, true);
  Query()
      .Text(path)
      .Number(place.level)
      .Number(nodes.first)
      .Add(INT8OID, Int64GetDatum(nodes.last + 1), nodes.last == PG_INT32_MAX)
      .Add(TEXTOID, PG_ARGISNULL(1) ? Datum{0} : PG_GETARG_DATUM(1), PG_ARGISNULL(1))
      .Write(
          "INSERT INTO detid.prefixes (path, level, nodes, owner) "
          "VALUES ($1, $2, int4range($3::int4, $4::int4), $5) RETURNING nodes",
          SPI_OK_INSERT_RETURNING);
  bool null = false;
  const Datum assigned = SPI_datumTransfer(
      SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null), false, -1);
  SPI_finish();
  return assigned;
}

// release_prefix(path text)
DETID_FUNCTION(detid_release_prefix) {
  const std::string_view path = View(PG_GETARG_TEXT_PP(0));
  ParsePathOrRaise(path);
  BeginWriting("release_prefix()");
  RequireRights("prefixes", ACL_DELETE);
  RequireNoNodes(RequireAssigned(path, Seen::kNow), false);
  if (Query().Text(path).Read(
          "SELECT path FROM detid.prefixes WHERE path <> $1 AND nodes <@ "
          "(SELECT nodes FROM detid.prefixes WHERE path = $1) ORDER BY path LIMIT 1",
          Seen::kNow) > 0)
    Raise(Error::kPrefixInUse, "One of them is \"%.200s\".", TextAt(0, 1));
  Query().Text(path).Write("DELETE FROM detid.prefixes WHERE path = $1", SPI_OK_DELETE);
  SPI_finish();
  PG_RETURN_VOID();
}

// node_range(generator regclass, path text) -> lowest text, highest text
DETID_FUNCTION(detid_node_range) {
  const Definition d = DefinitionFor(PG_GETARG_OID(0));
  const std::string_view path = View(PG_GETARG_TEXT_PP(1));
  ParsePathOrRaise(path);
  if (!d.layout.node_first())
    Raise(Error::kNodeNotFirst, "Its node field is not the first of the layout.");
  if (d.layout.is_text()) RequireSortedTexts(d, Error::kNodeNotFirst);
  RequireRights("prefixes", ACL_SELECT);
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  const Nodes nodes = RequireAssigned(path, Seen::kBySnapshot);
  SPI_finish();
  if (static_cast<uint64_t>(nodes.last) > LowMask(d.layout.bits_of(Kind::kNode)))
    Raise(Status::Error(Code::kOutOfRange,
                        "The nodes are %lld to %lld; the node field has %d bits.",
                        static_cast<long long>(nodes.first), static_cast<long long>(nodes.last),
                        d.layout.bits_of(Kind::kNode)));
  Record<2> row;
  row.Add(OwnTextDatum(d, LowestIdOf(d.layout, nodes)));
  row.Add(OwnTextDatum(d, HighestIdOf(d.layout, nodes)));
  return row.Return(fcinfo);
}

}  // namespace detid
