#include "broker/error_count.h"

namespace moldau::broker {

void count_errors(Metrics& metrics, wire::ApiKey key, const wire::StructDescriptor& type, const void* message) {
  for (const wire::FieldDescriptor& field : type.fields) {
    const bool error = field.type == wire::FieldType::int16 && std::string_view(field.facts->name) == "errorCode";
    if (!error && field.structure == nullptr) continue;
    const void* member = field.get(message);
    if (field.optional != nullptr) member = field.optional->get(member);
    if (member == nullptr) continue;
    if (error) {
      metrics.count_error(key, *static_cast<const int16_t*>(member));
    } else if (field.array == nullptr) {
      count_errors(metrics, key, *field.structure, member);
    } else {
      for (size_t i = 0; i < field.array->size(member); ++i) {
        count_errors(metrics, key, *field.structure, field.array->at(member, i));
      }
    }
  }
}

}  // namespace moldau::broker
