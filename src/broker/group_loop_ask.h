// GroupLoop's templates, for group_loop.cc and the handlers.
#pragma once

#include <utility>

#include "broker/broker.h"
#include "broker/group_loop.h"

namespace moldau::broker {

// Acknowledgements that come while a machine is entered are seen to when it is left.
template <typename Enter>
void GroupLoop::enter(Coordinated& coordinated, Enter&& body) {
  if (coordinated.entered) {
    body();
    return;
  }
  coordinated.entered = true;
  body();
  coordinated.entered = false;
  settle(coordinated);
}

template <typename Decide>
void GroupLoop::ask(Request request, std::string_view group, Refuse refuse, Decide&& decide) {
  Coordinated* const found = find(group);
  const wire::ErrorCode error = found == nullptr ? not_here(group) : found->runtime.availability();
  if (error != wire::ErrorCode::none) {
    refuse(shard_, request, error);
    return;
  }
  const std::string host = host_of(request);
  const Ticket ticket = keep(std::move(request), found->id.partition, refuse);
  // The request stands where it is until it is answered; a copy of what the caller is outlives that.
  const group::Caller caller = caller_of(shard_, waiting_.at(ticket).request, ticket, host);
  const Now moment = now();
  enter(*found, [&] {
    found->runtime.run(moment, [&](Decision& decision) { decide(found->machine(), caller, moment, decision); });
  });
}

template <typename Decide>
wire::ErrorCode GroupLoop::ask_part(std::string_view group, Decide&& decide) {
  Coordinated* const found = find(group);
  const wire::ErrorCode error = found == nullptr ? not_here(group) : found->runtime.availability();
  if (error != wire::ErrorCode::none) return error;
  const Now moment = now();
  enter(*found,
        [&] { found->runtime.run(moment, [&](Decision& decision) { decide(found->machine(), moment, decision); }); });
  return wire::ErrorCode::none;
}

template <typename Decide>
wire::ErrorCode GroupLoop::ask_all(Decide&& decide) {
  if (some_recover()) return wire::ErrorCode::coordinator_load_in_progress;
  for (const auto& [index, found] : coordinated_) {
    if (found->runtime.state() == coordinator::RuntimeState::loading) {
      return wire::ErrorCode::coordinator_load_in_progress;
    }
  }
  for (const auto& [index, found] : coordinated_) {
    if (found->runtime.state() != coordinator::RuntimeState::active) continue;
    const Now moment = now();
    Coordinated& coordinated = *found;
    enter(coordinated, [&] {
      coordinated.runtime.run(moment, [&](Decision& decision) { decide(coordinated.machine(), moment, decision); });
    });
  }
  return wire::ErrorCode::none;
}

}  // namespace moldau::broker
