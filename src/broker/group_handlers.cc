// Handlers of the group APIs: what needs no group is decided by api/, the rest goes to the group's coordinator.
// Requests about several groups are answered when the last coordinator has: each part waits for what it saw to be
// committed.
#include <memory>
#include <utility>

#include "api/08_offset_commit.h"
#include "api/09_offset_fetch.h"
#include "api/10_find_coordinator.h"
#include "api/11_join_group.h"
#include "api/12_heartbeat.h"
#include "api/13_leave_group.h"
#include "api/14_sync_group.h"
#include "api/15_describe_groups.h"
#include "api/16_list_groups.h"
#include "api/42_delete_groups.h"
#include "api/47_offset_delete.h"
#include "api/68_consumer_group_heartbeat.h"
#include "api/69_consumer_group_describe.h"
#include "broker/broker.h"
#include "broker/group_loop_ask.h"

namespace moldau::broker {
namespace {

using coordinator::Now;
using wire::ErrorCode;
using Decision = coordinator::Decision;

/// Answers with what `refused` says: for requests that their coordinator refuses. It takes the context, the error, and
/// between them the message if the answer needs it.
template <typename Message, auto refused>
void refuse(Shard& shard, Request& request, ErrorCode error) {
  Message message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  const api::RequestContext context = shard.context(request, arena);
  if constexpr (requires { refused(context, message, error); }) {
    shard.answer(request, refused(context, message, error));
  } else {
    shard.answer(request, refused(context, error));
  }
}

/// A request of a member that is refused with an error alone, or decided by `decide` of its group's coordinator.
template <typename Message, auto check, auto refused, auto decide>
void handle_member(Shard& shard, Request request) {
  Message message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  const api::RequestContext context = shard.context(request, arena);
  if (const ErrorCode error = check(context, message); error != ErrorCode::none) {
    shard.answer(request, refused(context, error));
    return;
  }
  shard.group_loop().ask(std::move(request), message.group_id, refuse<Message, refused>,
                         [&](group::GroupMachine& machine, const group::Caller& caller, const Now& now,
                             Decision& decision) { (machine.*decide)(caller, message, now, decision); });
}

// Requests of one group
// ----------------------------------------------------------------------------------------------------------

void handle_join_group(Shard& shard, Request request) {
  wire::JoinGroupRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  if (const auto refused = api::check_join_group(shard.context(request, arena), shard.facts(), message)) {
    shard.answer(request, *refused);
    return;
  }
  shard.group_loop().ask(std::move(request), message.group_id, refuse<wire::JoinGroupRequest, api::join_group_error>,
                         [&](group::GroupMachine& machine, const group::Caller& caller, const Now& now,
                             Decision& decision) { machine.join(caller, message, now, decision); });
}

// What api/ has decided about some topics already holds whatever the coordinator says.
void refuse_commit(Shard& shard, Request& request, ErrorCode error) {
  wire::OffsetCommitRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  const api::RequestContext context = shard.context(request, arena);
  api::OffsetCommitPlan plan = api::plan_offset_commit(context, shard.facts(), message);
  wire::OffsetCommitResponse refused = api::offset_commit_error(context, plan.request, error);
  for (auto& topic : refused.topics) plan.response.topics.push_back(std::move(topic));
  shard.answer(request, plan.response);
}

void handle_offset_commit(Shard& shard, Request request) {
  wire::OffsetCommitRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  api::OffsetCommitPlan plan = api::plan_offset_commit(shard.context(request, arena), shard.facts(), message);
  if (!plan.undecided()) {
    shard.answer(request, plan.response);
    return;
  }
  shard.group_loop().ask(
      std::move(request), message.group_id, refuse_commit,
      [&](group::GroupMachine& machine, const group::Caller& caller, const Now& now, Decision& decision) {
        machine.commit_offsets(caller, plan.request, std::move(plan.response), now, decision);
      });
}

void handle_offset_delete(Shard& shard, Request request) {
  wire::OffsetDeleteRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  api::OffsetDeletePlan plan = api::plan_offset_delete(shard.context(request, arena), shard.facts(), message);
  if (plan.decided()) {
    shard.answer(request, plan.response);
    return;
  }
  shard.group_loop().ask(
      std::move(request), message.group_id, refuse<wire::OffsetDeleteRequest, api::offset_delete_error>,
      [&](group::GroupMachine& machine, const group::Caller& caller, const Now& now, Decision& decision) {
        machine.delete_offsets(caller, plan.request, std::move(plan.response), now, decision);
      });
}

void handle_consumer_heartbeat(Shard& shard, Request request) {
  wire::ConsumerGroupHeartbeatRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  const group::GroupSettings& settings = shard.group_loop().group_settings();
  if (const auto refused = api::check_consumer_group_heartbeat(shard.context(request, arena), settings, message)) {
    shard.answer(request, *refused);
    return;
  }
  shard.group_loop().ask(std::move(request), message.group_id,
                         refuse<wire::ConsumerGroupHeartbeatRequest, api::consumer_group_heartbeat_error>,
                         [&](group::GroupMachine& machine, const group::Caller& caller, const Now& now,
                             Decision& decision) { machine.consumer_heartbeat(caller, message, now, decision); });
}

// Requests of several groups
// -----------------------------------------------------------------------------------------------------

/// A request that is answered when all its parts are.
template <typename State>
struct Gathered {
  Gathered(Shard& of, Request&& whole) : shard(of), request(std::move(whole)) {}
  Shard& shard;
  Request request;
  Arena arena;
  State state;
  size_t parts = 1;  ///< undecided; one for the handler itself
  void (*finish)(Gathered&) = nullptr;

