#include "wire/messages.h"

#include <algorithm>
#include <array>

#include "wire/api/00_produce.h"
#include "wire/api/01_fetch.h"
#include "wire/api/02_list_offsets.h"
#include "wire/api/03_metadata.h"
#include "wire/api/08_offset_commit.h"
#include "wire/api/09_offset_fetch.h"
#include "wire/api/10_find_coordinator.h"
#include "wire/api/11_join_group.h"
#include "wire/api/12_heartbeat.h"
#include "wire/api/13_leave_group.h"
#include "wire/api/14_sync_group.h"
#include "wire/api/15_describe_groups.h"
#include "wire/api/16_list_groups.h"
#include "wire/api/17_sasl_handshake.h"
#include "wire/api/18_api_versions.h"
#include "wire/api/19_create_topics.h"
#include "wire/api/20_delete_topics.h"
#include "wire/api/21_delete_records.h"
#include "wire/api/22_init_producer_id.h"
#include "wire/api/23_offset_for_leader_epoch.h"
#include "wire/api/24_add_partitions_to_txn.h"
#include "wire/api/25_add_offsets_to_txn.h"
#include "wire/api/26_end_txn.h"
#include "wire/api/27_write_txn_markers.h"
#include "wire/api/28_txn_offset_commit.h"
#include "wire/api/29_describe_acls.h"
#include "wire/api/30_create_acls.h"
#include "wire/api/31_delete_acls.h"
#include "wire/api/32_describe_configs.h"
#include "wire/api/33_alter_configs.h"
#include "wire/api/34_alter_replica_log_dirs.h"
#include "wire/api/35_describe_log_dirs.h"
#include "wire/api/36_sasl_authenticate.h"
#include "wire/api/37_create_partitions.h"
#include "wire/api/38_create_delegation_token.h"
#include "wire/api/39_renew_delegation_token.h"
#include "wire/api/40_expire_delegation_token.h"
#include "wire/api/41_describe_delegation_token.h"
#include "wire/api/42_delete_groups.h"
#include "wire/api/43_elect_leaders.h"
#include "wire/api/44_incremental_alter_configs.h"
#include "wire/api/45_alter_partition_reassignments.h"
#include "wire/api/46_list_partition_reassignments.h"
#include "wire/api/47_offset_delete.h"
#include "wire/api/48_describe_client_quotas.h"
#include "wire/api/49_alter_client_quotas.h"
#include "wire/api/50_describe_user_scram_credentials.h"
#include "wire/api/51_alter_user_scram_credentials.h"
#include "wire/api/52_vote.h"
#include "wire/api/53_begin_quorum_epoch.h"
#include "wire/api/54_end_quorum_epoch.h"
#include "wire/api/55_describe_quorum.h"
#include "wire/api/56_alter_partition.h"
#include "wire/api/57_update_features.h"
#include "wire/api/58_envelope.h"
#include "wire/api/59_fetch_snapshot.h"
#include "wire/api/60_describe_cluster.h"
#include "wire/api/61_describe_producers.h"
#include "wire/api/62_broker_registration.h"
#include "wire/api/63_broker_heartbeat.h"
#include "wire/api/64_unregister_broker.h"
#include "wire/api/65_describe_transactions.h"
#include "wire/api/66_list_transactions.h"
#include "wire/api/67_allocate_producer_ids.h"
#include "wire/api/68_consumer_group_heartbeat.h"
#include "wire/api/69_consumer_group_describe.h"
#include "wire/api/70_controller_registration.h"
#include "wire/api/71_get_telemetry_subscriptions.h"
#include "wire/api/72_push_telemetry.h"
#include "wire/api/73_assign_replicas_to_dirs.h"
#include "wire/api/74_list_config_resources.h"
#include "wire/api/75_describe_topic_partitions.h"
#include "wire/api/76_share_group_heartbeat.h"
#include "wire/api/77_share_group_describe.h"
#include "wire/api/78_share_fetch.h"
#include "wire/api/79_share_acknowledge.h"
#include "wire/api/80_add_raft_voter.h"
#include "wire/api/81_remove_raft_voter.h"
#include "wire/api/82_update_raft_voter.h"
#include "wire/api/83_initialize_share_group_state.h"
#include "wire/api/84_read_share_group_state.h"
#include "wire/api/85_write_share_group_state.h"
#include "wire/api/86_delete_share_group_state.h"
#include "wire/api/87_read_share_group_state_summary.h"
#include "wire/api/88_streams_group_heartbeat.h"
#include "wire/api/89_streams_group_describe.h"
#include "wire/api/90_describe_share_group_offsets.h"
#include "wire/api/91_alter_share_group_offsets.h"
#include "wire/api/92_delete_share_group_offsets.h"
#include "wire/control_records.h"
#include "wire/header.h"
#include "wire/metadata_record.h"

