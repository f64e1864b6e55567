# flare_room(NAME base SOURCES a.cc b.cc TESTS a_test.cc BENCHES a_bench.cc NEEDS other rooms, libraries)
#
# Makes the library flare_<NAME>, one test program and one benchmark program. Sources are listed by
# name: a file that is not listed is not built, and the arch test says so.
function(flare_room)
  cmake_parse_arguments(ROOM "" "NAME" "SOURCES;TESTS;BENCHES;NEEDS" ${ARGN})
  set(library flare_${ROOM_NAME})
  if(ROOM_SOURCES)
    add_library(${library} STATIC ${ROOM_SOURCES})
    target_include_directories(${library} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${library} PUBLIC ${ROOM_NEEDS})
    flare_precompile(${library})
  else()
    add_library(${library} INTERFACE)
    target_include_directories(${library} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${library} INTERFACE ${ROOM_NEEDS})
  endif()
  if(ROOM_TESTS)
    flare_test(NAME ${ROOM_NAME}_test SOURCES ${ROOM_TESTS} NEEDS ${library})
  endif()
  if(ROOM_BENCHES)
    add_executable(${ROOM_NAME}_bench ${ROOM_BENCHES})
    target_include_directories(${ROOM_NAME}_bench PRIVATE ${CMAKE_SOURCE_DIR}/test)
    target_link_libraries(${ROOM_NAME}_bench PRIVATE ${library} benchmark::benchmark_main)
    add_test(NAME ${ROOM_NAME}_bench COMMAND ${ROOM_NAME}_bench --benchmark_min_time=0.01)
    set_tests_properties(${ROOM_NAME}_bench PROPERTIES LABELS bench)
  endif()
endfunction()

# flare_test(NAME x_test SOURCES ... NEEDS ... [TIMEOUT seconds])
function(flare_test)
  cmake_parse_arguments(TEST "" "NAME;TIMEOUT" "SOURCES;NEEDS" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 300)
  endif()
  add_executable(${TEST_NAME} ${TEST_SOURCES})
  target_include_directories(${TEST_NAME} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/test)
  target_link_libraries(${TEST_NAME} PRIVATE ${TEST_NEEDS} GTest::gtest GTest::gtest_main)
  flare_precompile(${TEST_NAME})
  add_test(NAME ${TEST_NAME}
           COMMAND ${TEST_NAME} --gtest_brief=1
                   --gtest_output=json:${CMAKE_BINARY_DIR}/test-results/${TEST_NAME}.json)
  set_tests_properties(${TEST_NAME} PROPERTIES TIMEOUT ${TEST_TIMEOUT})
  if(FLARE_SANITIZE MATCHES thread)
    set_tests_properties(${TEST_NAME} PROPERTIES ENVIRONMENT
      "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/tsan.suppressions")
  endif()
endfunction()

# One precompiled header for everybody: the standard library's heavy headers and nothing of ours.
function(flare_precompile target)
  if(TARGET flare_pch)
    target_precompile_headers(${target} REUSE_FROM flare_pch)
    target_link_libraries(${target} PRIVATE Threads::Threads)
  endif()
endfunction()

# Written only when it differs, or every configuration would build everything again.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/pch.cc CONTENT "// Carries the precompiled header.\n")
add_library(flare_pch STATIC ${CMAKE_BINARY_DIR}/pch.cc)
target_link_libraries(flare_pch PUBLIC Threads::Threads)
target_precompile_headers(flare_pch PRIVATE
  <algorithm> <array> <atomic> <chrono> <coroutine> <cstdint> <cstring> <deque> <expected>
  <functional> <map> <memory> <mutex> <optional> <span> <stop_token> <string> <string_view>
  <thread> <unordered_map> <utility> <vector>)