  void done() {
    if (--parts == 0) finish(*this);
  }
};

/// Runs `decide(machine, decision)` in the coordinator of `group`; `failed(error)` if it does not serve, or if what it
/// saw or wrote is not committed in time. Either way the part is done.
template <typename State, typename Decide, typename Failed>
void gather(const std::shared_ptr<Gathered<State>>& whole, std::string_view group, Decide&& decide, Failed failed) {
  ++whole->parts;
  const ErrorCode error =
      whole->shard.group_loop().ask_part(group, [&](group::GroupMachine& machine, const Now&, Decision& decision) {
        decide(machine, decision);
        decision.then([whole, failed](ErrorCode outcome, const Now&, Decision&) {
          if (outcome != ErrorCode::none) failed(coordinator::error_for_clients(outcome));
          whole->done();
        });
      });
  if (error == ErrorCode::none) return;
  failed(error);
  whole->done();
}

struct DescribedGroups {
  wire::DescribeGroupsRequest message;
  wire::DescribeGroupsResponse response;
};

void handle_describe_groups(Shard& shard, Request request) {
  auto whole = std::make_shared<Gathered<DescribedGroups>>(shard, std::move(request));
  wire::DescribeGroupsRequest& message = whole->state.message;
  if (!shard.decode_body(whole->request, message)) return;
  api::DescribeGroupsPlan plan = api::plan_describe_groups(shard.context(whole->request, whole->arena), message);
  whole->state.response = std::move(plan.response);
  whole->finish = [](Gathered<DescribedGroups>& all) {
    const api::RequestContext context = all.shard.context(all.request, all.arena);
    api::add_group_operations(context, all.state.message, all.state.response);
    all.shard.answer(all.request, all.state.response);
  };
  const size_t first = whole->state.response.groups.size();
  whole->state.response.groups.resize(first + plan.groups.size());
  for (size_t i = 0; i < plan.groups.size(); ++i) {
    const std::string_view group = plan.groups[i];
    const size_t at = first + i;
    gather(
        whole, group,
        [&](group::GroupMachine& machine, Decision&) {
          whole->state.response.groups[at] = machine.describe(group, whole->request.version, whole->arena);
        },
        [all = whole.get(), at, group](ErrorCode error) {
          all->state.response.groups[at] = api::described_group_error(group, error);
        });
  }
  whole->done();
}

struct DescribedConsumers {
  wire::ConsumerGroupDescribeRequest message;
  wire::ConsumerGroupDescribeResponse response;
};

void handle_consumer_describe(Shard& shard, Request request) {
  auto whole = std::make_shared<Gathered<DescribedConsumers>>(shard, std::move(request));
  wire::ConsumerGroupDescribeRequest& message = whole->state.message;
  if (!shard.decode_body(whole->request, message)) return;
  api::ConsumerGroupDescribePlan plan = api::plan_consumer_group_describe(shard.context(whole->request, whole->arena),
                                                                          shard.group_loop().group_settings(), message);
  whole->state.response = std::move(plan.response);
  whole->finish = [](Gathered<DescribedConsumers>& all) {
    const api::RequestContext context = all.shard.context(all.request, all.arena);
    api::finish_consumer_group_describe(context, all.state.message, all.state.response);
    all.shard.answer(all.request, all.state.response);
  };
  const size_t first = whole->state.response.groups.size();
  whole->state.response.groups.resize(first + plan.groups.size());
  for (size_t i = 0; i < plan.groups.size(); ++i) {
    const std::string_view group = plan.groups[i];
    const size_t at = first + i;
    gather(
        whole, group,
        [&](group::GroupMachine& machine, Decision&) {
          whole->state.response.groups[at] = machine.describe_consumer(group, whole->arena);
        },
        [all = whole.get(), at, group](ErrorCode error) {
          all->state.response.groups[at] = api::consumer_group_describe_error(group, error);
        });
  }
  whole->done();
}

struct FetchedOffsets {
  wire::OffsetFetchRequest message;
  std::vector<api::OffsetFetchPart> parts;
};

// Clients before 3.9 know these errors of OffsetFetch only, and NOT_COORDINATOR sends them to look anew.
ErrorCode offset_fetch_error(ErrorCode error) {
  return error == ErrorCode::coordinator_not_available ? ErrorCode::not_coordinator : error;
}

void handle_offset_fetch(Shard& shard, Request request) {
  auto whole = std::make_shared<Gathered<FetchedOffsets>>(shard, std::move(request));
  wire::OffsetFetchRequest& message = whole->state.message;
  if (!shard.decode_body(whole->request, message)) return;
  whole->state.parts = api::plan_offset_fetch(shard.context(whole->request, whole->arena), shard.facts(), message);
  whole->finish = [](Gathered<FetchedOffsets>& all) {
    const api::RequestContext context = all.shard.context(all.request, all.arena);
    all.shard.answer(all.request, api::offset_fetch(context, all.state.parts, all.state.message));
  };
  for (api::OffsetFetchPart& part : whole->state.parts) {
    if (part.decided) continue;
    gather(
        whole, part.group.group_id,
        [&](group::GroupMachine& machine, Decision&) {
          const api::RequestContext context = shard.context(whole->request, whole->arena);
          api::add_offsets(context, shard.facts(), part,
                           machine.fetch_offsets(part.group, whole->state.message.require_stable, whole->arena));
        },
        [&part](ErrorCode error) {
          part.answer.topics.clear();
          part.answer.error_code = code_of(offset_fetch_error(error));
          part.decided = true;
        });
  }
  whole->done();
}

void handle_delete_groups(Shard& shard, Request request) {
  auto whole = std::make_shared<Gathered<wire::DeleteGroupsResponse>>(shard, std::move(request));
  wire::DeleteGroupsRequest message;
  if (!shard.decode_body(whole->request, message)) return;
  const api::RequestContext context = shard.context(whole->request, whole->arena);
  const api::DeleteGroupsPlan plan = api::plan_delete_groups(context, message);
  wire::DeleteGroupsResponse& response = whole->state;
  response.throttle_time_ms = context.request_throttle_ms();
  for (const std::string_view group : plan.groups) response.results.push_back({.group_id = group});
  for (const std::string_view group : plan.refused) {
    response.results.push_back({group, code_of(ErrorCode::group_authorization_failed)});
  }
  whole->finish = [](Gathered<wire::DeleteGroupsResponse>& all) { all.shard.answer(all.request, all.state); };
  for (size_t at = 0; at < plan.groups.size(); ++at) {
    gather(
        whole, plan.groups[at],
        [&](group::GroupMachine& machine, Decision& decision) {
          whole->state.results[at].error_code = code_of(machine.delete_group(plan.groups[at], decision));
        },
        [all = whole.get(), at](ErrorCode error) { all->state.results[at].error_code = code_of(error); });
  }
  whole->done();
}

void handle_list_groups(Shard& shard, Request request) {
  auto whole = std::make_shared<Gathered<wire::ListGroupsResponse>>(shard, std::move(request));
  wire::ListGroupsRequest message;
  if (!shard.decode_body(whole->request, message)) return;
  whole->state.throttle_time_ms = shard.context(whole->request, whole->arena).request_throttle_ms();
  whole->finish = [](Gathered<wire::ListGroupsResponse>& all) {
    if (all.state.error_code != code_of(ErrorCode::none)) all.state.groups.clear();
    api::keep_visible_groups(all.shard.context(all.request, all.arena), all.state);
    all.shard.answer(all.request, all.state);
  };
  const api::GroupFilters filters = api::group_filters(message);
  const ErrorCode error =
      shard.group_loop().ask_all([&](group::GroupMachine& machine, const Now&, Decision& decision) {
        ++whole->parts;
        machine.list(filters.states, filters.types, whole->arena, whole->state.groups);
        decision.then([whole](ErrorCode outcome, const Now&, Decision&) {
          // One that is no coordinator any more has no groups.
          if (outcome != ErrorCode::none && outcome != ErrorCode::not_coordinator) {
            whole->state.error_code = code_of(coordinator::error_for_clients(outcome));
          }
          whole->done();
        });
      });
  if (error != ErrorCode::none) whole->state.error_code = code_of(error);
  whole->done();
}

void handle_find_coordinator(Shard& shard, Request request) {
  wire::FindCoordinatorRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  const api::RequestContext context = shard.context(request, arena);
  if (!api::needs_offsets_topic(context, shard.facts(), message)) {
    shard.answer(request, api::find_coordinator(context, shard.facts(), message));
    return;
  }
  auto kept =
      std::make_shared<std::pair<Request, wire::FindCoordinatorRequest>>(std::move(request), std::move(message));
  shard.group_loop().make_offsets_topic([&shard, kept] {
    Arena later;
    const api::RequestContext again = shard.context(kept->first, later);
    shard.answer(kept->first, api::find_coordinator(again, shard.facts(), kept->second));
  });
}

constexpr Route table[] = {
    {wire::ApiKey::offset_commit, handle_offset_commit},
    {wire::ApiKey::offset_fetch, handle_offset_fetch},
    {wire::ApiKey::find_coordinator, handle_find_coordinator},
    {wire::ApiKey::join_group, handle_join_group},
    {wire::ApiKey::heartbeat, handle_member<wire::HeartbeatRequest, api::check_heartbeat, api::heartbeat_error,
                                            &group::GroupMachine::heartbeat>},
    {wire::ApiKey::leave_group, handle_member<wire::LeaveGroupRequest, api::check_leave_group, api::leave_group_error,
                                              &group::GroupMachine::leave>},
    {wire::ApiKey::sync_group, handle_member<wire::SyncGroupRequest, api::check_sync_group, api::sync_group_error,
                                             &group::GroupMachine::sync>},
    {wire::ApiKey::describe_groups, handle_describe_groups},
    {wire::ApiKey::list_groups, handle_list_groups},
    {wire::ApiKey::delete_groups, handle_delete_groups},
    {wire::ApiKey::offset_delete, handle_offset_delete},
    {wire::ApiKey::consumer_group_heartbeat, handle_consumer_heartbeat},
    {wire::ApiKey::consumer_group_describe, handle_consumer_describe},
};

}  // namespace

std::span<const Route> group_routes() {
  return table;
}

}  // namespace moldau::broker
