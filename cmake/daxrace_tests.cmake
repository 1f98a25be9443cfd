# SPDX-License-Identifier: GPL-2.0-only
# Tests and benchmarks sit beside their sources; one program per directory.

enable_testing()

# daxrace_beside(OUT DIR SUFFIX): the sources of DIR, and of what is below it, whose name ends in SUFFIX.
function(daxrace_beside out dir suffix)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${dir}/*${suffix})
  set(${out} ${sources} PARENT_SCOPE)
endfunction()

# daxrace_test(NAME DIR LINKS TARGET... [OBJECTS EXPR])
function(daxrace_test name dir)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "OBJECTS" "LINKS")
  daxrace_beside(sources ${dir} _test.cc)
  if(NOT sources)
    return()
  endif()
  daxrace_program(${name}_test SOURCES ${sources} ${arg_OBJECTS} LINKS ${arg_LINKS} GTest::gmock_main)
  daxrace_precompile(${name}_test <gmock/gmock.h> <gtest/gtest.h>)
  target_compile_definitions(${name}_test PRIVATE
    DAXRACE_SOURCE_DIR="${CMAKE_SOURCE_DIR}" DAXRACE_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  # The same suite and case may exist in two directories.
  gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 900)
endfunction()

function(daxrace_bench name dir)
  daxrace_beside(sources ${dir} _bench.cc)
  if(sources)
    daxrace_program(${name}_bench SOURCES ${sources} LINKS ${ARGN} benchmark::benchmark_main)
  endif()
endfunction()

# daxrace_script_tests(INCLUDE|EXCLUDE REGEX): tests/*.sh whose name does, or does not, match. Those that would take long
# in a build that is not optimised do a share of their work where DAXRACE_SLOW is set.
function(daxrace_script_tests mode regex)
  file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/*.sh)
  list(FILTER scripts ${mode} REGEX ${regex})
  foreach(script IN LISTS scripts)
    file(STRINGS ${script} once REGEX "^# Once:")
    if(once AND NOT DAXRACE_EVERY_SCRIPT)
      continue()
    endif()
    get_filename_component(name ${script} NAME_WE)
    add_test(NAME script.${name} COMMAND bash ${script})
    set_tests_properties(script.${name} PROPERTIES TIMEOUT 1800 SKIP_RETURN_CODE 77
      ENVIRONMENT "DAXRACE_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};DAXRACE_SOURCE=${CMAKE_SOURCE_DIR};DAXRACE_SLOW=$<$<CONFIG:Debug>:1>")
  endforeach()
endfunction()

if(NOT DAXRACE_TESTS STREQUAL "none")
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(DAXRACE_TESTS STREQUAL "all")
  daxrace_test(engine core/engine LINKS daxrace_engine)
  daxrace_test(model core/model LINKS daxrace_model)
  daxrace_test(oracle core/oracle LINKS daxrace_oracle)
  daxrace_test(scenario core/scenario LINKS daxrace_scenario)
  daxrace_test(replay replay LINKS daxrace_tools)
  # What one task sees of the model, compared with the kernel that the tests run on.
  daxrace_library(host tests/host LINKS daxrace_model)
  daxrace_test(host tests/host LINKS daxrace_host)
  daxrace_script_tests(EXCLUDE "/fuzz[^/]*$")
endif()
if(DAXRACE_FUZZ AND NOT DAXRACE_TESTS STREQUAL "none")
  # The plain libraries: an ordinary program lacks the callbacks that instrumented objects call.
  daxrace_test(fuzz fuzz LINKS daxrace_scenario spdlog::spdlog OBJECTS "${harness}")
  daxrace_script_tests(INCLUDE "/fuzz[^/]*$")
endif()

if(DAXRACE_BENCH)
  find_package(benchmark REQUIRED)
  daxrace_bench(engine core/engine daxrace_engine)
  daxrace_bench(model core/model daxrace_model)
  daxrace_bench(oracle core/oracle daxrace_oracle)
  daxrace_bench(scenario core/scenario daxrace_scenario)
  daxrace_bench(replay replay daxrace_tools)
endif()
