#include "io/outbox.h"

#include <utility>

namespace moldau::io {

struct Outbox::State {
  State(Executor& own_executor, Mailbox& target_mailbox) : own(own_executor), target(target_mailbox) {}

  void hand_over() {
    planned = false;
    if (messages.empty()) return;
    ++letters;
    target.post([letter = std::exchange(messages, {})]() mutable {
      for (Callback& message : letter) std::exchange(message, nullptr)();
    });
  }

  Executor& own;
  Mailbox& target;
  std::vector<Callback> messages;
  bool planned = false;
  uint64_t posted = 0;
  uint64_t letters = 0;
};

Outbox::Outbox(Executor& own, Mailbox& target) : state_(std::make_shared<State>(own, target)) {}
Outbox::~Outbox() = default;

/// A push; once a turn a registration of its end.
void Outbox::post(Callback message) {
  State& state = *state_;
  ++state.posted;
  state.messages.push_back(std::move(message));
  if (std::exchange(state.planned, true)) return;
  state.own.at_turn_end([keep = state_] { keep->hand_over(); });
}

uint64_t Outbox::posted() const noexcept { return state_->posted; }
uint64_t Outbox::letters() const noexcept { return state_->letters; }

}  // namespace moldau::io
