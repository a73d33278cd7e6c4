// Edits a text in the user's editor.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace moldau::cli {

/// Shows `text` in $VISUAL or $EDITOR (vi without both) and gives what was written to `take`. When `take` fails, the
/// written text stays in its file, which the failure names. False: the text was left as it was, and `take` not
/// called. `suffix` of the file: ".yaml".
Result<bool> edit_text(std::string_view text, std::string_view suffix,
                       const std::function<Status(const std::string& text, const std::string& name)>& take);

}  // namespace moldau::cli
