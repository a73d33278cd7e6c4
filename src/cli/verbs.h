// The verbs: each parses what its flags say, does its work and returns the exit code.
#pragma once

namespace moldau::cli {

class Invocation;

int topic_create(const Invocation& invocation);
int topic_list(const Invocation& invocation);
int topic_describe(const Invocation& invocation);
int topic_delete(const Invocation& invocation);
int topic_alter_config(const Invocation& invocation);
int topic_add_partitions(const Invocation& invocation);
int topic_analyze(const Invocation& invocation);
int topic_trim_prefix(const Invocation& invocation);
int topic_consume(const Invocation& invocation);
int topic_produce(const Invocation& invocation);
int group_list(const Invocation& invocation);
int group_describe(const Invocation& invocation);
int group_delete(const Invocation& invocation);
int group_seek(const Invocation& invocation);
int group_offset_delete(const Invocation& invocation);
int cluster_info(const Invocation& invocation);
int cluster_health(const Invocation& invocation);
int cluster_config_edit(const Invocation& invocation);
int cluster_config_lint(const Invocation& invocation);
int cluster_config_list(const Invocation& invocation);
int cluster_config_get(const Invocation& invocation);
int cluster_config_set(const Invocation& invocation);
int cluster_config_export(const Invocation& invocation);
int cluster_config_import(const Invocation& invocation);
int cluster_config_status(const Invocation& invocation);
int cluster_logdirs_describe(const Invocation& invocation);
int cluster_partitions_elect_leaders(const Invocation& invocation);
int cluster_partitions_list(const Invocation& invocation);
int cluster_quotas_alter(const Invocation& invocation);
int cluster_quotas_describe(const Invocation& invocation);
int cluster_quotas_import(const Invocation& invocation);
int security_user_create(const Invocation& invocation);
int security_user_delete(const Invocation& invocation);
int security_user_list(const Invocation& invocation);
int security_user_update(const Invocation& invocation);
int profile_create(const Invocation& invocation);
int profile_use(const Invocation& invocation);
int profile_list(const Invocation& invocation);
int profile_current(const Invocation& invocation);
int profile_print(const Invocation& invocation);
int profile_edit(const Invocation& invocation);
int profile_delete(const Invocation& invocation);
int profile_clear(const Invocation& invocation);
int profile_rename_to(const Invocation& invocation);
int profile_set(const Invocation& invocation);
int profile_prompt(const Invocation& invocation);
int profile_print_globals(const Invocation& invocation);
int profile_set_globals(const Invocation& invocation);
int profile_edit_globals(const Invocation& invocation);
int generate_man(const Invocation& invocation);
int shell_completion(const Invocation& invocation);
int complete(const Invocation& invocation);
int print_help(const Invocation& invocation);
int print_version(const Invocation& invocation);

}  // namespace moldau::cli
