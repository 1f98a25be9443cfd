/* SPDX-License-Identifier: GPL-2.0-only */
#include <iostream>
#include <memory>

#include "replay/command.h"
#include "replay/help.h"

namespace daxrace::replay {

namespace {

/* What to offer is asked of daxrace itself, so that it is never that of another version. */
constexpr const char* kBash = R"sh(# bash completion for daxrace: source <(daxrace completion bash)
_daxrace() {
  local line current=${COMP_WORDS[COMP_CWORD]}
  [[ $current == = ]] && current=
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
    else
      COMPREPLY+=("$line")
    fi
  done < <("${COMP_WORDS[0]}" completion words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _daxrace daxrace
)sh";

constexpr const char* kZsh = R"sh(#compdef daxrace
# zsh completion for daxrace: a file _daxrace in a directory of $fpath, or source <(daxrace completion zsh)
_daxrace() {
  local line
  local -a candidates
  for line in ${(f)"$("${words[1]}" completion words "${(@)words[2,CURRENT]}" 2>/dev/null)"}; do
    if [[ $line == :files ]]; then
      _files
    else
      candidates+=("$line")
    fi
  done
  (( ${#candidates} )) && compadd -a candidates
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _daxrace "$@"
else
  compdef _daxrace daxrace
fi
)sh";

}  // namespace

void add_completion(Command app, const char* text, int* exit_code) {
  struct Options {
    std::string shell;
  };
  auto options = std::make_shared<Options>();
  Command command = app.add_command("completion", text);
  command.add_option("SHELL", options->shell, "bash or zsh").required().one_of({"bash", "zsh"});
  command.callback([options, exit_code] {
    std::cout << (options->shell == "bash" ? kBash : kZsh);
    *exit_code = kNoFinding;
  });
}

}  // namespace daxrace::replay