namespace moldau::wire {
namespace {

template <typename... Messages>
std::array<const MessageDescriptor*, sizeof...(Messages)> describe() {
  return {&descriptor_of<Messages>()...};
}

const auto& table() {
  static const auto descriptors = describe<
      // Requests.
      ProduceRequest, FetchRequest, ListOffsetsRequest, MetadataRequest, OffsetCommitRequest, OffsetFetchRequest,
      FindCoordinatorRequest, JoinGroupRequest, HeartbeatRequest, LeaveGroupRequest, SyncGroupRequest,
      DescribeGroupsRequest, ListGroupsRequest, SaslHandshakeRequest, ApiVersionsRequest, CreateTopicsRequest,
      DeleteTopicsRequest, DeleteRecordsRequest, InitProducerIdRequest, OffsetForLeaderEpochRequest,
      AddPartitionsToTxnRequest, AddOffsetsToTxnRequest, EndTxnRequest, WriteTxnMarkersRequest, TxnOffsetCommitRequest,
      DescribeAclsRequest, CreateAclsRequest, DeleteAclsRequest, DescribeConfigsRequest, AlterConfigsRequest,
      AlterReplicaLogDirsRequest, DescribeLogDirsRequest, SaslAuthenticateRequest, CreatePartitionsRequest,
      CreateDelegationTokenRequest, RenewDelegationTokenRequest, ExpireDelegationTokenRequest,
      DescribeDelegationTokenRequest, DeleteGroupsRequest, ElectLeadersRequest, IncrementalAlterConfigsRequest,
      AlterPartitionReassignmentsRequest, ListPartitionReassignmentsRequest, OffsetDeleteRequest,
      DescribeClientQuotasRequest, AlterClientQuotasRequest, DescribeUserScramCredentialsRequest,
      AlterUserScramCredentialsRequest, VoteRequest, BeginQuorumEpochRequest, EndQuorumEpochRequest,
      DescribeQuorumRequest, AlterPartitionRequest, UpdateFeaturesRequest, EnvelopeRequest, FetchSnapshotRequest,
      DescribeClusterRequest, DescribeProducersRequest, BrokerRegistrationRequest, BrokerHeartbeatRequest,
      UnregisterBrokerRequest, DescribeTransactionsRequest, ListTransactionsRequest, AllocateProducerIdsRequest,
      ConsumerGroupHeartbeatRequest, ConsumerGroupDescribeRequest, ControllerRegistrationRequest,
      GetTelemetrySubscriptionsRequest, PushTelemetryRequest, AssignReplicasToDirsRequest, ListConfigResourcesRequest,
      DescribeTopicPartitionsRequest, ShareGroupHeartbeatRequest, ShareGroupDescribeRequest, ShareFetchRequest,
      ShareAcknowledgeRequest, AddRaftVoterRequest, RemoveRaftVoterRequest, UpdateRaftVoterRequest,
      InitializeShareGroupStateRequest, ReadShareGroupStateRequest, WriteShareGroupStateRequest,
      DeleteShareGroupStateRequest, ReadShareGroupStateSummaryRequest, StreamsGroupHeartbeatRequest,
      StreamsGroupDescribeRequest, DescribeShareGroupOffsetsRequest, AlterShareGroupOffsetsRequest,
      DeleteShareGroupOffsetsRequest,
      // Responses.
      ProduceResponse, FetchResponse, ListOffsetsResponse, MetadataResponse, OffsetCommitResponse, OffsetFetchResponse,
      FindCoordinatorResponse, JoinGroupResponse, HeartbeatResponse, LeaveGroupResponse, SyncGroupResponse,
      DescribeGroupsResponse, ListGroupsResponse, SaslHandshakeResponse, ApiVersionsResponse, CreateTopicsResponse,
      DeleteTopicsResponse, DeleteRecordsResponse, InitProducerIdResponse, OffsetForLeaderEpochResponse,
      AddPartitionsToTxnResponse, AddOffsetsToTxnResponse, EndTxnResponse, WriteTxnMarkersResponse,
      TxnOffsetCommitResponse, DescribeAclsResponse, CreateAclsResponse, DeleteAclsResponse, DescribeConfigsResponse,
      AlterConfigsResponse, AlterReplicaLogDirsResponse, DescribeLogDirsResponse, SaslAuthenticateResponse,
      CreatePartitionsResponse, CreateDelegationTokenResponse, RenewDelegationTokenResponse,
      ExpireDelegationTokenResponse, DescribeDelegationTokenResponse, DeleteGroupsResponse, ElectLeadersResponse,
      IncrementalAlterConfigsResponse, AlterPartitionReassignmentsResponse, ListPartitionReassignmentsResponse,
      OffsetDeleteResponse, DescribeClientQuotasResponse, AlterClientQuotasResponse,
      DescribeUserScramCredentialsResponse, AlterUserScramCredentialsResponse, VoteResponse, BeginQuorumEpochResponse,
      EndQuorumEpochResponse, DescribeQuorumResponse, AlterPartitionResponse, UpdateFeaturesResponse, EnvelopeResponse,
      FetchSnapshotResponse, DescribeClusterResponse, DescribeProducersResponse, BrokerRegistrationResponse,
      BrokerHeartbeatResponse, UnregisterBrokerResponse, DescribeTransactionsResponse, ListTransactionsResponse,
      AllocateProducerIdsResponse, ConsumerGroupHeartbeatResponse, ConsumerGroupDescribeResponse,
      ControllerRegistrationResponse, GetTelemetrySubscriptionsResponse, PushTelemetryResponse,
      AssignReplicasToDirsResponse, ListConfigResourcesResponse, DescribeTopicPartitionsResponse,
      ShareGroupHeartbeatResponse, ShareGroupDescribeResponse, ShareFetchResponse, ShareAcknowledgeResponse,
      AddRaftVoterResponse, RemoveRaftVoterResponse, UpdateRaftVoterResponse, InitializeShareGroupStateResponse,
      ReadShareGroupStateResponse, WriteShareGroupStateResponse, DeleteShareGroupStateResponse,
      ReadShareGroupStateSummaryResponse, StreamsGroupHeartbeatResponse, StreamsGroupDescribeResponse,
      DescribeShareGroupOffsetsResponse, AlterShareGroupOffsetsResponse, DeleteShareGroupOffsetsResponse,
      // Headers.
      RequestHeader, ResponseHeader,
      // Records of the metadata log.
      RegisterBrokerRecord, UnregisterBrokerRecord, TopicRecord, PartitionRecord, ConfigRecord, PartitionChangeRecord,
      FenceBrokerRecord, UnfenceBrokerRecord, RemoveTopicRecord, DelegationTokenRecord, UserScramCredentialRecord,
      FeatureLevelRecord, ClientQuotaRecord, ProducerIdsRecord, BrokerRegistrationChangeRecord,
      AccessControlEntryRecord, RemoveAccessControlEntryRecord, NoOpRecord, ZkMigrationStateRecord,
      RemoveUserScramCredentialRecord, BeginTransactionRecord, EndTransactionRecord, AbortTransactionRecord,
      RemoveDelegationTokenRecord, RegisterControllerRecord, ClearElrRecord,
      // Values of control records.
      EndTxnMarker, LeaderChangeMessage, SnapshotHeaderRecord, SnapshotFooterRecord, KRaftVersionRecord,
      VotersRecord>();
  return descriptors;
}

}  // namespace

std::span<const MessageDescriptor* const> all_messages() {
  return table();
}

const MessageDescriptor* find_message(MessageKind kind, int16_t key) {
  const auto found = std::ranges::find_if(
      table(), [=](const MessageDescriptor* message) { return message->kind == kind && message->key == key; });
  return found == table().end() ? nullptr : *found;
}

const MessageDescriptor* find_message(std::string_view name) {
  const auto found =
      std::ranges::find_if(table(), [=](const MessageDescriptor* message) { return message->name() == name; });
  return found == table().end() ? nullptr : *found;
}

const char* name_of(MessageKind kind) {
  switch (kind) {
    case MessageKind::request:
      return "request";
    case MessageKind::response:
      return "response";
    case MessageKind::header:
      return "header";
    case MessageKind::metadata_record:
      return "metadata";
    case MessageKind::control_value:
      return "control";
    case MessageKind::coordinator_key:
      return "coordinator-key";
    case MessageKind::coordinator_value:
      return "coordinator-value";
    case MessageKind::embedded:
      return "embedded";
  }
  return "?";
}

}  // namespace moldau::wire
