"""What runs when: workflows made of commands that exist, labs that a change can break, parts of equal cost, runs that got old."""

import datetime
import json
import re
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml
from conftest import ROOT, call
from hypothesis import given, settings
from hypothesis import strategies as st

from labwright import affected, contract, firststep, results, run, source, staleness
from labwright.paths import write_atomically
from scratchlab.errors import ScratchlabError
from scratchlab.labs import known_labs

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PREPARE = ROOT / ".github" / "actions" / "prepare" / "action.yml"


def steps_of(path: Path) -> list[dict]:
    """All steps of a workflow, or of our own action."""
    loaded = yaml.safe_load(path.read_text())
    jobs = loaded["jobs"].values() if "jobs" in loaded else [loaded["runs"]]
    return [step for job in jobs for step in job["steps"]]


def test_workflows_and_the_action_are_valid():
    for schema, files in (("github-workflows", WORKFLOWS), ("github-actions", [PREPARE])):
        done = call("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_ask_for_little_and_end(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"].get("contents") == "read"
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 360
        assert job.get("permissions", {}).get("contents", "read") == "read"


@pytest.mark.parametrize("path", [*WORKFLOWS, PREPARE], ids=lambda path: path.stem)
def test_actions_are_our_own_or_pinned(path):
    for uses in [step["uses"] for step in steps_of(path) if "uses" in step]:
        if uses.startswith("./"):
            assert (ROOT / uses / "action.yml").is_file(), uses
        else:
            assert re.fullmatch(r"actions/[\w/-]+@v\d+", uses), uses


def commands_of(path: Path) -> list[str]:
    """Every call of our own tools in a workflow."""
    text = "\n".join(step.get("run", "") for step in steps_of(path))
    return re.findall(r"(?:^|\$\()((?:\.venv/bin/|make |bash )[^|&;)\n]+)", text, re.MULTILINE)


@cache
def help_of(tool: str, command: str) -> str:
    """What a command of ours says about itself."""
    known = call(tool, command, "--help")
    assert known.returncode == 0, f"{tool} {command} does not exist: {known.stderr}"
    return known.stdout


@pytest.mark.parametrize("path", [*WORKFLOWS, PREPARE], ids=lambda path: path.stem)
def test_commands_in_workflows_exist(path):
    found = commands_of(path)
    assert found, "a workflow that calls nothing of ours tests nothing of ours"
    makefile = (ROOT / "Makefile").read_text()
    for line in found:
        first, *rest = line.split()
        if first == "make":
            assert re.search(rf"^{re.escape(rest[0])}:", makefile, re.MULTILINE), line
        elif first == "bash":
            assert (ROOT / rest[0]).is_file(), line
        else:
            tool = Path(first).name
            rest = rest[1:] if rest[0] == "offline" else rest
            known = help_of(tool, rest[0])
            for option in re.findall(r"--[\w-]+", line):
                assert option in known, f"{line}: {tool} {rest[0]} has no {option}"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_list_of_labs_that_may_be_empty_means_all(path):
    for step in steps_of(path):
        if "$LABS" in step.get("run", ""):
            assert step["if"] == "env.LABS != ''", step["run"]


def test_what_the_nightly_run_keeps_is_what_others_look_for():
    caches = [step for path in WORKFLOWS for step in steps_of(path) if "labs-" in step.get("with", {}).get("key", "")]
    assert {step["uses"].rsplit("/")[-1] for step in caches} == {"save@v4", "restore@v4"}
    assert len({step["with"]["path"] for step in caches}) == 1, "the paths are part of a cache's name"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_failed_job_leaves_what_explains_it(path):
    for job in yaml.safe_load(path.read_text())["jobs"].values():
        if any(re.search(r"labwright (offline )?run|nbconvert|pytest|\.ci/run", step.get("run", "")) for step in job["steps"]):
            kept = [step for step in job["steps"] if step.get("uses", "").startswith("actions/upload-artifact")]
            assert kept and kept[-1]["if"] in ("failure()", "always()")


# Parts of equal cost

COSTS = st.dictionaries(st.text("abc-0", min_size=1), st.floats(0, 1e4), max_size=30)


