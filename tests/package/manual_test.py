#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""manual_test.py SOURCE-FOLDER PROGRAMS-FOLDER: man pages and completion know what the programs' own --help knows, scdoc
takes every page, and bash completes commands, options and their values."""
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE, PROGRAMS = map(pathlib.Path, sys.argv[1:])
SECTIONS = {"espgate": 8, "espgate-dataplane": 8, "espgate-control": 8, "espgate-client": 1, "espgate-replay": 1}
OPTION = re.compile(r"^ {2,}(?:(-\w),)?(--[\w-]+|-\w)(?= |$)", re.MULTILINE)
COMPLETIONS = (("espgate se", {"session"}), ("espgate session k", {"kick"}), ("espgate status --j", {"--json"}),
               ("espgate-replay de", {"decap"}), ("espgate user a", {"add"}))
COMPLETE = """source "$1"
COMP_WORDS=($2); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE=$2; COMP_POINT=${#2}
"$3"; printf '%s\n' "${COMPREPLY[@]}"
"""


def help_of(words):
    """The text of --help, then of every command below it: (words, options, names of commands)."""
    text = subprocess.run([PROGRAMS / words[0], *words[1:], "--help"], capture_output=True, text=True, check=True).stdout
    _, _, below = text.partition("Subcommands:\n")
    commands = re.findall(r"^  ([a-z]\S*) ", below, re.MULTILINE)
    yield words, {name for names in OPTION.findall(text) for name in names if name}
    for command in commands:
        yield from help_of([*words, command])


def wrong_in(page, script, program):
    if subprocess.run(["bash", "-n", script], check=False).returncode:
        yield "bash does not take its completion"
    if subprocess.run(["scdoc"], stdin=open(page, "rb"), stdout=subprocess.DEVNULL, check=False).returncode:
        yield "scdoc does not take its page"
    text, words = page.read_text(encoding="utf-8").replace("\\", ""), script.read_text(encoding="utf-8")
    for path, options in help_of([program]):
        command = " ".join(path[1:])
        if command and (f"## {command}\n" not in text or f'"{command}")' not in words):
            yield f"no {command} in page or completion"
        section = text.partition(f"## {command}\n")[2].partition("\n## ")[0] if command else text
        for option in options - ({"-h", "--help"} if command else set()):
            if f"*{option}*" not in section:
                yield f"no {option} of {command or program} in its page"
            if option not in words:
                yield f"no {option} of {command or program} in its completion"
    if not re.search(r"# EXIT STATUS\n\n\*0\*", text):
        yield "no exit codes"


def wrong_completions(folder):
    for line, wanted in COMPLETIONS:
        program = line.split()[0]
        said = subprocess.run(["bash", "-c", COMPLETE, "bash", folder / f"{program}.bash", line, "_" + program.replace("-", "_")],
                              capture_output=True, text=True, check=True).stdout.split()
        if not wanted <= set(said):
            yield f"'{line}' completes to {said}, not {wanted}"


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([PROGRAMS / "espgate-manual", folder, SOURCE / "packaging/manual"], check=True)
        wrong = [f"{program}: {what}" for program, section in SECTIONS.items()
                 for what in wrong_in(folder / f"{program}.{section}.scd", folder / f"{program}.bash", program)]
        wrong += wrong_completions(folder)
    print("\n".join(wrong) or "pages and completion know every command and option")
    sys.exit(1 if wrong else 0)


main()
