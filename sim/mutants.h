// The planted bugs (store::Mutant) by name, and the run that shows that each is found: by seeds of the simulator, by
// crash images, or by the sweep over damaged blocks. `./x sim --mutants`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/store.h"

namespace moldau::sim {

/// The bug of that name; nothing when there is none.
std::optional<store::Mutant> mutant_named(const std::string& name);

/// Runs each planted bug until it is found, by as much as it may take, and prints the list with the seed that found
/// it and the command that shows it again. 0 when all were found.
int run_mutants(uint64_t threads);

}  // namespace moldau::sim
