// SPDX-License-Identifier: PostgreSQL

#include "state/ledger_table.h"

namespace detid {

const Oid kLedgerTypes[kLedgerColumns] = {
    INT4OID, INT8OID, TIMESTAMPTZOID, OIDOID,      TEXTOID,      INT8OID, INT4OID,      INT8OID,
    INT8OID, INT4OID, TEXTOID,        TEXTOID,     INT8OID,      BYTEAOID, TEXTARRAYOID, TEXTARRAYOID,
    INT8ARRAYOID, XID8OID, TEXTOID,   TEXTOID,     BOOLOID,      INT4OID};

bool pruning_ledger = false;

ObjectId FindLedgerTable() {
  const Oid schema = get_namespace_oid("detid", true);
  return OidIsValid(schema) ? get_relname_relid("ledger", schema) : InvalidOid;
}

ObjectId LedgerTable() {
  const Oid oid = FindLedgerTable();
  if (!OidIsValid(oid) && OidIsValid(get_extension_oid("pg_detid", true)))
    Raise(Error::kLedgerMissing, "There is no table detid.ledger.");
  return oid;
}

Refusal LedgerRule(Relation ledger) {
  if (!HasColumns(ledger, kLedgerTypes, kLedgerColumns))
    return Refuse(Error::kLedgerMissing, "detid.ledger is not the table that it was made as.");
  if (ledger->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT)
    return Refuse(Error::kLedgerNotLogged);
  return {};
}

Refusal LedgerRule() {
  const Oid oid = FindLedgerTable();
  if (!OidIsValid(oid)) return Refuse(Error::kLedgerMissing, "There is no table detid.ledger.");
  const Relation ledger = relation_open(oid, AccessShareLock);
  const Refusal refusal = LedgerRule(ledger);
  relation_close(ledger, AccessShareLock);
  return refusal;
}

}  // namespace detid
