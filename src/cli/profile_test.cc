// Profiles: their file, how they rank among the sources of options, and their prompt.
#include "cli/profile_file.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <map>

#include <unistd.h>

#include "cli/input.h"
#include "cli/invocation.h"
#include "cli/option_keys.h"
#include "cli/prompt.h"
#include "cli/session.h"
#include "cli/text.h"

namespace moldau::cli {
namespace {

constexpr std::string_view two_profiles = R"(version: 1
globals:
  dial_timeout: "7s"
current_profile: one
profiles:
- name: one
  prompt: "bold \"[%n]\""
  kafka_api:
    brokers:
    - "one:1"
    - "one:2"
    group_protocol: consumer
- name: two
  description: "the other: with a colon"
  kafka_api:
    brokers:
    - "two:1"
    tls:
      enabled: true
)";

TEST(OptionKeys, TheTableIsSound) {
  std::map<std::string_view, int> seen;
  for (const OptionKey& option : option_keys()) {
    EXPECT_EQ(++seen[option.name], 1) << option.name;
    if (option.field != option.name) {
      EXPECT_EQ(++seen[option.field], 1) << option.field;
    }
    EXPECT_FALSE(option.help.empty()) << option.name;
    EXPECT_TRUE(check_option(option, option.example, "x").ok()) << option.name;
    EXPECT_EQ(is_global(option), option.field.starts_with("globals.")) << option.name;
    EXPECT_EQ(find_option(option.field), &option);
    EXPECT_NE(option_list().find(std::string(option.name) + "="), std::string::npos);
    EXPECT_NE(option_help().find(std::string(option.field)), std::string::npos);
  }
}

TEST(OptionKeys, ValuesAreChecked) {
  const auto message = [](std::string_view key, std::string_view value) {
    const Status status = check_option(*find_option(key), value, key);
    return status.ok() ? std::string() : status.failure().message;
  };
  EXPECT_EQ(message("brokers", "a,b:99999"), "brokers: 'b:99999' is no host:port");
  EXPECT_EQ(message("tls.enabled", "perhaps"), "tls.enabled: 'perhaps' is neither true nor false");
  EXPECT_EQ(message("globals.dial_timeout", "-3s"), "globals.dial_timeout: '-3s' is no duration such as 3s");
  EXPECT_EQ(message("group.protocol", "modern"), "group.protocol: 'modern' is none of classic consumer");
  EXPECT_EQ(message("brokers", ""), "");
}

TEST(ProfileFile, RoundTrip) {
  const auto file = parse_profile_file(two_profiles, "f");
  ASSERT_TRUE(file.ok()) << file.failure().message;
  EXPECT_EQ(file->current, "one");
  EXPECT_EQ(file->globals, (OptionValues{{"globals.dial_timeout", "7s"}}));
  ASSERT_EQ(file->profiles.size(), 2U);
  EXPECT_EQ(file->find("one")->options, (OptionValues{{"brokers", "one:1,one:2"}, {"group.protocol", "consumer"}}));
  EXPECT_EQ(file->find("two")->description, "the other: with a colon");
  EXPECT_EQ(file->find("three"), nullptr);
  EXPECT_EQ(profile_file_text(*file), two_profiles);
  const auto again = parse_profile(profile_text(file->profiles[1]), "f");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->options, file->profiles[1].options);
  EXPECT_EQ(*parse_globals(globals_text(file->globals), "f"), file->globals);
  EXPECT_EQ(parse_profile_file("", "f")->profiles.size(), 0U);
}

TEST(ProfileFile, WrongFilesSayWhatIsWrong) {
  const auto message = [](std::string_view text) {
    const auto file = parse_profile_file(text, "f");
    return file.ok() ? std::string() : file.failure().message;
  };
  EXPECT_EQ(message("profile: x"), "f: unknown key 'profile'; did you mean profiles?");
  EXPECT_EQ(message("profiles:\n- name: a\n  kafka_api:\n    broker: x\n"),
            "f: unknown key 'kafka_api.broker'; did you mean kafka_api.brokers?");
  EXPECT_EQ(message("profiles:\n- name: a\n- name: a\n"), "f: there are two profiles 'a'");
  EXPECT_EQ(message("profiles:\n- name: a b\n"), "f: 'a b' is no name of a profile: letters, digits and . _ - are");
  EXPECT_EQ(message("profiles:\n- x\n"), "f: a profile is a map that begins with 'name: ...'");
  EXPECT_EQ(message("globals:\n  dial_timeout: soon\n"), "f: globals.dial_timeout: 'soon' is no duration such as 3s");
  EXPECT_EQ(message("globals: 3\n"), "f: globals: expected 'key: value' below it");
  // What rpk keeps besides does not hinder.
  EXPECT_EQ(message("current_cloud_auth_org_id: x\nprofiles:\n- name: a\n  from_cloud: false\n"), "");
}

TEST(ProfileFile, SettingValues) {
  Profile profile{.name = "p"};
  EXPECT_TRUE(set_profile_value(profile, "kafka_api.brokers", "a:1").ok());
  EXPECT_TRUE(set_profile_value(profile, "description", "text").ok());
  EXPECT_EQ(profile.options, (OptionValues{{"brokers", "a:1"}}));
  EXPECT_TRUE(set_profile_value(profile, "brokers", "").ok());
  EXPECT_TRUE(profile.options.empty());
  EXPECT_EQ(set_profile_value(profile, "globals.dial_timeout", "1s").failure().message,
            "globals.dial_timeout holds for all profiles: moldau profile set-globals dial_timeout=...");
  EXPECT_EQ(set_profile_value(profile, "brokr", "1").failure().message,
            "unknown option 'brokr'; did you mean brokers?; see: moldau -X list");
}

