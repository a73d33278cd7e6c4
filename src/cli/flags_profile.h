// The flags of the profile verbs, and their longer help. Only commands.cc includes it.
#pragma once

#include "cli/flags_common.h"

namespace moldau::cli {

inline constexpr Flag profile_create_flags[] = {
    {"description", 'd', FlagKind::text, "", "What 'profile list' says of it"},
    {.name = "from-profile",
     .kind = FlagKind::text,
     .help = "Begin with a profile's file, or a profile of that name; current: with what counts now",
     .names = ArgumentKind::profiles},
    {.name = "set",
     .letter = 's',
     .kind = FlagKind::texts,
     .help = "An option, key=value, as 'profile set' takes it; may stand several times",
     .names = ArgumentKind::options},
};
inline constexpr Flag profile_current_flags[] = {
    {"no-newline", 'n', FlagKind::boolean, "false", "Print the name alone"},
};
inline constexpr Flag profile_list_flags[] = {output_format};
inline constexpr Flag profile_prompt_flags[] = {
    {"validate", 0, FlagKind::boolean, "false", "Say what is wrong with the prompt, and end with 1"},
};

inline constexpr std::string_view profile_details =
    R"(A profile is a set of options of the client (moldau -X help) with a name. The selected one counts for every
command; flags, -X and the environment win over it. --profile and MOLDAU_PROFILE take another for once.

Examples:
  moldau profile create local --set brokers=127.0.0.1:9092
  moldau profile create test -d 'the test cluster' -s brokers=t1:9092,t2:9092
  moldau profile use local
)";
inline constexpr std::string_view profile_set_details =
    R"(Keys are those of -X (moldau -X list), or fields of the profile's YAML: kafka_api.brokers; and description,
prompt. An empty value unsets. KEY VALUE sets one.

Examples:
  moldau profile set brokers=db1:9092,db2:9092
  moldau profile set prompt 'hi-red bold "[%n]"'
)";
inline constexpr std::string_view profile_prompt_details =
    R"(The profile's prompt, or globals.prompt, with ANSI colors, for PS1='$(moldau profile prompt)'. Nothing if
there is none. %n and %p are the profile's name, %% is %.
  bg-red hi-white bold "[%n]"        colors and modifiers before a quoted text
  ("--") (underline "%n")            several of them in parentheses
Colors: black red green yellow blue magenta cyan white, with hi- and bg- before. Modifiers: bold faint
underline invert; raw takes all escapes away.
)";

}  // namespace moldau::cli
