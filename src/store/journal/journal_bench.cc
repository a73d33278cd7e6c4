// What a commit round costs on this machine: the journal's way (overwriting a prewritten file, one sync), and the ways
// without it. Prints microseconds of wall time and of CPU a round. Not part of the test run: compile it with clang++-19
// -std=c++2b -O2 -DFMT_HEADER_ONLY=1 -Isrc, log/journal.cc and the sources of base/. Arguments: a folder on the file
// system to be measured, and how many rounds.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/crc32c.h"
#include "log/journal.h"

namespace {

using namespace moldau;
using Clock = std::chrono::steady_clock;

constexpr size_t pieces_max = 128;
constexpr uint64_t file_bytes = 64u << 20;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// A file that closes itself.
class File {
 public:
  File(const std::string& path, int flags) : descriptor_(open(path.c_str(), flags | O_CREAT | O_CLOEXEC, 0600)) {
    if (descriptor_ < 0) die(path.c_str());
  }
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  void write(uint64_t offset, const std::vector<iovec>& pieces) const {
    for (size_t first = 0; first < pieces.size(); first += pieces_max) {
      const auto count = std::min(pieces_max, pieces.size() - first);
      const ssize_t done =
          pwritev(descriptor_, pieces.data() + first, static_cast<int>(count), static_cast<off_t>(offset));
      if (done < 0) die("write");
      offset += static_cast<uint64_t>(done);
    }
  }
  void sync() const {
    if (fdatasync(descriptor_) != 0) die("sync");
  }
  void sync_file_system() const {
    if (syncfs(descriptor_) != 0) die("syncfs");
  }

 private:
  int descriptor_;
};

double cpu_us() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

void measure(const char* name, size_t partitions, size_t bytes, int rounds, const std::function<void()>& round) {
  std::vector<double> times;
  const double cpu_before = cpu_us();
  for (int i = 0; i < rounds; ++i) {
    const auto start = Clock::now();
    round();
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  const double cpu = (cpu_us() - cpu_before) / rounds;
  std::sort(times.begin(), times.end());
  std::printf("%-44s %10zu %8zu %10.0f %10.0f %10.0f %10.0f\n", name, partitions, bytes, times[times.size() / 10],
              times[times.size() / 2], times[times.size() * 99 / 100], cpu);
  std::fflush(stdout);
}

/// Rounds into one prewritten (or only allocated, or growing) file, as the journal writes them.
class Journal {
 public:
  enum class Room { prewritten, allocated, growing };
  Journal(const std::string& path, Room room) : file_(path, O_RDWR | O_TRUNC) {
    if (room == Room::prewritten) {
      std::vector<char> zeros(1 << 20);
      for (uint64_t at = 0; at < file_bytes; at += zeros.size()) file_.write(at, {{zeros.data(), zeros.size()}});
    } else if (room == Room::allocated) {
      const int descriptor = open(path.c_str(), O_RDWR | O_CLOEXEC);
      if (fallocate(descriptor, 0, 0, static_cast<off_t>(file_bytes)) != 0) die("fallocate");
      close(descriptor);
    }
    file_.sync();
  }
  void round(size_t partitions, std::vector<char>& batch) {
    std::vector<log::JournalEntry> entries(partitions);
    for (size_t i = 0; i < partitions; ++i) {
      log::JournalEntry& entry = entries[i];
      entry.id.partition = static_cast<PartitionIndex>(i);
      entry.end = 1;
      entry.bytes = batch.size();
      entry.checksum = crc32c(std::as_bytes(std::span(batch)));
    }
    const log::JournalHeader header{1, ++sequence_, 1, {}, 0, static_cast<uint32_t>(partitions),
                                    partitions * batch.size()};
    log::encode_journal_head(header, entries, head_);
    std::vector<iovec> pieces{{head_.data(), head_.size()}};
    for (size_t i = 0; i < partitions; ++i) pieces.push_back({batch.data(), batch.size()});
    const uint64_t pad = header.round_bytes() - header.head_bytes() - header.payload_bytes;
    if (pad > 0) pieces.push_back({zeros_, static_cast<size_t>(pad)});
    if (at_ + header.round_bytes() > file_bytes) at_ = 0;
    file_.write(at_, pieces);
    at_ += header.round_bytes();
    file_.sync();
  }

 private:
  File file_;
  std::vector<std::byte> head_;
  char zeros_[log::journal_block_bytes] = {};
  uint64_t at_ = 0;
  uint64_t sequence_ = 0;
};

void segments(const std::string& folder, size_t partitions, std::vector<char>& batch, int rounds) {
  std::vector<File> files;
  for (size_t i = 0; i < partitions; ++i) {
    files.emplace_back(folder + "/segment-" + std::to_string(i), O_RDWR | O_TRUNC);
  }
  uint64_t at = 0;
  const auto append = [&] {
    for (const File& file : files) file.write(at, {{batch.data(), batch.size()}});
    at += batch.size();
  };
  append();
  for (const File& file : files) file.sync();
  measure("append to segments, no sync", partitions, batch.size(), rounds, append);
  for (const File& file : files) file.sync();
  measure("append to segments, sync each", partitions, batch.size(), rounds, [&] {
    append();
    for (const File& file : files) file.sync();
  });
  measure("append to segments, syncfs", partitions, batch.size(), rounds, [&] {
    append();
    files.front().sync_file_system();
  });
  for (size_t i = 0; i < partitions; ++i) unlink((folder + "/segment-" + std::to_string(i)).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = std::string(argc > 1 ? argv[1] : ".") + "/journal-bench";
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 200;
  mkdir(folder.c_str(), 0700);
  std::printf("%-44s %10s %8s %10s %10s %10s %10s\n", "a round", "partitions", "bytes", "p10 us", "median us", "p99 us",
              "cpu us");
  for (const size_t partitions : {size_t{1}, size_t{20}, size_t{100}, size_t{1000}}) {
    for (const size_t bytes : {size_t{100}, size_t{4096}}) {
      std::vector<char> batch(bytes, 'x');
      const int count = partitions >= 1000 ? std::max(rounds / 10, 5) : rounds;
      for (const auto& [name, room] : {std::pair{"journal: prewritten, one sync", Journal::Room::prewritten},
                                       std::pair{"journal: only allocated, one sync", Journal::Room::allocated},
                                       std::pair{"journal: growing, one sync", Journal::Room::growing}}) {
        Journal journal(folder + "/journal", room);
        measure(name, partitions, bytes, count, [&] { journal.round(partitions, batch); });
        unlink((folder + "/journal").c_str());
      }
      segments(folder, partitions, batch, count);
    }
  }
  rmdir(folder.c_str());
  return 0;
}
