// SPDX-License-Identifier: PostgreSQL
//
// check_ids: which ids of a column do not fit a generator, before databases are merged or a column
// is given the generator.
//
// A column is read once, by a cursor, and each of its ids is judged here. What occurs twice, in one
// column or in two, is left to the server, whose sorting and hashing spill to disk. All queries run
// with the caller's privileges and see the snapshot of the calling statement; as they meet his
// search_path, they name the schema of everything.

#include "core/text_form.h"
#include "fn/ids.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/databases.h"
#include "state/definitions.h"
#include "state/shared.h"

namespace detid {
namespace {

constexpr long kFetch = 1000;

// As much of a text is read, and shown as an example. Whatever is longer is no id.
constexpr int kMostCharacters = 240;
static_assert(kMaxTextForm < kMostCharacters);

enum class Form : uint8_t { kNumber, kUuid, kText };

struct Column {
  Oid table;
  const char* name;
  Form form;
  const char* from;    // the table in a query: its schema and its name
  const char* quoted;  // the column in a query
};

Form FormOf(Oid type, const Column& column) {
  const Oid base = getBaseType(type);
  if (base == INT2OID || base == INT4OID || base == INT8OID) return Form::kNumber;
  if (base == UUIDOID) return Form::kUuid;
  char category;
  bool preferred;
  get_type_category_preferred(base, &category, &preferred);
  if (category != TYPCATEGORY_STRING)
    Raise(Error::kColumnType, "%s.%s is of type %s.", column.from, column.quoted,
          format_type_be(type));
  return Form::kText;
}

Column ColumnOf(Oid table, const char* name) {
  LockRelationOid(table, AccessShareLock);
  const char* table_name = get_rel_name(table);
  if (table_name == nullptr) Raise(Error::kNotATable, "There is nothing of oid %u.", table);
  const char* schema = get_namespace_name(get_rel_namespace(table));
  Column c = {table, name, Form::kNumber, quote_qualified_identifier(schema, table_name),
              quote_identifier(name)};
  switch (get_rel_relkind(table)) {
    case RELKIND_RELATION:
    case RELKIND_PARTITIONED_TABLE:
    case RELKIND_VIEW:
    case RELKIND_MATVIEW:
    case RELKIND_FOREIGN_TABLE:
      break;
    default:
      Raise(Error::kNotATable, "%s is neither.", c.from);
  }
  const AttrNumber number = get_attnum(table, name);
  if (number == InvalidAttrNumber)
    Raise(Error::kNoSuchColumn, "%s has no column %s.", c.from, c.quoted);
  if (number < 0) Raise(Error::kNoSuchColumn, "%s is a system column.", c.quoted);
  c.form = FormOf(get_atttype(table, number), c);
  return c;
}

// The column that a text such as 'shop.orders.id' names.
Column ColumnNamed(text* named) {
  List* names = textToQualifiedNameList(named);
  if (list_length(names) < 2)
    Raise(Error::kArgumentInvalid, "\"%s\" does not name a table and, behind a dot, its column.",
          text_to_cstring(named));
  const char* name = strVal(llast(names));
  const RangeVar* table = makeRangeVarFromNameList(list_delete_last(names));
  return ColumnOf(RangeVarGetRelid(table, AccessShareLock, false), name);
}

// An id with its place in the order of its column: by its number, or else by its text.
struct Value {
  int64 number;
  std::string_view text;

  bool operator<(const Value& other) const {
    return number != other.number ? number < other.number : text < other.text;
  }
};

// How many ids have a problem, and the lowest of them.
class Finding {
 public:
  void Add(const Value& value) {
    if (ids_++ > 0 && !(value < Value{number_, {text_, length_}})) return;
    number_ = value.number;
    length_ = value.text.size();
    if (length_ > 0) memcpy(text_, value.text.data(), length_);
  }
  int64 ids() const { return ids_; }
  const char* Example(Form form) const {
    if (ids_ == 0) return nullptr;
    return form == Form::kNumber ? psprintf("%lld", static_cast<long long>(number_))
                                 : pnstrdup(text_, length_);
  }

 private:
  int64 ids_ = 0, number_ = 0;
  size_t length_ = 0;
  char text_[kMostCharacters * MAX_MULTIBYTE_CHAR_LEN];
};

void Put(ReturnSetInfo* set, const Column& c, const char* problem, int64 ids, const char* example) {
  Record<5> row;
  row.Add(ObjectIdGetDatum(c.table));
  row.Add(DirectFunctionCall1(namein, CStringGetDatum(c.name)));
  row.AddText(problem);
  row.Add(Int64GetDatum(ids));
  if (example != nullptr)
    row.AddText(example);
  else
    row.Skip();
  row.Put(set);
}

// The tick of the system clock; -1 if that is before the first one.
int64_t TickNow(const Definition& d) {
  const int64_t us = SystemUs();
  return us < d.epoch_us ? -1 : TickAt(d.layout, d.epoch_us, us);
}

// What is wrong with the ids of one column, each looked at by itself. Nothing is an error.
class Judge {
 public:
  Judge(const Definition& d, const Column& column)
      : d_(d),
        column_(column),
        tick_now_(TickNow(d)),
        checks_time_(d.layout.shows(Kind::kTime)),
        node_(NodeNumber()),
        checks_node_(d.layout.shows(Kind::kNode) && node_ >= 0) {}

