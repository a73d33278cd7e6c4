// What the verbs print: standard output in one piece, errors in one line with a hint, values as JSON and YAML.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"

namespace moldau::cli {

class Invocation;

/// Writes all of `text` to standard output. Ends the process quietly when nobody reads it any more.
void print(std::string_view text);
/// Writes "moldau: MESSAGE" to standard error; returns the exit code 1.
int fail(std::string_view message);
int fail(const Failure& failure);

/// Prints `value` as --format says, if that is json, yaml or help; false if a text is wanted.
bool print_formatted(const Invocation& invocation, const nlohmann::ordered_json& value);
/// If --format is help: prints the shape that `example` has, and returns true.
bool print_format_help(const Invocation& invocation, const nlohmann::ordered_json& example);
/// `value` as YAML, block style.
std::string to_yaml(const nlohmann::ordered_json& value);

}  // namespace moldau::cli
