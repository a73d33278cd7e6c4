// What the flags of several verbs have in common. Only commands.cc and the other flags_*.h include it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cli/command.h"

namespace moldau::cli {

inline constexpr int64_t int32_max = 2147483647;
inline constexpr size_t arguments_many = 10'000;

inline constexpr Flag output_format{"format",
                                    0,
                                    FlagKind::text,
                                    "text",
                                    "Output format; help describes what json and yaml print",
                                    "json|yaml|text|wide|help"};

}  // namespace moldau::cli
