// Scrape: one answer to GET /metrics on its way: reads off what it shows, then prints it, a little of either per turn
// of the loop. Memory: 64 bytes a partition while it lasts; the text is handed out in pieces of at most 150 KB.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "broker/metrics_gather.h"
#include "broker/metrics_text.h"

namespace moldau::broker {

struct ScrapeOptions {
  MetricsTextOptions text;
  size_t limit = 10'000;  ///< of topics, partitions, groups, and partitions of groups, each
  ProcessFacts process;
  double loop_idle_ratio = -1;
};

class Scrape {
 public:
  /// `broker` null: it recovers, and there is nothing to read off yet. It must outlive this.
  Scrape(Broker* broker, const ScrapeOptions& options);
  ~Scrape();

  /// Does some of the work and appends what there is to print; true while there is more to do.
  bool step(std::string& out);

 private:
  void gather();

  Broker* broker_;
  ScrapeOptions options_;
  Instant began_;
  std::unique_ptr<MetricsGather> gather_;
  std::unique_ptr<Metrics> no_metrics_;  // of a broker that recovers
  /// Of all shards, once it is there: it comes in a turn of its own.
  struct Sum {
    bool asked = false;
    bool taken = false;
    std::shared_ptr<const Metrics> metrics;
    std::shared_ptr<const HostedSamples> hosted;
  };
  std::shared_ptr<Sum> sum_ = std::make_shared<Sum>();
  Samples samples_;
  std::unique_ptr<MetricsText> text_;
};

}  // namespace moldau::broker
