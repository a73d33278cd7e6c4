#include "api/operations.h"

#include <algorithm>

namespace moldau::api {
namespace {

using O = Operation;
using R = ResourceType;

constexpr RequiredOperation produce[] = {{O::write, R::topic}, {O::write, R::transactional_id}};
constexpr RequiredOperation fetch[] = {{O::read, R::topic}, {O::cluster_action, R::cluster}};
constexpr RequiredOperation list_offsets[] = {{O::describe, R::topic}};
constexpr RequiredOperation metadata[] = {
    {O::describe, R::topic}, {O::create, R::cluster}, {O::create, R::topic}, {O::describe, R::cluster}};
constexpr RequiredOperation find_coordinator[] = {
    {O::describe, R::group}, {O::describe, R::transactional_id}, {O::cluster_action, R::cluster}};
constexpr RequiredOperation create_topics[] = {
    {O::create, R::cluster}, {O::create, R::topic}, {O::describe_configs, R::topic}};
constexpr RequiredOperation delete_topics[] = {{O::remove, R::cluster}, {O::remove, R::topic}, {O::describe, R::topic}};
constexpr RequiredOperation init_producer_id[] = {
    {O::write, R::transactional_id}, {O::idempotent_write, R::cluster}, {O::write, R::topic}};
constexpr RequiredOperation describe_configs[] = {
    {O::describe_configs, R::topic}, {O::describe_configs, R::cluster}, {O::describe_configs, R::group}};
constexpr RequiredOperation describe_cluster[] = {{O::describe, R::cluster}};
constexpr RequiredOperation describe_topic_partitions[] = {{O::describe, R::topic}};

constexpr ApiOperations table[] = {
    {wire::ApiKey::produce, produce},
    {wire::ApiKey::fetch, fetch},
    {wire::ApiKey::list_offsets, list_offsets},
    {wire::ApiKey::metadata, metadata},
    {wire::ApiKey::find_coordinator, find_coordinator},
    {wire::ApiKey::api_versions, {}},
    {wire::ApiKey::create_topics, create_topics},
    {wire::ApiKey::delete_topics, delete_topics},
    {wire::ApiKey::init_producer_id, init_producer_id},
    {wire::ApiKey::describe_configs, describe_configs},
    {wire::ApiKey::describe_cluster, describe_cluster},
    {wire::ApiKey::describe_topic_partitions, describe_topic_partitions},
};

}  // namespace

std::span<const ApiOperations> api_operations() {
  return table;
}

const ApiOperations* operations_of(wire::ApiKey key) {
  const auto found =
      std::find_if(std::begin(table), std::end(table), [&](const ApiOperations& row) { return row.key == key; });
  return found == std::end(table) ? nullptr : &*found;
}

}  // namespace moldau::api
