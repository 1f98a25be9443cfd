# SPDX-License-Identifier: GPL-2.0-only
# The protocols of core/model/protocol under the C++11 memory model: *_relacy.cc, each a program of its own, because
# Relacy replaces operator new. docs/weak-memory.md says what they show. And the engine's workloads under Relacy, for
# the benchmarks.

# daxrace_relacy(NAME): relacy_NAME from core/model/protocol/NAME_relacy.cc, and the test relacy.NAME.
function(daxrace_relacy name)
  daxrace_program(relacy_${name} SOURCES core/model/protocol/${name}_relacy.cc LINKS)
  if(TARGET relacy_${name})
    target_include_directories(relacy_${name} SYSTEM PRIVATE ${DAXRACE_RELACY_DIR})
    # Searching is all it does: in a debug build too.
    target_compile_options(relacy_${name} PRIVATE -O2)
    add_test(NAME relacy.${name} COMMAND relacy_${name})
    set_tests_properties(relacy.${name} PROPERTIES TIMEOUT 300)
  endif()
endfunction()

string(TOUPPER "${CMAKE_BUILD_TYPE}" config)
if("${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${config}}" MATCHES "-fsanitize")
  # Relacy frees with one allocator what it took from another, and switches stacks behind the sanitizer's back.
  message(STATUS "relacy: not with a sanitizer")
elseif(DAXRACE_TESTS STREQUAL "all")
  find_path(DAXRACE_RELACY_DIR relacy/relacy.hpp REQUIRED)
  daxrace_relacy(entry_lock)
  if(DAXRACE_BENCH)
    daxrace_program(relacy_bench SOURCES core/engine/bench/relacy_main.cc LINKS)
    target_include_directories(relacy_bench SYSTEM PRIVATE ${DAXRACE_RELACY_DIR})
    # That they run, allocate nothing, and make the same points on both sides; not how long they take.
    add_test(NAME bench.smoke
      COMMAND ${CMAKE_SOURCE_DIR}/scripts/bench.sh --smoke ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
    set_tests_properties(bench.smoke PROPERTIES TIMEOUT 300)
  endif()
endif()
