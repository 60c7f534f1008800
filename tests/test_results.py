"""Records of runs: from a notebook and from a script, on machines without Jupyter; deprecations; the results page."""

import json
import os
import re
import sys
from dataclasses import fields, replace

import nbformat
import pytest
from conftest import ROOT, call
from nbclient import NotebookClient

from labwright import contract, curriculum, results, source
from labwright.contract import Band
from labwright.results import Result
from labwright.site import resultpage, resultplots
from scratchlab import labs, outputs, usage
from scratchlab.errors import ScratchlabError
from scratchlab.session import Lab

ONLY_THESE = """\
import sys
ALLOWED = {"scratchlab", "numpy", "matplotlib", "mpl_toolkits", "yaml", "torch", "PIL", "dateutil", "six", "pyparsing", "packaging",
           "cycler", "kiwisolver", "contourpy", "fontTools", "charset_normalizer"}
class Refuse:
    def find_spec(self, name, path=None, target=None):
        first = name.partition(".")[0]
        if first not in ALLOWED and first not in sys.stdlib_module_names and not first.startswith("_"):
            raise ModuleNotFoundError(f"not on this machine: {name}", name=name)
sys.meta_path.insert(0, Refuse())
"""
DEPRECATED = 'import warnings\nwarnings.warn("square is old", DeprecationWarning)\nrecord('


@pytest.fixture
def script(checkout):
    """Run the lab as a program where nothing of Jupyter can be imported; returns how it ended, and its record if it left one."""
    (checkout.path / "bare").mkdir()
    (checkout.path / "bare" / "sitecustomize.py").write_text(ONLY_THESE)
    path = checkout.path / "records" / "demo.json"

    def run(*more, **environment):
        paths = os.pathsep.join([str(checkout.path / "bare"), str(ROOT / "src"), str(checkout.path / "library")])
        settings = {"SCRATCHLAB_LABS": str(checkout.path / "labs"), "PYTHONPATH": paths, "SCRATCHLAB_PROFILE": None} | environment
        done = call("python", checkout.lab / "lab.py", "--profile", "cpu", "--record", path, *more, cwd=checkout.path, **settings)
        return done, json.loads(path.read_text()) if path.is_file() else None

    run.path = path
    return run


def test_without_jupyter_a_script_leaves_the_record_that_a_notebook_leaves(checkout, script):
    figure = 'from scratchlab import plot\nplot.lines({"square": [0, 1, 4]}, x="x", y="y", caption="A curve.", alt="It rises.")\nrecord('
    checkout.edit("lab.py", "record(", figure)
    done, record = script()
    assert done.returncode == 0, done.stderr
    assert "largest_square = 9" in done.stdout and "[figure] A curve." in done.stdout
    assert set(record) <= {each.name for each in fields(Result)}
    assert record["hardware"]["cores"] >= 1 and record["machine"] == record["hardware"]["cpu"] != ""
    assert record["seconds"] > 0 and 0.01 < record["host_memory_gb"] == record["memory_gb"]
    assert (record["seed"], record["parameters"], record["deprecations"]) == (0, {}, [])
    taken = checkout("labwright", "record", script.path)
    assert taken.returncode == 0, taken.stderr
    assert checkout("labwright", "run", "--cold").returncode == 0
    here, there = (json.loads((checkout.path / folder / "cpu" / "demo.json").read_text()) for folder in ("_build/executed", "results"))
    for name in ("metrics", "claims", "checks", "source", "date", "machine", "versions", "profile"):
        assert here[name] == there[name], name


def test_the_blocker_of_these_tests_blocks(script, checkout):
    checkout.edit("lab.py", "record(", "import IPython\nrecord(")
    assert "not on this machine: IPython" in script()[0].stderr


