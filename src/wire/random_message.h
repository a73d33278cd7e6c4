// Random messages of any type, for tests, fuzzing and the comparison with Kafka's classes. The same seed fills a
// message the same way on every machine.
#pragma once

#include <cstdint>

#include "base/arena.h"
#include "base/prng.h"
#include "wire/descriptor.h"

namespace moldau::wire {

/// Fills `message` (freshly created) with values that `version` can carry: fields that it lacks keep their defaults.
/// Texts and bytes live in `arena`.
void fill_randomly(const MessageDescriptor& descriptor, void* message, int16_t version, Prng& prng, Arena& arena);

}  // namespace moldau::wire
