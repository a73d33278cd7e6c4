#include "raft/quorum_state.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace moldau::raft {
namespace {

Failure corrupt(std::string_view what) {
  return {FailureKind::corrupt, fmt::format("quorum-state: {}", what)};
}

/// Reads the JSON that this file may hold: one object of numbers, strings, null, and one array of objects of numbers.
/// Sticky: after the first fault everything reads as nothing.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool at_end() {
    skip_blanks();
    return rest_.empty();
  }
  bool take(char c) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail();
  }
  bool take_null() {
    skip_blanks();
    if (!rest_.starts_with("null")) return false;
    rest_.remove_prefix(4);
    return true;
  }
  std::string string() {
    expect('"');
    std::string text;
    while (ok_) {
      if (rest_.empty() || static_cast<unsigned char>(rest_.front()) < 0x20) {
        fail();
        break;
      }
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') break;
      if (c == '\\') {
        // Ids and keys need no escapes but these two.
        if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\\' && rest_.front() != '/')) {
          fail();
          break;
        }
        text += rest_.front();
        rest_.remove_prefix(1);
        continue;
      }
      text += c;
    }
    return text;
  }
  int64_t number() {
    skip_blanks();
    int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{}) {
      fail();
      return 0;
    }
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return value;
  }
  /// Calls member(key) for each member of an object; it reads the value.
  template <typename Member>
  void object(Member&& member) {
    expect('{');
    if (take('}')) return;
    do {
      const std::string key = string();
      expect(':');
      if (!ok_) return;
      member(key);
    } while (ok_ && take(','));
    expect('}');
  }
  template <typename Element>
  void array(Element&& element) {
    expect('[');
    if (take(']')) return;
    do element();
    while (ok_ && take(','));
    expect(']');
  }
  void fail() {
    ok_ = false;
    rest_ = {};
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() &&
           (rest_.front() == ' ' || rest_.front() == '\n' || rest_.front() == '\t' || rest_.front() == '\r')) {
      rest_.remove_prefix(1);
    }
  }
  std::string_view rest_;
  bool ok_ = true;
};

std::vector<NodeId> read_voters(Reader& read) {
  std::vector<NodeId> voters;
  if (read.take_null()) return voters;
  read.array([&] {
    read.object([&](const std::string& key) {
      const int64_t id = read.number();
      if (key != "voterId" || id < 0 || id > INT32_MAX) return read.fail();
      voters.push_back(static_cast<NodeId>(id));
    });
  });
  return voters;
}

}  // namespace

std::string format_quorum_state(const QuorumState& state) {
  if (state.data_version == 0) {
    std::string voters;
    for (const NodeId id : state.current_voters) {
      voters += fmt::format("{}{{\"voterId\":{}}}", voters.empty() ? "" : ",", id);
    }
    return fmt::format(
        "{{\"clusterId\":\"{}\",\"leaderId\":{},\"leaderEpoch\":{},\"votedId\":{},\"appliedOffset\":{},"
        "\"currentVoters\":[{}],\"data_version\":0}}",
        state.cluster_id, state.leader, state.epoch, state.voted.id, state.applied_offset, voters);
  }
  return fmt::format(
      "{{\"leaderId\":{},\"leaderEpoch\":{},\"votedId\":{},\"votedDirectoryId\":\"{}\",\"data_version\":1}}",
      state.leader, state.epoch, state.voted.id, state.voted.directory.to_string());
}

Result<QuorumState> parse_quorum_state(std::string_view text) {
  if (text.size() > quorum_state_bytes_max) return corrupt("longer than it can be");
  QuorumState state;
  std::optional<int64_t> version, leader, epoch, voted;
  Reader read(text);
  read.object([&](const std::string& key) {
    if (key == "data_version") {
      version = read.number();
    } else if (key == "leaderId") {
      leader = read.number();
    } else if (key == "leaderEpoch") {
      epoch = read.number();
    } else if (key == "votedId") {
      voted = read.number();
    } else if (key == "votedDirectoryId") {
      const std::optional<Uuid> directory = Uuid::parse(read.string());
      if (!directory) return read.fail();
      state.voted.directory = *directory;
    } else if (key == "clusterId") {
      state.cluster_id = read.string();
    } else if (key == "appliedOffset") {
      state.applied_offset = read.number();
    } else if (key == "currentVoters") {
      state.current_voters = read_voters(read);
    } else {
      read.fail();
    }
  });
  if (!read.ok() || !read.at_end()) return corrupt("not the JSON that it should be");
  if (!version) return corrupt("has no data_version");
  if (*version < 0 || *version > 1) {
    return Failure{FailureKind::unsupported, fmt::format("quorum-state: data_version {} is not known", *version)};
  }
  const auto is_id = [](std::optional<int64_t> id) { return id && *id >= -1 && *id <= INT32_MAX; };
  if (!is_id(leader) || !is_id(voted) || !epoch || *epoch < 0 || *epoch > INT32_MAX)
    return corrupt("values out of range");
  state.data_version = static_cast<int16_t>(*version);
  state.leader = static_cast<NodeId>(*leader);
  state.epoch = static_cast<Epoch>(*epoch);
  state.voted.id = static_cast<NodeId>(*voted);
  return state;
}

}  // namespace moldau::raft
