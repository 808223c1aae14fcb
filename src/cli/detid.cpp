// SPDX-License-Identifier: PostgreSQL
//
// detid: ids on the command line, from core alone. It takes ids apart, guesses what they are and
// writes them in other codecs, as the SQL functions of the same names do, without a database.
//
//   detid decode  [--layout LAYOUT] [--epoch TIME] [ID]...
//   detid explain [--layout LAYOUT] [--epoch TIME] [ID]...
//   detid guess   [ID]...
//   detid encode  --codec CODEC [ID]...
//   detid verify  --key KEY [FILE]...
//
// Ids come as arguments, or else as lines of the standard input; receipts as files, or else as
// lines. The exit status is 0, 1 if an id could not be read or a receipt proves nothing, 2 for a
// wrong call, and 3 if the output could not be written.

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/receipt.h"
#include "core/codec.h"
#include "core/compose.h"
#include "core/definition.h"
#include "core/guess.h"
#include "core/id_text.h"
#include "core/instant.h"
#include "core/picture.h"

namespace detid {
namespace {

constexpr char kUsage[] =
    R"(usage: detid decode  [--layout LAYOUT] [--epoch TIME] [ID]...
       detid explain [--layout LAYOUT] [--epoch TIME] [ID]...
       detid guess   [ID]...
       detid encode  --codec CODEC [ID]...
       detid verify  --key KEY [FILE]...

