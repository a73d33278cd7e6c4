// server.properties as an attacker or a broken editor would write it: parsed, resolved, warned about.
#include <cstddef>
#include <cstdint>

#include "metadata/broker_settings.h"
#include "metadata/properties.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace moldau::metadata;
  const auto map = parse_properties({reinterpret_cast<const char*>(data), size});
  if (!map.ok()) return 0;
  const auto settings = resolve_broker(map.value());
  static_cast<void>(configuration_warnings(map.value()));
  static_cast<void>(describe_broker({.static_broker = &map.value()}));
  static_cast<void>(check_topic_configs(map.value(), {.static_broker = &map.value()}));
  static_cast<void>(describe_topic(&map.value(), {}));
  return settings.ok() ? 1 : 0;
}
