"""`labwright` on a small checkout: new, build, run, verify, prove, and every way in which a lab can be broken."""

import json
import shutil
import socket

import nbformat
import pytest
from conftest import ROOT, call


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
    "a deprecated call of ours": (("lab.py", "record(", "import warnings\nwarnings.warn('old', DeprecationWarning)\nrecord("), ["run"], ["uses what will go away: old"]),
    "a figure without alternative text": (("lab.py", "record(", "from scratchlab import plot\nplot.lines({'a': [1, 2]}, x='x', y='y', caption='A line.')\nrecord("), ["run"], ["TypeError", "'alt'"]),
    "a solution that is shown": (("lab.py", "# %%\nrecord(", "# %%\ndef reference(x):\n    return x * x\n\n\nrecord("), ["lint"], ["gives away the answer 'square'"]),
    "a model answer that is shown": (("lab.py", "# ## Common mistakes", "# A product of two numbers of the same sign is positive, and zero times zero is zero.\n#\n# *Rubric*: 1 point for the sign, 1 point for zero.\n#\n# ## Common mistakes"), ["lint"], ["gives away the answer 'answer-why'"]),
    "markers in an ordinary cell": (("lab.py", "# %%\nrecord(", "# %%\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\nrecord("), ["lint"], ["no learner's copy can be made"]),
    "markers the wrong way round": (("lab.py", "    ### BEGIN SOLUTION\n    return x * x\n    ### END SOLUTION", "    ### END SOLUTION\n    return x * x\n    ### BEGIN SOLUTION"), ["lint"], ["no learner's copy can be made"]),
    "a path of one machine": (("lab.py", "record(", "open('/home/me/digits.csv')\nrecord("), ["lint"], ["labs/demo/lab.py:", "'/home/me/digits.csv' is a path of one machine"]),
    "the same on Windows": (("checks.py", "rng.standard_normal(5)", "np.load(r'C:\\Users\\me\\x.npy')"), ["lint"], ["labs/demo/checks.py:", "is a path of one machine"]),
    "a wrong reference": (("lab.py", "return x * x", "return 2 * x"), ["run"], ["cell 'assert square", "raised AssertionError"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_lab_is_refused_with_a_reason(checkout, name):
    edit, command, words = BROKEN[name]
    if edit:
        checkout.edit(*edit)
    fails(checkout("labwright", *command), *words)


def test_a_page_that_shows_a_path_of_this_machine_is_noticed(checkout):
    checkout.edit("lab.py", "record(", "import tempfile\nprint('kept in', tempfile.gettempdir() + '/x')\nrecord(")
    assert checkout("labwright", "run").returncode == 0
    fails(checkout("labwright", "lint"), "demo.ipynb: cell", "is a path of one machine")


def test_a_solution_in_the_committed_copy_is_noticed(checkout):
    checkout("labwright", "build")
    shutil.copy(checkout.path / "grading" / "source" / "demo" / "demo.ipynb", checkout.lab / "demo.ipynb")
    assert "return x * x" in (checkout.lab / "demo.ipynb").read_text()
    fails(checkout("labwright", "build", "--check"), "stale", "demo")


def test_a_run_in_no_time_is_no_run(checkout):
    checkout("labwright", "run")
    path = checkout.path / "_build" / "executed" / "cpu" / "demo.json"
    path.write_text(json.dumps(result_of(checkout) | {"seconds": 0.0}))
    fails(checkout("labwright", "verify"), "ran in no time at all")


@pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap (apt-get install bubblewrap)")
def test_a_lab_that_wants_the_network_is_found_out(checkout):
    """A server of this machine stands for the world: a command without a network cannot see it."""
    with socket.create_server(("127.0.0.1", 0)) as world:
        reach = f"import socket\nsocket.create_connection(('127.0.0.1', {world.getsockname()[1]})).close()\nrecord("
        assert checkout("labwright", "offline", "run").returncode == 0, "the machinery itself works without a network"
        checkout.edit("lab.py", "record(", reach)
        assert checkout("labwright", "run", "demo").returncode == 0
        fails(checkout("labwright", "offline", "run", "--force", "demo"), "ConnectionRefusedError")


@pytest.fixture
def site(checkout):
    """A checkout with a book of one page. Call it with the page's text: builds, and returns what `labwright book` said."""
    (checkout.path / "_toc.yml").write_text("format: jb-book\nroot: book/index\n")
    (checkout.path / "book" / "references.bib").write_text("")
    shutil.copytree(ROOT / "book" / "_static", checkout.path / "book" / "_static")

    def build(text: str):
        (checkout.path / "book" / "index.md").write_text(f"# Front\n\n{text}\n")
        return checkout("labwright", "book")

    return build


def test_a_broken_link_in_the_book_is_an_error(site):
    fails(site("[Read on](chapter-two.md), and see {numref}`a-figure`."), "chapter-two.md", "a-figure")


def test_a_link_that_only_a_reader_would_miss_and_a_bare_picture_are_noticed(site, checkout):
    """Sphinx builds both; the tests of the built site, run on this one, do not let them pass."""
    (checkout.path / "book" / "dot.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    built = site('![](dot.svg)\n\n<a href="nowhere.html">gone</a>')
    assert built.returncode == 0, built.stderr
    gates = "alternative_text or leads_somewhere"
    files = [ROOT / "tests" / name for name in ("test_site.py", "test_pages.py")]
    done = checkout("pytest", *files, "-k", gates, "-p", "no:cacheprovider", PYTHONPATH=str(ROOT))
    assert done.returncode == 1 and "2 failed" in done.stdout, done.stdout
    assert "nowhere.html" in done.stdout and "dot.svg" in done.stdout


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
    "a mutant survives": ("checks.py", "x = rng.standard_normal(5)", "x = rng.standard_normal(5) * 0 + 1", ["mutants are caught"]),
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
