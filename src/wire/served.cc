#include "wire/served.h"

#include <algorithm>
#include <iterator>

#include "base/assert.h"

namespace moldau::wire {
namespace {

constexpr ServedApi table[] = {
    {ApiKey::produce, 3, 13, 0},         {ApiKey::fetch, 4, 18, 4},
    {ApiKey::list_offsets, 1, 11, 1},    {ApiKey::metadata, 0, 13, 0},
    {ApiKey::find_coordinator, 0, 6, 0}, {ApiKey::api_versions, 0, 4, 0},
    {ApiKey::create_topics, 2, 7, 2},    {ApiKey::delete_topics, 1, 6, 1},
    {ApiKey::init_producer_id, 0, 5, 0}, {ApiKey::describe_configs, 1, 4, 1},
    {ApiKey::describe_cluster, 0, 2, 0}, {ApiKey::describe_topic_partitions, 0, 0, 0},
};
static_assert(std::ranges::is_sorted(table, {}, &ServedApi::key));

}  // namespace

std::span<const ServedApi> servable_apis() {
  return table;
}

void ServedApis::add(ApiKey key) {
  const auto* entry = std::ranges::find(table, key, &ServedApi::key);
  ASSERT(entry != std::end(table));
  if (find(key) != nullptr) return;
  list_.insert(std::ranges::upper_bound(list_, key, {}, &ServedApi::key), *entry);
  for (size_t i = 0; i < list_.size(); ++i) index_[static_cast<size_t>(list_[i].key)] = static_cast<int8_t>(i);
}

const ServedApi* ServedApis::find(ApiKey key) const {
  const auto number = static_cast<int16_t>(key);
  if (!is_api_key(number) || index_[static_cast<size_t>(number)] < 0) return nullptr;
  return &list_[static_cast<size_t>(index_[static_cast<size_t>(number)])];
}

bool ServedApis::serves(ApiKey key, int16_t version) const {
  const ServedApi* api = find(key);
  return api != nullptr && version >= api->min_version && version <= api->max_version;
}

}  // namespace moldau::wire
