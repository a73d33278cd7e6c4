// security user: the users that SCRAM knows. The password is salted here; brokers get only what they store.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/scram.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/topics.h"
#include "cli/verbs.h"
#include "client/admin_configs.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;
using Mechanism = client::ScramMechanism;

constexpr size_t password_length = 30;

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

struct Credential {
  Mechanism mechanism = Mechanism::unknown;
  int32_t iterations = 0;
};

/// What a user has; nothing for one that does not exist.
Result<std::vector<Credential>> credentials_of(Session& session, const std::string& user) {
  const auto described = session.wait(client::describe_scram(session.client(), {user}));
  if (!described.ok()) return session.explain(described.failure());
  if (described->outcome.error != wire::ErrorCode::none) {
    return invalid(describe_error(described->outcome.error, described->outcome.message));
  }
  std::vector<Credential> credentials;
  for (const client::ScramUser& one : described->users) {
    if (one.outcome.error == wire::ErrorCode::resource_not_found) continue;
    if (one.outcome.error != wire::ErrorCode::none) {
      return invalid(fmt::format("user {}: {}", one.name, describe_error(one.outcome.error, one.outcome.message)));
    }
    for (const auto& [mechanism, iterations] : one.credentials) credentials.push_back({mechanism, iterations});
  }
  return credentials;
}

Result<Mechanism> mechanism_flag(const Invocation& invocation) {
  const Mechanism mechanism = scram_mechanism_of(invocation.text("mechanism"));
  if (mechanism != Mechanism::unknown) return mechanism;
  return invalid(
      fmt::format("--mechanism {}: SCRAM-SHA-256 and SCRAM-SHA-512 are served", invocation.text("mechanism")));
}

Status alter(Session& session, const std::string& user, std::vector<client::ScramCredential> set,
             std::vector<Mechanism> removed) {
  const auto outcome = session.wait(client::alter_scram(session.client(), user, std::move(set), std::move(removed)));
  if (!outcome.ok()) return session.explain(outcome.failure());
  if (outcome->error == wire::ErrorCode::none) return {};
  return invalid(fmt::format("user {}: {}", user, describe_error(outcome->error, outcome->message)));
}

Status set_password(Session& session, const Invocation& invocation, Mechanism mechanism, std::string_view password) {
  const auto iterations = static_cast<int32_t>(invocation.integer("iterations"));
  ASSIGN_OR_RETURN(client::ScramCredential credential, salted_credential(mechanism, iterations, password));
  std::vector<client::ScramCredential> set;
  set.push_back(std::move(credential));
  return alter(session, invocation.arguments().front(), std::move(set), {});
}

}  // namespace

int security_user_create(const Invocation& invocation) {
  const Json shape = {{"user", "name"}, {"password", "only if it was generated"}, {"mechanism", "SCRAM-SHA-256"}};
  if (print_format_help(invocation, shape)) return 0;
  const auto mechanism = mechanism_flag(invocation);
  if (!mechanism.ok()) return fail(mechanism.failure());
  const bool generated = !invocation.given("password");
  std::string password(invocation.text("password"));
  if (generated) {
    auto random = random_password(password_length);
    if (!random.ok()) return fail(random.failure());
    password = std::move(random).value();
  }
  if (password.empty()) return fail("--password: an empty password lets nobody in");
  const std::string& user = invocation.arguments().front();
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto present = credentials_of(**session, user);
  if (!present.ok()) return fail(present.failure());
  if (std::ranges::find(*present, *mechanism, &Credential::mechanism) != present->end()) {
    return fail(fmt::format("user {} has a password for {} already; change it with: moldau security user update", user,
                            scram_name(*mechanism)));
  }
  const Status done = set_password(**session, invocation, *mechanism, password);
  if (!done.ok()) return fail(done.failure());
  Json value = {{"user", user}};
  if (generated) value["password"] = password;
  value["mechanism"] = scram_name(*mechanism);
  if (print_formatted(invocation, value)) return 0;
  print(fmt::format("Created user \"{}\".\n", user));
  // On a line of its own, for tail -1.
  if (generated) print(fmt::format("Automatically generated password:\n{}\n", password));
  return 0;
}

int security_user_update(const Invocation& invocation) {
  const Json shape = {{"user", "name"}, {"mechanism", "SCRAM-SHA-256"}};
  if (print_format_help(invocation, shape)) return 0;
  if (invocation.text("new-password").empty()) return fail("say which password: --new-password TEXT");
  const std::string& user = invocation.arguments().front();
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto present = credentials_of(**session, user);
  if (!present.ok()) return fail(present.failure());
  if (present->empty()) {
    return fail(fmt::format("there is no user {}; create it with: moldau security user create {}", user, user));
  }
  Mechanism mechanism = present->front().mechanism;
  if (invocation.given("mechanism")) {
    const auto asked = mechanism_flag(invocation);
    if (!asked.ok()) return fail(asked.failure());
    mechanism = *asked;
  } else if (present->size() > 1) {
    return fail(fmt::format("user {} has several mechanisms: say which with --mechanism", user));
  }
  const Status done = set_password(**session, invocation, mechanism, invocation.text("new-password"));
  if (!done.ok()) return fail(done.failure());
  if (print_formatted(invocation, {{"user", user}, {"mechanism", scram_name(mechanism)}})) return 0;
  print(fmt::format("Updated user \"{}\" successfully.\n", user));
  return 0;
}

int security_user_delete(const Invocation& invocation) {
  if (print_format_help(invocation, {{"user", "name"}})) return 0;
  const std::string& user = invocation.arguments().front();
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto present = credentials_of(**session, user);
  if (!present.ok()) return fail(present.failure());
  if (present->empty()) return fail(fmt::format("there is no user {}; see: moldau security user list", user));
  // Brokers take one change of a user in a request.
  for (const Credential& one : *present) {
    const Status done = alter(**session, user, {}, {one.mechanism});
    if (!done.ok()) return fail(done.failure());
  }
  if (print_formatted(invocation, {{"user", user}})) return 0;
  print(fmt::format("Deleted user \"{}\".\n", user));
  return 0;
}

int security_user_list(const Invocation& invocation) {
  if (print_format_help(invocation, Json::array({"name"}))) return 0;
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  auto described = (*session)->wait(client::describe_scram((*session)->client(), {}));
  if (!described.ok()) return fail((*session)->explain(described.failure()));
  if (described->outcome.error != wire::ErrorCode::none) {
    return fail(describe_error(described->outcome.error, described->outcome.message));
  }
  std::ranges::sort(described->users, {}, &client::ScramUser::name);
  const bool wide = invocation.text("format") == "wide";
  Json names = Json::array();
  Table table(wide ? std::vector<std::string>{"username", "mechanisms", "iterations"}
                   : std::vector<std::string>{"username"});
  for (const client::ScramUser& user : described->users) {
    names.push_back(user.name);
    std::vector<std::string_view> mechanisms;
    std::vector<int32_t> iterations;
    for (const auto& [mechanism, count] : user.credentials) {
      mechanisms.push_back(scram_name(mechanism));
      iterations.push_back(count);
    }
    std::vector<std::string> cells{user.name};
    if (wide) cells.push_back(fmt::format("{}", fmt::join(mechanisms, ",")));
    if (wide) cells.push_back(fmt::format("{}", fmt::join(iterations, ",")));
    table.add(std::move(cells));
  }
  if (!print_formatted(invocation, names)) print(table.to_string());
  return 0;
}

}  // namespace moldau::cli
