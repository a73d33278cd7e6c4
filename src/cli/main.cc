#include "cli/main.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "cli/invocation.h"
#include "cli/kafka/tool.h"
#include "cli/option_keys.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/verbs.h"

#ifndef MOLDAU_VERSION
#define MOLDAU_VERSION "unknown"
#endif

namespace moldau::cli {
int print_version(const Invocation&) {
  print("moldau " MOLDAU_VERSION "\n");
  return 0;
}

int print_help(const Invocation& invocation) {
  std::string path;
  for (const std::string& word : invocation.arguments()) path += (path.empty() ? "" : " ") + word;
  if (const kafka::Tool* script = kafka::find_tool(path)) {
    print(fmt::format("{}.\n\nusage: moldau {} [options]\n\n{}", script->summary, script->name,
                      kafka::help_of(script->options)));
    return 0;
  }
  if (!path.empty() && find_command(path) == nullptr) {
    std::vector<std::string_view> names;
    for (const Command& command : commands()) {
      if (!command.hidden) names.push_back(command.path);
    }
    for (const kafka::Tool& tool : kafka::tools()) names.push_back(tool.name);
    const std::string_view near = nearest(path, names);
    return fail(
        fmt::format("unknown command '{}'{}", path, near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
  }
  print(help_of(path));
  return 0;
}

int run(int argc, char** argv) {
  std::vector<std::string_view> words(argv + std::min(argc, 1), argv + argc);
  // Kafka's scripts: by the name that the program was started under, or by the first word.
  const kafka::Tool* script = argc > 0 ? kafka::find_tool(argv[0]) : nullptr;
  if (script != nullptr) return script->run(words);
  script = words.empty() ? nullptr : kafka::find_tool(words.front());
  if (script != nullptr) return script->run(std::span(words).subspan(1));
  if (words.size() == 1 && words.front() == "--version") words.front() = "version";
  const Result<Invocation> invocation = Invocation::parse(words);
  if (!invocation.ok()) return fail(invocation.failure());
  for (const std::string& option : invocation->texts("config-opt")) {
    if (option != "list" && option != "help") continue;
    print(option == "list" ? option_list() : option_help());
    return 0;
  }
  if (invocation->help() || invocation->command() == nullptr) {
    print(help_of(invocation->path()));
    return 0;
  }
  if (invocation->command()->run == nullptr) {
    print(help_of(invocation->path()));
    return 1;
  }
  return invocation->command()->run(*invocation);
}

}  // namespace moldau::cli
