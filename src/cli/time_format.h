// Timestamps as text in UTC, in Go's layout notation (which spells the time 2006-01-02 15:04:05 Monday) and strftime's.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace moldau::cli {

/// Appends `time` in Go's layout notation.
void append_go_time(std::string& out, std::string_view layout, WallMillis time);
/// Appends `time` in strftime's notation.
void append_strftime(std::string& out, std::string_view layout, WallMillis time);

}  // namespace moldau::cli
