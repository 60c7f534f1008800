"""`labwright` on a small checkout: new, build, run, verify, prove, and every way in which a lab can be broken."""

import json

import nbformat
import pytest
from conftest import call


def fails(done, *words):
    """The command ended with exit code 2, one screen of text, and these words in it."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) <= 24 and "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr.replace("\n", " ") or word in done.stderr, done.stderr


def result_of(checkout, slug="demo"):
    return json.loads((checkout.path / "_build" / "executed" / "cpu" / f"{slug}.json").read_text())


def test_a_new_lab_builds_runs_keeps_its_contract_and_is_proven(checkout):
    for command in (["build"], ["run"], ["verify"], ["prove"], ["build", "--check"]):
        done = checkout("labwright", *command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    result = result_of(checkout)
    assert result["metrics"] == {"largest_square": 9.0} and result["checks"][0]["score"] == 4
    assert result["seconds"] > 0 and result["memory_gb"] > 0


def test_build_is_deterministic_and_the_copy_holds_no_solution(checkout):
    checkout("labwright", "build")
    path = checkout.lab / "demo.ipynb"
    first = path.read_text()
    path.unlink()
    checkout("labwright", "build")
    assert path.read_text() == first
    assert "return x * x" not in first and "BEGIN SOLUTION" not in first and "Rubric" not in first
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids) and {"square", "check-square", "answer-why", "setup"} <= set(ids)
    check = next(cell for cell in notebook.cells if cell.id == "check-square")
    assert check.source == 'check("square", points=4)' and check.metadata.nbgrader.points == 4


def test_a_stale_copy_is_noticed(checkout):
    checkout("labwright", "build")
    checkout.edit("lab.py", "what you will build", "what YOU will build")
    fails(checkout("labwright", "build", "--check"), "stale", "demo")


def test_only_what_changed_is_run(checkout):
    assert "ran" in checkout("labwright", "run").stdout
    assert "cached" in checkout("labwright", "run").stdout
    checkout.edit("lab.py", "what is the square of -3?", "what is the square of -4?")
    assert "ran" in checkout("labwright", "run").stdout
    checkout.edit("checks.py", "is it doubled, or squared?", "is it perhaps doubled, or squared?")
    fails(checkout("labwright", "verify"), "not run since it changed")
    (checkout.path / "src" / "scratchlab" / "plot.py").write_text("# changed")
    assert "ran" in checkout("labwright", "run").stdout


BROKEN = {
    "unknown slug": (None, ["run", "dem"], ["no lab called 'dem'", "Did you mean demo"]),
    "unknown profile": (None, ["run", "-p", "h10"], ["no profile called 'h10'", "h100"]),
    "unknown key": (("lab.yml", "study_minutes: 60", "study_minuts: 60"), ["run"], ["lab.yml:1: study_minuts"]),
    "wrong type": (("lab.yml", "memory_gb: 0.5", "memory_gb: lots"), ["run"], ["lab.yml:9: profiles.cpu.memory_gb"]),
    "not YAML": (("lab.yml", "data: []", "data: ["), ["run"], ["lab.yml:", "not valid YAML"]),
    "upside-down band": (("lab.yml", "{min: 9, max: 9}", "{min: 9, max: 8}"), ["run"], ["lab.yml:12", "above max"]),
    "no cpu profile": (("lab.yml", "  cpu:", "  gpu:"), ["run"], ["every lab has a cpu profile"]),
    "unknown data": (("lab.yml", "data: []", "data: [moby-duck]"), ["run"], ["no data set called 'moby-duck'", "moby-dick"]),
    "no solution marker": (("lab.py", "    ### BEGIN SOLUTION\n    return", "    return"), ["build"], ["solution 'square' needs one ### BEGIN SOLUTION"]),
    "missing solution": (("lab.py", '# %% solution="square"', "# %%"), ["build"], ["check 'square' has no solution cell"]),
    "missing check": (("lab.py", '# %% check="square" points=4\ncheck("square")\n', ""), ["build"], ["solution 'square' has no check"]),
    "doubled id": (("lab.py", "# %%\nrecord(", '# %% check="square" points=4\ncheck("square")\n\n# %%\nrecord('), ["build"], ["'square' appears twice"]),
    "a name that grading needs": (("lab.py", 'answer="why"', 'answer="own-1"'), ["build"], ["'own-1': grading gives this name"]),
    "no points": (("lab.py", '"square" points=4', '"square"'), ["build"], ["check 'square' has no points"]),
    "too many points": (("lab.py", "points=4", "points=40"), ["build"], ["the points add up to 42"]),
    "a magic": (("lab.py", "assert square", "%time square"), ["build"], ["not plain Python"]),
    "a long cell": (("lab.py", "record(", "x = 1\n" * 40 + "record("), ["build"], ["no cell is longer than 30"]),
    "drawing by hand": (("lab.py", "assert square", "import matplotlib.pyplot as plt\nassert square"), ["build"], ["scratchlab.plot"]),
    "no docstring": (("lab.py", '    """The square of every entry of `x`, any shape."""\n', ""), ["build"], ["square has no docstring"]),
    "no section": (("lab.py", "# ## Exercises", "# ## Homework"), ["build"], ["no section 'Exercises'"]),
    "two setups": (("lab.py", "# %%\nrecord(", "# %% setup=true\nrecord("), ["build"], ["exactly one cell must have setup=true"]),
    "failing cell": (("lab.py", "record(", "1 / 0\nrecord("), ["run"], ["ZeroDivisionError", "labwright run demo"]),
    "failing claim": (("lab.py", "record(", 'claim("pigs fly", False)\nrecord('), ["run"], ["pigs fly"]),
    "promise not kept": (("lab.py", 'record("largest_square"', 'print("largest_square"'), ["run"], ["promised in lab.yml and not recorded"]),
    "unpromised metric": (("lab.py", 'record("largest', 'record("x", 1)\nrecord("largest'), ["run"], ["'x' was recorded and is not in lab.yml"]),
    "outside its band": (("lab.yml", "{min: 9, max: 9}", "{min: 10}"), ["run"], ["is 9, outside [10.0, ∞]"]),
    "not a number": (("lab.py", "square(np.arange(4.0)).max()", "np.nan"), ["run"], ["is nan, outside"]),
    "too much memory": (("lab.yml", "memory_gb: 0.5", "memory_gb: 0.001"), ["run"], ["GB; the contract allows 0.001"]),
    "a dead kernel": (("lab.py", "record(", "import os\nos._exit(1)\nrecord("), ["run"], ["DeadKernelError"]),
    "a wrong reference": (("lab.py", "return x * x", "return 2 * x"), ["run"], ["cell 'assert square", "raised AssertionError"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_lab_is_refused_with_a_reason(checkout, name):
    edit, command, words = BROKEN[name]
    if edit:
        checkout.edit(*edit)
    fails(checkout("labwright", *command), *words)


def test_a_failed_run_leaves_no_fresh_result(checkout):
    checkout("labwright", "run")
    checkout.edit("lab.py", "record(", "1 / 0\nrecord(")
    fails(checkout("labwright", "run"), "ZeroDivisionError")
    fails(checkout("labwright", "run"), "ZeroDivisionError")
    fails(checkout("labwright", "verify"), "ZeroDivisionError")


def test_what_failed_is_tried_again_and_what_went_well_is_recorded(checkout):
    marker = checkout.path / "marker"
    once = f"import pathlib\nmark = pathlib.Path({str(marker)!r})\nfirst = not mark.exists()\nmark.touch()\nassert not first\nrecord("
    checkout("labwright", "new", "other", "--title", "Other")
    checkout.edit("lab.py", "record(", once)
    fails(checkout("labwright", "run", "--record"), "AssertionError")
    recorded = checkout.path / "results" / "cpu"
    assert (recorded / "other.json").is_file() and not (recorded / "demo.json").is_file()
    again = checkout("labwright", "run")
    assert again.returncode == 0 and "ran" in again.stdout and "cached" in again.stdout


UNPROVEN = {
    "right answer refused": ("right/numpy.py", "np.square(x)", "np.square(x) + 1e-3", ["numpy.py is right but fails square/is_the_square"]),
    "wrong answer passes": ("wrong/doubled.py", "2 * x", "x * x", ["should fail ['square/is_the_square'], fails []"]),
    "wrong words": ("wrong/doubled.py", "hears: doubled", "hears: tripled", ["should hear 'tripled"]),
    "no header": ("wrong/doubled.py", "# fails:", "# breaks:", ["needs a '# fails"]),
    "checks too weak": ("checks.py", "expect_close(student.square(x), x**2", "expect_close(x, x", ["should fail", "mutants are caught"]),
    "points for nothing": ("checks.py", "    x = rng.standard_normal(5)\n    expect_close(student.square(x), x**2", "    expect_close(1, 1", ["the untouched copy earns points"]),
}  # fmt: skip


@pytest.mark.parametrize("name", UNPROVEN)
def test_the_gate_catches_bad_checks(checkout, name):
    file, old, new, words = UNPROVEN[name]
    checkout.edit(file, old, new)
    fails(checkout("labwright", "prove"), *words)


def test_a_lab_is_never_overwritten(checkout):
    fails(checkout("labwright", "new", "demo", "--title", "Again"), "exists already")


def test_a_learner_opens_and_checks_a_copy(checkout):
    checkout("labwright", "build")
    labs = {"SCRATCHLAB_LABS": str(checkout.path / "labs")}
    opened = call("scratchlab", "open", "demo", "--no-launch", cwd=checkout.path, **labs)
    assert opened.returncode == 0 and "work/demo.ipynb" in opened.stdout
    copy = checkout.path / "work" / "demo.ipynb"
    checked = call("scratchlab", "check", copy, cwd=checkout.path, **labs)
    assert "square: 0 of 4 points (not attempted yet)" in checked.stdout and checked.stdout.splitlines()[-1].startswith("0 of 4")
    stub = 'raise NotImplementedError(\\"Write your answer here, then run this cell and the check below.\\")'
    assert stub in copy.read_text()
    copy.write_text(copy.read_text().replace(stub, "return 2 * x"))
    assert "doubled, or squared?" in call("scratchlab", "check", copy, cwd=checkout.path, **labs).stdout
    copy.write_text(copy.read_text().replace("return 2 * x", "return x * x"))
    assert "4 of 4 points" in call("scratchlab", "check", copy, cwd=checkout.path, **labs).stdout
    again = call("scratchlab", "open", "demo", "--no-launch", cwd=checkout.path, **labs)
    assert "Your copy is" in again.stdout and "return x * x" in copy.read_text()
    fails(call("scratchlab", "open", "dem", "--no-launch", cwd=checkout.path, **labs), "Did you mean demo")
    fails(call("scratchlab", "check", "nothing.ipynb", cwd=checkout.path, **labs), "does not exist")
    (checkout.path / "bad.ipynb").write_text("no json")
    fails(call("scratchlab", "check", "bad.ipynb", cwd=checkout.path, **labs), "is not a notebook")


def test_lab_py_runs_as_a_script(checkout):
    done = call("python", checkout.lab / "lab.py", SCRATCHLAB_LABS=str(checkout.path / "labs"))
    assert done.returncode == 0 and "2 of 2 properties hold" in done.stdout and "largest_square = 9" in done.stdout


def test_freshness_does_not_depend_on_what_a_program_has_imported():
    plain = call("python", "-c", "from labwright import run; print(run.key_of('nn-perceptron', 'cpu'))")
    busy = call("python", "-c", "import setuptools, nbgrader.apps; from labwright import run; print(run.key_of('nn-perceptron', 'cpu'))")
    assert plain.stdout == busy.stdout and len(plain.stdout) == 65
