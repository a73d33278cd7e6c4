// Any bytes as each of the small files of a data folder: parsers end, and what they take they print and take again.
#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "log/checkpoint.h"
#include "log/identity.h"
#include "log/index.h"
#include "log/inventory.h"
#include "log/segment_name.h"

using namespace moldau;

namespace {

void check(bool holds) {
  if (!holds) abort();
}

void offset_checkpoint(std::string_view text) {
  const auto entries = log::parse_offset_checkpoint(text);
  if (!entries.ok()) return;
  const auto again = log::parse_offset_checkpoint(log::print_offset_checkpoint(*entries));
  check(again.ok() && *again == *entries);
}

void epoch_checkpoint(std::string_view text) {
  const auto entries = log::parse_epoch_checkpoint(text);
  if (!entries.ok()) return;
  const auto again = log::parse_epoch_checkpoint(log::print_epoch_checkpoint(*entries));
  check(again.ok() && *again == *entries);
  const log::EpochTable table(*entries);
  for (size_t i = 1; i < table.entries().size(); ++i) {
    check(table.entries()[i - 1].epoch < table.entries()[i].epoch &&
          table.entries()[i - 1].start < table.entries()[i].start);
  }
}

void meta_properties(std::string_view text) {
  const auto meta = log::parse_meta_properties(text);
  if (!meta.ok() || meta->version != 1 || !meta->directory_id) return;
  const auto again = log::parse_meta_properties(log::print_meta_properties(*meta, 0));
  check(again.ok() && again->node_id == meta->node_id && again->directory_id == meta->directory_id);
}

void indexes(std::span<const std::byte> bytes) {
  const auto whole = bytes.first(bytes.size() / log::offset_entry_bytes * log::offset_entry_bytes);
  (void)log::offset_index_plausible(bytes, 10, 1000);
  (void)log::time_index_plausible(bytes, 10);
  for (const Offset offset : {Offset{0}, Offset{10}, Offset{1000}, INT64_MAX}) {
    const auto slot = log::floor_by_offset(whole, 10, offset);
    check(!slot || *slot < whole.size() / log::offset_entry_bytes);
    check(log::entries_below(whole, 10, offset) <= whole.size() / log::offset_entry_bytes);
    (void)log::floor_by_timestamp(bytes, 10, offset);
    check(log::time_entries_below(bytes, 10, offset) <= bytes.size() / log::time_entry_bytes);
  }
  for (size_t slot = 0; slot < bytes.size() / log::aborted_transaction_bytes; ++slot) {
    (void)log::aborted_transaction_at(bytes, slot);
  }
}

void names(std::string_view text) {
  if (const auto name = log::parse_segment_file_name(text)) {
    check(log::segment_file_name(name->base, name->kind, name->state) == text);
  }
  (void)log::parse_folder_name(text);
}

void inventory(std::string_view text) {
  // Under a checksum that fits, or nothing would get past it.
  const std::string whole = fmt::format("0\n7\n{:x}\n{}", crc32c(as_bytes(text)), text);
  (void)log::Inventory::open(text);
  auto opened = log::Inventory::open(whole);
  check(opened.ok() && opened->broker_epoch() == 7);
  const auto found = opened->find("a");
  if (!found) return;
  const std::string printed = log::print_inventory(7, std::span(&*found, 1));
  auto again = log::Inventory::open(printed);
  check(again.ok() && again->find("a") == found);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  const std::string_view text = as_text(bytes);
  switch (data[0] % 8) {
    case 0:
      offset_checkpoint(text);
      break;
    case 1:
      epoch_checkpoint(text);
      break;
    case 2:
      meta_properties(text);
      break;
    case 3:
      indexes(bytes);
      break;
    case 4:
      names(text);
      break;
    case 5:
      if (const auto id = log::parse_partition_metadata(text); id.ok()) {
        check(*log::parse_partition_metadata(log::print_partition_metadata(*id)) == *id);
      }
      break;
    case 6:
      inventory(text);
      break;
    default:
      check(log::parse_clean_shutdown(text) >= -1);
      break;
  }
  return 0;
}
