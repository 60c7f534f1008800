"""What a teacher reads at the end of a run: whom to look at, how each question went, and the sums."""

import io
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from labwright.grading import summary
from labwright.grading.batch import Change, Graded
from labwright.grading.exports import Exported
from labwright.grading.records import Judgement, Question


def question(state: str = "passed", name: str = "square", kind: str = "check") -> Question:
    return Question(cell=f"{kind}-{name}", name=name, kind=kind, points=4, score=4 if state == "passed" else 0, state=state)


def judged(student: str, *questions: Question, state: str = "graded", notes: tuple[str, ...] = ()) -> Judgement:
    return Judgement(student=student, lab="demo", state=state, questions=questions or (question(),), notes=notes)


def printed(judgements: list[Judgement], changes: tuple[Change, ...] = ()) -> str:
    console = Console(width=160, file=io.StringIO())
    for part in summary.of_run(Graded({each.student: each for each in judgements}, list(changes))):
        console.print(part, markup=False, highlight=False)
    return console.file.getvalue()


def test_a_small_class_is_shown_whole_with_its_sums():
    answer = question("waiting", "why", "answer")
    text = printed(
        [judged("ada", question(), answer), judged("ben", question("wrong")), judged("cyd", state="our fault", notes=("Disk full.",))]
    )
    assert all(word in text for word in ("ada", "ben", "cyd", "Disk full."))
    assert "graded 2, our fault 1, with a written answer that waits for a person 1." in text
    assert "square 2 1 why" in " ".join(text.replace("│", " ").split())


def test_of_a_large_class_only_those_are_listed_who_need_a_look():
    crowd = [judged(f"fine{number}") for number in range(100)]
    odd = [judged("loop", question("timed out")), judged("mended", notes=("Put back.",)), judged("lost", state="not gradable")]
    text = printed([*crowd, *odd])
    assert "fine1" not in text and all(each.student in text for each in odd)
    assert "graded 102, not gradable 1, repaired 1. 100 learners without remarks are not listed" in text


@given(st.text(max_size=30))
def test_no_note_is_read_as_markup(note):
    assert "graded 1" in printed([judged("ada", notes=(f"[/red]{note}[bold]",))])


def test_held_back_changes_are_listed_and_summed_by_question():
    changes = (Change("ada", "check-a", 1.0, 2.0), Change("ben", "check-a", 2.0, 0.5), Change("cyd", "check-a", None, 3.0))
    text = printed([judged("ada")], changes)
    assert "ada: check-a 1 -> 2" in text and "cyd: check-a no score -> 3" in text
    assert "check-a: 2 would rise, 1 would fall" in text and "3 scores would change" in text
    assert "would" not in printed([judged("ada")])


def test_an_export_names_who_is_missing_and_cuts_long_lists():
    many = tuple(f"s{number:03}" for number in range(50))
    own = Exported(Path("grades.csv"), 52, left_blank=("dan",), waiting=many)
    theirs = Exported(Path("canvas.csv"), 50, unmatched=("test",), not_in_file=("zoe",), left_blank=("dan",), waiting=many, key="ID")
    lines = "\n".join(summary.of_export([own, theirs]))
    assert "wrote canvas.csv: 50 scores, found by their ID" in lines and "wrote grades.csv: 52 scores\n" in lines
    assert "not found there (1): zoe" in lines and "without a grade here (1): test" in lines and lines.count("dan") == 1
    assert "so the score may grow (50): s000, " in lines and lines.endswith("s019 and 30 more")
