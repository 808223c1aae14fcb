// SPDX-License-Identifier: PostgreSQL
//
// SqlText: a statement that is put together of names of ours, and of nothing that anybody else has
// said: those are parameters.

#pragma once

#include "pg/pg.h"

namespace detid {

class SqlText {
 public:
  void Append(const char* format, ...) pg_attribute_printf(2, 3) {
    va_list values;
    va_start(values, format);
    const int length = vsnprintf(text_ + length_, sizeof text_ - length_, format, values);
    va_end(values);
    length_ += static_cast<size_t>(length);
    if (length_ >= sizeof text_) elog(FATAL, "a statement of the extension has no room");
  }
  const char* text() const { return text_; }

 private:
  char text_[1536] = "";
  size_t length_ = 0;
};

}  // namespace detid
