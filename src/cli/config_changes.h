// The changes of a configuration that flags ask for: --set, --delete, --append, --subtract.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "client/admin_configs.h"

namespace moldau::cli {

class Invocation;

/// "key=value" in two; a failure that names `origin` if there is no key.
Result<std::pair<std::string, std::string>> key_and_value(std::string_view text, std::string_view origin);

/// The changes in the order set, delete, append, subtract. A failure when there is none, or a key twice.
Result<std::vector<client::ConfigChange>> config_changes(const Invocation& invocation);

}  // namespace moldau::cli
