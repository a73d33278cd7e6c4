// The output formats of `topic consume -f` and `topic produce -o`: percent verbs with modifiers, compiled once, run per
// record.
//
//   %t %k %v  topic, key, value      %T %K %V  their sizes        %h{...}  each header, in a format of %k %v %K %V %H
//   headers %p %o %e %d  partition, offset, leader epoch, timestamp       %x %y  producer id, producer epoch
//   %[ %| %]  log start, last stable offset, high watermark       %i  number of the record, from 1    %a{...}
//   attributes
//   %% %{ %}  themselves             \t \n \r \\ \xNN
//
//   numbers: {ascii number hex hex64 ... hex4 big64 ... big8 little64 ... little8 byte bool}
//   texts: {hex base64 base64raw unpack[...]}     times: {number formats, go[...], strftime[...]}
//   attributes: {compression timestamp-type transactional-bit control-bit}, each also as {NAME;number format}
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "cli/number_format.h"

namespace moldau::cli {

struct HeaderText {
  std::string_view key;
  std::optional<std::string_view> value;
};

/// All that a format can show.
struct RecordText {
  std::string_view topic;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::span<const HeaderText> headers;
  int32_t partition = 0;
  int64_t offset = 0;
  int32_t leader_epoch = -1;
  WallMillis timestamp = 0;
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;
  int16_t attributes = 0;  ///< of the batch
  int64_t log_start_offset = -1;
  int64_t last_stable_offset = -1;
  int64_t high_watermark = -1;
};

class RecordFormat {
 public:
  /// Compiles `format`; the failure says what is wrong with it.
  static Result<RecordFormat> compile(std::string_view format);
  /// Appends `record`; counts it for %i.
  void append(std::string& out, const RecordText& record);
  /// Whether append() looks at the record's headers, key and value.
  bool uses_headers() const { return uses_headers_; }
  bool uses_content() const { return uses_content_; }

 private:
  enum class Verb : uint8_t {
    literal,
    topic,
    key,
    value,
    topic_size,
    key_size,
    value_size,
    headers,
    header_count,
    partition,
    offset,
    leader_epoch,
    timestamp,
    producer_id,
    producer_epoch,
    log_start,
    last_stable,
    high_watermark,
    iteration,
    compression,
    compression_number,
    timestamp_type,
    transactional_bit,
    control_bit
  };
  enum class TextForm : uint8_t { plain, hex, base64, base64raw, unpack };
  enum class TimeForm : uint8_t { number, go, strftime };
  struct Step {
    Verb verb = Verb::literal;
    NumberFormat number = NumberFormat::ascii;
    TextForm text_form = TextForm::plain;
    TimeForm time_form = TimeForm::number;
    std::string argument;              // of literal, unpack, go and strftime
    std::vector<RecordFormat> nested;  // of headers: one
  };
  Status compile_verb(char verb, std::string_view& rest);
  Status compile_number(Step& step, char verb, std::string_view& rest);
  Status compile_text(Step& step, char verb, std::string_view& rest);
  Status compile_time(Step& step, std::string_view& rest);
  Status compile_attribute(Step& step, std::string_view& rest);
  Status compile_headers(Step& step, std::string_view& rest);
  void append_step(std::string& out, Step& step, const RecordText& record);
  int64_t number_of(Verb verb, const RecordText& record) const;

  std::vector<Step> steps_;
  int64_t iterations_ = 0;
  bool uses_headers_ = false;
  bool uses_content_ = false;
};

/// Appends `record` as JSON, as rpk prints it: topic, key (unless empty), value (unless null) or with `meta_only` its
/// size, headers (unless none), timestamp, partition, offset. `pretty`: one member a line; without a line feed at the
/// end.
void append_record_json(std::string& out, const RecordText& record, bool pretty, bool meta_only);

}  // namespace moldau::cli
