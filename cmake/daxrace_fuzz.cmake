# SPDX-License-Identifier: GPL-2.0-only
# The libFuzzer programs, from the sources of fuzz/:
#   *_canary.cc  a target that must fail: daxrace-fuzz-canary
#   *_reader.cc  a target for the text readers alone: daxrace-fuzz-reader
#   *_main.cc    programs of their own, not built here
#   the rest     the harness, shared by daxrace-fuzz, daxrace-fuzz-canary and the tests

file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/fuzz/*.cc)
set(harness_sources ${fuzz_sources})
list(FILTER harness_sources EXCLUDE REGEX "_(main|test|bench|canary|reader)\\.cc$")
set(canary_sources ${fuzz_sources})
list(FILTER canary_sources INCLUDE REGEX "_canary\\.cc$")
set(reader_sources ${fuzz_sources})
list(FILTER reader_sources INCLUDE REGEX "_reader\\.cc$")

# -fsanitize=fuzzer at link time only: it brings libFuzzer's main and the callbacks of the instrumented model, and
# leaves everything else uninstrumented.
function(daxrace_fuzzer name)
  daxrace_program(${name} ${ARGN})
  if(TARGET ${name})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  endif()
endfunction()

if(harness_sources)
  # Objects, not an archive: libFuzzer finds its optional hooks by weak references, which pull nothing out of one.
  add_library(daxrace_harness OBJECT ${harness_sources})
  target_link_libraries(daxrace_harness PRIVATE daxrace_options spdlog::spdlog)
  set(harness $<TARGET_OBJECTS:daxrace_harness>)
  daxrace_fuzzer(daxrace-fuzz SOURCES ${harness} LINKS daxrace_scenario_cov spdlog::spdlog)
  if(canary_sources)
    daxrace_fuzzer(daxrace-fuzz-canary SOURCES ${canary_sources} ${harness} LINKS daxrace_scenario_cov spdlog::spdlog)
  endif()
else()
  message(STATUS "fuzz: no sources yet")
endif()
if(reader_sources)
  daxrace_fuzzer(daxrace-fuzz-reader SOURCES ${reader_sources} LINKS daxrace_scenario)
endif()
