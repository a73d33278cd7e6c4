// The small helpers on the surface: whole files read and replaced, parents of paths, addresses as text.
#include <array>

#include "io/disk.h"
#include "io/network.h"

namespace moldau::io {

Result<std::vector<std::byte>> read_file(Disk& disk, const std::string& path, uint64_t size_max) {
  ASSIGN_OR_RETURN(const FileRef file, disk.open(path, OpenMode::read));
  ASSIGN_OR_RETURN(const uint64_t size, disk.size(*file));
  if (size > size_max) {
    return Failure{FailureKind::corrupt,
                   path + ": " + std::to_string(size) + " bytes, expected up to " + std::to_string(size_max)};
  }
  std::vector<std::byte> content(size);
  ASSIGN_OR_RETURN(const size_t found, disk.read(*file, 0, content));
  content.resize(found);
  return content;
}

Status replace_file(Disk& disk, const std::string& path, std::span<const std::byte> content) {
  const std::string fresh = path + ".tmp";
  {
    ASSIGN_OR_RETURN(const FileRef file, disk.open(fresh, OpenMode::create));
    RETURN_IF_FAILED(disk.truncate(*file, 0));
    const std::array<std::span<const std::byte>, 1> pieces{content};
    RETURN_IF_FAILED(disk.write(*file, 0, pieces));
    RETURN_IF_FAILED(disk.sync_now(*file));
  }
  RETURN_IF_FAILED(disk.rename(fresh, path));
  return disk.sync_dir(parent_of(path));
}

std::string parent_of(const std::string& path) {
  size_t end = path.find_last_not_of('/');  // a folder may be named with a slash at its end
  if (end == std::string::npos) return path.empty() ? "." : "/";
  end = path.find_last_of('/', end);
  if (end == std::string::npos) return ".";
  end = path.find_last_not_of('/', end);
  return end == std::string::npos ? "/" : path.substr(0, end + 1);
}

std::string Address::to_string() const {
  const bool bracketed = host.find(':') != std::string::npos;
  return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace moldau::io
