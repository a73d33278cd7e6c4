// Fuzz target: every request at every version. Input: API key, version, body.
#include "wire/message_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return moldau::wire::fuzz_messages(moldau::wire::MessageKind::request, data, size);
}
