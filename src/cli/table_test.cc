// Tables, and values as YAML.
#include "cli/table.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/output.h"

namespace moldau::cli {
namespace {

TEST(Table, AlignsAsRpkDoes) {
  Table table({"topic", "status"});
  table.add({"my-topic-1", "OK"});
  table.add({"a", "OK"});
  EXPECT_EQ(table.to_string(), "TOPIC       STATUS\nmy-topic-1  OK\na           OK\n");
}

TEST(Table, ColumnsAreAtLeastSixWide) {
  Table table({"id", "host", "port"});
  table.add({"0*", "h", "9092"});
  EXPECT_EQ(table.to_string(), "ID    HOST  PORT\n0*    h     9092\n");
}

TEST(Table, CountsCharactersNotBytes) {
  Table table;
  table.add({"h\xC3\xA9llo", "x"});
  table.add({"hello", "x"});
  EXPECT_EQ(table.to_string(), "h\xC3\xA9llo  x\nhello  x\n");
}

TEST(Table, SectionAndLists) {
  EXPECT_EQ(section("summary"), "SUMMARY\n=======\n");
  const int ids[] = {3, 1, 2};
  EXPECT_EQ(list_of(ids), "[1 2 3]");
  EXPECT_EQ(list_of({}), "[]");
}

TEST(Output, Yaml) {
  const nlohmann::ordered_json value = {
      {"name", "a"},
      {"empty", ""},
      {"number", 5},
      {"truth", true},
      {"looks_like_truth", "true"},
      {"odd", "a: b"},
      {"none", nlohmann::ordered_json::array()},
      {"list", {1, 2}},
      {"rows",
       nlohmann::ordered_json::array({{{"k", "x"}, {"v", nlohmann::ordered_json::array({"1"})}}, {{"k", "y"}}})},
      {"inner", {{"deep", {{"er", "z"}}}}},
  };
  EXPECT_EQ(to_yaml(value),
            "name: a\n"
            "empty: \"\"\n"
            "number: 5\n"
            "truth: true\n"
            "looks_like_truth: \"true\"\n"
            "odd: \"a: b\"\n"
            "none: []\n"
            "list:\n- 1\n- 2\n"
            "rows:\n- k: x\n  v:\n  - \"1\"\n- k: y\n"
            "inner:\n  deep:\n    er: z\n");
  EXPECT_EQ(to_yaml(nlohmann::ordered_json::array()), "[]\n");
}

}  // namespace
}  // namespace moldau::cli
