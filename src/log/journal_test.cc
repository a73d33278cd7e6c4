// The journal's format, which rounds of a file count, and what they amount to.
#include "log/journal.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "log/journal_plan.h"

namespace moldau::log {
namespace {

constexpr Uuid directory = Uuid::of(7, 8);
constexpr Uuid topic = Uuid::of(1, 2);

struct Part {
  JournalKind kind = JournalKind::batches;
  PartitionIndex partition = 0;
  Offset base = 0;
  Offset end = 0;
  std::string payload{};
  Epoch epoch = 0;
};

JournalEntry entry_of(const Part& part) {
  JournalEntry entry;
  entry.kind = part.kind;
  entry.id = {topic, part.partition};
  entry.leader_epoch = part.epoch;
  entry.base = part.base;
  entry.end = part.end;
  entry.bytes = part.payload.size();
  entry.checksum = crc32c(as_bytes(part.payload));
  return entry;
}

Part batches(PartitionIndex partition, Offset base, Offset end, size_t bytes, Epoch epoch = 0) {
  return {JournalKind::batches, partition, base, end, std::string(bytes, static_cast<char>('a' + base % 26)), epoch};
}
Part closing(JournalKind kind, PartitionIndex partition, Offset at = 0) {
  return {kind, partition, at, at, "", no_epoch};
}

std::vector<std::byte> round_of(uint64_t generation, uint64_t sequence, const std::vector<Part>& parts,
                                uint64_t needed_from = 0, uint32_t shard = 0, Uuid of = directory) {
  std::vector<JournalEntry> entries;
  uint64_t payload = 0;
  for (const Part& part : parts) {
    entries.push_back(entry_of(part));
    payload += part.payload.size();
  }
  const auto count = static_cast<uint32_t>(parts.size());
  const JournalHeader header{generation, sequence, needed_from, of, shard, count, payload};
  std::vector<std::byte> round;
  encode_journal_head(header, entries, round);
  for (const Part& part : parts) {
    const auto bytes = as_bytes(part.payload);
    round.insert(round.end(), bytes.begin(), bytes.end());
  }
  round.resize(static_cast<size_t>(header.round_bytes()));
  return round;
}

class File {
 public:
  explicit File(uint64_t blocks = 32) : bytes(static_cast<size_t>(blocks * journal_block_bytes)) {}

  File& put(const std::vector<std::byte>& round) {
    std::memcpy(bytes.data() + at, round.data(), round.size());
    starts.push_back(at);
    at += round.size();
    return *this;
  }
  Result<JournalRun> scan(uint64_t generation, JournalMutant mutant = JournalMutant::none) const {
    const JournalRead read = [this](uint64_t position, std::span<std::byte> into) -> Result<size_t> {
      const size_t count = std::min<size_t>(into.size(), bytes.size() - std::min<size_t>(position, bytes.size()));
      if (count > 0) std::memcpy(into.data(), bytes.data() + position, count);
      return count;
    };
    return scan_journal(read, bytes.size(), {"the-file", directory, {0, generation}}, mutant);
  }
  void rewind() {
    at = 0;
    starts.clear();
  }