def test_a_script_that_fails_says_where_and_its_record_is_not_taken(checkout, script):
    script()
    checkout.edit("lab.py", "record(", "raise ValueError('no luck')\nrecord(")
    line = checkout.lab.joinpath("lab.py").read_text().splitlines().index("raise ValueError('no luck')") + 1
    done, record = script()
    assert done.returncode == 1 and record["error"] == f"lab.py, line {line}, raised ValueError: no luck"
    taken = checkout("labwright", "record", script.path)
    assert taken.returncode == 2 and "no luck" in taken.stderr and not (checkout.path / "results").exists()


def test_a_script_that_was_killed_leaves_no_earlier_record(checkout, script):
    script()
    checkout.edit("lab.py", "record(", "import os\nos._exit(1)\nrecord(")
    with pytest.raises(json.JSONDecodeError):
        script()
    assert "is no record of a run" in checkout("labwright", "record", script.path).stderr


def test_only_the_first_of_several_processes_writes(script):
    assert script(RANK="1")[1] is None and script(RANK="0")[1]["slug"] == "demo"


def test_the_books_own_deprecated_calls_fail_a_lab_and_a_librarys_are_listed(checkout, script):
    library = checkout.path / "library" / "oldlib.py"
    library.parent.mkdir()
    library.write_text("import warnings\ndef call():\n    for _ in range(3):\n        warnings.warn('numbers end soon', FutureWarning)\n")
    checkout.edit("lab.py", "record(", "import oldlib\noldlib.call()\nrecord(")
    sitecustomize = checkout.path / "bare" / "sitecustomize.py"
    sitecustomize.write_text(ONLY_THESE.replace('"scratchlab",', '"scratchlab", "oldlib",'))
    done, record = script()
    expected = {"kind": "FutureWarning", "where": "oldlib.py:4", "ours": False, "text": "numbers end soon"}
    assert record["deprecations"] == [expected] and "numbers end soon" not in done.stderr
    assert checkout("labwright", "record", script.path).returncode == 0
    checkout.edit("lab.py", "record(", DEPRECATED)
    done, record = script()
    assert [each["ours"] for each in record["deprecations"]] == [False, True] and done.returncode == 0
    assert record["deprecations"][1]["where"].startswith("labs/demo/lab.py:")
    taken = checkout("labwright", "record", script.path)
    assert taken.returncode == 2 and "uses what will go away: square is old" in taken.stderr


def run_cells(*sources, **environment) -> tuple[dict, str]:
    """The usage report of a kernel that ran these cells, and what they wrote to stderr."""
    cells = [nbformat.v4.new_code_cell(text) for text in (*sources, "from scratchlab import outputs\noutputs.show_usage()")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, kernel_name="python3").execute(env=os.environ | environment)
    shown = [each.get("text", "") for cell in cells for each in cell.outputs if each.get("name") == "stderr"]
    return cells[-1].outputs[0].data[outputs.USAGE], "".join(shown)


def test_in_a_kernel_a_cells_deprecated_call_is_found_by_its_line_and_stays_out_of_the_page():
    cells = (
        'import scratchlab\nlab = scratchlab.start("nn-perceptron", "cpu")',
        "import warnings\nwarnings.warn('old', DeprecationWarning)",
    )
    usage, shown = run_cells(*cells, "warnings.warn('look', UserWarning)", SCRATCHLAB_RUN="1")
    where = "lab.py: warnings.warn('old', DeprecationWarning)"
    assert usage["deprecations"] == [{"kind": "DeprecationWarning", "where": where, "ours": True, "text": "old"}]
    assert "look" in shown and "old" not in shown
    result = Result("nn-perceptron", "cpu", "", "", "2026-01-01")
    result.take(usage)
    assert result.seed == 0 and result.parameters == contract.read("nn-perceptron").profiles["cpu"].parameters
    assert set(result.versions) == {"python", "numpy", "sklearn"} and result.memory_gb == result.host_memory_gb > 0.01
    assert f"{where} uses what will go away: old" in results.problems(result)


