// SPDX-License-Identifier: PostgreSQL

#include "core/instant.h"

#include <chrono>
#include <cstdio>

#include "core/ascii.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr int64_t kUsPerSecond = 1000000;
constexpr int64_t kUsPerDay = 86400 * kUsPerSecond;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool Eat(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    at_++;
    return true;
  }
  // Reads between `least` and `most` digits; -1 if they are not there.
  int Digits(int least, int most) {
    int value = 0, n = 0;
    while (n < most && at_ < text_.size() && IsDigit(text_[at_])) {
      value = value * 10 + (text_[at_++] - '0');
      n++;
    }
    count_ = n;
    return n < least ? -1 : value;
  }
  int count() const { return count_; }
  bool AtEnd() const { return at_ == text_.size(); }

 private:
  std::string_view text_;
  size_t at_ = 0;
  int count_ = 0;
};

bool ReadTimeOfDay(Reader* r, int64_t* us) {
  const int hour = r->Digits(2, 2);
  if (hour < 0 || hour > 23 || !r->Eat(':')) return false;
  const int minute = r->Digits(2, 2);
  if (minute < 0 || minute > 59) return false;
  int second = 0, fraction = 0;
  if (r->Eat(':')) {
    second = r->Digits(2, 2);
    if (second < 0 || second > 59) return false;
    if (r->Eat('.')) {
      fraction = r->Digits(1, 6);
      if (fraction < 0) return false;
      for (int i = r->count(); i < 6; i++) fraction *= 10;
    }
  }
  *us = ((hour * 60 + minute) * 60 + second) * kUsPerSecond + fraction;
  return true;
}

bool ReadZone(Reader* r, int64_t* us) {
  if (r->Eat('Z')) {
    *us = 0;
    return true;
  }
  const bool west = r->Eat('-');
  if (!west && !r->Eat('+')) return false;
  const int hour = r->Digits(2, 2);
  if (hour < 0 || hour > 15) return false;
  int minute = 0;
  if (r->Eat(':')) {
    minute = r->Digits(2, 2);
    if (minute < 0 || minute > 59) return false;
  }
  *us = (hour * 60 + minute) * 60 * kUsPerSecond * (west ? -1 : 1);
  return true;
}

}  // namespace

Result<int64_t> ParseInstant(std::string_view text) {
  const auto error = [&] {
    return Status::Error(Code::kInstantSyntax,
                         "\"%.*s\" is not a time such as 2025-01-01T00:00:00Z.", Clip(text, 60),
                         text.data());
  };
  Reader r(text);
  const int year = r.Digits(4, 4);
  if (year < 1 || !r.Eat('-')) return error();
  const int month = r.Digits(2, 2);
  if (month < 0 || !r.Eat('-')) return error();
  const int day = r.Digits(2, 2);
  if (day < 0) return error();
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return error();
  int64_t time_us = 0, zone_us = 0;
  if (r.Eat('T') || r.Eat(' '))
    if (!ReadTimeOfDay(&r, &time_us)) return error();
  if (!ReadZone(&r, &zone_us) || !r.AtEnd()) return error();
  const int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const int64_t us = days * kUsPerDay + time_us - zone_us;
  if (us < kMinInstantUs || us > kMaxInstantUs) return error();
  return us;
}

int FormatInstant(int64_t us, char* out, int size) {
  int64_t days = us / kUsPerDay, rest = us % kUsPerDay;
  if (rest < 0) {
    rest += kUsPerDay;
    days--;
  }
  // chrono's year ends at 32767; beyond it, count in Gregorian cycles of 400 years.
  const int64_t cycles = days / 146097;
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{days - cycles * 146097}}};
  const int64_t second = rest / kUsPerSecond;
  const int fraction = static_cast<int>(rest % kUsPerSecond);
  int n = std::snprintf(out, static_cast<size_t>(size), "%04lld-%02u-%02uT%02d:%02d:%02d",
                        static_cast<long long>(static_cast<int>(date.year()) + cycles * 400),
                        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                        static_cast<int>(second / 3600), static_cast<int>(second / 60 % 60),
                        static_cast<int>(second % 60));
  if (fraction > 0) {
    n += std::snprintf(out + n, static_cast<size_t>(size - n), ".%06d", fraction);
    while (out[n - 1] == '0') out[--n] = '\0';
  }
  n += std::snprintf(out + n, static_cast<size_t>(size - n), "Z");
  return n;
}

}  // namespace detid
