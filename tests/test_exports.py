"""Grades as tables: what teachers upload must hold our scores, and everything else of theirs as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labwright.grading.exports import canvas_csv, moodle_csv, nbgrader_csv, neutral, questions_csv
from labwright.grading.records import QuestionGrade, StudentGrade
from scratchlab.errors import ScratchlabError


def grade(student: str, score: float = 3.5, *, lab: str = "attn", state: str = "graded", **fields) -> StudentGrade:
    """A lab of 5 points: a check, and an answer that a person grades."""
    questions = (
        QuestionGrade(cell="check-a", name="attention", kind="check", points=3, auto=score, state="wrong"),
        QuestionGrade(cell="answer-b", name="why", kind="answer", points=2, needs_manual=True, state="waiting"),
    )
    return StudentGrade(student=student, lab=lab, state=state, questions=() if state == "missing" else questions, **fields)


def table(path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


CANVAS = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Attention (111),Other (222),Final Score\r\n"
    ",,,,,Manual Posting,,\r\n"
    "    Points Possible,,,,,5,10.00,(read only)\r\n"
    '"Lovelace, Ada",7,u7,ada,"A, B",,9.00,=1+1\r\n'
    '"Hopper ""Amazing"", Grace",8,u8,Grace,C,4,"two\r\nlines",\r\n'
    '"Turing, Alan",9,u9,alan,C,EX,,\r\n'
    '"Student, Test",10,,abc123,C,,,\r\n'
)


@pytest.fixture
def canvas(tmp_path):
    path = tmp_path / "canvas.csv"
    path.write_bytes(CANVAS.encode())
    return path


def test_nbgrader_table_has_nbgraders_columns(tmp_path):
    from nbgrader.plugins.export import CsvExportPlugin

    class Nothing:
        assignments = ()

    CsvExportPlugin(to=str(tmp_path / "theirs.csv")).export(Nothing())
    made = nbgrader_csv([grade("ada", late_penalty=1, last_name="Lovelace, Ada"), grade("bob", state="our fault")], tmp_path / "ours.csv")
    assert made.path.read_text().splitlines()[0] == (tmp_path / "theirs.csv").read_text().strip()
    ada, bob = table(made.path)
    assert (ada["last_name"], ada["raw_score"], ada["late_submission_penalty"], ada["score"]) == ("Lovelace, Ada", "3.5", "1.0", "2.5")
    assert (bob["raw_score"], bob["score"], bob["max_score"]) == ("", "", "5.0")
    assert made.left_blank == ("bob",) and made.written == 1


def test_question_table_shows_states_and_keeps_blank_apart_from_zero(tmp_path):
    grades = [grade("ada", -1.0), grade("bob", state="not gradable"), grade("eve", state="our fault"), grade("=cmd()", state="missing")]
    rows = table(questions_csv(grades, tmp_path / "long.csv").path)
    assert [(row["student"], row["question"], row["state"], row["score"]) for row in rows] == [
        ("ada", "attention", "wrong", "-1.0"),
        ("ada", "why", "waiting", "0.0"),
        ("bob", "attention", "not gradable", "0.0"),
        ("bob", "why", "not gradable", "0.0"),
        ("eve", "attention", "our fault", ""),
        ("eve", "why", "our fault", ""),
        ("'=cmd()", "", "missing", ""),
    ]
    assert rows[1]["needs_manual"] == "True" and rows[1]["auto"] == ""


@pytest.mark.parametrize("name", ["Attention (111)", "Attention", "111"])
def test_canvas_changes_only_the_cells_of_matched_learners(canvas, tmp_path, name):
    made = canvas_csv([grade("ada"), grade("grace", 2.0), grade("zoe")], canvas, tmp_path / "out.csv", {"attn": name})
    expected = CANVAS.replace('"A, B",,', '"A, B",3.5,').replace("Grace,C,4,", "Grace,C,2,")
    assert made.path.read_bytes().decode() == expected
    assert (made.written, made.key, made.not_in_file, made.unmatched) == (2, "SIS Login ID", ("zoe",), ("alan", "abc123"))


def test_canvas_writes_no_score_where_there_is_none(canvas, tmp_path):
    grades = [grade("ada", state="missing"), grade("grace", state="our fault"), grade("alan", state="not gradable")]
    made = canvas_csv(grades, canvas, tmp_path / "out.csv", {"attn": "111"})
    assert [row["Attention (111)"] for row in table(made.path)[2:]] == ["", "", "EX", ""]
    assert made.left_blank == ("ada", "grace", "alan") and made.written == 0


def test_canvas_falls_back_to_the_next_key_and_takes_several_labs(canvas, tmp_path):
    five = grade("u7", lab="attn")
    ten = StudentGrade(student="u7", lab="other", state="graded", questions=[five.questions[0].model_copy(update={"points": 10.0})])
    made = canvas_csv([five, ten], canvas, tmp_path / "out.csv", {"attn": "111", "other": "Other"})
    ada = table(made.path)[2]
    assert made.key == "SIS User ID" and (ada["Attention (111)"], ada["Other (222)"]) == ("3.5", "3.5")


@pytest.mark.parametrize(
    "columns, words",
    [
        ({"attn": "222"}, "5 points.*Other.*10.00"),
        ({"attn": "333"}, "No assignment.*Attention"),
        ({"else": "111"}, "No column"),
        ({"attn": "111", "b": "Attention"}, "Two labs"),
    ],
)
def test_canvas_refuses_what_does_not_fit(canvas, tmp_path, columns, words):
    with pytest.raises(ScratchlabError, match=words):
        canvas_csv([grade("ada")], canvas, tmp_path / "out.csv", columns)
    assert not (tmp_path / "out.csv").exists()


def test_a_name_that_stands_for_two_rows_is_an_error(canvas, tmp_path):
    canvas.write_text(CANVAS.replace("alan", "ADA"))
    with pytest.raises(ScratchlabError, match="'ada' in the column SIS Login ID"):
        canvas_csv([grade("ada")], canvas, tmp_path / "out.csv", {"attn": "111"})


def test_two_grades_for_one_cell_are_an_error(canvas, tmp_path):
    with pytest.raises(ScratchlabError, match="2 grades of ada for attn"):
        canvas_csv([grade("ada"), grade("ada", 1.0)], canvas, tmp_path / "out.csv", {"attn": "111"})


def test_the_teachers_file_is_never_written_over(canvas, tmp_path):
    with pytest.raises(ScratchlabError, match="another name"):
        canvas_csv([grade("ada")], canvas, tmp_path / "." / canvas.name, {"attn": "111"})
    assert canvas.read_bytes() == CANVAS.encode()


@given(st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)] * 3), max_size=5))
def test_whatever_else_a_teacher_keeps_in_the_file_stays(tmp_path_factory, others):
    folder = tmp_path_factory.mktemp("canvas")
    rows = [["Student", "ID", "Section", "Notes", "Demo (7)"], ["Points Possible", "", "", "", "5"], ["Lovelace, Ada", "ada", "", "", ""]]
    rows += [[name, f"id {number}", section, note, ""] for number, (name, section, note) in enumerate(others)]
    original = io.StringIO(newline="")
    csv.writer(original, lineterminator="\r\n").writerows(rows)
    (folder / "in.csv").write_bytes(original.getvalue().encode())
    made = canvas_csv([grade("ada")], folder / "in.csv", folder / "out.csv", {"attn": "Demo"})
    rows[2][4] = "3.5"
    assert list(csv.reader(io.StringIO(made.path.read_bytes().decode(), newline=""))) == rows
    assert len(made.unmatched) == len(others)


def test_no_text_of_a_learner_is_evaluated_in_our_own_tables(tmp_path):
    bad = '=cmd|"/c calc"!A1'
    one = grade(bad, lab=bad, first_name=bad, last_name="\t=1", email="＝1", timestamp="+1")
    one = one.model_copy(update={"questions": (one.questions[0].model_copy(update={"name": bad}),)})
    for row in (*table(nbgrader_csv([one], tmp_path / "a.csv").path), *table(questions_csv([one], tmp_path / "b.csv").path)):
        assert not [cell for cell in row.values() if cell.strip().startswith(tuple("=+-@＝"))]


MOODLE = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Last modified (grade)","Feedback comments"\n'
    'Participant 1,"Ada L",Ada@x.org,"Submitted, late",,5.00,-,"<p>=old</p>"\n'
    "Participant 2,Bob,bob@x.org,Draft,1.00,5.00,-,\n"
)


def test_moodle_merges_by_email(tmp_path):
    sheet = tmp_path / "moodle.csv"
    sheet.write_text(MOODLE)
    made = moodle_csv([grade("s1", email="ada@x.org"), grade("s2"), grade("s3", email="c@x.org")], sheet, tmp_path / "out.csv")
    before, after = table(sheet), table(made.path)
    assert after == [before[0] | {"Grade": "3.5"}, before[1]]
    assert (made.key, made.unmatched, made.not_in_file) == ("Email address", ("bob@x.org",), ("s2", "s3"))


def test_moodle_merges_by_username_with_semicolons_and_decimal_commas(tmp_path):
    sheet = tmp_path / "moodle.csv"
    sheet.write_text("Identifier;Username;Grade;Maximum Grade\nP1;ada;;5,00\n")
    made = moodle_csv([grade("ada")], sheet, tmp_path / "out.csv")
    assert made.path.read_text() == "Identifier;Username;Grade;Maximum Grade\nP1;ada;3,5;5,00\n" and made.key == "Username"


def test_moodle_gets_no_more_than_the_maximum_because_it_passes_over_the_rest(tmp_path):
    sheet = tmp_path / "moodle.csv"
    sheet.write_text(MOODLE)
    made = moodle_csv([grade("s1", 6.0, email="ada@x.org")], sheet, tmp_path / "out.csv")
    assert table(made.path)[0]["Grade"] == "5" and made.written == 1


def test_moodle_finds_a_learner_by_the_number_in_its_archive(tmp_path):
    sheet = tmp_path / "moodle.csv"
    sheet.write_text(MOODLE)
    made = moodle_csv([grade("2")], sheet, tmp_path / "out.csv")
    assert [row["Grade"] for row in table(made.path)] == ["", "3.5"] and made.key == "Identifier"


def test_every_export_names_those_whose_answers_still_wait(canvas, tmp_path):
    done = grade("grace").model_copy(update={"questions": grade("grace").questions[:1]})
    done = done.model_copy(update={"questions": (done.questions[0].model_copy(update={"points": 5}),)})
    grades = [grade("ada"), done, grade("alan", state="our fault"), grade("zoe")]
    assert canvas_csv(grades, canvas, tmp_path / "c.csv", {"attn": "111"}).waiting == ("ada",), "zoe is not in that file"
    sheet = tmp_path / "moodle.csv"
    sheet.write_text("Identifier,Username,Grade,Maximum Grade\nP1,ada,,5\nP2,grace,,5\n")
    assert moodle_csv(grades, sheet, tmp_path / "m.csv").waiting == ("ada",)
    assert nbgrader_csv(grades, tmp_path / "n.csv").waiting == questions_csv(grades, tmp_path / "q.csv").waiting == ("ada", "zoe")


@pytest.mark.parametrize("highest", ["6.00", "", "nan"])
def test_moodle_refuses_another_maximum(tmp_path, highest):
    sheet = tmp_path / "moodle.csv"
    sheet.write_text(MOODLE.replace("5.00", highest))
    with pytest.raises(ScratchlabError, match=f"5 points, but .*Maximum Grade '{highest}'"):
        moodle_csv([grade("s1", email="ada@x.org")], sheet, tmp_path / "out.csv")


def test_another_file_or_encoding_is_refused_with_what_to_do(tmp_path):
    sheet = tmp_path / "sheet.csv"
    for content, words in [(b"Name,Grade\n", "is not a grading worksheet"), (MOODLE.replace("Bob", "Bö").encode("utf-16"), "UTF-8")]:
        sheet.write_bytes(content)
        with pytest.raises(ScratchlabError, match=words):
            moodle_csv([grade("s1")], sheet, tmp_path / "out.csv")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "  =1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "\ufeff=1",
        "\u200b=1",
        "\n=1",
        "a;=1",
        '"=1',
        "\u00ad=1",
        "a,\u202e+1",
    ],
)
def test_formulas_are_neutralized(text):
    assert "'" in neutral(text)


def test_ordinary_text_stays():
    assert [neutral(each) for each in ("Ada", "a-b", "x@y.org", "1 - 2", "")] == ["Ada", "a-b", "x@y.org", "1 - 2", ""]


@given(st.text(alphabet=st.sampled_from("=+-@＝－'\"\t\r\n ;,|a1\u200b"), max_size=12) | st.text(max_size=20))
def test_no_spreadsheet_evaluates_a_neutral_cell(text):
    safe = neutral(text)
    assert neutral(safe) == safe
    assert safe.replace("'", "") == text.replace("'", "")
    for separator in ",;|\t\n":
        assert all(not part.strip().startswith(tuple("=+-@＝＋－＠")) for part in safe.split(separator))
