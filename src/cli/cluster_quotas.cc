// cluster quotas: what clients may use of the brokers.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/config_changes.h"
#include "cli/input.h"
#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/quotas.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/topics.h"
#include "cli/verbs.h"
#include "cli/yaml.h"
#include "client/admin_configs.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;
using Match = client::QuotaFilter::Match;

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

Result<QuotaTable> described(Session& session, std::vector<client::QuotaFilter> filters, bool strict) {
  const auto answer = session.wait(client::describe_client_quotas(session.client(), std::move(filters), strict));
  if (!answer.ok()) return session.explain(answer.failure());
  if (answer->outcome.error != wire::ErrorCode::none) {
    return invalid(describe_error(answer->outcome.error, answer->outcome.message));
  }
  return quota_table(answer->entries);
}

Result<std::vector<client::QuotaFilter>> filters_of(const Invocation& invocation) {
  std::map<std::string, client::QuotaFilter> filters;
  const auto add = [&](std::string type, Match match, std::string name) -> Status {
    if (filters.contains(type)) return invalid(fmt::format("{} is named twice: one filter for each type", type));
    filters[type] = {type, match, std::move(name)};
    return {};
  };
  for (const std::string& text : invocation.list("name")) {
    ASSIGN_OR_RETURN(auto pair, parse_quota_name(text));
    RETURN_IF_FAILED(add(std::move(pair.first), Match::exact, std::move(pair.second)));
  }
  for (const auto& [flag, match] : {std::pair("default", Match::fallback), {"any", Match::any}}) {
    for (const std::string& type : invocation.list(flag)) {
      RETURN_IF_FAILED(check_quota_type(type, fmt::format("--{}", flag)));
      RETURN_IF_FAILED(add(type, match, ""));
    }
  }
  std::vector<client::QuotaFilter> list;
  for (auto& [type, filter] : filters) list.push_back(std::move(filter));
  return list;
}

Result<client::QuotaEntity> entity_of(const Invocation& invocation) {
  std::map<std::string, std::optional<std::string>> parts;
  for (const std::string& text : invocation.list("name")) {
    ASSIGN_OR_RETURN(const auto pair, parse_quota_name(text));
    if (!parts.emplace(pair.first, pair.second).second) return invalid(fmt::format("{} is named twice", pair.first));
  }
  for (const std::string& type : invocation.list("default")) {
    RETURN_IF_FAILED(check_quota_type(type, "--default"));
    if (!parts.emplace(type, std::nullopt).second) return invalid(fmt::format("{} is named twice", type));
  }
  if (parts.empty()) return invalid("say whose quotas: --name client-id=NAME, --name user=NAME, or --default TYPE");
  return client::QuotaEntity(parts.begin(), parts.end());
}

Result<std::vector<client::QuotaChange>> changes_of(const Invocation& invocation) {
  std::vector<client::QuotaChange> changes;
  for (const std::string& text : invocation.list("add")) {
    ASSIGN_OR_RETURN(const auto pair, key_and_value(text, "--add"));
    ASSIGN_OR_RETURN(const double value, parse_quota_value(pair.first, pair.second));
    changes.push_back({pair.first, value});
  }
  for (const std::string& key : invocation.list("delete")) changes.push_back({key, std::nullopt});
  if (changes.empty()) return invalid("say what to change: --add KEY=VALUE, --delete KEY");
  return changes;
}

Json entity_json(const client::QuotaEntity& entity) {
  return quotas_json({{entity, {}}})["quotas"][0]["entity"];
}

Json example() {
  return quotas_json({{{{"client-id", "name, or <default>"}}, {{"consumer_byte_rate", 1000}}}});
}

/// --from: a file, standard input, or the quotas themselves.
Result<QuotaTable> wanted_quotas(const std::string& from) {
  const bool text = from.find('{') != std::string::npos || from.find('\n') != std::string::npos;
  const bool file = from == "-" || ::access(from.c_str(), F_OK) == 0 || !text;
  std::string content = from;
  if (file) {
    ASSIGN_OR_RETURN(content, read_input(from));
  }
  const std::string name = file ? from : "--from";
  ASSIGN_OR_RETURN(const Json value, parse_yaml(content, name));
  return quotas_of(value, name);
}

