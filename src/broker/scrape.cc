#include "broker/scrape.h"

#include <utility>

#include "broker/broker.h"

namespace moldau::broker {

Scrape::Scrape(Broker* broker, const ScrapeOptions& options) : broker_(broker), options_(options) {
  if (broker == nullptr) {
    no_metrics_ = std::make_unique<Metrics>();
  } else {
    began_ = broker->precise_now();
    gather_ = std::make_unique<MetricsGather>(*broker, options_.text.detail, options_.limit);
  }
}

Scrape::~Scrape() = default;

void Scrape::gather() {
  if (gather_ != nullptr) {
    if (broker_->shards() > 1 && (sum_->metrics == nullptr || sum_->hosted == nullptr)) {
      if (!std::exchange(sum_->asked, true)) {
        broker_->gather_metrics([sum = sum_](std::shared_ptr<const Metrics> all) { sum->metrics = std::move(all); });
        gather_hosted(broker_->home(), broker_->shards(),
                      [sum = sum_](std::shared_ptr<const HostedSamples> hosted) { sum->hosted = std::move(hosted); });
      }
      return;
    }
    if (sum_->metrics != nullptr && !std::exchange(sum_->taken, true)) {
      gather_->set_counters(sum_->metrics->topic_counters);
      gather_->set_hosted(*sum_->hosted);
    }
    if (gather_->step()) return;
    samples_ = std::move(gather_->samples());
    gather_.reset();
    samples_.node.scrape_seconds = static_cast<double>((broker_->precise_now() - began_).nanoseconds) / 1e9;
  }
  samples_.node.process = options_.process;
  samples_.node.loop_idle_ratio = options_.loop_idle_ratio;
  const Metrics& metrics = broker_ == nullptr         ? *no_metrics_
                           : sum_->metrics != nullptr ? *sum_->metrics
                                                      : broker_->collect_metrics();
  text_ = std::make_unique<MetricsText>(metrics, samples_, options_.text);
}

bool Scrape::step(std::string& out) {
  if (text_ == nullptr) {
    gather();
    return true;  // what is printed comes in turns of its own
  }
  return text_->step(out);
}

}  // namespace moldau::broker
