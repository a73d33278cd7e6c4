#include "client/connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/core.h>

#include "base/endian.h"
#include "wire/api/18_api_versions.h"
#include "wire/error_code.h"

namespace moldau::client {
namespace {

/// Bytes taken from the stream at once; longer frames are read straight into their own memory.
constexpr size_t scratch_bytes = size_t{64} << 10;
/// Bytes taken in one turn before other streams have theirs.
constexpr size_t turn_bytes_max = size_t{4} << 20;

}  // namespace

Failure malformed_reply(wire::ApiKey api_key, wire::DecodeStatus status) {
  return {FailureKind::corrupt,
          fmt::format("malformed {} response: {}", wire::name_of(api_key), wire::name_of(status))};
}

Connection::Connection(const io::Surface& surface, const ClientOptions& options, io::Address address)
    : surface_(surface), options_(options), address_(std::move(address)), self_(std::make_shared<Connection*>(this)) {}

Connection::~Connection() {
  *self_ = nullptr;
  if (timer_ != 0) surface_.timers.cancel(timer_);
}

void Connection::when_ready(io::Completion<Status> done) {
  if (state_ == State::ready || state_ == State::broken) {
    Status status = state_ == State::ready ? Status() : Status(*why_);
    surface_.executor.defer(
        [done = std::move(done), status = std::move(status)]() mutable { done(std::move(status)); });
    return;
  }
  if (ready_waiters_.size() >= queued_requests_max) {
    surface_.executor.defer([done = std::move(done), why = "too many wait for " + address_.to_string()]() mutable {
      done(Failure{FailureKind::unavailable, why});
    });
    return;
  }
  ready_waiters_.push_back(std::move(done));
  if (state_ != State::idle) return;
  state_ = State::connecting;
  surface_.network.connect(address_, options_.connect_timeout,
                           [self = self_](Result<std::unique_ptr<io::Stream>> stream) {
                             if (*self != nullptr) (*self)->connected(std::move(stream));
                           });
}

void Connection::connected(Result<std::unique_ptr<io::Stream>> stream) {
  if (state_ != State::connecting) return;
  if (!stream.ok()) {
    fail(std::move(stream).failure());
    return;
  }
  stream_ = std::move(stream).value();
  stream_->set_handler(this);
  state_ = State::negotiating;
  send_api_versions(wire::ApiVersionsRequest::max_version);
}

void Connection::send_api_versions(int16_t version) {
  wire::ApiVersionsRequest request;
  request.client_software_name = options_.software_name;
  request.client_software_version = options_.software_version;
  const TypedBody<wire::ApiVersionsRequest> body(request);
  Result<Pending> pending = encode(body, {}, version);
  if (!pending.ok()) {
    fail(std::move(pending).failure());
    return;
  }
  pending->done = [self = self_](Result<RawReply> reply) {
    if (*self != nullptr) (*self)->take_versions(std::move(reply));
  };
  enqueue(std::move(pending).value());
}

void Connection::take_versions(Result<RawReply> raw) {
  if (state_ != State::negotiating || !raw.ok()) return;  // fail() has told why
  // A broker that lacks the version answers with an error in version 0, whatever was asked.
  const bool refused = raw->body.size() >= 2 && load_big_endian<int16_t>(raw->body.data()) ==
                                                    wire::code_of(wire::ErrorCode::unsupported_version);
  const int16_t asked = raw->version;
  if (refused) raw->version = 0;
  const auto reply = decode_reply<wire::ApiVersionsResponse>(std::move(raw));
  if (!reply.ok()) {
    fail(reply.failure());
    return;
  }
  for (const auto& api : reply->message.api_keys) versions_.set(api.api_key, {api.min_version, api.max_version});
  if (refused) {
    const wire::VersionRange served = versions_.range_of(wire::ApiKey::api_versions);
    const int16_t next = served.empty() ? 0 : std::min(served.last, wire::ApiVersionsRequest::max_version);
    if (next >= asked || next < 0) {
      fail({FailureKind::unsupported, "the broker refuses every version of ApiVersions that it offers"});
      return;
    }
    versions_.clear();
    send_api_versions(next);
    return;
  }
  if (wire::error_code_of(reply->message.error_code) != wire::ErrorCode::none) {
    fail({FailureKind::unsupported, fmt::format("ApiVersions failed: {}", wire::name_of(static_cast<wire::ErrorCode>(
                                                                              reply->message.error_code)))});
    return;
  }
  state_ = State::ready;
  tell_waiters(Status());
}

Result<Connection::Pending> Connection::encode(const RequestBody& body, const SendOptions& options, int16_t version) {
  const ApiFacts& api = body.api();
  Pending pending;
  pending.api_key = api.key;
  pending.version = version;
  pending.correlation_id = next_correlation_id_;
  pending.flexible_header = version >= api.flexible_since && api.key != wire::ApiKey::api_versions;
  pending.expects_reply = options.expects_reply;
  pending.deadline = surface_.clock.now() + options_.request_timeout + options.extra_time;
  next_correlation_id_ = next_correlation_id_ == INT32_MAX ? 0 : next_correlation_id_ + 1;

  wire::Encoder encoder;
  encoder.put_int32(0);  // the size, patched below
  encoder.put_int16(static_cast<int16_t>(api.key));
  encoder.put_int16(version);
  encoder.put_int32(pending.correlation_id);
  encoder.put_string(false, options_.client_id);
  if (version >= api.flexible_since) encoder.put_varint(0);
  wire::EncodeStatus status = body.encode(encoder, version);
  if (status == wire::EncodeStatus::ok && encoder.position() > INT32_MAX) status = wire::EncodeStatus::too_long;
  if (status != wire::EncodeStatus::ok) {
    const char* field = encoder.failed_field() != nullptr ? encoder.failed_field() : "message";
    return Failure{FailureKind::invalid_argument,
                   fmt::format("{} version {}: {}: {}", wire::name_of(api.key), version, field, wire::name_of(status))};
  }
  encoder.patch_int32(0, static_cast<int32_t>(encoder.position() - 4));
  pending.frame = encoder.take().bytes;
  return pending;
}

void Connection::send(const RequestBody& body, const SendOptions& options, io::Completion<Result<RawReply>> done) {
  ASSERT(state_ == State::ready || state_ == State::broken);
  if (state_ == State::broken) {
    complete(std::move(done), *why_);
    return;
  }
  if (waiting_.size() >= queued_requests_max) {
    complete(std::move(done), Failure{FailureKind::unavailable, "too many requests wait for " + address_.to_string()});
    return;
  }
  const Result<int16_t> version = versions_.choose(body.api(), options);
  if (!version.ok()) {
    complete(std::move(done), version.failure());
    return;
  }
  Result<Pending> pending = encode(body, options, *version);
  if (!pending.ok()) {
    complete(std::move(done), std::move(pending).failure());
    return;
  }
  pending->done = std::move(done);
  enqueue(std::move(pending).value());
}

void Connection::complete(io::Completion<Result<RawReply>> done, Result<RawReply> result) {
  surface_.executor.defer([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
}

void Connection::enqueue(Pending pending) {
  arm_timer(pending.deadline);
  waiting_.push_back(std::move(pending));
  send_waiting();
}

void Connection::send_waiting() {
  while (!waiting_.empty() && in_flight_.size() < static_cast<size_t>(options_.in_flight_max)) {
    Pending pending = std::move(waiting_.front());
    waiting_.pop_front();
    stream_->write(std::exchange(pending.frame, {}));
    if (pending.expects_reply) {
      in_flight_.push_back(std::move(pending));
    } else {
      complete(std::move(pending.done), RawReply{{}, pending.version});
    }
  }
}

void Connection::on_readable() {
  if (scratch_.empty()) scratch_.resize(scratch_bytes);
  size_t taken = 0;
  while (taken < turn_bytes_max && state_ != State::broken) {
    // A frame known to be longer than the scratch is read into its own block.
    const bool direct = frame_ && frame_size_ - frame_have_ >= scratch_bytes;
    const std::span<std::byte> into =
        direct ? std::span(frame_->data() + frame_have_, frame_size_ - frame_have_) : std::span(scratch_);
    const io::ReadOutcome outcome = stream_->read(into);
    taken += outcome.size;
    if (direct) {
      frame_have_ += outcome.size;
      if (frame_have_ == frame_size_) take_bytes({});
    } else {
      take_bytes(std::span<const std::byte>(scratch_).first(outcome.size));
    }
    if (outcome.end && state_ != State::broken) fail({FailureKind::closed, "the broker closed the connection"});
    if (outcome.size == 0) return;
  }
}

/// Cuts `bytes` into frames.
void Connection::take_bytes(std::span<const std::byte> bytes) {
  while (state_ != State::broken) {
    if (!frame_) {
      const size_t part = std::min(bytes.size(), size_bytes_.size() - size_have_);
      if (part > 0) std::memcpy(size_bytes_.data() + size_have_, bytes.data(), part);
      size_have_ += part;
      bytes = bytes.subspan(part);
      if (size_have_ < size_bytes_.size()) return;
      const auto size = load_big_endian<int32_t>(size_bytes_.data());
      if (size < 4 || size > options_.response_bytes_max) {
        fail({FailureKind::corrupt, fmt::format("a response of {} bytes: is this a Kafka listener?", size)});
        return;
      }
      size_have_ = 0;
      frame_size_ = static_cast<size_t>(size);
      frame_have_ = 0;
      frame_ = BlockRef::adopt(Block::allocate(frame_size_));
    }
    const size_t part = std::min(bytes.size(), frame_size_ - frame_have_);
    if (part > 0) std::memcpy(frame_->data() + frame_have_, bytes.data(), part);
    frame_have_ += part;
    bytes = bytes.subspan(part);
    if (frame_have_ < frame_size_) return;
    const Bytes frame(frame_, std::span(frame_->data(), frame_size_));
    frame_ = {};
    take_frame(frame);
  }
}

void Connection::take_frame(const Bytes& frame) {
  const auto correlation_id = load_big_endian<int32_t>(frame.data());
  if (in_flight_.empty() || in_flight_.front().correlation_id != correlation_id) {
    fail({FailureKind::corrupt, fmt::format("a response with the unexpected correlation id {}", correlation_id)});
    return;
  }
  size_t body_at = 4;
  // A refused ApiVersions comes in version 0, whose header has no tags either: its header never has.
  if (in_flight_.front().flexible_header) {
    wire::Decoder decoder(frame.view().subspan(4));
    decoder.skip_tagged_fields();
    if (!decoder.ok()) {
      fail(malformed_reply(in_flight_.front().api_key, decoder.status()));
      return;
    }
    body_at += decoder.position();
  }
  Pending pending = std::move(in_flight_.front());
  in_flight_.pop_front();
  complete(std::move(pending.done), RawReply{frame.slice(body_at, frame.size() - body_at), pending.version});
  send_waiting();
}

void Connection::on_broken(const Failure& why) {
  if (state_ != State::broken) fail(why);
}

void Connection::close() {
  if (state_ != State::broken) fail({FailureKind::closed, "the client was closed"});
}

void Connection::tell_waiters(const Status& status) {
  for (auto& waiter : std::exchange(ready_waiters_, {})) {
    surface_.executor.defer([waiter = std::move(waiter), status]() mutable { waiter(std::move(status)); });
  }
}

void Connection::fail(Failure why) {
  if (state_ == State::broken) return;
  state_ = State::broken;
  why.message = address_.to_string() + ": " + why.message;
  why_ = std::move(why);
  if (timer_ != 0) surface_.timers.cancel(std::exchange(timer_, 0));
  if (stream_ != nullptr) {
    // Possibly called from inside the stream: it goes a turn later.
    broken_stream_ = std::move(stream_);
    surface_.executor.defer([self = self_]() {
      if (*self != nullptr) (*self)->broken_stream_ = nullptr;
    });
  }
  frame_ = {};
  for (auto* queue : {&in_flight_, &waiting_}) {
    for (Pending& pending : std::exchange(*queue, {})) complete(std::move(pending.done), *why_);
  }
  tell_waiters(*why_);
}

void Connection::arm_timer(Instant deadline) {
  if (deadline == Instant::never() || (timer_ != 0 && timer_deadline_ <= deadline)) return;
  if (timer_ != 0) surface_.timers.cancel(timer_);
  timer_deadline_ = deadline;
  timer_ = surface_.timers.start(deadline, [self = self_]() {
    if (*self != nullptr) (*self)->check_deadlines();
  });
}

void Connection::check_deadlines() {
  timer_ = 0;
  Instant earliest = Instant::never();
  const Instant now = surface_.clock.now();
  for (const auto* queue : {&in_flight_, &waiting_}) {
    for (const Pending& pending : *queue) {
      earliest = std::min(earliest, pending.deadline);
      if (pending.deadline > now) continue;
      fail({FailureKind::timed_out, fmt::format("no response to {} in time", wire::name_of(pending.api_key))});
      return;
    }
  }
  arm_timer(earliest);
}

}  // namespace moldau::client
