#include "cli/record_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/core.h>
#include <re2/re2.h>

#include "cli/json_scan.h"
#include "cli/text.h"

namespace moldau::cli {
namespace {

/// Input looked at behind a match of a regular expression before it is believed to be the whole, unless nothing more is
/// there now.
constexpr size_t regex_lookahead_bytes = size_t{64} << 10;
constexpr uint64_t headers_max = 100'000;

Failure invalid(std::string why) {
  return {FailureKind::invalid_argument, std::move(why)};
}
Failure ended() {
  return invalid("the input ends within a record");
}

/// `text` for a message: not too long, control characters shown.
std::string shown(std::string_view text) {
  std::string out;
  append_json_string(out, text.substr(0, 40));
  return out;
}

}  // namespace

void InputRecord::clear() {
  topic.clear();
  key.clear();
  value.clear();
  headers.clear();
  partition.reset();
  timestamp.reset();
}

RecordReader::RecordReader() = default;
RecordReader::RecordReader(RecordReader&&) noexcept = default;
RecordReader& RecordReader::operator=(RecordReader&&) noexcept = default;
RecordReader::~RecordReader() = default;

bool RecordReader::reads_topic() const {
  return has_text_[topic_slot];
}
bool RecordReader::reads_partition() const {
  return reads_partition_;
}

Result<RecordReader> RecordReader::compile(std::string_view format) {
  if (format.empty()) return invalid("the format is empty");
  RecordReader reader;
  RETURN_IF_FAILED(reader.compile_steps(format));
  RETURN_IF_FAILED(reader.finish());
  return reader;
}

Status RecordReader::compile_steps(std::string_view format) {
  std::string literal;
  while (!format.empty()) {
    const char c = format[0];
    format.remove_prefix(1);
    if (c == '\\') {
      const auto escape = take_escape(format);
      if (!escape) return invalid("a backslash must be followed by t, n, r, \\ or xNN");
      literal += *escape;
    } else if (c != '%') {
      literal += c;
    } else if (format.empty()) {
      return invalid("the format ends with a lone %");
    } else if (format[0] == '%' || format[0] == '{' || format[0] == '}') {
      literal += format[0];
      format.remove_prefix(1);
    } else {
      const char verb = format[0];
      format.remove_prefix(1);
      end_literal(literal);
      RETURN_IF_FAILED(compile_verb(verb, format));
    }
  }
  end_literal(literal);
  return {};
}

/// A literal ends the text before it if nothing else does; otherwise it is to be matched.
void RecordReader::end_literal(std::string& literal) {
  if (literal.empty()) return;
  const bool ends_text = !steps_.empty() && steps_.back().verb >= Verb::topic && steps_.back().verb <= Verb::value &&
                         steps_.back().ending == Ending::rest;
  if (!ends_text) steps_.emplace_back();
  steps_.back().literal = std::exchange(literal, {});
  if (ends_text) steps_.back().ending = Ending::delimiter;
}

Status RecordReader::compile_verb(char verb, std::string_view& rest) {
  Step step;
  Status status;
  switch (verb) {
    case 't':
    case 'k':
    case 'v':
      status = compile_text(step, verb, rest);
      break;
    case 'T':
    case 'K':
    case 'V':
    case 'H': {
      step.verb = Verb::size;
      step.slot = verb == 'T' ? topic_slot : verb == 'K' ? key_slot : verb == 'V' ? value_slot : header_slot;
      if (has_size_[step.slot]) return invalid(fmt::format("%{} stands twice", verb));
      if (has_text_[step.slot]) return invalid(fmt::format("%{} must stand before what it counts", verb));
      has_size_[step.slot] = true;
      status = compile_number(step, verb, rest);
      break;
    }
    case 'p':
    case 'd':
    case 'o':
    case 'e':
    case 'x':
    case 'y':
      step.verb = verb == 'p' ? Verb::partition : verb == 'd' ? Verb::timestamp : Verb::ignored;
      reads_partition_ = reads_partition_ || verb == 'p';
      status = compile_number(step, verb, rest);
      break;
    case 'h':
      status = compile_headers(step, rest);
      break;
    default:
      return invalid(fmt::format("unknown verb %{}", verb));
  }
  RETURN_IF_FAILED(status);
  steps_.push_back(std::move(step));
  return {};
}

Status RecordReader::compile_number(Step& step, char verb, std::string_view& rest) {
  if (!rest.starts_with("{")) return {};
  const size_t end = rest.find('}');
  if (end == std::string_view::npos) return invalid(fmt::format("%{}{{ lacks its closing brace", verb));
  const std::string_view name = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  if (const auto fixed = parse_integer(name)) {
    if (*fixed <= 0) return invalid(fmt::format("%{}{{{}}}: a size must be positive", verb, name));
    step.fixed = static_cast<uint64_t>(*fixed);
    return {};
  }
  const auto format = number_format_named(name);
  if (!format || *format == NumberFormat::hex)
    return invalid(fmt::format("unknown number format %{}{{{}}}", verb, name));
  step.number = *format;
  return {};
}

Status RecordReader::compile_text(Step& step, char verb, std::string_view& rest) {
  step.verb = verb == 't' ? Verb::topic : verb == 'k' ? Verb::key : Verb::value;
  step.slot = verb == 't' ? topic_slot : verb == 'k' ? key_slot : value_slot;
  has_text_[step.slot] = true;
  step.ending = has_size_[step.slot] ? Ending::sized : Ending::rest;
  if (!rest.starts_with("{")) return {};
  if (rest.starts_with("{re")) {
    std::string_view after = rest.substr(3);
    const auto pattern = take_wrapped(after);
    if (!pattern || !after.starts_with('}')) return invalid(fmt::format("%{}{{re lacks its closing marks", verb));
    rest = after.substr(1);
    if (step.ending == Ending::sized) return invalid(fmt::format("%{} has a size and a regular expression", verb));
    re2::RE2::Options options;
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    options.set_log_errors(false);
    step.regex = std::make_unique<re2::RE2>(re2::StringPiece(pattern->data(), pattern->size()), options);
    if (!step.regex->ok()) return invalid(fmt::format("%{}{{re}}: {}", verb, step.regex->error()));
    step.ending = Ending::regex;
    return {};
  }
  const size_t end = rest.find('}');
  if (end == std::string_view::npos) return invalid(fmt::format("%{}{{ lacks its closing brace", verb));
  const std::string_view name = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  if (name == "hex")
    step.decoding = Decoding::hex;
  else if (name == "base64")
    step.decoding = Decoding::base64;
  else if (name == "json")
    step.decoding = Decoding::json;
  else if (!name.empty())
    return invalid(fmt::format("unknown text format %{}{{{}}}", verb, name));
  if (step.decoding != Decoding::json) return {};
  if (step.ending == Ending::sized) return invalid(fmt::format("%{} has a size and is json", verb));
  step.ending = Ending::json;
  return {};
}

Status RecordReader::compile_headers(Step& step, std::string_view& rest) {
  step.verb = Verb::headers;
  if (!has_size_[header_slot]) return invalid("%h needs the number of headers, %H, before it");
  if (!rest.starts_with("{")) return invalid("%h needs a format for each header, as in %h{%k=%v }");
  rest.remove_prefix(1);
  const auto inside = take_braced(rest);
  if (!inside) return invalid("%h{ lacks its closing brace");
  Result<RecordReader> nested = compile(*inside);
  if (!nested.ok()) return invalid("in %h{}: " + nested.failure().message);
  for (const Step& inner : nested->steps_) {
    const bool known = inner.verb == Verb::literal || inner.verb == Verb::key || inner.verb == Verb::value ||
                       (inner.verb == Verb::size && (inner.slot == key_slot || inner.slot == value_slot));
    if (!known) return invalid("in %h{}: only %k, %v, %K and %V mean something there");
  }
  step.nested = std::make_unique<RecordReader>(std::move(nested).value());
  has_text_[header_slot] = true;
  return {};
}

Status RecordReader::finish() {
  const bool reads = std::ranges::any_of(steps_, [](const Step& step) { return step.fixed == 0; });
  if (!reads) return invalid("the format reads nothing from the input");
  for (size_t i = 0; i + 1 < steps_.size(); ++i) {
    const bool endless =
        steps_[i].verb >= Verb::topic && steps_[i].verb <= Verb::value && steps_[i].ending == Ending::rest;
    if (endless) return invalid("a text that another verb follows needs a size or a delimiter between them");
  }
  return {};
}

Result<bool> RecordReader::read(InputBuffer& input, InputRecord& record) {
  record.clear();
  Result<bool> more = read_steps(input, record, false);
  RETURN_IF_FAILED(input.failure());
  if (!more.ok()) {
    return Failure{more.failure().kind, fmt::format("input record {}: {}", records_ + 1, more.failure().message)};
  }
  if (*more) ++records_;
  return more;
}

Result<bool> RecordReader::read_steps(InputBuffer& input, InputRecord& record, bool nested) {
  bool read_something = nested;
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    // The end of the input is an end only before the first byte of a record.
    if (!read_something && step.fixed == 0) {
      if (step.ending == Ending::json) {
        // White space between JSON values is nobody's.
        while (input.ensure(1) && std::strchr(" \t\r\n", input.view()[0]) != nullptr) input.take(1);
      }
      if (!input.ensure(1)) return false;
      read_something = true;
    }
    RETURN_IF_FAILED(read_step(input, step, i + 1 == steps_.size() && !nested, record));
  }
  return true;
}

