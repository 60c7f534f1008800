"""The kernel of a lab that is tried in its page: inpage-worker.js runs this file in Pyodide, the tests run it as it is.

A cell runs together with the cells above it that it needs and that have not run as they are now, the way make builds a file:
so what a reader sees never comes from an answer that has been changed since. Only the standard library is used at the top, for
`runnable` reads cells with the same eyes.
"""

import ast
import contextlib
import dis
import io
import linecache
import re
import sys
import traceback
import types
from collections.abc import Callable
from functools import cache

MAX_OUTPUT = 20_000  # characters that one run of a cell may print
LOADS = ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS")
STUDENTS = re.compile(r"\bstudent\.(\w+)")


@cache
def names(source: str) -> tuple[frozenset[str], frozenset[str]]:
    """The global names that a cell defines, and those that it uses and must find defined. Errors: SyntaxError.

    Told from the bytecode: there, the variable of a comprehension is local in every version of Python.
    """
    top = compile(source, "cell", "exec", dont_inherit=True)
    defines, uses, inside, codes = set(), set(), set(), [top]
    while codes:
        code, own = codes.pop(), set()
        codes += [each for each in code.co_consts if isinstance(each, types.CodeType)]
        for step in dis.get_instructions(code):
            if step.opname == "STORE_NAME":
                own.add(step.argval)
            elif step.opname == "STORE_GLOBAL":
                defines.add(step.argval)
            elif step.opname in LOADS and step.argval not in own and not step.argval.startswith("__"):
                (uses if code is top else inside).add(step.argval)
        defines |= own if code is top else set()  # else it is the body of a class
    return frozenset(defines), frozenset(uses | (inside - defines))


class Kernel:
    """Runs the cells of one lab in `__main__`. `post(kind, cell id, text)` gets what happens; kinds are running, text, report,
    error, done, failed and, for a cell that was asked for and did not get its turn, blocked (text: the cell that failed)."""

    def __init__(self, slug: str, cells: list[dict], post: Callable[[str, str, str], None]):
        self.cells, self.post, self.space = cells, post, vars(sys.modules["__main__"])
        self.place = {cell["id"]: number for number, cell in enumerate(cells)}
        self.stubs = [cell["source"] for cell in cells]
        self.ran: dict[int, tuple[int, str]] = {}  # number of a cell -> when it ran, and what it was
        self.owner: dict[str, int] = {}  # global name -> the cell that defined it last
        self.clock, self.now, self.left = 0, "", 0
        from pagestandins import prepare  # they lie side by side in book.zip

        from scratchlab.labs import lab_folder

        prepare(self.show)

        self.checked = set(STUDENTS.findall((lab_folder(slug) / "checks.py").read_text(encoding="utf-8")))

    def run(self, target: str, answers: dict[str, str], hint: int = 0) -> None:
        """Run a cell with what it needs; `answers` are the learner's texts by cell id, `hint` adds so many hints to a check."""
        for name, text in answers.items():
            self.cells[self.place[name]]["source"] = text
        number = self.place[target]
        for each in sorted(self.due(number)):
            if not self._execute(each, hint if each == number else 0) and each != number:
                self.post("blocked", target, self.cells[each]["id"])
                return

    # What must run

    def due(self, target: int) -> set[int]:
        """The cell and, of those above that it needs, directly or not, those that have not run since something about them changed."""
        known = [self._names(number) for number in range(target + 1)]
        due, seen = {target}, set()

        def collect(number: int) -> None:
            if number in seen:
                return
            seen.add(number)
            when, source = self.ran.get(number, (0, None))
            stale = source != self.cells[number]["source"]
            for name in known[number][1]:
                above = next((each for each in reversed(range(number)) if name in known[each][0]), None)
                if above is None:
                    continue
                collect(above)
                if self.owner.get(name) != above:  # a cell further down gave the name another meaning
                    due.add(above)
                stale |= above in due or self.ran[above][0] > when
            if stale:
                due.add(number)

        collect(target)
        return due

    def _names(self, number: int) -> tuple[set[str], set[str]]:
        """What a cell defines and uses. A check uses all that checks.py looks at; an answer counts as what it was to define; a cell
        that is left out counts as nothing."""
        cell = self.cells[number]
        if cell["lacks"]:
            return set(), set()
        try:
            defines, uses = names(cell["source"])
        except SyntaxError:  # running it will say so
            defines, uses = names(self.stubs[number])
        if cell["kind"] == "answer":
            defines |= names(self.stubs[number])[0]
        return defines, uses | self.checked if cell["kind"] == "check" else uses

    # Running

    def _execute(self, number: int, hint: int) -> bool:
        cell = self.cells[number]
        self.now, self.left = cell["id"], MAX_OUTPUT
        self.clock += 1
        self.ran.pop(number, None)
        defines = self._names(number)[0]
        for name in defines:
            self.owner.pop(name, None)
        source = cell["source"] if not hint else cell["source"].rstrip().removesuffix(")") + f", hint={hint})"
        self.post("running", self.now, "")
        try:
            with contextlib.redirect_stdout(Printed(self)), contextlib.redirect_stderr(sys.stdout):
                self._evaluate(source, f"cell {self.now}")
        except BaseException as error:  # also exit() must not end the kernel
            self.post("error", self.now, explained(error))
            self.post("failed", self.now, type(error).__name__)
            return False
        self.ran[number] = self.clock, cell["source"]
        self.owner |= dict.fromkeys(defines, number)
        self.post("done", self.now, "")
        return True

    def _evaluate(self, source: str, filename: str) -> None:
        """Run the statements; show the value of the last, if it is an expression, as notebooks do."""
        linecache.cache[filename] = len(source), None, source.splitlines(keepends=True), filename
        tree = ast.parse(source, filename)
        last = ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, filename, "exec"), self.space)
        if last is not None and (value := eval(compile(last, filename, "eval"), self.space)) is not None:
            self.show(value._repr_mimebundle_() if hasattr(value, "_repr_mimebundle_") else {"text/plain": repr(value)})

    def show(self, bundle: dict) -> None:
        """What a notebook would display: the report of a check, or text. Nothing else is HTML here."""
        if "application/vnd.scratchlab.check+json" in bundle:
            self.post("report", self.now, bundle["text/html"])
        elif bundle.get("text/plain"):
            print(bundle["text/plain"])


class Printed(io.TextIOBase):
    """Sends what is printed to the page, as far as a page can hold it."""

    def __init__(self, kernel: Kernel):
        self.kernel = kernel

    def write(self, text: str) -> int:
        kernel, shown = self.kernel, text[: self.kernel.left]
        if kernel.left > 0:
            kernel.left -= len(text)
            kernel.post("text", kernel.now, shown if kernel.left > 0 else f"{shown}\n… (cut here)\n")
        return len(text)


def explained(error: BaseException) -> str:
    """The traceback, of which only the lines of cells matter here."""
    told = traceback.TracebackException.from_exception(error)
    told.stack = traceback.StackSummary.from_list([frame for frame in told.stack if frame.filename.startswith("cell ")])
    text = "".join(told.format(chain=False))
    return text if told.stack else text.removeprefix("Traceback (most recent call last):\n")
