#include "cli/record_format.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/core.h>

#include "cli/text.h"
#include "cli/time_format.h"
#include "cli/unpack.h"

namespace moldau::cli {
namespace {

Failure invalid(const std::string& why) {
  return {FailureKind::invalid_argument, why};
}

/// The content of the braces that `rest` begins with, cut off it; nothing if it begins with none.
Result<std::optional<std::string_view>> modifier(char verb, std::string_view& rest) {
  if (!rest.starts_with("{")) return std::optional<std::string_view>();
  rest.remove_prefix(1);
  const size_t end = rest.find('}');
  if (end == std::string_view::npos) return invalid(fmt::format("%{}{{ lacks its closing brace", verb));
  const std::string_view inside = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return std::optional(inside);
}

/// As modifier(), for "NAME[...]}" with any wrapping marks: cuts it all off `rest` if it begins with "{NAME".
Result<std::optional<std::string_view>> wrapped_modifier(std::string_view name, std::string_view& rest) {
  if (!rest.starts_with("{") || !rest.substr(1).starts_with(name)) return std::optional<std::string_view>();
  std::string_view after = rest.substr(1 + name.size());
  if (after.empty() || after[0] == '}')
    return invalid(fmt::format("{{{}}} needs an argument, as in {{{}[...]}}", name, name));
  const auto inside = take_wrapped(after);
  if (!inside || !after.starts_with('}')) return invalid(fmt::format("{{{} lacks its closing marks", name));
  rest = after.substr(1);
  return std::optional(*inside);
}

constexpr std::array<std::string_view, 5> codecs{"none", "gzip", "snappy", "lz4", "zstd"};

}  // namespace

Result<RecordFormat> RecordFormat::compile(std::string_view format) {
  RecordFormat compiled;
  std::string literal;
  const auto end_literal = [&]() {
    if (literal.empty()) return;
    Step step;
    step.argument = std::exchange(literal, {});
    compiled.steps_.push_back(std::move(step));
  };
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
      end_literal();
      RETURN_IF_FAILED(compiled.compile_verb(verb, format));
    }
  }
  end_literal();
  return compiled;
}

Status RecordFormat::compile_verb(char verb, std::string_view& rest) {
  constexpr std::pair<char, Verb> numbers[] = {
      {'T', Verb::topic_size}, {'K', Verb::key_size},    {'V', Verb::value_size},     {'H', Verb::header_count},
      {'p', Verb::partition},  {'o', Verb::offset},      {'e', Verb::leader_epoch},   {'x', Verb::producer_id},
      {'[', Verb::log_start},  {'|', Verb::last_stable}, {']', Verb::high_watermark}, {'y', Verb::producer_epoch},
      {'i', Verb::iteration},
  };
  Step step;
  Status status;
  const auto* number = std::ranges::find(numbers, verb, &std::pair<char, Verb>::first);
  if (number != std::end(numbers)) {
    step.verb = number->second;
    status = compile_number(step, verb, rest);
  } else if (verb == 't' || verb == 'k' || verb == 'v') {
    step.verb = verb == 't' ? Verb::topic : verb == 'k' ? Verb::key : Verb::value;
    status = compile_text(step, verb, rest);
  } else if (verb == 'd') {
    step.verb = Verb::timestamp;
    status = compile_time(step, rest);
  } else if (verb == 'a') {
    status = compile_attribute(step, rest);
  } else if (verb == 'h') {
    step.verb = Verb::headers;
    status = compile_headers(step, rest);
  } else {
    return invalid(fmt::format("unknown verb %{}", verb));
  }
  RETURN_IF_FAILED(status);
  using enum Verb;
  uses_headers_ = uses_headers_ || step.verb == headers || step.verb == header_count;
  uses_content_ =
      uses_content_ || step.verb == key || step.verb == value || step.verb == key_size || step.verb == value_size;
  steps_.push_back(std::move(step));
  return {};
}

Status RecordFormat::compile_number(Step& step, char verb, std::string_view& rest) {
  ASSIGN_OR_RETURN(const auto name, modifier(verb, rest));
  if (!name) return {};
  const auto format = number_format_named(*name);
  if (!format) return invalid(fmt::format("unknown number format %{}{{{}}}", verb, *name));
  step.number = *format;
  return {};
}

