#include "store/names_anew.h"

#include "base/trace.h"

namespace moldau::store {
namespace {

/// No topic's name has it; one byte, so that it fits behind the longest name.
constexpr char on_the_way = '~';

/// Not found is no failure: nothing is to be renamed then. True when it was.
Result<bool> rename_if_there(io::Disk& disk, const std::string& from, const std::string& to) {
  const Status renamed = disk.rename(from, to);
  if (renamed.ok()) return true;
  if (renamed.failure().kind == FailureKind::not_found) return false;
  return renamed.failure();
}

}  // namespace

Status name_anew(io::Disk& disk, const std::string& path) {
  ASSIGN_OR_RETURN(const bool away, rename_if_there(disk, path, path + on_the_way));
  return away ? disk.rename(path + on_the_way, path) : Status();
}

Status take_name_back(io::Disk& disk, const std::string& folder, std::string& name) {
  if (!name.ends_with(on_the_way)) return {};
  const std::string path = folder + "/" + name;
  name.pop_back();
  trace(TraceLevel::warn, "path={} state=named_back renamed_to={}", path, name);
  return disk.rename(path, folder + "/" + name);
}

Result<bool> found_on_the_way(io::Disk& disk, const std::string& path) {
  return rename_if_there(disk, path + on_the_way, path);
}

}  // namespace moldau::store
