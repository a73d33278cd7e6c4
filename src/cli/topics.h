// What the topic verbs share: which topics are meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "cli/session.h"

namespace moldau::cli {

class Invocation;

/// The topics of the cluster, ascending by name.
Result<client::TopologyRef> all_topics(Session& session);
/// The verb's arguments; with --regex, the names of all topics that match one of them as a whole, internal ones never.
Result<std::vector<std::string>> chosen_topics(Session& session, const Invocation& invocation);
/// As above, on names: for tests. `patterns` are regular expressions in RE2's notation.
Result<std::vector<std::string>> matching_topics(const std::vector<std::string>& patterns,
                                                 const client::Topology& topology);
/// The `names` that match one of `patterns` as a whole, in their order; "*" matches all.
Result<std::vector<std::string>> matching_names(const std::vector<std::string>& patterns,
                                                const std::vector<std::string>& names);
/// "NAME: what the code means", with the broker's own words if it sent some.
std::string describe_error(wire::ErrorCode error, std::string_view message = {});

/// The list of topics as a table, or with `detailed` as a table of partitions each.
std::string topics_text(const std::vector<const client::TopicInfo*>& topics, bool detailed);
/// The same as a value for json and yaml.
nlohmann::ordered_json topics_json(const std::vector<const client::TopicInfo*>& topics, bool detailed);

}  // namespace moldau::cli
