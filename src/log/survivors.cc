#include "log/survivors.h"

#include <bit>

namespace moldau::log {
namespace {

constexpr int word_bits = 64;

}  // namespace

Survivors::Survivors(Offset from, Offset to) : from_(from), to_(std::max(from, to)) {
  const auto offsets = static_cast<uint64_t>(to_ - from_);
  while (offsets >> shift_ > bits_max) ++shift_;
  words_.resize(static_cast<size_t>((offsets >> shift_) / word_bits) + 1);
}

void Survivors::batch_at(Offset base, Offset segment, uint64_t position) {
  if (!notes_.empty() && notes_.back().segment == segment && position - notes_.back().position < stride_bytes_) return;
  if (notes_.size() == notes_max) {
    // Every other one goes.
    for (size_t i = 0; i < notes_max / 2; ++i) notes_[i] = notes_[2 * i];
    notes_.resize(notes_max / 2);
    stride_bytes_ *= 2;
  }
  notes_.push_back({base, segment, position});
}

void Survivors::want(Offset offset) {
  if (offset < from_ || offset >= to_) return;
  const auto bit = static_cast<uint64_t>(offset - from_) >> shift_;
  words_[bit / word_bits] |= uint64_t{1} << (bit % word_bits);
}

void Survivors::want_all(const KeyMap& map) {
  map.each_offset([this](Offset offset) { want(offset); });
}

Offset Survivors::next(Offset offset) const {
  if (offset < from_ || offset >= to_) return offset;
  const auto bit = static_cast<uint64_t>(offset - from_) >> shift_;
  size_t index = bit / word_bits;
  uint64_t word = words_[index] & (~uint64_t{0} << (bit % word_bits));
  while (word == 0) {
    if (++index == words_.size()) return to_;
    word = words_[index];
  }
  const uint64_t found = index * word_bits + static_cast<uint64_t>(std::countr_zero(word));
  // The bit may stand for offsets below the one that was asked for.
  return std::min(to_, std::max(offset, from_ + static_cast<Offset>(found << shift_)));
}

std::optional<Survivors::Place> Survivors::place_before(Offset offset, Offset segment, uint64_t position) const {
  auto behind = std::ranges::upper_bound(notes_, offset, {}, &Note::base);
  if (behind == notes_.begin()) return std::nullopt;
  const Note& note = *--behind;
  if (note.segment != segment || note.position <= position) return std::nullopt;
  return Place{note.base, note.position};
}

}  // namespace moldau::log
