// moldau-wire-vectors [--seed N] [--count N] [NAME...]: prints randomly filled messages, N per message and version, for
// the comparison with Kafka's own classes (WireCompare.java). One line each, three parts parted by tabs:
//   kind key version hex     the message encoded in that version
//   json                     the same in JSON
//   version hex|error: what  the same message encoded in another version, to which it may not fit

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/prng.h"
#include "wire/json.h"
#include "wire/messages.h"
#include "wire/random_message.h"

namespace {

using namespace moldau;
using namespace moldau::wire;

std::string to_hex(std::span<const std::byte> bytes) {
  std::string hex;
  for (const std::byte byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return hex;
}

std::string encoded(const AnyMessage& message, int16_t version) {
  Encoder encoder;
  const EncodeStatus status = message.encode(encoder, version);
  return status == EncodeStatus::ok ? to_hex(encoder.view()) : fmt::format("error: {}", name_of(status));
}

void print(const AnyMessage& message, int16_t version, int16_t other) {
  const MessageDescriptor& descriptor = message.descriptor();
  fmt::print("{} {} {} {}\t{}\t{} {}\n", name_of(descriptor.kind), descriptor.key, version, encoded(message, version),
             to_json(descriptor, message.data(), version), other, encoded(message, other));
}

void print_random(const MessageDescriptor& descriptor, int count, Prng& prng) {
  for (int16_t version = descriptor.min_version; version <= descriptor.max_version; ++version) {
    for (int i = 0; i < count; ++i) {
      Arena arena;
      AnyMessage message(descriptor);
      // The first is all defaults.
      if (i > 0) fill_randomly(descriptor, message.data(), version, prng, arena);
      const int64_t other = prng.between(descriptor.min_version, descriptor.max_version);
      print(message, version, static_cast<int16_t>(other));
    }
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  uint64_t seed = 1;
  int count = 5;
  std::vector<std::string_view> names;
  for (int i = 1; i < argument_count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--seed" && i + 1 < argument_count) {
      seed = std::strtoull(arguments[++i], nullptr, 10);
    } else if (argument == "--count" && i + 1 < argument_count) {
      count = std::atoi(arguments[++i]);
    } else if (argument.starts_with("-") || find_message(argument) == nullptr) {
      fmt::print(stderr, "usage: moldau-wire-vectors [--seed N] [--count N] [NAME...]\n");
      return 2;
    } else {
      names.push_back(argument);
    }
  }
  Prng prng(seed);
  for (const MessageDescriptor* message : all_messages()) {
    bool wanted = names.empty();
    for (const std::string_view name : names) wanted = wanted || name == message->name();
    if (wanted) print_random(*message, count, prng);
  }
  return 0;
}
