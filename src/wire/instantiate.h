// For the .cc file beside a message's struct, and nowhere else: makes the message's codec and descriptor.
#pragma once

#include "wire/codec_impl.h"
#include "wire/descriptor_impl.h"

#define MOLDAU_WIRE_INSTANTIATE(M)                                                            \
  template ::moldau::wire::DecodeStatus moldau::wire::decode<M>(Decoder&, int16_t, M&);       \
  template ::moldau::wire::EncodeStatus moldau::wire::encode<M>(Encoder&, int16_t, const M&); \
  template const ::moldau::wire::MessageDescriptor& moldau::wire::descriptor_of<M>()