  std::vector<std::byte> bytes;
  size_t at = 0;
  std::vector<size_t> starts;
};

JournalRun must(const Result<JournalRun>& run) {
  EXPECT_TRUE(run.ok()) << run.failure().message;
  return run.ok() ? *run : JournalRun{};
}

// --------------------------------------------------------------------------------------------------------------
// format

TEST(journal, bytes_are_as_documented) {
  const auto round = round_of(5, 258, {{JournalKind::batches, 3, 10, 12, "payload", 4}}, 200, 1);
  ASSERT_EQ(round.size(), journal_block_bytes);
  const auto at = [&](size_t position) { return static_cast<int>(round[position]); };
  EXPECT_EQ(as_text(std::span(round).first(7)), "MOLDJRN");
  EXPECT_EQ(at(7), 1);
  EXPECT_EQ(at(15), 5);                       // generation
  EXPECT_EQ(at(22) * 256 + at(23), 258);      // sequence
  EXPECT_EQ(at(31), 200);                     // needed from
  EXPECT_EQ(at(39), 7);                       // directory, high half
  EXPECT_EQ(at(47), 8);                       // directory, low half
  EXPECT_EQ(at(51), 1);                       // shard
  EXPECT_EQ(at(55), 1);                       // entries
  EXPECT_EQ(at(63), 7);                       // payload bytes
  EXPECT_EQ(at(72), 1);                       // kind
  EXPECT_EQ(at(79), 3);                       // partition
  EXPECT_EQ(at(87), 1);                       // topic id, high half
  EXPECT_EQ(at(99), 4);                       // leader epoch
  EXPECT_EQ(at(111), 10);                     // base
  EXPECT_EQ(at(119), 12);                     // end
  EXPECT_EQ(at(127), 7);                      // bytes
  EXPECT_EQ(as_text(std::span(round).subspan(136, 7)), "payload");
  EXPECT_EQ(at(143), 0);
}

TEST(journal, heads_come_back) {
  std::vector<JournalEntry> entries;
  uint64_t payload = 0;
  for (int i = 0; i < 100; ++i) {
    entries.push_back(entry_of(batches(i, i * 10, i * 10 + 5, 30 + static_cast<size_t>(i), i)));
    payload += entries.back().bytes;
  }
  entries.push_back(entry_of(closing(JournalKind::deleted, 7)));
  const JournalHeader header{1, 2, 1, directory, 3, 101, payload};
  std::vector<std::byte> head;
  encode_journal_head(header, entries, head);
  const auto parsed = parse_journal_header(head);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, header);
  EXPECT_TRUE(journal_head_sound(head));
  const auto again = parse_journal_entries(*parsed, head);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, entries);
  for (size_t at = 0; at < head.size(); at += 7) {
    auto flipped = head;
    flipped[at] ^= std::byte{0x10};
    const auto seen = parse_journal_header(flipped);
    const bool zeros = at >= 68 && at < 72;
    const bool taken = seen && seen->head_bytes() == flipped.size() && journal_head_sound(flipped);
    EXPECT_EQ(taken, zeros) << at;
  }
}

TEST(journal, bounds_are_kept) {
  std::vector<std::byte> head;
  encode_journal_head({1, 1, 0, directory, 0, 1, 10}, std::vector{entry_of(batches(0, 0, 1, 10))}, head);
  const auto with = [&](size_t at, uint8_t value) {
    auto changed = head;
    changed[at] = static_cast<std::byte>(value);
    return parse_journal_header(changed).has_value();
  };
  EXPECT_TRUE(with(55, 1));
  EXPECT_FALSE(with(55, 0));   // no entries
  EXPECT_FALSE(with(53, 1));   // 65,537 entries
  EXPECT_FALSE(with(60, 2));   // 32 MiB of payload
  EXPECT_FALSE(with(56, 255));
  EXPECT_FALSE(parse_journal_header(std::span(head).first(71)));
  EXPECT_TRUE(is_journal_of_other_version(as_bytes(std::string_view("MOLDJRN\x02"))));
  EXPECT_FALSE(is_journal_of_other_version(as_bytes(std::string_view("MOLDJRN\x01"))));
  EXPECT_FALSE(is_journal_of_other_version(as_bytes(std::string_view("MOLDJR"))));
}

