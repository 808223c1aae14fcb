// SPDX-License-Identifier: PostgreSQL

#include "state/registry/node_token.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "pg/pg.h"
#include "state/settings.h"
#include "state/shared.h"

namespace detid {
namespace {

constexpr int kMaxFile = 64 * 1024;
constexpr int kShown = 100, kSaid = 130;  // of the path, and of the words behind it

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

bool IsOneDatabase() {
  char* list = pstrdup(settings::registered_databases);
  List* names = NIL;
  const bool one = SplitGUCList(list, ',', &names) && list_length(names) == 1;
  list_free(names);
  pfree(list);
  return one;
}

bool Fail(char* trouble, const char* what) {
  snprintf(trouble, kMaxTrouble, "The token file \"%.*s\" %.*s.", kShown,
           settings::node_token_file, kSaid, what);
  return false;
}

// Whether nobody else reads it, as of private keys and files of passwords.
bool IsPrivate(const struct stat& file) {
  if (file.st_uid == geteuid()) return (file.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  return file.st_uid == 0 && (file.st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) == 0;
}

// Reads the open file to `text`; its length to `size`.
bool ReadOpen(int fd, char* text, size_t* size, char* trouble) {
  struct stat file;
  if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) return Fail(trouble, "is not a file");
  if (!IsPrivate(file))
    return Fail(trouble, "can be read by others, so it is not used: chmod 600, owned by the server's user");
  for (*size = 0; *size < kMaxFile;) {
    const ssize_t got = read(fd, text + *size, kMaxFile - *size);
    if (got < 0) return Fail(trouble, "cannot be read");
    if (got == 0) return true;
    *size += static_cast<size_t>(got);
  }
  return Fail(trouble, "is longer than 64 kB");
}

bool ReadFile(char* text, size_t* size, char* trouble) {
  if (settings::node_token_file[0] == '\0') {
    snprintf(trouble, kMaxTrouble,
             "detid.node_token_file is not set: it names a file with the token, which "
             "detid.enroll_node returns on the coordinator.");
    return false;
  }
  // Of a pipe, nobody may ever write the other end.
  const int fd = open(settings::node_token_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    char what[100];
    snprintf(what, sizeof what, "cannot be opened: %s", strerror(errno));
    return Fail(trouble, what);
  }
  const bool good = ReadOpen(fd, text, size, trouble);
  close(fd);
  return good;
}

// Finds the token in the text. REQUIRES: as FindNodeToken.
bool FindToken(std::string_view text, const char* database, Token* token, char* trouble) {
  std::string_view named, bare;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = Trim(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    const size_t equals = line.rfind('=');
    if (equals == line.npos)
      bare = bare.empty() ? line : bare;
    else if (Unquote(Trim(line.substr(0, equals))) == database)
      named = Trim(line.substr(equals + 1));
  }
  const std::string_view found = named.empty() && IsOneDatabase() ? bare : named;
  char what[kMaxTrouble];
  if (!found.empty()) {
    if (TokenOf(found, token)) return true;
    return Fail(trouble, "has a line that is no token: one has 64 hexadecimal digits");
  }
  if (bare.empty())
    snprintf(what, sizeof what, "has no token for database \"%s\"", database);
  else
    snprintf(what, sizeof what, "names no database, and there are several: write %s=... in it",
             database);
  return Fail(trouble, what);
}

}  // namespace

bool FindNodeToken(const char* database, Token* token, char* trouble) {
  char* text = static_cast<char*>(palloc(kMaxFile));
  size_t size = 0;
  const bool found =
      ReadFile(text, &size, trouble) && FindToken({text, size}, database, token, trouble);
  explicit_bzero(text, kMaxFile);
  pfree(text);
  return found;
}

}  // namespace detid
