// The codecs: round trips, what other writers make, caps, and hostile payloads (S20, S21).
#include "compress/compress.h"

#include <gtest/gtest.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zstd.h>

#include <array>
#include <string>

#include "base/bytes.h"
#include "base/endian.h"
#include "base/prng.h"

namespace moldau::compress {
namespace {

using Bytes8 = std::vector<std::byte>;

constexpr std::array all_codecs{Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};
constexpr std::array packing_codecs{Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};

Bytes8 from_hex(std::string_view hex) {
  Bytes8 bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

Bytes8 text_bytes(size_t size) {
  Bytes8 bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>('a' + (i * i / 7) % 23);
  return bytes;
}

Bytes8 random_bytes(size_t size, uint64_t seed = 1) {
  Prng prng(seed);
  Bytes8 bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::byte>(prng.next());
  return bytes;
}

Bytes8 pack(Codec codec, std::span<const std::byte> input) {
  Bytes8 output;
  EXPECT_TRUE(compress(codec, level_default(codec), input, output));
  return output;
}

// The failure's kind of reading `payload`; nothing when it reads well.
std::optional<FailureKind> failure_of(Codec codec, std::span<const std::byte> payload, const Limits& limits = {}) {
  Bytes8 output;
  const Status status = decompress(codec, payload, limits, output);
  if (status) return std::nullopt;
  EXPECT_TRUE(output.empty());
  return status.failure().kind;
}

TEST(Compress, NamesAndNumbers) {
  for (const Codec codec : all_codecs) {
    EXPECT_EQ(codec_named(name_of(codec)), codec);
    EXPECT_EQ(codec_of(static_cast<int>(codec) | 0x38), codec);
  }
  EXPECT_EQ(name_of(Codec::zstd), "zstd");
  EXPECT_FALSE(codec_named("producer"));
  EXPECT_FALSE(codec_named(""));
  for (const int number : {5, 6, 7}) EXPECT_FALSE(codec_of(number));
}

TEST(Compress, Levels) {
  EXPECT_TRUE(level_valid(Codec::gzip, -1));
  EXPECT_FALSE(level_valid(Codec::gzip, 0));
  EXPECT_FALSE(level_valid(Codec::gzip, 10));
  EXPECT_TRUE(level_valid(Codec::lz4, 17));
  EXPECT_FALSE(level_valid(Codec::lz4, 0));
  EXPECT_TRUE(level_valid(Codec::zstd, -131072));
  EXPECT_FALSE(level_valid(Codec::zstd, 23));
  Bytes8 output(3);
  EXPECT_EQ(compress(Codec::gzip, 11, text_bytes(10), output).failure().kind, FailureKind::invalid_argument);
  EXPECT_EQ(output.size(), 3U);
}

TEST(Compress, RoundTripsOfAllSizesAndLevels) {
  Compressor compressor;
  Decompressor decompressor;
  for (const Codec codec : all_codecs) {
    for (const int level : {level_default(codec), 1, 2, 5, 9, 12}) {
      if (!level_valid(codec, level)) continue;
      for (const size_t size : {0U, 1U, 2U, 100U, 32'767U, 32'768U, 65'536U, 65'537U, 131'072U, 131'073U, 700'000U}) {
        if (level != level_default(codec) && size > 70'000) continue;
        for (const Bytes8& input : {text_bytes(size), random_bytes(size)}) {
          Bytes8 packed{std::byte{7}};
          ASSERT_TRUE(compressor.compress(codec, level, input, packed));
          ASSERT_EQ(packed[0], std::byte{7});  // appended
          const auto payload = std::span<const std::byte>(packed).subspan(1);
          Bytes8 output;
          ASSERT_TRUE(decompressor.start(codec, payload, {}));
          for (;;) {
            auto piece = decompressor.next();
            ASSERT_TRUE(piece) << name_of(codec) << " " << size << " " << piece.failure().message;
            if (piece->empty()) break;
            if (codec == Codec::gzip || codec == Codec::zstd) {
              ASSERT_LE(piece->size(), window_bytes);
            }
            output.insert(output.end(), piece->begin(), piece->end());
          }
          ASSERT_EQ(output, input) << name_of(codec) << " " << level << " " << size;
          ASSERT_EQ(decompressor.produced(), size);
          auto after = decompressor.next();
          ASSERT_TRUE(after && after->empty());
        }
      }
    }
  }
}

TEST(Compress, CompressesWhatCanBe) {
  for (const Codec codec : packing_codecs)
    EXPECT_LT(pack(codec, text_bytes(100'000)).size(), 60'000U) << name_of(codec);
}

TEST(Compress, WritesTheFormatsOfTheJavaClient) {
  const Bytes8 input = text_bytes(40'000);
  const Bytes8 snappy = pack(Codec::snappy, input);
  EXPECT_EQ(Bytes8(snappy.begin(), snappy.begin() + 16), from_hex("82534e4150505900"
                                                                  "00000001"
                                                                  "00000001"));
  const auto first = load_big_endian<int32_t>(snappy.data() + 16);
  size_t unfolded = 0;
  ASSERT_TRUE(snappy::GetUncompressedLength(reinterpret_cast<const char*>(snappy.data()) + 20,
                                            static_cast<size_t>(first), &unfolded));
  EXPECT_EQ(unfolded, 32'768U);
  const Bytes8 lz4 = pack(Codec::lz4, input);
  EXPECT_EQ(Bytes8(lz4.begin(), lz4.begin() + 7), from_hex("04224d18"
                                                           "60"
                                                           "40"
                                                           "82"));  // version 1, independent, 64 KiB
  EXPECT_EQ(Bytes8(lz4.end() - 4, lz4.end()), from_hex("00000000"));
  const Bytes8 gzip = pack(Codec::gzip, input);
  EXPECT_EQ(Bytes8(gzip.begin(), gzip.begin() + 3), from_hex("1f8b08"));
}

TEST(Compress, ReadsWhatTheJavaClientWrites) {
  // Streams of Kafka 4.3.1's own writers for the text "moldau moldau moldau moldau".
  Bytes8 output;
  for (const auto& [codec, hex] :
       {std::pair{Codec::gzip, "1f8b08000000000000ffcbcdcf49492c55c8c54201004b2176d01b000000"},
        {Codec::snappy, "82534e415050590000000001000000010000000c1b186d6f6c646175204e0700"},
        {Codec::lz4, "04224d18604082100000007b6d6f6c646175200700506f6c64617500000000"},
        {Codec::zstd, "28b52ffd00586c0000386d6f6c646175200100a28b11010000"}}) {
    output.clear();
    const Status status = decompress(codec, from_hex(hex), {}, output);
    ASSERT_TRUE(status) << name_of(codec) << status.failure().message;
    EXPECT_EQ(as_text(output), "moldau moldau moldau moldau");
  }
}

TEST(Compress, CutPayloadsFail) {
  for (const Codec codec : packing_codecs) {
    const Bytes8 packed = pack(codec, text_bytes(3000));
    for (size_t size = 0; size < packed.size(); ++size) {
      // A stream of snappy blocks may end after any block: here only before the first.
      if (codec == Codec::snappy && size == 16) continue;
      const std::span<const std::byte> cut(packed.data(), size);
      ASSERT_EQ(failure_of(codec, cut), FailureKind::corrupt) << name_of(codec) << " " << size;
    }
  }
}

TEST(Compress, DamagedPayloadsFailOrReadButNeverMisbehave) {
  Prng prng(9);
  Decompressor decompressor;
  for (const Codec codec : packing_codecs) {
    const Bytes8 packed = pack(codec, text_bytes(20'000));
    for (int round = 0; round < 3000; ++round) {
      Bytes8 damaged = packed;
      for (uint64_t flips = prng.between(1, 3); flips > 0; --flips) {
        damaged[prng.below(round % 2 == 0 ? 40 : damaged.size())] ^= static_cast<std::byte>(1U << prng.below(8));
      }
      if (!decompressor.start(codec, damaged, {1 << 20, zstd_window_log_default})) continue;
      uint64_t total = 0;
      for (auto piece = decompressor.next(); piece && !piece->empty(); piece = decompressor.next())
        total += piece->size();
      ASSERT_LE(total, 1U << 20);
    }
    Bytes8 output;  // the context is still good
    ASSERT_TRUE(decompress(codec, packed, {}, output));
  }
}

TEST(Compress, TheCapHoldsToTheByte) {
  for (const Codec codec : all_codecs) {
    const Bytes8 packed = pack(codec, text_bytes(300'000));
    EXPECT_EQ(failure_of(codec, packed, {300'000, 23}), std::nullopt) << name_of(codec);
    EXPECT_EQ(failure_of(codec, packed, {299'999, 23}), FailureKind::invalid_argument) << name_of(codec);
    EXPECT_EQ(failure_of(codec, packed, {0, 23}), FailureKind::invalid_argument) << name_of(codec);
  }
}

TEST(Compress, BombsEndAtTheCap) {
  const Bytes8 zeros(64 << 20);
  for (const Codec codec : packing_codecs) {
    const Bytes8 bomb = pack(codec, zeros);
    Decompressor decompressor;
    ASSERT_TRUE(decompressor.start(codec, bomb, {1 << 20, 23}));
    uint64_t total = 0;
    for (;;) {
      auto piece = decompressor.next();
      if (!piece) {
        EXPECT_EQ(piece.failure().kind, FailureKind::invalid_argument) << name_of(codec);
        break;
      }
      ASSERT_FALSE(piece->empty());
      total += piece->size();
    }
    EXPECT_LE(total, 1U << 20);
    EXPECT_EQ(decompressor.produced(), total);
  }
}

TEST(Compress, ZstdWindowIsBounded) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 25);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  const Bytes8 input = text_bytes(1000);
  Bytes8 packed(2000);
  ZSTD_inBuffer in{input.data(), input.size(), 0};
  ZSTD_outBuffer out{packed.data(), packed.size(), 0};
  ASSERT_EQ(ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush), 0U);
  ASSERT_EQ(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end), 0U);
  ZSTD_freeCCtx(context);
  packed.resize(out.pos);
  EXPECT_EQ(failure_of(Codec::zstd, packed, {1 << 20, zstd_window_log_default}), FailureKind::unsupported);
  EXPECT_EQ(failure_of(Codec::zstd, packed, {1 << 20, zstd_window_log_kafka}), std::nullopt);
}

TEST(Compress, ZstdFramesFollowOneAnother) {
  Bytes8 two = pack(Codec::zstd, text_bytes(10));
  const Bytes8 second = pack(Codec::zstd, text_bytes(5));
  two.insert(two.end(), second.begin(), second.end());
  Bytes8 output;
  ASSERT_TRUE(decompress(Codec::zstd, two, {}, output));
  EXPECT_EQ(output.size(), 15U);
  two.push_back(std::byte{1});
  EXPECT_EQ(failure_of(Codec::zstd, two), FailureKind::corrupt);
}

Bytes8 lz4_frame(std::span<const std::byte> input, LZ4F_preferences_t preferences) {
  Bytes8 frame(LZ4F_compressFrameBound(input.size(), &preferences));
  const size_t size = LZ4F_compressFrame(frame.data(), frame.size(), input.data(), input.size(), &preferences);
  EXPECT_FALSE(LZ4F_isError(size));
  frame.resize(size);
  return frame;
}

TEST(Compress, Lz4FramesOfEverySort) {
  const Bytes8 input = text_bytes(500'000);
  for (const auto block : {LZ4F_max64KB, LZ4F_max256KB, LZ4F_max1MB, LZ4F_max4MB}) {
    for (const int checks : {0, 1, 2, 3}) {
      LZ4F_preferences_t preferences{};
      preferences.frameInfo.blockSizeID = block;
      preferences.frameInfo.blockMode = LZ4F_blockIndependent;
      preferences.frameInfo.contentChecksumFlag =
          (checks & 1) != 0 ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum;
      preferences.frameInfo.blockChecksumFlag = (checks & 2) != 0 ? LZ4F_blockChecksumEnabled : LZ4F_noBlockChecksum;
      preferences.frameInfo.contentSize = (checks & 1) != 0 ? input.size() : 0;
      Bytes8 frame = lz4_frame(input, preferences);
      Bytes8 output;
      ASSERT_TRUE(decompress(Codec::lz4, frame, {}, output));
      ASSERT_EQ(output, input);
      frame[frame.size() / 2] ^= std::byte{1};
      if (checks != 0) {
        EXPECT_EQ(failure_of(Codec::lz4, frame), FailureKind::corrupt);
      }
    }
  }
}

TEST(Compress, Lz4RefusesWhatKafkaRefuses) {
  const Bytes8 input = text_bytes(200'000);
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockMode = LZ4F_blockLinked;
  EXPECT_EQ(failure_of(Codec::lz4, lz4_frame(input, preferences)), FailureKind::corrupt);  // dependent blocks
  const Bytes8 good = pack(Codec::lz4, input);
  for (const auto& [at, bits] :
       {std::pair{0, 0x01}, {4, 0x01}, {4, 0x02}, {4, 0x80}, {5, 0x01}, {5, 0x40}, {5, 0x80}, {6, 0x01}}) {
    Bytes8 bad = good;  // magic, dictionary, reserved, version, reserved, block size, reserved, header checksum
    bad[static_cast<size_t>(at)] ^= static_cast<std::byte>(bits);
    EXPECT_EQ(failure_of(Codec::lz4, bad), FailureKind::corrupt) << at;
  }
  Bytes8 long_block = good;
  long_block[9] = std::byte{0x7F};  // a block longer than 64 KiB
  EXPECT_EQ(failure_of(Codec::lz4, long_block), FailureKind::corrupt);
  Bytes8 trailing = good;
  trailing.push_back(std::byte{0});
  EXPECT_EQ(failure_of(Codec::lz4, trailing), FailureKind::corrupt);
}

TEST(Compress, SnappyRawAndFramed) {
  const Bytes8 input = text_bytes(100'000);
  std::string raw;
  snappy::Compress(reinterpret_cast<const char*>(input.data()), input.size(), &raw);
  Bytes8 output;
  ASSERT_TRUE(decompress(Codec::snappy, as_bytes(raw), {}, output));
  EXPECT_EQ(output, input);
  EXPECT_EQ(failure_of(Codec::snappy, as_bytes(raw + "x")), FailureKind::corrupt);
  EXPECT_EQ(failure_of(Codec::snappy, {}), FailureKind::corrupt);

  Bytes8 two = pack(Codec::snappy, input);  // streams may follow one another
  const Bytes8 second = pack(Codec::snappy, text_bytes(3));
  two.insert(two.end(), second.begin(), second.end());
  output.clear();
  ASSERT_TRUE(decompress(Codec::snappy, two, {}, output));
  EXPECT_EQ(output.size(), input.size() + 3);
}

TEST(Compress, SnappyLengthsThatLie) {
  // A raw block that claims 4 GiB - 1 (CVE-2023-34455): refused by the cap, and, where the cap allows it, as a lie.
  EXPECT_EQ(failure_of(Codec::snappy, from_hex("ffffffff0f00")), FailureKind::invalid_argument);
  EXPECT_EQ(failure_of(Codec::snappy, from_hex("ffffffff0f00"), {UINT64_MAX, 23}), FailureKind::corrupt);
  EXPECT_EQ(failure_of(Codec::snappy, from_hex("ffffffffff")), FailureKind::corrupt);
  const std::string header = "82534e41505059000000000100000001";
  for (const char* tail : {"7fffffff", "7fffffff00", "ffffffff00",
                           "00000005"
                           "0100",
                           "000000", "00000000", "82534e41", "80000000"}) {
    EXPECT_EQ(failure_of(Codec::snappy, from_hex(header + tail)), FailureKind::corrupt) << tail;
  }
  EXPECT_EQ(failure_of(Codec::snappy, from_hex(header)), std::nullopt);  // a stream without blocks
}

TEST(Compress, GzipMembersJoinAsInJava) {
  const Bytes8 member = pack(Codec::gzip, text_bytes(600));
  const auto joined = [&](std::span<const std::byte> tail) {
    Bytes8 all = member;
    all.insert(all.end(), tail.begin(), tail.end());
    return all;
  };
  Bytes8 output;
  ASSERT_TRUE(decompress(Codec::gzip, joined(member), {}, output));
  EXPECT_EQ(output.size(), 1200U);
  output.clear();
  ASSERT_TRUE(decompress(Codec::gzip, joined(text_bytes(70)), {}, output));  // no member: silently the end
  EXPECT_EQ(output.size(), 600U);
  EXPECT_EQ(failure_of(Codec::gzip, joined(std::span(member).first(30))), FailureKind::corrupt);  // a cut member is one
}

TEST(Compress, GzipTrailersAndHeadersAreChecked) {
  const Bytes8 good = pack(Codec::gzip, text_bytes(600));
  for (const size_t back : {1U, 4U, 5U, 8U}) {
    Bytes8 bad = good;
    bad[bad.size() - back] ^= std::byte{1};
    EXPECT_EQ(failure_of(Codec::gzip, bad), FailureKind::corrupt) << back;
  }
  for (const size_t at : {0U, 1U, 2U}) {
    Bytes8 bad = good;
    bad[at] ^= std::byte{1};
    EXPECT_EQ(failure_of(Codec::gzip, bad), FailureKind::corrupt) << at;
  }
  Bytes8 named(good.begin(), good.begin() + 10);  // extra field, name and comment are skipped
  named[3] = std::byte{4 | 8 | 16};
  const Bytes8 fields = from_hex(
      "0300"
      "aabbcc"
      "6e616d6500"
      "7800");
  named.insert(named.end(), fields.begin(), fields.end());
  named.insert(named.end(), good.begin() + 10, good.end());
  Bytes8 output;
  ASSERT_TRUE(decompress(Codec::gzip, named, {}, output));
  EXPECT_EQ(output.size(), 600U);
}

TEST(Compress, NothingStartedReadsNothing) {
  Decompressor decompressor;
  auto piece = decompressor.next();
  EXPECT_TRUE(piece && piece->empty());
  EXPECT_FALSE(decompressor.start(Codec::gzip, text_bytes(3), {}));
  piece = decompressor.next();
  EXPECT_TRUE(piece && piece->empty());
  decompressor.release();
  EXPECT_EQ(decompressor.produced(), 0U);
}

}  // namespace
}  // namespace moldau::compress
