# SPDX-License-Identifier: GPL-2.0-only
# `cmake --install`: the program, and what it says of itself: manual pages, completion for shells.

include(GNUInstallDirs)
set(install_generated ${CMAKE_BINARY_DIR}/generated/install)
set(install_daxrace ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/daxrace)
install(TARGETS daxrace RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(CODE "
  file(MAKE_DIRECTORY \"${install_generated}\")
  execute_process(COMMAND \"${install_daxrace}\" man --out \"${install_generated}/man1\" COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND \"${install_daxrace}\" completion bash
    OUTPUT_FILE \"${install_generated}/daxrace\" COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND \"${install_daxrace}\" completion zsh
    OUTPUT_FILE \"${install_generated}/_daxrace\" COMMAND_ERROR_IS_FATAL ANY)
")
install(DIRECTORY ${install_generated}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
install(FILES ${install_generated}/daxrace DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${install_generated}/_daxrace DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
