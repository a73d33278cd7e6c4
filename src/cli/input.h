// What verbs read besides flags: files with lines, answers at the terminal.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace moldau::cli {

class Invocation;

/// Most bytes of a file that a verb reads whole.
inline constexpr size_t input_file_bytes_max = 64 << 20;

/// All of a file; "-" is standard input. Failures name the file.
Result<std::string> read_input(const std::string& path);

/// Replaces a file as a whole, readable by its owner alone: written beside it, then renamed. Makes its folder.
Status write_output(const std::string& path, std::string_view text);

struct PartitionLine {
  std::string topic;
  PartitionIndex partition = 0;
  Offset offset = no_offset;
};

/// Lines "TOPIC PARTITION", or with `offsets` "TOPIC PARTITION OFFSET", with spaces or tabs between; empty ones do not
/// count. Failures name the line; `name` is the file.
Result<std::vector<PartitionLine>> parse_partition_lines(std::string_view text, bool offsets, std::string_view name);

/// "TOPIC:0,1,2": the topic, and its partitions; none for "TOPIC" alone.
Result<std::pair<std::string, std::vector<PartitionIndex>>> parse_topic_partitions(std::string_view text);

/// Asks `question` at the terminal, unless --no-confirm is given. Where there is no terminal to answer at, a failure
/// that says so.
Result<bool> confirmed(const Invocation& invocation, std::string_view question);

}  // namespace moldau::cli
