#include "wire/metadata/02_topics.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::TopicRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::PartitionRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::PartitionChangeRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::RemoveTopicRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ClearElrRecord);
