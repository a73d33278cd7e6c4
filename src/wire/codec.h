// Codec: messages to bytes and back, at one version. The templates are defined in codec_impl.h and instantiated once
// per message, in the .cc file beside its struct; users include this and the struct's header only.
#pragma once

#include <cstdint>

#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/field.h"

namespace moldau::wire {

/// Reads a message of `version` from `decoder` into `into`, which is overwritten whole and may be reused: its arrays
/// keep their memory. Views point into the decoder's bytes. Bytes behind the message are left: see
/// Decoder::remaining().
template <typename M>
DecodeStatus decode(Decoder& decoder, int16_t version, M& into);

/// Writes `message` in `version`. The status is the encoder's, sticky; after an error what was written is of no use.
template <typename M>
EncodeStatus encode(Encoder& encoder, int16_t version, const M& message);

}  // namespace moldau::wire