TEST(journal, entries_that_contradict_themselves_are_damage) {
  const auto refused = [](Part part, uint64_t bytes) {
    JournalEntry entry = entry_of(part);
    entry.bytes = bytes;
    std::vector<std::byte> head;
    const JournalHeader header{1, 1, 0, directory, 0, 1, 10};
    encode_journal_head(header, {&entry, 1}, head);
    return !parse_journal_entries(header, head).ok();
  };
  EXPECT_FALSE(refused(batches(0, 5, 6, 10), 10));
  EXPECT_TRUE(refused(batches(0, 5, 6, 10), 11));
  EXPECT_TRUE(refused(batches(0, 5, 6, 10), 9));
  EXPECT_TRUE(refused(batches(0, 6, 6, 10), 10));   // batches without offsets
  EXPECT_TRUE(refused(batches(0, 7, 6, 10), 10));
  EXPECT_TRUE(refused(batches(0, -1, 6, 10), 10));
  EXPECT_TRUE(refused(batches(-1, 5, 6, 10), 10));
  EXPECT_TRUE(refused({JournalKind::deleted, 0, 0, 0, "", 0}, 10));  // a payload where none belongs
  EXPECT_TRUE(refused({static_cast<JournalKind>(0), 0, 5, 6, "", 0}, 10));
  EXPECT_TRUE(refused({static_cast<JournalKind>(6), 0, 5, 5, "", 0}, 0));
}

TEST(journal, names) {
  EXPECT_EQ(journal_file_name({3, 42}), "3-00000000000000000042.journal");
  EXPECT_EQ(spare_journal_name({3, 42}), "journal-3-00000000000000000042.spare");
  const auto file = parse_journal_file_name("3-00000000000000000042.journal");
  ASSERT_TRUE(file);
  EXPECT_EQ(*file, (JournalFileName{3, 42}));
  EXPECT_EQ(parse_spare_journal_name("journal-3-00000000000000000042.spare"), file);
  for (const char* wrong : {"3-42.journal", "-00000000000000000042.journal", "03-00000000000000000042.journal", "",
                            "x-00000000000000000042.journal", "3-0000000000000000004x.journal", ".journal",
                            "3-99999999999999999999.journal", "3-18446744073709551615.journal",
                            "4294967296-00000000000000000042.journal", "3-00000000000000000042.journa"}) {
    EXPECT_FALSE(parse_journal_file_name(wrong)) << wrong;
  }
  for (const char* wrong : {"journal-.spare", "journal-3.spare", ".spare", "journal-", "journal-3-42.spare",
                            "journal.spare"}) {
    EXPECT_FALSE(parse_spare_journal_name(wrong)) << wrong;
  }
}

// --------------------------------------------------------------------------------------------------------------
// which rounds count

TEST(journal_scan, a_file_that_was_only_made_has_none) {
  const JournalRun run = must(File().scan(1));
  EXPECT_EQ(run.rounds, 0u);
  EXPECT_EQ(run.end, 0u);
  EXPECT_EQ(must(File(0).scan(1)).rounds, 0u);
}

TEST(journal_scan, whole_rounds_count_and_say_where_payloads_lie) {
  File file;
  file.put(round_of(1, 10, {batches(0, 0, 3, 100), batches(1, 5, 6, 9000)}, 10));
  file.put(round_of(1, 11, {batches(0, 3, 4, 50), closing(JournalKind::deleted, 1)}, 11));
  const JournalRun run = must(file.scan(1));
  EXPECT_EQ(run.rounds, 2u);
  EXPECT_EQ(run.first_sequence, 10u);
  EXPECT_EQ(run.next_sequence, 12u);
  EXPECT_EQ(run.needed_from, 11u);
  EXPECT_EQ(run.end, file.at);
  ASSERT_EQ(run.records.size(), 4u);
  EXPECT_EQ(run.records[1].position, 72 + 2 * 64 + 100u);
  EXPECT_EQ(run.records[2].position, file.starts[1] + 72 + 2 * 64);
  EXPECT_EQ(run.records[2].sequence, 11u);
  EXPECT_EQ(run.records[3].entry.kind, JournalKind::deleted);
}

TEST(journal_scan, a_full_file_ends_at_its_end) {
  File file(3);
  file.put(round_of(1, 1, {batches(0, 0, 1, 100)}));
  file.put(round_of(1, 2, {batches(0, 1, 2, 5000)}));
  EXPECT_EQ(must(file.scan(1)).rounds, 2u);
  file.bytes.resize(file.bytes.size() - 1);  // cut off: the zeros behind a round belong to it
  EXPECT_EQ(must(file.scan(1)).rounds, 1u);
}

