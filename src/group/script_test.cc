// Runs test/scripts/group/*.txt: conversations with one GroupMachine on a log in memory. A script is a list of
// commands, each a line that begins with "> ", followed by what came of it; empty lines and lines that begin with "#"
// are the reader's. MOLDAU_REWRITE=1 writes what came into the files instead of comparing.
//
//   > settings KEY=VALUE...            initial_rebalance_delay_ms, size_max, offsets_retention_ms, ...
//   > join NAME vV group=G member=M session=MS rebalance=MS [instance=I] [type=T] PROTOCOL:TOPIC,TOPIC...
//   > sync NAME vV group=G member=M generation=N [instance=I] [type=T name=P] MEMBER:ASSIGNMENT...
//   > heartbeat NAME vV group=G member=M generation=N [instance=I]
//   > leave NAME vV group=G MEMBER... or MEMBER/INSTANCE...
//   > commit NAME vV group=G member=M generation=N [retention=MS] [instance=I] TOPIC:PARTITION=OFFSET[,METADATA]...
//   > fetch G [stable] | delete-offsets NAME group=G TOPIC:PARTITION... | delete G | describe vV G | list [STATE...]
//   > advance MS | hold | release | refuse ERROR_NUMBER | lose | reload
//
// The answer to a request shows as "NAME: json", when it is given. Records show as "log: ...". `hold` stops the high
// watermark, `release` lets it go to the end; `refuse` makes the next append fail; `reload` unloads and reads the log
// again.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "coordinator/runtime.h"
#include "group/machine.h"
#include "wire/json.h"

namespace moldau::group {
namespace {

using coordinator::Now;
using coordinator::Ticket;
using wire::ErrorCode;

/// A command's words: plain ones, and KEY=VALUE.
struct Words {
  explicit Words(const std::string& line) {
    std::istringstream in(line);
    for (std::string word; in >> word;) {
      const size_t equals = word.find('=');
      const size_t colon = word.find(':');
      if (equals != std::string::npos && (colon == std::string::npos || equals < colon)) {
        named[word.substr(0, equals)] = word.substr(equals + 1);
      } else {
        plain.push_back(word);
      }
    }
  }
  std::string text(const std::string& key) const {
    const auto found = named.find(key);
    return found == named.end() ? "" : found->second;
  }
  int64_t number(const std::string& key, int64_t fallback) const {
    const auto found = named.find(key);
    return found == named.end() ? fallback : std::stoll(found->second);
  }
  std::optional<std::string_view> optional(const std::string& key) const {
    const auto found = named.find(key);
    if (found == named.end()) return std::nullopt;
    return found->second;
  }
  int16_t version() const { return static_cast<int16_t>(std::stoi(plain.at(2).substr(1))); }

  std::vector<std::string> plain;
  std::map<std::string, std::string> named;
};

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) parts.push_back(part);
  return parts;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// What a consumer says of itself: version 0, these topics, no user data.
std::vector<std::byte> subscription(const std::vector<std::string>& topics) {
  wire::Encoder encoder;
  encoder.put_int16(0);
  encoder.put_int32(static_cast<int32_t>(topics.size()));
  for (const std::string& topic : topics) encoder.put_string(false, topic);
  encoder.put_int32(-1);
  return encoded_bytes(encoder);
}

class Scene final : public coordinator::Host, public GroupHost {
 public:
  Scene() { load(); }

  std::string run(const std::string& line) {
    out_.str("");
    const Words words(line);
    const std::string& verb = words.plain.at(0);
    const auto command = commands().find(verb);
    if (command == commands().end()) return "no such command\n";
    (this->*command->second)(words);
    if (!held_) advance_high_watermark();
    return out_.str();
  }

  // coordinator::Host
  wire::Encoded encode(Ticket ticket, const wire::MessageDescriptor& type, const void* message) override {
    const auto& [name, version] = tickets_.at(ticket);
    const std::string json = wire::to_json(type, message, version);
    return {Bytes::copy_of(bytes_of(json)), {}};
  }
  void send(coordinator::Reply reply) override {
    out_ << tickets_.at(reply.ticket).first << ": " << as_text(reply.answer.bytes.view()) << "\n";
    EXPECT_EQ(tickets_.erase(reply.ticket), 1U) << "answered twice";
  }
  void refuse(Ticket ticket, ErrorCode error) override {
    out_ << tickets_.at(ticket).first << " refused: " << name_of(error) << "\n";
    EXPECT_EQ(tickets_.erase(ticket), 1U) << "answered twice";
  }
  std::expected<Offset, ErrorCode> append(std::span<const coordinator::Record> records, bool, const Now&) override {
    if (refusal_ != ErrorCode::none) return std::unexpected(std::exchange(refusal_, ErrorCode::none));
    for (const coordinator::Record& record : records) {
      Record decoded;
      EXPECT_EQ(decode_record(record, decoded), wire::DecodeStatus::ok);
      out_ << "log " << log_.size() << ": " << text_of(decoded) << "\n";
      log_.push_back(record);
    }
    return static_cast<Offset>(log_.size());
  }
  void failed(const Failure& why) override { out_ << "failed: " << why.message << "\n"; }

