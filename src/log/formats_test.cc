// Kafka's files as text and bytes: names, indexes, checkpoints, identities. Samples are those of a real Kafka 4.3.1.
#include <gtest/gtest.h>

#include <array>

#include "base/prng.h"
#include "log/checkpoint.h"
#include "log/identity.h"
#include "log/index.h"
#include "log/segment_name.h"

namespace moldau::log {
namespace {

template <size_t N>
std::array<std::byte, N> bytes_of(const std::array<int, N>& values) {
  std::array<std::byte, N> bytes;
  for (size_t i = 0; i < N; ++i) bytes[i] = static_cast<std::byte>(values[i]);
  return bytes;
}

TEST(segment_name, prints_and_parses_as_kafka_names_files) {
  EXPECT_EQ(segment_file_name(1086, FileKind::log), "00000000000000001086.log");
  EXPECT_EQ(segment_file_name(0, FileKind::time_index, FileState::deleted), "00000000000000000000.timeindex.deleted");
  EXPECT_EQ(segment_file_name(INT64_MAX, FileKind::producer_snapshot), "09223372036854775807.snapshot");
  for (const auto kind : {FileKind::log, FileKind::offset_index, FileKind::time_index, FileKind::transaction_index,
                          FileKind::producer_snapshot}) {
    for (const auto state : {FileState::normal, FileState::deleted, FileState::cleaned, FileState::swap}) {
      const auto parsed = parse_segment_file_name(segment_file_name(77, kind, state));
      ASSERT_TRUE(parsed.has_value());
      EXPECT_EQ(*parsed, (SegmentFileName{77, kind, state}));
    }
  }
  for (const char* name :
       {"", "leader-epoch-checkpoint", "5.log", "0000000000000000000a.log", "-0000000000000000001.log",
        "99999999999999999999.log", "00000000000000000000.log2", "00000000000000000000.checkpoint",
        "00000000000000000000", "00000000000000000000.log.cut-12", "00000000000000000000.log.deleted.x"}) {
    EXPECT_FALSE(parse_segment_file_name(name).has_value()) << name;
  }
  EXPECT_EQ(kept_aside_name(12, 345), "00000000000000000012.log.cut-345");
}

TEST(folder_name, is_parsed_as_kafka_does) {
  EXPECT_EQ(parse_folder_name("orders-3"), (FolderName{"orders", 3, FolderKind::partition}));
  EXPECT_EQ(parse_folder_name("a-b-c-12"), (FolderName{"a-b-c", 12, FolderKind::partition}));
  EXPECT_EQ(parse_folder_name("gone-0.99f9626b0ba340459305acece3ee094b-delete"),
            (FolderName{"gone", 0, FolderKind::deleted}));
  EXPECT_EQ(parse_folder_name("a.b-1.ff-future"), (FolderName{"a.b", 1, FolderKind::future}));
  EXPECT_EQ(parse_folder_name("x-2.00-stray"), (FolderName{"x", 2, FolderKind::stray}));
  for (const char* name : {"", "orders", "-1", "orders-", "orders-x", "orders-2147483648", "x-delete", "x-1-delete",
                           "x-1.-delete", "x 1-1.a-delete", "lost+found", "journal"}) {
    EXPECT_FALSE(parse_folder_name(name).has_value()) << name;
  }
  const std::string longest(249, 't');
  const std::string deleted = deleted_folder_name(longest, 12345, Uuid::of(1, 2));
  EXPECT_EQ(deleted.size(), folder_name_bytes_max);
  EXPECT_EQ(parse_folder_name(deleted)->partition, 12345);
  EXPECT_EQ(deleted_folder_name("t", 0, Uuid::of(1, 2)), "t-0.00000000000000010000000000000002-delete");
}

TEST(index, reads_and_writes_the_entries_of_a_real_kafka) {
  const auto offset = bytes_of<8>({0, 0, 0x02, 0xfd, 0, 0x08, 0xa4, 0x8c});
  EXPECT_EQ(offset_entry_at(offset, 1086, 0), (OffsetEntry{1851, 566412}));
  const auto time = bytes_of<12>({0, 0, 0x01, 0xa2, 0x04, 0x6a, 0xbc, 0xf5, 0, 0, 0x02, 0xfd});
  EXPECT_EQ(time_entry_at(time, 1086, 0), (TimeEntry{1795370433781, 1851}));
  std::array<std::byte, 8> offset_out;
  put_entry(offset_out.data(), 1086, OffsetEntry{1851, 566412});
  EXPECT_EQ(offset_out, offset);
  std::array<std::byte, 12> time_out;
  put_entry(time_out.data(), 1086, TimeEntry{1795370433781, 1851});
  EXPECT_EQ(time_out, time);
}

std::vector<std::byte> offset_index(Offset base, const std::vector<OffsetEntry>& entries) {
  std::vector<std::byte> bytes(entries.size() * offset_entry_bytes);
  for (size_t i = 0; i < entries.size(); ++i) put_entry(bytes.data() + i * offset_entry_bytes, base, entries[i]);
  return bytes;
}

TEST(index, finds_floors_and_cuts) {
  const auto bytes = offset_index(100, {{110, 0}, {120, 50}, {130, 99}});
  EXPECT_EQ(floor_by_offset(bytes, 100, 109), std::nullopt);
  EXPECT_EQ(floor_by_offset(bytes, 100, 110), 0U);
  EXPECT_EQ(floor_by_offset(bytes, 100, 129), 1U);
  EXPECT_EQ(floor_by_offset(bytes, 100, 1000), 2U);
  EXPECT_EQ(floor_by_offset({}, 100, 1000), std::nullopt);
  EXPECT_EQ(entries_below(bytes, 100, 120), 1U);
  EXPECT_EQ(entries_below(bytes, 100, 121), 2U);
  EXPECT_TRUE(offset_index_plausible(bytes, 100, 100));
  EXPECT_FALSE(offset_index_plausible(bytes, 100, 99));
  EXPECT_FALSE(offset_index_plausible(std::span(bytes).first(9), 100, 100));
  auto untrimmed = bytes;
  untrimmed.resize(80);  // an index of a running Kafka ends in zeros
  EXPECT_FALSE(offset_index_plausible(untrimmed, 100, 100));
  EXPECT_FALSE(offset_index_plausible(offset_index(100, {{120, 0}, {110, 50}}), 100, 100));
}

TEST(index, reads_aborted_transactions) {
  std::array<std::byte, aborted_transaction_bytes> bytes;
  put_entry(bytes.data(), AbortedTransaction{7, 100, 120, 90});
  EXPECT_EQ(aborted_transaction_at(bytes, 0), (AbortedTransaction{7, 100, 120, 90}));
  bytes[1] = std::byte{1};
  EXPECT_EQ(aborted_transaction_at(bytes, 0), std::nullopt);
}

TEST(checkpoint, is_that_of_a_real_kafka) {
  const std::string text = "0\n3\ncodec-zstd 0 2000\norders 1 1711\norders 2 1588\n";
  const auto entries = parse_offset_checkpoint(text);
  ASSERT_TRUE(entries.ok());
  EXPECT_EQ(*entries,
            (std::vector<PartitionOffset>{{"codec-zstd", 0, 2000}, {"orders", 1, 1711}, {"orders", 2, 1588}}));
  EXPECT_EQ(print_offset_checkpoint(*entries), text);
  EXPECT_EQ(print_offset_checkpoint({}), "0\n0\n");
  EXPECT_TRUE(parse_offset_checkpoint("")->empty());
  const std::string epochs = "0\n3\n0 0\n2 1701\n4 1852\n";
  const auto starts = parse_epoch_checkpoint(epochs);
  ASSERT_TRUE(starts.ok());
  EXPECT_EQ(*starts, (std::vector<EpochStart>{{0, 0}, {2, 1701}, {4, 1852}}));
  EXPECT_EQ(print_epoch_checkpoint(*starts), epochs);
}

TEST(checkpoint, refuses_what_kafka_refuses) {
  for (const char* text :
       {"1\n0\n", "x\n", "0\nx\n", "0\n-1\n", "0\n1\n", "0\n0\na 0 1\n", "0\n1\na 0\n", "0\n1\na 0 1 2\n",
        "0\n1\na 0 9223372036854775808\n", "0\n1\na x 1\n", "0\n1\n\n", "0\n2147483647\n"}) {
    EXPECT_FALSE(parse_offset_checkpoint(text).ok()) << text;
  }
  EXPECT_EQ(parse_offset_checkpoint("1\n0\n").failure().kind, FailureKind::unsupported);
  EXPECT_FALSE(parse_epoch_checkpoint("0\n1\n-1 0\n").ok());
}

TEST(meta_properties, is_that_of_a_real_kafka) {
  const std::string text =
      "#\n#Sun Nov 22 17:58:02 UTC 2026\nnode.id=1\ndirectory.id=2MLtsXsQTfOo4FS_J5pkiQ\nversion=1\n"
      "cluster.id=1yRN20dGlFcuhg9b7us_Fg\n";
  const auto meta = parse_meta_properties(text);
  ASSERT_TRUE(meta.ok()) << meta.failure().message;
  EXPECT_EQ(meta->version, 1);
  EXPECT_EQ(meta->node_id, 1);
  EXPECT_EQ(meta->cluster_id, "1yRN20dGlFcuhg9b7us_Fg");
  EXPECT_EQ(meta->directory_id->to_string(), "2MLtsXsQTfOo4FS_J5pkiQ");
  EXPECT_EQ(print_meta_properties(*meta, 1795370282000), text);
}

TEST(meta_properties, tolerates_what_java_properties_allow) {
  const auto meta = parse_meta_properties(
      "! note\r\n  version : 1\r\nnode.id 7\ncluster.id=a\\=b\\u0041\\\n   c\nunknown.key=1\nnode.id=8\n");
  ASSERT_TRUE(meta.ok()) << meta.failure().message;
  EXPECT_EQ(meta->node_id, 8);
  EXPECT_EQ(meta->cluster_id, "a=bAc");
  EXPECT_FALSE(meta->directory_id.has_value());
  const auto old = parse_meta_properties("broker.id=3\n");
  ASSERT_TRUE(old.ok());
  EXPECT_EQ(old->version, 0);
  EXPECT_EQ(old->node_id, 3);
  EXPECT_TRUE(parse_meta_properties("").ok());
}

TEST(meta_properties, refuses_nonsense) {
  for (const char* text : {"version=2\n", "version=1\n", "version=1\nnode.id=1\n", "version=1\ncluster.id=a\n",
                           "version=1\nnode.id=x\ncluster.id=a\n",
                           "version=1\nnode.id=1\ncluster.id=a\ndirectory.id=zz\n", "version=1\nnode.id=\\u00zz\n"}) {
    EXPECT_FALSE(parse_meta_properties(text).ok()) << text;
  }
  EXPECT_TRUE(directory_id_reserved(Uuid::of(0, 99)));
  EXPECT_FALSE(directory_id_reserved(Uuid::of(0, 100)));
}

TEST(meta_properties, survives_printing_with_any_cluster_id) {
  Prng prng(5);
  for (int round = 0; round < 500; ++round) {
    MetaProperties meta{1, std::string(), static_cast<NodeId>(prng.below(1000)),
                        Uuid::random(prng.next(), prng.next())};
    for (uint64_t i = prng.below(20); i > 0; --i) *meta.cluster_id += static_cast<char>(prng.between(9, 126));
    const auto again = parse_meta_properties(print_meta_properties(meta, static_cast<WallMillis>(prng.next() >> 20)));
    ASSERT_TRUE(again.ok());
    if (meta.cluster_id->find_first_of("\x0b\x0c") == std::string::npos) {
      EXPECT_EQ(*again, meta);
    }
  }
}

TEST(partition_metadata, is_that_of_a_real_kafka) {
  const std::string text = "version: 0\ntopic_id: ec7eDzXOQCehBVKKoy6vKw";
  const auto id = parse_partition_metadata(text);
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(print_partition_metadata(*id), text);
  EXPECT_TRUE(parse_partition_metadata(text + "\n").ok());
  for (const char* bad : {"", "version: 0\n", "version: 1\ntopic_id: ec7eDzXOQCehBVKKoy6vKw", "topic_id: a\nversion: 0",
                          "version: 0\ntopic_id: short", "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA"}) {
    EXPECT_FALSE(parse_partition_metadata(bad).ok()) << bad;
  }
}

TEST(clean_shutdown, is_that_of_a_real_kafka) {
  EXPECT_EQ(print_clean_shutdown(13), "{\"version\":0,\"brokerEpoch\":13}");
  EXPECT_EQ(parse_clean_shutdown("{\"version\":0,\"brokerEpoch\":13}"), 13);
  EXPECT_EQ(parse_clean_shutdown(" { \"brokerEpoch\" : 5 , \"x\": 1 } "), 5);
  for (const char* text : {"", "{}", "{\"brokerEpoch\":}", "{\"brokerEpoch\":12", "{\"brokerEpoch\":x}",
                           "\"brokerEpoch\":1}", "{\"brokerEpoch\":99999999999999999999}", "{\"brokerEpoch\":-2}"}) {
    EXPECT_EQ(parse_clean_shutdown(text), -1) << text;
  }
}

}  // namespace
}  // namespace moldau::log
