// Broker: settings that change while it runs. Those of topics come by the image's layers (replicas.cc); here is what
// the broker itself goes by.
#include <utility>

#include "base/trace.h"
#include "broker/broker.h"

namespace moldau::broker {
namespace {

/// Puts the settings of `layer` that may change and are valid over those of `config`.
void lay_over(const metadata::ConfigMap* layer, metadata::ConfigMap& config) {
  if (layer == nullptr) return;
  for (const auto& [name, value] : *layer) {
    const metadata::ConfigKey* const key = metadata::find_broker_config(name);
    if (key == nullptr || key->update_mode == metadata::UpdateMode::read_only) continue;
    if (!metadata::check_value(*key, value).ok()) continue;
    config.insert_or_assign(name, value);
  }
}

const char* name_of_level(TraceLevel level) {
  switch (level) {
    case TraceLevel::error:
      return "ERROR";
    case TraceLevel::warn:
      return "WARN";
    case TraceLevel::info:
      return "INFO";
    case TraceLevel::debug:
      return "DEBUG";
  }
  return "INFO";
}

TraceLevel level_of(std::string_view name) {
  if (name == "DEBUG" || name == "TRACE") return TraceLevel::debug;
  if (name == "INFO") return TraceLevel::info;
  if (name == "WARN") return TraceLevel::warn;
  return TraceLevel::error;
}

}  // namespace

void Broker::apply_dynamic_settings() {
  if (root_log_level_.empty()) root_log_level_ = name_of_level(trace_verbosity());
  const metadata::BrokerConfigLayers layers = image_->broker_layers(self(), &options_.static_config);
  metadata::ConfigMap effective = options_.static_config;
  lay_over(layers.dynamic_default, effective);
  lay_over(layers.dynamic_broker, effective);
  const Result<metadata::BrokerSettings> resolved = metadata::resolve_broker(effective);
  if (!resolved.ok()) {
    trace(TraceLevel::error, "event=dynamic_settings_refused why=\"{}\"", resolved.failure().message);
    return;
  }
  metadata::BrokerSettings& settings = options_.settings;
  settings.max_connections = resolved->max_connections;
  settings.max_connections_per_ip = resolved->max_connections_per_ip;
  settings.max_connections_per_ip_overrides = resolved->max_connections_per_ip_overrides;
  settings.max_connection_creation_rate = resolved->max_connection_creation_rate;
  settings.producer_id_expiration_ms = resolved->producer_id_expiration_ms;
  settings.topic_defaults = resolved->topic_defaults;
  connection_rate_.set_per_second(settings.max_connection_creation_rate);
  shown_settings_ = std::make_shared<const metadata::BrokerSettings>(settings);
}

void Broker::set_root_log_level(std::string level) {
  set_trace_verbosity(level_of(level));
  trace(TraceLevel::info, "event=log_level level={}", level);
  root_log_level_ = std::move(level);
  show_view();
}

}  // namespace moldau::broker
