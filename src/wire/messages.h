// All messages of this folder by their descriptors, for tests, tools and listings. Programs that serve use only what
// they name, and link only that.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "wire/descriptor.h"

namespace moldau::wire {

/// All messages, by kind and key.
std::span<const MessageDescriptor* const> all_messages();
/// The message of `kind` and `key`; null when there is none.
const MessageDescriptor* find_message(MessageKind kind, int16_t key);
/// The message named e.g. "FetchRequest"; null when there is none.
const MessageDescriptor* find_message(std::string_view name);

/// "request", "response", "header", "metadata", "control".
const char* name_of(MessageKind kind);

}  // namespace moldau::wire
