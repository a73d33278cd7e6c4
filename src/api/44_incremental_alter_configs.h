// IncrementalAlterConfigs (key 44, versions 0-1) and AlterConfigs (key 33, versions 0-2): settings of topics, brokers,
// groups and client metrics subscriptions, effective at once; levels of loggers (key 44 only).
//
//   Kafka's order: a resource given twice, a key given twice, null values (all INVALID_REQUEST), the resource's type,
//   then what is of the broker: its loggers, its own settings; then authorization and the controller's checks. Per
//   resource all changes or none. Key 33 replaces: what it does not name goes. Needs ALTER_CONFIGS on the topic, the
//   group or the cluster (for brokers, their loggers and subscriptions).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "api/context.h"
#include "api/facts.h"
#include "metadata/controller.h"
#include "wire/api/33_alter_configs.h"
#include "wire/api/44_incremental_alter_configs.h"

namespace moldau::api {

/// The one logger there is: the trace.
inline constexpr std::string_view root_logger = "root";

struct AlterConfigsPlan {
  struct Row {
    int8_t type = 0;
    std::string_view name;
    metadata::ApiError error;
    std::optional<size_t> asked;  ///< its place in `request`
  };
  metadata::AlterConfigs request;
  std::vector<Row> rows;
  std::optional<std::string> root_level;  ///< the level that the root logger is to have from now on
};

/// Whether it is a level that loggers can have.
bool is_logger_level(std::string_view level);

/// Names in the plan are views into `request`.
AlterConfigsPlan plan_incremental_alter_configs(const RequestContext& context, const Facts& facts,
                                                const wire::IncrementalAlterConfigsRequest& request);
AlterConfigsPlan plan_alter_configs(const RequestContext& context, const Facts& facts,
                                    const wire::AlterConfigsRequest& request);
wire::IncrementalAlterConfigsResponse incremental_alter_configs(const RequestContext& context,
                                                                const AlterConfigsPlan& plan,
                                                                const metadata::AlterConfigsResult& result);
wire::AlterConfigsResponse alter_configs(const RequestContext& context, const AlterConfigsPlan& plan,
                                         const metadata::AlterConfigsResult& result);

}  // namespace moldau::api
