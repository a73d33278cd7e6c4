// Producer: librdkafka behind the few verbs that `topic produce` needs. Nothing of librdkafka runs before one is made.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "cli/record_format.h"

namespace moldau::cli {

struct ProducerOptions {
  std::string brokers;
  std::string client_id;
  int acks = -1;  ///< -1 also makes it idempotent
  std::string compression = "snappy";
  std::optional<Duration> delivery_timeout;
  std::optional<int64_t> message_bytes_max;
  bool verbose = false;
};

/// A record to be sent; views are copied.
struct OutgoingRecord {
  std::string_view topic;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::optional<int32_t> partition;  ///< none: by the key's hash, as Java does
  std::optional<WallMillis> timestamp;
};

class Producer {
 public:
  /// Told once of each record that is stored, in poll().
  using Delivered = std::function<void(const RecordText&)>;

  /// Bytes that may wait to be sent; send() waits when there are more.
  static constexpr int64_t queue_kilobytes_max = 65'536;

  static Result<std::unique_ptr<Producer>> make(const ProducerOptions& options, Delivered delivered);
  virtual ~Producer() = default;

  /// Queues a record; waits while the queue is full.
  virtual Status send(const OutgoingRecord& record) = 0;
  /// Runs callbacks for up to so long, or until something happened. Fails with the first record that could not be
  /// stored.
  virtual Status poll(Duration limit) = 0;
  /// Waits until every record is stored, or fails.
  virtual Status flush() = 0;
};

}  // namespace moldau::cli