Status RecordFormat::compile_text(Step& step, char verb, std::string_view& rest) {
  ASSIGN_OR_RETURN(const auto unpack, wrapped_modifier("unpack", rest));
  if (unpack) {
    step.text_form = TextForm::unpack;
    step.argument = *unpack;
    return check_unpack(*unpack);
  }
  ASSIGN_OR_RETURN(const auto name, modifier(verb, rest));
  if (!name || name->empty()) return {};
  if (*name == "hex")
    step.text_form = TextForm::hex;
  else if (*name == "base64")
    step.text_form = TextForm::base64;
  else if (*name == "base64raw")
    step.text_form = TextForm::base64raw;
  else
    return invalid(fmt::format("unknown text format %{}{{{}}}", verb, *name));
  return {};
}

Status RecordFormat::compile_time(Step& step, std::string_view& rest) {
  ASSIGN_OR_RETURN(const auto strftime, wrapped_modifier("strftime", rest));
  if (strftime) {
    step.time_form = TimeForm::strftime;
    step.argument = *strftime;
    return {};
  }
  ASSIGN_OR_RETURN(const auto go, wrapped_modifier("go", rest));
  if (go) {
    step.time_form = TimeForm::go;
    step.argument = *go;
    return {};
  }
  return compile_number(step, 'd', rest);
}

Status RecordFormat::compile_attribute(Step& step, std::string_view& rest) {
  constexpr std::pair<std::string_view, Verb> attributes[] = {{"compression", Verb::compression},
                                                              {"timestamp-type", Verb::timestamp_type},
                                                              {"transactional-bit", Verb::transactional_bit},
                                                              {"control-bit", Verb::control_bit}};
  ASSIGN_OR_RETURN(const auto content, modifier('a', rest));
  if (!content) return invalid("%a needs the name of an attribute, as in %a{compression}");
  const size_t semicolon = content->find(';');
  const std::string_view name = content->substr(0, semicolon);
  const auto* attribute = std::ranges::find(attributes, name, &std::pair<std::string_view, Verb>::first);
  if (attribute == std::end(attributes)) {
    return invalid(
        fmt::format("unknown attribute %a{{{}}}: compression, timestamp-type, transactional-bit or control-bit", name));
  }
  step.verb = attribute->second;
  if (semicolon == std::string_view::npos) return {};
  const auto format = number_format_named(content->substr(semicolon + 1));
  if (!format) return invalid(fmt::format("unknown number format %a{{{}}}", *content));
  step.number = *format;
  if (step.verb == Verb::compression) step.verb = Verb::compression_number;
  return {};
}

Status RecordFormat::compile_headers(Step& step, std::string_view& rest) {
  if (!rest.starts_with("{")) return invalid("%h needs a format for each header, as in %h{%k=%v }");
  rest.remove_prefix(1);
  const auto inside = take_braced(rest);
  if (!inside) return invalid("%h{ lacks its closing brace");
  Result<RecordFormat> nested = compile(*inside);
  if (!nested.ok()) return invalid("in %h{}: " + nested.failure().message);
  for (const Step& inner : nested->steps_) {
    using enum Verb;
    const bool allowed = inner.verb == literal || inner.verb == key || inner.verb == value || inner.verb == key_size ||
                         inner.verb == value_size;
    if (!allowed) return invalid("in %h{}: only %k, %v, %K and %V mean something there");
  }
  step.nested.push_back(std::move(nested).value());
  return {};
}

int64_t RecordFormat::number_of(Verb verb, const RecordText& record) const {
  const auto size = [](const auto& text) { return text ? static_cast<int64_t>(text->size()) : int64_t{0}; };
  const auto bit = [&](int mask) { return (record.attributes & mask) != 0 ? int64_t{1} : int64_t{0}; };
  switch (verb) {
    case Verb::topic_size:
      return static_cast<int64_t>(record.topic.size());
    case Verb::key_size:
      return size(record.key);
    case Verb::value_size:
      return size(record.value);
    case Verb::header_count:
      return static_cast<int64_t>(record.headers.size());
    case Verb::partition:
      return record.partition;
    case Verb::offset:
      return record.offset;
    case Verb::leader_epoch:
      return record.leader_epoch;
    case Verb::timestamp:
      return record.timestamp;
    case Verb::producer_id:
      return record.producer_id;
    case Verb::producer_epoch:
      return record.producer_epoch;
    case Verb::log_start:
      return record.log_start_offset;
    case Verb::last_stable:
      return record.last_stable_offset;
    case Verb::high_watermark:
      return record.high_watermark;
    case Verb::iteration:
      return iterations_;
    case Verb::compression_number:
      return record.attributes & 7;
    case Verb::timestamp_type:
      return bit(0x08);
    case Verb::transactional_bit:
      return bit(0x10);
    case Verb::control_bit:
      return bit(0x20);
    default:
      return 0;
  }
}