Status RecordReader::read_step(InputBuffer& input, const Step& step, bool last, InputRecord& record) {
  switch (step.verb) {
    case Verb::literal: {
      if (!input.ensure(step.literal.size())) {
        if (last && input.view().empty()) return {};  // the end of the input does for it
        return input.view().empty() ? Status(ended())
                                    : Status(invalid(fmt::format("expected {}, found {} and the end",
                                                                 shown(step.literal), shown(input.view()))));
      }
      if (!input.view().starts_with(step.literal)) {
        return invalid(fmt::format("expected {}, found {}", shown(step.literal),
                                   shown(input.view().substr(0, step.literal.size()))));
      }
      input.take(step.literal.size());
      return {};
    }
    case Verb::topic:
      return read_text(input, step, last, record.topic);
    case Verb::key:
      return read_text(input, step, last, record.key);
    case Verb::value:
      return read_text(input, step, last, record.value);
    case Verb::headers:
      return read_headers(input, step, record);
    default:
      return read_number_step(input, step, record);
  }
}

Status RecordReader::read_headers(InputBuffer& input, const Step& step, InputRecord& record) {
  const uint64_t count = sizes_[header_slot];
  if (count > headers_max) return invalid(fmt::format("{} headers are too many", count));
  InputRecord header;
  for (uint64_t i = 0; i < count; ++i) {
    header.clear();
    const Result<bool> read = step.nested->read_steps(input, header, true);
    RETURN_IF_FAILED(read);
    record.headers.emplace_back(std::move(header.key), std::move(header.value));
  }
  return {};
}

