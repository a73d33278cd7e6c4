// The sweep over damaged blocks (F50; after CORDS, FAST 2017): a data folder that a broker filled and left, by a stop
// in order or a power cut; then for every file and every block of 4 KiB of it, one after the other: the block is zeros,
// or has a flipped bit, or cannot be read. A broker starts on that, its scrubber walks, and everything is read:
//
//   loud      the start is refused with a line, or the process ends by itself, as when a disk fails
//   whole     every record is there
//   confined  records are missing, all of them in batches that the block holds a part of; each of them is answered with
//             an error, or fails its checksum at the client; everything else is there, and more can be written
//
// Anything else is a violation: a record that nobody made, one that is missing elsewhere, or silently.
#pragma once

#include <cstdint>
#include <string>

#include "store/store.h"

namespace moldau::sim {

struct BlockSweepOptions {
  uint64_t sweeps = 1;   ///< folders that are made, each by a seed of its own
  uint64_t from = 1;     ///< the first seed
  uint64_t one_in = 1;   ///< of the images, one in so many: a sample
  uint64_t threads = 1;
  std::string mutant;
  store::Mutant planted = store::Mutant::none;
};

/// Runs them and prints what was found; the exit code.
int run_block_sweep(const BlockSweepOptions& options);

/// The first violation of one folder's images; empty when all hold. For the list of mutants.
std::string find_in_block_sweep(uint64_t seed, store::Mutant planted);

}  // namespace moldau::sim
