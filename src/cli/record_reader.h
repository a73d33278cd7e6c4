// The input formats of `topic produce -f`: percent verbs that cut a stream of bytes into records, compiled once.
//
//   %t %k %v  topic, key, value          %T %K %V  their sizes, to stand before them         %p  partition     %d
//   timestamp %H %h{...}  number of headers, and each header in a format of %k %v %K %V               %o %e %x %y
//   numbers that are ignored texts: {hex base64 json re[...]}     numbers: {ascii number hex64 ... big8 ... little8
//   byte bool}, or {DIGITS}, a fixed size
//   %% %{ %}  themselves                 \t \n \r \\ \xNN
//
// A text ends where its size says, where its modifier says (json, re), or at the literal that follows it; the last one,
// if nothing follows it, at the end of the input. The literal that ends the format may be missing at the end of the
// input. (rpk refuses that last record; `printf word | ... produce` losing the word helps nobody.)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "cli/input_buffer.h"
#include "cli/number_format.h"

namespace re2 {
class RE2;
}

namespace moldau::cli {

/// Longest text that a record may have.
inline constexpr size_t record_text_bytes_max = size_t{128} << 20;

struct InputRecord {
  std::string topic;
  std::string key;
  std::string value;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<int32_t> partition;
  std::optional<WallMillis> timestamp;

  void clear();
};

class RecordReader {
 public:
  static Result<RecordReader> compile(std::string_view format);
  RecordReader(RecordReader&&) noexcept;
  RecordReader& operator=(RecordReader&&) noexcept;
  ~RecordReader();

  /// Reads the next record into `record` (cleared before). False at the end of the input; a failure when the input does
  /// not fit the format, with the number of the record.
  Result<bool> read(InputBuffer& input, InputRecord& record);
  /// Whether the format reads topics or partitions.
  bool reads_topic() const;
  bool reads_partition() const;

 private:
  enum class Verb : uint8_t { literal, topic, key, value, partition, timestamp, ignored, size, headers };
  enum class Ending : uint8_t { sized, delimiter, rest, json, regex };
  enum class Decoding : uint8_t { none, hex, base64, json };
  enum Slot : uint8_t { topic_slot, key_slot, value_slot, header_slot, slot_count };
  struct Step {
    Verb verb = Verb::literal;
    Ending ending = Ending::rest;
    Decoding decoding = Decoding::none;
    Slot slot = topic_slot;  // of a size, and of the text that it is for
    NumberFormat number = NumberFormat::ascii;
    uint64_t fixed = 0;   // of a number: its value, not read
    std::string literal;  // text to match; of a text: what ends it
    std::unique_ptr<re2::RE2> regex;
    std::unique_ptr<RecordReader> nested;
  };
  RecordReader();

  Status compile_steps(std::string_view format);
  Status compile_verb(char verb, std::string_view& rest);
  Status compile_number(Step& step, char verb, std::string_view& rest);
  Status compile_text(Step& step, char verb, std::string_view& rest);
  Status compile_headers(Step& step, std::string_view& rest);
  void end_literal(std::string& literal);
  Status finish();

  Result<bool> read_steps(InputBuffer& input, InputRecord& record, bool nested);
  Status read_step(InputBuffer& input, const Step& step, bool last, InputRecord& record);
  Status read_headers(InputBuffer& input, const Step& step, InputRecord& record);
  Status read_text(InputBuffer& input, const Step& step, bool last, std::string& into);
  Status read_number_step(InputBuffer& input, const Step& step, InputRecord& record);

  std::vector<Step> steps_;
  uint64_t sizes_[slot_count] = {};
  bool has_size_[slot_count] = {};
  bool has_text_[slot_count] = {};
  bool reads_partition_ = false;
  uint64_t records_ = 0;
};

}  // namespace moldau::cli
