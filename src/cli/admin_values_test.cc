// The pure parts of the quota and user verbs: quotas as text and file, salted passwords.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/batch_analysis.h"
#include "cli/quotas.h"
#include "cli/scram.h"
#include "cli/text.h"
#include "cli/yaml.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

TEST(Quotas, TextsOfEntitiesAndValues) {
  EXPECT_EQ(entity_text({{"user", "jan"}, {"client-id", std::nullopt}}), "client-id=<default>, user=jan");
  EXPECT_EQ(quota_text(200000), "200000");
  EXPECT_EQ(quota_text(0.5), "0.5");
  EXPECT_EQ(quota_text(1e21), "1000000000000000000000");
  EXPECT_EQ(*parse_quota_value("k", "1.5"), 1.5);
  for (const char* wrong : {"", "x", "1x", "0", "-1", "inf", "nan", "1e999"}) {
    EXPECT_FALSE(parse_quota_value("k", wrong).ok()) << wrong;
  }
  EXPECT_EQ(parse_quota_name("team=a").failure().message,
            "--name team=a: 'team' is no type of entity: client-id, user and ip are");
  EXPECT_EQ(parse_quota_name("client-id=a=b")->second, "a=b");
}

TEST(Quotas, AFileIsReadAsItIsPrinted) {
  const QuotaTable quotas = {{{{"client-id", "a"}}, {{"consumer_byte_rate", 10}, {"producer_byte_rate", 0.25}}},
                             {{{"client-id", std::nullopt}, {"user", "u"}}, {{"request_percentage", 5}}}};
  const Json json = quotas_json(quotas);
  EXPECT_EQ(json["quotas"].size(), 2U);
  const auto read = quotas_of(json, "f");
  ASSERT_TRUE(read.ok()) << read.failure().message;
  EXPECT_EQ(*read, quotas);
  const auto yaml = parse_yaml(
      "quotas:\n- entity:\n  - name: a\n    type: client-id\n  values:\n  - key: consumer_byte_rate\n    value: 10\n",
      "f");
  EXPECT_EQ(quotas_of(*yaml, "f")->begin()->second.at("consumer_byte_rate"), 10);
}

TEST(Quotas, WrongFilesSayWhatIsWrong) {
  const auto message = [](const char* text) {
    const auto read = quotas_of(Json::parse(text), "f");
    return read.ok() ? std::string() : read.failure().message;
  };
  EXPECT_NE(message("{}").find("expected a list 'quotas'"), std::string::npos);
  EXPECT_NE(message(R"({"quotas":[{"values":[]}]})").find("expected a list 'entity'"), std::string::npos);
  EXPECT_EQ(message(R"({"quotas":[{"entity":[],"values":[]}]})"), "f: an entity has no part");
  EXPECT_EQ(message(R"({"quotas":[{"entity":[{"type":"user"}],"values":[]}]})"), "f: 'name' is missing");
  EXPECT_EQ(message(R"({"quotas":[{"entity":[{"type":"x","name":"y"}],"values":[]}]})"),
            "f: 'x' is no type of entity: client-id, user and ip are");
  EXPECT_EQ(message(R"({"quotas":[{"entity":[{"type":"ip","name":"y"}],"values":[{"key":"k","value":"many"}]}]})"),
            "k=many: expected a number above zero");
}

TEST(Quotas, Differences) {
  const client::QuotaEntity a{{"client-id", "a"}};
  const client::QuotaEntity b{{"client-id", "b"}};
  const auto differences = quota_differences({{a, {{"same", 1}, {"gone", 2}, {"other", 3}}}},
                                             {{a, {{"same", 1}, {"other", 4}}}, {b, {{"new", 5}}}});
  ASSERT_EQ(differences.size(), 3U);
  EXPECT_EQ(differences[0].key, "gone");
  EXPECT_EQ(differences[0].after, std::nullopt);
  EXPECT_EQ(differences[1].before, 3);
  EXPECT_EQ(differences[1].after, 4);
  EXPECT_EQ(differences[2].entity, b);
  EXPECT_EQ(differences[2].before, std::nullopt);
}

TEST(Scram, SaltedPasswordsAreThoseOfTheStandards) {
  // RFC 7677's example: "pencil", its salt, 4096 rounds; the salted password by RFC 5802's Hi().
  const auto credential =
      salted_credential(client::ScramMechanism::sha_256, 4096, "pencil", from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="));
  ASSERT_TRUE(credential.ok());
  EXPECT_EQ(hex(credential->salted_password), "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d");
  EXPECT_EQ(credential->iterations, 4096);
  const auto large = salted_credential(client::ScramMechanism::sha_512, 4096, "pencil");
  ASSERT_TRUE(large.ok());
  EXPECT_EQ(large->salted_password.size(), 64U);
  EXPECT_EQ(large->salt.size(), 16U);
  EXPECT_NE(large->salt, salted_credential(client::ScramMechanism::sha_512, 4096, "pencil")->salt);
}

TEST(Scram, NamesAndRandomPasswords) {
  EXPECT_EQ(scram_mechanism_of("scram-sha-512"), client::ScramMechanism::sha_512);
  EXPECT_EQ(scram_mechanism_of("PLAIN"), client::ScramMechanism::unknown);
  EXPECT_EQ(scram_name(client::ScramMechanism::sha_256), "SCRAM-SHA-256");
  const auto one = random_password(30);
  const auto two = random_password(30);
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->size(), 30U);
  EXPECT_NE(*one, *two);
}

TEST(Analysis, RatesAndSizes) {
  PartitionAnalysis all("t", 0);
  for (int64_t i = 1; i <= 4; ++i) all.add(i * 100, 10, 1000 * i);
  all.close(0, 10'000, true);
  EXPECT_DOUBLE_EQ(all.batches_per_second(), 0.4);
  EXPECT_DOUBLE_EQ(all.bytes_per_second(), 100);
  EXPECT_EQ(all.size_quantile(0.5), 200);
  EXPECT_EQ(all.size_quantile(0.99), 400);
  EXPECT_EQ(all.size_quantile(0), 100);
  PartitionAnalysis part("t", 1);
  part.add(50, 1, 2000);
  part.close(0, 10'000, false);
  EXPECT_DOUBLE_EQ(part.batches_per_second(), 0.5) << "only two seconds were read";
  PartitionAnalysis empty("t", 2);
  empty.close(0, 10'000, true);
  EXPECT_EQ(empty.size_quantile(0.5), 0);
  AnalysisSum sum;
  for (const PartitionAnalysis* one : {&all, &part, &empty}) sum.add(*one);
  EXPECT_EQ(sum.partitions, 3);
  EXPECT_EQ(sum.batches, 5);
  EXPECT_DOUBLE_EQ(sum.batch_bytes_average(), 210);
}

}  // namespace
}  // namespace moldau::cli