/// Three rounds, in a file that an earlier use filled with longer rounds.
File used_again() {
  File file;
  for (uint64_t i = 0; i < 6; ++i) {
    const auto base = static_cast<Offset>(i);
    file.put(round_of(4, 50 + i, {batches(0, base, base + 1, 9000)}));
  }
  file.rewind();
  file.put(round_of(6, 70, {batches(0, 100, 101, 5000)}, 60));
  file.put(round_of(6, 71, {batches(1, 7, 9, 3000), batches(0, 101, 103, 100)}, 60));
  file.put(round_of(6, 72, {batches(0, 103, 104, 20)}, 60));
  return file;
}

TEST(journal_scan, rounds_of_an_earlier_use_never_count) {
  const File file = used_again();
  EXPECT_EQ(must(file.scan(6)).rounds, 3u);
  EXPECT_EQ(must(file.scan(7)).rounds, 0u);  // named anew, not begun
  EXPECT_NE(must(file.scan(7, JournalMutant::stale_generation_accepted)).rounds, 0u);
  File other_shard;
  other_shard.put(round_of(6, 70, {batches(0, 0, 1, 10)}, 0, 1));
  EXPECT_EQ(must(other_shard.scan(6)).rounds, 0u);
}

TEST(journal_scan, a_torn_last_round_is_the_end_wherever_it_tears) {
  const File whole = used_again();
  const File before = [] {
    File file = used_again();
    file.rewind();
    for (uint64_t i = 0; i < 6; ++i) {
      const auto base = static_cast<Offset>(i);
      file.put(round_of(4, 50 + i, {batches(0, base, base + 1, 9000)}));
    }
    return file;
  }();
  // Round 71 has two blocks: any of its 16 sectors may be the old one still.
  const size_t start = whole.starts[1];
  for (uint32_t kept = 0; kept < (1u << 8); ++kept) {
    File torn = whole;
    std::copy_n(before.bytes.begin() + static_cast<ptrdiff_t>(whole.starts[2]), 4096,
                torn.bytes.begin() + static_cast<ptrdiff_t>(whole.starts[2]));  // 72 was never written
    for (size_t sector = 0; sector < 8; ++sector) {
      if ((kept >> sector & 1) != 0) continue;
      std::copy_n(before.bytes.begin() + static_cast<ptrdiff_t>(start + sector * 512), 512,
                  torn.bytes.begin() + static_cast<ptrdiff_t>(start + sector * 512));
    }
    const JournalRun run = must(torn.scan(6));
    const bool complete = (kept & 0x7F) == 0x7F;  // the last sector holds zeros in both
    EXPECT_EQ(run.rounds, complete ? 2u : 1u) << kept;
    EXPECT_EQ(run.end, complete ? whole.starts[2] : start);
  }
}

TEST(journal_scan, payloads_that_are_not_there_are_no_round) {
  File file = used_again();
  std::fill_n(file.bytes.begin() + static_cast<ptrdiff_t>(file.starts[2]) + 72 + 64, 5, std::byte{});
  EXPECT_EQ(must(file.scan(6)).rounds, 2u);
  EXPECT_EQ(must(file.scan(6, JournalMutant::torn_round_accepted)).rounds, 3u);
}

