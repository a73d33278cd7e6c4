// What `generate shell-completion` prints: each script asks `moldau __complete`, and gives it the name of the program
// in front where that is one of Kafka's scripts. @SCRIPTS@ stands for their names. Only completion.cc includes it.
#pragma once

#include <string_view>

namespace moldau::cli {

inline constexpr std::string_view bash_script = R"(# bash completion for moldau
_moldau() {
  local line script=()
  case ${COMP_WORDS[0]} in moldau|*/moldau) ;; *) script=("${COMP_WORDS[0]}") ;; esac
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("${line%%$'\t'*}")
  done < <(moldau __complete -- "${script[@]}" "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  case ${COMPREPLY[0]-} in *=|*,) compopt -o nospace ;; esac
}
complete -F _moldau moldau @SCRIPTS@
)";

inline constexpr std::string_view zsh_script = R"(#compdef moldau @SCRIPTS@
_moldau() {
  local line
  local -a candidates script
  [[ $words[1] == (moldau|*/moldau) ]] || script=("$words[1]")
  while IFS= read -r line; do
    line=${line//:/\\:}
    candidates+=("${line/$'\t'/:}")
  done < <(moldau __complete -- $script "${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe -V 'moldau' candidates
}
if [ "$funcstack[1]" = "_moldau" ]; then _moldau "$@"; else compdef _moldau moldau @SCRIPTS@; fi
)";

inline constexpr std::string_view fish_script = R"(# fish completion for moldau
function __moldau_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l script $words[1]
  string match -q -r '(^|/)moldau$' -- $words[1]; and set script
  moldau __complete -- $script $words[2..-1] 2>/dev/null
end
for program in moldau @SCRIPTS@
  complete -c $program -f -a '(__moldau_complete)'
end
)";

}  // namespace moldau::cli
