// DescribeCluster: the cluster's id, controller and brokers. v1 distinguishes brokers and controllers; v2 can include
// fenced brokers.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DescribeClusterRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::describe_cluster;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 0;

  bool include_cluster_authorized_operations = false;
  int8_t endpoint_type = 1;
  bool include_fenced_brokers = false;
};

template <>
inline constexpr auto fields_of<DescribeClusterRequest> = [] {
  using S = DescribeClusterRequest;
  return field_list<S>("DescribeClusterRequest",
                       field<&S::include_cluster_authorized_operations>({.name = "includeClusterAuthorizedOperations"}),
                       field<&S::endpoint_type>({.name = "endpointType", .versions = since(1)}),
                       field<&S::include_fenced_brokers>({.name = "includeFencedBrokers", .versions = since(2)}));
}();

struct DescribeClusterResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::describe_cluster;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 0;

  struct DescribeClusterBroker {
    int32_t broker_id = 0;
    std::string_view host;
    int32_t port = 0;
    std::optional<std::string_view> rack;
    bool is_fenced = false;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message;
  int8_t endpoint_type = 1;
  std::string_view cluster_id;
  int32_t controller_id = -1;
  std::vector<DescribeClusterBroker> brokers;
  int32_t cluster_authorized_operations = INT32_MIN;
};

template <>
inline constexpr auto fields_of<DescribeClusterResponse::DescribeClusterBroker> = [] {
  using S = DescribeClusterResponse::DescribeClusterBroker;
  return field_list<S>("DescribeClusterBroker", field<&S::broker_id>({.name = "brokerId"}),
                       field<&S::host>({.name = "host"}), field<&S::port>({.name = "port"}),
                       field<&S::rack>({.name = "rack", .nullable = since(0)}),
                       field<&S::is_fenced>({.name = "isFenced", .versions = since(2)}));
}();

template <>
inline constexpr auto fields_of<DescribeClusterResponse> = [] {
  using S = DescribeClusterResponse;
  return field_list<S>("DescribeClusterResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::endpoint_type>({.name = "endpointType", .versions = since(1)}),
                       field<&S::cluster_id>({.name = "clusterId"}), field<&S::controller_id>({.name = "controllerId"}),
                       field<&S::brokers>({.name = "brokers"}),
                       field<&S::cluster_authorized_operations>({.name = "clusterAuthorizedOperations"}));
}();

}  // namespace moldau::wire
