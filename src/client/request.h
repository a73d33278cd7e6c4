// Requests and replies without their types: what the connection moves. The typed face is Client::send.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "wire/api_key.h"
#include "wire/codec.h"

namespace moldau::client {

/// What a connection needs to know of a request's message: written once per type by describe_api().
struct ApiFacts {
  wire::ApiKey key = wire::ApiKey::api_versions;
  int16_t min_version = 0;  ///< what this program can encode
  int16_t max_version = 0;
  int16_t flexible_since = 0;
};

template <typename Request>
constexpr ApiFacts describe_api() {
  static_assert(Request::kind == wire::MessageKind::request);
  return {Request::api_key, Request::min_version, Request::max_version, Request::flexible_since};
}

/// A request to be encoded once the version is known: at the latest when it is sent, so not needed while its reply is
/// awaited.
class RequestBody {
 public:
  explicit RequestBody(const ApiFacts& api) : api_(api) {}
  virtual ~RequestBody() = default;
  virtual wire::EncodeStatus encode(wire::Encoder& encoder, int16_t version) const = 0;
  const ApiFacts& api() const { return api_; }

 private:
  ApiFacts api_;
};

/// Wraps a message by reference.
template <typename Request>
class TypedBody final : public RequestBody {
 public:
  explicit TypedBody(const Request& request) : RequestBody(describe_api<Request>()), request_(request) {}
  wire::EncodeStatus encode(wire::Encoder& encoder, int16_t version) const override {
    return wire::encode(encoder, version, request_);
  }

 private:
  const Request& request_;
};

struct SendOptions {
  /// Time that the broker may take for the work itself (a fetch's max wait, an admin call's timeout); the client's
  /// request_timeout comes on top.
  Duration extra_time{};
  /// Highest version to use, below what both sides have.
  int16_t version_max = INT16_MAX;
  /// Lowest version that carries what is asked; a broker without it yields FailureKind::unsupported.
  int16_t version_min = 0;
  /// False for a produce with acks 0: the reply is empty and comes when the request is queued.
  bool expects_reply = true;
};

/// A response's body, and the version it is in.
struct RawReply {
  Bytes body;
  int16_t version = 0;
};

/// A decoded response; its views point into `frame`.
template <typename Response>
struct Reply {
  Response message;
  Bytes frame;
  int16_t version = 0;
};

/// The failure for a response that is not what its version says.
Failure malformed_reply(wire::ApiKey api_key, wire::DecodeStatus status);

template <typename Response>
Result<Reply<Response>> decode_reply(Result<RawReply> raw) {
  if (!raw.ok()) return std::move(raw).failure();
  Reply<Response> reply{.frame = std::move(raw->body), .version = raw->version};
  wire::Decoder decoder(reply.frame.view());
  const wire::DecodeStatus status = wire::decode(decoder, reply.version, reply.message);
  if (status != wire::DecodeStatus::ok) return malformed_reply(Response::api_key, status);
  return reply;
}

}  // namespace moldau::client
