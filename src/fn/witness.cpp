// SPDX-License-Identifier: PostgreSQL

#include "fn/witness.h"

#include "core/checkpoint.h"
#include "pg/errors.h"
#include "pg/query.h"

namespace detid {
namespace {

// The newest row of the tree, or of the node's others, is said not to go with this note.
void Contradict(const Node& n, const char* tree, const Checkpoint& c, std::string_view note) {
  const uint64_t rows = Query().Text(n.id).Text(tree).Text(note).Change(
      "UPDATE detid._witnessed SET contradicted_by = $3, contradicted_at = now() WHERE id = "
      "$1::uuid AND name = $2 AND contradicted_by IS NULL AND seen_at = (SELECT max(seen_at) "
      "FROM detid._witnessed WHERE id = $1::uuid AND name = $2) RETURNING size::text");
  if (rows == 0) return;
  ereport(LOG, (errhidestmt(true), errmsg("the ledger of node %s is not what it was", n.path),
                errdetail("It had %s sealed rows of %s. Now it is said to have %llu of %s.",
                          TextAt(0, 1), tree, static_cast<unsigned long long>(c.size), c.origin),
                errhint("SELECT * FROM detid.verify_ledger(...) there, with the note in "
                        "detid.witnessed, says what was changed, or that it was restored.")));
}

// The node's newest row of another tree; null if it has none.
const char* OtherTree(const Node& n, const Checkpoint& c) {
  Query q;
  q.Text(n.id).Text(c.origin);
  const uint64_t rows = q.Change(
      "SELECT name FROM detid._witnessed WHERE id = $1::uuid AND name <> $2 ORDER BY seen_at DESC "
      "LIMIT 1");
  return rows == 0 ? nullptr : pstrdup(TextAt(0, 1));
}

}  // namespace

void Witness(const Node& n, std::string_view note) {
  Checkpoint c;
  if (note.data() == nullptr || !ParseNotedCheckpoint(note, &c)) return;
  Query q;
  q.Text(n.id).Text(c.origin);
  const uint64_t rows = q.Change(
      "SELECT size, root, contradicted_by IS NULL AND "
      "date_trunc('hour', seen_at, 'UTC') = date_trunc('hour', now(), 'UTC') FROM detid._witnessed "
      "WHERE id = $1::uuid AND name = $2 ORDER BY "
      "seen_at DESC LIMIT 1");
  bool same_hour = false;
  if (rows > 0) {
    const uint64_t size = static_cast<uint64_t>(NumberAt(0, 1));
    Hash root;
    if (CopyAt(0, 2, root.byte) && size == c.size && root == c.root) return;
    same_hour = size < c.size && FlagAt(0, 3);
    if (size >= c.size) Contradict(n, c.origin, c, note);
  } else if (const char* other = OtherTree(n, c); other != nullptr) {
    Contradict(n, other, c, note);
  }
  Query w;
  w.Text(n.id).Text(c.origin).Number(static_cast<int64_t>(c.size)).Bytes(c.root.byte).Text(note);
  if (same_hour)
    w.Write(
        "UPDATE detid._witnessed SET size = $3, root = $4, note = $5, seen_at = now() WHERE id = "
        "$1::uuid AND name = $2 AND seen_at = (SELECT max(seen_at) FROM detid._witnessed WHERE id "
        "= "
        "$1::uuid AND name = $2)",
        SPI_OK_UPDATE);
  else
    w.Write(
        "INSERT INTO detid._witnessed SELECT $1::uuid, $2, $3, $4, $5, now() WHERE "
        "(SELECT count(*) FROM detid._witnessed WHERE id = $1::uuid AND seen_at > now() - interval "
        "'1 hour') < 8 ON CONFLICT DO NOTHING",
        SPI_OK_INSERT);
}

}  // namespace detid
