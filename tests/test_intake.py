"""What a learner can hand in, and what becomes of the file: found, read, or refused with a reason. Nothing is run or unpacked."""

import io
import json
import os
import stat
import warnings
import zipfile

import nbformat
import pytest

from labwright.grading import intake
from labwright.grading.intake import receive
from labwright.source import learner

LAB = "nn-perceptron"
FILE = f"{LAB}.ipynb"
RELEASED = learner(LAB)
GOOD = nbformat.writes(RELEASED).encode()
CLEAN = "".join(cell.source for cell in RELEASED.cells)


@pytest.fixture
def submission(tmp_path):
    """A submission that was handed in: call it with the files, name -> bytes, then with none to receive it."""
    folder = tmp_path / "submitted" / "ada" / LAB
    folder.mkdir(parents=True)

    def hand_in(files: dict[str, bytes]):
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        return receive(folder, LAB, RELEASED)

    hand_in.folder = folder
    return hand_in


def taken(received, *words: str) -> None:
    """Assert that the released notebook arrived whole, with one note that holds `words`, or with none."""
    assert received.notebook is not None, received.notes
    assert "".join(cell.source for cell in received.notebook.cells) == CLEAN
    assert len(received.digest) == 64
    assert len(received.notes) == bool(words), received.notes
    assert all(word in received.notes[0] for word in words), received.notes


def refused(received, *words: str) -> None:
    """Assert that nothing arrived but one reason, which holds `words`."""
    assert (received.notebook, received.digest) == (None, "")
    (reason,) = received.notes
    assert all(word in reason for word in words), reason


def archive(files: dict[str, bytes], compression=zipfile.ZIP_DEFLATED) -> bytes:
    with io.BytesIO() as stream:
        with zipfile.ZipFile(stream, "w", compression) as opened, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, data in files.items():
                opened.writestr(name, data)
        return stream.getvalue()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({FILE: GOOD}, ()),
        ({FILE: GOOD, "timestamp.txt": b"2024-01-01", "data.csv": b"1,2", ".ipynb_checkpoints/old.ipynb": b"{"}, ()),
        ({f"week 1/{FILE}": GOOD}, ()),
        ({"my lab (1).ipynb": GOOD}, ("my lab (1).ipynb", FILE)),
        ({f"{FILE}.txt": GOOD}, (f"{FILE}.txt", FILE)),
        ({"perceptron.json": GOOD}, ("perceptron.json", FILE)),
        ({FILE: GOOD, "copy.ipynb": b"{"}, ("Not used: copy.ipynb",)),
        ({FILE: GOOD, "numpy.py": b"import os"}, ("Not used: numpy.py", "Only the notebook is graded")),
        ({"hand in.zip": archive({FILE: GOOD})}, ("taken out of hand in.zip",)),
        ({"a.zip": archive({f"lab\\{FILE}": GOOD, f"__MACOSX/lab/._{FILE}": b"\0", "in.zip": archive({FILE: b""})})}, ("a.zip",)),
    ],
)
def test_the_notebook_is_found(submission, files, words):
    taken(submission(files), *words)
    assert {path.relative_to(submission.folder).as_posix() for path in submission.folder.rglob("*") if path.is_file()} == set(files)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, ("Nothing was handed in", FILE)),
        ({"a.ipynb": GOOD, "b.ipynb": GOOD}, ("a.ipynb, b.ipynb", FILE)),
        ({f"a/{FILE}": GOOD, f"b/{FILE}": GOOD}, (f"a/{FILE}, b/{FILE}",)),
        ({"report.docx": b"", "data.csv": b""}, ("no notebook", "data.csv, report.docx")),
        ({"a.zip": archive({FILE: GOOD}), "b.zip": archive({FILE: GOOD})}, ("a.zip, b.zip",)),
        ({"a.zip": archive({"a.ipynb": GOOD, "b.ipynb": GOOD})}, ("a.ipynb, b.ipynb",)),
        ({"a.zip": archive({"notes.txt": b"x"})}, ("no notebook", "notes.txt")),
        ({"a.zip": archive({"in.zip": archive({FILE: GOOD})})}, ("no notebook", "in.zip")),
        ({"a.zip": b"PK but no zip"}, ("damaged",)),
        ({"a.zip": archive({FILE: GOOD})[:-400]}, ("damaged",)),
        ({"a.zip": archive({f"../{FILE}": GOOD})}, ("points outside", f"../{FILE}")),
        ({"a.zip": archive({FILE: GOOD, "..\\x": b""})}, ("points outside",)),
        ({"a.zip": archive({f"/etc/{FILE}": GOOD})}, ("points outside",)),
        ({"a.zip": archive({f"C:\\{FILE}": GOOD})}, ("points outside",)),
        ({"a.zip": archive({FILE: GOOD} | {f"{n}": b"" for n in range(200)})}, ("more than 200 files",)),
        ({"a.zip": archive({f"{n}": b"" for n in range(2001)})}, ("more than 200 files",)),
        ({"a.zip": archive({FILE: GOOD}, zipfile.ZIP_LZMA)}, ("unusual",)),
        ({"a.zip": archive({FILE: b"0" * 2_000_000})}, ("far larger than its packed size", FILE)),
    ],
)
def test_a_submission_without_one_notebook_is_refused(submission, files, words):
    refused(submission(files), *words)