def test_outside_of_a_run_python_shows_warnings_as_ever():
    usage, shown = run_cells(
        'import warnings, scratchlab\nlab = scratchlab.start("nn-perceptron", "cpu")', "warnings.warn('old', FutureWarning)"
    )
    assert usage["deprecations"] == [] and "FutureWarning: old" in shown


def test_on_a_gpu_its_memory_counts_and_its_driver_is_asked(monkeypatch):
    import torch

    settings = labs.Settings("demo", ("torch",), (), 0, {"gpu": {"minutes": 1}, "cpu": {"minutes": 1}})
    for name, value in {
        "is_available": lambda: True,
        "get_device_name": lambda: "H100 PCIe",
        "get_device_capability": lambda: (9, 0),
        "max_memory_allocated": lambda: 5e9,
    }.items():
        monkeypatch.setattr(torch.cuda, name, value)
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    monkeypatch.setattr(usage, "_said", lambda *command: "570.1" if command[0] == "nvidia-smi" else "")
    found = usage.facts(Lab(settings, "gpu"))
    assert (found["machine"], found["memory_gb"], found["gpu_memory_gb"]) == ("H100 PCIe", 5.0, 5.0)
    assert {"gpu": "H100 PCIe", "driver": "570.1", "cuda": "12.8"}.items() <= found["hardware"].items()
    assert "gpu_memory_gb" not in usage.facts(Lab(settings, "cpu")), "the cpu profile is held to the host's memory, GPU or not"


PROFILES = {slug: list(contract.read(slug).profiles) for slug in labs.known_labs()}


def whole(slug: str, profile: str, *, values: dict | None = None, **changes) -> Result:
    """A result that keeps its contract, but for the changes."""
    promised = contract.read(slug)
    size = promised.profiles["cpu"]
    metrics = {name: band.max if band.min is None else band.min for name, band in size.metrics.items()}
    checks = [{"task": name, "score": points, "points": points} for kind, name, points in source.graded(slug) if kind == "check"]
    made = Result(slug, profile, "", source.hash_of(slug), "2026-01-02", 7.0, 0.1, metrics | (values or {}), [], checks, "Abacus <3>")
    return replace(made, **{"hardware": {"cpu": "Abacus <3>", "cores": 2}, "seed": promised.seed, "parameters": size.parameters} | changes)


@pytest.fixture
def planted(monkeypatch):
    """Plants `whole(...)`; everything else was never run."""
    found = {}
    monkeypatch.setattr(results, "last", lambda slug, profile: found.get((slug, profile)))

    def plant(slug: str, profile: str, **changes) -> None:
        found[slug, profile] = whole(slug, profile, **changes)

    return plant


MISFITS = {
    "another text": {"source": "of another text"},
    "other parameters": {"parameters": {"seeds": 3}},
    "another seed": {"seed": 1},
    "is 0.5, outside [0.99, ∞]": {"values": {"test_accuracy": 0.5}},
    "not in lab.yml": {"values": {"surprise": 1.0}},
    "the contract allows 0.5": {"memory_gb": 0.6},
    "the reference earns 1.5 of 3 points in 'train'": {"shares": {"train": 0.5}},
    "has no h100 profile": {"profile": "h100"},
    "ran in no time": {"seconds": 0.0},
}


@pytest.mark.parametrize("words", ["", *MISFITS])
def test_a_record_is_taken_if_it_fits_the_lab_and_refused_with_the_reason_if_not(monkeypatch, tmp_path, words):
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")
    changes = dict(MISFITS.get(words, {}))
    shares = {"predict": 1, "update": 1, "train": 1, "bound": 1, "pocket": 1} | changes.pop("shares", {})
    checks = [{"task": name, "score": share, "points": None} for name, share in shares.items()]  # as a script has them
    result = whole("nn-perceptron", **{"profile": "cpu", "checks": checks} | changes)
    path = tmp_path / "record.json"
    path.write_text(results.dump(result))
    if not words:
        taken = results.read(results.accept(path))
        assert [each["score"] for each in taken.checks] == [1, 2, 3, 2, 2] and results.problems(taken) == []
        return
    with pytest.raises(ScratchlabError, match=re.escape(words)):
        results.accept(path)
    assert not (tmp_path / "results").exists()


