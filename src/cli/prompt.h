// The prompt of a profile, in rpk's notation: colors and modifiers before a quoted text, several of them in
// parentheses.
//   hi-white bg-red bold "[%p]"
//   ("--") (hi-red "%n")
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace moldau::cli {

/// `prompt` with ANSI escapes, %p and %n in its texts replaced by `name`. Without a text, the name is the text.
/// Failures say what is wrong with it.
Result<std::string> render_prompt(std::string_view prompt, std::string_view name);

}  // namespace moldau::cli
