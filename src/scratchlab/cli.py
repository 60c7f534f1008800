"""The learner's command line: `scratchlab open`, `check`, `data`."""

import shutil
import subprocess
import sys
from pathlib import Path

import typer

from scratchlab import data
from scratchlab.checking import MARKS
from scratchlab.errors import ScratchlabError
from scratchlab.labs import known_labs, lab_folder

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
data_app = typer.Typer(no_args_is_help=True, help="Data and weights of the labs.")
app.add_typer(data_app, name="data")


def main() -> None:
    """Run the command line; errors meant for people are printed without a traceback and end with exit code 2."""
    try:
        app()
    except ScratchlabError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)


@app.command("open")
def open_lab(
    slug: str,
    folder: Path = typer.Option(Path("work"), help="where your copies lie"),
    launch: bool = typer.Option(True, help="open it in JupyterLab"),
) -> None:
    """Open your copy of a lab; it is made on first use and never overwritten."""
    copy = folder / f"{slug}.ipynb"
    original = lab_folder(slug) / f"{slug}.ipynb"
    if copy.exists():
        print(f"Your copy is {copy}.")
    else:
        if not original.is_file():
            raise ScratchlabError(f"{original} does not exist. Make it with: labwright build {slug}")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(original, copy)
        print(f"Made your copy: {copy}")
    if launch:
        subprocess.run([sys.executable, "-m", "jupyterlab", str(copy)], check=False)


@app.command()
def check(notebook: Path) -> None:
    """Run a notebook from top to bottom and report all its checks. The file is not changed."""
    import nbformat
    from nbclient import NotebookClient

    from scratchlab import outputs

    if not notebook.is_file():
        raise ScratchlabError(f"{notebook} does not exist. Labs: {', '.join(known_labs())}; `scratchlab open SLUG` makes your copy.")
    try:
        cells = nbformat.read(notebook, as_version=4)
    except Exception as error:
        raise ScratchlabError(f"{notebook} is not a notebook: {error}") from error
    print(f"Running {notebook} ...", flush=True)
    where = {"metadata": {"path": str(notebook.parent)}}
    quiet = ["--log-level=ERROR"]  # the kernel's own remarks are not the learner's
    NotebookClient(cells, allow_errors=True, kernel_name="python3", resources=where, extra_arguments=quiet).execute()
    earned = possible = 0.0
    for cell in cells.cells:
        for output in cell.get("outputs", []):
            found = output.get("data", {}).get(outputs.CHECK)
            if found:
                earned, possible = earned + found["score"], possible + (found["points"] or 1)
                _print_result(found)
            elif output.output_type == "error" and output.ename != "NotImplementedError":
                print(f"  a cell stopped with {output.ename}: {output.evalue}")
    print(f"{earned:g} of {possible:g} points that are checked automatically")


def _print_result(found: dict) -> None:
    """One check: its points, and what does not hold yet."""
    open_ones = [outcome for outcome in found["outcomes"] if outcome["state"] != "passed"]
    untouched = len(open_ones) == len(found["outcomes"]) and all(each["state"] == "not attempted" for each in open_ones)
    print(f"  {found['task']}: {found['score']:g} of {found['points'] or 1:g} points" + (" (not attempted yet)" if untouched else ""))
    for outcome in [] if untouched else open_ones:
        print("    " + "\n      ".join([f"{MARKS[outcome['state']]} {outcome['says']}", *outcome["detail"]]))


@data_app.command("list")
def list_data() -> None:
    """List all data sets, their size, and whether they are here."""
    entries = data.manifest().values()
    here = [entry.name for entry in entries if data.present(entry.name)]
    for entry in entries:
        print(f"{entry.name:18} {entry.bytes / 1e6:6.1f} MB  {'here' if entry.name in here else '':4}  {entry.title} ({entry.license})")
    print(f"{len(here)} of {len(entries)} are here: {data.cache_size() / 1e6:.0f} MB in {data.cache_folder()}, unpacked and as they came")


@data_app.command("get")
def get_data(names: list[str]) -> None:
    """Fetch data sets into the cache; what is here and damaged is made anew."""
    for name in names:
        place = data.get(name)
        print(f"{name}: {place}\n  {'folder' if place.is_dir() else 'file'} = lab.data({name!r})\n  {data.find(name).use}")


@data_app.command("verify")
def verify_data() -> None:
    """Read every file of every data set that is here, and name those that are not as they should be (exit code 1)."""
    bad = {name: paths for name in data.manifest() if (paths := data.damaged(name))}
    for name, paths in bad.items():
        print("\n".join(f"{name}: changed or missing: {path}" for path in paths), file=sys.stderr)
    if bad:
        print(f"Delete these, then run: scratchlab data get {' '.join(bad)}", file=sys.stderr)
        raise typer.Exit(1)
    print("everything that is here is as it should be")
