#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""guides_test.py SOURCE-FOLDER ESPGATE: what the repository's *.md refer to is there. Links lead to files and headings
that exist, `espgate …` lines are commands and options of that program, and docs/migrate.md has every setting that
`espgate import` knows."""
import pathlib
import re
import subprocess
import sys

ROOT, ESPGATE = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
UNWANTED = {"build", "__pycache__"}
PAGES = [page for page in sorted(ROOT.rglob("*.md"))
         if not any(part in UNWANTED or part.startswith(".") for part in page.relative_to(ROOT).parts)]
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
OPTION_NAMES = re.compile(r"^\s+(?:(-\w),)?(--[\w-]+|-\w)", re.MULTILINE)


def anchors(page):
    """As GitHub makes them: lower case, without punctuation, blanks as hyphens, -1 behind the second of a kind."""
    found = set()
    for title in re.findall(r"^#+ (.*)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
        count = 0
        while anchor + (f"-{count}" if count else "") in found:
            count += 1
        found.add(anchor + (f"-{count}" if count else ""))
    return found


def wrong_links(page):
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    text = re.sub(r"`[^`\n]*`", "", text)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            yield f"link to {path}, which is not there"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            yield f"link to {target}, which has no such heading"


class Command:
    """What `--help` says of a command; asked once."""

    known = {}

    def __init__(self, words):
        text = subprocess.run([ESPGATE, *words, "--help"], capture_output=True, text=True, check=True).stdout
        self.options = {name for names in OPTION_NAMES.findall(text) for name in names if name}
        _, _, below = text.partition("Subcommands:\n")
        self.below = set(re.findall(r"^  ([a-z]\S*) ", below, re.MULTILINE))

    @classmethod
    def of(cls, words):
        if words not in cls.known:
            cls.known[words] = cls(words)
        return cls.known[words]


def commands(page):
    """The rest of each line in code, or text in backquotes, that begins with `espgate`."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    code = "\n".join([*FENCED.findall(text), *re.findall(r"^(?: {4}|\t).*$", FENCED.sub("", text), re.MULTILINE)])
    yield from re.findall(r"^\s*(?:[$#] )?(?:\S*/)?espgate ([a-z-].*)$", code, re.MULTILINE)
    yield from re.findall(r"`(?:\S*/)?espgate ([a-z-][^`\n]*)`", text)


def wrong_command(line):
    """None: nothing is wrong."""
    line = re.split(r"\s{2,}|\s[|>#]|;", line)[0]
    command, options = (), re.findall(r"(?<![\w-])(--[a-z][\w-]*|-[a-z])(?=[\s=,]|$)", re.sub(r"'[^']*'", "", line))
    for word in line.split():
        node = Command.of(command)
        if word in node.below:
            command += (word,)
        elif node.below and re.fullmatch(r"[a-z]+", word):
            return f"espgate {line}: there is no command {' '.join((*command, word))}"
        else:
            break
    unknown = [option for option in options if option not in Command.of(command).options]
    return f"espgate {line}: there is no option {unknown[0]}" if unknown else None


def settings_without_a_place():
    text = (ROOT / "docs/migrate.md").read_text(encoding="utf-8")
    there = set(re.findall(r"[\w+-]+", text.replace("_", "-")))
    for source, kind in (("meanings.cpp", "Meaning"), ("ppp_meanings.cpp", "PppMeaning")):
        keys = re.findall(rf'\b{kind}{{"([^"]+)"', (ROOT / "cli/import" / source).read_text(encoding="utf-8"))
        assert len(keys) > 50, f"{source} does not look as it did"
        yield from (key for key in keys if not there & {name := key.replace("_", "-"), re.sub("^right", "left", name)})


def main():
    faults = [f"docs/migrate.md: says nothing of {key}" for key in settings_without_a_place()]
    count = 0
    for page in PAGES:
        said = [*wrong_links(page)]
        for line in commands(page):
            count += 1
            said.append(wrong_command(line))
        faults += [f"{page.relative_to(ROOT)}: {fault}" for fault in said if fault]
    assert len(PAGES) > 20 and count > 100, f"{len(PAGES)} pages with {count} commands: the test does not see them"
    print("\n".join(faults) if faults else f"{len(PAGES)} pages, {count} commands")
    sys.exit(1 if faults else 0)


main()