TEST(journal_scan, a_flipped_bit_among_acknowledged_rounds_is_loud) {
  const File sound = used_again();
  const size_t second = sound.starts[1];
  size_t silent = 0;
  for (size_t at = 0; at < sound.starts[2]; ++at) {
    if ((at % 5 != 0 && at > 400) || at == 7 || at == second + 7) continue;  // 7: the version
    File file = sound;
    file.bytes[at] ^= std::byte{4};
    const auto run = file.scan(6);
    const size_t in_round = at < second ? at : at - second;
    const size_t used = at < second ? 72 + 64 + 5000 : 72 + 2 * 64 + 3100;
    // What is not covered: zeros.
    const bool zeros = in_round >= used || (in_round >= 68 && in_round < 72);
    if (zeros) {
      ++silent;
      EXPECT_EQ(must(run).rounds, 3u) << at;
      continue;
    }
    ASSERT_FALSE(run.ok()) << at;
    EXPECT_EQ(run.failure().kind, FailureKind::corrupt);
    EXPECT_NE(run.failure().message.find("the-file is damaged at " + std::to_string(at < second ? 0 : second)),
              std::string::npos)
        << run.failure().message;
    EXPECT_EQ(must(file.scan(6, JournalMutant::damage_taken_for_end)).rounds, at < second ? 0u : 1u);
  }
  EXPECT_GT(silent, 0u);
}

TEST(journal_scan, a_flipped_bit_in_the_last_round_cannot_be_told_from_a_torn_one) {
  File file = used_again();
  file.bytes[file.starts[2] + 20] ^= std::byte{1};
  EXPECT_EQ(must(file.scan(6)).rounds, 2u);
}

TEST(journal_scan, a_lost_round_between_others_is_loud) {
  File file = used_again();
  std::fill_n(file.bytes.begin() + static_cast<ptrdiff_t>(file.starts[1]), file.starts[2] - file.starts[1],
              std::byte{});
  EXPECT_FALSE(file.scan(6).ok());
  File first = used_again();
  std::fill_n(first.bytes.begin(), first.starts[1], std::byte{});
  EXPECT_FALSE(first.scan(6).ok());
}

TEST(journal_scan, sequences_go_on_one_by_one) {
  for (const uint64_t wrong : {9, 10, 12, 13}) {
    File file;
    file.put(round_of(1, 10, {batches(0, 0, 1, 10)}));
    file.put(round_of(1, wrong, {batches(0, 1, 2, 10)}));
    const auto run = file.scan(1);
    ASSERT_FALSE(run.ok()) << wrong;
    EXPECT_EQ(run.failure().kind, FailureKind::corrupt);
  }
}

TEST(journal_scan, other_owners_and_versions_are_refused) {
  File foreign;
  foreign.put(round_of(1, 10, {batches(0, 0, 1, 10)}, 0, 0, Uuid::of(9, 9)));
  const auto run = foreign.scan(1);
  ASSERT_FALSE(run.ok());
  EXPECT_EQ(run.failure().kind, FailureKind::foreign);
  File newer;
  newer.put(round_of(1, 10, {batches(0, 0, 1, 10)}));
  newer.bytes[7] = std::byte{2};
  ASSERT_FALSE(newer.scan(1).ok());
  EXPECT_EQ(newer.scan(1).failure().kind, FailureKind::unsupported);
}

TEST(journal_scan, entries_that_contradict_a_sound_round_are_loud) {
  File file;
  file.put(round_of(1, 10, {{static_cast<JournalKind>(9), 0, 0, 0, "", 0}}));
  const auto run = file.scan(1);
  ASSERT_FALSE(run.ok());
  EXPECT_EQ(run.failure().kind, FailureKind::corrupt);
}

TEST(journal_scan, a_payload_that_looks_like_a_round_is_none) {
  // A client may store anything, also the blocks of a journal.
  File file;
  std::string inner(4096 - 72 - 64, 'x');
  const auto fake = round_of(1, 11, {batches(9, 9, 10, 10)});
  inner += as_text(fake);
  file.put(round_of(1, 10, {{JournalKind::batches, 0, 0, 1, inner, 0}}));
  EXPECT_EQ(must(file.scan(1)).rounds, 1u);
  // Also when that round is torn, as long as its head is there.
  file.bytes[200] ^= std::byte{1};
  EXPECT_EQ(must(file.scan(1)).rounds, 0u);
}