@settings(deadline=None)
@given(COSTS, st.integers(1, 8))
def test_parts_together_hold_every_name_once_and_cost_about_the_same(costs, count):
    parts = run.pack(costs, count)
    assert sorted(name for part in parts for name in part) == sorted(costs) and len(parts) == count
    assert parts == run.pack(dict(reversed(costs.items())), count), "every machine must deal out alike"
    loads = [sum(costs[name] for name in part) for part in parts]
    assert max(loads) - min(loads) <= max(costs.values(), default=0) * (1 + 1e-9)
    if len(set(costs.values())) <= 1:
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_the_longest_go_first():
    parts = run.pack({"a": 7, "b": 6, "c": 5, "d": 4, "e": 3, "f": 3}, 3)
    assert [sorted(part) for part in parts] == [["a", "f"], ["b", "e"], ["c", "d"]], "the names in turn would give 11, 9 and 8"


def test_shards_are_packed_by_recorded_seconds_else_by_what_is_promised(monkeypatch, tmp_path):
    promised = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 2.5}
    monkeypatch.setattr(run.contract, "read", lambda slug: SimpleNamespace(profiles={"gpu": SimpleNamespace(minutes=promised[slug])}))
    monkeypatch.setattr(run, "RESULTS", tmp_path)
    parts = lambda: [sorted(run.shard([*"abcd"], "gpu", f"{index}/2")) for index in (1, 2)]  # noqa: E731
    assert parts() == [["d"], ["a", "b", "c"]]
    record = {"slug": "a", "profile": "gpu", "key": "", "source": "", "date": "2026-01-01", "seconds": 600.0}
    (tmp_path / "gpu").mkdir()
    (tmp_path / "gpu" / "a.json").write_text(json.dumps(record))
    assert parts() == [["a"], ["b", "c", "d"]]


@pytest.mark.parametrize("bad", ["4/3", "0/3", "x", "1/2/3", "1/"])
def test_what_is_no_shard_is_refused(bad):
    with pytest.raises(ScratchlabError, match="no shard"):
        run.shard([], "cpu", bad)


def test_the_parts_of_every_profile_are_all_labs():
    for profile in ("cpu", "gpu", "h100"):
        for count in (1, 2, 4, 7):
            parts = [run.shard(known_labs(), profile, f"{index}/{count}") for index in range(1, count + 1)]
            assert sorted(slug for part in parts for slug in part) == known_labs()


# What a change can break

NAMES = "abcde"
GRAPHS = st.fixed_dictionaries({name: st.sets(st.sampled_from(NAMES)) for name in NAMES})


@settings(deadline=None)
@given(GRAPHS, st.sets(st.sampled_from(NAMES)))
def test_a_lab_and_all_that_need_it_are_affected_and_nothing_else(graph, touched):
    def reaches(name, seen=()):
        return name in touched or any(reaches(need, (*seen, name)) for need in graph[name] if need not in seen)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(affected, "known_labs", lambda: [*NAMES])
        patch.setattr(affected.contract, "read", lambda slug: SimpleNamespace(needs=graph[slug]))
        assert affected.with_dependants(touched) == [name for name in NAMES if reaches(name)]
        assert affected.labs(f"labs/{name}/lab.py" for name in touched) == affected.with_dependants(touched)


ALL = ["alone", "base", "upon"]  # 'upon' needs 'base'
TOUCHED = {
    "labs/base/checks.py": ["base", "upon"],
    "labs/upon/wrong/new.py": ["upon"],
    "labs/alone/README.md": ["alone"],
    "labs/gone/lab.py": [],
    "labs/shared.py": ALL,
    "src/scratchlab/checks.py": ALL,
    "src/scratchlab/data.toml": ALL,
    "src/labwright/execute.py": ALL,
    "src/labwright/prove/gate.py": ALL,
    "requirements.lock": ALL,
    "_config.yml": ALL,
    "tools/environment.sh": ALL,
    "something/nobody/thought/of.txt": ALL,
    "book/curriculum.yml": [],
    "book/foundations/phase-1/week-01.md": [],
    "src/labwright/curriculum.py": [],
    "src/labwright/site/build.py": [],
    "src/labwright/tools.toml": [],
    "results/gpu/lm-gpt2.json": [],
    "tests/test_site.py": [],
    "README.md": [],
}