def test_what_was_never_run_is_deferred_and_counted(planted):
    total, written = sum(map(len, PROFILES.values())), len(PROFILES)
    counts = resultpage.part("counts")
    assert f"**{written} of {len(list(curriculum.load().labs()))}** labs" in counts
    assert f"**0** kept their contract, **0** broke it, **{total}** are deferred" in counts and "Of **0** metrics" in counts
    table = resultpage.part("table").splitlines()
    assert len(table) == 2 + total and sum("*deferred*" in line for line in table) == total
    assert resultpage.part("time") == "Nothing has been run yet." and resultpage.part("metrics") == "Nothing has been measured yet."


def test_a_record_outside_its_band_shows_as_such_everywhere(planted):
    planted("nn-perceptron", "cpu")
    planted("lm-gpt2", "cpu", values={"val_loss": 9.0})
    measured = len(contract.read("nn-perceptron").profiles["cpu"].metrics) + len(contract.read("lm-gpt2").profiles["cpu"].metrics)
    counts, table = resultpage.part("counts"), resultpage.part("table")
    assert "**1** kept their contract, **1** broke it" in counts
    assert f"Of **{measured}** metrics measured, **{measured - 1}** lie" in counts
    row = next(line for line in table.splitlines() if "/lm-gpt2>" in line and "`cpu`" in line)
    assert "**val_loss 9 is outside [1.86, 2.06]**" in row and row.count("is outside") == 1 and "Abacus \\<3\\>, 2 cores" in row
    figures = resultpage.part("metrics")
    assert "outside: val_loss of " in figures and figures.count("outside:") == 2, "once in the caption, once in the alternative text"


def test_an_older_record_and_a_librarys_warning_are_told(planted):
    warned = {"kind": "FutureWarning", "where": "lib/a_b.py:3", "ours": False, "text": "x|y ends"}
    planted("lm-gpt2", "cpu", source="of an older text", deprecations=[warned])
    assert "before the lab's latest change" in resultpage.part("table")
    assert "lib/a\\_b.py:3 | FutureWarning: x\\|y ends |" in resultpage.part("warnings")


def test_figures_are_the_same_text_each_time_and_carry_caption_and_alternative_text(planted):
    planted("nn-perceptron", "cpu", seconds=3.21)
    for part in ("time", "memory", "metrics"):
        text = resultpage.part(part)
        assert text == resultpage.part(part) and "<figcaption>" in text
    assert "on cpu, Abacus &lt;3&gt;: 3.21 s" in resultpage.part("time")
    with pytest.raises(ScratchlabError, match="counts"):
        resultpage.part("count")


@pytest.mark.parametrize(
    ("band", "value", "place"),
    [
        (Band(min=1, max=3), 2.5, 0.75),
        (Band(min=14, max=14), 14, 0.5),
        (Band(min=14, max=14), 15, 1 + resultplots.OUTSIDE),
        (Band(min=1, max=3), 0.9, -resultplots.OUTSIDE),
        (Band(min=8), 16, 0.5),
        (Band(min=8), 8, 0.0),
        (Band(max=1e-12), 0.0, 0.5),
        (Band(max=1e-12), 1e-12, 1.0),
        (Band(max=1), float("nan"), 1 + resultplots.OUTSIDE),
        (Band(min=1), float("inf"), 1.0),
    ],
)
def test_the_place_of_a_dot(band, value, place):
    assert resultplots.position(band, value) == pytest.approx(place)


def test_the_scripts_options_belong_to_the_labs_own_file(monkeypatch):
    from scratchlab import script as program

    monkeypatch.setattr(sys, "argv", ["another program", "--profile", "h100"])
    assert program.options("nn-perceptron") == program.Options()
