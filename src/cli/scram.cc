#include "cli/scram.h"

#include <span>
#include <vector>

#include <sys/random.h>

#include <openssl/evp.h>

#include "cli/text.h"

namespace moldau::cli {
namespace {

constexpr size_t salt_bytes = 16;
constexpr size_t sha_256_bytes = 32;
constexpr size_t sha_512_bytes = 64;

Status fill_random(std::span<unsigned char> bytes) {
  // Up to 256 bytes come whole.
  if (::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size())) return {};
  return Failure{FailureKind::io, "the system gives no random bytes"};
}

}  // namespace

client::ScramMechanism scram_mechanism_of(std::string_view name) {
  const std::string upper_name = upper(name);
  if (upper_name == "SCRAM-SHA-256") return client::ScramMechanism::sha_256;
  if (upper_name == "SCRAM-SHA-512") return client::ScramMechanism::sha_512;
  return client::ScramMechanism::unknown;
}

std::string_view scram_name(client::ScramMechanism mechanism) {
  switch (mechanism) {
    case client::ScramMechanism::sha_256:
      return "SCRAM-SHA-256";
    case client::ScramMechanism::sha_512:
      return "SCRAM-SHA-512";
    case client::ScramMechanism::unknown:
      break;
  }
  return "UNKNOWN";
}

Result<client::ScramCredential> salted_credential(client::ScramMechanism mechanism, int32_t iterations,
                                                  std::string_view password, std::optional<std::string> salt) {
  std::vector<unsigned char> salt_of(salt_bytes);
  if (salt) {
    salt_of.assign(salt->begin(), salt->end());
  } else {
    RETURN_IF_FAILED(fill_random(salt_of));
  }
  const bool small = mechanism == client::ScramMechanism::sha_256;
  std::vector<unsigned char> salted(small ? sha_256_bytes : sha_512_bytes);
  const int done = PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt_of.data(),
                                     static_cast<int>(salt_of.size()), iterations, small ? EVP_sha256() : EVP_sha512(),
                                     static_cast<int>(salted.size()), salted.data());
  if (done != 1) return Failure{FailureKind::io, "the password cannot be salted"};
  client::ScramCredential credential;
  credential.mechanism = mechanism;
  credential.iterations = iterations;
  credential.salt.assign(salt_of.begin(), salt_of.end());
  credential.salted_password.assign(salted.begin(), salted.end());
  return credential;
}

Result<std::string> random_password(size_t length) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string password;
  while (password.size() < length) {
    unsigned char bytes[64];
    RETURN_IF_FAILED(fill_random(bytes));
    for (const unsigned char byte : bytes) {
      // Bytes above the largest multiple of the letters would favour some of them.
      if (byte < 256 / letters.size() * letters.size() && password.size() < length) {
        password += letters[byte % letters.size()];
      }
    }
  }
  return password;
}

}  // namespace moldau::cli
