#include "cli/producer.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdio>
#include <map>
#include <string>

#include <fmt/core.h>

#include "compress/compress.h"

namespace moldau::cli {
namespace {

constexpr size_t error_text_bytes = 512;
constexpr int full_queue_wait_ms = 100;

/// A byte that is somewhere: librdkafka takes a null pointer for a null value, and anything else with size 0 for an
/// empty one.
const char nowhere = 0;

rd_kafka_vu_t bytes_argument(rd_kafka_vtype_t type, const std::optional<std::string_view>& bytes) {
  rd_kafka_vu_t argument{};
  argument.vtype = type;
  const void* data = bytes ? (bytes->empty() ? &nowhere : bytes->data()) : nullptr;
  argument.u.mem.ptr = const_cast<void*>(data);
  argument.u.mem.size = bytes ? bytes->size() : 0;
  return argument;
}

class RdkafkaProducer final : public Producer {
 public:
  explicit RdkafkaProducer(Delivered delivered) : delivered_(std::move(delivered)) {}
  RdkafkaProducer(const RdkafkaProducer&) = delete;
  RdkafkaProducer& operator=(const RdkafkaProducer&) = delete;
  ~RdkafkaProducer() override;

  Status start(const ProducerOptions& options);
  Status send(const OutgoingRecord& record) override;
  Status poll(Duration limit) override;
  Status flush() override;

 private:
  Result<rd_kafka_topic_t*> topic(std::string_view name);
  void on_delivery(const rd_kafka_message_t& message);
  void on_error(int error, const char* reason);

  Delivered delivered_;
  rd_kafka_t* handle_ = nullptr;
  std::map<std::string, rd_kafka_topic_t*, std::less<>> topics_;
  int16_t codec_ = 0;
  Status failure_;
  bool told_down_ = false;
  std::vector<HeaderText> headers_;
};

RdkafkaProducer::~RdkafkaProducer() {
  if (handle_ == nullptr) return;
  if (rd_kafka_outq_len(handle_) > 0) {
    // Something failed: what is left is given up.
    failure_ = Failure{FailureKind::closed, ""};
    rd_kafka_purge(handle_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_poll(handle_, 0);
  }
  for (const auto& [name, topic] : topics_) rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(handle_);
}

Status RdkafkaProducer::start(const ProducerOptions& options) {
  std::array<char, error_text_bytes> error{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const auto set = [&](const char* name, const std::string& value) -> Status {
    if (rd_kafka_conf_set(conf, name, value.c_str(), error.data(), error.size()) == RD_KAFKA_CONF_OK) return {};
    rd_kafka_conf_destroy(conf);
    return Failure{FailureKind::invalid_argument, fmt::format("{}: {}", name, error.data())};
  };
  RETURN_IF_FAILED(set("bootstrap.servers", options.brokers));
  RETURN_IF_FAILED(set("client.id", options.client_id));
  RETURN_IF_FAILED(set("request.required.acks", std::to_string(options.acks)));
  RETURN_IF_FAILED(set("enable.idempotence", options.acks == -1 ? "true" : "false"));
  RETURN_IF_FAILED(set("compression.codec", options.compression));
  RETURN_IF_FAILED(set("partitioner", "murmur2_random"));
  RETURN_IF_FAILED(set("queue.buffering.max.kbytes", std::to_string(queue_kilobytes_max)));
  RETURN_IF_FAILED(set("log.connection.close", "false"));
  if (options.delivery_timeout) {
    RETURN_IF_FAILED(set("message.timeout.ms", std::to_string(options.delivery_timeout->milliseconds())));
  }
  if (options.message_bytes_max) RETURN_IF_FAILED(set("message.max.bytes", std::to_string(*options.message_bytes_max)));
  rd_kafka_conf_set_opaque(conf, this);
  rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
    static_cast<RdkafkaProducer*>(self)->on_delivery(*message);
  });
  rd_kafka_conf_set_error_cb(conf, [](rd_kafka_t*, int code, const char* reason, void* self) {
    static_cast<RdkafkaProducer*>(self)->on_error(code, reason);
  });
  if (!options.verbose) {
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  }
  codec_ = static_cast<int16_t>(compress::codec_named(options.compression).value_or(compress::Codec::none));
  handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size());
  if (handle_ == nullptr) {
    rd_kafka_conf_destroy(conf);
    return Failure{FailureKind::unavailable, fmt::format("cannot make a producer: {}", error.data())};
  }
  return {};
}

void RdkafkaProducer::on_error(int error, const char* reason) {
  const auto code = static_cast<rd_kafka_resp_err_t>(error);
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    std::array<char, error_text_bytes> text{};
    rd_kafka_fatal_error(handle_, text.data(), text.size());
    if (failure_.ok())
      failure_ = Failure{FailureKind::unavailable, fmt::format("cannot produce any more: {}", text.data())};
  } else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !told_down_) {
    told_down_ = true;
    std::fprintf(stderr, "moldau: lost all brokers (%s); waiting for them, ctrl-c gives up\n", reason);
  }
}

