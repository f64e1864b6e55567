# Flags, launcher, linker and the libraries the rooms may name.

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers need the sloppiness; without base_dir two checkouts would share nothing.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

# Leaving out a designated field means its default, on purpose.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wthread-safety -Werror
                    -Wno-missing-designated-field-initializers
                    -fno-omit-frame-pointer -Xclang -fno-pch-timestamp)
add_link_options(-fuse-ld=lld-19)
if(FLARE_SANITIZE)
  add_compile_options(-fsanitize=${FLARE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FLARE_SANITIZE})
endif()
if(FLARE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
# Boost is used for sockets only; what it deprecates in itself is not our concern.
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ERROR_CODE_HEADER_ONLY)

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Protobuf REQUIRED)
find_package(RocksDB REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_library(JEMALLOC jemalloc REQUIRED)