  void Add(Datum datum) {
    Bits id;
    if (!Read(datum, &id) || !IsOfLayout(d_.layout, id)) {
      not_of_layout_.Add(ValueOf(datum));
      return;
    }
    if (checks_time_ && static_cast<int64_t>(CoordinateOf(d_.layout, Kind::kTime, id)) > tick_now_)
      in_the_future_.Add(ValueOf(datum));
    if (checks_node_ &&
        CoordinateOf(d_.layout, Kind::kNode, id) == static_cast<uint64_t>(node_))
      of_this_node_.Add(ValueOf(datum));
  }

  void Report(ReturnSetInfo* set) const {
    const auto put = [&](const char* problem, const Finding& f) {
      Put(set, column_, problem, f.ids(), f.Example(column_.form));
    };
    put("not of the layout", not_of_layout_);
    if (checks_time_) put("in the future", in_the_future_);
    if (checks_node_) put("of this node", of_this_node_);
  }

 private:
  // False for what is no id of the generator's type, or no text that it writes.
  bool Read(Datum datum, Bits* id) const {
    switch (column_.form) {
      case Form::kNumber:
        *id = {{static_cast<uint64_t>(DatumGetInt64(datum)), 0, 0}};
        return d_.layout.is_bigint();  // a negative one has a bit beyond the layout's
      case Form::kUuid:
        *id = FromUuidBytes(DatumGetUUIDP(datum)->data);
        return d_.layout.is_uuid();
      case Form::kText:
        break;
    }
    const std::string_view given = View(DatumGetTextPP(datum));
    const Result<Bits> parsed = ParseTextForm(d_, given);
    *id = parsed.value;
    return parsed.ok() && IsOwnText(d_, *id, given);
  }

  Value ValueOf(Datum datum) {
    switch (column_.form) {
      case Form::kNumber:
        return {DatumGetInt64(datum), {}};
      case Form::kUuid: {
        const int n =
            FormatUuid(FromUuidBytes(DatumGetUUIDP(datum)->data), uuid_text_, sizeof uuid_text_);
        return {0, {uuid_text_, static_cast<size_t>(n)}};
      }
      case Form::kText:
        break;
    }
    return {0, View(DatumGetTextPP(datum))};
  }

