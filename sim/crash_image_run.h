// The enumeration of crash images: for scripted lives of the store (storage_life.h), at each changing operation of the
// disk, the images that a power cut may leave (io/sim/crash_images.h); each is recovered by the real store, and then:
//
//   St1  what was acknowledged (sync mode) or flushed (page-cache mode) is there, as it was; the rest is a prefix of
//        what was appended; no byte is invented; nothing is told to be damaged; recovering twice is recovering once,
//        also when the second recovery follows a power cut in the midst of the first. Of what a killed process leaves:
//        all that was written is there, and still is when the power fails behind the start
//   St2  every index entry points at its batch (store/audit.h)
//   P1   what is known of producers is what a replay of the log gives
//
// `./x sim --crash-images N`: lives until N images were recovered. A violation prints one command that replays it.
#pragma once

#include <cstdint>
#include <string>

#include "store/store.h"

namespace moldau::sim {

struct CrashImageOptions {
  uint64_t images = 100'000;  ///< lives go on until so many were recovered
  uint64_t from = 1;          ///< the first life's seed
  uint64_t threads = 1;
  bool one = false;           ///< that life only
  uint64_t point = UINT64_MAX;  ///< of that life, this moment only
  std::string mutant;           ///< a planted bug, by name: passes when it is found
  store::Mutant planted = store::Mutant::none;
};

/// Runs them and prints what was found; the exit code.
int run_crash_images(const CrashImageOptions& options);

/// The first violation of one life's images; empty when all hold. For the list of mutants.
std::string find_in_crash_images(uint64_t seed, store::Mutant planted);

}  // namespace moldau::sim
