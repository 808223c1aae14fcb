// SPDX-License-Identifier: PostgreSQL

#include "state/ledger_table.h"

namespace detid {

const Oid kLedgerTypes[kLedgerColumns] = {INT4OID,      INT4OID, INT8OID, INT8OID,  INT4OID,
                                          XIDOID,       INT8OID, INT8OID, BYTEAOID, TEXTARRAYOID,
                                          INT8ARRAYOID, TEXTOID, INT4OID, BYTEAOID};

bool changing_ledger = false;

ObjectId FindTable(const char* name) {
  const Oid schema = get_namespace_oid("detid", true);
  return OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
}

ObjectId LedgerTable() {
  const Oid oid = FindTable("_ledger");
  if (!OidIsValid(oid) && OidIsValid(get_extension_oid("pg_detid", true)))
    Raise(Error::kLedgerMissing, "There is no table detid._ledger.");
  return oid;
}

Refusal LedgerRule(Relation ledger) {
  if (!HasColumns(ledger, kLedgerTypes, kLedgerColumns))
    return Refuse(Error::kLedgerMissing, "detid._ledger is not the table that it was made as.");
  if (ledger->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT)
    return Refuse(Error::kLedgerNotLogged, "The table detid._ledger is unlogged.");
  return {};
}

Refusal LedgerRule() {
  const Oid oid = FindTable("_ledger");
  if (!OidIsValid(oid)) return Refuse(Error::kLedgerMissing, "There is no table detid._ledger.");
  const Relation ledger = relation_open(oid, AccessShareLock);
  const Refusal refusal = LedgerRule(ledger);
  relation_close(ledger, AccessShareLock);
  return refusal;
}

namespace {

// The nest level of the transaction that writes rows; 0: none does.
int writing_level = 0;

}  // namespace

void RequireNoRows() {
  if (writing_level != 0) Raise(Error::kMintedWhileWriting);
}

void BeginRows() {
  RequireNoRows();
  writing_level = GetCurrentTransactionNestLevel();
}

void EndRows() {
  writing_level = 0;
}

void ForgetRows(int level) {
  if (writing_level >= level) writing_level = 0;
}

}  // namespace detid