  // GroupHost
  const GroupSettings& settings() const override { return settings_; }
  const metadata::ImageRef& image() const override { return image_; }
  const metadata::ConfigMap* group_configs(std::string_view) const override { return nullptr; }

 private:
  using Command = void (Scene::*)(const Words&);
  static const std::map<std::string, Command>& commands() {
    static const std::map<std::string, Command> all = {
        {"settings", &Scene::set},
        {"join", &Scene::join},
        {"sync", &Scene::sync},
        {"heartbeat", &Scene::heartbeat},
        {"consumer-heartbeat", &Scene::consumer_heartbeat},
        {"leave", &Scene::leave},
        {"commit", &Scene::commit},
        {"fetch", &Scene::fetch},
        {"delete", &Scene::remove},
        {"delete-offsets", &Scene::remove_offsets},
        {"describe", &Scene::describe},
        {"list", &Scene::list},
        {"advance", &Scene::advance},
        {"hold", &Scene::hold},
        {"release", &Scene::release},
        {"refuse", &Scene::refuse_next},
        {"reload", &Scene::reload},
        {"topic-deleted", &Scene::topic_deleted},
    };
    return all;
  }

  Now now() const { return {Instant{0} + milliseconds(clock_ms_), 1'000'000 + clock_ms_}; }
  GroupMachine& machine() { return static_cast<GroupMachine&>(*runtime_.machine()); }
  template <typename Decide>
  void decide(Decide&& body) {
    runtime_.run(now(), body);
  }
  Caller caller(const Words& words) {
    const Ticket ticket = ++last_ticket_;
    tickets_[ticket] = {words.plain.at(1), words.version()};
    return {.ticket = ticket,
            .version = words.version(),
            .client_id = "client",
            .client_host = "/127.0.0.1",
            .fresh_id = Uuid::of(0, ++last_id_)};
  }
  static std::string text_of(const Record& record) {
    return std::visit(
        []<typename E>(const E& entry) {
          const std::string key = wire::to_json(entry.key, 0);
          if (!entry.value.has_value()) return std::string(wire::fields_of<typename E::Key>.name) + key + " deleted";
          return std::string(wire::fields_of<typename E::Key>.name) + key + " " +
                 wire::to_json(*entry.value, E::Value::max_version);
        },
        record);
  }
  void load() {
    runtime_.begin_load(std::make_unique<GroupMachine>(static_cast<GroupHost&>(*this), runtime_.timers()));
    for (size_t i = 0; i < log_.size(); ++i) {
      ASSERT_TRUE(runtime_.replay(log_[i], {.offset = static_cast<Offset>(i)}).ok());
    }
    const auto end = static_cast<Offset>(log_.size());
    runtime_.finish_load(end, end, now());
  }
  void advance_high_watermark() { runtime_.advance(static_cast<Offset>(log_.size()), now()); }

