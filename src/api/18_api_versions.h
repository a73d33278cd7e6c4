// ApiVersions (key 18, versions 0-4): which APIs and features this broker serves. Needs no authorization; it may be the
// first request of a connection, before any authentication.
//
//   v0-2  APIs only. v3 (KIP-511): the client names its software, both names must match a pattern, else
//   INVALID_REQUEST;
//         features in tagged fields. v4 (KIP-1022): features whose lowest level is 0 are shown too.
//   An unknown version is answered in v0, with UNSUPPORTED_VERSION and the range of this API alone, so that the client
//   can come down; the response header is always v0.
#pragma once

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/18_api_versions.h"

namespace moldau::api {

/// The answer to a request of a served version.
wire::ApiVersionsResponse api_versions(const RequestContext& context, const Facts& facts,
                                       const wire::ApiVersionsRequest& request);
/// The answer, to be encoded in v0, to a request of a version that is not served.
wire::ApiVersionsResponse api_versions_unsupported(const Facts& facts);
/// Whether a client's software name or version has the form that KIP-511 asks for.
bool is_software_name(std::string_view text);

}  // namespace moldau::api
