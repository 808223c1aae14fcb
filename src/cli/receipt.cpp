// SPDX-License-Identifier: PostgreSQL

#include "cli/receipt.h"

#include <sodium.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#define JSON_NOEXCEPTION
#include <nlohmann/json.hpp>

#include "core/checkpoint.h"
#include "core/compose.h"
#include "core/id_text.h"
#include "core/instant.h"
#include "core/ledger_leaf.h"

namespace detid {
namespace {

using nlohmann::json;
using Problem = std::string;

bool ToNumber(const std::string& text, int64_t* number) {
  const char* end = text.data() + text.size();
  const auto r = std::from_chars(text.data(), end, *number);
  return r.ec == std::errc() && r.ptr == end;
}

std::optional<std::string> FromBase64(const std::string& text) {
  std::string bytes(text.size(), '\0');
  size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &size, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
      end != text.data() + text.size())
    return {};
  bytes.resize(size);
  return bytes;
}

// A receipt's value is read once, of the type that it must have; what is not there, or of another
// type, is remembered as the problem.
class Reader {
 public:
  explicit Reader(const json& object) : object_(object) {}

  const json* Value(const char* name) {
    const auto found = object_.is_object() ? object_.find(name) : object_.end();
    if (!object_.is_object() || found == object_.end()) {
      Fail(name, "is missing");
      return nullptr;
    }
    return &*found;
  }
  // Null: absent.
  std::optional<std::string> Text(const char* name) {
    const json* v = Value(name);
    if (v == nullptr || v->is_null()) return {};
    if (!v->is_string()) return Fail(name, "is no text"), std::nullopt;
    return v->get<std::string>();
  }
  std::optional<std::string> Base64(const char* name) {
    const std::optional<std::string> text = Text(name);
    if (!text) return {};
    std::optional<std::string> bytes = FromBase64(*text);
    if (!bytes) Fail(name, "is no base64");
    return bytes;
  }
  int64_t Number(const char* name) {
    const std::optional<std::string> text = Text(name);
    int64_t n = 0;
    if (!text || !ToNumber(*text, &n)) Fail(name, "is no number");
    return n;
  }
  int32_t Small(const char* name) {
    const json* v = Value(name);
    if (v == nullptr) return 0;
    if (!v->is_number_integer() || v->get<int64_t>() < INT32_MIN || v->get<int64_t>() > INT32_MAX)
      return Fail(name, "is no number"), 0;
    return v->get<int32_t>();
  }
  bool Flag(const char* name) {
    const json* v = Value(name);
    if (v == nullptr) return false;
    if (!v->is_boolean()) return Fail(name, "is neither true nor false"), false;
    return v->get<bool>();
  }
  // Null: absent.
  const json* List(const char* name) {
    const json* v = Value(name);
    if (v == nullptr || v->is_null()) return nullptr;
    if (!v->is_array()) return Fail(name, "is no list"), nullptr;
    return v;
  }
  void Fail(const char* name, const char* why) {
    if (problem_.empty()) problem_ = "its \"" + std::string(name) + "\" " + why;
  }
  const Problem& problem() const { return problem_; }

 private:
  const json& object_;
  Problem problem_;
};

// A context whose texts it owns.
struct OwnContext {
  LedgerContext fields;
  std::vector<std::optional<std::string>> texts;
};

Problem ReadContext(const json& from, OwnContext* to) {
  Reader r(from);
  to->texts.reserve(CountOf(kContextColumns));
  EachColumn(kContextColumns, to->fields, [&](const auto& column, auto& value) {
    using Value = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, std::string_view>) {
      to->texts.push_back(r.Text(column.name));
      if (to->texts.back()) value = *to->texts.back();
    } else if constexpr (std::is_same_v<Value, Commitment>) {
      const std::optional<std::string> bytes = r.Base64(column.name);
      if (bytes && bytes->size() == sizeof value.byte)
        std::memcpy(value.byte, bytes->data(), sizeof value.byte);
      else
        r.Fail(column.name, "is no commitment");
    } else if constexpr (std::is_same_v<Value, Instant>) {
      value.us = r.Number(column.name);
    } else if constexpr (std::is_same_v<Value, bool>) {
      value = r.Flag(column.name);
    } else if constexpr (std::is_same_v<Value, int32_t>) {
      value = r.Small(column.name);
    } else {
      value = static_cast<Value>(r.Number(column.name));
    }
  });
  return r.problem();
}

struct Row {
  LeafRow leaf;
  std::optional<std::string> ids, tag;
  std::vector<int64_t> positions;
  std::vector<std::optional<std::string>> inputs;
};