TEST(journal_scan, a_failing_read_fails) {
  const JournalRead read = [](uint64_t, std::span<std::byte>) -> Result<size_t> {
    return Failure{FailureKind::io, "broken"};
  };
  const auto run = scan_journal(read, 8192, {"f", directory, {0, 1}});
  ASSERT_FALSE(run.ok());
  EXPECT_EQ(run.failure().kind, FailureKind::io);
}

// --------------------------------------------------------------------------------------------------------------
// what they amount to

JournalRun run_of(uint64_t generation, uint64_t first, const std::vector<std::vector<Part>>& rounds,
                  uint64_t needed_from = 0) {
  JournalRun run;
  run.name = {0, generation};
  run.first_sequence = run.next_sequence = first;
  run.needed_from = needed_from;
  for (const auto& parts : rounds) {
    for (const Part& part : parts) run.records.push_back({entry_of(part), run.next_sequence, 0, 0});
    ++run.next_sequence;
    ++run.rounds;
  }
  return run;
}

Result<JournalChain> chain_of(const std::vector<JournalRun>& runs) {
  std::vector<std::string> paths;
  for (size_t i = 0; i < runs.size(); ++i) paths.push_back(fmt::format("file-{}", i));
  return chain_journal(runs, paths);
}

std::string print(const Result<std::vector<PartitionReplay>>& plan) {
  if (!plan.ok()) return std::string(name_of(plan.failure().kind));
  std::string text;
  for (const PartitionReplay& replay : *plan) {
    text += fmt::format("{}:", replay.id.partition);
    if (replay.log_start != no_offset) text += fmt::format(" start {}", replay.log_start);
    for (const JournalRecord& record : replay.batches) {
      text += fmt::format(" {}-{}", record.entry.base, record.entry.end);
    }
    text += "; ";
  }
  return text;
}

std::string plan_of(const std::vector<std::vector<Part>>& rounds, JournalMutant mutant = JournalMutant::none) {
  const auto chain = chain_of({run_of(1, 1, rounds)});
  return print(plan_journal_replay({&*chain, 1}, mutant));
}

TEST(journal_plan, batches_of_each_partition_in_their_order) {
  EXPECT_EQ(plan_of({{batches(1, 0, 3, 9), batches(0, 7, 8, 9)}, {batches(1, 3, 5, 9)}, {batches(0, 9, 12, 9)}}),
            "0: 7-8 9-12; 1: 0-3 3-5; ");
  EXPECT_EQ(plan_of({}), "");
}

TEST(journal_plan, closing_entries_void_what_came_before) {
  for (const JournalKind kind : {JournalKind::truncated, JournalKind::deleted, JournalKind::moved}) {
    EXPECT_EQ(plan_of({{batches(0, 0, 9, 9), batches(1, 0, 1, 9)}, {closing(kind, 0, 4)}, {batches(0, 4, 5, 9, 1)}}),
              "0: 4-5; 1: 0-1; ");
    EXPECT_EQ(plan_of({{batches(0, 0, 9, 9)}, {closing(kind, 0, 4)}}), "");
    EXPECT_EQ(plan_of({{closing(JournalKind::log_start, 0, 3)}, {closing(kind, 0, 1)}}), "");
  }
  EXPECT_EQ(plan_of({{batches(0, 0, 9, 9), closing(JournalKind::deleted, 0), batches(0, 0, 2, 9)}}), "0: 0-2; ");
  EXPECT_EQ(plan_of({{batches(0, 0, 9, 9)}, {closing(JournalKind::truncated, 0, 4)}, {batches(0, 4, 5, 9, 1)}},
                    JournalMutant::closing_ignored),
            "corrupt");
}

TEST(journal_plan, log_starts_only_rise) {
  EXPECT_EQ(plan_of({{batches(0, 0, 9, 9)}, {closing(JournalKind::log_start, 0, 5)},
                     {closing(JournalKind::log_start, 0, 3)}}),
            "0: start 5 0-9; ");
}

