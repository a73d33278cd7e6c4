#include "wire/metadata/10_security.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DelegationTokenRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::UserScramCredentialRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::AccessControlEntryRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::RemoveAccessControlEntryRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::RemoveUserScramCredentialRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::RemoveDelegationTokenRecord);
