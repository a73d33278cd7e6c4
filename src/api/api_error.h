// What several answers have in common: a code with a message.
#pragma once

#include <optional>
#include <string_view>

#include "api/context.h"
#include "metadata/controller_admin.h"
#include "wire/error_code.h"

namespace moldau::api {

/// Puts code and message into a row; the message is kept in the context's arena, null where there is none.
inline void put_error(const RequestContext& context, const metadata::ApiError& error, int16_t& code,
                      std::optional<std::string_view>& message) {
  code = code_of(error.code);
  message.reset();
  if (error.message.has_value()) message = context.arena.keep(*error.message);
}

/// A code with its ordinary message.
inline metadata::ApiError api_error(wire::ErrorCode code) {
  return {code, code == wire::ErrorCode::none ? std::nullopt : std::optional<std::string>(message_of(code))};
}

/// Kafka's own words where clients show them.
inline constexpr std::string_view unknown_partition_message = "This server does not host this topic-partition.";

}  // namespace moldau::api
