"""Grades as tables: nbgrader's own CSV, one row a question, and merged into a teacher's own file from Canvas or Moodle.

A score is written only where there is one: learners whose file is missing or not gradable, or whom the grader failed, are left blank
and listed.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from labwright.grading.records import StudentGrade
from labwright.grading.sheet import Sheet, neutral, same, value
from labwright.paths import write_atomically
from scratchlab.errors import ScratchlabError

NBGRADER = "assignment duedate timestamp student_id last_name first_name email raw_score late_submission_penalty score max_score".split()
QUESTIONS = "student lab question kind state points auto manual extra score needs_manual".split()
Keys = dict[str, Callable[[StudentGrade], str]]
# Column: what stands in it for a grade. The first column that finds anybody is the one that counts.
CANVAS_KEYS: Keys = dict.fromkeys(("SIS Login ID", "SIS User ID", "ID"), attrgetter("student"))
# The folders in Moodle's archive of submissions bear the number that the worksheet calls "Participant NUMBER".
MOODLE_KEYS: Keys = {
    "Email address": attrgetter("email"),
    "Username": attrgetter("student"),
    "Identifier": lambda grade: f"Participant {grade.student}",
}


@dataclass(frozen=True)
class Exported:
    """What an export did: the file, how many scores it wrote, and whom a person should look at.

    `unmatched`: learners of the teacher's file without a grade; `not_in_file`: learners with a grade who are not in it;
    `left_blank`: learners without a score (missing, not gradable, our fault); `waiting`: learners whose score was written although
    something of theirs still waits for a person; `key`: the column by which learners were found.
    """

    path: Path
    written: int
    unmatched: tuple[str, ...] = ()
    not_in_file: tuple[str, ...] = ()
    left_blank: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    key: str = ""


def nbgrader_csv(grades: list[StudentGrade], path: Path) -> Exported:
    """The table of `nbgrader export`; the due date, which no grade knows, is empty."""
    rows = []
    for grade in grades:
        raw, penalty, score = (
            (sum(each.score for each in grade.questions), grade.late_penalty, grade.score) if _has_score(grade) else ("", "", "")
        )
        person = [neutral(each) for each in (grade.timestamp, grade.student, grade.last_name, grade.first_name, grade.email)]
        rows.append([neutral(grade.lab), "", *person, raw, penalty, score, grade.max_score])
    return _written_table(path, NBGRADER, rows, grades)


def questions_csv(grades: list[StudentGrade], path: Path) -> Exported:
    """One row for each question of each learner; a learner without any has one row that shows the state."""
    rows = []
    for grade in grades:
        who = [neutral(grade.student), neutral(grade.lab)]
        for each in grade.questions:
            state = each.state if grade.state == "graded" else grade.state
            points = [each.points, each.auto, each.manual, each.extra, _question_score(grade, each.score)]
            rows.append([*who, neutral(each.name), each.kind, state, *points, each.needs_manual])
        if not grade.questions:
            rows.append([*who, "", "", grade.state, "", "", "", "", _question_score(grade, 0.0), False])
    return _written_table(path, QUESTIONS, rows, grades)


def canvas_csv(grades: list[StudentGrade], gradebook: Path, path: Path, columns: dict[str, str]) -> Exported:
    """`gradebook`, exported from Canvas, with the scores put in; `columns` names each lab's assignment by column title, name or number.

    Errors: an assignment that is not in the file, or whose Points Possible are not the lab's.
    """
    sheet = Sheet.read(gradebook, "a gradebook exported from Canvas", ["Student", "ID"])
    possible = next((number for number, row in enumerate(sheet.rows) if row and row[0].strip() == "Points Possible"), None)
    if possible is None:
        raise ScratchlabError(
            f"{gradebook} has no row 'Points Possible': export the gradebook from Canvas again and use that file as it is."
        )
    where = {lab: _assignment(sheet, name) for lab, name in columns.items()}
    if len(set(where.values())) < len(where):
        raise ScratchlabError(f"Two labs are to go into the same column of {gradebook}: give each lab a column of its own.")
    for grade in grades:
        if grade.lab not in where:
            raise ScratchlabError(
                f"No column of {gradebook} is named for the lab {grade.lab}: add it to the columns, or leave its grades out."
            )
        if _has_score(grade):
            title = sheet.rows[0][where[grade.lab]]
            _same_points(grade, sheet.rows[possible][where[grade.lab]], f"'{title}' in {gradebook} has Points Possible")
    people = [number for number in range(possible + 1, len(sheet.rows)) if any(sheet.rows[number])]
    return _merged(sheet, people, CANVAS_KEYS, grades, [grade.score for grade in grades], where, path)


def moodle_csv(grades: list[StudentGrade], worksheet: Path, path: Path) -> Exported:
    """`worksheet`, Moodle's offline grading worksheet of one assignment, with the scores of one lab put in.

    Moodle passes over a grade above the maximum, so extra credit counts up to there. Errors: several labs, or a Maximum Grade that is
    not the lab's.
    """
    labs = {grade.lab for grade in grades}
    if len(labs) > 1:
        raise ScratchlabError(
            f"A Moodle worksheet holds one assignment, but these grades are of {', '.join(sorted(labs))}: export one lab at a time."
        )
    sheet = Sheet.read(worksheet, "a grading worksheet from Moodle", ["Identifier", "Grade", "Maximum Grade"])
    people = [number for number, row in enumerate(sheet.rows) if number and any(row)]
    highest = sheet.column("Maximum Grade")
    for grade in filter(_has_score, grades):
        for number in people:
            _same_points(grade, sheet.rows[number][highest], f"line {number + 1} of {worksheet} has Maximum Grade")
    capped = [min(grade.score, grade.max_score) for grade in grades]
    return _merged(sheet, people, MOODLE_KEYS, grades, capped, dict.fromkeys(labs, sheet.column("Grade")), path)


def _merged(
    sheet: Sheet,
    people: list[int],
    keys: Keys,
    grades: list[StudentGrade],
    scores: list[float],
    where: dict[str, int],
    path: Path,
) -> Exported:
    """Put the scores into the rows of `people` and the columns of `where` (by lab), and write the file."""
    (who, count), *_ = Counter((grade.student, grade.lab) for grade in grades).most_common(1) or [(("", ""), 0)]
    if count > 1:
        raise ScratchlabError(f"There are {count} grades of {who[0]} for {who[1]}: give one for each learner and lab.")
    learners = {grade.student: grade for grade in grades}.values()
    key, rows = sheet.find(people, {column: [name(each) for each in learners] for column, name in keys.items()})
    missing, found, written = [], set(), []
    for grade, score in zip(grades, scores, strict=True):
        number = rows.get(same(keys[key](grade)))
        if number is None:
            missing.append(grade.student)
            continue
        found.add(number)
        row, column = sheet.rows[number], where[grade.lab]
        if _has_score(grade):
            row[column] = sheet.number(score)
            written.append(grade)
        elif value(row[column]) is not None:  # an old number would be nobody's score; a word like EX is the teacher's
            row[column] = ""
    sheet.write(path)
    names = sheet.column(key)
    unmatched = [sheet.rows[number][names] or sheet.rows[number][0] for number in people if number not in found]
    return Exported(path, len(written), tuple(unmatched), _unique(missing), _left_blank(grades), _waiting(written), key)


def _assignment(sheet: Sheet, name: str) -> int:
    """The column of an assignment by its title "Name (12345)", its name or its number."""
    titles = {number: re.fullmatch(r"(.*) \((\d+)\)", title, re.DOTALL) for number, title in enumerate(sheet.rows[0])}
    found = [number for number, match in titles.items() if match and name in (match[0], match[1], match[2])]
    if len(found) != 1:
        known = ", ".join(f"'{match[0]}'" for match in titles.values() if match) or "none"
        raise ScratchlabError(
            f"{'No' if not found else 'More than one'} assignment of the Canvas file is called '{name}'. Its assignments: {known}."
        )
    return found[0]


def _same_points(grade: StudentGrade, cell: str, there: str) -> None:
    there_are = value(cell)
    if there_are is None or abs(there_are - grade.max_score) > 0.005:
        raise ScratchlabError(
            f"The lab {grade.lab} has {grade.max_score:g} points, but {there} '{cell}': give the assignment the lab's points "
            "and export the file again."
        )


def _has_score(grade: StudentGrade) -> bool:
    return grade.state == "graded"


def _question_score(grade: StudentGrade, score: float) -> float | str:
    """The score for the table of questions, which shows the state beside it: nothing for a file that is not gradable is a fact."""
    return score if _has_score(grade) else 0.0 if grade.state == "not gradable" else ""


def _written_table(path: Path, header: list[str], rows: list[list], grades: list[StudentGrade]) -> Exported:
    made = io.StringIO(newline="")
    csv.writer(made, lineterminator="\n").writerows([header, *rows])
    write_atomically(path, made.getvalue())
    return Exported(path, sum(map(_has_score, grades)), left_blank=_left_blank(grades), waiting=_waiting(grades))


def _left_blank(grades: list[StudentGrade]) -> tuple[str, ...]:
    return _unique(grade.student for grade in grades if not _has_score(grade))


def _waiting(grades: list[StudentGrade]) -> tuple[str, ...]:
    return _unique(grade.student for grade in grades if _has_score(grade) and grade.needs_manual)


def _unique(names) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
