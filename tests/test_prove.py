"""The gate's machinery: forks that cannot hurt, mutants in their own place, proofs that are kept as long as they are true."""

import os
import shutil
import signal
import subprocess
import sys
import time
from types import ModuleType

import psutil
import pytest
from conftest import surroundings
from hypothesis import given
from hypothesis import strategies as st

from labwright.prove import LOOK, Amount, Proof, proof, trials
from labwright.prove.forks import End, Forks
from labwright.prove.lab import Cell, Lab, is_caught
from scratchlab.checking import run_task
from scratchlab.checks import expect, task


def end_of(function, seconds=5) -> End:
    """How a fork that calls `function` ends."""
    ends = []
    with Forks(1) as forks:
        forks.start(function, ends.append, seconds=seconds)
    return ends[0]


def spin():
    while True:
        pass


def crash():
    os.kill(os.getpid(), signal.SIGSEGV)


def swallow():
    try:
        spin()
    except BaseException:
        spin()


ENDS = {
    "plain data comes back": (lambda: {"a": [1, "two", None]}, End({"a": [1, "two", None]})),
    "more than a pipe holds": (lambda: "x" * 1_000_000, End("x" * 1_000_000)),
    "an error": (lambda: [][1], End(died="raised IndexError: list index out of range")),
    "a crash in C": (crash, End(died="was ended by SIGSEGV")),
    "an exit": (lambda: os._exit(3), End(died="ended by itself with exit code 3")),
    "sys.exit": (lambda: sys.exit(0), End(died="ended by itself with exit code 0")),
    "too much memory": (lambda: len(bytearray(64 << 30)), End(died="raised MemoryError: ")),
}


@pytest.mark.parametrize("name", ENDS)
def test_however_a_fork_ends_we_hear_of_it(name):
    function, end = ENDS[name]
    assert end_of(function) == end


@pytest.mark.parametrize("function", [spin, swallow, lambda: time.sleep(60)])
def test_what_hangs_is_killed_whatever_it_does_about_it(function):
    assert end_of(function, seconds=1) == End(died="ran for more than 1 s")


def test_a_fork_takes_what_it_started_with_it(tmp_path):
    note = tmp_path / "pid"

    def starts_another():
        note.write_text(str(subprocess.Popen(["sleep", "600"]).pid))
        spin()

    end_of(starts_another, seconds=1)
    for _ in range(100):  # its parent being gone, some other process has to see its end
        if not is_alive(int(note.read_text())):
            break
        time.sleep(0.05)
    assert not is_alive(int(note.read_text()))


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_prints_of_a_fork_go_nowhere(capfd):
    assert end_of(lambda: (print("out"), os.write(1, b"out"), os.system("echo out >&2"))[0]) == End(None)
    assert capfd.readouterr() == ("", "")


def test_never_more_forks_than_jobs_and_each_is_heard_once():
    heard, most = [], 0
    with Forks(3) as forks:
        for number in range(10):
            forks.start(lambda n=number: n, heard.append, seconds=5)
            most = max(most, len(forks.running))
    assert sorted(end.value for end in heard) == list(range(10)) and most == 3


def test_an_error_here_leaves_no_fork_running():
    with pytest.raises(KeyError), Forks(1) as forks:
        forks.start(lambda: time.sleep(600), lambda end: None, seconds=600)
        (running,) = forks.running.values()
        raise KeyError
    assert not running.process.is_alive()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends processes with their parent")
def test_a_gate_that_is_killed_leaves_no_fork_running(checkout):
    checks = checkout.lab / "checks.py"
    checks.write_text("import time\n" + checks.read_text().replace("(student, rng):\n", "(student, rng):\n    time.sleep(600)\n"))
    gate = subprocess.Popen(["labwright", "prove", "demo"], cwd=checkout.path, env=surroundings(SCRATCHLAB_LABS=None))
    try:
        forks, own = [], psutil.Process(gate.pid)
        while not forks and gate.poll() is None:
            forks = [each for each in own.children() if each.cmdline() == own.cmdline()]
        time.sleep(0.5)  # a fork's first act is to tie its life to the gate's
    finally:
        gate.kill()
        gate.wait()
    assert forks and psutil.wait_procs(forks, timeout=30)[1] == []


# ---- the lab as the gate sees it

CELLS = (Cell("a", "BASE = 1\ndef one(): return BASE"), Cell("b", "class Two:\n    n = 2", "two"), Cell("c", "class Three(Two): pass"))
LAB = Lab("demo", {}, CELLS)


HOMES = {"def one(): return 7": 1, "class Two: n = 5": 2, "BASE = 3\nclass Two: n = 1": 2, "x y": 3}


