"""A CSV file for a spreadsheet: read, changed in a few cells, and written with everything else as it was."""

import csv
import io
import math
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from labwright.paths import write_atomically
from scratchlab.errors import ScratchlabError

# What makes a spreadsheet evaluate a cell, in full width too, behind quotes and all that is not seen; after a separator as well,
# because a program that expects another one splits there.
_FORMULA = re.compile(r"(^|[,;|\t\r\n])(?=[^\w!#-~]*[=+\-@＝＋－＠﹦﹢﹣﹫])|^(?=[\t\r\n])")


def neutral(text: str) -> str:
    """`text` with an apostrophe wherever a spreadsheet would otherwise read the start of a formula."""
    return _FORMULA.sub(lambda found: f"{found[1] or ''}'", text)


def same(name: str) -> str:
    """What counts when names are compared: neither case nor spaces around."""
    return name.strip().casefold()


def value(cell: str) -> float | None:
    """The number in a cell, with decimal point or comma; None for anything else."""
    try:
        number = float(cell.strip().replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


@dataclass
class Sheet:
    """A CSV file of a teacher, with all that must stay as it was: byte-order mark, separator, line ends and cells."""

    path: Path
    rows: list[list[str]]
    mark: str
    separator: str
    line_end: str

    @classmethod
    def read(cls, path: Path, kind: str, needed: list[str]) -> "Sheet":
        """The file at `path`; an error unless its first row holds the columns in `needed`."""
        try:
            text = path.read_bytes().decode("utf-8")
        except OSError as error:
            raise ScratchlabError(f"{path} cannot be read ({error.strerror}): give the path of {kind}.") from error
        except UnicodeDecodeError as error:
            raise ScratchlabError(f"{path} is not in UTF-8: save it as 'CSV UTF-8', or export it again.") from error
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        for separator in ",;\t":
            try:
                rows = list(csv.reader(io.StringIO(text.removeprefix(mark), newline=""), delimiter=separator))
            except csv.Error as error:
                raise ScratchlabError(f"{path} cannot be read as a table ({error}): export {kind} again.") from error
            if rows and set(needed) <= set(rows[0]):
                width = len(rows[0])
                padded = [row + [""] * (width - len(row)) if row else row for row in rows]
                return cls(path, padded, mark, separator, "\r\n" if text.find("\r\n") == text.find("\n") - 1 else "\n")
        raise ScratchlabError(f"{path} is not {kind}: its first line lacks one of the columns {', '.join(needed)}.")

    def write(self, path: Path) -> None:
        """Write the changed file to `path` in one step; the file that was read stays as it is."""
        if path.resolve() == self.path.resolve():
            raise ScratchlabError(f"{path} is the file that was read: choose another name, so that yours stays as it is.")
        made = io.StringIO(newline="")
        csv.writer(made, delimiter=self.separator, lineterminator=self.line_end).writerows(self.rows)
        write_atomically(path, self.mark + made.getvalue())

    def column(self, title: str) -> int:
        """The number of the column with this title."""
        return self.rows[0].index(title)

    def number(self, number: float) -> str:
        """A number as this file writes it: where semicolons separate the cells, the comma stands for the decimal point."""
        text = f"{number:.2f}".rstrip("0").rstrip(".")
        return text.replace(".", ",") if self.separator == ";" else text

    def find(self, people: list[int], names: dict[str, list[str]]) -> tuple[str, dict[str, int]]:
        """The first column of `names` (column: the names to look for in it) that finds anybody, and its rows in `people` by name.

        Errors: no such column; a name that stands for two rows, or is looked for twice.
        """
        present = [column for column in names if column in self.rows[0]]
        if not present:
            raise ScratchlabError(
                f"The file has none of the columns {', '.join(names)}, so nobody can be found in it: export it with one of them."
            )
        for column in present:
            theirs = {number: same(self.rows[number][self.column(column)]) for number in people}
            there, wanted = Counter(theirs.values()), Counter(map(same, names[column]))
            both = (there.keys() & wanted.keys()) - {""}
            twice = sorted(name for name in both if there[name] > 1 or wanted[name] > 1)
            if twice:
                raise ScratchlabError(
                    f"'{twice[0]}' in the column {column} stands for more than one learner: make it unique, then export again."
                )
            if both:
                return column, {name: number for number, name in theirs.items() if name in both}
        return present[0], {}
