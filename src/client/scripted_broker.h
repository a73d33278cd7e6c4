// ScriptedBroker: a peer for tests of clients. It listens on a surface (the simulated one), answers what it was told to
// answer and keeps a list of what it was asked. It is no broker: it stores nothing and checks nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/endian.h"
#include "io/surface.h"
#include "wire/api/18_api_versions.h"
#include "wire/api_key.h"
#include "wire/codec.h"
#include "wire/error_code.h"
#include "wire/version_range.h"

namespace moldau::client {

class ScriptedBroker {
 public:
  struct Asked {
    wire::ApiKey api = wire::ApiKey::api_versions;
    int16_t version = 0;
    std::string client_id;
  };
  /// What to do with a request besides answering it.
  enum class Act : uint8_t { answer, silence, close };

  ScriptedBroker(const io::Surface& surface, io::Address address) : surface_(surface), address_(std::move(address)) {
    serve(wire::ApiKey::api_versions, {0, 4});
    listen();
  }

  /// Serves `api` in these versions, as ApiVersions tells.
  void serve(wire::ApiKey api, wire::VersionRange range) { served_[api] = range; }
  /// Answers requests of type Request with what `answer` makes of them (and their version).
  template <typename Request, typename Response>
  void on(std::function<Response(const Request&, int16_t)> answer) {
    if (!served_.contains(Request::api_key)) serve(Request::api_key, {Request::min_version, Request::max_version});
    handlers_[Request::api_key] = [answer](std::span<const std::byte> body, int16_t version, wire::Encoder& encoder) {
      wire::Decoder decoder(body);
      Request request;
      if (wire::decode(decoder, version, request) != wire::DecodeStatus::ok || decoder.remaining() != 0) return false;
      const bool tagged = version >= Request::flexible_since && Request::api_key != wire::ApiKey::api_versions;
      if (tagged) encoder.put_varint(0);
      return wire::encode(encoder, version, answer(request, version)) == wire::EncodeStatus::ok;
    };
  }
  /// What to do with the next requests of `api`, one after the other; then they are answered again.
  void script(wire::ApiKey api, std::vector<Act> acts) { scripts_[api] = std::move(acts); }
  /// Sends these bytes in place of the next answer.
  void send_raw_next(std::string bytes) { raw_next_ = std::move(bytes); }
  /// Answers after this delay.
  void set_delay(Duration delay) { delay_ = delay; }
  /// Refuses ApiVersions above this version, in version 0, as brokers do.
  void set_api_versions_max(int16_t version) { serve(wire::ApiKey::api_versions, {0, version}); }
  /// A broken broker: refuses whatever comes.
  void refuse_all_versions() { refuse_all_ = true; }

  void stop() {
    listener_.reset();
    peers_.clear();
  }
  void listen() {
    auto listener = surface_.network.listen(address_, [this](std::unique_ptr<io::Stream> stream) {
      peers_.push_back(std::make_unique<Peer>(*this, std::move(stream)));
    });
    ASSERT(listener.ok());
    listener_ = std::move(listener).value();
  }

  const std::vector<Asked>& asked() const { return asked_; }
  size_t count(wire::ApiKey api) const {
    size_t count = 0;
    for (const Asked& one : asked_) count += one.api == api ? 1 : 0;
    return count;
  }
  size_t connections() const { return peers_.size(); }

 private:
  class Peer final : private io::StreamHandler {
   public:
    Peer(ScriptedBroker& broker, std::unique_ptr<io::Stream> stream) : broker_(broker), stream_(std::move(stream)) {
      stream_->set_handler(this);
    }
    void send(std::span<const std::byte> bytes) {
      if (stream_ != nullptr) stream_->write(Bytes::copy_of(bytes));
    }
    void close() {
      if (stream_ != nullptr) stream_->finish();
    }

