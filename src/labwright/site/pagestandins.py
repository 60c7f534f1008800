"""What stands in, in a page, for what it lacks: a notebook around the lab, and libraries. It goes with pagekernel."""

import contextlib
import dataclasses
import importlib.util
import os
import sys
import types
from collections.abc import Callable, Iterator

NOT_DRAWN = "[figure] In the page nothing is drawn: your notebook draws this figure, and the book's own run of it is printed here."


def prepare(show: Callable[[dict], None]) -> None:
    """Let scratchlab find what it looks for: a notebook to show things in (`show` gets it), and no package that is missing."""
    os.environ["SCRATCHLAB_PROFILE"] = "cpu"
    display = types.ModuleType("IPython.display")
    display.display = lambda thing, **_: show(thing if isinstance(thing, dict) else {"text/plain": repr(thing)})
    shell = types.ModuleType("IPython")
    shell.display, shell.get_ipython = display, lambda: types.SimpleNamespace(kernel=show)
    sys.modules |= {"IPython": shell, "IPython.display": display}
    from scratchlab import checking, labs, plot

    read, run_task = labs.read_settings, checking.run_task

    def without_the_missing(slug: str) -> labs.Settings:
        settings = read(slug)
        return dataclasses.replace(settings, packages=tuple(filter(importlib.util.find_spec, settings.packages)))

    def without_comparisons(*args, **named) -> checking.Report:
        report = run_task(*args, **named)
        held = tuple(outcome for outcome in report.outcomes if not _compares(outcome))
        if held != report.outcomes:
            print(f"{len(report.outcomes) - len(held)} more: the comparison with a library that the page lacks, in your notebook.")
        return dataclasses.replace(report, outcomes=held)

    labs.read_settings, checking.run_task, plot.figure = without_the_missing, without_comparisons, undrawn


def _compares(outcome) -> bool:
    """Whether a property could not be tried because the check itself (there is no line of the learner's) lacks a library."""
    return outcome.state == "error" and len(outcome.detail) == 1 and outcome.detail[0].startswith("ModuleNotFoundError: ")


@contextlib.contextmanager
def undrawn(**_) -> Iterator["Nothing"]:
    """In place of scratchlab.plot.figure: say so, and let whatever wants to draw do so into the void."""
    with contextlib.suppress(Exception):
        yield Nothing()
    print(NOT_DRAWN)


class Nothing:
    """Axes on which nothing appears."""

    def __getattr__(self, name: str) -> "Nothing":
        return self

    def __call__(self, *_, **__) -> "Nothing":
        return self

    def __getitem__(self, _) -> "Nothing":
        return self

    def __iter__(self) -> Iterator["Nothing"]:
        yield self
