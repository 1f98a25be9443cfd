# SPDX-License-Identifier: GPL-2.0-only
# How a directory of sources becomes a library, and a few sources a program.

configure_file(${CMAKE_CURRENT_LIST_DIR}/daxrace_version.h.in ${CMAKE_BINARY_DIR}/generated/daxrace_version.h @ONLY)

# What every target is compiled with. System headers come from /usr/include, so warnings concern our files only.
add_library(daxrace_options INTERFACE)
target_include_directories(daxrace_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(daxrace_options INTERFACE -Wall -Wextra $<$<BOOL:${DAXRACE_WERROR}>:-Werror>)
# POPCNT, which every x86-64 since 2009 has: candidates are sets of bits.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(daxrace_options INTERFACE -march=x86-64-v2)
endif()
target_compile_definitions(daxrace_options INTERFACE $<$<BOOL:${DAXRACE_DEBUG}>:DAXRACE_DEBUG=1>)

# daxrace_glob(OUT DIR [RECURSE]): the sources of DIR that are neither tests (*_relacy.cc too), benchmarks nor main.cc.
function(daxrace_glob out dir)
  if("RECURSE" IN_LIST ARGN)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${dir}/*.cc)
  else()
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${dir}/*.cc)
  endif()
  list(FILTER sources EXCLUDE REGEX "(_test|_bench|_relacy|/main)\\.cc$")
  set(${out} ${sources} PARENT_SCOPE)
endfunction()

# daxrace_library(NAME DIR [RECURSE] LINKS TARGET... [TWIN instrumented|plain])
#
# daxrace_NAME from the sources of DIR. TWIN: with DAXRACE_FUZZ there is daxrace_NAME_cov as well, which links the
# twins of what daxrace_NAME links. Only an instrumented twin is compiled again: libFuzzer is to see new paths
# through the kernel model, and none through the code that runs or judges it.
function(daxrace_library name dir)
  cmake_parse_arguments(PARSE_ARGV 2 arg "RECURSE" "TWIN" "LINKS")
  if(arg_RECURSE)
    daxrace_glob(sources ${dir} RECURSE)
  else()
    daxrace_glob(sources ${dir})
  endif()
  daxrace_archive(daxrace_${name} "${sources}" "${arg_LINKS}")
  if(NOT sources)
    message(STATUS "${dir}: no sources yet")
  endif()
  if(DAXRACE_FUZZ AND arg_TWIN)
    set(links ${arg_LINKS})
    list(TRANSFORM links APPEND _cov REGEX "^daxrace_(model|oracle|scenario)$")
    if(sources AND arg_TWIN STREQUAL "plain")
      set(sources $<TARGET_OBJECTS:daxrace_${name}>)
    endif()
    daxrace_archive(daxrace_${name}_cov "${sources}" "${links}")
    if(sources AND arg_TWIN STREQUAL "instrumented")
      set(uncounted ${CMAKE_SOURCE_DIR}/cmake/uncounted.txt)
      target_compile_options(daxrace_${name}_cov PRIVATE -fsanitize-coverage=inline-8bit-counters
        -fsanitize-coverage-ignorelist=${uncounted})
      # Compiled again when the list changes, which is no dependency of a file that is compiled.
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${uncounted})
      file(MD5 ${uncounted} digest)
      target_compile_definitions(daxrace_${name}_cov PRIVATE DAXRACE_UNCOUNTED_${digest})
    endif()
  endif()
endfunction()

# daxrace_precompile(TARGET HEADER...): what is read again and again takes most of a build's time. Where nothing is
# precompiled (the preset gcc), a file that lacks an #include does not compile: g++-12 warns of what it inlines from such
# headers.
function(daxrace_precompile target)
  get_target_property(type ${target} TYPE)
  if(DAXRACE_PRECOMPILED AND NOT type STREQUAL "INTERFACE_LIBRARY")
    target_precompile_headers(${target} PRIVATE
      <algorithm> <array> <filesystem> <functional> <map> <memory> <set> <sstream> <string> <vector> ${ARGN})
  endif()
endfunction()

# A directory without sources still passes on what it links, so that the tree builds while it is being filled.
function(daxrace_archive target sources links)
  if(sources)
    add_library(${target} STATIC ${sources})
    set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
    target_link_libraries(${target} PUBLIC daxrace_options ${links})
    daxrace_precompile(${target})
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE daxrace_options ${links})
  endif()
endfunction()

# daxrace_program(NAME SOURCES FILE... LINKS TARGET...): skipped, with a message, while a source is missing.
function(daxrace_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
  foreach(source IN LISTS arg_SOURCES)
    if(NOT source MATCHES "^\\$<" AND NOT EXISTS ${CMAKE_SOURCE_DIR}/${source} AND NOT EXISTS ${source})
      message(STATUS "${name}: no ${source} yet")
      return()
    endif()
  endforeach()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE daxrace_options ${arg_LINKS})
endfunction()
