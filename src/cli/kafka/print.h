// What Kafka's scripts print: standard output through cli/output.h, standard error in one piece.
#pragma once

#include <string_view>

#include "cli/output.h"

namespace moldau::cli::kafka {

/// Writes `text` to standard error.
void print_error(std::string_view text);

}  // namespace moldau::cli::kafka
