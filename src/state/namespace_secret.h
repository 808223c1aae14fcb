// SPDX-License-Identifier: PostgreSQL
//
// Secrets of namespaces: the rows of detid._namespace, under which derived ids are keyed, so that
// who has not the secret can neither compute nor test inputs. Replicated to standbys, left out of
// dumps. A secret is never changed, as the same input would have another id then.

#pragma once

#include <cstdint>
#include <string_view>

#include "core/prf.h"

namespace detid {

using ObjectId = unsigned int;  // PostgreSQL's Oid

inline constexpr size_t kMaxNamespace = 128;  // bytes, of one that has a secret

// detid._namespace. Errors: the extension is not installed.
ObjectId NamespaceRelation();

// The secret of a namespace. False if it has none. The caller's privileges do not count, as what it
// learns is ids, not secrets.
bool FindNamespaceSecret(std::string_view name, Seed* secret);

// Changes when any secret may have: what was found before must be looked up again then.
extern uint64_t namespace_changes;

// What module.cpp tells.
namespace namespaces {
void OnRelationChange(ObjectId relation);  // InvalidOid: any
}  // namespace namespaces

}  // namespace detid
