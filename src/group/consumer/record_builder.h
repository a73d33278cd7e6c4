// The records of a consumer group, each from what it says. Internal to this folder.
#pragma once

#include <string_view>

#include "coordinator/record.h"
#include "group/consumer/consumer_group.h"

namespace moldau::group::consumer {

coordinator::Record epoch_record(std::string_view group, Epoch epoch, int64_t metadata_hash);
coordinator::Record epoch_tombstone(std::string_view group);
coordinator::Record old_metadata_tombstone(std::string_view group);
coordinator::Record member_record(std::string_view group, const Member& member);
coordinator::Record member_tombstone(std::string_view group, std::string_view member_id);
coordinator::Record target_record(std::string_view group, std::string_view member_id, const Assignment& target);
coordinator::Record target_tombstone(std::string_view group, std::string_view member_id);
coordinator::Record target_epoch_record(std::string_view group, Epoch epoch, WallMillis timestamp);
coordinator::Record target_epoch_tombstone(std::string_view group);
coordinator::Record current_record(std::string_view group, const Member& member);
coordinator::Record current_tombstone(std::string_view group, std::string_view member_id);
coordinator::Record regex_record(std::string_view group, std::string_view regex, const ResolvedRegex& resolved);
coordinator::Record regex_tombstone(std::string_view group, std::string_view regex);

}  // namespace moldau::group::consumer
