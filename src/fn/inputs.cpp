// SPDX-License-Identifier: PostgreSQL

#include "fn/inputs.h"

#include "core/id_text.h"
#include "pg/errors.h"

namespace detid {
namespace {

bool IsKind(Oid type, InputKind* kind) {
  switch (type) {
    case TEXTOID:
    case VARCHAROID:
      *kind = InputKind::kText;
      return true;
    case UNKNOWNOID:
      *kind = InputKind::kCString;
      return true;
    case INT2OID:
      *kind = InputKind::kInt16;
      return true;
    case INT4OID:
      *kind = InputKind::kInt32;
      return true;
    case INT8OID:
      *kind = InputKind::kInt64;
      return true;
    case UUIDOID:
      *kind = InputKind::kUuid;
      return true;
    default:
      return false;
  }
}

// Of a type itself first, which takes no look-up, as it is done once a statement.
InputKind KindOfType(Oid type, int argument) {
  InputKind kind;
  if (IsKind(type, &kind) || IsKind(getBaseType(type), &kind)) return kind;
  Raise(Error::kInputType, "Argument %d is of type %s.", argument + 1, format_type_be(type));
}

Oid TypeOfArgument(FunctionCallInfo fcinfo, int argument) {
  const Oid type = get_fn_expr_argtype(fcinfo->flinfo, argument);
  // A call by the protocol's function call message has no expression.
  if (!OidIsValid(type)) Raise(Error::kInputType, "The types of the arguments are not known.");
  return type;
}

// The text of a fixed size, in the current memory context.
template <typename Format>
std::string_view Formatted(Size room, Format format) {
  char* text = static_cast<char*>(palloc(room));
  return {text, static_cast<size_t>(format(text))};
}

std::string_view Number(int64 value) {
  return Formatted(MAXINT8LEN + 1, [&](char* text) { return pg_lltoa(value, text); });
}

std::string_view UuidText(const Bits& uuid) {
  return Formatted(kMaxIdText, [&](char* text) { return FormatUuid(uuid, text, kMaxIdText); });
}

// In every database the same bytes. Bytes without an encoding stay as they are.
std::string_view InUtf8(const char* text, int length) {
  const int encoding = GetDatabaseEncoding();
  if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII) [[likely]]
    return {text, static_cast<size_t>(length)};
  const char* converted = pg_server_to_any(text, length, PG_UTF8);
  if (converted == text) return {text, static_cast<size_t>(length)};
  return converted;
}

}  // namespace

InputKind KindOfArgument(FunctionCallInfo fcinfo, int argument) {
  return KindOfType(TypeOfArgument(fcinfo, argument), argument);
}

void FindInputs(FunctionCallInfo fcinfo, int first, InputSite* site) {
  site->array = get_fn_expr_variadic(fcinfo->flinfo);
  site->count = PG_NARGS() - first;
  site->kind = static_cast<InputKind*>(
      MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(InputKind) * (site->count + 1)));
  if (site->array) {
    const Oid type = TypeOfArgument(fcinfo, first);
    const Oid element = type == TEXTARRAYOID ? TEXTOID : get_base_element_type(type);
    if (!OidIsValid(element))
      Raise(Error::kInputType, "Argument %d is of type %s.", first + 1, format_type_be(type));
    site->kind[0] = KindOfType(element, first);
    return;
  }
  for (int i = 0; i < site->count; i++) site->kind[i] = KindOfArgument(fcinfo, first + i);
}

std::string_view InputOfText(const text* t) {
  return InUtf8(VARDATA_ANY(t), static_cast<int>(VARSIZE_ANY_EXHDR(t)));
}

std::string_view ReadInput(InputKind kind, Datum value) {
  switch (kind) {
    case InputKind::kText:
      return InputOfText(DatumGetTextPP(value));
    case InputKind::kCString: {
      const char* s = DatumGetCString(value);
      return InUtf8(s, static_cast<int>(strlen(s)));
    }
    case InputKind::kInt16:
      return Number(DatumGetInt16(value));
    case InputKind::kInt32:
      return Number(DatumGetInt32(value));
    case InputKind::kInt64:
      return Number(DatumGetInt64(value));
    case InputKind::kUuid:
      break;
  }
  return UuidText(FromUuidBytes(DatumGetUUIDP(value)->data));
}

std::string_view NamespaceText(std::string_view name) {
  if (name.empty()) Raise(Error::kNamespaceInvalid, "It is empty.");
  if (name.size() < 32 || name.size() > kMaxUuidText) return name;
  const Result<Bits> uuid = ParseUuid(name);
  return uuid.ok() ? UuidText(uuid.value) : name;
}

namespace {

// The common case of an array: a few texts, none of them NULL.
bool ReadTexts(const ArrayType* array, Inputs* inputs) {
  if (ARR_ELEMTYPE(array) != TEXTOID || ARR_HASNULL(array) || ARR_NDIM(array) != 1 ||
      ARR_DIMS(array)[0] > Inputs::kInline)
    return false;
  inputs->count = ARR_DIMS(array)[0];
  char* at = ARR_DATA_PTR(array);
  for (int i = 0; i < inputs->count; i++) {
    at = reinterpret_cast<char*>(att_align_pointer(at, TYPALIGN_INT, -1, at));
    inputs->field[i] = ReadInput(InputKind::kText, PointerGetDatum(at));
    at = reinterpret_cast<char*>(att_addlength_pointer(at, -1, at));
  }
  return true;
}

}  // namespace

void ReadInputs(FunctionCallInfo fcinfo, int first, const InputSite& site, Inputs* inputs) {
  if (!site.array) {
    inputs->count = site.count;
    if (site.count > Inputs::kInline)
      inputs->field = static_cast<std::string_view*>(
          palloc(sizeof(std::string_view) * static_cast<Size>(site.count)));
    for (int i = 0; i < site.count; i++)
      inputs->field[i] = ReadInput(site.kind[i], PG_GETARG_DATUM(first + i));
    return;
  }
  ArrayType* array = PG_GETARG_ARRAYTYPE_P(first);
  if (ReadTexts(array, inputs)) return;
  int16 width;
  bool by_value;
  char align;
  get_typlenbyvalalign(ARR_ELEMTYPE(array), &width, &by_value, &align);
  Datum* values;
  bool* nulls;
  deconstruct_array(array, ARR_ELEMTYPE(array), width, by_value, align, &values, &nulls,
                    &inputs->count);
  if (inputs->count == 0) Raise(Error::kNoInputs);
  inputs->field = static_cast<std::string_view*>(
      palloc(sizeof(std::string_view) * static_cast<Size>(inputs->count)));
  for (int i = 0; i < inputs->count; i++) {
    inputs->any_null = inputs->any_null || nulls[i];
    if (!nulls[i]) inputs->field[i] = ReadInput(site.kind[0], values[i]);
  }
}

}  // namespace detid
