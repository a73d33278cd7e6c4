// YAML as the command line reads it.
#include "cli/yaml.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string json_of(std::string_view text) {
  const auto value = parse_yaml(text, "f");
  return value.ok() ? value->dump() : value.failure().message;
}

TEST(Yaml, MapsAndListsByIndentation) {
  EXPECT_EQ(json_of("a: 1\nb:\n  c: x y # comment\n  d:\n  - 1\n  - 2\ne:\n"),
            R"({"a":"1","b":{"c":"x y","d":["1","2"]},"e":null})");
  EXPECT_EQ(json_of("l:\n  - name: one\n    tags:\n      - x\n  -\n    name: two\n  - - p\n    - q\n"),
            R"({"l":[{"name":"one","tags":["x"]},{"name":"two"},["p","q"]]})");
  EXPECT_EQ(json_of("- a\n- b: c\n"), R"(["a",{"b":"c"}])");
  EXPECT_EQ(json_of("# only a comment\n\n"), "null");
  EXPECT_EQ(json_of("a:\r\n  b: c\r\n"), R"({"a":{"b":"c"}})");
}

TEST(Yaml, Scalars) {
  EXPECT_EQ(json_of(R"(a: "x\ty: z" # c)"), R"({"a":"x\ty: z"})");
  EXPECT_EQ(json_of("a: 'it''s'"), R"({"a":"it's"})");
  EXPECT_EQ(json_of("\"a b\": c"), R"({"a b":"c"})");
  EXPECT_EQ(json_of("a: ~\nb: null\nc: true\nd: -1\ne: http://x:1#y"),
            R"({"a":null,"b":null,"c":"true","d":"-1","e":"http://x:1#y"})");
  EXPECT_EQ(json_of("a: [x, y z]\nb: []\nc: {}\nd: [1, \"2\"]"), R"({"a":["x","y z"],"b":[],"c":{},"d":[1,"2"]})");
  EXPECT_EQ(json_of(R"({"a": [1, {"b": null}]})"), R"({"a":[1,{"b":null}]})");
}

TEST(Yaml, ErrorsNameTheLine) {
  EXPECT_EQ(json_of("a: 1\n b: 2\n"), "f, line 2: indented unlike the lines above");
  EXPECT_EQ(json_of("a:\n    b: 1\n  c: 2\n"), "f, line 3: indented unlike the lines above");
  EXPECT_EQ(json_of("a: 1\na: 2\n"), "f, line 2: a stands twice");
  EXPECT_EQ(json_of("a: 1\n- b\n"), "f, line 2: expected 'key: value'");
  EXPECT_EQ(json_of("a: |\n  text\n"), "f, line 1: expected a plain or quoted value");
  EXPECT_EQ(json_of("a: &x 1"), "f, line 1: expected a plain or quoted value");
  EXPECT_EQ(json_of("a: \"x"), "f, line 1: expected a plain or quoted value");
  EXPECT_EQ(json_of("a:\n\tb: 1"), "f, line 2: indent with spaces");
  EXPECT_EQ(json_of("just a text"), "f, line 1: expected 'key: value'");
  std::string deep;
  for (size_t i = 0; i < 100; ++i) deep += std::string(i, ' ') + "a:\n";
  EXPECT_EQ(json_of(deep), "f, line 33: too deep");
  EXPECT_FALSE(parse_yaml(std::string(100'000, '['), "f").ok());
}

TEST(Yaml, Flat) {
  const auto values = parse_flat_yaml("a.b: 1\nc:\n  d: \"2\"\n  e: {}\n", "f");
  ASSERT_TRUE(values.ok());
  EXPECT_EQ(*values, (std::map<std::string, std::string>{{"a.b", "1"}, {"c/d", "2"}, {"c/e", ""}}));
  EXPECT_EQ(parse_flat_yaml("- a\n", "f").failure().message, "f, line 1: expected 'key: value'");
  EXPECT_EQ(parse_flat_yaml("a:\n- b\n", "f").failure().message, "f: a: expected one value");
  EXPECT_TRUE(parse_flat_yaml("", "f")->empty());
}

}  // namespace
}  // namespace moldau::cli