// --- precedence ---

class Precedence : public testing::Test {
 protected:
  void SetUp() override {
    path_ = (std::filesystem::temp_directory_path() / ("moldau-profile-test-" + std::to_string(::getpid()))).string();
    ASSERT_TRUE(write_output(path_, two_profiles).ok());
  }
  void TearDown() override { std::filesystem::remove(path_); }

  Result<SessionOptions> options(std::vector<std::string> words, std::map<std::string, std::string> variables = {}) {
    words.insert(words.begin(), {"topic", "list", "--config", path_});
    const std::vector<std::string_view> views(words.begin(), words.end());
    const auto invocation = Invocation::parse(views);
    EXPECT_TRUE(invocation.ok());
    return session_options(*invocation, [&](const char* name) -> const char* {
      const auto found = variables.find(name);
      return found != variables.end() ? found->second.c_str() : nullptr;
    });
  }
  std::string host(std::vector<std::string> words, std::map<std::string, std::string> variables = {}) {
    const auto found = options(std::move(words), std::move(variables));
    return found.ok() ? found->brokers[0].to_string() : found.failure().message;
  }

  std::string path_;
};

TEST_F(Precedence, FlagThenXThenEnvironmentThenProfileThenDefault) {
  EXPECT_EQ(host({}), "one:1");
  EXPECT_EQ(host({}, {{"RPK_BROKERS", "rpk:1"}}), "rpk:1");
  EXPECT_EQ(host({}, {{"RPK_BROKERS", "rpk:1"}, {"MOLDAU_BROKERS", "env:1"}}), "env:1");
  EXPECT_EQ(host({"-X", "brokers=x:1"}, {{"MOLDAU_BROKERS", "env:1"}}), "x:1");
  EXPECT_EQ(host({"-X", "brokers=x:1", "--brokers", "flag:1"}), "flag:1");
  EXPECT_EQ(host({"--ignore-profile"}), "127.0.0.1:9092");
  EXPECT_EQ(options({})->dial_timeout, seconds(7));
  EXPECT_TRUE(options({})->consumer_protocol);
  EXPECT_FALSE(options({}, {{"MOLDAU_GROUP_PROTOCOL", "classic"}})->consumer_protocol);
}

TEST_F(Precedence, WhichProfile) {
  EXPECT_EQ(host({"--profile", "two"}), "profile 'two': tls.enabled: TLS and SASL are not served yet");
  EXPECT_EQ(host({"--profile", "two", "-X", "tls.enabled=false"}), "two:1");
  EXPECT_EQ(host({"-X", "tls.enabled=false"}, {{"MOLDAU_PROFILE", "two"}}), "two:1");
  EXPECT_EQ(host({"--profile", "one"}, {{"MOLDAU_PROFILE", "two"}}), "one:1");
  EXPECT_EQ(host({"--profile", "three"}), "there is no profile 'three' in " + path_ + "; see: moldau profile list");
}

TEST_F(Precedence, NoDefaultCluster) {
  EXPECT_EQ(host({"--ignore-profile", "-X", "globals.no_default_cluster=true"}),
            "no broker is named, and -X globals.no_default_cluster is on: give --brokers, or see: moldau profile list");
  EXPECT_EQ(host({"-X", "globals.no_default_cluster=true"}), "one:1");
  path_ += "-absent";
  EXPECT_EQ(host({}), "--config " + path_ + ": there is no such file");
}

TEST(ProfilePath, WhereTheFileIs) {
  const auto path = [](std::vector<std::string_view> words, std::map<std::string, std::string> variables) {
    const auto invocation = Invocation::parse(words);
    return profile_path(*invocation, [&](const char* name) -> const char* {
      const auto found = variables.find(name);
      return found != variables.end() ? found->second.c_str() : nullptr;
    });
  };
  std::map<std::string, std::string> variables{{"HOME", "/h"}};
  EXPECT_EQ(path({"version"}, {}), "");
  EXPECT_EQ(path({"version"}, variables), "/h/.config/moldau/moldau.yaml");
  variables["XDG_CONFIG_HOME"] = "/x";
  EXPECT_EQ(path({"version"}, variables), "/x/moldau/moldau.yaml");
  variables["MOLDAU_CONFIG"] = "/m.yaml";
  EXPECT_EQ(path({"version"}, variables), "/m.yaml");
  EXPECT_EQ(path({"version", "--config", "/c"}, variables), "/c");
}

TEST(Prompt, ColorsModifiersAndParts) {
  EXPECT_EQ(*render_prompt(R"(hi-white, bg-red, bold, "[%p]")", "x"), "\x1b[97;41;1m[x]\x1b[0m");
  EXPECT_EQ(*render_prompt(R"("plain %n %%")", "x"), "plain x %");
  EXPECT_EQ(*render_prompt("bg-hi-blue", "x"), "\x1b[104mx\x1b[0m");
  EXPECT_EQ(*render_prompt(R"(("--") (underline "a\"b"))", "x"), "--\x1b[4ma\"b\x1b[0m");
  EXPECT_EQ(*render_prompt(R"(raw, bold "%n")", "x"), "x");
  EXPECT_EQ(*render_prompt("  ", "x"), "");
  for (const char* wrong : {"pink \"x\"", "\"x", "(\"x\"", "\"a\" \"b\"", "\"%q\"", "\"%\"", "(\"x\") y", ")"}) {
    EXPECT_FALSE(render_prompt(wrong, "x").ok()) << wrong;
  }
}

}  // namespace
}  // namespace moldau::cli
