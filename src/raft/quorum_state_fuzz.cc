// quorum-state: whatever parses is written and parsed to the same again.
#include "raft/quorum_state.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace moldau::raft;
  const auto state = parse_quorum_state({reinterpret_cast<const char*>(data), size});
  if (!state.ok()) return 0;
  QuorumState expected = state.value();
  if (expected.data_version == 1) {
    expected.cluster_id.clear();
    expected.applied_offset = 0;
    expected.current_voters.clear();
  } else {
    expected.voted.directory = {};
  }
  const auto again = parse_quorum_state(format_quorum_state(expected));
  ASSERT(!again.ok() || again.value() == expected);
  return 0;
}
