#include "wire/metadata/04_configs.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ConfigRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::FeatureLevelRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ClientQuotaRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ProducerIdsRecord);