@pytest.mark.parametrize(("code", "home"), HOMES.items())
def test_an_answer_is_at_home_after_the_last_cell_that_it_replaces(code, home):
    assert LAB.home(code) == home


def test_what_comes_after_an_answer_is_built_on_it():
    code = "class Two: n = 5"
    module = LAB.define(ModuleType("student"), (*CELLS[: LAB.home(code)], Cell("answer", code), *CELLS[LAB.home(code) :]))
    assert module.Three.n == 5


def test_a_mutant_takes_the_place_of_its_cell():
    lab = Lab("no-such-lab", {}, (Cell("a", "x = 1"), Cell("b", "N = 1 + 1", "two"), Cell("c", "M = N")))
    changes = {each.what: (each.at, [cell.code for cell in each.cells]) for each in trials._mutants(lab)}
    assert changes["two: line 1: N = 1 + 1 -> (left out)"] == (1, ["pass", "M = N"]), "what it leaves out is not there from before"
    assert changes["two: line 1: 1 + 1 -> 1 - 1"] == (1, ["N = 1 - 1", "M = N"])
    assert all(at == 1 for at, _ in changes.values()), "only answers are changed"


@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_a_mutant_is_caught_by_the_first_property_that_fails_and_no_more_is_tried(holds):
    tried, made = [], task("t", hints=("", "", ""))
    for number, good in enumerate(holds):

        def test(student, rng, number=number, good=good):
            tried.append((number, rng.integers(1 << 30)))
            expect(good, tried="", got="", expected="")

        test.__name__ = f"p{number}"
        made.property("")(test)
    assert is_caught(made, ModuleType("m")) == (not all(holds))
    assert [number for number, _ in tried] == list(range(holds.index(False) + 1 if False in holds else len(holds)))
    seeds = dict(tried)  # the inputs are those that a learner's check makes, also for properties in the middle
    tried.clear()
    run_task(made, ModuleType("m"))
    assert seeds.items() <= dict(tried).items()


# ---- kept proofs


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """Small copies of everything that a proof's key is made of."""
    for name in ("labs/demo/right", "labs/demo/wrong", "scratchlab/judged", "prove", "tests"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(proof, "LABS", tmp_path / "labs")
    monkeypatch.setattr(proof, "PROOFS", tmp_path / "proofs")
    monkeypatch.setattr(proof, "HELPERS", tmp_path / "scratchlab")
    monkeypatch.setattr(proof, "GATE", (tmp_path / "prove", tmp_path / "mutate.py"))
    for name in (*MATTERS, *DOES_NOT):
        (tmp_path / name).write_text("1")
    return tmp_path


MATTERS = [f"labs/demo/{name}" for name in (*proof.LAB_FILES, "right/a.py", "wrong/a.py")] + [
    *("scratchlab/checks.py", "scratchlab/data.toml", "scratchlab/judged/wire.py", "prove/gate.py", "mutate.py")
]
DOES_NOT = ["labs/demo/demo.ipynb", "labs/demo/right/notes.txt", "scratchlab/notes.md", "tests/test_x.py", "prove/gate.pyc"]
AMOUNT = Amount()


@pytest.mark.parametrize("name", MATTERS)
def test_an_edit_that_matters_makes_a_kept_proof_worthless(lab, name):
    proof.keep(Proof(slug="demo"), AMOUNT, proof.key_of("demo"))
    assert proof.kept("demo", AMOUNT) == Proof(slug="demo")
    (lab / name).write_text("2")
    assert proof.kept("demo", AMOUNT) is None


@pytest.mark.parametrize("name", DOES_NOT)
def test_an_edit_that_does_not_matter_keeps_the_proof(lab, name):
    proof.keep(Proof(slug="demo"), AMOUNT, proof.key_of("demo"))
    (lab / name).write_text("2")
    assert proof.kept("demo", AMOUNT) is not None


def test_a_proof_holds_for_its_environment_and_for_each_answer_in_its_place(lab, monkeypatch):
    keys = {proof.key_of("demo")}
    shutil.move(lab / "labs/demo/right/a.py", lab / "labs/demo/wrong/b.py")
    keys.add(proof.key_of("demo"))
    monkeypatch.setattr(proof.run, "environment", lambda: "torch==99")
    assert len(keys | {proof.key_of("demo")}) == 3


@pytest.mark.parametrize("other", [Amount(seeds=3), Amount(outside=200), Amount(mutants=False)])
def test_a_proof_of_another_amount_neither_counts_nor_replaces_the_kept_one(lab, other):
    proof.keep(Proof(slug="demo", right=3), AMOUNT, proof.key_of("demo"))
    proof.keep(Proof(slug="demo", right=1), other, proof.key_of("demo"))
    assert proof.kept("demo", other) is None and proof.kept("demo", AMOUNT).right == 3


@given(
    st.builds(
        Proof, slug=st.just("demo"), right=st.integers(), killed=st.integers(0), survivors=st.lists(st.text()), seconds=st.floats(0, 1e6)
    )
)
def test_a_kept_proof_reads_back_equal(tmp_path_factory, made):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proof, "PROOFS", tmp_path_factory.mktemp("proofs"))
        patch.setattr(proof, "key_of", lambda *_: "key")
        proof.keep(made, AMOUNT, "key")
        assert proof.kept("demo", AMOUNT) == made