Problem ReadRow(const json& from, Row* row) {
  Reader r(from);
  row->leaf.key.definition = static_cast<uint64_t>(r.Number("definition"));
  row->leaf.key.position = static_cast<uint64_t>(r.Number("position"));
  row->leaf.key.node = r.Small("node");
  row->leaf.key.worker = r.Small("worker");
  row->leaf.count = r.Small("count");
  row->leaf.attempt = r.Small("attempt");
  row->leaf.xact = static_cast<uint64_t>(r.Number("xact"));
  row->leaf.digest = static_cast<uint64_t>(r.Number("digest"));
  RestHash rest;
  row->ids = r.Base64("ids");
  if (row->ids) rest.Add('i', *row->ids);
  if (const json* positions = r.List("positions")) {
    for (const json& p : *positions) {
      int64_t position = 0;
      if (!p.is_string() || !ToNumber(p.get_ref<const std::string&>(), &position))
        return "its \"positions\" have what is no number";
      row->positions.push_back(position);
    }
    rest.Add('p', {reinterpret_cast<const char*>(row->positions.data()),
                   row->positions.size() * sizeof(int64_t)});
  }
  row->tag = r.Text("tag");
  if (row->tag) rest.Add('t', *row->tag);
  const std::optional<std::string> claim = r.Base64("claim");
  if (claim) rest.Add('c', *claim);
  if (const json* inputs = r.List("inputs")) {
    std::vector<Hash> commitments;
    for (const json& input : *inputs) {
      commitments.push_back({});
      row->inputs.push_back({});
      if (input.is_null()) continue;
      Reader one(input);
      if (input.is_object() && input.contains("commitment")) {  // its text was forgotten
        const std::optional<std::string> hash = one.Base64("commitment");
        if (!hash || hash->size() != sizeof(Hash) || input.size() != 1)
          return "its \"inputs\" have a commitment that is none";
        std::memcpy(commitments.back().byte, hash->data(), sizeof(Hash));
        continue;
      }
      const std::optional<std::string> salt = one.Base64("salt");
      row->inputs.back() = one.Text("text");
      if (!one.problem().empty()) return one.problem();
      InputSalt bytes;
      if (!salt || salt->size() != sizeof bytes.byte || !row->inputs.back())
        return "its \"inputs\" have no salt, or no text";
      std::memcpy(bytes.byte, salt->data(), sizeof bytes.byte);
      commitments.back() = CommitInput(bytes, *row->inputs.back());
    }
    rest.Add('n', {reinterpret_cast<const char*>(commitments.data()),
                   commitments.size() * sizeof(Hash)});
  }
  row->leaf.rest = rest.End();
  return r.problem();
}

Problem ReadProof(const json& from, Proof* proof) {
  Reader r(from);
  const json* list = r.List("proof");
  if (!r.problem().empty() || list == nullptr) return "its \"proof\" is no list";
  if (list->size() > static_cast<size_t>(kMaxProof)) return "its \"proof\" is too long";
  for (const json& h : *list) {
    const std::optional<std::string> bytes =
        h.is_string() ? FromBase64(h.get_ref<const std::string&>()) : std::nullopt;
    if (!bytes || bytes->size() != sizeof(Hash)) return "its \"proof\" has what is no hash";
    std::memcpy(proof->hash[proof->count++].byte, bytes->data(), sizeof(Hash));
  }
  return "";
}

// Whether the row is of the id: as it was recorded, or as its coordinates make it.
Problem CheckId(const Layout& layout, const Row& row, const LedgerContext& context,
                const std::string& id, int ordinal) {
  const Result<Bits> wanted = ParseId(layout, id);
  if (!wanted.ok()) return "the id is none of its layout";
  const int count = row.leaf.count;
  if (ordinal < 1 || ordinal > count) return "the row has no id of that ordinal";
  const int i = ordinal - 1;
  const uint64_t position = i < static_cast<int>(row.positions.size())
                                ? static_cast<uint64_t>(row.positions[static_cast<size_t>(i)])
                                : row.leaf.key.position + static_cast<uint64_t>(i);
  Coordinates c = {row.leaf.key.node,
                   row.leaf.key.worker >= 0 ? row.leaf.key.worker : context.worker, 0, 0};
  if (!layout.shows(Kind::kWorker)) c.worker = 0;
  SetPosition(layout, position, &c);
  if (!CheckCoordinates(layout, c).ok()) return "the row's coordinates are none of its layout";
  if (!layout.shows(Kind::kRandom) && !layout.shows(Kind::kHash))
    return Composer(layout, c.node, c.worker, nullptr)(position) == wanted.value
               ? ""
               : "the row is of another id";
  const size_t bytes = static_cast<size_t>((layout.bits + 7) / 8);
  const size_t has = row.ids ? row.ids->size() / bytes : 0;
  const size_t at = has == static_cast<size_t>(count) ? static_cast<size_t>(i)
                    : i == 0                          ? 0
                    : i == count - 1                  ? 1
                                                      : has;
  if (at >= has) return "the row has the id's coordinates, but not its random bits";
  uint8_t all[kBitsBytes] = {};
  std::memcpy(all + kBitsBytes - bytes, row.ids->data() + at * bytes, bytes);
  return FromBytes(all) == wanted.value ? "" : "the row is of another id";
}

