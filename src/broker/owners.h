// ask_owners: a question about some partitions, put to the shards that own them, and one answer made of theirs. For the
// requests that are not worth a path of their own (ListOffsets, DeleteRecords, OffsetForLeaderEpoch,
// DescribeProducers). Produce and fetch: produce_path.h, fetch_spread.h. docs/design/shards.md
//
// Cost: a message to each other owner and one back; where all partitions are this shard's, none.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "broker/shard.h"
#include "io/executor.h"

namespace moldau::broker {

/// What is asked of each partition (Query has its `id`), with what is the same for all (Facts), and a row of the answer
/// for each. Rows hold no view of anything but constants, for they come from other threads.
template <typename Facts, typename Query, typename Row>
struct Asked {
  Facts facts;
  std::vector<Query> queries;
  std::vector<Row> rows;  ///< as many; to be filled in
};

/// `look(Shard&, Question, io::Completion<Question>)` runs on each owner and fills in the rows, now or later; `done`
/// gets all of them, now or later.
template <typename Question, typename Look>
void ask_owners(Shard& shard, Question question, Look look, io::Completion<Question> done) {
  struct Part {
    size_t owner = 0;
    Question question;
    std::vector<size_t> places;
  };
  std::vector<Part> parts;
  for (size_t i = 0; i < question.queries.size(); ++i) {
    const auto& id = question.queries[i].id;
    const size_t owner = shard.partition(id) != nullptr ? shard.index() : shard.owner_of(id);
    auto found = std::find_if(parts.begin(), parts.end(), [&](const Part& part) { return part.owner == owner; });
    if (found == parts.end()) {
      found = parts.insert(parts.end(), Part{owner, {question.facts, {}, {}}, {}});
    }
    found->question.queries.push_back(question.queries[i]);
    found->question.rows.push_back(std::move(question.rows[i]));
    found->places.push_back(i);
  }
  if (parts.empty()) return done(std::move(question));

  struct Join {
    Question question;
    size_t missing = 0;
    io::Completion<Question> done;
  };
  auto join = std::make_shared<Join>(Join{std::move(question), parts.size(), std::move(done)});
  for (Part& part : parts) {
    const auto take = [join, places = std::move(part.places)](Question answered) {
      for (size_t i = 0; i < places.size(); ++i) join->question.rows[places[i]] = std::move(answered.rows[i]);
      if (--join->missing == 0) std::exchange(join->done, nullptr)(std::move(join->question));
    };
    if (part.owner == shard.index()) {
      look(shard, std::move(part.question), take);
      continue;
    }
    shard.post_seen(
        part.owner, [asks = shard.index(), question = std::move(part.question), take, look](Shard& owner) mutable {
          // It may have given some to another shard since.
          ask_owners<Question>(owner, std::move(question), look, [&owner, asks, take](Question answered) {
            owner.post(asks, [answered = std::move(answered), take](Shard&) mutable { take(std::move(answered)); });
          });
        });
  }
}

}  // namespace moldau::broker