@pytest.mark.parametrize("path", TOUCHED)
def test_which_labs_a_file_belongs_to(path, monkeypatch):
    monkeypatch.setattr(affected, "known_labs", lambda: ALL)
    monkeypatch.setattr(affected.contract, "read", lambda slug: SimpleNamespace(needs=["base"] if slug == "upon" else []))
    assert affected.labs([path]) == TOUCHED[path]


def git(folder: Path, *command: str) -> None:
    """A git command that must go well, by an author who needs no settings."""
    done = call("git", "-c", "user.name=A", "-c", "user.email=a@example.org", *command, cwd=folder)
    assert done.returncode == 0, done.stderr


def test_changes_are_told_from_git(tmp_path, monkeypatch):
    """Committed on this branch, moved away, not committed yet, not added yet; what others did to the main branch is no change."""
    monkeypatch.setattr(affected, "ROOT", tmp_path)
    changed = lambda: affected.changed_since("main")  # noqa: E731
    for name in ("kept", "moved", "theirs", "edited", ".gitignore"):
        (tmp_path / name).write_text("_build\n")
    git(tmp_path, "init", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "all")
    (tmp_path / "_build").write_text("ignored")
    assert changed() == []

    git(tmp_path, "switch", "-c", "work")
    (tmp_path / "a new one ü").write_text("not added yet")
    assert changed() == ["a new one ü"]
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "a new one")
    git(tmp_path, "switch", "main")
    (tmp_path / "theirs").write_text("changed")
    git(tmp_path, "commit", "-am", "somebody else's")
    git(tmp_path, "switch", "work")
    assert changed() == ["a new one ü"], "what happened on main meanwhile is not ours"
    shutil.move(tmp_path / "moved", tmp_path / "elsewhere")
    (tmp_path / "edited").write_text("not committed")
    assert changed() == ["a new one ü", "edited", "elsewhere", "moved"]
    with pytest.raises(ScratchlabError, match=r"nowhere[\s\S]*git fetch"):
        affected.changed_since("nowhere")


def test_affected_names_labs_and_ends_where_a_needed_one_is_gone(checkout):
    git(checkout.path, "init", "-b", "main")
    git(checkout.path, "commit", "--allow-empty", "-m", "empty")
    (checkout.path / ".gitignore").write_text("src\n_config.yml\n")
    named = checkout("labwright", "affected", "--since", "main", "--shard", "1/2")
    assert (named.returncode, named.stdout) == (0, "demo\n")
    assert checkout("labwright", "affected", "--since", "main", "--shard", "2/2").stdout == ""
    checkout.edit("lab.yml", "needs: []", "needs: [gone]")
    done = checkout("labwright", "affected", "--since", "main")
    assert done.returncode == 2 and "there is no lab gone" in done.stderr


# Runs that got old