std::string Cell(std::string_view text) {
  std::string cell(text.data() == nullptr ? "" : text);
  for (char& c : cell)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return "\t" + cell;
}

}  // namespace

std::string VerifyReceipt(const std::string& text, const std::vector<NoteKey>& keys,
                          std::string* proven) {
  const json receipt = json::parse(text, nullptr, false);
  if (receipt.is_discarded() || !receipt.is_object()) return "it is no receipt";
  Reader r(receipt);
  if (r.Text("format").value_or("") != "detid-receipt-1") return "its format is not known";
  const std::string id = r.Text("id").value_or("");
  const int ordinal = r.Small("ordinal");
  const int64_t index = r.Number("index");
  const std::string note = r.Text("checkpoint").value_or("");
  const json* row_json = r.Value("row");
  const json* context_json = r.Value("context");
  if (!r.problem().empty()) return r.problem();
  Row row;
  OwnContext context;
  Proof proof;
  if (const Problem p = ReadRow(*row_json, &row); !p.empty()) return p;
  if (const Problem p = ReadContext(*context_json, &context); !p.empty()) return p;
  if (const Problem p = ReadProof(receipt, &proof); !p.empty()) return p;

  NoteVerdict verdict = NoteVerdict::kNotSigned;
  std::string_view says;
  for (const NoteKey& key : keys) {
    verdict = VerifyNote(note, key, &says);
    if (verdict != NoteVerdict::kNotSigned) break;
  }
  if (verdict == NoteVerdict::kNoNote) return "its checkpoint is no signed note";
  if (verdict == NoteVerdict::kForged)
    return "its checkpoint was not signed by the key: it is forged";
  if (verdict == NoteVerdict::kNotSigned) return "its checkpoint is signed by none of the keys";
  Checkpoint checkpoint;
  if (!ParseCheckpoint(says, &checkpoint)) return "its checkpoint is none";

  row.leaf.context = HashOfContext(context.fields);
  if (index < 0 || static_cast<uint64_t>(index) >= checkpoint.size ||
      !Includes(LeafOf(row.leaf), static_cast<uint64_t>(index), checkpoint.size, proof,
                checkpoint.root))
    return "the proof does not lead from the row to the checkpoint: something of it was changed";
  if (static_cast<uint64_t>(context.fields.definition) != row.leaf.key.definition)
    return "the row and its context are of two definitions";
  const Result<Layout> layout = ParseLayout(context.fields.layout);
  if (!layout.ok()) return "its layout cannot be read";
  if (const Problem p = CheckId(layout.value, row, context.fields, id, ordinal); !p.empty())
    return p;

  int64_t us = 0;
  const uint64_t position = row.leaf.key.position;
  char minted[kMaxInstantText] = "";
  if (TimeOfTick(layout.value, context.fields.epoch.us,
                 static_cast<int64_t>(position >> layout.value.sequence_bits()), &us))
    FormatInstant(us, minted, sizeof minted);
  const LedgerContext& c = context.fields;
  const std::string_view tag = row.tag ? std::string_view(*row.tag) : c.tag;
  std::string input;
  if (row.leaf.attempt < 0 && static_cast<size_t>(ordinal) <= row.inputs.size())
    input = row.inputs[static_cast<size_t>(ordinal) - 1].value_or("");
  else
    for (const std::optional<std::string>& part : row.inputs)
      input += (input.empty() ? "" : ", ") + part.value_or("");
  *proven = id + Cell(c.generator_name) + Cell(minted) + Cell(std::to_string(row.leaf.key.node)) +
            Cell(std::to_string(row.leaf.xact)) + Cell(c.session_role) + Cell(c.role) +
            Cell(c.application) + Cell(c.client) + Cell(tag) + Cell(input);
  return "";
}

}  // namespace detid
