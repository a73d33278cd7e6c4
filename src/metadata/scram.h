// SCRAM credentials as the metadata log keeps them (KIP-554; RFC 5802, RFC 7677): what is derived from a salted
// password, and what the image holds. Stored and described; no client logs in with them in this version. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "metadata/image.h"

namespace moldau::metadata {

/// ScramMechanism, numbered as the protocol numbers it.
enum class ScramMechanism : int8_t { unknown = 0, sha_256 = 1, sha_512 = 2 };
ScramMechanism scram_mechanism_of(int8_t number);

inline constexpr int32_t scram_iterations_min = 4096;
inline constexpr int32_t scram_iterations_max = 16384;

/// HMAC (RFC 2104) with the mechanism's hash. REQUIRES: not unknown.
std::vector<std::byte> scram_hmac(ScramMechanism mechanism, std::span<const std::byte> key,
                                  std::span<const std::byte> text);
/// The mechanism's hash of `text`.
std::vector<std::byte> scram_hash(ScramMechanism mechanism, std::span<const std::byte> text);

struct ScramKeys {
  std::vector<std::byte> stored;
  std::vector<std::byte> server;
};
/// StoredKey and ServerKey of a salted password (RFC 5802, section 3).
ScramKeys scram_keys(ScramMechanism mechanism, std::span<const std::byte> salted_password);

/// Iterations by mechanism.
using ScramUser = std::map<ScramMechanism, int32_t>;
/// All users with credentials.
std::map<std::string, ScramUser, std::less<>> scram_users(const Image& image);

}  // namespace moldau::metadata
