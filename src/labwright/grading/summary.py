"""What a teacher reads after a run: who needs a look, how each question went, and the numbers of the whole class."""

from collections import Counter
from collections.abc import Iterable, Iterator

from rich.table import Table

from labwright.grading.batch import Change, Graded
from labwright.grading.exports import Exported
from labwright.grading.records import STATES, Judgement

SMALL = 40  # learners of a class that is shown whole
NAMES = 20  # names in one line


def of_run(graded: Graded) -> Iterator[Table | str]:
    """The parts to print after `labwright grade`: everybody in a small class, else whom to look at; then the sums."""
    everybody = sorted(graded.judged.values(), key=lambda judgement: judgement.student)
    shown = everybody if len(everybody) <= SMALL else [each for each in everybody if _needs_a_look(each)]
    if shown:
        yield _learners(shown)
    if questions := _questions(everybody):
        yield questions
    yield _counts(everybody, len(everybody) - len(shown))
    yield from _changes(graded.held_back)


def of_export(written: list[Exported]) -> Iterator[str]:
    """The lines to print after `labwright export`: each file, then the learners whose score is not there or may still grow."""
    for each in written:
        by = f", found by their {each.key}" if each.key else ""
        yield f"wrote {each.path}: {each.written} scores{by}"
        yield from _named({"not found there": each.not_in_file, "in that file, without a grade here": each.unmatched})
    blank = dict.fromkeys(name for each in written for name in each.left_blank)
    waiting = dict.fromkeys(name for each in written for name in each.waiting)
    yield from _named({"left blank, because there is no score": blank, "waiting for a person, so the score may grow": waiting})


def _needs_a_look(judgement: Judgement) -> bool:
    timed_out = any(question.state == "timed out" for question in judgement.questions)
    return judgement.state != "graded" or bool(judgement.notes) or timed_out


def _learners(judgements: list[Judgement]) -> Table:
    table = Table("student", "state", "points", "notes")
    for each in judgements:
        stopped = [f"{question.name} timed out." for question in each.questions if question.state == "timed out"]
        table.add_row(each.student, each.state, f"{each.score:g}" if each.questions else "", " ".join([*stopped, *each.notes])[:200])
    return table


def _questions(judgements: list[Judgement]) -> Table | None:
    """How often each question ended in each state: a question that nearly everybody got wrong deserves a look at its check."""
    counts = Counter((question.name, question.state) for each in judgements for question in each.questions)
    states = [state for state in STATES if any(state == there for _, there in counts)]
    table = Table("question", *states)
    for name in dict.fromkeys(name for name, _ in counts):
        table.add_row(name, *(str(counts[name, state] or "") for state in states))
    return table if counts else None


def _counts(judgements: list[Judgement], unseen: int) -> str:
    states = Counter(each.state for each in judgements)
    repaired = sum(each.state == "graded" and bool(each.notes) for each in judgements)
    waiting = sum(any(question.state == "waiting" for question in each.questions) for each in judgements)
    numbers = [f"{state} {states[state]}" for state in ("graded", "not gradable", "our fault") if states[state]]
    numbers += [f"repaired {repaired}"] * bool(repaired) + [f"with a written answer that waits for a person {waiting}"] * bool(waiting)
    more = f" {unseen} learners without remarks are not listed; `labwright export` writes all." if unseen else ""
    return f"{', '.join(numbers)}.{more}"


def _changes(changes: list[Change]) -> Iterator[str]:
    """Each score that a regrade would change, then how many of each question rise and fall."""
    for each in changes:
        yield f"{each.student}: {each.cell} {_points(each.before)} -> {_points(each.after)}"
    for cell in dict.fromkeys(each.cell for each in changes):
        pairs = [(each.before or 0, each.after or 0) for each in changes if each.cell == cell]
        yield f"{cell}: {sum(a > b for b, a in pairs)} would rise, {sum(a < b for b, a in pairs)} would fall"
    if changes:
        yield f"{len(changes)} scores would change. Nothing of these learners was touched; `--apply` commits the changes."


def _points(score: float | None) -> str:
    return "no score" if score is None else f"{score:g}"


def _named(lines: dict[str, Iterable[str]]) -> Iterator[str]:
    """'  title (3): ada, ben, cyd' for each title with names; a long list is cut."""
    for title, names in lines.items():
        if known := list(names):
            more = f" and {len(known) - NAMES} more" if len(known) > NAMES else ""
            yield f"  {title} ({len(known)}): {', '.join(known[:NAMES])}{more}"
