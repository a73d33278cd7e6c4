// Descriptors: the field lists of all messages without their types, for everything that is not encode or decode: JSON,
// deep comparison, random messages for tests, the comparison with Kafka's schemas, listings. One constexpr table per
// struct, made from its field list (descriptor_impl.h) and instantiated beside the codec of the message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "wire/codec.h"
#include "wire/field.h"

namespace moldau::wire {

/// Type of a field, or of the elements of an array field.
enum class FieldType : uint8_t {
  boolean,
  int8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  float64,
  uuid,
  string,
  bytes,
  records,
  structure,
};

/// The schema's word for `type`; "struct" for structure.
const char* name_of(FieldType type);

struct StructDescriptor;

/// How to reach into a std::optional<T>, given its address.
struct OptionalAccess {
  const void* (*get)(const void* optional);  ///< the value, or null
  void* (*emplace)(void* optional);          ///< sets a default value and returns it
  void (*reset)(void* optional);
};

/// How to reach into a std::vector<T>, given its address.
struct ArrayAccess {
  size_t (*size)(const void* vector);
  const void* (*at)(const void* vector, size_t index);
  void (*resize)(void* vector, size_t size);
};

/// One field of a struct. `get` yields the address of the member: optional first, then array, then the value.
struct FieldDescriptor {
  const FieldFacts* facts;
  FieldType type;
  const StructDescriptor* structure;  ///< of a structure; otherwise null
  const OptionalAccess* optional;     ///< null unless the member is a std::optional
  const ArrayAccess* array;           ///< null unless the field is an array
  const void* (*get)(const void* object);
};

struct StructDescriptor {
  const char* name;
  std::span<const FieldDescriptor> fields;
  const void* defaults;  ///< a default-constructed object
};

struct MessageDescriptor {
  MessageKind kind;
  int16_t key;
  int16_t min_version;
  int16_t max_version;
  VersionRange valid_versions;
  int16_t flexible_since;
  const StructDescriptor* root;
  void* (*create)();
  void (*destroy)(void* message);
  DecodeStatus (*decode)(Decoder& decoder, int16_t version, void* into);
  EncodeStatus (*encode)(Encoder& encoder, int16_t version, const void* message);

  const char* name() const { return root->name; }
  constexpr bool is_flexible(int16_t version) const { return version >= flexible_since; }
};

/// The descriptor of message M.
template <typename M>
const MessageDescriptor& descriptor_of();

/// Owns a message of which only the descriptor is known.
class AnyMessage {
 public:
  explicit AnyMessage(const MessageDescriptor& descriptor) : descriptor_(&descriptor), data_(descriptor.create()) {}
  AnyMessage(const AnyMessage&) = delete;
  AnyMessage& operator=(const AnyMessage&) = delete;
  ~AnyMessage() { descriptor_->destroy(data_); }

  const MessageDescriptor& descriptor() const { return *descriptor_; }
  void* data() { return data_; }
  const void* data() const { return data_; }
  DecodeStatus decode(Decoder& decoder, int16_t version) { return descriptor_->decode(decoder, version, data_); }
  EncodeStatus encode(Encoder& encoder, int16_t version) const { return descriptor_->encode(encoder, version, data_); }

 private:
  const MessageDescriptor* descriptor_;
  void* data_;
};

/// Whether two objects of `structure` hold the same values.
bool equal(const StructDescriptor& structure, const void* left, const void* right);
/// Whether two members of `field` (addresses as `get` yields them) hold the same value.
bool equal(const FieldDescriptor& field, const void* left, const void* right);

/// Whether two messages hold the same values: texts, bytes and records by content.
template <typename M>
bool equal(const M& left, const M& right) {
  return equal(*descriptor_of<M>().root, &left, &right);
}

}  // namespace moldau::wire
