// The hashes are OpenSSL's, by its plain functions: no engine, no provider, nothing is initialised.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "metadata/scram.h"

#include <openssl/sha.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "wire/metadata_record.h"

namespace moldau::metadata {
namespace {

std::vector<std::byte> sha_256(std::span<const std::byte> first, std::span<const std::byte> second) {
  std::vector<std::byte> digest(SHA256_DIGEST_LENGTH);
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, first.data(), first.size());
  SHA256_Update(&context, second.data(), second.size());
  SHA256_Final(reinterpret_cast<unsigned char*>(digest.data()), &context);
  return digest;
}

std::vector<std::byte> sha_512(std::span<const std::byte> first, std::span<const std::byte> second) {
  std::vector<std::byte> digest(SHA512_DIGEST_LENGTH);
  SHA512_CTX context;
  SHA512_Init(&context);
  SHA512_Update(&context, first.data(), first.size());
  SHA512_Update(&context, second.data(), second.size());
  SHA512_Final(reinterpret_cast<unsigned char*>(digest.data()), &context);
  return digest;
}

std::vector<std::byte> hash_of(ScramMechanism mechanism, std::span<const std::byte> first,
                               std::span<const std::byte> second) {
  ASSERT(mechanism != ScramMechanism::unknown);
  return mechanism == ScramMechanism::sha_256 ? sha_256(first, second) : sha_512(first, second);
}

}  // namespace

ScramMechanism scram_mechanism_of(int8_t number) {
  return number == 1 ? ScramMechanism::sha_256 : number == 2 ? ScramMechanism::sha_512 : ScramMechanism::unknown;
}

std::vector<std::byte> scram_hash(ScramMechanism mechanism, std::span<const std::byte> text) {
  return hash_of(mechanism, text, {});
}

std::vector<std::byte> scram_hmac(ScramMechanism mechanism, std::span<const std::byte> key,
                                  std::span<const std::byte> text) {
  const size_t block = mechanism == ScramMechanism::sha_256 ? SHA256_CBLOCK : SHA512_CBLOCK;
  std::vector<std::byte> padded(key.begin(), key.end());
  if (padded.size() > block) padded = scram_hash(mechanism, key);
  padded.resize(block);
  std::vector<std::byte> inner = padded;
  std::vector<std::byte> outer = padded;
  for (std::byte& byte : inner) byte ^= std::byte{0x36};
  for (std::byte& byte : outer) byte ^= std::byte{0x5c};
  return hash_of(mechanism, outer, hash_of(mechanism, inner, text));
}

ScramKeys scram_keys(ScramMechanism mechanism, std::span<const std::byte> salted_password) {
  const auto client = scram_hmac(mechanism, salted_password, as_bytes("Client Key"));
  return {scram_hash(mechanism, client), scram_hmac(mechanism, salted_password, as_bytes("Server Key"))};
}

std::map<std::string, ScramUser, std::less<>> scram_users(const Image& image) {
  std::map<std::string, ScramUser, std::less<>> users;
  image.for_each_opaque([&](OpaqueKind kind, std::span<const std::byte> bytes) {
    if (kind != OpaqueKind::scram_credential) return;
    wire::MetadataRecord decoded;
    int16_t version = 0;
    if (wire::decode_metadata_record(bytes, decoded, version) != wire::DecodeStatus::ok) return;
    const auto* const record = std::get_if<wire::UserScramCredentialRecord>(&decoded);
    if (record == nullptr) return;
    users[std::string(record->name)][scram_mechanism_of(record->mechanism)] = record->iterations;
  });
  return users;
}

}  // namespace moldau::metadata