namespace {

/// The number of bytes of `input` before `delimiter`; nothing if the input ends before it.
Result<std::optional<size_t>> find_delimiter(InputBuffer& input, std::string_view delimiter) {
  size_t searched = 0;
  for (;;) {
    const std::string_view view = input.view();
    const size_t at = view.find(delimiter, searched);
    if (at != std::string_view::npos) return std::optional(at);
    if (view.size() > record_text_bytes_max) return invalid("a text is longer than 128 MiB: is its delimiter right?");
    searched = view.size() >= delimiter.size() ? view.size() - delimiter.size() + 1 : 0;
    if (!input.more()) return std::optional<size_t>();
  }
}

Result<size_t> find_regex(InputBuffer& input, const re2::RE2& regex) {
  for (;;) {
    const re2::StringPiece view(input.view().data(), input.view().size());
    re2::StringPiece match;
    const bool found = regex.Match(view, 0, view.size(), re2::RE2::ANCHOR_START, &match, 1);
    const size_t behind = found ? view.size() - match.size() : 0;
    // A longer input may have a longer match, or any at all.
    const bool sure = found && behind > 0 && (behind >= regex_lookahead_bytes || !input.more_is_ready());
    if (sure) return match.size();
    if (view.size() > record_text_bytes_max) return invalid("a text is longer than 128 MiB: is its expression right?");
    if (input.more()) continue;
    if (!found) return invalid(fmt::format("{} does not match the regular expression", shown(input.view())));
    return match.size();
  }
}

Result<size_t> find_json(InputBuffer& input) {
  JsonScan scan;
  size_t size = 0;
  for (;;) {
    size += scan.take(input.view().substr(size));
    if (scan.state() == JsonScan::State::done) return size;
    if (size > record_text_bytes_max) return invalid("a JSON value is longer than 128 MiB");
    if (!input.more()) return scan.may_end() ? Result<size_t>(size) : Result<size_t>(ended());
  }
}

}  // namespace

