// The table of commands, its parser, its completion, and the options of a session.
#include "cli/invocation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "cli/completion.h"
#include "cli/session.h"
#include "cli/text.h"

namespace moldau::cli {
namespace {

Result<Invocation> parse(std::initializer_list<std::string_view> words) {
  const std::vector<std::string_view> list(words);
  return Invocation::parse(list);
}

std::string error_of(std::initializer_list<std::string_view> words) {
  const auto invocation = parse(words);
  return invocation.ok() ? "no error" : invocation.failure().message;
}

TEST(Commands, TheTableIsSound) {
  std::set<std::string_view> paths;
  for (const Command& command : commands()) {
    EXPECT_TRUE(paths.insert(command.path).second) << command.path;
    EXPECT_FALSE(command.summary.empty()) << command.path;
    EXPECT_LE(command.arguments_min, command.arguments_max) << command.path;
    EXPECT_EQ(find_command(command.path), &command);
    std::set<std::string_view> names;
    std::set<char> letters{'h'};
    for (const auto flags : {command.flags, global_flags()}) {
      for (const Flag& flag : flags) {
        EXPECT_TRUE(names.insert(flag.name).second) << command.path << " --" << flag.name;
        if (flag.letter != 0) {
          EXPECT_TRUE(letters.insert(flag.letter).second) << command.path << " -" << flag.letter;
        }
        EXPECT_FALSE(flag.help.empty()) << flag.name;
        EXPECT_TRUE(flag.kind != FlagKind::integer || parse_integer(flag.fallback)) << flag.name;
        EXPECT_TRUE(flag.kind != FlagKind::boolean || parse_bool(flag.fallback)) << flag.name;
      }
    }
  }
}

TEST(Commands, HelpShowsEveryFlag) {
  for (const Command& command : commands()) {
    const std::string help = help_of(command.path);
    for (const Flag& flag : command.flags) {
      EXPECT_NE(help.find("--" + std::string(flag.name)), std::string::npos) << command.path << " --" << flag.name;
    }
    for (const std::string_view line : split(help, '\n')) EXPECT_LE(line.size(), 180U) << line;
  }
  EXPECT_NE(help_of("").find("topic"), std::string::npos);
  EXPECT_NE(help_of("topic").find("consume"), std::string::npos);
  EXPECT_EQ(help_of("").find("__complete"), std::string::npos);
}

TEST(Invocation, FlagsAndArgumentsMix) {
  const auto invocation =
      parse({"topic", "create", "foo", "-p", "20", "bar", "-r3", "-c", "a=b", "--topic-config=c=d=e", "-d"});
  ASSERT_TRUE(invocation.ok());
  EXPECT_EQ(invocation->path(), "topic create");
  EXPECT_EQ(invocation->arguments(), (std::vector<std::string>{"foo", "bar"}));
  EXPECT_EQ(invocation->integer("partitions"), 20);
  EXPECT_EQ(invocation->integer("replicas"), 3);
  EXPECT_TRUE(invocation->boolean("dry"));
  EXPECT_FALSE(invocation->boolean("if-not-exists"));
  ASSERT_EQ(invocation->texts("topic-config").size(), 2U);
  EXPECT_EQ(invocation->texts("topic-config")[1], "c=d=e");
}

TEST(Invocation, LettersTogetherAndNegativeValues) {
  const auto described = parse({"topic", "describe", "-scp", "foo"});
  ASSERT_TRUE(described.ok());
  EXPECT_TRUE(described->boolean("print-summary") && described->boolean("print-configs") &&
              described->boolean("print-partitions"));
  const auto consumed =
      parse({"topic", "consume", "foo", "-o", "-5", "-n=3", "-p", "1,2", "-p3", "--pretty-print=false"});
  ASSERT_TRUE(consumed.ok());
  EXPECT_EQ(consumed->text("offset"), "-5");
  EXPECT_EQ(consumed->integer("num"), 3);
  EXPECT_EQ(consumed->integers("partitions"), (std::vector<int64_t>{1, 2, 3}));
  EXPECT_FALSE(consumed->boolean("pretty-print"));
  EXPECT_EQ(consumed->text("format"), "json");
}

TEST(Invocation, GlobalFlagsStandAnywhere) {
  for (const auto& words : {std::vector<std::string_view>{"-X", "brokers=a:1", "topic", "list"},
                            {"topic", "-X", "brokers=a:1", "list"},
                            {"topic", "list", "-Xbrokers=a:1"},
                            {"topic", "ls", "--config-opt", "brokers=a:1"}}) {
    const auto invocation = Invocation::parse(words);
    ASSERT_TRUE(invocation.ok()) << invocation.failure().message;
    EXPECT_EQ(invocation->path(), "topic list");
    ASSERT_EQ(invocation->texts("config-opt").size(), 1U);
    EXPECT_EQ(invocation->texts("config-opt")[0], "brokers=a:1");
  }
}

TEST(Invocation, TwoDashesEndFlags) {
  const auto invocation = parse({"topic", "delete", "--", "-r", "--x"});
  ASSERT_TRUE(invocation.ok());
  EXPECT_EQ(invocation->arguments(), (std::vector<std::string>{"-r", "--x"}));
  EXPECT_FALSE(invocation->boolean("regex"));
}

TEST(Invocation, ErrorsAreOneLineWithASuggestion) {
  EXPECT_EQ(error_of({"topics", "list"}), "unknown command 'topics'; did you mean topic?; see: moldau help");
  EXPECT_EQ(error_of({"topic", "craete", "x"}),
            "unknown command 'craete' of 'topic'; did you mean create?; see: moldau help");
  EXPECT_EQ(error_of({"frobnicate"}), "unknown command 'frobnicate'; see: moldau help");
  EXPECT_EQ(error_of({"topic", "create", "x", "--partitons", "3"}),
            "unknown flag --partitons for 'topic create'; did you mean --partitions?");
  EXPECT_EQ(error_of({"topic", "list", "-q"}), "unknown flag -q for 'topic list'");
  EXPECT_EQ(error_of({"topic", "create", "x", "-p", "many"}),
            "invalid value 'many' for --partitions: expected a number");
  EXPECT_EQ(error_of({"topic", "create", "x", "-p", "-2"}),
            "invalid value '-2' for --partitions: expected -1 to 2147483647");
  EXPECT_EQ(error_of({"topic", "create", "x", "-p"}), "-p needs a value");
  EXPECT_EQ(error_of({"topic", "produce", "x", "-z", "zst"}),
            "invalid value 'zst' for --compression: expected one of none gzip snappy lz4 zstd; did you mean zstd?");
  EXPECT_EQ(error_of({"topic", "consume", "x", "--fetch-max-wait", "5"}),
            "invalid value '5' for --fetch-max-wait: expected a duration such as 500ms or 1m30s");
  EXPECT_EQ(error_of({"topic", "create"}),
            "usage: moldau topic create TOPICS... [flags]; see: moldau topic create --help");
  EXPECT_EQ(error_of({"topic", "produce", "a", "b"}), "'topic produce' takes 1 argument, got 2: 'b' is too many");
}

TEST(Invocation, HelpNeedsNoArguments) {
  const auto invocation = parse({"topic", "create", "--help"});
  ASSERT_TRUE(invocation.ok());
  EXPECT_TRUE(invocation->help());
  const auto group = parse({"topic"});
  ASSERT_TRUE(group.ok());
  EXPECT_EQ(group->command(), nullptr);
  EXPECT_EQ(group->path(), "topic");
}

TEST(ManPage, NamesEveryCommandAndFlag) {
  const std::string page = man_page();
  const auto roff = [](std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '-' ? "\\-" : std::string(1, c);
    return out;
  };
  for (const Command& command : commands()) {
    EXPECT_EQ(page.find(".SS moldau " + roff(command.path)) != std::string::npos, !command.hidden) << command.path;
    for (const Flag& flag : command.flags) EXPECT_NE(page.find(roff("--" + std::string(flag.name))), std::string::npos);
  }
  // A line that begins with a dot is a request, and only those we mean may stand there.
  const std::set<std::string_view> requests{"TH", "SH", "SS", "TP", "PP", "nf", "fi", "B", "I", "\\\""};
  for (const std::string_view line : split(page, '\n')) {
    if (!line.starts_with('.')) continue;
    EXPECT_TRUE(requests.contains(line.substr(1, line.find(' ') - 1))) << line;
  }
}

// --- completion ---

std::vector<std::string> completed(std::vector<std::string> words) {
  std::vector<std::string> texts;
  for (const Candidate& candidate : candidates_for(words, [](ArgumentKind kind) {
         if (kind == ArgumentKind::profiles) return std::vector<std::string>{"local", "test"};
         return kind == ArgumentKind::groups ? std::vector<std::string>{"readers"}
                                             : std::vector<std::string>{"orders", "returns"};
       })) {
    texts.push_back(candidate.text);
  }
  return texts;
}

using Words = std::vector<std::string>;

TEST(Completion, Words) {
  EXPECT_EQ(completed({"to"}), Words{"topic"});
  EXPECT_EQ(completed({"topic", "de"}), (Words{"delete", "describe"}));
  EXPECT_EQ(completed({"topic", "consume", "o"}), Words{"orders"});
  EXPECT_EQ(completed({"topic", "consume", "orders", ""}), (Words{"orders", "returns"}));
  EXPECT_EQ(completed({"group", "describe", ""}), Words{"readers"});
  EXPECT_EQ(completed({"topic", "create", ""}), Words{});
  EXPECT_EQ(completed({"generate", "shell-completion", ""}), (Words{"bash", "zsh", "fish"}));
  EXPECT_EQ(completed({"__"}), Words{});
}

TEST(Completion, FlagsAndTheirValues) {
  EXPECT_EQ(completed({"topic", "consume", "--pr"}), (Words{"--pretty-print", "--print-control-records", "--profile"}));
  EXPECT_EQ(completed({"topic", "produce", "x", "-z", "l"}), Words{"lz4"});
  EXPECT_EQ(completed({"topic", "produce", "x", "--compression", "z"}), Words{"zstd"});
  EXPECT_EQ(completed({"topic", "list", "--format=j"}), Words{"--format=json"});
  EXPECT_EQ(completed({"-X", "bro"}), Words{"brokers="});
  EXPECT_EQ(completed({"-X", "tls.enabled="}), (Words{"tls.enabled=true", "tls.enabled=false"}));
  EXPECT_EQ(completed({"profile", "set", "group.protocol=co"}), Words{"group.protocol=consumer"});
  EXPECT_EQ(completed({"topic", "list", "--profile", ""}), (Words{"local", "test"}));
  EXPECT_EQ(completed({"topic", "consume", "x", "-f", ""}), Words{});  // a free text
}

TEST(Completion, EveryVisibleCommandIsReachable) {
  for (const Command& command : commands()) {
    if (command.hidden) continue;
    Words words;
    for (const std::string_view word : split(command.path, ' ')) words.emplace_back(word);
    const std::string last = words.back();
    words.back() = last.substr(0, 1);
    const Words found = completed(words);
    EXPECT_NE(std::find(found.begin(), found.end(), last), found.end()) << command.path;
  }
}

TEST(Completion, Scripts) {
  for (const char* shell : {"bash", "zsh", "fish"})
    EXPECT_NE(completion_script(shell).find("__complete"), std::string::npos);
  EXPECT_TRUE(completion_script("tcsh").empty());
}

// --- options of the session ---

Result<SessionOptions> options_of(std::initializer_list<std::string_view> words,
                                  std::map<std::string, std::string> variables) {
  const auto invocation = parse(words);
  EXPECT_TRUE(invocation.ok());
  return session_options(*invocation, [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found != variables.end() ? found->second.c_str() : nullptr;
  });
}

TEST(SessionOptions, Precedence) {
  EXPECT_EQ(options_of({"topic", "list"}, {})->brokers, (std::vector<io::Address>{{"127.0.0.1", 9092}}));
  EXPECT_EQ(options_of({"topic", "list"}, {{"RPK_BROKERS", "r:1"}})->brokers[0].host, "r");
  EXPECT_EQ(options_of({"topic", "list"}, {{"RPK_BROKERS", "r:1"}, {"MOLDAU_BROKERS", "m:1"}})->brokers[0].host, "m");
  EXPECT_EQ(options_of({"topic", "list", "-X", "brokers=x:2"}, {{"MOLDAU_BROKERS", "m:1"}})->brokers[0].host, "x");
  EXPECT_EQ(options_of({"topic", "list", "-X", "brokers=x:2", "--brokers", "b:3"}, {})->brokers[0].host, "b");
  EXPECT_EQ(options_of({"topic", "list"}, {{"MOLDAU_GLOBALS_DIAL_TIMEOUT", "7s"}})->dial_timeout, seconds(7));
  EXPECT_EQ(options_of({"topic", "list", "-X", "globals.kafka_protocol_request_client_id=me"}, {})->client_id, "me");
}

TEST(SessionOptions, Errors) {
  const auto message = [](const Result<SessionOptions>& options) {
    return options.ok() ? "" : options.failure().message;
  };
  EXPECT_EQ(message(options_of({"topic", "list", "-X", "broker=x"}, {})),
            "unknown option 'broker'; did you mean brokers?; see: moldau -X list");
  EXPECT_EQ(message(options_of({"topic", "list", "-X", "brokers"}, {})),
            "-X brokers: expected key=value; see: moldau -X list");
  EXPECT_EQ(message(options_of({"topic", "list", "-X", "globals.dial_timeout=x"}, {})),
            "-X globals.dial_timeout: 'x' is no duration such as 3s");
  // Silence about TLS that is not there would be a lie about security.
  EXPECT_EQ(message(options_of({"topic", "list"}, {{"RPK_TLS_ENABLED", "true"}})),
            "RPK_TLS_ENABLED: TLS and SASL are not served yet");
  EXPECT_EQ(message(options_of({"topic", "list"}, {{"RPK_TLS_ENABLED", "false"}})), "");
}

TEST(SessionOptions, Brokers) {
  EXPECT_EQ(*parse_brokers("a, b:1,[::1]:5,::2"),
            (std::vector<io::Address>{{"a", 9092}, {"b", 1}, {"::1", 5}, {"::2", 9092}}));
  for (const char* wrong : {"", ",", "a:0", "a:65536", "a:x", ":1", "[::1]x"})
    EXPECT_FALSE(parse_brokers(wrong).ok()) << wrong;
}

}  // namespace
}  // namespace moldau::cli
