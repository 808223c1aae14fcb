// SPDX-License-Identifier: PostgreSQL
//
// What this backend remembers of generators: a hash by their oids.
//
// Invariants:
//   V1  the memory of a value stays a value until the backend ends. So a pointer to one may be kept
//       across statements and transactions by whoever finds out at each use whose it is: it may
//       have become another generator's.
//   V2  it becomes another's, or nobody's, only between transactions, where no function of ours is
//       under way. So a pointer or reference that a function got from here is good until the
//       function returns, whatever runs in between: invalidations, other generators, users' code.
//   V3  a value is made only for what has turned out to be a generator; between transactions there
//       are as many as the table's user says, or fewer.

#pragma once

#include <algorithm>
#include <new>
#include <type_traits>

#include "pg/pg.h"
#include "state/settings.h"

namespace detid {

// Generators that a session remembers from one transaction to the next.
inline long MostRemembered() {
  constexpr int kMostKnown = 1024;
  return std::min(kMostKnown, settings::max_generators);
}

template <typename Value>
class GeneratorTable {
 public:
  // `name` is its memory's, a constant.
  explicit constexpr GeneratorTable(const char* name) : name_(name) {}

  // Null if there is none.
  Value* Find(Oid generator) {
    if (last_ != nullptr && last_->generator == generator) return &last_->value;
    if (table_ == nullptr) return nullptr;
    Row* row = static_cast<Row*>(hash_search(table_, &generator, HASH_FIND, nullptr));
    if (row == nullptr) return nullptr;
    last_ = row;
    return &row->value;
  }

  // REQUIRES: it is a generator, and has none.
  Value* Add(Oid generator) {
    if (table_ == nullptr) Make();
    last_ = static_cast<Row*>(hash_search(table_, &generator, HASH_ENTER, nullptr));
    return new (&last_->value) Value;
  }

  // Calls visit(value) for each.
  template <typename Visit>
  void Each(Visit visit) {
    EachRow([&](Row* row) { visit(&row->value); });
  }

  // If there are more than `most`, drops a quarter of them, so that not every transaction that
  // meets a new generator looks through them all: first those of which goes_first(value) is true.
  // Calls on_drop(value) before.
  // REQUIRES: it is between transactions (V2).
  template <typename GoesFirst, typename OnDrop>
  void DropSome(long most, GoesFirst goes_first, OnDrop on_drop) {
    if (table_ == nullptr || hash_get_num_entries(table_) <= most) return;
    last_ = nullptr;
    for (const bool any : {false, true})
      EachRow([&](Row* row) {
        if (hash_get_num_entries(table_) <= most - most / 4) return;
        if (!any && !goes_first(&row->value)) return;
        on_drop(&row->value);
        // Its memory goes to the next generator that is met: the table keeps it (V1).
        hash_search(table_, &row->generator, HASH_REMOVE, nullptr);
      });
  }

 private:
  struct Row {
    Oid generator;  // the hash key
    Value value;
  };
  static_assert(std::is_trivially_destructible_v<Value> && alignof(Row) <= MAXIMUM_ALIGNOF);

  void Make() {
    HASHCTL control = {};
    control.keysize = sizeof(Oid);
    control.entrysize = sizeof(Row);
    table_ = hash_create(name_, 32, &control, HASH_ELEM | HASH_BLOBS);
  }

  template <typename Visit>
  void EachRow(Visit visit) {
    if (table_ == nullptr) return;
    HASH_SEQ_STATUS scan;
    hash_seq_init(&scan, table_);
    while (Row* row = static_cast<Row*>(hash_seq_search(&scan))) visit(row);
  }

  const char* name_;
  HTAB* table_ = nullptr;
  Row* last_ = nullptr;  // most calls ask for the one that the call before asked for
};

}  // namespace detid
