#include "api/60_describe_cluster.h"

#include <algorithm>
#include <string>

namespace moldau::api {
namespace {

constexpr int8_t broker_endpoints = 1;
constexpr int8_t controller_endpoints = 2;

}  // namespace

wire::DescribeClusterResponse describe_cluster(const RequestContext& context, const Facts& facts,
                                               const wire::DescribeClusterRequest& request) {
  wire::DescribeClusterResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  if (request.endpoint_type != broker_endpoints) {
    const bool known = request.endpoint_type == controller_endpoints;
    const auto error = known ? wire::ErrorCode::mismatched_endpoint_type : wire::ErrorCode::unsupported_endpoint_type;
    response.error_code = code_of(context.version == 0 ? wire::ErrorCode::invalid_request : error);
    response.error_message = context.arena.keep(
        known ? std::string(
                    "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER")
              : "Unsupported endpoint type " + std::to_string(request.endpoint_type));
    return response;
  }
  response.cluster_id = facts.cluster_id;
  if (request.include_cluster_authorized_operations) {
    response.cluster_authorized_operations =
        context.may_on_cluster(Operation::describe)
            ? authorized_operations(context, ResourceType::cluster, cluster_resource)
            : 0;
  }
  facts.image.for_each_broker([&](const metadata::BrokerImage& broker) {
    if (broker.fenced && !request.include_fenced_brokers) return;
    const metadata::EndpointImage* const endpoint = broker.listener(context.listener);
    if (endpoint == nullptr) return;
    wire::DescribeClusterResponse::DescribeClusterBroker row{broker.id, endpoint->host, endpoint->port};
    if (broker.rack.has_value()) row.rack = *broker.rack;
    row.is_fenced = broker.fenced;
    response.brokers.push_back(row);
  });
  response.controller_id = controller_for_clients(facts, context.listener);
  return response;
}

}  // namespace moldau::api
