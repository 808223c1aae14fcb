// SPDX-License-Identifier: PostgreSQL
//
// The label provider "detid": what SECURITY LABEL may say of a sequence.

#pragma once

namespace detid {

void RegisterLabelProvider();

}  // namespace detid
