# Compiler and linker flags, the same for every target.
add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Wold-style-cast -fno-omit-frame-pointer
                    -fstack-protector-strong -ffunction-sections -fdata-sections)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 warns wrongly about uninitialised members behind std::optional, variant and coroutine frames, and in inlined
  # string code. Aggregates that leave trailing members to their defaults are how messages are built here.
  add_compile_options(-fcoroutines -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds
                      -Wno-missing-field-initializers -Wno-dangling-pointer -Wno-stringop-overread)
else()
  add_compile_options(-Wno-missing-field-initializers -Wno-missing-designated-field-initializers)
  add_link_options(-fuse-ld=lld)
endif()
add_link_options(-Wl,--gc-sections -Wl,-z,relro,-z,now)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
  add_compile_definitions(_FORTIFY_SOURCE=2)
endif()
if(MOLDAU_SANITIZE)
  add_compile_options(-fsanitize=${MOLDAU_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MOLDAU_SANITIZE})
endif()
if(MOLDAU_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
if(MOLDAU_TESTS)
  find_package(GTest REQUIRED)
endif()
