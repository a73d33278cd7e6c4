// The {unpack[...]} modifier of record formats: binary values as text, in a notation close to Python's struct.
//
//   < >  what follows is little, big endian (little at first)     x  nothing     c .  one character     s  the rest as
//   text b B  h H  i I  q Q  a signed, unsigned number of 1, 2, 4, 8 bytes                $  nothing may follow
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace moldau::cli {

/// Whether `layout` is one.
Status check_unpack(std::string_view layout);
/// Appends what `layout` makes of `bytes`. What is missing, or left over at "$", is said in the text. REQUIRES:
/// check_unpack is ok.
void append_unpacked(std::string& out, std::string_view layout, std::string_view bytes);

}  // namespace moldau::cli
