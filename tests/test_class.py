"""A whole class: graded to the end whatever happens meanwhile, and always to the same gradebook.

CLASS_SIZE and CLASS_DEATHS make it larger: the nightly run grades a thousand and dies twenty times.
"""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from classroom import GRADE, Classroom, kill_one
from conftest import ROOT

from benchmarks.learners import notebook
from labwright import source
from labwright.grading import batch, gradebook
from labwright.processes import tree
from scratchlab import usage

SIZE = int(os.environ.get("CLASS_SIZE", "24"))
DEATHS = int(os.environ.get("CLASS_DEATHS", "5"))
pytestmark = pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap (apt-get install bubblewrap)")

HOSTILE = {
    "exit": "import os; os._exit(0)",
    "loop": "while True: pass",
    "memory": "hoard = []\nwhile True: hoard.append(bytes(1 << 26))",
    "forks": "import os\nwhile True: os.fork()",
    "output": "while True: print('x' * 100_000)",
}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Six learners, graded in peace."""
    room = Classroom(tmp_path_factory.mktemp("class") / "course")
    room.fill(6)
    room.grade()
    return room


def again(undisturbed, tmp_path) -> Classroom:
    """The same class with the same secret, not graded yet."""
    room = Classroom(tmp_path / "course")
    room.fill(6)
    shutil.copy(undisturbed.path / "secret", room.path)
    return room


def test_everybody_is_graded_as_they_deserve(undisturbed):
    scores = undisturbed.scores()
    total = sum(points for kind, _, points in source.graded(undisturbed.slug) if kind == "check")
    by_student = {}
    for (student, _), (auto, manual, _) in scores.items():
        assert manual is None
        by_student[student] = by_student.get(student, 0) + (auto or 0)
    assert by_student["s0000"] == by_student["s0001"] == total
    assert 0 < by_student["s0002"] < total and by_student["s0003"] == 0


@pytest.mark.parametrize("death", range(DEATHS))
def test_killed_anywhere_it_goes_on_to_the_same_gradebook(undisturbed, tmp_path, death):
    room, dice = again(undisturbed, tmp_path), random.Random(death)
    driver = room.start()
    time.sleep(dice.uniform(1, 12))
    before = tree(driver.pid)
    kill_one(driver.pid, dice)
    driver.communicate(timeout=600)
    _, alive = psutil.wait_procs(before, timeout=60)
    assert not alive, f"outlived their driver: {alive}"

    room.grade()
    assert room.scores() == undisturbed.scores()
    assert room.pages() == undisturbed.pages()


def test_two_drivers_at_once(undisturbed, tmp_path):
    room = again(undisturbed, tmp_path)
    drivers = [room.start(), room.start()]
    for driver in drivers:
        _, errors = driver.communicate(timeout=600)
        assert driver.returncode == 0, errors[-2000:]
    assert room.scores() == undisturbed.scores()


def test_a_locked_gradebook_is_waited_for(undisturbed, tmp_path):
    room = again(undisturbed, tmp_path)
    batch.release(room.slug, room.path, gradebook.url(room.path))
    held = sqlite3.connect(room.path / "gradebook.db", isolation_level=None)
    held.execute("begin exclusive")
    driver = room.start()
    time.sleep(15)
    assert driver.poll() is None, "it waits"
    held.execute("rollback")
    held.close()
    assert driver.wait(600) == 0
    assert room.scores() == undisturbed.scores()


@pytest.mark.skipif(os.getuid() != 0, reason="a file system of its own needs root")
def test_a_full_disk_stops_it_and_nothing_half_done_stays(undisturbed, tmp_path):
    room, kept = again(undisturbed, tmp_path), tmp_path / "kept"
    script = tmp_path / "full.sh"
    script.write_text(f"""set -e
        mount -t tmpfs -o size=$1 none '{tmp_path}/small'
        cp -r '{room.path}/.' '{tmp_path}/small'
        dd if=/dev/zero of='{tmp_path}/small/filler' bs=1k 2>/dev/null || true
        truncate -s -900K '{tmp_path}/small/filler'
        '{sys.executable}' -c "$GRADE" {room.slug} '{tmp_path}/small' > '{tmp_path}/full.log' 2>&1 && exit 3
        rm '{tmp_path}/small/filler'
        '{sys.executable}' -c "$GRADE" {room.slug} '{tmp_path}/small' > '{tmp_path}/rerun.log' 2>&1
        cp -r '{tmp_path}/small' '{kept}'
    """)
    (tmp_path / "small").mkdir()
    done = subprocess.run(
        ["unshare", "--mount", "bash", str(script), "60m"], env=os.environ | {"GRADE": GRADE}, cwd=ROOT, capture_output=True, text=True
    )
    logs = "\n".join(path.read_text()[-1500:] for path in tmp_path.glob("*.log"))
    assert done.returncode == 0, done.stdout + done.stderr + logs
    assert "No space left" in (tmp_path / "full.log").read_text() or "disk is full" in (tmp_path / "full.log").read_text()
    room.path = kept
    assert room.scores() == undisturbed.scores()


def test_grading_again_gives_identical_scores(undisturbed):
    first = undisturbed.scores()
    for _ in range(2):
        shutil.rmtree(undisturbed.path / "judged")
        shutil.rmtree(undisturbed.path / "autograded")
        undisturbed.grade()
        assert undisturbed.scores() == first


def test_a_large_class_with_some_hostile_learners(tmp_path):
    room = Classroom(tmp_path / "course")
    room.fill(SIZE)
    hostile = max(len(HOSTILE), SIZE // 50)
    for number in range(hostile):
        name = list(HOSTILE)[number % len(HOSTILE)]
        hostile_one = notebook(room.slug, 4 * number)
        hostile_one.cells.insert(3, nbformat.v4.new_code_cell(f"hostile = {number}\n{HOSTILE[name]}"))
        room.hand_in(f"hostile-{name}-{number:03}", hostile_one)
    os.environ |= {"LABWRIGHT_CELL_SECONDS": "8", "LABWRIGHT_CHECK_SECONDS": "30"}
    driver = room.start()
    largest, seen = 0, set()
    while driver.poll() is None:
        processes = tree(driver.pid)
        seen |= set(processes)
        largest = max(largest, sum(_memory(each) for each in processes))
        time.sleep(1)
    output, errors = driver.communicate()
    assert driver.returncode == 0, (output + errors)[-3000:]
    assert len(output.splitlines()) == SIZE + hostile
    scores = room.scores()
    assert len({student for student, _ in scores}) == SIZE + hostile
    honest = {cell: score for (student, cell), score in scores.items() if student == "s0000"}
    for number in range(hostile):
        name = list(HOSTILE)[number % len(HOSTILE)]
        own = {cell: score for (student, cell), score in scores.items() if student == f"hostile-{name}-{number:03}"}
        if name == "forks":  # its copies get in each other's way: what it loses is its own affair, but it gains nothing
            assert own.keys() == honest.keys() and all((own[cell][0] or 0) <= (honest[cell][0] or 0) for cell in own)
        else:
            assert own == honest, "a cell that was stopped costs nothing of the answers beside it"
    _, orphans = psutil.wait_procs(seen, timeout=60)
    assert not orphans
    workers = usage.cores()
    assert largest < 1 + workers * 4.5, f"{largest:.1f} GB in use at once, with {workers} workers of at most 3 GB of learners' code each"


def _memory(process: psutil.Process) -> float:
    """GB that a process has for itself alone, and its share of what it shares."""
    try:
        return process.memory_full_info().pss / 1e9
    except psutil.Error:
        return 0.0
