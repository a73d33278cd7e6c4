// Names of the machine's timers. A zero byte parts what clients named.
#pragma once

#include <string>
#include <string_view>

namespace moldau::group {

inline constexpr std::string_view expiry_timer = "expiry";

inline std::string join_timer(std::string_view group) {
  return "join:" + std::string(group);
}
inline std::string sync_timer(std::string_view group) {
  return "sync:" + std::string(group);
}
inline std::string heartbeat_timer(std::string_view group, std::string_view member_id) {
  std::string name = "heartbeat:";
  name.append(group).push_back('\0');
  return name.append(member_id);
}
/// Timers of members of consumer groups, by kind.
inline std::string member_timer(int kind, std::string_view group, std::string_view member_id) {
  std::string name = "member" + std::to_string(kind) + ":";
  name.append(group).push_back('\0');
  return name.append(member_id);
}

}  // namespace moldau::group