Status RecordReader::read_text(InputBuffer& input, const Step& step, bool last, std::string& into) {
  size_t size = 0;
  size_t skip = 0;
  switch (step.ending) {
    case Ending::sized:
      if (sizes_[step.slot] > record_text_bytes_max) return invalid("a text is longer than 128 MiB");
      size = static_cast<size_t>(sizes_[step.slot]);
      if (!input.ensure(size)) return ended();
      break;
    case Ending::delimiter: {
      ASSIGN_OR_RETURN(const std::optional<size_t> at, find_delimiter(input, step.literal));
      if (!at && !last) return ended();
      size = at.value_or(input.view().size());
      skip = at ? step.literal.size() : 0;
      break;
    }
    case Ending::rest:
      while (input.more()) {
        if (input.view().size() > record_text_bytes_max) return invalid("a text is longer than 128 MiB");
      }
      size = input.view().size();
      break;
    case Ending::json: {
      ASSIGN_OR_RETURN(size, find_json(input));
      break;
    }
    case Ending::regex: {
      ASSIGN_OR_RETURN(size, find_regex(input, *step.regex));
      break;
    }
  }
  const std::string_view raw = input.view().substr(0, size);
  if (step.decoding == Decoding::none) {
    into.assign(raw);
  } else {
    auto decoded = step.decoding == Decoding::hex      ? from_hex(raw)
                   : step.decoding == Decoding::base64 ? from_base64(raw)
                                                       : compact_json(raw);
    if (!decoded) {
      const char* what = step.decoding == Decoding::hex ? "hex" : step.decoding == Decoding::base64 ? "base64" : "JSON";
      return invalid(fmt::format("{} is not {}", shown(raw), what));
    }
    into = std::move(*decoded);
  }
  input.take(size + skip);
  return {};
}

Status RecordReader::read_number_step(InputBuffer& input, const Step& step, InputRecord& record) {
  uint64_t number = step.fixed;
  if (step.fixed == 0) {
    size_t size = number_size(step.number);
    if (size > 0) {
      if (!input.ensure(size)) return ended();
    } else if (step.number == NumberFormat::boolean) {
      if (!input.ensure(1)) return ended();
      size = input.view()[0] == 't' ? 4 : 5;
      if (!input.ensure(size)) return ended();
    } else {
      while (size == input.view().size() || (input.view()[size] >= '0' && input.view()[size] <= '9')) {
        if (size < input.view().size())
          ++size;
        else if (!input.more())
          break;
      }
    }
    const std::string_view text = input.view().substr(0, size);
    const auto read = read_number(step.number, text);
    if (!read)
      return invalid(
          fmt::format("expected a number, found {}", shown(input.view().substr(0, std::max<size_t>(size, 1)))));
    number = *read;
    input.take(size);
  }
  if (step.verb == Verb::size) sizes_[step.slot] = number;
  if (step.verb == Verb::timestamp) record.timestamp = static_cast<WallMillis>(number);
  if (step.verb == Verb::partition) {
    if (number > INT32_MAX) return invalid(fmt::format("{} is no partition", number));
    record.partition = static_cast<int32_t>(number);
  }
  return {};
}

}  // namespace moldau::cli
