#include "cli/input.h"

#include <fcntl.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "cli/invocation.h"
#include "cli/text.h"

namespace moldau::cli {
namespace {

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  constexpr std::string_view blanks = " \t\r";
  for (size_t at = line.find_first_not_of(blanks); at != std::string_view::npos;) {
    const size_t end = line.find_first_of(blanks, at);
    words.push_back(line.substr(at, end == std::string_view::npos ? end : end - at));
    at = end == std::string_view::npos ? end : line.find_first_not_of(blanks, end);
  }
  return words;
}

}  // namespace

Result<std::string> read_input(const std::string& path) {
  const bool standard = path == "-";
  const int file = standard ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failure_from_errno(errno, "open " + path);
  std::string text;
  Status status;
  for (;;) {
    char part[16384];
    const ssize_t size = ::read(file, part, sizeof part);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) status = failure_from_errno(errno, "read " + path);
    if (size <= 0) break;
    text.append(part, static_cast<size_t>(size));
    if (text.size() > input_file_bytes_max) {
      status = invalid(fmt::format("{} is longer than {} bytes", path, input_file_bytes_max));
      break;
    }
  }
  if (!standard) ::close(file);
  RETURN_IF_FAILED(status);
  return text;
}

Status write_output(const std::string& path, std::string_view text) {
  std::error_code ignored;  // what is wrong with the folder, opening the file tells
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
  const std::string fresh = fmt::format("{}.{}", path, ::getpid());
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return failure_from_errno(errno, "write " + path);
  Status status;
  while (!text.empty() && status.ok()) {
    const ssize_t size = ::write(file, text.data(), text.size());
    if (size >= 0) text.remove_prefix(static_cast<size_t>(size));
    if (size < 0 && errno != EINTR) status = failure_from_errno(errno, "write " + path);
  }
  ::close(file);
  if (status.ok() && ::rename(fresh.c_str(), path.c_str()) != 0) status = failure_from_errno(errno, "write " + path);
  if (!status.ok()) ::unlink(fresh.c_str());
  return status;
}

Result<std::vector<PartitionLine>> parse_partition_lines(std::string_view text, bool offsets, std::string_view name) {
  std::vector<PartitionLine> lines;
  size_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    const auto words = words_of(line);
    if (words.empty()) continue;
    const auto wrong = [&](std::string_view why) {
      return invalid(
          fmt::format("{}, line {}: {}: expected TOPIC PARTITION{}", name, number, why, offsets ? " OFFSET" : ""));
    };
    if (words.size() != (offsets ? 3U : 2U)) return wrong(fmt::format("{} words", words.size()));
    const auto partition = parse_integer(words[1]);
    if (!partition || *partition < 0 || *partition > INT32_MAX) {
      return wrong(fmt::format("'{}' is no partition", words[1]));
    }
    PartitionLine entry{std::string(words[0]), static_cast<PartitionIndex>(*partition), no_offset};
    if (offsets) {
      const auto offset = parse_integer(words[2]);
      if (!offset || *offset < 0) return wrong(fmt::format("'{}' is no offset", words[2]));
      entry.offset = *offset;
    }
    lines.push_back(std::move(entry));
  }
  if (lines.empty()) return invalid(fmt::format("{} names no partition", name));
  return lines;
}

Result<std::pair<std::string, std::vector<PartitionIndex>>> parse_topic_partitions(std::string_view text) {
  const size_t colon = text.find(':');
  std::pair<std::string, std::vector<PartitionIndex>> parsed{std::string(text.substr(0, colon)), {}};
  if (parsed.first.empty()) return invalid(fmt::format("'{}': expected TOPIC or TOPIC:PARTITION,...", text));
  if (colon == std::string_view::npos) return parsed;
  for (const std::string_view part : split(text.substr(colon + 1), ',')) {
    const auto number = parse_integer(part);
    if (!number || *number < 0 || *number > INT32_MAX) {
      return invalid(fmt::format("'{}': '{}' is no partition; expected TOPIC:PARTITION,...", text, part));
    }
    parsed.second.push_back(static_cast<PartitionIndex>(*number));
  }
  return parsed;
}

Result<bool> confirmed(const Invocation& invocation, std::string_view question) {
  if (invocation.boolean("no-confirm")) return true;
  if (::isatty(STDIN_FILENO) == 0) {
    return invalid(fmt::format("{}: no terminal to ask at; add --no-confirm if so", question));
  }
  std::fprintf(stderr, "%.*s [y/N] ", static_cast<int>(question.size()), question.data());
  std::string answer;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) answer += static_cast<char>(std::tolower(c));
  return answer == "y" || answer == "yes";
}

}  // namespace moldau::cli
