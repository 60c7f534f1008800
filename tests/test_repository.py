"""The repository as a whole: one setting for its address, one source for its versions, and nothing that must not be in it."""

import re
import shutil
import subprocess

from conftest import ROOT, call

from labwright import leaks, portable, source
from scratchlab.labs import known_labs


def tracked() -> list[str]:
    """Files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_the_address_of_the_repository_is_said_in_one_place():
    """_config.yml says it; generated copies and CITATION.cff must agree with it, and nothing else may repeat it."""
    url = source.repository().url
    allowed = {"_config.yml", "CITATION.cff"}
    for name in tracked():
        text = (ROOT / name).read_bytes().decode("utf-8", errors="ignore")
        if url in text and name not in allowed:
            assert re.fullmatch(r"labs/([^/]+)/\1\.ipynb", name), f"{name} repeats the repository's address"
    assert url in (ROOT / "CITATION.cff").read_text()


def test_versions_are_pinned_once():
    lock = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert lock["torch"] == "2.13.0" and "+" not in lock["torch"], "the same pin finds the CPU and the CUDA build"
    assert "--requirement requirements.lock" in (ROOT / "environment.yml").read_text()
    project = (ROOT / "pyproject.toml").read_text()
    extra = re.search(r"^book = \[(.*?)^\]", project, re.MULTILINE | re.DOTALL).group(1)
    wanted = re.findall(r'"([\w-]+)', extra) + re.findall(r'^    "([\w-]+)>=', project, re.MULTILINE)
    have = {name.lower().replace("_", "-") for name in lock}
    assert len(wanted) > 20 and [name for name in wanted if name.lower() not in have] == []


def test_every_declared_dependency_says_why():
    extra = re.search(r"^book = \[(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE | re.DOTALL).group(1)
    assert [line for line in extra.strip().splitlines() if "#" not in line] == []


def test_no_data_and_nothing_large_is_committed():
    large = {name: (ROOT / name).stat().st_size for name in tracked() if (ROOT / name).stat().st_size > 400_000}
    assert large == {}


def test_an_installed_package_carries_contracts_and_checks_but_no_solutions(tmp_path):
    made = call("python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, ROOT)
    assert made.returncode == 0, made.stderr
    site = tmp_path / "site"
    shutil.unpack_archive(next(tmp_path.glob("*.whl")), site, "zip")
    files = {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()}
    labs = {name for name in files if name.startswith("scratchlab/labs/")}
    assert "scratchlab/data.toml" in files and "scratchlab/labs/nn-perceptron/checks.py" in labs
    assert {name.rsplit("/", 1)[1] for name in labs} == {"lab.yml", "checks.py", "given.py"}
    code = "from scratchlab import labs; print(labs.labs_folder()); print(labs.read_settings('nn-perceptron').packages)"
    seen = call("python", "-c", code, cwd=tmp_path, PYTHONPATH=str(site), SCRATCHLAB_LABS=None)
    assert str(site) in seen.stdout and "numpy" in seen.stdout


def test_no_lab_gives_an_answer_away_or_knows_a_machine():
    assert [problem for slug in known_labs() for problem in (*leaks.problems(slug), *portable.problems(slug))] == []


def test_labs_import_scratchlab_which_imports_no_labwright():
    for path in [*ROOT.glob("src/scratchlab/*.py"), *ROOT.glob("labs/*/*.py")]:
        assert not re.search(r"^\s*(import|from) labwright", path.read_text(), re.MULTILINE), path


def test_nothing_in_src_knows_a_lab():
    slugs = [path.name for path in (ROOT / "labs").iterdir() if path.is_dir()]
    for path in ROOT.glob("src/**/*.py"):
        code = "\n".join(line for line in path.read_text().splitlines() if '"""' not in line and "{" not in line)
        assert [slug for slug in slugs if slug in code] == [], path


def test_a_missing_or_old_python_is_named_before_anything_is_made(tmp_path):
    missing = call(ROOT / "tools" / "environment.sh", PYTHON="/nowhere/python3")
    assert missing.returncode == 1 and "Install Python 3.11 or newer" in missing.stderr
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.8.1" && exit 0\nexit 1\n')
    old.chmod(0o755)
    refused = call(ROOT / "tools" / "environment.sh", PYTHON=str(old))
    assert refused.returncode == 1 and "Python 3.8.1 is too old" in refused.stderr


def test_make_lab_without_a_name_says_what_to_type(tmp_path):
    """On a copy of the Makefile whose environment counts as made."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "tools").mkdir()
    for name in ("requirements.lock", "pyproject.toml", "tools/environment.sh"):
        (tmp_path / name).write_text("")
    (tmp_path / ".stamps").mkdir()
    (tmp_path / ".stamps" / "environment").write_text("")
    done = call("make", "lab", cwd=tmp_path, LAB=None)
    assert done.returncode != 0 and "make lab LAB=nn-perceptron" in done.stdout
    assert "run every lab" in call("make", cwd=tmp_path).stdout


def test_torchvision_works_beside_this_torch():
    done = call("python", "-c", "import torch, torchvision; print(torchvision.ops.nms(torch.tensor([[0., 0, 1, 1]]), torch.ones(1), 0.5))")
    assert done.returncode == 0 and "tensor([0])" in done.stdout
