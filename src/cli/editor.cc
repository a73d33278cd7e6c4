#include "cli/editor.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include <fmt/core.h>

#include "cli/input.h"

namespace moldau::cli {
namespace {

std::string editor_of() {
  for (const char* name : {"VISUAL", "EDITOR"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "vi";
}

/// Runs the editor on `path` through the shell, so that EDITOR may have words: "code --wait".
Status run_editor(const std::string& editor, const std::string& path) {
  const pid_t child = ::fork();
  if (child < 0) return failure_from_errno(errno, "start " + editor);
  if (child == 0) {
    const std::string command = editor + " \"$1\"";
    ::execl("/bin/sh", "sh", "-c", command.c_str(), "sh", path.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  int how = 0;
  while (::waitpid(child, &how, 0) < 0) {
    if (errno != EINTR) return failure_from_errno(errno, "wait for " + editor);
  }
  if (WIFEXITED(how) && WEXITSTATUS(how) == 0) return {};
  return Failure{FailureKind::unavailable,
                 fmt::format("the editor '{}' failed: set EDITOR to one that is installed", editor)};
}

}  // namespace

Result<bool> edit_text(std::string_view text, std::string_view suffix,
                       const std::function<Status(const std::string& text, const std::string& name)>& take) {
  const char* folder = std::getenv("TMPDIR");
  std::string path = fmt::format("{}/moldau-XXXXXX{}", folder != nullptr && *folder != '\0' ? folder : "/tmp", suffix);
  const int file = ::mkstemps(path.data(), static_cast<int>(suffix.size()));
  if (file < 0) return failure_from_errno(errno, "write " + path);
  ::close(file);
  Status status = write_output(path, text);
  if (status.ok()) status = run_editor(editor_of(), path);
  if (!status.ok()) {
    ::unlink(path.c_str());
    return status.failure();
  }
  ASSIGN_OR_RETURN(const std::string edited, read_input(path));
  if (edited != text) {
    status = take(edited, path);
    if (!status.ok()) {
      return Failure{status.failure().kind, fmt::format("{}; nothing was changed, and what you wrote is in {}",
                                                        status.failure().message, path)};
    }
  }
  ::unlink(path.c_str());
  return edited != text;
}

}  // namespace moldau::cli