def test_an_archive_with_a_link_or_a_password_is_refused(submission):
    link = zipfile.ZipInfo(FILE)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    refused(submission({"a.zip": archive({link: b"/etc/passwd"})}), "link", FILE)
    secret = bytearray(archive({FILE: GOOD}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        secret[secret.index(signature) + flags] |= 1
    refused(submission({"a.zip": bytes(secret)}), "encrypted")


def test_sizes_are_limited_whatever_an_archive_declares(submission, monkeypatch):
    packed = archive({FILE: GOOD, "picture.png": os.urandom(1000)})
    size = packed.index(b"PK\x01\x02") + 24
    lying = packed[:size] + b"\x10\0\0\0" + packed[size + 4 :]
    refused(submission({"a.zip": lying}), "damaged")  # 16 bytes declared: no more are read, and their checksum is wrong
    monkeypatch.setattr(intake, "MAX_ZIP", len(GOOD) + 999)
    refused(submission({"a.zip": packed}), "unpacks to more")
    monkeypatch.setattr(intake, "MAX_ZIP", 1000)
    refused(submission({"a.zip": packed}), "a.zip is larger")
    monkeypatch.undo()
    monkeypatch.setattr(intake, "MAX_NOTEBOOK", len(GOOD) - 1)
    refused(submission({"a.zip": packed}), f"{FILE} is larger", "Clear the outputs")
    refused(submission({FILE: GOOD}), f"{FILE} is larger")
    monkeypatch.setattr(intake, "MAX_NOTEBOOK", len(GOOD))
    taken(submission({FILE: GOOD}))
    monkeypatch.setattr(intake, "MAX_FILES", 3)
    refused(submission({f"{n}/{n}": b"" for n in range(3)}), "More than 3 files")


def test_links_are_not_followed(submission, tmp_path):
    (tmp_path / FILE).write_bytes(GOOD)
    (submission.folder / "all").symlink_to(tmp_path)
    refused(submission({}), "all", "link")
    (submission.folder / FILE).symlink_to(tmp_path / FILE)
    refused(submission({}), FILE, "link")
    (tmp_path / "linked").symlink_to(tmp_path)
    refused(receive(tmp_path / "linked", LAB, RELEASED), "link")
    refused(receive(tmp_path / "nowhere", LAB, RELEASED), "not a folder")


def test_folders_too_deep_to_open_are_left_alone(submission):
    here = os.open(submission.folder, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("x" * 200, dir_fd=here)
        below = os.open("x" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    taken(submission({f"a/b/c/{FILE}": GOOD}))


def test_a_pipe_does_not_keep_the_grader_waiting(submission):
    os.mkfifo(submission.folder / FILE)
    refused(submission({}), "special file")


def notebook(*sources, **fields) -> bytes:
    """A notebook of the released cells and one more for each of `sources`."""
    more = [{"cell_type": "code", "metadata": {}, "source": source} for source in sources]
    return json.dumps(json.loads(GOOD) | {"cells": json.loads(GOOD)["cells"] + more} | fields).encode()


SURROGATE = json.dumps("a \ud800 b \x00 c \x1b[0m").encode()
OLD = nbformat.writes(nbformat.convert(nbformat.reads(GOOD.decode(), 4), 3), version=3).encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xef\xbb\xbf" + GOOD, ()),
        (GOOD.decode().encode("utf-16"), ("UTF-16",)),
        (GOOD.replace(b'"nbformat": 4', b'"nbformat": 1, "x": NaN, "y": -Infinity, "nbformat": 4'), ()),
        (notebook(metadata=None), ()),
        (notebook(nbformat_minor="?"), ()),
        (notebook(metadata={"kernelspec": {"name": "conda-env-x", "language": "Python"}}), ()),
        (notebook(7), ("could not be read and was left out",)),
        (notebook(["a", None]), (f"Cell {len(RELEASED.cells) + 1} could not be read",)),
        (notebook(["", ""]).replace(b'"outputs": []', b'"outputs": [{"data": {"text/html": 7}}], "id": {}'), ("PROFILE, setup",)),
    ],
)
def test_what_can_be_read_is_read(submission, data, words):
    taken(submission({FILE: data}), *words)


def test_characters_that_nothing_can_show_are_replaced(submission):
    received = submission({FILE: notebook("?").replace(b'"?"', SURROGATE)})
    assert received.notebook.cells[-1].source == "a \ufffd b \ufffd c \ufffd[0m"
    assert "characters" in received.notes[0]
    received = submission({FILE: notebook("?").replace(b'"?"', b"\"x = 1\\r\\ny = '\xff'\"")})
    assert received.notebook.cells[-1].source == "x = 1\ny = '\ufffd'"
    assert "replaced" in received.notes[0]


def test_old_formats_are_converted(submission):
    received = submission({FILE: OLD})
    assert "old format 3" in received.notes[0]
    assert received.digest == submission({FILE: GOOD}).digest
    refused(submission({FILE: b'{"nbformat": 3, "worksheets": [{"cells": [{"cell_type": 1}]}]}'}), "old format 3", "Jupyter")
    second = {"nbformat": 2, "metadata": {}, "worksheets": [{"cells": [{"cell_type": "code", "input": "def predict(): return 1"}]}]}
    assert "old format 2" in submission({FILE: json.dumps(second).encode()}).notes[0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ("is empty",)),
        (b" \n\t" * 1000, ("is empty",)),
        (b"\n<!DOCTYPE html><html>", ("web page", "Download")),
        (b"<<<<<<< HEAD\n" + GOOD + b"\n=======\n" + GOOD + b"\n>>>>>>> mine\n", ("merge conflict",)),
        (b"import numpy as np\n\ndef predict(X):\n    return X\n", ("Python script",)),
        (archive({"word/document.xml": b"<w/>"}), ("Word document",)),
        (b"\xd0\xcf\x11\xe0" + bytes(100), ("Word document",)),
        (b"%PDF-1.7", ("PDF",)),
        (archive({FILE: GOOD}), ("zip archive under another name",)),
        (b"\x89PNG" + bytes(100), ("another kind",)),
        (GOOD[:-500], ("damaged",)),
        (b"[" * 200_000, ("damaged",)),
        (b'{"cells": ' * 100_000, ("damaged",)),
        (b"[[]" + b",[]" * 500_000 + b"]", ("too large inside", "Clear the outputs")),
        (b'{"nbformat": ' + b"9" * 5000 + b"}", ("damaged",)),
        (b" " * 1_000_000 + b"?", ("damaged",)),
        (b"[1, 2]", ("not a notebook",)),
        (b'{"name": "x"}', ("no cells",)),
        (notebook(cells=[]), ("no cells",)),
        (notebook(cells=[1, {}, {"cell_type": "heading", "source": ""}]), ("no cells",)),
        (notebook(cells=[{"cell_type": "code", "source": "1"}]), ("another lab",)),
        (notebook(metadata={"kernelspec": {"name": "ir", "language": "R"}}), ("language R", "Python kernel")),
        (notebook(metadata={"language_info": {"name": "julia"}}), ("language julia",)),
        (notebook(*["1"] * 2_000), ("cells", "2,000")),
        (notebook("é" * 100_001), (f"Cell {len(RELEASED.cells) + 1}", "200 kB")),
        (notebook(*["x" * 199_000] * 11), ("2 MB",)),
    ],
)
def test_what_is_no_notebook_is_refused_by_its_name(submission, data, words):
    refused(submission({FILE: data}), *words)


def test_messages_can_be_shown_whatever_a_file_is_called(submission):
    received = submission({os.fsdecode(b"\xff\x1b" + b"x" * 150 + b".ipynb"): GOOD})
    taken(received, "\ufffd\ufffdxxx", "…", FILE)
    assert received.notes[0].encode()


def test_the_digest_names_what_was_written_and_nothing_else(submission):
    bare, one, other = (submission({FILE: data}).digest for data in (GOOD, notebook("1"), notebook("2")))
    assert len({bare, one, other}) == 3
    assert submission({FILE: notebook("1", metadata={"title": "x"}).replace(b'"outputs": []', b'"outputs": [{}]')}).digest == one
    text = json.loads(notebook("1"))
    text["cells"][-1]["cell_type"] = "markdown"
    assert submission({FILE: json.dumps(text).encode()}).digest not in (bare, one)


def test_a_thousand_repairs_are_not_a_thousand_notes(submission):
    received = submission({FILE: notebook(*[None] * 1_000)})
    assert len(received.notes) == intake.MAX_NOTES + 1
    assert f"{1_000 - intake.MAX_NOTES} more" in received.notes[-1]
