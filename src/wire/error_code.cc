#include "wire/error_code.h"

#include <cstddef>
#include <iterator>

namespace moldau::wire {
namespace {

struct Entry {
  ErrorCode code;
  const char* name;
  bool retriable;
  const char* message;
};

using enum ErrorCode;

// In the order of the codes, from -1 without a gap.
constexpr Entry table[] = {
    {unknown_server_error, "UNKNOWN_SERVER_ERROR", false, "The server failed in a way that no other code describes."},
    {none, "NONE", false, ""},
    {offset_out_of_range, "OFFSET_OUT_OF_RANGE", false, "The offset lies outside of what the partition's log holds."},
    {corrupt_message, "CORRUPT_MESSAGE", true, "The batch is damaged: its checksum or its structure is wrong."},
    {unknown_topic_or_partition, "UNKNOWN_TOPIC_OR_PARTITION", true, "This broker has no such topic or partition."},
    {invalid_fetch_size, "INVALID_FETCH_SIZE", false, "The fetch size is not valid."},
    {leader_not_available, "LEADER_NOT_AVAILABLE", true, "The partition has no leader at the moment."},
    {not_leader_or_follower, "NOT_LEADER_OR_FOLLOWER", true,
     "This broker is neither leader nor, where a follower would do, a follower of the partition."},
    {request_timed_out, "REQUEST_TIMED_OUT", true, "The request was not completed in time."},
    {broker_not_available, "BROKER_NOT_AVAILABLE", false, "The broker is not available."},
    {replica_not_available, "REPLICA_NOT_AVAILABLE", true, "The replica is not available for the partition."},
    {message_too_large, "MESSAGE_TOO_LARGE", false, "The batch is larger than the topic or the broker takes."},
    {stale_controller_epoch, "STALE_CONTROLLER_EPOCH", false, "The controller's epoch is out of date."},
    {offset_metadata_too_large, "OFFSET_METADATA_TOO_LARGE", false,
     "The metadata text of the offset commit is too long."},
    {network_exception, "NETWORK_EXCEPTION", true, "The connection was lost before the response came."},
    {coordinator_load_in_progress, "COORDINATOR_LOAD_IN_PROGRESS", true, "The coordinator is still reading its log."},
    {coordinator_not_available, "COORDINATOR_NOT_AVAILABLE", true, "No coordinator is available."},
    {not_coordinator, "NOT_COORDINATOR", true, "This broker does not coordinate that group or transaction."},
    {invalid_topic_exception, "INVALID_TOPIC_EXCEPTION", false,
     "The topic's name is not allowed, or the topic may not be used this way."},
    {record_list_too_large, "RECORD_LIST_TOO_LARGE", false,
     "The batches are larger together than one segment of the log."},
    {not_enough_replicas, "NOT_ENOUGH_REPLICAS", true,
     "Fewer replicas are in sync than the topic's minimum; nothing was written."},
    {not_enough_replicas_after_append, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", true,
     "The records were written, but fewer replicas are in sync than the topic's minimum."},
    {invalid_required_acks, "INVALID_REQUIRED_ACKS", false, "acks must be -1, 0 or 1."},
    {illegal_generation, "ILLEGAL_GENERATION", false, "The group generation is not the current one."},
    {inconsistent_group_protocol, "INCONSISTENT_GROUP_PROTOCOL", false,
     "The member's protocols do not fit those of the group, or it named none."},
    {invalid_group_id, "INVALID_GROUP_ID", false, "The group id is not valid."},
    {unknown_member_id, "UNKNOWN_MEMBER_ID", false, "The coordinator knows no such member."},
    {invalid_session_timeout, "INVALID_SESSION_TIMEOUT", false,
     "The session timeout is outside of the bounds that the broker sets."},
    {rebalance_in_progress, "REBALANCE_IN_PROGRESS", false, "The group is rebalancing; join it again."},
    {invalid_commit_offset_size, "INVALID_COMMIT_OFFSET_SIZE", false, "The committed offset's data are too large."},
    {topic_authorization_failed, "TOPIC_AUTHORIZATION_FAILED", false, "Not authorized for the topic."},
    {group_authorization_failed, "GROUP_AUTHORIZATION_FAILED", false, "Not authorized for the group."},
    {cluster_authorization_failed, "CLUSTER_AUTHORIZATION_FAILED", false, "Not authorized for the cluster."},
    {invalid_timestamp, "INVALID_TIMESTAMP", false, "The record's timestamp is outside of the allowed range."},
    {unsupported_sasl_mechanism, "UNSUPPORTED_SASL_MECHANISM", false, "The SASL mechanism is not enabled here."},
    {illegal_sasl_state, "ILLEGAL_SASL_STATE", false, "The request does not fit the state of the SASL exchange."},
    {unsupported_version, "UNSUPPORTED_VERSION", false, "The version of this API is not served."},
    {topic_already_exists, "TOPIC_ALREADY_EXISTS", false, "A topic of this name exists already."},
    {invalid_partitions, "INVALID_PARTITIONS", false, "The number of partitions must be at least 1."},
    {invalid_replication_factor, "INVALID_REPLICATION_FACTOR", false,
     "The replication factor is below 1 or above the number of usable brokers."},
    {invalid_replica_assignment, "INVALID_REPLICA_ASSIGNMENT", false, "The replica assignment is not valid."},
    {invalid_config, "INVALID_CONFIG", false, "The configuration is not valid."},
    {not_controller, "NOT_CONTROLLER", true, "This node is not the active controller."},
    {invalid_request, "INVALID_REQUEST", false, "The request contradicts itself or the protocol."},
    {unsupported_for_message_format, "UNSUPPORTED_FOR_MESSAGE_FORMAT", false,
     "The message format in use does not allow this request."},
    {policy_violation, "POLICY_VIOLATION", false, "The request violates a policy of the cluster."},
    {out_of_order_sequence_number, "OUT_OF_ORDER_SEQUENCE_NUMBER", false,
     "The batch's sequence number does not follow the producer's last one."},
    {duplicate_sequence_number, "DUPLICATE_SEQUENCE_NUMBER", false, "The batch's sequence number was used before."},
    {invalid_producer_epoch, "INVALID_PRODUCER_EPOCH", false, "The producer's epoch is older than the current one."},
    {invalid_txn_state, "INVALID_TXN_STATE", false, "The transaction is not in a state that allows this."},
    {invalid_producer_id_mapping, "INVALID_PRODUCER_ID_MAPPING", false,
     "The producer id does not belong to this transactional id."},
    {invalid_transaction_timeout, "INVALID_TRANSACTION_TIMEOUT", false,
     "The transaction timeout is larger than the broker allows."},
    {concurrent_transactions, "CONCURRENT_TRANSACTIONS", true,
     "Another operation on the same transaction is in progress."},
    {transaction_coordinator_fenced, "TRANSACTION_COORDINATOR_FENCED", false,
     "The coordinator that sent the marker has been replaced."},
    {transactional_id_authorization_failed, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", false,
     "Not authorized for the transactional id."},
    {security_disabled, "SECURITY_DISABLED", false, "Security features are disabled."},
    {operation_not_attempted, "OPERATION_NOT_ATTEMPTED", false,
     "The operation was not attempted, because another part of the request failed."},
    {kafka_storage_error, "KAFKA_STORAGE_ERROR", true, "The disk that holds the partition failed."},
    {log_dir_not_found, "LOG_DIR_NOT_FOUND", false, "The broker has no such log directory."},
    {sasl_authentication_failed, "SASL_AUTHENTICATION_FAILED", false, "Authentication failed."},
    {unknown_producer_id, "UNKNOWN_PRODUCER_ID", false, "The broker has no record of the producer id."},
    {reassignment_in_progress, "REASSIGNMENT_IN_PROGRESS", false, "The partition is being reassigned."},
    {delegation_token_auth_disabled, "DELEGATION_TOKEN_AUTH_DISABLED", false, "Delegation tokens are not enabled."},
    {delegation_token_not_found, "DELEGATION_TOKEN_NOT_FOUND", false, "There is no such delegation token."},
    {delegation_token_owner_mismatch, "DELEGATION_TOKEN_OWNER_MISMATCH", false,
     "The principal is neither owner nor renewer of the token."},
    {delegation_token_request_not_allowed, "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED", false,
     "Delegation tokens cannot be requested over this kind of connection."},
    {delegation_token_authorization_failed, "DELEGATION_TOKEN_AUTHORIZATION_FAILED", false,
     "Not authorized for the delegation token."},
    {delegation_token_expired, "DELEGATION_TOKEN_EXPIRED", false, "The delegation token has expired."},
    {invalid_principal_type, "INVALID_PRINCIPAL_TYPE", false, "The principal's type is not supported."},
    {non_empty_group, "NON_EMPTY_GROUP", false, "The group still has members."},
    {group_id_not_found, "GROUP_ID_NOT_FOUND", false, "There is no such group."},
    {fetch_session_id_not_found, "FETCH_SESSION_ID_NOT_FOUND", true, "The broker does not have this fetch session."},
    {invalid_fetch_session_epoch, "INVALID_FETCH_SESSION_EPOCH", true,
     "The fetch session's epoch is not the expected one."},
    {listener_not_found, "LISTENER_NOT_FOUND", true,
     "The partition's leader has no listener of the name that was asked through."},
    {topic_deletion_disabled, "TOPIC_DELETION_DISABLED", false, "Deleting topics is disabled."},
    {fenced_leader_epoch, "FENCED_LEADER_EPOCH", true, "The leader epoch in the request is older than the broker's."},
    {unknown_leader_epoch, "UNKNOWN_LEADER_EPOCH", true, "The leader epoch in the request is newer than the broker's."},
    {unsupported_compression_type, "UNSUPPORTED_COMPRESSION_TYPE", false,
     "The client cannot read the partition's compression type."},
    {stale_broker_epoch, "STALE_BROKER_EPOCH", false, "The broker's epoch has changed."},
    {offset_not_available, "OFFSET_NOT_AVAILABLE", true, "The high watermark is not known yet after an election."},
    {member_id_required, "MEMBER_ID_REQUIRED", false,
     "The member needs an id first; join again with the one that was given."},
    {preferred_leader_not_available, "PREFERRED_LEADER_NOT_AVAILABLE", true,
     "The preferred replica cannot lead at the moment."},
    {group_max_size_reached, "GROUP_MAX_SIZE_REACHED", false, "The group is full."},
    {fenced_instance_id, "FENCED_INSTANCE_ID", false, "Another member has taken this group.instance.id."},
    {eligible_leaders_not_available, "ELIGIBLE_LEADERS_NOT_AVAILABLE", true, "No eligible leader is available."},
    {election_not_needed, "ELECTION_NOT_NEEDED", true, "The partition has the leader it should have already."},
    {no_reassignment_in_progress, "NO_REASSIGNMENT_IN_PROGRESS", false, "The partition is not being reassigned."},
    {group_subscribed_to_topic, "GROUP_SUBSCRIBED_TO_TOPIC", false,
     "The group is subscribed to the topic, whose offsets can therefore not be deleted."},
    {invalid_record, "INVALID_RECORD", false, "A record failed the broker's checks."},
    {unstable_offset_commit, "UNSTABLE_OFFSET_COMMIT", true, "Offsets of an unfinished transaction are still pending."},
    {throttling_quota_exceeded, "THROTTLING_QUOTA_EXCEEDED", true,
     "The quota for this kind of request is used up for now."},
    {producer_fenced, "PRODUCER_FENCED", false, "A newer producer with the same transactional id has taken over."},
    {resource_not_found, "RESOURCE_NOT_FOUND", false, "The request names something that does not exist."},
    {duplicate_resource, "DUPLICATE_RESOURCE", false, "The request names the same thing twice."},
    {unacceptable_credential, "UNACCEPTABLE_CREDENTIAL", false, "The credential is not acceptable."},
    {inconsistent_voter_set, "INCONSISTENT_VOTER_SET", false,
     "Sender or receiver is no voter of the set that the request is about."},
    {invalid_update_version, "INVALID_UPDATE_VERSION", false, "The feature's new version is not valid."},
    {feature_update_failed, "FEATURE_UPDATE_FAILED", false, "The finalized features could not be updated."},
    {principal_deserialization_failure, "PRINCIPAL_DESERIALIZATION_FAILURE", false,
     "The forwarded principal could not be read."},
    {snapshot_not_found, "SNAPSHOT_NOT_FOUND", false, "There is no such snapshot."},
    {position_out_of_range, "POSITION_OUT_OF_RANGE", false, "The position lies outside of the snapshot."},
    {unknown_topic_id, "UNKNOWN_TOPIC_ID", true, "This broker has no topic of this id."},
    {duplicate_broker_registration, "DUPLICATE_BROKER_REGISTRATION", false,
     "Another broker is registered under this id."},
    {broker_id_not_registered, "BROKER_ID_NOT_REGISTERED", false, "No broker is registered under this id."},
    {inconsistent_topic_id, "INCONSISTENT_TOPIC_ID", true, "The topic's id differs from the one in the log."},
    {inconsistent_cluster_id, "INCONSISTENT_CLUSTER_ID", false,
     "The cluster's id differs from the one in the request."},
    {transactional_id_not_found, "TRANSACTIONAL_ID_NOT_FOUND", false, "There is no such transactional id."},
    {fetch_session_topic_id_error, "FETCH_SESSION_TOPIC_ID_ERROR", true,
     "The fetch session mixes requests with and without topic ids."},
    {ineligible_replica, "INELIGIBLE_REPLICA", false, "A replica of the proposed in-sync set may not be in it."},
    {new_leader_elected, "NEW_LEADER_ELECTED", false, "The change was made, and the partition has another leader now."},
    {offset_moved_to_tiered_storage, "OFFSET_MOVED_TO_TIERED_STORAGE", false,
     "The offset has moved to tiered storage."},
    {fenced_member_epoch, "FENCED_MEMBER_EPOCH", false,
     "The member's epoch is out of date; it must give up its partitions and join again."},
    {unreleased_instance_id, "UNRELEASED_INSTANCE_ID", false, "Another member still holds this instance id."},
    {unsupported_assignor, "UNSUPPORTED_ASSIGNOR", false, "The group does not support the assignor."},
    {stale_member_epoch, "STALE_MEMBER_EPOCH", false, "The member's epoch is stale; send the next heartbeat first."},
    {mismatched_endpoint_type, "MISMATCHED_ENDPOINT_TYPE", false, "The request came to an endpoint of the wrong type."},
    {unsupported_endpoint_type, "UNSUPPORTED_ENDPOINT_TYPE", false, "The endpoint type is not supported."},
    {unknown_controller_id, "UNKNOWN_CONTROLLER_ID", false, "There is no such controller."},
    {unknown_subscription_id, "UNKNOWN_SUBSCRIPTION_ID", false,
     "The telemetry subscription is unknown or out of date."},
    {telemetry_too_large, "TELEMETRY_TOO_LARGE", false, "The telemetry payload is larger than the broker takes."},
    {invalid_registration, "INVALID_REGISTRATION", false, "The controller does not accept the broker's registration."},
    {transaction_abortable, "TRANSACTION_ABORTABLE", false,
     "The transaction can only be aborted; the transactional id stays usable."},
    {invalid_record_state, "INVALID_RECORD_STATE", false,
     "The record is not in a state that allows this acknowledgement."},
    {share_session_not_found, "SHARE_SESSION_NOT_FOUND", true, "The broker does not have this share session."},
    {invalid_share_session_epoch, "INVALID_SHARE_SESSION_EPOCH", true,
     "The share session's epoch is not the expected one."},
    {fenced_state_epoch, "FENCED_STATE_EPOCH", false, "The epoch of the share group's state does not match."},
    {invalid_voter_key, "INVALID_VOTER_KEY", false, "The voter's key is not that of the replica that was asked."},
    {duplicate_voter, "DUPLICATE_VOTER", false, "The voter is in the set already."},
    {voter_not_found, "VOTER_NOT_FOUND", false, "The voter is not in the set."},
    {invalid_regular_expression, "INVALID_REGULAR_EXPRESSION", false, "The regular expression is not valid."},
    {rebootstrap_required, "REBOOTSTRAP_REQUIRED", false,
     "The client's metadata is too old; start again from the bootstrap servers."},
    {streams_invalid_topology, "STREAMS_INVALID_TOPOLOGY", false, "The topology is not valid."},
    {streams_invalid_topology_epoch, "STREAMS_INVALID_TOPOLOGY_EPOCH", false, "The topology's epoch is not valid."},
    {streams_topology_fenced, "STREAMS_TOPOLOGY_FENCED", false, "The topology's epoch is out of date."},
    {share_session_limit_reached, "SHARE_SESSION_LIMIT_REACHED", true,
     "No more share sessions are possible on this broker."},
};

constexpr bool table_is_dense() {
  for (size_t i = 0; i < std::size(table); ++i) {
    if (static_cast<int>(table[i].code) != static_cast<int>(i) - 1) return false;
  }
  return table[std::size(table) - 1].code == error_code_max;
}
static_assert(table_is_dense());

const Entry& entry_of(ErrorCode code) {
  const int index = static_cast<int>(code) + 1;
  return index >= 0 && index < static_cast<int>(std::size(table)) ? table[index] : table[0];
}

}  // namespace

std::optional<ErrorCode> error_code_of(int16_t number) {
  if (number < code_of(error_code_min) || number > code_of(error_code_max)) return std::nullopt;
  return static_cast<ErrorCode>(number);
}

const char* name_of(ErrorCode code) {
  return entry_of(code).name;
}
const char* message_of(ErrorCode code) {
  return entry_of(code).message;
}
bool is_retriable(ErrorCode code) {
  return entry_of(code).retriable;
}

}  // namespace moldau::wire
