"""The words of American English, from the Hunspell dictionary that Firefox and LibreOffice use."""

import re
from functools import cache
from pathlib import Path

from labwright import tools


@cache
def dictionary() -> frozenset[str]:
    """All forms of all words: 'walk' with its rules gives 'walks', 'walked', 'walking'."""
    folder = tools.get("dictionary-en") / "package"
    return frozenset(expand((folder / "index.dic").read_text(encoding="utf-8"), rules(folder / "index.aff")))


def rules(path: Path) -> dict[str, list[tuple[bool, str, str, re.Pattern]]]:
    """By flag: whether the rule changes the end of a word, what it takes off, what it adds, and to which words it applies."""
    found: dict[str, list] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if len(words) >= 5 and words[0] in ("SFX", "PFX"):
            _, flag, strip, add, condition = words[:5]
            end = words[0] == "SFX"
            pattern = re.compile(f"{condition}$" if end else f"^{condition}")
            found.setdefault(flag, []).append((end, strip.replace("0", ""), add.partition("/")[0].replace("0", ""), pattern))
    return found


def expand(listed: str, by_flag: dict) -> set[str]:
    """Every form of every line 'word/FLAGS'; a prefix also goes before the forms with a suffix."""
    made = set()
    for line in listed.splitlines()[1:]:
        word, _, flags = line.partition("/")
        used = [rule for flag in flags for rule in by_flag.get(flag, [])]
        ends = {word} | {_end(word, *rule) for rule in used if rule[0] and rule[3].search(word)}
        made |= ends
        made |= {rule[2] + form.removeprefix(rule[1]) for rule in used if not rule[0] and rule[3].search(word) for form in ends}
    return made


def _end(word: str, _: bool, strip: str, add: str, __: re.Pattern) -> str:
    return word.removesuffix(strip) + add