  const Definition& d_;
  const Column& column_;
  const int64_t tick_now_;
  const bool checks_time_;
  const int32_t node_;
  const bool checks_node_;
  Finding not_of_layout_, in_the_future_, of_this_node_;
  char uuid_text_[kMaxIdText];
};

// The ids of a column in a query: equal where they are the same id.
const char* KeyOf(const Column& c) {
  switch (c.form) {
    case Form::kNumber:
      return psprintf("%s::pg_catalog.int8", c.quoted);
    case Form::kUuid:
      return psprintf("%s::pg_catalog.uuid", c.quoted);
    case Form::kText:
      break;
  }
  return psprintf("%s::pg_catalog.text COLLATE pg_catalog.\"C\"", c.quoted);
}

// Those of a column of texts, as bigints or uuids; NULL for what is no id.
const char* ParsedKeyOf(const Column& c, Oid generator, const Definition& d) {
  if (d.has_own_alphabet() || d.check != CheckCharacter::kNone)
    Raise(Error::kArgumentInvalid,
          "%s.%s has texts with %s, which are compared with other texts only.", c.from, c.quoted,
          d.has_own_alphabet() ? "digits of the generator's own" : "a check character");
  const int behind_prefix = d.prefix_length > 0 ? d.prefix_length + 2 : 1;
  return psprintf(
      "CASE WHEN detid.is_valid(%s::pg_catalog.text, '%u'::pg_catalog.regclass) THEN "
      "detid.%s(pg_catalog.substr(%s::pg_catalog.text, %d), '%s') END",
      c.quoted, generator, d.layout.is_bigint() ? "decode_id" : "decode_uuid", c.quoted,
      behind_prefix, d.codec->name.data());
}

void ReadColumn(Judge* judge, const Column& c) {
  const char* value =
      c.form == Form::kText
          ? psprintf("pg_catalog.substr(%s::pg_catalog.text, 1, %d)", c.quoted, kMostCharacters)
          : KeyOf(c);
  const char* query = psprintf("SELECT %s FROM %s WHERE %s IS NOT NULL", value, c.from, c.quoted);
  const Portal portal =
      SPI_cursor_open_with_args(nullptr, query, 0, nullptr, nullptr, nullptr, true, 0);
  for (bool more = true; more;) {
    SPI_cursor_fetch(portal, true, kFetch);
    SPITupleTable* rows = SPI_tuptable;
    more = SPI_processed > 0;
    for (uint64 i = 0; i < SPI_processed; i++) {
      bool null;
      judge->Add(SPI_getbinval(rows->vals[i], rows->tupdesc, 1, &null));
    }
    SPI_freetuptable(rows);
    CHECK_FOR_INTERRUPTS();
  }
  SPI_cursor_close(portal);
}

// Reports how many ids a query has, and the lowest of them. `ids` is a query with one column, id.
void PutIdsOf(ReturnSetInfo* set, const Column& c, const char* problem, Form form,
              const char* ids) {
  const char* lowest = form == Form::kNumber
                           ? "pg_catalog.min(id)::pg_catalog.text"
                           : psprintf(
                                 "pg_catalog.substr(pg_catalog.min(id::pg_catalog.text COLLATE "
                                 "pg_catalog.\"C\"), 1, %d)",
                                 kMostCharacters);
  const char* query = psprintf("SELECT pg_catalog.count(id), %s FROM (%s) AS ids", lowest, ids);
  if (SPI_execute(query, true, 0) != SPI_OK_SELECT || SPI_processed != 1)
    elog(ERROR, "counting ids failed");
  const HeapTuple row = SPI_tuptable->vals[0];
  bool null;
  const int64 count = DatumGetInt64(SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &null));
  Put(set, c, problem, count, SPI_getvalue(row, SPI_tuptable->tupdesc, 2));
  SPI_freetuptable(SPI_tuptable);
}

void PutTwice(ReturnSetInfo* set, const Column& c) {
  PutIdsOf(set, c, "twice in the column", c.form,
           psprintf("SELECT %s AS id FROM %s WHERE %s IS NOT NULL GROUP BY 1 HAVING "
                    "pg_catalog.count(*) OPERATOR(pg_catalog.>) 1",
                    KeyOf(c), c.from, c.quoted));
}

// Texts and ids of the generator's own type are compared as such; numbers and uuids are never
// equal.
void PutShared(ReturnSetInfo* set, const Column& a, const Column& b, Oid generator,
               const Definition& d) {
  const char* problem = psprintf("also in %s.%s", b.from, b.quoted);
  const Form own = d.layout.is_bigint() ? Form::kNumber
                   : d.layout.is_uuid() ? Form::kUuid
                                        : Form::kText;
  const bool alike = a.form == b.form;
  const bool parse_a = !alike && a.form == Form::kText && b.form == own;
  const bool parse_b = !alike && b.form == Form::kText && a.form == own;
  if (!alike && !parse_a && !parse_b) {
    Put(set, a, problem, 0, nullptr);
    return;
  }
  PutIdsOf(set, a, problem, alike ? a.form : own,
           psprintf("SELECT %s AS id FROM %s WHERE %s IS NOT NULL INTERSECT "
                    "SELECT %s FROM %s WHERE %s IS NOT NULL",
                    parse_a ? ParsedKeyOf(a, generator, d) : KeyOf(a), a.from, a.quoted,
                    parse_b ? ParsedKeyOf(b, generator, d) : KeyOf(b), b.from, b.quoted));
}

Datum CheckIds(FunctionCallInfo fcinfo, const Column* columns, int n) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const Oid generator = PG_GETARG_OID(0);
  const Definition d = DefinitionFor(generator);
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  for (int i = 0; i < n; i++) {
    Judge judge(d, columns[i]);
    ReadColumn(&judge, columns[i]);
    judge.Report(set);
    PutTwice(set, columns[i]);
    for (int j = i + 1; j < n; j++) PutShared(set, columns[i], columns[j], generator, d);
  }
  SPI_finish();
  return Datum{0};
}

void RequireDifferent(const Column* columns, int n) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < i; j++)
      if (columns[i].table == columns[j].table && strcmp(columns[i].name, columns[j].name) == 0)
        Raise(Error::kArgumentInvalid, "%s.%s is named twice.", columns[i].from, columns[i].quoted);
}

}  // namespace

// check_ids(generator regclass, table_name regclass, column_name name)
//   -> setof (table_name, column_name, problem, ids, example)
DETID_FUNCTION(detid_check_ids) {
  const Column column = ColumnOf(PG_GETARG_OID(1), NameStr(*PG_GETARG_NAME(2)));
  return CheckIds(fcinfo, &column, 1);
}

// check_ids(generator regclass, columns text[]) -> the same
DETID_FUNCTION(detid_check_ids_of_columns) {
  Datum* names;
  bool* nulls;
  int n;
  deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &n);
  if (n == 0) Raise(Error::kArgumentInvalid, "The array of columns is empty.");
  Column* columns = static_cast<Column*>(palloc(sizeof(Column) * static_cast<size_t>(n)));
  for (int i = 0; i < n; i++) {
    if (nulls[i]) Raise(Error::kNullElement, "Element %d of the columns is NULL.", i + 1);
    columns[i] = ColumnNamed(DatumGetTextPP(names[i]));
  }
  RequireDifferent(columns, n);
  return CheckIds(fcinfo, columns, n);
}

}  // namespace detid