void RdkafkaProducer::on_delivery(const rd_kafka_message_t& message) {
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (failure_.ok()) {
      failure_ = Failure{FailureKind::unavailable,
                         fmt::format("cannot store a record in {}: {}", rd_kafka_topic_name(message.rkt),
                                     rd_kafka_err2str(message.err))};
    }
    return;
  }
  told_down_ = false;
  if (!delivered_) return;
  RecordText text;
  text.topic = rd_kafka_topic_name(message.rkt);
  if (message.key != nullptr) text.key = std::string_view(static_cast<const char*>(message.key), message.key_len);
  if (message.payload != nullptr) text.value = std::string_view(static_cast<const char*>(message.payload), message.len);
  text.partition = message.partition;
  text.offset = message.offset;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  text.timestamp = rd_kafka_message_timestamp(&message, &type);
  text.attributes = static_cast<int16_t>(codec_ | (type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? 0x08 : 0));
  rd_kafka_headers_t* headers = nullptr;
  headers_.clear();
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
      headers_.push_back({name, std::string_view(static_cast<const char*>(value), size)});
    }
  }
  text.headers = headers_;
  delivered_(text);
}

Result<rd_kafka_topic_t*> RdkafkaProducer::topic(std::string_view name) {
  const auto found = topics_.find(name);
  if (found != topics_.end()) return found->second;
  const std::string owned(name);
  rd_kafka_topic_t* made = rd_kafka_topic_new(handle_, owned.c_str(), nullptr);
  if (made == nullptr) {
    return Failure{FailureKind::invalid_argument,
                   fmt::format("topic {}: {}", name, rd_kafka_err2str(rd_kafka_last_error()))};
  }
  topics_.emplace(owned, made);
  return made;
}

Status RdkafkaProducer::send(const OutgoingRecord& record) {
  ASSIGN_OR_RETURN(rd_kafka_topic_t* const topic_handle, topic(record.topic));
  std::array<rd_kafka_vu_t, 7> arguments{};
  size_t count = 0;
  const auto next = [&]() -> rd_kafka_vu_t& { return arguments[count++]; };
  rd_kafka_vu_t& to = next();
  to.vtype = RD_KAFKA_VTYPE_RKT;
  to.u.rkt = topic_handle;
  rd_kafka_vu_t& flags = next();
  flags.vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  flags.u.i = RD_KAFKA_MSG_F_COPY;
  next() = bytes_argument(RD_KAFKA_VTYPE_VALUE, record.value);
  next() = bytes_argument(RD_KAFKA_VTYPE_KEY, record.key);
  rd_kafka_vu_t& partition = next();
  partition.vtype = RD_KAFKA_VTYPE_PARTITION;
  partition.u.i32 = record.partition.value_or(RD_KAFKA_PARTITION_UA);
  if (record.timestamp) {
    rd_kafka_vu_t& timestamp = next();
    timestamp.vtype = RD_KAFKA_VTYPE_TIMESTAMP;
    timestamp.u.i64 = *record.timestamp;
  }
  rd_kafka_headers_t* headers = nullptr;
  if (!record.headers.empty()) {
    headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers) {
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()),
                          value.empty() ? &nowhere : value.data(), static_cast<ssize_t>(value.size()));
    }
    rd_kafka_vu_t& list = next();
    list.vtype = RD_KAFKA_VTYPE_HEADERS;
    list.u.headers = headers;
  }
  for (;;) {
    rd_kafka_error_t* error = rd_kafka_produceva(handle_, arguments.data(), count);
    if (error == nullptr) return {};
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    const std::string text = rd_kafka_error_string(error);
    rd_kafka_error_destroy(error);
    Status status;
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      status = poll(milliseconds(full_queue_wait_ms));
      if (status.ok()) continue;
    } else {
      status =
          Failure{FailureKind::invalid_argument, fmt::format("cannot store a record in {}: {}", record.topic, text)};
    }
    if (headers != nullptr) rd_kafka_headers_destroy(headers);
    return status;
  }
}

Status RdkafkaProducer::poll(Duration limit) {
  rd_kafka_poll(handle_, static_cast<int>(limit.milliseconds()));
  return failure_;
}

Status RdkafkaProducer::flush() {
  // flush() once: it makes librdkafka send at once what it would let linger.
  rd_kafka_flush(handle_, 0);
  while (rd_kafka_outq_len(handle_) > 0) {
    RETURN_IF_FAILED(poll(milliseconds(full_queue_wait_ms)));
  }
  return failure_;
}

}  // namespace

Result<std::unique_ptr<Producer>> Producer::make(const ProducerOptions& options, Delivered delivered) {
  auto producer = std::make_unique<RdkafkaProducer>(std::move(delivered));
  RETURN_IF_FAILED(producer->start(options));
  return std::unique_ptr<Producer>(std::move(producer));
}

}  // namespace moldau::cli