def test_a_proof_with_problems_or_a_torn_file_is_not_kept(lab):
    proof.keep(Proof(slug="demo", problems=["a mutant survived"]), AMOUNT, proof.key_of("demo"))
    assert proof.kept("demo", AMOUNT) is None
    (lab / "proofs").mkdir()
    (lab / "proofs" / "demo.json").write_text('{"key": "')
    assert proof.kept("demo", AMOUNT) is None


# ---- recorded proofs


def recorded(lab):
    """A lab whose proof is kept and recorded."""
    proof.keep(Proof(slug="demo", right=3, wrong=7, mutants=20, killed=19), AMOUNT, proof.key_of("demo"))
    return proof.record("demo")


def test_a_record_outlives_changes_around_the_lab_and_none_of_its_own_files(lab, monkeypatch):
    assert recorded(lab) == lab / "labs/demo/proof.json" and proof.recorded("demo").killed == 19
    (lab / "scratchlab/checks.py").write_text("2")
    monkeypatch.setattr(proof.run, "environment", lambda: "torch==99")
    assert proof.recorded("demo") and proof.kept("demo", AMOUNT) is None
    for name in [name for name in MATTERS if name.startswith("labs/")]:
        (lab / name).write_text("2")
        assert proof.recorded("demo") is None
        (lab / name).write_text("1")


def test_only_what_was_proven_is_recorded_and_a_good_record_is_left_alone(lab):
    assert proof.record("demo") is None, "no proof"
    proof.keep(Proof(slug="demo"), LOOK, proof.key_of("demo"))
    assert proof.record("demo") is None, "a look is no proof"
    path = recorded(lab)
    before = path.read_text()
    proof.keep(Proof(slug="demo", right=99), AMOUNT, proof.key_of("demo"))
    assert proof.record("demo") is None and path.read_text() == before
    (lab / "labs/demo/checks.py").write_text("2")
    assert proof.record("demo") is None, "the kept proof is of another text"
    path.write_text("{")
    assert proof.recorded("demo") is None


def test_a_look_tries_each_kind_of_wrong_answer_and_the_gate_all():
    found = [trials.Wrong(name, 0, (), None, frozenset(tasks), ()) for name, tasks in WRONG.items()]
    assert [each.what for each in trials._some(found, LOOK)] == ["a", "c", "d"]
    assert trials._some(found, Amount()) == found


WRONG = {"a": ["one/x"], "b": ["one/y"], "c": ["two/x"], "d": ["one/x", "two/x"]}


# ---- the command


def test_prove_proves_once_and_again_when_something_changed(checkout):
    first = checkout("labwright", "prove").stdout
    assert "2 right x 20 seeds" in first and "wrote labs/demo/proof.json" in first and (checkout.lab / "proof.json").is_file()
    assert "kept" in checkout("labwright", "prove", "-j", "1").stdout
    assert "kept" not in checkout("labwright", "prove", "--force").stdout
    checkout.edit("right/numpy.py", "np.square(x)", "np.square(x) + 1e-3")
    for _ in range(2):  # a proof with problems is not kept
        assert checkout("labwright", "prove").returncode == 2


def test_an_answer_that_does_not_come_back_is_a_problem_not_the_end(checkout):
    checkout.edit("wrong/doubled.py", "return 2 * x", "import os; os.abort()")
    (checkout.lab / "right" / "cannot.py").write_text("import nothing_of_that_name")
    said = checkout("labwright", "prove", "--no-mutants").stderr.replace("\n", " ")
    assert "should fail ['square/is_the_square'], but was ended by SIGABRT" in said
    assert said.count("cannot.py is right but it raised ModuleNotFoundError") == 2, "once for each way to judge, not for each seed"


def test_the_number_of_jobs_changes_nothing(checkout):
    checkout.edit("checks.py", "expect_close(student.square(x), x**2", "expect_close(x, x")
    one, three = (checkout("labwright", "prove", "-j", jobs).stderr for jobs in ("1", "3"))
    assert one == three and "mutants are caught" in one
