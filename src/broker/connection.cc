#include "broker/connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/endian.h"
#include "broker/shard.h"

namespace moldau::broker {
namespace {

// Requests whose effects come in the order in which they are handled, and whose answers wait for the disk.
bool may_overlap(wire::ApiKey api) {
  return api == wire::ApiKey::produce || api == wire::ApiKey::offset_commit;
}

}  // namespace

Connection::Connection(Shard& shard, ConnectionId id, std::unique_ptr<io::Stream> stream,
                       std::shared_ptr<const Peer> peer, Instant now)
    : shard_(shard), id_(id), stream_(std::move(stream)), peer_(std::move(peer)), last_active_(now) {
  stream_->set_handler(this);
}

void Connection::on_readable() {
  for (size_t i = 0; i < reads_per_turn_max && !closed() && !peer_ended_; ++i) {
    if (!slots_.empty() && reader_.buffered() > 0 && !may_take_next()) {
      // Requests wait for their turn: read no more than the block holds.
      if (reader_.buffered() >= BlockPool::receive_block_bytes / 2) {
        hold_back();
        return;
      }
    }
    if (!shard_.may_receive(id_, reader_.buffered())) {
      hold_back();
      shard_.resume_after_pause(id_);
      if (!shard_.memory_exhausted()) frame_started_ = frame_started_ + Shard::memory_pause;
      return;
    }
    const std::span<std::byte> room = reader_.room(shard_.pool());
    const io::ReadOutcome outcome = stream_->read(room);
    if (outcome.size > 0) {
      if (reader_.buffered() == 0) frame_started_ = shard_.now();
      reader_.received(outcome.size);
      last_active_ = shard_.now();
      shard_.metrics().bytes_received += outcome.size;
      pump();
      if (closed()) return;
    }
    if (outcome.end) {
      peer_ended_ = true;
      hold_back();
      if (slots_.empty()) {
        finishing_ = true;
        stream_->finish();
      } else {
        shard_.hurry(id_);  // nobody may be there to wait for it
      }
      return;
    }
    if (outcome.size < room.size()) break;  // nothing more is there; another read would only ask again
  }
  if (closed()) return;
  reader_.release(shard_.pool());
  if (reader_.buffered() == 0) shard_.end_pass(id_);
}

// Takes requests off the received bytes until one must wait.
void Connection::pump() {
  if (pumping_) return;
  pumping_ = true;
  clock_read_ = Instant::never();
  bool waits = reader_.buffered() > 0;
  while (!closed() && !finishing_) {
    if (send_queue_full()) {
      // The turn's send may take it all, and then nobody calls on_drained: look once more after it.
      if (!std::exchange(send_queue_was_full_, true)) resume_later();
      break;
    }
    if (!may_take_next()) break;
    Bytes frame;
    const FrameReader::Next next = reader_.next(shard_.frame_bytes_max(), frame);
    if (next == FrameReader::Next::malformed) {
      refuse_bytes();
      break;
    }
    if (next == FrameReader::Next::more) {
      waits = false;
      break;
    }
    frame_started_ = shard_.now();
    shard_.end_pass(id_);
    if (!take(std::move(frame))) break;
  }
  pumping_ = false;
  // What waits now was there now at the latest: frames that come while it waits count as waiting since then, too.
  if (!waits) {
    waiting_since_ = Instant::never();
  } else if (waiting_since_ == Instant::never()) {
    waiting_since_ = shard_.now();
  }
}

// Whether the next request may be handled beside those in flight: only beside requests of its own API.
bool Connection::may_take_next() const {
  if (seat_.has_value()) return false;
  if (slots_.empty()) return true;
  if (!overlapping_ || slots_.size() >= requests_in_flight_max) return false;
  const std::span<const std::byte> key = reader_.peek(sizeof(int16_t));
  return !key.empty() && load_big_endian<int16_t>(key.data()) == static_cast<int16_t>(slots_.front().api_key);
}

bool Connection::take(Bytes frame) {
  Request request;
  request.connection = id_;
  request.peer = peer_;
  request.frame = std::move(frame);
  if (!shard_.read_header(request)) {
    shard_.close_later(*this);
    return false;
  }
  if (slots_.empty()) overlapping_ = may_overlap(request.api_key);
  request.slot = first_slot_ + slots_.size();
  const uint64_t number = request.slot;
  Slot& slot = slots_.emplace_back();
  slot.api_key = request.api_key;
  slot.times.received = std::min(waiting_since_, shard_.now());
  slot.times.began = clock_read_ == Instant::never() ? shard_.precise_now() : clock_read_;
  shard_.dispatch(std::move(request));
  if (closed()) return false;
  if (number >= first_slot_ && !slots_[number - first_slot_].ready) {
    slots_[number - first_slot_].times.left = clock_read_ = shard_.precise_now();
  }
  return true;
}

// A size that no frame can have: a broken client, or one that speaks TLS or HTTP.
void Connection::refuse_bytes() {
  shard_.trace_odd_bytes(*peer_, reader_.unread());
  shard_.metrics().malformed_frames += 1;
  shard_.close_later(*this);
}

void Connection::deliver(uint64_t slot, Response response) {
  if (closed() || slot < first_slot_ || slot - first_slot_ >= slots_.size()) return;
  Slot& waiting = slots_[slot - first_slot_];
  waiting.ready = true;
  waiting.response = std::move(response);
  waiting.times.answered = clock_read_ = shard_.precise_now();
  flush(clock_read_);
}

void Connection::deliver_nothing(uint64_t slot) {
  deliver(slot, {});
}

// Sends all answers that are next in turn.
void Connection::flush(Instant sent) {
  if (shard_.mutant() == store::Mutant::answers_out_of_order && slots_.size() > 1 && slots_.back().ready &&
      !slots_.front().ready) {
    std::swap(slots_.front(), slots_.back());
  }
  size_t count = 0;
  while (count < slots_.size() && slots_[count].ready) {
    shard_.metrics().api(slots_[count].api_key).observe(slots_[count].times, sent);
    send(std::move(slots_[count].response));
    ++count;
  }
  if (count == 0) return;
  slots_.erase(slots_.begin(), slots_.begin() + static_cast<ptrdiff_t>(count));
  first_slot_ += count;
  last_active_ = flushed_at_ = shard_.now();
  if (seat_.has_value() && slots_.empty()) shard_.steer_later(id_);
  const bool waits = reader_.buffered() > 0 || reading_paused_ || peer_ended_ || finishing_;
  if (waits && !pumping_) resume_later();
}

void Connection::send(Response response) {
  if (response.encoded.bytes.empty()) return;
  const Bytes& bytes = response.encoded.bytes;
  if (shard_.mutant() == store::Mutant::answer_bytes_reused) {
    // The one before may still wait for the end of the turn.
    std::copy_n(bytes.data(), std::min(last_answer_.size(), bytes.size()), last_answer_.data());
    last_answer_ = bytes;
  }
  uint64_t total = bytes.size();
  size_t at = 0;
  for (const wire::Cut& cut : response.encoded.cuts) {
    if (cut.position > at) stream_->write(bytes.slice(at, cut.position - at));
    at = cut.position;
    total += cut.size;
    for (store::Piece& piece : response.external[cut.external_id]) {
      if (auto* memory = std::get_if<Bytes>(&piece)) {
        stream_->write(std::move(*memory));
      } else {
        stream_->write(std::move(std::get<io::FileSlice>(piece)));
      }
    }
  }
  if (at < bytes.size()) stream_->write(bytes.slice(at, bytes.size() - at));
  shard_.metrics().bytes_sent += total;
}

void Connection::resume_later() {
  if (resuming_) return;
  resuming_ = true;
  shard_.resume_later(id_);
}

void Connection::resume() {
  resuming_ = false;
  if (closed()) return;
  if (!send_queue_full()) send_queue_was_full_ = false;
  pump();
  if (closed()) return;
  if (slots_.empty() && (peer_ended_ || finishing_)) {
    // What is left is at most a cut frame.
    stream_->finish();
    finishing_ = true;
    return;
  }
  if (reading_paused_ && !peer_ended_ && !finishing_ && !send_queue_full() && (slots_.empty() || may_take_next())) {
    reading_paused_ = false;
    stream_->pause_reading(false);
  }
  reader_.release(shard_.pool());
}

bool Connection::send_queue_full() const {
  return stream_->queued_bytes() > send_queue_bytes_max || stream_->queued_file_bytes() > send_queue_file_bytes_max;
}

void Connection::hold_back() {
  if (reading_paused_) return;
  reading_paused_ = true;
  stream_->pause_reading(true);
}

void Connection::on_drained() {
  shard_.metrics().send_blocked.record(shard_.now() - flushed_at_);
  resume_later();
}

void Connection::on_broken(const Failure&) {
  shard_.close_later(*this);
}

void Connection::close() {
  stream_.reset();
  slots_.clear();
  reader_ = {};
}

void Connection::finish() {
  if (closed() || finishing_) return;
  finishing_ = true;
  hold_back();
  if (slots_.empty()) stream_->finish();
}

bool Connection::leave(MovingConnection& moving) {
  if (closed() || finishing_ || peer_ended_ || (reading_paused_ && !seat_.has_value()) || !slots_.empty()) return false;
  moving.stream = stream_->detach();
  if (moving.stream == nullptr) return false;
  moving.peer = peer_;
  moving.steered = steered_;
  moving.unread.assign(reader_.unread().begin(), reader_.unread().end());
  close();
  return true;
}

void Connection::take_over(std::span<const std::byte> unread) {
  frame_started_ = shard_.now();
  while (!unread.empty()) {
    const std::span<std::byte> room = reader_.room(shard_.pool());
    const size_t count = std::min(room.size(), unread.size());
    std::memcpy(room.data(), unread.data(), count);
    reader_.received(count);
    unread = unread.subspan(count);
  }
  resume_later();
}

std::optional<uint32_t> SeatCount::note(size_t owner) {
  if (by_shard_.size() <= owner) by_shard_.resize(owner + 1);
  ++by_shard_[owner];
  if (++parts_ < parts_max) return std::nullopt;
  const auto most = std::max_element(by_shard_.begin(), by_shard_.end());
  const bool clear = *most * 4u > parts_max * 3;
  const auto seat = static_cast<uint32_t>(most - by_shard_.begin());
  by_shard_.assign(by_shard_.size(), 0);
  parts_ = 0;
  return clear ? std::optional<uint32_t>(seat) : std::nullopt;
}

void Connection::note_owner(size_t owner) {
  const std::optional<uint32_t> seat = seats_.note(owner);
  if (!seat.has_value() || *seat == id_.shard || shard_.now() - steered_ < steered_again_min) return;
  if (!shard_.may_steer(*seat)) return;
  steered_ = shard_.now();
  seat_ = seat;
}

void Connection::stay() {
  seat_.reset();
  resume_later();
}

void Connection::check(Instant now, Duration idle_max, bool scarce) {
  if (closed()) return;
  const size_t unsent_before = std::exchange(unsent_, stream_->queued_bytes());
  if (scarce && unsent_ > unsent_bytes_max && unsent_ == unsent_before) {
    shard_.metrics().slow_readers_closed += 1;
    shard_.close_later(*this);
    return;
  }
  if (slots_.empty() && now - last_active_ > idle_max) {
    shard_.metrics().idle_connections_closed += 1;
    shard_.close_later(*this);
    return;
  }
  const size_t partial = reader_.buffered();
  const Duration time_max = scarce ? scarce_frame_time_max : frame_time_max;
  if (partial == 0 || !slots_.empty() || now - frame_started_ <= time_max) return;
  const auto seconds_taken = static_cast<uint64_t>((now - frame_started_).milliseconds() / 1000);
  const uint64_t rate_min = scarce ? scarce_frame_bytes_per_second_min : frame_bytes_per_second_min;
  if (partial < seconds_taken * rate_min) {
    shard_.metrics().slow_frames_closed += 1;
    shard_.close_later(*this);
  }
}

}  // namespace moldau::broker
