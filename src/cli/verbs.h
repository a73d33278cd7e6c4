// The verbs: each parses what its flags say, does its work and returns the exit code.
#pragma once

namespace moldau::cli {

class Invocation;

int topic_create(const Invocation& invocation);
int topic_list(const Invocation& invocation);
int topic_describe(const Invocation& invocation);
int topic_delete(const Invocation& invocation);
int topic_consume(const Invocation& invocation);
int topic_produce(const Invocation& invocation);
int cluster_info(const Invocation& invocation);
int cluster_health(const Invocation& invocation);
int shell_completion(const Invocation& invocation);
int complete(const Invocation& invocation);
int print_help(const Invocation& invocation);
int print_version(const Invocation& invocation);

}  // namespace moldau::cli
