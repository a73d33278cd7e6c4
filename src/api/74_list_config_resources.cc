#include "api/74_list_config_resources.h"

#include <algorithm>

namespace moldau::api {

using metadata::ConfigResourceType;
using wire::ErrorCode;

wire::ListConfigResourcesResponse list_config_resources(const RequestContext& context, const Facts& facts,
                                                        const wire::ListConfigResourcesRequest& request) {
  wire::ListConfigResourcesResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  if (!context.may_on_cluster(Operation::describe_configs)) {
    response.error_code = code_of(ErrorCode::cluster_authorization_failed);
    return response;
  }
  constexpr ConfigResourceType all[] = {ConfigResourceType::group, ConfigResourceType::client_metrics,
                                        ConfigResourceType::broker_logger, ConfigResourceType::broker,
                                        ConfigResourceType::topic};
  std::vector<int8_t> wanted = request.resource_types;
  if (context.version == 0) wanted = {static_cast<int8_t>(ConfigResourceType::client_metrics)};
  if (wanted.empty()) {
    for (const ConfigResourceType type : all) wanted.push_back(static_cast<int8_t>(type));
  }
  for (const int8_t type : wanted) {
    const bool known =
        std::find(std::begin(all), std::end(all), static_cast<ConfigResourceType>(type)) != std::end(all);
    if (known) continue;
    response.error_code = code_of(ErrorCode::unsupported_version);
    return response;
  }
  for (const ConfigResourceType type : all) {
    const auto number = static_cast<int8_t>(type);
    if (std::find(wanted.begin(), wanted.end(), number) == wanted.end()) continue;
    const auto add = [&](std::string_view name) {
      response.config_resources.push_back({context.arena.keep(name), number});
    };
    if (type == ConfigResourceType::topic) {
      facts.image.for_each_topic([&](const metadata::TopicImage& topic) { add(topic.name); });
    } else if (type == ConfigResourceType::broker || type == ConfigResourceType::broker_logger) {
      facts.image.for_each_broker([&](const metadata::BrokerImage& broker) { add(std::to_string(broker.id)); });
    } else {
      facts.image.for_each_config([&](const metadata::ConfigResource& resource, const metadata::ConfigMap&) {
        if (resource.type == type) add(resource.name);
      });
    }
  }
  return response;
}

}  // namespace moldau::api
