#include "sim/mutants.h"

#include <fmt/core.h>

#include <atomic>
#include <chrono>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "sim/block_sweep.h"
#include "sim/crash_image_run.h"
#include "sim/run.h"

namespace moldau::sim {
namespace {

enum class Way : uint8_t { images, journal_images, sweep, walking, groups };

struct Plan {
  const char* name;
  store::Mutant mutant;
  Way way;
  const char* rule;  ///< of docs/design/simulator.md, that it breaks
};

using enum store::Mutant;

/// In the order of reference rows: storage, producers, connections, groups.
constexpr Plan plans[] = {
    {"ack_before_sync", ack_before_sync, Way::images, "St1"},
    {"index_trusted_after_crash", index_trusted_after_crash, Way::images, "St2"},
    {"torn_tail_accepted", torn_tail_accepted, Way::images, "St1"},
    {"no_directory_sync", no_directory_sync, Way::images, "St1"},
    {"checkpoint_before_data", checkpoint_before_data, Way::images, "St1"},
    {"damage_cut_anywhere", damage_cut_anywhere, Way::sweep, "St3"},
    {"scrub_blind", scrub_blind, Way::sweep, "St3"},
    {"sync_tried_again", sync_tried_again, Way::walking, "St1"},
    {"journal_ack_before_sync", journal_ack_before_sync, Way::walking, "St1"},
    {"journal_settled_before_sync", journal_settled_before_sync, Way::walking, "St1"},
    {"journal_cut_not_closed", journal_cut_not_closed, Way::journal_images, "St1"},
    {"journal_removal_not_closed", journal_removal_not_closed, Way::journal_images, "St1"},
    {"journal_retired_before_sync", journal_retired_before_sync, Way::journal_images, "St1"},
    {"journal_start_ahead", journal_start_ahead, Way::journal_images, "St1"},
    {"refused_state_kept", refused_state_kept, Way::walking, "P1"},
    {"duplicate_out_of_order", duplicate_out_of_order, Way::walking, "P2"},
    {"first_sequence_unchecked", first_sequence_unchecked, Way::walking, "P2"},
    {"old_epoch_accepted", old_epoch_accepted, Way::walking, "P3"},
    {"answers_out_of_order", answers_out_of_order, Way::walking, "X3"},
    {"answer_bytes_reused", answer_bytes_reused, Way::walking, "X3"},
    {"commit_before_durable", commit_before_durable, Way::groups, "C1"},
    {"generation_kept_after_load", generation_kept_after_load, Way::groups, "C2"},
    {"fencing_skipped", fencing_skipped, Way::groups, "C3"},
    {"tombstone_ignored_at_load", tombstone_ignored_at_load, Way::groups, "C1"},
    {"owner_before_revoked", owner_before_revoked, Way::groups, "C2"},
    {"load_ends_early", load_ends_early, Way::groups, "C1"},
    {"sessions_forgotten_at_load", sessions_forgotten_at_load, Way::groups, "C2"},
    {"expiry_in_a_rebalance", expiry_in_a_rebalance, Way::groups, "C3"},
};

constexpr uint64_t lives_max = 60;
constexpr uint64_t sweeps_max = 3;
constexpr uint64_t seeds_max = 6'000;
constexpr uint64_t group_seeds_max = 1'500;

struct Outcome {
  uint64_t seed = 0;  ///< 0: not found
  std::string violation;
  std::string replay;
  std::string real_bug;  ///< a seed on the way that failed by itself
};

/// What a way finds in one seed, with a planted bug or without.
std::string look(Way way, uint64_t seed, store::Mutant mutant, const char* name) {
  switch (way) {
    case Way::images:
      return find_in_crash_images(seed, mutant);
    case Way::journal_images:
      return seed % 2 == 0 ? find_in_crash_images(seed, mutant) : std::string();  // those have a journal
    case Way::sweep:
      return find_in_block_sweep(seed, mutant);
    case Way::walking:
      return run_seed(seed, {.mutant = name, .scenario = Scenario::walking}).violation;
    case Way::groups:
      return run_seed(seed, {.mutant = name, .scenario = Scenario::groups}).violation;
  }
  return {};
}

/// How much is tried before a bug counts as not found, and the options that show a seed again.
std::pair<uint64_t, const char*> bounds_of(Way way) {
  switch (way) {
    case Way::images:
    case Way::journal_images:
      return {lives_max, "--crash-images 1 "};
    case Way::sweep:
      return {sweeps_max, "--sweep 1 "};
    case Way::walking:
      return {seeds_max, ""};
    case Way::groups:
      return {group_seeds_max, "--scenario groups "};
  }
  return {};
}

/// Until a seed fails with the planted bug that does not fail without it: one that does tells of a bug of ours.
Outcome hunt(const Plan& plan) {
  const auto [seeds, options] = bounds_of(plan.way);
  Outcome outcome;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    std::string violation = look(plan.way, seed, plan.mutant, plan.name);
    if (violation.empty()) continue;
    if (std::string real = look(plan.way, seed, none, ""); !real.empty()) {
      outcome.real_bug = fmt::format("seed {} fails without it: {}", seed, real);
      continue;
    }
    outcome.seed = seed;
    outcome.violation = std::move(violation);
    outcome.replay = fmt::format("./x sim {}--seed {} --mutant {}", options, seed, plan.name);
    break;
  }
  return outcome;
}

}  // namespace

std::optional<store::Mutant> mutant_named(const std::string& name) {
  if (name.empty()) return none;
  for (const Plan& plan : plans) {
    if (name == plan.name) return plan.mutant;
  }
  return std::nullopt;
}

int run_mutants(uint64_t threads) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  size_t found = 0;
  size_t real = 0;
  const auto work = [&] {
    for (size_t i = next++; i < std::size(plans); i = next++) {
      const auto begun = std::chrono::steady_clock::now();
      const Outcome outcome = hunt(plans[i]);
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
      const std::lock_guard lock(mutex);
      if (outcome.seed == 0) {
        fmt::print("{:<27} {:<4} NOT FOUND in {:.1f} s\n", plans[i].name, plans[i].rule, seconds);
      } else {
        ++found;
        fmt::print("{:<27} {:<4} found by seed {} in {:.1f} s: {}\n    {}\n", plans[i].name, plans[i].rule,
                   outcome.seed, seconds, outcome.violation.substr(0, 160), outcome.replay);
      }
      if (!outcome.real_bug.empty()) {
        ++real;
        fmt::print("    {}\n", outcome.real_bug);
      }
      std::fflush(stdout);
    }
  };
  std::vector<std::thread> pool;
  for (uint64_t i = 1; i < threads; ++i) pool.emplace_back(work);
  work();
  for (std::thread& thread : pool) thread.join();
  fmt::print("{} mutants, {} found, {} came upon a bug that nobody planted\n", std::size(plans), found, real);
  return found == std::size(plans) && real == 0 ? 0 : 1;
}

}  // namespace moldau::sim
