// Names given anew. A process may die after the sync of a folder failed: what the sync should have written may then be
// clean in memory and nowhere on the device, and no later sync would take it. As bytes are written again
// (docs/design/recovery.md), so names are given again: away and back, which changes the folder's blocks and the inode,
// so that the sync that follows has them to write. A crash in between leaves the name for the way, and the next start
// gives the right one back.
#pragma once

#include <string>

#include "io/disk.h"

namespace moldau::store {

/// Renames a file or a folder away and back. Durable after a sync of its folder. Nothing when it is not there.
Status name_anew(io::Disk& disk, const std::string& path);
/// If `name` is one that a crash left on the way, the file or folder gets its name back, and `name` becomes that.
Status take_name_back(io::Disk& disk, const std::string& folder, std::string& name);
/// The same for one path: called when nothing of that name is there. True when it is there now.
Result<bool> found_on_the_way(io::Disk& disk, const std::string& path);

}  // namespace moldau::store
