// MetricsText: samples as Prometheus text (format 0.0.4), some lines per call. One family after the other, in the order
// of the table; a family without samples prints nothing.
//
// Costs: about 150 ns a line.
#pragma once

#include <string>
#include <string_view>

#include "broker/metrics_samples.h"
#include "broker/metrics_table.h"

namespace moldau::broker {

struct MetricsTextOptions {
  MetricDetail detail = MetricDetail::partition;
  std::string_view version;  ///< of the program
  std::string_view state = "booting";
};

class MetricsText {
 public:
  static constexpr size_t lines_per_step = 1000;

  /// All but `options.version` must outlive it. `metrics` may go on counting meanwhile.
  MetricsText(const Metrics& metrics, const Samples& samples, const MetricsTextOptions& options)
      : metrics_(metrics), samples_(samples), options_(options) {}

  /// Appends some lines to `out`; true while there are more.
  bool step(std::string& out);

 private:
  void head(std::string& out, const MetricRow& row) const;
  void print(std::string& out, const MetricRow& row, MetricSource source) const;
  void print_apis(std::string& out, const MetricRow& row, MetricSource source) const;
  void print_api(std::string& out, const MetricRow& row, MetricSource source, std::string_view name, size_t key,
                 bool& headed) const;
  void print_shards(std::string& out, const MetricRow& row, MetricSource source) const;
  void print_dropped(std::string& out, const MetricRow& row) const;
  template <typename Sample>
  bool print_some(std::string& out, const MetricRow& row, const std::vector<Sample>& samples);

  const Metrics& metrics_;
  const Samples& samples_;
  MetricsTextOptions options_;
  size_t row_ = 0;
  size_t next_ = 0;      // of the row's samples
  bool headed_ = false;  // the row's first lines are printed
  size_t lines_ = 0;     // in this step
};

}  // namespace moldau::broker