Status apply(Session& session, const std::vector<QuotaDifference>& differences) {
  std::map<client::QuotaEntity, std::vector<client::QuotaChange>> changes;
  for (const QuotaDifference& one : differences) changes[one.entity].push_back({one.key, one.after});
  for (const auto& [entity, list] : changes) {
    const auto outcome = session.wait(client::alter_client_quotas(session.client(), entity, list));
    if (!outcome.ok()) return session.explain(outcome.failure());
    if (outcome->error != wire::ErrorCode::none) {
      return invalid(fmt::format("{}: {}", entity_text(entity), describe_error(outcome->error, outcome->message)));
    }
  }
  return {};
}

}  // namespace

int cluster_quotas_describe(const Invocation& invocation) {
  if (print_format_help(invocation, example())) return 0;
  auto filters = filters_of(invocation);
  if (!filters.ok()) return fail(filters.failure());
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto quotas = described(**session, std::move(filters).value(), invocation.boolean("strict"));
  if (!quotas.ok()) return fail(quotas.failure());
  if (print_formatted(invocation, quotas_json(*quotas))) return 0;
  std::string out;
  for (const auto& [entity, values] : *quotas) {
    out += (out.empty() ? "" : "\n") + entity_text(entity) + "\n";
    for (const auto& [key, value] : values) out += fmt::format("\t{}={}\n", key, quota_text(value));
  }
  print(out.empty() ? "no quotas matched to describe\n" : out);
  return 0;
}

int cluster_quotas_alter(const Invocation& invocation) {
  const Json shape = {{"entity", entity_json({{"client-id", "name"}})}, {"status", "OK, or NAME: what went wrong"}};
  if (print_format_help(invocation, shape)) return 0;
  auto entity = entity_of(invocation);
  if (!entity.ok()) return fail(entity.failure());
  auto changes = changes_of(invocation);
  if (!changes.ok()) return fail(changes.failure());
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto outcome = (*session)->wait(client::alter_client_quotas(
      (*session)->client(), *entity, std::move(changes).value(), invocation.boolean("dry")));
  if (!outcome.ok()) return fail((*session)->explain(outcome.failure()));
  const bool done = outcome->error == wire::ErrorCode::none;
  const std::string status = done ? "OK" : describe_error(outcome->error, outcome->message);
  if (!print_formatted(invocation, {{"entity", entity_json(*entity)}, {"status", status}})) {
    Table table({"entity", "status"});
    table.add({entity_text(*entity), status});
    print(table.to_string());
  }
  return done ? 0 : 1;
}

int cluster_quotas_import(const Invocation& invocation) {
  const Json shape = Json::array({{{"entity", "client-id=name"},
                                   {"quota-type", "consumer_byte_rate"},
                                   {"old-value", "-"},
                                   {"new-value", "1000"}}});
  if (print_format_help(invocation, shape)) return 0;
  if (!invocation.given("from")) return fail("say what to import: --from FILE, or --from '{\"quotas\": ...}'");
  const auto wanted = wanted_quotas(std::string(invocation.text("from")));
  if (!wanted.ok()) return fail(wanted.failure());
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto present = described(**session, {}, false);
  if (!present.ok()) return fail(present.failure());
  const std::vector<QuotaDifference> differences = quota_differences(*present, *wanted);
  if (differences.empty()) {
    print("No changes detected from import\n");
    return 0;
  }
  const auto text_of = [](const std::optional<double>& value) { return value ? quota_text(*value) : std::string("-"); };
  Json list = Json::array();
  Table table({"entity", "quota-type", "old-value", "new-value"});
  for (const QuotaDifference& one : differences) {
    const std::string whose = entity_text(one.entity);
    list.push_back({{"entity", whose},
                    {"quota-type", one.key},
                    {"old-value", text_of(one.before)},
                    {"new-value", text_of(one.after)}});
    table.add({whose, one.key, text_of(one.before), text_of(one.after)});
  }
  const bool formatted = print_formatted(invocation, list);
  if (!formatted) print(table.to_string());
  const auto sure = confirmed(invocation, "change these quotas");
  if (!sure.ok()) return fail(sure.failure());
  if (!*sure) return fail("nothing was changed");
  const Status done = apply(**session, differences);
  if (!done.ok()) return fail(done.failure());
  if (!formatted) print("Successfully imported the client quotas\n");
  return 0;
}

}  // namespace moldau::cli
