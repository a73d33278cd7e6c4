// Whether this build runs under the address or the thread sanitizer: MOLDAU_SANITIZED is defined then. For tests: such
// builds allocate otherwise, and are ten times as slow.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MOLDAU_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MOLDAU_SANITIZED 1
#endif
