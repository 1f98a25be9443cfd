#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: console.py PAGE [--update] [--skip WORDS]... [--dax FILE]

Runs the commands that a page shows in its console blocks, one after the other in the working directory, and compares
what they print with what is shown. A line `...` stands for any number of lines. --update writes the page anew: before
and behind a `...` as many lines as were there. --skip: commands that begin so are not run. --dax: a block of a scenario
is written to FILE when the page comes to it.
"""

import argparse
import os
import subprocess
import sys


def matches(shown, printed):
    """None, or the first line that is not as shown."""
    at = 0
    for number, line in enumerate(shown):
        if line == "...":
            if number + 1 == len(shown):
                return None
            while at < len(printed) and printed[at] != shown[number + 1]:
                at += 1
        elif at == len(printed) or printed[at] != line:
            return f"shown:   {line}\n  printed: {printed[at] if at < len(printed) else 'nothing'}"
        else:
            at += 1
    return None if at == len(printed) else f"printed and not shown: {printed[at]}"


def cut(shown, printed):
    """What to show of it."""
    if "..." not in shown:
        return printed
    first = shown.index("...")
    rest = len(shown) - first - 1
    if first + rest >= len(printed):
        return printed
    return printed[:first] + ["..."] + (printed[-rest:] if rest else [])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--skip", action="append", default=[])
    parser.add_argument("--dax")
    arguments = parser.parse_args()
    page, update = arguments.page, arguments.update
    out, failed, commands = [], 0, 0
    command, shown, inside, scenario = None, [], False, None

    def run():
        nonlocal command, failed, commands
        if command is None:
            return
        commands += 1
        if any(command.startswith(words) for words in arguments.skip):
            out.extend(shown)
            command = None
            return
        done = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, check=False)
        printed = done.stdout.decode().splitlines()
        wrong = matches(shown, printed)
        if wrong and not update:
            print(f"{os.path.basename(page)}: {command}\n  {wrong}")
            failed = 1
        out.extend(cut(shown, printed) if wrong else shown)
        command = None

    with open(page, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for line in lines:
        if inside and (line == "```" or line.startswith("$ ")):
            run()
            inside = line != "```"
            command, shown = (line[2:], []) if inside else (None, [])
            out.append(line)
        elif inside:
            shown.append(line)
        elif scenario is not None:
            out.append(line)
            if line == "```":
                with open(arguments.dax, "w", encoding="utf-8") as file:
                    file.write("\n".join(scenario) + "\n")
                scenario = None
            else:
                scenario.append(line)
        elif line == "```dax" and arguments.dax:
            out.append(line)
            scenario = []
        else:
            inside = line == "```console"
            out.append(line)
    if update:
        with open(page, "w", encoding="utf-8") as file:
            file.write("\n".join(out) + "\n")
    print(f"{commands} commands")
    return failed if commands else 1


sys.exit(main())