  decode   prints what each id shows, a line an id, separated by tabs: id, layout, minted_at, node,
           worker, tick, sequence, random, hash; what the layout does not show is left empty
  explain  draws the bits of each id
  guess    prints the layouts that can have made each id, the likeliest first: id, layout, minted_at
  encode   writes each id, a uuid or a number, in a codec
  verify   proves what receipts say, a line a receipt: id, generator, minted_at, node, xact, session_role,
           role, application, client, tag, input. KEY is a key of detid.seal_keys; --key may be there
           several times

Without ids it reads them from the standard input, one a line; without files, receipts. Without --layout it takes the likeliest
layout. LAYOUT is a name or a text such as "time:41@1ms node:10 sequence:12"; TIME has a zone, such as
2025-01-01T00:00:00Z.
)";

struct Options {
  Definition definition;
  bool has_layout = false, has_epoch = false;
  int64_t epoch_us = 0, now_us = 0;
  const Codec* codec = nullptr;
  std::vector<NoteKey> keys;
};

// What is wrong with an id; empty if nothing is.
using Problem = std::string;

Problem ProblemOf(const Status& status) {
  return status.detail[0] != '\0' ? status.detail : "It cannot be read.";
}

constexpr char kNobodys[] = "No layout that has a name can have made it.";

std::string InstantText(int64_t us) {
  char text[kMaxInstantText];
  FormatInstant(us, text, sizeof text);
  return text;
}

Problem SetEpoch(const Options& o, Definition* d) {
  if (!o.has_epoch) return "";
  if (d->preset != nullptr && d->preset->epoch_fixed && o.epoch_us != d->epoch_us)
    return "The epoch of " + std::string(d->preset->name) + " is " + InstantText(d->epoch_us) + ".";
  d->epoch_us = o.epoch_us;
  return "";
}

// An id, and the definition that it was read under: the one asked for, or the likeliest.
struct Read {
  const Definition* definition;
  Definition guessed;
  Bits id;
};

Problem ReadId(const Options& o, std::string_view text, Read* r) {
  r->definition = &o.definition;
  if (!o.has_layout) {
    const Candidates all = Guess(text, o.now_us);
    if (all.count == 0) return kNobodys;
    const Result<Definition> d = PublishedDefinitionOf(all.candidate[0].preset->name);
    if (!d.ok()) return ProblemOf(d.status);
    r->guessed = d.value;
    r->definition = &r->guessed;
    if (Problem problem = SetEpoch(o, &r->guessed); !problem.empty()) return problem;
  }
  const Result<Bits> id = ParseAnyForm(*r->definition, text);
  if (!id.ok()) return ProblemOf(id.status);
  r->id = id.value;
  if (o.has_epoch) return "";
  const Status status = CheckAge(*r->definition, r->id);
  return status.ok() ? "" : ProblemOf(status);
}

std::string Text(int64_t number) {
  return std::to_string(number);
}

std::string HexText(const Bits& value, int bits) {
  char text[kMaxIdText];
  FormatHex(value, bits, text, sizeof text);
  return text;
}

std::string NameOf(const Definition& d) {
  if (d.preset != nullptr) return std::string(d.preset->name);
  char text[kMaxLayoutText + 1];
  FormatLayout(d.layout, text, sizeof text);
  return text;
}

constexpr int kDecodedColumns = 8;  // behind the id

Problem Decode(const Options& o, const std::string& text) {
  Read read;
  if (Problem problem = ReadId(o, text, &read); !problem.empty()) return problem;
  const Definition* d = read.definition;
  const Result<Decomposed> parts = Decompose(d->layout, read.id);
  if (!parts.ok()) return ProblemOf(parts.status);
  const Coordinates& c = parts.value.coordinates;
  const auto shown = [&](Kind kind, const std::string& value) {
    std::cout << '\t' << (d->layout.shows(kind) ? value : "");
  };
  int64_t us = 0;
  const bool has_time = TimeOfTick(d->layout, d->epoch_us, c.tick, &us);
  std::cout << text << '\t' << NameOf(*d);
  shown(Kind::kTime, has_time ? InstantText(us) : "");
  shown(Kind::kNode, Text(c.node));
  shown(Kind::kWorker, Text(c.worker));
  shown(Kind::kTime, Text(c.tick));
  shown(Kind::kSequence, Text(c.sequence));
  shown(Kind::kRandom, HexText(parts.value.random, d->layout.bits_of(Kind::kRandom)));
  shown(Kind::kHash, HexText(parts.value.hash, d->layout.bits_of(Kind::kHash)));
  std::cout << '\n';
  return "";
}

Problem Explain(const Options& o, const std::string& text) {
  Read read;
  if (Problem problem = ReadId(o, text, &read); !problem.empty()) return problem;
  char picture[kMaxPicture];
  const Status status = DrawPicture(*read.definition, read.id, picture, sizeof picture);
  if (!status.ok()) return ProblemOf(status);
  std::cout << picture << '\n';
  return "";
}

Problem GuessOne(const Options& o, const std::string& text) {
  const Candidates all = Guess(text, o.now_us);
  for (int i = 0; i < all.count; i++) {
    const Candidate& c = all.candidate[static_cast<size_t>(i)];
    std::cout << text << '\t' << c.preset->name << '\t' << (c.timed ? InstantText(c.minted_us) : "")
              << '\n';
  }
  return all.count > 0 ? "" : kNobodys;
}

Problem EncodeOne(const Options& o, const std::string& text) {
  constexpr int kBigintBits = 64, kUuidBits = 128;
  const bool is_uuid = LooksLikeUuid(text);
  const int bits = is_uuid ? kUuidBits : kBigintBits;
  const Result<Bits> id =
      is_uuid ? ParseUuid(text) : DecodeLiberal(*FindCodec("decimal"), text, 63);
  if (!id.ok()) return ProblemOf(id.status);
  if (EncodedLength(*o.codec, bits) == 0)
    return "The codec " + std::string(o.codec->name) + " cannot hold " + Text(bits) + " bits.";
  char out[kMaxEncoded + 1];
  Encode(*o.codec, id.value, bits, out);
  std::cout << out << '\n';
  return "";
}

Problem VerifyOne(const Options& o, const std::string& receipt) {
  std::string proven;
  const Problem problem = VerifyReceipt(receipt, o.keys, &proven);
  if (problem.empty()) std::cout << proven << '\n';
  return problem;
}

// --- The command line -------------------------------------------------------------------------

struct Command {
  std::string_view name;
  Problem (*run)(const Options& options, const std::string& id);
  bool takes_layout, takes_codec, takes_key;
  int columns;  // behind the id, left empty where it could not be read; 0: the line is empty
};

constexpr Command kCommands[] = {
    {"decode", Decode, true, false, false, kDecodedColumns},
    {"explain", Explain, true, false, false, 0},
    {"guess", GuessOne, false, false, false, 2},
    {"encode", EncodeOne, false, true, false, 0},
    {"verify", VerifyOne, false, false, true, kReceiptColumns},
};

// One id, or receipt, which messages call `name`. False if it could not be read: its line is kept,
// so that lines of the output go with those of the input.
bool RunOne(const Command& command, const Options& o, const std::string& text,
            const std::string& name) {
  const Problem problem = command.run(o, text);
  if (problem.empty()) return true;
  std::cout << (command.takes_key     ? ""
                : command.columns > 0 ? text
                                      : "")
            << std::string(static_cast<size_t>(command.columns), '\t') << '\n';
  std::cerr << "detid: " << name << ": " << problem << "\n";
  return false;
}

bool RunFile(const Command& command, const Options& o, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text;
  char part[65536];
  while (in.read(part, sizeof part) || in.gcount() > 0)
    text.append(part, static_cast<size_t>(in.gcount()));
  if (in.eof() && !in.bad()) return RunOne(command, o, text, file);
  std::cerr << "detid: " << file << ": " << std::strerror(errno) << "\n";
  return false;
}

// --- Options ----------------------------------------------------------------------------------

Problem SetLayout(const char* value, Options* o) {
  const Result<Definition> d = PublishedDefinitionOf(value);
  if (!d.ok()) return ProblemOf(d.status);
  o->definition = d.value;
  o->has_layout = true;
  return "";
}

Problem SetEpochTime(const char* value, Options* o) {
  const Result<int64_t> us = ParseInstant(value);
  if (!us.ok()) return ProblemOf(us.status);
  o->epoch_us = us.value;
  o->has_epoch = true;
  return "";
}

Problem SetCodec(const char* value, Options* o) {
  o->codec = FindCodec(value);
  return o->codec != nullptr ? "" : "there is no codec " + std::string(value);
}

Problem AddKey(const char* value, Options* o) {
  NoteKey key;
  if (!ParseKey(value, &key)) return "it is no key: " + std::string(value);
  o->keys.push_back(key);
  return "";
}

struct Option {
  std::string_view name;
  bool Command::*taken;  // by which commands
  Problem (*set)(const char* value, Options* options);
};

constexpr Option kOptions[] = {
    {"--layout", &Command::takes_layout, SetLayout},
    {"--epoch", &Command::takes_layout, SetEpochTime},
    {"--codec", &Command::takes_codec, SetCodec},
    {"--key", &Command::takes_key, AddKey},
};

bool Is(std::string_view argument, std::string_view name) {
  return argument.substr(0, name.size()) == name &&
         (argument.size() == name.size() || argument[name.size()] == '=');
}

// The option at *i, whose value is behind "=" or the next argument.
Problem ReadOption(const Command& command, int argc, char** argv, int* i, Options* o) {
  const std::string_view argument = argv[*i];
  for (const Option& option : kOptions) {
    if (!(command.*option.taken) || !Is(argument, option.name)) continue;
    const std::string name(option.name);
    const char* value = argument.size() > name.size() ? argv[*i] + name.size() + 1
                        : *i + 1 < argc               ? argv[++*i]
                                                      : nullptr;
    if (value == nullptr) return name + " takes a value";
    const Problem problem = option.set(value, o);
    return problem.empty() ? "" : name + ": " + problem;
  }
  return std::string(command.name) + " has no option " + std::string(argument);
}

// --- The call ---------------------------------------------------------------------------------

int Help() {
  std::cout << kUsage;
  return 0;
}

int RefuseCall(const std::string& why) {
  std::cerr << "detid: " << why << "\n" << kUsage;
  return 2;
}

bool RunLines(const Command& command, const Options& o) {
  bool good = true;
  std::string line;
  for (size_t number = 1; std::getline(std::cin, line); number++) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const std::string name = "line " + std::to_string(number);
    good = RunOne(command, o, line, command.takes_key ? name : name + ": \"" + line + "\"") && good;
  }
  return good;
}

