// SPDX-License-Identifier: PostgreSQL

#pragma once

namespace sim {

// sim --registry: see registry.cpp.
int RegistryMain(int argc, char** argv);

}  // namespace sim
