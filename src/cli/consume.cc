// topic consume: plans which offsets of which partitions to read, fetches them from all leaders at once and prints the
// records.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <time.h>

#include <fmt/core.h>

#include "cli/consume_group.h"
#include "cli/consume_plan.h"
#include "cli/invocation.h"
#include "cli/offsets.h"
#include "cli/output.h"
#include "cli/record_printer.h"
#include "cli/session.h"
#include "cli/topics.h"
#include "cli/verbs.h"
#include "client/fetcher.h"

namespace moldau::cli {
namespace {

WallMillis wall_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<WallMillis>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

/// What is asked for and not there, or not together.
Status check_flags(const Invocation& invocation) {
  const auto refused = [](FailureKind kind, const char* why) { return Failure{kind, why}; };
  if (invocation.given("use-schema-registry")) {
    return refused(FailureKind::unsupported, "--use-schema-registry: there is no schema registry yet");
  }
  if (invocation.text("group").empty()) {
    if (invocation.given("group")) return refused(FailureKind::invalid_argument, "-g: the group's name is empty");
    for (const char* flag : {"balancer", "group-protocol"}) {
      if (!invocation.given(flag)) continue;
      return Failure{FailureKind::invalid_argument,
                     fmt::format("--{} says how to be a member of a group: add -g", flag)};
    }
    return {};
  }
  if (invocation.given("partitions")) {
    return refused(FailureKind::invalid_argument, "-g and -p exclude each other: a group shares its partitions out");
  }
  return {};
}

/// The log lost records that were to be read: goes on with the first that is left.
Status skip_to_start(Session& session, client::Fetcher& fetcher, const client::Fetched& fetched) {
  std::vector<client::OffsetQuery> queries{{fetched.topic, fetched.partition, client::earliest_offset}};
  const auto answers =
      session.wait(client::list_offsets(session.client(), std::move(queries), client::Isolation::read_uncommitted));
  if (!answers.ok()) return answers.failure();
  const client::OffsetAnswer& start = answers->front();
  const std::string what = fmt::format("topic {} partition {}", fetched.topic, fetched.partition);
  if (start.error != wire::ErrorCode::none) return client::failure_of(start.error, what);
  if (start.offset <= fetched.fetch_offset) return client::failure_of(fetched.error, what);
  fail(
      fmt::format("{}: offsets {} to {} are gone; going on behind them", what, fetched.fetch_offset, start.offset - 1));
  fetcher.seek(fetched.topic, fetched.partition, start.offset);
  return {};
}

int consume(Session& session, const std::vector<PlannedPartition>& plan, const client::FetchOptions& options,
            PrintOptions print_options) {
  client::Fetcher fetcher(session.client(), options);
  for (const PlannedPartition& planned : plan) fetcher.assign(planned.topic, planned.partition, planned.fetch_from);
  RecordPrinter printer(std::move(print_options));
  while (fetcher.assigned() > 0) {
    const client::Fetched fetched = session.wait(fetcher.next());
    const auto planned = std::ranges::find_if(plan, [&](const PlannedPartition& one) {
      return one.topic == fetched.topic && one.partition == fetched.partition;
    });
    if (planned == plan.end()) continue;
    if (fetched.error == wire::ErrorCode::offset_out_of_range) {
      const Status skipped = skip_to_start(session, fetcher, fetched);
      if (!skipped.ok()) {
        printer.flush();
        return fail(session.explain(skipped.failure()));
      }
      continue;
    }
    if (fetched.error != wire::ErrorCode::none) {
      printer.flush();
      return fail(session.explain(fetched.failure));
    }
    const Result<bool> more = printer.take(fetched, *planned);
    if (!more.ok() || !*more) {
      printer.flush();
      return more.ok() ? 0 : fail(more.failure());
    }
    if (planned->until && fetched.next_offset >= *planned->until) fetcher.remove(fetched.topic, fetched.partition);
    if (!fetcher.ready()) printer.flush();
  }
  printer.flush();
  return 0;
}

}  // namespace

int topic_consume(const Invocation& invocation) {
  const Status sound = check_flags(invocation);
  if (!sound.ok()) return fail(sound.failure());
  Result<PrintOptions> options = print_options(invocation);
  if (!options.ok()) return fail(options.failure());
  const Result<OffsetRange> range = parse_offset_range(invocation.text("offset"), wall_now());
  if (!range.ok()) return fail(range.failure());
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());

  Result<std::vector<std::string>> topics = chosen_topics(**session, invocation);
  if (!topics.ok()) return fail(topics.failure());
  if (topics->empty()) return fail("no topic matches");
  client::FetchOptions fetch;
  fetch.isolation =
      invocation.boolean("read-committed") ? client::Isolation::read_committed : client::Isolation::read_uncommitted;
  fetch.max_bytes = static_cast<int32_t>(invocation.integer("fetch-max-bytes"));
  fetch.partition_max_bytes = static_cast<int32_t>(invocation.integer("fetch-max-partition-bytes"));
  fetch.max_wait =
      invocation.given("fetch-max-wait") ? invocation.duration("fetch-max-wait") : (*session)->options().fetch_wait_max;
  fetch.rack = invocation.text("rack");
  const auto plan = plan_partitions(**session, *topics, invocation.integers("partitions"), *range, fetch.isolation);
  if (!plan.ok()) return fail((*session)->explain(plan.failure()));
  if (invocation.given("group")) {
    return consume_in_group(**session, invocation, *topics, *range, *plan, fetch, std::move(options).value());
  }
  return consume(**session, *plan, fetch, std::move(options).value());
}

}  // namespace moldau::cli
