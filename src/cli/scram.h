// SCRAM credentials as clients make them: brokers never see the password.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "client/admin_configs.h"

namespace moldau::cli {

/// What Kafka takes as default and as least number of iterations, for both mechanisms.
inline constexpr int32_t scram_iterations_default = 4096;
inline constexpr int32_t scram_iterations_min = 4096;
inline constexpr int32_t scram_iterations_max = 16384;

/// "SCRAM-SHA-256", "SCRAM-SHA-512", in any case; unknown for any other text.
client::ScramMechanism scram_mechanism_of(std::string_view name);
std::string_view scram_name(client::ScramMechanism mechanism);

/// The password salted (RFC 5802, PBKDF2) with a fresh salt, or with `salt`.
Result<client::ScramCredential> salted_credential(client::ScramMechanism mechanism, int32_t iterations,
                                                  std::string_view password, std::optional<std::string> salt = {});

/// A password of so many random letters and digits.
Result<std::string> random_password(size_t length);

}  // namespace moldau::cli