int Main(int argc, char** argv) {
  if (argc < 2) return RefuseCall("there is no command");
  const std::string_view name = argv[1];
  if (name == "--help" || name == "-h") return Help();
  const Command* command = nullptr;
  for (const Command& c : kCommands)
    if (c.name == name) command = &c;
  if (command == nullptr) return RefuseCall("there is no command " + std::string(name));

  Options o;
  o.now_us = static_cast<int64_t>(std::time(nullptr)) * 1000000;
  std::vector<std::string> ids;
  bool only_ids = false;
  for (int i = 2; i < argc; i++) {
    const std::string_view argument = argv[i];
    if (only_ids || argument.substr(0, 2) != "--") {
      ids.emplace_back(argument);
    } else if (argument == "--") {
      only_ids = true;
    } else if (argument == "--help") {
      return Help();
    } else if (const Problem problem = ReadOption(*command, argc, argv, &i, &o); !problem.empty()) {
      return RefuseCall(problem);
    }
  }
  if (command->takes_codec && o.codec == nullptr) return RefuseCall("encode needs --codec");
  if (command->takes_key && o.keys.empty()) return RefuseCall("verify needs --key");
  if (o.has_layout)
    if (const Problem problem = SetEpoch(o, &o.definition); !problem.empty())
      return RefuseCall("--epoch: " + problem);

  bool good = true;
  for (const std::string& id : ids)
    good = (command->takes_key ? RunFile(*command, o, id)
                               : RunOne(*command, o, id, "\"" + id + "\"")) &&
           good;
  if (ids.empty()) good = RunLines(*command, o);
  std::cout.flush();
  if (!std::cout) {
    std::cerr << "detid: the output cannot be written: " << std::strerror(errno) << "\n";
    return 3;
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace detid

int main(int argc, char** argv) {
  return detid::Main(argc, argv);
}