TEST(journal_plan, contradictions_are_loud) {
  EXPECT_EQ(plan_of({{batches(0, 0, 9, 9)}, {batches(0, 8, 12, 9)}}), "corrupt");
  EXPECT_EQ(plan_of({{batches(0, 0, 9, 9)}, {batches(0, 0, 9, 9)}}), "corrupt");
  EXPECT_EQ(plan_of({{batches(0, 0, 9, 9, 3)}, {batches(0, 9, 12, 9, 2)}}), "corrupt");
}

TEST(journal_plan, files_are_read_in_the_order_of_generations_whatever_their_names_sort_like) {
  const auto chain = chain_of({run_of(9, 3, {{batches(0, 5, 6, 9)}}), run_of(12, 4, {}),
                               run_of(8, 1, {{batches(0, 0, 3, 9)}, {batches(0, 3, 5, 9)}})});
  ASSERT_TRUE(chain.ok()) << chain.failure().message;
  EXPECT_EQ(chain->next_sequence, 4u);
  ASSERT_EQ(chain->records.size(), 3u);
  EXPECT_EQ(chain->records[0].file, 2u);
  EXPECT_EQ(chain->records[2].file, 0u);
  EXPECT_EQ(print(plan_journal_replay({&*chain, 1})), "0: 0-3 3-5 5-6; ");
}

TEST(journal_plan, missing_rounds_between_files_are_loud) {
  const auto chain = chain_of({run_of(8, 1, {{batches(0, 0, 3, 9)}}), run_of(9, 3, {{batches(0, 5, 6, 9)}})});
  ASSERT_FALSE(chain.ok());
  EXPECT_EQ(chain.failure().kind, FailureKind::corrupt);
  EXPECT_NE(chain.failure().message.find("file-0 ends before round 2"), std::string::npos) << chain.failure().message;
}

TEST(journal_plan, settled_rounds_are_passed_by) {
  const auto chain = chain_of({run_of(8, 1, {{batches(0, 0, 3, 9)}, {batches(0, 3, 4, 9)}}),
                               run_of(9, 3, {{batches(0, 4, 6, 9)}}, 2)});
  ASSERT_TRUE(chain.ok());
  EXPECT_EQ(print(plan_journal_replay({&*chain, 1})), "0: 3-4 4-6; ");
  // The oldest file is gone: what it held was settled, or else the segment will show a gap.
  const auto rest = chain_of({run_of(9, 3, {{batches(0, 4, 6, 9)}}, 2)});
  ASSERT_TRUE(rest.ok());
  EXPECT_EQ(rest->records.size(), 1u);
}

TEST(journal_plan, several_shards_are_merged_by_epoch_and_offset) {
  const std::vector<JournalChain> chains = {
      *chain_of({run_of(1, 1, {{batches(0, 4, 6, 9, 2), batches(1, 0, 1, 9)}})}),
      *chain_of({run_of(1, 5, {{batches(0, 0, 4, 9, 1)}, {batches(0, 6, 7, 9, 2), batches(2, 0, 1, 9)}})})};
  EXPECT_EQ(print(plan_journal_replay(chains)), "0: 0-4 4-6 6-7; 1: 0-1; 2: 0-1; ");
  const std::vector<JournalChain> moved = {
      *chain_of({run_of(1, 1, {{batches(0, 0, 6, 9)}, {closing(JournalKind::moved, 0, 6)}})}),
      *chain_of({run_of(1, 1, {{batches(0, 6, 7, 9)}, {batches(0, 7, 8, 9)}})})};
  EXPECT_EQ(print(plan_journal_replay(moved)), "0: 6-7 7-8; ");
  const std::vector<JournalChain> overlap = {*chain_of({run_of(1, 1, {{batches(0, 0, 6, 9)}})}),
                                             *chain_of({run_of(1, 1, {{batches(0, 5, 7, 9)}})})};
  EXPECT_EQ(print(plan_journal_replay(overlap)), "corrupt");
}

}  // namespace
}  // namespace moldau::log