   private:
    void on_readable() override {
      std::byte buffer[4096];
      for (;;) {
        const io::ReadOutcome outcome = stream_->read(buffer);
        bytes_.insert(bytes_.end(), buffer, buffer + outcome.size);
        if (outcome.end) stream_->finish();
        if (outcome.size == 0) break;
      }
      while (bytes_.size() >= 4) {
        const auto size = static_cast<size_t>(load_big_endian<int32_t>(bytes_.data()));
        if (bytes_.size() < 4 + size) break;
        const std::vector<std::byte> frame(bytes_.begin() + 4, bytes_.begin() + 4 + static_cast<std::ptrdiff_t>(size));
        bytes_.erase(bytes_.begin(), bytes_.begin() + 4 + static_cast<std::ptrdiff_t>(size));
        broker_.take(*this, frame);
      }
    }
    void on_drained() override {}
    void on_broken(const Failure&) override { stream_.reset(); }

    ScriptedBroker& broker_;
    std::unique_ptr<io::Stream> stream_;
    std::vector<std::byte> bytes_;
  };

  using Handler = std::function<bool(std::span<const std::byte>, int16_t, wire::Encoder&)>;

  void take(Peer& peer, std::span<const std::byte> frame) {
    wire::Decoder decoder(frame);
    const auto api = static_cast<wire::ApiKey>(decoder.read_int16());
    const int16_t version = decoder.read_int16();
    const int32_t correlation_id = decoder.read_int32();
    std::string_view client_id;
    decoder.read_string(false, client_id);
    asked_.push_back({api, version, std::string(client_id)});
    auto& script = scripts_[api];
    const Act act = script.empty() ? Act::answer : script.front();
    if (!script.empty()) script.erase(script.begin());
    if (act == Act::silence) return;
    if (act == Act::close) return peer.close();
    wire::Encoder encoder;
    encoder.put_int32(0);
    encoder.put_int32(correlation_id);
    if (api == wire::ApiKey::api_versions) {
      answer_versions(version, encoder);
    } else {
      const auto handler = handlers_.find(api);
      ASSERT(handler != handlers_.end());
      if (version >= flexible_header_since(api)) decoder.skip_tagged_fields();
      ASSERT(handler->second(frame.subspan(decoder.position()), version, encoder));
    }
    encoder.patch_int32(0, static_cast<int32_t>(encoder.position() - 4));
    std::vector<std::byte> answer(encoder.view().begin(), encoder.view().end());
    if (raw_next_) {
      const auto raw = as_bytes(*raw_next_);
      answer.assign(raw.begin(), raw.end());
      raw_next_.reset();
    }
    if (delay_ == Duration{}) return peer.send(answer);
    surface_.timers.start(surface_.clock.now() + delay_, [&peer, answer = std::move(answer)]() { peer.send(answer); });
  }

  void answer_versions(int16_t version, wire::Encoder& encoder) {
    wire::ApiVersionsResponse response;
    const bool refused = refuse_all_ || !served_[wire::ApiKey::api_versions].contains(version);
    if (refused) response.error_code = wire::code_of(wire::ErrorCode::unsupported_version);
    for (const auto& [api, range] : served_) {
      if (refused && api != wire::ApiKey::api_versions) continue;
      response.api_keys.push_back({static_cast<int16_t>(api), range.first, range.last});
    }
    wire::encode(encoder, refused ? int16_t{0} : version, response);
  }

  /// First version whose request header has tagged fields: set by tests for the APIs they use.
  int16_t flexible_header_since(wire::ApiKey api) const {
    switch (api) {
      case wire::ApiKey::produce:
        return 9;
      case wire::ApiKey::fetch:
        return 12;
      case wire::ApiKey::list_offsets:
        return 6;
      case wire::ApiKey::metadata:
        return 9;
      case wire::ApiKey::create_topics:
        return 5;
      case wire::ApiKey::delete_topics:
        return 4;
      case wire::ApiKey::describe_configs:
        return 4;
      default:
        return 0;
    }
  }

  io::Surface surface_;
  io::Address address_;
  std::unique_ptr<io::Listener> listener_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::map<wire::ApiKey, wire::VersionRange> served_;
  std::map<wire::ApiKey, Handler> handlers_;
  std::map<wire::ApiKey, std::vector<Act>> scripts_;
  std::optional<std::string> raw_next_;
  Duration delay_{};
  bool refuse_all_ = false;
  std::vector<Asked> asked_;
};

}  // namespace moldau::client
