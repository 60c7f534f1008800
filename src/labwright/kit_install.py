"""Set up the labs on this computer, without a network, and open JupyterLab. Run it again to open JupyterLab again.

    python install.py                       everything into this folder
    python install.py --into C:/labs        into another folder, for example if this one cannot be written
    python install.py --no-open             set up only

This is install.py of a kit (see README.md beside it). It uses nothing but Python's own library.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import venv
from pathlib import Path

KIT = Path(__file__).resolve().parent


def main() -> None:
    """Check, set up, open; what is done already is not done again."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--into", type=Path, default=KIT, help="folder for the environment and your notebooks")
    options.add_argument("--no-open", action="store_true", help="do not open JupyterLab")
    chosen = options.parse_args()
    content = (KIT / "kit.json").read_bytes()
    kit, into = json.loads(content), chosen.into.resolve()
    stamp = into / "env" / "installed"
    if not (stamp.is_file() and stamp.read_text() == hashlib.sha256(content).hexdigest()):
        check_machine(kit["machine"])
        check_files(kit["files"])
        make_environment(into, kit["torch"])
        fill_cache(into, kit["data"])
        stamp.write_text(hashlib.sha256(content).hexdigest())
    work = copy_notebooks(into)
    warn_without_torch(into, kit["labs_with_torch"])
    print(f"Your notebooks: {work}\nThe book: {(KIT / 'site' / 'index.html').as_uri()}")
    if not chosen.no_open:
        subprocess.run([python_of(into), "-m", "jupyterlab", str(work)], check=False)


def machine() -> dict[str, str]:
    """What the packages of a kit depend on; a kit made on one such machine installs on all that are alike."""
    return {"python": f"{sys.version_info[0]}.{sys.version_info[1]}", "system": platform.system(), "processor": platform.machine()}


def check_machine(wanted: dict[str, str]) -> None:
    """Stop if this kit was made for other machines."""
    here = machine()
    if different := [name for name in wanted if wanted[name] != here[name]]:
        said = " and ".join(f"{name} {wanted[name]} (here: {here[name]})" for name in different)
        sys.exit(f"This kit is for {said}. Run it with such a Python, or make a kit on a machine like this one: labwright kit FILE.zip")


def check_files(files: dict[str, str]) -> None:
    """Stop if a file was damaged on its way here."""
    print(f"Checking {len(files)} files ...", flush=True)
    if bad := [name for name, content in files.items() if sha256_of(KIT / name) != content]:
        sys.exit(f"Damaged or missing: {', '.join(bad[:10])}{' ...' if len(bad) > 10 else ''}. Copy and unpack the kit again.")


def sha256_of(path: Path) -> str:
    """The hash of a file's content; empty if there is no such file."""
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def make_environment(into: Path, with_torch: bool) -> None:
    """A virtual environment with the kit's packages. A kit without torch lets it see the computer's own packages."""
    print(f"Making {into / 'env'} ...", flush=True)
    try:
        venv.create(into / "env", clear=True, with_pip=True, system_site_packages=not with_torch)
    except subprocess.CalledProcessError:
        sys.exit("Python's ensurepip is missing. On Debian and Ubuntu, install the package python3-venv; then run this again.")
    except OSError as error:
        sys.exit(f"{into} cannot be used: {error}. Name another folder: python install.py --into FOLDER")
    offline = ["--isolated", "--disable-pip-version-check", "--no-index", "--find-links", str(KIT / "wheels"), "--no-deps"]
    command = [python_of(into), "-I", "-m", "pip", "install", "--quiet", *offline, "--requirement", str(KIT / "requirements.txt")]
    if subprocess.run(command, check=False).returncode:
        sys.exit("The packages could not be installed; the reason stands above. Is the disk full?")


def fill_cache(into: Path, names: list[str]) -> None:
    """Copy the data sets to where labs look for them, and unpack them."""
    files = Path(os.environ.get("SCRATCHLAB_DATA") or Path.home() / ".cache" / "scratchlab") / "files"
    files.mkdir(parents=True, exist_ok=True)
    for path in (KIT / "data").glob("*"):
        shutil.copyfile(path, files / path.name)
    if names:
        run = "import sys; from scratchlab.cli import main; sys.argv[0] = 'scratchlab'; main()"
        if subprocess.run([python_of(into), "-c", run, "data", "get", *names], check=False, stdout=subprocess.DEVNULL).returncode:
            sys.exit("The data sets could not be unpacked; the reason stands above.")


def copy_notebooks(into: Path) -> Path:
    """The folder of the learner's copies; what is there already is never overwritten."""
    work = into / "work"
    work.mkdir(exist_ok=True)
    for notebook in (KIT / "notebooks").glob("*.ipynb"):
        if not (work / notebook.name).exists():
            shutil.copyfile(notebook, work / notebook.name)
    return work


def warn_without_torch(into: Path, labs: list[str]) -> None:
    """Say so if labs need torch and neither the kit nor the computer has it."""
    find = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"
    if labs and subprocess.run([python_of(into), "-c", find], check=False).returncode:
        print(f"This kit came without torch, and this computer has none. These labs need it: {', '.join(labs)}")


def python_of(into: Path) -> str:
    """The environment's Python."""
    return str(into / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


if __name__ == "__main__":
    main()
