#include "cli/consume_group.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/stop_signals.h"
#include "cli/topics.h"
#include "client/group_consumer.h"

namespace moldau::cli {
namespace {

/// How long a signal may wait for its effect.
constexpr Duration look_interval = milliseconds(200);
/// A broker answers the requests of a connection in turn: commits and heartbeats wait behind a fetch that it holds.
constexpr Duration fetch_wait_max = milliseconds(500);

using Plan = std::map<client::GroupPartition, PlannedPartition>;

Result<client::GroupConsumerOptions> member_options(const Session& session, const Invocation& invocation) {
  client::GroupConsumerOptions options;
  options.group = invocation.text("group");
  const bool consumer = invocation.given("group-protocol") ? invocation.text("group-protocol") == "consumer"
                                                           : session.options().consumer_protocol;
  options.protocol = consumer ? client::GroupProtocol::consumer : client::GroupProtocol::classic;
  options.reset = client::OffsetReset::earliest;
  if (!invocation.given("balancer")) return options;
  if (consumer) {
    options.remote_assignor = invocation.text("balancer");
  } else if (invocation.text("balancer") != "range") {
    return Failure{FailureKind::unsupported,
                   fmt::format("--balancer {}: needs --group-protocol consumer; the classic one is served with range",
                               invocation.text("balancer"))};
  }
  return options;
}

/// Reads as a member and prints.
class GroupReader {
 public:
  GroupReader(Session& session, client::GroupConsumer& member, const Plan& plan, bool ends, PrintOptions options)
      : session_(session), member_(member), plan_(plan), ends_(ends), printer_(std::move(options)) {}

  Status run() {
    bool more = true;
    while (more && !stop_asked()) {
      auto fetched = session_.wait(member_.next(look_interval));
      if (!fetched.ok()) {
        printer_.flush();
        return session_.explain(fetched.failure());
      }
      if (*fetched) {
        const Result<bool> taken = take(**fetched);
        if (!taken.ok()) printer_.flush();
        if (!taken.ok()) return taken.failure();
        more = *taken;
      } else {
        printer_.flush();
      }
      if (ends_ && all_reached()) break;
    }
    printer_.flush();
    return {};
  }

 private:
  Result<bool> take(const client::Fetched& fetched) {
    if (fetched.error != wire::ErrorCode::none) return session_.explain(fetched.failure);
    const client::GroupPartition partition{fetched.topic, fetched.partition};
    if (reached_.contains(partition)) return true;
    PlannedPartition part;
    part.from = fetched.fetch_offset;
    const auto planned = plan_.find(partition);
    if (planned != plan_.end())
      part.until = planned->second.until;
    else if (ends_)
      return true;  // nothing of it lies in the range
    const Result<bool> more = printer_.take(fetched, part);
    // Also of a batch that turns out damaged: what was printed before it was printed.
    member_.consumed(fetched.topic, fetched.partition, printer_.done(), printer_.done_epoch());
    if (part.until && fetched.next_offset >= *part.until) reached_.insert(partition);
    return more;
  }

  /// Whether each partition that is ours is read up to its end; one that the plan leaves out has nothing to read.
  bool all_reached() const {
    const auto& ours = member_.assignment();
    return !ours.empty() && std::ranges::all_of(ours, [&](const client::GroupPartition& partition) {
      return reached_.contains(partition) || !plan_.contains(partition);
    });
  }

  Session& session_;
  client::GroupConsumer& member_;
  const Plan& plan_;
  bool ends_;
  RecordPrinter printer_;
  std::set<client::GroupPartition> reached_;
};

}  // namespace

int consume_in_group(Session& session, const Invocation& invocation, const std::vector<std::string>& topics,
                     const OffsetRange& range, const std::vector<PlannedPartition>& planned,
                     const client::FetchOptions& fetch, PrintOptions options) {
  auto member = member_options(session, invocation);
  if (!member.ok()) return fail(member.failure());
  member->fetch = fetch;
  if (!invocation.given("fetch-max-wait")) member->fetch.max_wait = std::min(fetch.max_wait, fetch_wait_max);
  Plan plan;
  for (const PlannedPartition& one : planned) plan.emplace(client::GroupPartition{one.topic, one.partition}, one);
  const bool ends = range.until.kind != OffsetBound::Kind::none;
  member->start = [&plan](const client::GroupPartition& partition) {
    const auto found = plan.find(partition);
    return found != plan.end() ? found->second.fetch_from : no_offset;
  };
  if (invocation.boolean("regex")) {
    const std::vector<std::string>& patterns = invocation.arguments();
    member->pattern = [&patterns](const std::string& topic) {
      const auto matching = matching_names(patterns, {topic});
      return matching.ok() && !matching->empty();
    };
  } else {
    member->topics = topics;
  }
  catch_stop_signals();
  Status done;
  {
    const auto consumer = client::GroupConsumer::make(session.client(), std::move(member).value());
    done = GroupReader(session, *consumer, plan, ends, std::move(options)).run();
    const Status closed = session.wait(consumer->close());
    if (done.ok() && !closed.ok()) done = session.explain(closed.failure());
  }
  return done.ok() ? 0 : fail(done.failure());
}

}  // namespace moldau::cli