TODAY = datetime.date(2026, 3, 31)
SLUG = "nn-perceptron"


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Call it with 'here' or 'recorded' to lay down a green run of some age in days, in which some things are different."""
    monkeypatch.setattr(staleness, "known_labs", lambda: [SLUG])
    monkeypatch.setattr(staleness, "RESULTS", tmp_path / "recorded")
    monkeypatch.setattr(results, "EXECUTED", tmp_path / "here")
    profile = contract.read(SLUG).profiles["cpu"]
    green = results.Result(SLUG, "cpu", "key", source.hash_of(SLUG), "", seconds=1.0, memory_gb=0.1)
    green.metrics = {name: band.min if band.max is None else band.max for name, band in profile.metrics.items()}
    green.checks = [{"task": name, "score": points, "points": points} for kind, name, points in source.graded(SLUG) if kind == "check"]

    def lay(where: str, age: int, **changes) -> None:
        date = str(TODAY - datetime.timedelta(days=age))
        write_atomically(tmp_path / where / "cpu" / f"{SLUG}.json", results.dump(replace(green, date=date, **changes)))

    return lay


def reason(days: int = 14) -> str:
    """Why the lab is stale; empty if it is not."""
    return staleness.stale("cpu", days, TODAY).get(SLUG, "")


def test_a_run_counts_until_it_is_too_old(runs):
    assert "there is no record of a run in the cpu profile" in reason()
    assert staleness.stale("gpu", 14, TODAY) == {}, "a lab that has no such profile owes no run"
    runs("recorded", 14)
    assert reason() == ""
    runs("recorded", 15)
    assert "15 days old (2026-03-16" in reason()
    runs("here", 2)
    assert reason() == "" and "2 days old" in reason(1), "the newest of both counts"


def test_a_failed_or_foreign_run_makes_no_lab_younger(runs):
    runs("recorded", 15)
    runs("here", 1, error="cell 'x' raised KeyError: 1")
    assert "15 days old" in reason()
    runs("recorded", 0, source="0" * 64)
    assert "on 2026-03-31, was of another text" in reason()
    runs("recorded", 3, source="0" * 64)
    assert "on 2026-03-30, broke its contract: cell 'x' raised KeyError" in reason()
    runs("here", 1, metrics={})
    assert "was promised in lab.yml and not recorded" in reason()


def test_the_alarm_ends_red_and_annotates_on_github(checkout):
    alarm = checkout("labwright", "stale", "--days", "14", GITHUB_ACTIONS="true")
    assert alarm.returncode == 2 and "demo: there is no record of a run" in alarm.stderr
    assert "::error title=demo (cpu) is stale::there is no record" in alarm.stdout
    quiet = checkout("labwright", "stale", "--profile", "gpu", GITHUB_ACTIONS=None)
    assert quiet.returncode == 0 and "::" not in quiet.stdout


# The first step, where learners are


@pytest.fixture
def step(tmp_path, monkeypatch):
    """The first step of a lab as a notebook, as CI makes it."""
    monkeypatch.setattr(firststep, "FOLDER", tmp_path)
    return nbformat.read(firststep.write(SLUG), as_version=4)


def last_words(notebook: nbformat.NotebookNode, tmp_path: Path) -> str:
    """What the notebook's code says when it is run as a program."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    (tmp_path / "step.py").write_text("\n".join(code))
    done = call("python", "step.py", cwd=tmp_path, COLAB_RELEASE_TAG="test")
    return done.stdout.splitlines()[-1] if done.returncode == 0 else f"FAILED {done.stderr.splitlines()[-1]}"


def test_a_first_step_runs_as_ci_calls_it(step, tmp_path):
    nbformat.validate(step)
    command = ["jupyter", "nbconvert", "--to", "notebook", "--execute", "--inplace", f"{SLUG}.ipynb"]
    done = call(*command, cwd=tmp_path, COLAB_RELEASE_TAG="test")
    assert done.returncode == 0, done.stderr
    assert "the first step holds, with {" in (tmp_path / f"{SLUG}.ipynb").read_text()


def test_a_first_step_fails_on_a_wrong_answer_and_when_the_platforms_packages_are_replaced(step, tmp_path):
    cells = {cell.id: cell for cell in step.cells}
    assert "find_spec" in cells["setup"].source, "learners install with this cell"
    assert list(cells)[-2].startswith("check-") and sum(name.startswith("check-") for name in cells) == 1
    cells["setup"].source += "\nversion = lambda name: 'another'"
    assert "replaced what this platform brings" in last_words(step, tmp_path)
    answer = cells[list(cells)[-2].removeprefix("check-")]
    answer.source = "\n".join(line.replace("return ", "return 2 * ") for line in answer.source.splitlines())
    assert "AssertionError" in (said := last_words(step, tmp_path)) and "platform" not in said


@pytest.mark.parametrize("slug", known_labs())
def test_every_lab_has_a_first_step(slug):
    checks = [cell.id for cell in source.solved(slug).cells if cell.id.startswith("check-")]
    assert checks, "without a check there is nothing to prove in Colab and Kaggle"
