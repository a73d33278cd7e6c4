// Conformance: files, folders, names, locks, and the kinds of their failures.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "io/conformance/host.h"

namespace moldau::io::conformance {
namespace {

class DiskCases : public testing::Test {
 protected:
  std::unique_ptr<Host> host_ = make_host();
  Surface io_ = host_->surface();
  Disk& disk_ = io_.disk;
  const std::string folder_ = host_->folder();

  std::string at(const std::string& name) const { return folder_ + "/" + name; }
  FileRef open(const std::string& name, OpenMode mode = OpenMode::create) {
    auto file = disk_.open(at(name), mode);
    EXPECT_TRUE(file.ok()) << file.failure().message;
    return file.value();
  }
  void write(File& file, uint64_t offset, std::string_view text) {
    const std::span<const std::byte> piece = as_bytes(text);
    const Status status = disk_.write(file, offset, std::span(&piece, 1));
    ASSERT_TRUE(status.ok()) << status.failure().message;
  }
  void make(const std::string& name, std::string_view text) { write(*open(name), 0, text); }
  std::string content(const std::string& name) {
    const auto bytes = read_file(disk_, at(name), 1 << 20);
    return bytes.ok() ? std::string(as_text(bytes.value())) : "<" + bytes.failure().message + ">";
  }
  std::string read(File& file, uint64_t offset, size_t size) {
    std::vector<std::byte> into(size);
    const Result<size_t> got = disk_.read(file, offset, into);
    EXPECT_TRUE(got.ok());
    return std::string(as_text(std::span(into).first(got.value_or(0))));
  }
  template <typename T>
  static FailureKind kind(const Result<T>& result) {
    EXPECT_FALSE(result.ok());
    return result.ok() ? FailureKind::closed : result.failure().kind;
  }
};

TEST_F(DiskCases, open_modes) {
  EXPECT_EQ(kind(disk_.open(at("a"), OpenMode::read)), FailureKind::not_found);
  EXPECT_EQ(kind(disk_.open(at("a"), OpenMode::write)), FailureKind::not_found);
  EXPECT_EQ(kind(disk_.open(at("no/a"), OpenMode::create)), FailureKind::not_found);
  EXPECT_TRUE(disk_.open(at("a"), OpenMode::create_new).ok());
  EXPECT_EQ(kind(disk_.open(at("a"), OpenMode::create_new)), FailureKind::already_exists);
  EXPECT_TRUE(disk_.open(at("a"), OpenMode::create).ok());
  EXPECT_EQ(open("a", OpenMode::read)->path(), at("a"));
  EXPECT_EQ(kind(disk_.open(folder_, OpenMode::read)), FailureKind::invalid_argument);
  EXPECT_EQ(kind(disk_.open(folder_, OpenMode::write)), FailureKind::invalid_argument);
  EXPECT_EQ(kind(disk_.open(at("a/b"), OpenMode::create)), FailureKind::invalid_argument);
  EXPECT_EQ(kind(disk_.open(at(std::string(300, 'x')), OpenMode::create)), FailureKind::invalid_argument);
}

TEST_F(DiskCases, reads_and_writes) {
  const FileRef file = open("a");
  const std::array<std::span<const std::byte>, 4> pieces{as_bytes("one "), as_bytes(""), as_bytes("two "),
                                                         as_bytes("three")};
  ASSERT_TRUE(disk_.write(*file, 0, pieces).ok());
  ASSERT_TRUE(disk_.write(*file, 0, {}).ok());
  EXPECT_EQ(disk_.size(*file).value(), 13U);
  EXPECT_EQ(read(*file, 0, 100), "one two three");
  EXPECT_EQ(read(*file, 4, 3), "two");
  EXPECT_EQ(read(*file, 13, 3), "");
  EXPECT_EQ(read(*file, 1000, 3), "");
  write(*file, 4, "TWO");
  write(*file, 15, "!");  // beyond the end: zeros between
  EXPECT_EQ(read(*file, 0, 100), std::string("one TWO three\0\0!", 16));
  std::array<std::byte, 3> into;
  EXPECT_EQ(disk_.read_cached(*file, 0, into).value(), 3U);  // just written
  EXPECT_TRUE(disk_.is_cached(*file, 0, 16));
}

TEST_F(DiskCases, many_pieces_in_one_write) {
  const FileRef file = open("a");
  std::string expected;
  std::vector<std::string> texts;
  for (int i = 0; i < 1000; ++i) texts.push_back(std::to_string(i) + ",");
  std::vector<std::span<const std::byte>> pieces;
  for (const std::string& text : texts) {
    pieces.push_back(as_bytes(text));
    expected += text;
  }
  ASSERT_TRUE(disk_.write(*file, 0, pieces).ok());
  EXPECT_EQ(read(*file, 0, 10'000), expected);
}

TEST_F(DiskCases, a_file_opened_for_reading_is_not_written) {
  make("a", "text");
  const FileRef file = open("a", OpenMode::read);
  const std::span<const std::byte> piece = as_bytes("x");
  EXPECT_EQ(kind(disk_.write(*file, 0, std::span(&piece, 1))), FailureKind::invalid_argument);
  EXPECT_EQ(kind(disk_.truncate(*file, 0)), FailureKind::invalid_argument);
  EXPECT_EQ(kind(disk_.allocate(*file, 0, 10)), FailureKind::invalid_argument);
  EXPECT_EQ(content("a"), "text");
}

TEST_F(DiskCases, truncate_and_allocate) {
  const FileRef file = open("a");
  write(*file, 0, "0123456789");
  ASSERT_TRUE(disk_.truncate(*file, 4).ok());
  EXPECT_EQ(content("a"), "0123");
  ASSERT_TRUE(disk_.truncate(*file, 6).ok());
  EXPECT_EQ(content("a"), std::string("0123\0\0", 6));
  ASSERT_TRUE(disk_.allocate(*file, 0, 1 << 20).ok());
  EXPECT_EQ(disk_.size(*file).value(), 6U);
  ASSERT_TRUE(disk_.truncate(*file, 6).ok());
}

TEST_F(DiskCases, syncs_report_in_a_later_turn) {
  const FileRef file = open("a");
  write(*file, 0, "text");
  int synced = 0;
  for (int i = 0; i < 5; ++i) {
    disk_.sync(file, [&](Status status) {
      EXPECT_TRUE(status.ok());
      ++synced;
    });
  }
  disk_.sync_all(folder_, [&](Status status) {
    EXPECT_TRUE(status.ok());
    ++synced;
  });
  EXPECT_EQ(synced, 0);
  ASSERT_TRUE(host_->run_until([&]() { return synced == 6; }));
  EXPECT_TRUE(disk_.sync_now(*file).ok());
  EXPECT_TRUE(disk_.sync_dir(folder_).ok());
  EXPECT_EQ(kind(disk_.sync_dir(at("none"))), FailureKind::not_found);
  bool failed = false;
  disk_.sync_all(at("none"), [&](Status status) { failed = !status.ok(); });
  ASSERT_TRUE(host_->run_until([&]() { return failed; }));
}

TEST_F(DiskCases, reads_in_the_pool) {
  make("a", "0123456789");
  const FileRef file = open("a", OpenMode::read);
  std::array<std::byte, 4> into{};
  size_t got = 99;
  disk_.read_async(file, 8, into, [&](Result<size_t> size) { got = size.value(); });
  EXPECT_EQ(got, 99U);
  ASSERT_TRUE(host_->run_until([&]() { return got != 99; }));
  EXPECT_EQ(got, 2U);
  EXPECT_EQ(as_text(into).substr(0, 2), "89");
  bool loaded = false;
  disk_.prefetch(file, 0, 10, [&](Status status) { loaded = status.ok(); });
  ASSERT_TRUE(host_->run_until([&]() { return loaded; }));
  EXPECT_TRUE(disk_.is_cached(*file, 0, 10));
}

TEST_F(DiskCases, renames) {
  make("a", "A");
  make("b", "B");
  const FileRef file = open("a");
  ASSERT_TRUE(disk_.rename(at("a"), at("b")).ok());
  EXPECT_EQ(content("b"), "A");
  EXPECT_EQ(kind(disk_.open(at("a"), OpenMode::read)), FailureKind::not_found);
  write(*file, 1, "2");  // the file goes with its name
  EXPECT_EQ(content("b"), "A2");
  EXPECT_EQ(kind(disk_.rename(at("none"), at("c"))), FailureKind::not_found);
  EXPECT_EQ(kind(disk_.rename(at("b"), at("none/c"))), FailureKind::not_found);
  EXPECT_TRUE(disk_.rename(at("b"), at("b")).ok());
  ASSERT_TRUE(disk_.make_dir(at("d")).ok());
  ASSERT_TRUE(disk_.make_dir(at("e")).ok());
  make("d/x", "X");
  make("e/x", "X");
  EXPECT_EQ(kind(disk_.rename(at("b"), at("d"))), FailureKind::invalid_argument);
  EXPECT_EQ(kind(disk_.rename(at("d"), at("b"))), FailureKind::invalid_argument);
  EXPECT_EQ(kind(disk_.rename(at("d"), at("e"))), FailureKind::already_exists);
  EXPECT_EQ(kind(disk_.rename(at("d"), at("d/f"))), FailureKind::invalid_argument);
  const FileRef inner = open("d/x");
  ASSERT_TRUE(disk_.rename(at("d"), at("f")).ok());
  EXPECT_EQ(content("f/x"), "X");
  write(*inner, 1, "Y");
  EXPECT_EQ(content("f/x"), "XY");
}

TEST_F(DiskCases, removed_files_live_as_long_as_they_are_open) {
  make("a", "text");
  const FileRef file = open("a");
  ASSERT_TRUE(disk_.remove(at("a")).ok());
  EXPECT_EQ(kind(disk_.stat(at("a"))), FailureKind::not_found);
  EXPECT_EQ(read(*file, 0, 10), "text");
  write(*file, 4, "!");
  EXPECT_EQ(read(*file, 0, 10), "text!");
  make("a", "other");
  EXPECT_EQ(read(*file, 0, 10), "text!");
  EXPECT_EQ(content("a"), "other");
  EXPECT_EQ(kind(disk_.remove(at("none"))), FailureKind::not_found);
}

TEST_F(DiskCases, folders) {
  ASSERT_TRUE(disk_.make_dir(at("d")).ok());
  EXPECT_TRUE(disk_.make_dir(at("d")).ok());
  EXPECT_EQ(kind(disk_.make_dir(at("no/d"))), FailureKind::not_found);
  make("f", "");
  EXPECT_EQ(kind(disk_.make_dir(at("f"))), FailureKind::already_exists);
  EXPECT_EQ(kind(disk_.make_dir(at("f/d"))), FailureKind::invalid_argument);
  make("d/x", "1");
  EXPECT_EQ(kind(disk_.remove(at("d"))), FailureKind::already_exists);
  ASSERT_TRUE(disk_.make_dir(at("d/e")).ok());
  make("d/e/y", "1");
  ASSERT_TRUE(disk_.remove_tree(at("d")).ok());
  EXPECT_EQ(kind(disk_.stat(at("d"))), FailureKind::not_found);
  EXPECT_TRUE(disk_.remove_tree(at("d")).ok());
  ASSERT_TRUE(disk_.make_dir(at("d")).ok());
  EXPECT_TRUE(disk_.remove(at("d")).ok());
}

TEST_F(DiskCases, lists_in_the_order_of_names) {
  EXPECT_TRUE(disk_.list(folder_).value().empty());
  make("b", "12345");
  make("a10", "");
  make("a9", "1");
  ASSERT_TRUE(disk_.make_dir(at("c")).ok());
  const auto entries = disk_.list(folder_).value();
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].name, "a10");
  EXPECT_EQ(entries[1].name, "a9");
  EXPECT_EQ(entries[2].name, "b");
  EXPECT_EQ(entries[2].size, 5U);
  EXPECT_FALSE(entries[2].is_directory);
  EXPECT_NEAR(static_cast<double>(entries[2].modified_wall_ms), static_cast<double>(io_.clock.wall()), 60'000.0);
  EXPECT_EQ(entries[3].name, "c");
  EXPECT_TRUE(entries[3].is_directory);
  const auto files = disk_.list_files(folder_).value();
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files[1].name, "a9");
  EXPECT_EQ(files[2].size, 5U);
  EXPECT_EQ(kind(disk_.list_files(at("none"))), FailureKind::not_found);
  EXPECT_EQ(kind(disk_.list(at("none"))), FailureKind::not_found);
  EXPECT_EQ(kind(disk_.list(at("b"))), FailureKind::invalid_argument);
  const DirectoryEntry entry = disk_.stat(at("b")).value();
  EXPECT_EQ(entry.name, "b");
  EXPECT_EQ(entry.size, 5U);
  EXPECT_EQ(entry.inode, entries[2].inode);
  EXPECT_EQ(entry.inode, files[2].inode);
  EXPECT_NE(entry.inode, entries[1].inode);
  EXPECT_TRUE(disk_.stat(folder_ + "/").value().is_directory);
}

TEST_F(DiskCases, locks) {
  auto lock = disk_.lock(at(".lock"));
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(kind(disk_.lock(at(".lock"))), FailureKind::locked);
  EXPECT_TRUE(disk_.lock(at("other")).ok());
  lock.value().reset();
  EXPECT_TRUE(disk_.lock(at(".lock")).ok());
  EXPECT_EQ(kind(disk_.lock(at("no/.lock"))), FailureKind::not_found);
}

TEST_F(DiskCases, space) {
  const Result<Space> space = disk_.space(folder_);
  ASSERT_TRUE(space.ok());
  EXPECT_GT(space.value().total_bytes, 0U);
  EXPECT_GE(space.value().total_bytes, space.value().usable_bytes);
  EXPECT_EQ(kind(disk_.space(at("none"))), FailureKind::not_found);
}

TEST_F(DiskCases, helpers) {
  ASSERT_TRUE(replace_file(disk_, at("x"), as_bytes("first")).ok());
  ASSERT_TRUE(replace_file(disk_, at("x"), as_bytes("2nd")).ok());
  EXPECT_EQ(content("x"), "2nd");
  EXPECT_EQ(kind(disk_.stat(at("x.tmp"))), FailureKind::not_found);
  EXPECT_EQ(kind(read_file(disk_, at("x"), 2)), FailureKind::corrupt);
  EXPECT_EQ(kind(read_file(disk_, at("y"), 2)), FailureKind::not_found);
}

TEST_F(DiskCases, absurd_offsets_are_refused) {
  const FileRef file = open("a");
  std::array<std::byte, 4> into{};
  const Result<size_t> got = disk_.read(*file, UINT64_MAX - 1, into);
  EXPECT_TRUE(!got.ok() || got.value() == 0);
  const std::span<const std::byte> piece = as_bytes("x");
  EXPECT_EQ(kind(disk_.write(*file, UINT64_MAX - 8, std::span(&piece, 1))), FailureKind::invalid_argument);
  EXPECT_EQ(kind(disk_.allocate(*file, UINT64_MAX - 8, 100)), FailureKind::invalid_argument);
  EXPECT_EQ(kind(disk_.truncate(*file, UINT64_MAX)), FailureKind::invalid_argument);
}

}  // namespace
}  // namespace moldau::io::conformance