  void set(const Words& words) {
    settings_.initial_rebalance_delay_ms =
        static_cast<int32_t>(words.number("initial_rebalance_delay_ms", settings_.initial_rebalance_delay_ms));
    settings_.size_max = static_cast<int32_t>(words.number("size_max", settings_.size_max));
    settings_.offset_metadata_bytes_max =
        static_cast<int32_t>(words.number("offset_metadata_bytes_max", settings_.offset_metadata_bytes_max));
    settings_.offsets_retention_ms = words.number("offsets_retention_ms", settings_.offsets_retention_ms);
  }
  void join(const Words& words) {
    wire::JoinGroupRequest request;
    const std::string group = words.text("group");
    const std::string member = words.text("member");
    const std::string type = words.named.contains("type") ? words.text("type") : "consumer";
    request.group_id = group;
    request.member_id = member;
    request.session_timeout_ms = static_cast<int32_t>(words.number("session", 10'000));
    request.rebalance_timeout_ms = static_cast<int32_t>(words.number("rebalance", 60'000));
    request.group_instance_id = words.optional("instance");
    request.protocol_type = type;
    std::vector<std::pair<std::string, std::vector<std::byte>>> protocols;
    for (size_t i = 3; i < words.plain.size(); ++i) {
      const std::vector<std::string> parts = split(words.plain[i], ':');
      protocols.emplace_back(parts.at(0),
                             subscription(parts.size() > 1 ? split(parts[1], ',') : std::vector<std::string>{}));
    }
    for (const auto& [name, metadata] : protocols) request.protocols.push_back({name, metadata});
    const Caller who = caller(words);
    decide([&](coordinator::Decision& decision) { machine().join(who, request, now(), decision); });
  }
  void sync(const Words& words) {
    wire::SyncGroupRequest request;
    const std::string group = words.text("group");
    const std::string member = words.text("member");
    request.group_id = group;
    request.member_id = member;
    request.generation_id = static_cast<int32_t>(words.number("generation", -1));
    request.group_instance_id = words.optional("instance");
    request.protocol_type = words.optional("type");
    request.protocol_name = words.optional("name");
    std::vector<std::vector<std::string>> assignments;
    for (size_t i = 3; i < words.plain.size(); ++i) assignments.push_back(split(words.plain[i], ':'));
    for (const auto& parts : assignments) request.assignments.push_back({parts.at(0), bytes_of(parts.at(1))});
    const Caller who = caller(words);
    decide([&](coordinator::Decision& decision) { machine().sync(who, request, now(), decision); });
  }
  void heartbeat(const Words& words) {
    wire::HeartbeatRequest request;
    const std::string group = words.text("group");
    const std::string member = words.text("member");
    request.group_id = group;
    request.member_id = member;
    request.generation_id = static_cast<int32_t>(words.number("generation", -1));
    request.group_instance_id = words.optional("instance");
    const Caller who = caller(words);
    decide([&](coordinator::Decision& decision) { machine().heartbeat(who, request, now(), decision); });
  }
  /// The new protocol: `consumer-heartbeat NAME vVERSION group= member= epoch= TOPIC...`.
  void consumer_heartbeat(const Words& words) {
    wire::ConsumerGroupHeartbeatRequest request;
    const std::string group = words.text("group");
    const std::string member = words.text("member");
    request.group_id = group;
    request.member_id = member;
    request.member_epoch = static_cast<int32_t>(words.number("epoch", 0));
    request.rebalance_timeout_ms = static_cast<int32_t>(words.number("rebalance", 60'000));
    request.subscribed_topic_names.emplace(words.plain.begin() + 3, words.plain.end());
    request.topic_partitions.emplace();
    const Caller who = caller(words);
    decide([&](coordinator::Decision& decision) { machine().consumer_heartbeat(who, request, now(), decision); });
  }
  void leave(const Words& words) {
    wire::LeaveGroupRequest request;
    const std::string group = words.text("group");
    request.group_id = group;
    for (size_t i = 3; i < words.plain.size(); ++i) {
      const std::string_view word = words.plain[i];
      const size_t slash = word.find('/');
      auto& member = request.members.emplace_back();
      member.member_id = word.substr(0, slash);
      if (slash != std::string_view::npos) member.group_instance_id = word.substr(slash + 1);
    }
    const Caller who = caller(words);
    decide([&](coordinator::Decision& decision) { machine().leave(who, request, now(), decision); });
  }
  void commit(const Words& words) {
    wire::OffsetCommitRequest request;
    const std::string group = words.text("group");
    const std::string member = words.text("member");
    request.group_id = group;
    request.member_id = member;
    request.generation_id_or_member_epoch = static_cast<int32_t>(words.number("generation", -1));
    request.group_instance_id = words.optional("instance");
    request.retention_time_ms = words.number("retention", -1);
    std::vector<std::string> kept(words.plain.begin() + 3, words.plain.end());
    for (const std::string& word : kept) {
      const std::string_view view = word;
      const size_t colon = view.find(':');
      const size_t equals = view.find('=');
      const size_t comma = view.find(',');
      auto& topic = request.topics.emplace_back();
      topic.name = view.substr(0, colon);
      auto& partition = topic.partitions.emplace_back();
      partition.partition_index = std::stoi(std::string(view.substr(colon + 1, equals - colon - 1)));
      partition.committed_offset = std::stoll(std::string(view.substr(equals + 1)));
      if (comma != std::string_view::npos) partition.committed_metadata = view.substr(comma + 1);
    }
    const Caller who = caller(words);
    decide([&](coordinator::Decision& decision) { machine().commit_offsets(who, request, {}, now(), decision); });
  }
  void fetch(const Words& words) {
    wire::OffsetFetchRequest::OffsetFetchRequestGroup request;
    request.group_id = words.plain.at(1);
    request.topics.reset();
    Arena arena;
    wire::OffsetFetchResponse response;
    response.groups.push_back(machine().fetch_offsets(request, words.plain.size() > 2, arena));
    out_ << wire::to_json(response, 9) << "\n";
  }
  void remove(const Words& words) {
    decide([&](coordinator::Decision& decision) {
      out_ << name_of(machine().delete_group(words.plain.at(1), decision)) << "\n";
    });
  }
  void remove_offsets(const Words& words) {
    wire::OffsetDeleteRequest request;
    const std::string group = words.text("group");
    request.group_id = group;
    for (size_t i = 3; i < words.plain.size(); ++i) {
      const std::string_view word = words.plain[i];
      const size_t colon = word.find(':');
      request.topics.push_back(
          {.name = word.substr(0, colon), .partitions = {{std::stoi(std::string(word.substr(colon + 1)))}}});
    }
    const Caller who = caller(words);
    decide([&](coordinator::Decision& decision) { machine().delete_offsets(who, request, {}, now(), decision); });
  }
  void topic_deleted(const Words& words) {
    decide([&](coordinator::Decision& decision) { machine().topics_deleted({words.plain.at(1)}, decision); });
  }
  void describe(const Words& words) {
    const auto version = static_cast<int16_t>(std::stoi(words.plain.at(1).substr(1)));
    Arena arena;
    wire::DescribeGroupsResponse response;
    response.groups.push_back(machine().describe(words.plain.at(2), version, arena));
    out_ << wire::to_json(response, version) << "\n";
  }
  void list(const Words& words) {
    Arena arena;
    wire::ListGroupsResponse response;
    const std::vector<std::string> states(words.plain.begin() + 1, words.plain.end());
    machine().list(states, {}, arena, response.groups);
    out_ << wire::to_json(response, 5) << "\n";
  }
  void advance(const Words& words) {
    const int64_t end = clock_ms_ + std::stoll(words.plain.at(1));
    // Timer by timer, as a shell would.
    for (int steps = 0; steps < 1000; ++steps) {
      const Instant next = runtime_.next_deadline();
      const int64_t at = next == Instant::never() ? end : (next - Instant{0}).milliseconds();
      if (at >= end) break;
      clock_ms_ = std::max(at, clock_ms_ + 1);
      runtime_.tick(now());
      if (!held_) advance_high_watermark();
    }
    clock_ms_ = end;
    runtime_.tick(now());
  }
  void hold(const Words&) { held_ = true; }
  void release(const Words&) { held_ = false; }
  void refuse_next(const Words& words) {
    refusal_ = wire::error_code_of(static_cast<int16_t>(std::stoi(words.plain.at(1)))).value();
  }
  void reload(const Words&) {
    runtime_.unload(ErrorCode::not_coordinator, now());
    // As the shell does with those that wait in the machine.
    while (!tickets_.empty()) refuse(tickets_.begin()->first, ErrorCode::not_coordinator);
    load();
  }

  std::ostringstream out_;
  GroupSettings settings_;
  metadata::ImageRef image_ = std::make_shared<const metadata::Image>();
  std::vector<coordinator::Record> log_;
  coordinator::Runtime runtime_{*this, seconds(5)};
  std::map<Ticket, std::pair<std::string, int16_t>> tickets_;
  Ticket last_ticket_ = 0;
  uint64_t last_id_ = 0;
  int64_t clock_ms_ = 0;
  ErrorCode refusal_ = ErrorCode::none;
  bool held_ = false;
};

/// Runs a script; returns it with what came of its commands.
std::string play(const std::string& script) {
  Scene scene;
  std::string result;
  std::istringstream in(script);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("> ")) {
      result += line + "\n" + scene.run(line.substr(2));
    } else if (line.empty() || line.starts_with("#")) {
      result += line + "\n";
    }
  }
  return result;
}

std::vector<std::filesystem::path> scripts() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(MOLDAU_SOURCE_DIR) / "test/scripts/group")) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class GroupScript : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(GroupScript, SaysWhatItSaid) {
  std::ifstream file(GetParam());
  std::stringstream text;
  text << file.rdbuf();
  const std::string played = play(text.str());
  if (std::getenv("MOLDAU_REWRITE") != nullptr) {
    std::ofstream(GetParam()) << played;
    return;
  }
  EXPECT_EQ(played, text.str());
}

INSTANTIATE_TEST_SUITE_P(Scripts, GroupScript, testing::ValuesIn(scripts()),
                         [](const auto& script) { return script.param.stem().string(); });

}  // namespace
}  // namespace moldau::group