void RecordFormat::append_step(std::string& out, Step& step, const RecordText& record) {
  switch (step.verb) {
    case Verb::literal:
      out += step.argument;
      return;
    case Verb::topic:
    case Verb::key:
    case Verb::value: {
      const std::string_view text = step.verb == Verb::topic ? record.topic
                                    : step.verb == Verb::key ? record.key.value_or(std::string_view())
                                                             : record.value.value_or(std::string_view());
      switch (step.text_form) {
        case TextForm::plain:
          out += text;
          return;
        case TextForm::hex:
          out += hex(text);
          return;
        case TextForm::base64:
          out += base64(text, true);
          return;
        case TextForm::base64raw:
          out += base64(text, false);
          return;
        case TextForm::unpack:
          append_unpacked(out, step.argument, text);
          return;
      }
      return;
    }
    case Verb::timestamp:
      if (step.time_form == TimeForm::go) return append_go_time(out, step.argument, record.timestamp);
      if (step.time_form == TimeForm::strftime) return append_strftime(out, step.argument, record.timestamp);
      break;
    case Verb::compression: {
      const auto codec = static_cast<size_t>(record.attributes & 7);
      out += codec < codecs.size() ? codecs[codec] : "unknown";
      return;
    }
    case Verb::headers:
      for (const HeaderText& header : record.headers) {
        RecordText inner;
        inner.key = header.key;
        inner.value = header.value;
        step.nested.front().append(out, inner);
      }
      return;
    default:
      break;
  }
  append_number(out, step.number, number_of(step.verb, record));
}

void RecordFormat::append(std::string& out, const RecordText& record) {
  ++iterations_;
  for (Step& step : steps_) append_step(out, step, record);
}

namespace {

/// Writes the members of one object, with the line breaks that rpk's output has.
class JsonObject {
 public:
  JsonObject(std::string& out, bool pretty, size_t depth) : out_(out), pretty_(pretty), depth_(depth) { out_ += '{'; }
  /// Begins a member and returns where its value goes.
  std::string& member(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    line(depth_ + 1);
    append_json_string(out_, name);
    out_ += pretty_ ? ": " : ":";
    return out_;
  }
  void number(std::string_view name, int64_t value) { append_number(member(name), NumberFormat::ascii, value); }
  void text(std::string_view name, std::string_view value) { append_json_string(member(name), value); }
  void end() {
    line(depth_);
    out_ += '}';
  }
  void line(size_t depth) {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(depth * 2, ' ');
  }

 private:
  std::string& out_;
  bool pretty_;
  size_t depth_;
  bool first_ = true;
};

}  // namespace

void append_record_json(std::string& out, const RecordText& record, bool pretty, bool meta_only) {
  JsonObject object(out, pretty, 0);
  object.text("topic", record.topic);
  if (record.key && !record.key->empty()) object.text("key", *record.key);
  if (meta_only)
    object.number("value_size", static_cast<int64_t>(record.value.value_or(std::string_view()).size()));
  else if (record.value)
    object.text("value", *record.value);
  if (!record.headers.empty()) {
    object.member("headers") += '[';
    bool first = true;
    for (const HeaderText& header : record.headers) {
      if (!first) out += ',';
      first = false;
      object.line(2);
      JsonObject inner(out, pretty, 2);
      inner.text("key", header.key);
      inner.text("value", header.value.value_or(std::string_view()));
      inner.end();
    }
    object.line(1);
    out += ']';
  }
  object.number("timestamp", record.timestamp);
  object.number("partition", record.partition);
  object.number("offset", record.offset);
  object.end();
}

}  // namespace moldau::cli
