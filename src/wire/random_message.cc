#include "wire/random_message.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace moldau::wire {
namespace {

class Filler {
 public:
  Filler(int16_t version, Prng& prng, Arena& arena) : version_(version), prng_(prng), arena_(arena) {}

  void fill(const StructDescriptor& structure, void* object) {
    for (const FieldDescriptor& field : structure.fields) {
      if (!field.facts->versions.contains(version_)) continue;
      // Half of the tagged fields keep their default, and are therefore not written.
      if (field.facts->tagged.contains(version_) && prng_.chance(1, 2)) continue;
      fill_field(field, const_cast<void*>(field.get(object)));
    }
  }

 private:
  void fill_field(const FieldDescriptor& field, void* value) {
    if (field.optional != nullptr) {
      if (field.facts->nullable.contains(version_) && prng_.chance(1, 4)) return field.optional->reset(value);
      value = field.optional->emplace(value);
    }
    if (field.array == nullptr) return fill_value(field, value);
    const size_t size = array_size();
    field.array->resize(value, size);
    for (size_t i = 0; i < size; ++i) fill_value(field, const_cast<void*>(field.array->at(value, i)));
  }

  // Mostly small; sometimes beyond what one byte of a compact count holds, unless nested in another that is.
  size_t array_size() {
    if (!large_used_ && prng_.chance(1, 60)) {
      large_used_ = true;
      return 128 + prng_.below(20);
    }
    return prng_.below(4);
  }

  template <typename T>
  void fill_integer(void* value) {
    constexpr std::array<T, 5> special = {0, 1, static_cast<T>(-1), std::numeric_limits<T>::min(),
                                          std::numeric_limits<T>::max()};
    *static_cast<T*>(value) = prng_.chance(1, 3) ? special[prng_.below(special.size())] : static_cast<T>(prng_.next());
  }

  std::string_view text() {
    static constexpr std::array<std::string_view, 8> pieces = {"a",
                                                               "topic",
                                                               "-",
                                                               "Vltava",
                                                               "\xC5\x99"
                                                               "eka",
                                                               "\xF0\x9F\x8C\x8A",
                                                               "\"",
                                                               "\n"};
    std::string result;
    const size_t count = prng_.chance(1, 40) ? 60 : prng_.below(5);
    for (size_t i = 0; i < count; ++i) result += pieces[prng_.below(pieces.size())];
    return arena_.keep(std::string_view(result));
  }

  std::span<const std::byte> bytes() {
    const size_t size = prng_.chance(1, 40) ? 300 : prng_.below(20);
    std::byte* memory = arena_.allocate(size);
    for (size_t i = 0; i < size; ++i) memory[i] = static_cast<std::byte>(prng_.next());
    return {memory, size};
  }

  void fill_value(const FieldDescriptor& field, void* value) {
    switch (field.type) {
      case FieldType::boolean:
        *static_cast<bool*>(value) = prng_.chance(1, 2);
        return;
      case FieldType::int8:
        return fill_integer<int8_t>(value);
      case FieldType::int16:
        return fill_integer<int16_t>(value);
      case FieldType::uint16:
        return fill_integer<uint16_t>(value);
      case FieldType::int32:
        return fill_integer<int32_t>(value);
      case FieldType::uint32:
        return fill_integer<uint32_t>(value);
      case FieldType::int64:
        return fill_integer<int64_t>(value);
      case FieldType::float64: {
        static constexpr std::array<double, 6> some = {0.0, 1.0, -0.5, 1e7, 123456.789, 1.5e-7};
        *static_cast<double*>(value) = some[prng_.below(some.size())];
        return;
      }
      case FieldType::uuid: {
        const uint64_t high = prng_.next();
        *static_cast<Uuid*>(value) = prng_.chance(1, 4) ? Uuid{} : Uuid::random(high, prng_.next());
        return;
      }
      case FieldType::string:
        *static_cast<std::string_view*>(value) = text();
        return;
      case FieldType::bytes:
        *static_cast<std::span<const std::byte>*>(value) = bytes();
        return;
      case FieldType::records:
        static_cast<Records*>(value)->view = bytes();
        return;
      case FieldType::structure:
        return fill(*field.structure, value);
    }
  }

  int16_t version_;
  Prng& prng_;
  Arena& arena_;
  bool large_used_ = false;
};

}  // namespace

void fill_randomly(const MessageDescriptor& descriptor, void* message, int16_t version, Prng& prng, Arena& arena) {
  Filler(version, prng, arena).fill(*descriptor.root, message);
}

}  // namespace moldau::wire
