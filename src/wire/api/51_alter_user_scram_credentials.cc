#include "wire/api/51_alter_user_scram_credentials.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::AlterUserScramCredentialsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::AlterUserScramCredentialsResponse);
