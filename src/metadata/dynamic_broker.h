// Dynamic broker settings (KIP-226): whether a broker may take up what an administrator asks for, before the controller
// writes it down. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metadata/config_resolve.h"
#include "metadata/controller_admin.h"
#include "metadata/placement.h"

namespace moldau::metadata {

/// Checks the changes of one broker resource in Kafka's order: operations, names that cannot change, security settings
/// without listener, values, names for one broker only, and what running parts can take. `existing`: what the resource
/// has (null: nothing); `layers`: what counts on this node now.
std::optional<Fault> check_dynamic_broker(const AlterConfigs::Resource& request, const ConfigMap* existing,
                                          const BrokerConfigLayers& layers);

}  // namespace moldau::metadata
