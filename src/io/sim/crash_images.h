// CrashImages: walks through what a power cut may leave of a disk, one image after the other. `sim/disk.h` says what is
// legal; a power cut there draws one of these by the seed, and here they are enumerated (after ALICE, OSDI 2014):
//
//   names    all kept, none kept, each prefix of the operations, each operation lost (with what must go with it)
//   a file   each prefix of its operations in their order; all but one sector; one sector and no other; one sector
//            torn; grown without a byte of data (zeros, garbage); each while all other files are kept whole, and while
//            they are lost
//   mixed    every sector and folder by its own draw
//
// One unsynced operation more multiplies what is possible, so the list is systematic in single changes and random in
// combinations. Equal images come once.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/prng.h"
#include "io/sim/tree.h"

namespace moldau::io::sim {

class CrashImages {
 public:
  /// `state` must outlive this. At most `images_max` are given: of a longer list, some of each kind by the seed.
  /// `mixed`: how many random combinations follow the systematic ones.
  CrashImages(const Tree& state, uint64_t seed, size_t images_max, size_t mixed);

  /// The next image; null when there are no more.
  std::unique_ptr<Tree> next();
  /// Which choice the last one was, for people.
  const std::string& what() const { return what_; }
  /// A hash over the names and bytes of the last one.
  uint64_t hash() const { return hash_; }

 private:
  enum class Kind : unsigned char {
    whole,     // of the file: all operations
    nothing,
    prefix,    // the first `a` operations, in their order
    without,   // all, but sector `a` lacks its last write
    only,      // of the data sector `a` alone; the size as it was last
    torn,      // all, and of the last write to sector `a` only `b` bytes
    bare,      // the size as it was last, no data
    mixed,
  };
  struct Fate {
    Kind kind = Kind::whole;
    uint64_t a = 0;
    uint64_t b = 0;
    bool garbage = false;
  };
  struct Plan {
    uint64_t file = 0;  // the inode with a fate of its own; 0: none
    Fate own;
    Fate others;
    std::vector<bool> names;
  };

  void plan_names();
  void plan_file(const Inode& file);
  Survival survival(const Inode& file, const Fate& fate);
  void describe(const Plan& plan);

  const Tree& state_;
  Prng prng_;
  std::vector<Plan> plans_;
  size_t next_plan_ = 0;
  std::vector<bool> all_names_;
  std::vector<bool> no_names_;
  std::set<uint64_t> seen_;
  std::string what_;
  uint64_t hash_ = 0;
};

}  // namespace moldau::io::sim
