// AlterClientQuotas and AlterUserScramCredentials: kept as records, per entity and per user all changes or none.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "metadata/controller.h"
#include "metadata/scram.h"

namespace moldau::metadata {
namespace {

ApiError refused(ErrorCode code, std::string message) {
  return {code, std::move(message)};
}

EncodedRecord quota_record(const QuotaEntity& entity, const std::string& key, const std::optional<double>& value) {
  wire::ClientQuotaRecord record;
  for (const auto& [type, name] : entity) {
    auto& part = record.entity.emplace_back();
    part.entity_type = type;
    part.entity_name.reset();
    if (name.has_value()) part.entity_name = *name;
  }
  record.key = key;
  record.value = value.value_or(0);
  record.remove = !value.has_value();
  return encode_record(record, 0);
}

/// The changes of one entity.
ApiError alter_entity(const AlterQuotas::Entry& entry, const QuotaTable& table, std::vector<EncodedRecord>& records) {
  if (auto fault = quota_entity_fault(entry.entity)) return refused(ErrorCode::invalid_request, std::move(*fault));
  const auto current = table.find(entry.entity);
  std::vector<EncodedRecord> made;
  for (const auto& [key, value] : entry.changes) {
    const double* set = nullptr;
    if (current != table.end()) {
      if (const auto at = current->second.find(key); at != current->second.end()) set = &at->second;
    }
    if (value.has_value()) {
      if (auto fault = quota_value_fault(entry.entity, key, *value)) {
        return refused(ErrorCode::invalid_request, std::move(*fault));
      }
    }
    const bool changes = value.has_value() ? set == nullptr || *set != *value : set != nullptr;
    if (changes) made.push_back(quota_record(entry.entity, key, value));
  }
  std::move(made.begin(), made.end(), std::back_inserter(records));
  return {};
}

std::optional<ApiError> credential_fault(const std::string& user, int8_t mechanism) {
  if (user.empty()) return refused(ErrorCode::unacceptable_credential, "Username must not be empty");
  if (scram_mechanism_of(mechanism) == ScramMechanism::unknown) {
    return refused(ErrorCode::unsupported_sasl_mechanism, "Unknown SCRAM mechanism");
  }
  return std::nullopt;
}

EncodedRecord credential_record(const AlterScram::Credential& credential) {
  const ScramKeys keys = scram_keys(scram_mechanism_of(credential.mechanism), credential.salted_password);
  wire::UserScramCredentialRecord record;
  record.name = credential.user;
  record.mechanism = credential.mechanism;
  record.salt = credential.salt;
  record.stored_key = keys.stored;
  record.server_key = keys.server;
  record.iterations = credential.iterations;
  return encode_record(record, 0);
}

}  // namespace

Decision Controller::on(const AlterQuotas& request, const ControllerContext&) {
  Decision decision{.records = {}, .response = AlterQuotasResult{}};
  auto& result = std::get<AlterQuotasResult>(decision.response);
  const QuotaTable table = client_quotas(image());
  std::map<QuotaEntity, ApiError> answers;
  for (const AlterQuotas::Entry& entry : request.entries) {
    std::set<std::string_view> keys;
    const bool key_twice = std::any_of(entry.changes.begin(), entry.changes.end(),
                                       [&](const auto& change) { return !keys.insert(change.first).second; });
    // What an entity's first entry changed stays, as in Kafka; the answer tells of the second.
    answers[entry.entity] =
        key_twice || answers.contains(entry.entity)
            ? refused(ErrorCode::invalid_request, "Ignoring duplicate entity " + quota_entity_text(entry.entity))
            : alter_entity(entry, table, decision.records);
  }
  for (auto& [entity, error] : answers) result.entries.push_back({entity, std::move(error)});
  if (decision.records.size() > records_per_operation_max) {
    decision.records.clear();
    for (AlterQuotasResult::Entry& entry : result.entries) {
      entry.error = refused(ErrorCode::policy_violation, "Unable to perform excessively large batch operation.");
    }
  }
  if (request.validate_only) decision.records.clear();
  return decision;
}

Decision Controller::on(const AlterScram& request, const ControllerContext&) {
  Decision decision{.records = {}, .response = AlterScramResult{}};
  auto& users = std::get<AlterScramResult>(decision.response).users;
  const bool supported = record_versions(image().metadata_version()).scram;
  const auto stored = scram_users(image());
  std::map<std::string, EncodedRecord> records;
  // A user's second alteration undoes the first and fails both.
  const auto decide = [&](const std::string& user, std::optional<ApiError> fault, auto&& make) {
    if (users.contains(user) && users[user].failed()) return;
    if (records.erase(user) != 0) {
      users[user] =
          refused(ErrorCode::duplicate_resource, "A user credential cannot be altered twice in the same request");
    } else if (!supported) {
      users[user] = refused(ErrorCode::unsupported_version, "The current metadata.version does not support SCRAM");
    } else if (fault) {
      users[user] = std::move(*fault);
    } else {
      users[user] = {};
      records.emplace(user, make());
    }
  };
  for (const AlterScram::Removal& removal : request.removals) {
    std::optional<ApiError> fault = credential_fault(removal.user, removal.mechanism);
    const auto at = stored.find(removal.user);
    if (!fault && (at == stored.end() || !at->second.contains(scram_mechanism_of(removal.mechanism)))) {
      fault = refused(ErrorCode::resource_not_found, "Attempt to delete a user credential that does not exist");
    }
    decide(removal.user, std::move(fault), [&] {
      return encode_record(wire::RemoveUserScramCredentialRecord{.name = removal.user, .mechanism = removal.mechanism},
                           0);
    });
  }
  for (const AlterScram::Credential& credential : request.credentials) {
    std::optional<ApiError> fault = credential_fault(credential.user, credential.mechanism);
    if (!fault && credential.iterations < scram_iterations_min) {
      fault = refused(ErrorCode::unacceptable_credential, "Too few iterations");
    } else if (!fault && credential.iterations > scram_iterations_max) {
      fault = refused(ErrorCode::unacceptable_credential, "Too many iterations");
    }
    decide(credential.user, std::move(fault), [&] { return credential_record(credential); });
  }
  for (auto& [user, record] : records) decision.records.push_back(std::move(record));
  if (decision.records.size() > records_per_operation_max) {
    decision.records.clear();
    for (auto& [user, error] : users) {
      error = refused(ErrorCode::policy_violation, "Unable to perform excessively large batch operation.");
    }
  }
  return decision;
}

}  // namespace moldau::metadata
