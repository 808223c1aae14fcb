// SPDX-License-Identifier: PostgreSQL

#include "state/node_token.h"

#include <string_view>

#include "pg/pg.h"
#include "state/settings.h"
#include "state/shared.h"

namespace detid {
namespace {

std::string_view Trim(std::string_view text) {
  constexpr char kBlanks[] = " \t\r\n";
  const size_t from = text.find_first_not_of(kBlanks);
  return from == text.npos ? std::string_view{}
                           : text.substr(from, text.find_last_not_of(kBlanks) - from + 1);
}

// As names are quoted in lists.
std::string_view Unquote(std::string_view text) {
  const bool quoted =
      text.size() >= 2 && text.front() == '"' && text.find('"', 1) == text.size() - 1;
  return quoted ? text.substr(1, text.size() - 2) : text;
}

// The first item; the list goes on behind its comma.
std::string_view TakeItem(std::string_view* list) {
  bool quoted = false;
  size_t end = 0;
  for (; end < list->size() && (quoted || (*list)[end] != ','); end++)
    quoted ^= (*list)[end] == '"';
  const std::string_view item = list->substr(0, end);
  list->remove_prefix(end < list->size() ? end + 1 : end);
  return Unquote(Trim(item));
}

bool IsOneDatabase() {
  char* list = pstrdup(settings::registered_databases);
  List* names = NIL;
  const bool one = SplitGUCList(list, ',', &names) && list_length(names) == 1;
  list_free(names);
  pfree(list);
  return one;
}

}  // namespace

bool FindNodeToken(const char* database, char* token, char* trouble) {
  std::string_view list = Trim(settings::node_token);
  if (list.empty()) {
    snprintf(trouble, kMaxTrouble,
             "detid.node_token is not set: detid.enroll_node returns it on the coordinator.");
    return false;
  }
  std::string_view named, bare;
  while (!list.empty()) {
    const std::string_view item = TakeItem(&list);
    const size_t equals = item.rfind('=');
    if (equals == item.npos)
      bare = bare.empty() ? item : bare;
    else if (Unquote(Trim(item.substr(0, equals))) == database)
      named = Unquote(Trim(item.substr(equals + 1)));
  }
  const std::string_view found = named.empty() && IsOneDatabase() ? bare : named;
  if (!found.empty()) {
    snprintf(token, kMaxToken, "%.*s", static_cast<int>(found.size()), found.data());
    return true;
  }
  if (bare.empty())
    snprintf(trouble, kMaxTrouble, "detid.node_token has no token for database \"%s\".", database);
  else
    snprintf(trouble, kMaxTrouble,
             "detid.node_token names no database, and there are several: write \"%s=...\" in it.",
             database);
  return false;
}

}  // namespace detid
