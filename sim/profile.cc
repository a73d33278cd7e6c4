#include "sim/profile.h"

#include <fmt/core.h>

#include "base/prng.h"

namespace moldau::sim {
namespace {

/// A rate in parts per million for a fault class that is on: 1/20 to 1 of `most`.
uint32_t rate(Prng& prng, uint32_t most) {
  return static_cast<uint32_t>(prng.between(most / 20 + 1, most));
}

void draw_faults(Profile& p, Prng& prng) {
  const auto on = [&prng] { return prng.chance(1, 2); };
  p.lying_disk = prng.chance(1, 12);
  p.write_caching = !p.lying_disk && prng.chance(1, 4);
  p.full_disk = on();
  p.failing_sync = prng.chance(1, 4);
  p.failing_write = prng.chance(1, 5);
  p.partitions_of_network = on();
  p.stalls = on();
  p.damaged_indexes = on();
  p.torn_tail = prng.chance(1, 3);
  p.clean_stops = prng.chance(1, 3);
  p.crashes = static_cast<uint32_t>(prng.between(1, 3));
  p.crash_in_operation = on();
  p.crash_in_recovery = prng.chance(1, 4);
  if (p.lying_disk) p.disk.lying_sync_ppm = rate(prng, 500'000);
  if (on()) p.disk.slow_sync_ppm = rate(prng, 20'000);
  p.disk.slow_sync_max = milliseconds(prng.between(5, 500));
  if (on()) p.disk.uncached_ppm = rate(prng, 300'000);
  p.disk.crash_style = io::sim::CrashStyle::by_seed;
  if (on()) p.network.cut_ppm = rate(prng, 3'000);
  if (on()) p.network.refuse_ppm = rate(prng, 200'000);
  if (on()) p.network.hold_ppm = rate(prng, 2'000);
  p.network.hold_max = milliseconds(prng.between(5, 2'000));
  if (on()) p.network.delay_max = microseconds(prng.between(100, 20'000));
  p.network.split_ppm = on() ? rate(prng, 500'000) : 0;
}

std::vector<std::string> some_topics(const Profile& p, Prng& prng) {
  std::vector<std::string> topics;
  const uint64_t first = prng.below(p.topics);
  for (uint32_t t = 0; t < p.topics; ++t) {
    if (t == first || prng.chance(1, 3)) topics.push_back(fmt::format("topic-{}", t));
  }
  return topics;
}

void draw_groups(Profile& p, Prng& prng) {
  p.pause_max = milliseconds(prng.between(100, 400));
  p.lying_disk = false;  // it promises nothing
  p.disk.lying_sync_ppm = 0;
  p.crashes = static_cast<uint32_t>(prng.between(2, 5));
  p.rebalances = 25;
  p.commits = 220;
  p.offsets_partitions = static_cast<uint32_t>(prng.between(1, 3));
  const bool compacted = prng.chance(3, 4);
  p.offsets_segment_bytes = compacted ? static_cast<int32_t>(prng.between(1'500, 12'000)) : 0;
  p.offsets_cleanable_ratio = prng.chance(1, 2) ? 0.05 : 0.5;
  p.offsets_delete_retention_ms = prng.chance(1, 2) ? 0 : prng.between(100, 20'000);
  const Duration consumer_session = milliseconds(prng.between(700, 4'000));
  const int64_t consumer_beat = consumer_session.milliseconds() / prng.between(4, 8);
  const auto groups = static_cast<uint32_t>(prng.between(3, 4));
  for (uint32_t number = 0; number < groups; ++number) {
    GroupPlan plan;
    plan.kind = number < 3 ? static_cast<GroupKind>((number + prng.below(2) * 2) % 4) : GroupKind::mixed;
    plan.name = fmt::format("{}-{}", name_of(plan.kind), number);
    plan.members = static_cast<uint32_t>(prng.between(2, 5));
    if (prng.chance(1, 2)) plan.static_members = static_cast<uint32_t>(prng.below(plan.members + 1));
    if (plan.kind == GroupKind::mixed) {
      plan.classic_members = static_cast<uint32_t>(prng.between(1, plan.members - 1));
      plan.cooperative = prng.chance(2, 3);
    }
    plan.topics = some_topics(p, prng);
    if (plan.kind == GroupKind::consumer && prng.chance(1, 3)) {
      plan.regex = true;
      for (const std::string& topic : plan.topics) {
        plan.regex_text += (plan.regex_text.empty() ? "" : "|") + topic;
      }
    }
    if (prng.chance(1, 2)) plan.assignor = prng.chance(1, 2) ? "uniform" : "range";
    const bool classic = plan.kind == GroupKind::eager || plan.kind == GroupKind::cooperative;
    plan.session = classic ? milliseconds(prng.between(600, 5'000)) : consumer_session;
    plan.heartbeat = classic ? plan.session / prng.between(4, 8) : milliseconds(consumer_beat);
    plan.rebalance = plan.session * 5 / 2 + milliseconds(prng.between(0, 2'000));
    p.groups.push_back(std::move(plan));
  }
  for (std::string setting : {
           fmt::format("offsets.topic.num.partitions={}", p.offsets_partitions),
           fmt::format("group.initial.rebalance.delay.ms={}", prng.chance(1, 2) ? 0 : prng.between(1, 1'000)),
           std::string("group.min.session.timeout.ms=100"),
           std::string("group.consumer.min.session.timeout.ms=100"),
           std::string("group.consumer.min.heartbeat.interval.ms=10"),
           fmt::format("group.consumer.session.timeout.ms={}", consumer_session.milliseconds()),
           fmt::format("group.consumer.heartbeat.interval.ms={}", consumer_beat),
           fmt::format("group.consumer.assignment.interval.ms={}", prng.chance(1, 2) ? 0 : prng.between(1, 1'000)),
           fmt::format("offsets.retention.check.interval.ms={}", prng.between(200, 3'000)),
           fmt::format("offsets.load.buffer.size={}", prng.chance(1, 2) ? 5'242'880 : prng.between(100, 4'000)),
           fmt::format("offsets.commit.timeout.ms={}", prng.chance(1, 2) ? 5'000 : prng.between(100, 2'000)),
           fmt::format("log.cleaner.backoff.ms={}", prng.between(50, 2'000)),
           std::string("log.cleaner.dedupe.buffer.size=2097152"),
       }) {
    p.settings.push_back(std::move(setting));
  }
}

}  // namespace

const char* name_of(GroupKind kind) {
  switch (kind) {
    case GroupKind::eager:
      return "eager";
    case GroupKind::cooperative:
      return "cooperative";
    case GroupKind::consumer:
      return "consumer";
    case GroupKind::mixed:
      return "mixed";
  }
  return "?";
}

std::string describe(const Profile& p) {
  std::string text = fmt::format("acks {}", p.acks);
  const auto add = [&text](bool on, const char* name) {
    if (on) text += std::string(", ") + name;
  };
  add(p.write_caching, "write caching");
  add(p.lying_disk, "lying disk");
  add(p.full_disk, "full disk");
  add(p.failing_sync, "failing sync");
  add(p.failing_write, "failing write");
  add(p.partitions_of_network, "partitions");
  add(p.stalls, "stalls");
  add(p.damaged_indexes, "damaged indexes");
  add(p.torn_tail, "torn tail");
  add(p.clean_stops, "clean stops");
  add(p.crash_in_operation, "crash in operation");
  add(p.crash_in_recovery, "crash in recovery");
  for (const GroupPlan& plan : p.groups) {
    text += fmt::format(", {} of {} ({} static)", plan.name, plan.members, plan.static_members);
  }
  return text;
}

Profile draw_profile(uint64_t seed, Scenario scenario) {
  Prng prng(seed ^ 0x6D6F6C646175ULL);
  Profile p;
  p.seed = seed;
  p.producers = static_cast<uint32_t>(prng.between(4, 7));
  p.readers = static_cast<uint32_t>(prng.between(2, 4));
  p.topics = static_cast<uint32_t>(prng.between(1, 4));
  p.partitions_per_topic = (16 + p.topics - 1) / p.topics + static_cast<uint32_t>(prng.below(4));
  p.operations = static_cast<uint32_t>(prng.between(2'100, 2'600));
  p.records_per_batch_max = static_cast<uint32_t>(prng.between(1, 12));
  p.acks = prng.chance(1, 6) ? 1 : -1;
  draw_faults(p, prng);
  // A disk that lies about the clean-shutdown marker makes an unclean folder pass for a clean one, which is not
  // scanned.
  if (p.lying_disk) p.clean_stops = false;
  // A failed sync takes what only the page cache had, which acks=1 and page-cache mode do not promise.
  if (p.acks == 1 || p.write_caching) p.failing_sync = false;
  p.segment_bytes = static_cast<int32_t>(prng.chance(2, 3) ? prng.between(4'096, 65'536) : 1 << 20);
  p.settings = {
      fmt::format("log.index.interval.bytes={}", prng.chance(1, 2) ? prng.between(64, 1'024) : 4'096),
      fmt::format("log.flush.offset.checkpoint.interval.ms={}", prng.between(200, 60'000)),
      fmt::format("write.caching.default={}", p.write_caching),
      "auto.create.topics.enable=false",
      "log.retention.ms=-1",
      fmt::format("log.journal.enable={}", prng.chance(7, 8)),
      fmt::format("log.journal.file.bytes={}", 4'096 * prng.between(16, 128)),
      fmt::format("internal.log.journal.after.commits={}", prng.below(32)),
  };
  if (scenario == Scenario::groups) draw_groups(p, prng);
  // More than the newest batches in memory pin (8 MiB), so that clients are held up and not shut out.
  if (prng.chance(1, 3)) p.buffer_bytes_max = static_cast<uint64_t>(prng.between(9, 16)) << 20;
  // The scrubber walks in some seeds; whatever faults there are, it must find nothing that is not damaged.
  if (prng.chance(1, 3)) p.settings.push_back(fmt::format("log.scrub.interval.ms={}", prng.between(20, 2'000)));
  return p;
}

}  // namespace moldau::sim
