# SPDX-License-Identifier: GPL-2.0-only
# The protocols of core/model/protocol under the C++11 memory model: daxrace-weak, a program of its own, because Relacy
# replaces operator new; `daxrace weak` runs it. docs/weak-memory.md says what it shows. And the engine's workloads under
# Relacy, for the benchmarks.

string(TOUPPER "${CMAKE_BUILD_TYPE}" config)
if("${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${config}}" MATCHES "-fsanitize")
  # Relacy frees with one allocator what it took from another, and switches stacks behind the sanitizer's back.
  message(STATUS "relacy: not with a sanitizer")
elseif(DAXRACE_TESTS STREQUAL "all")
  find_path(DAXRACE_RELACY_DIR relacy/relacy.hpp REQUIRED)
  daxrace_program(daxrace-weak SOURCES core/model/protocol/weak_relacy.cc LINKS)
  if(TARGET daxrace-weak)
    target_include_directories(daxrace-weak SYSTEM PRIVATE ${DAXRACE_RELACY_DIR})
    # Searching is all it does: in a debug build too.
    target_compile_options(daxrace-weak PRIVATE -O2)
    install(TARGETS daxrace-weak RUNTIME)
    add_test(NAME relacy.protocols COMMAND daxrace-weak test)
    set_tests_properties(relacy.protocols PROPERTIES TIMEOUT 900)
  endif()
  if(DAXRACE_BENCH)
    daxrace_program(relacy_bench SOURCES core/engine/bench/relacy_main.cc LINKS)
    target_include_directories(relacy_bench SYSTEM PRIVATE ${DAXRACE_RELACY_DIR})
    # That they run, allocate nothing, and make the same points on both sides; not how long they take.
    add_test(NAME bench.smoke
      COMMAND ${CMAKE_SOURCE_DIR}/scripts/bench.sh --smoke ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
    set_tests_properties(bench.smoke PROPERTIES TIMEOUT 300)
  endif()
endif()
