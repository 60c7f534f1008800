"""Execute one lab with papermill and collect what it reported.

Run as a program, once per lab, so that a crash or a leak ends with the process:
    python -m labwright.execute SLUG PROFILE KEY
"""

import datetime
import os
import platform
import sys
import tempfile
from pathlib import Path

import nbformat
import papermill
from nbformat import NotebookNode

from labwright import contract, results, source
from labwright.paths import write_atomically
from labwright.results import Result
from scratchlab import outputs
from scratchlab.session import DISTRIBUTIONS

USAGE_CELL = "from scratchlab import outputs\noutputs.show_usage()"
SECONDS_PER_MINUTE_PROMISED = 600  # a lab that takes ten times what it promises is stopped


def execute(slug: str, profile: str, key: str) -> Result:
    """Run the lab, write its executed notebook and its result (also if a cell failed), and return the result."""
    notebook = source.solved(slug)
    notebook.cells.append(nbformat.v4.new_code_cell(USAGE_CELL, id="usage"))
    limit = int(60 + SECONDS_PER_MINUTE_PROMISED * contract.read(slug).profiles[profile].minutes)
    result = Result(
        slug, profile, key, source.hash_of(slug), date=datetime.datetime.now(datetime.UTC).date().isoformat(), machine=_machine()
    )
    result.versions = _versions(contract.read(slug).packages)
    with tempfile.TemporaryDirectory(prefix=f"{slug}-") as folder:
        before, after = Path(folder) / "in.ipynb", Path(folder) / "out.ipynb"
        nbformat.write(notebook, before)
        try:
            papermill.execute_notebook(
                before, after, {"PROFILE": profile}, cwd=folder, kernel_name="python3", progress_bar=False, execution_timeout=limit
            )
        except papermill.PapermillExecutionError as error:
            result.error = f"cell '{error.source.strip().splitlines()[0]}' raised {error.ename}: {error.evalue}"
        except Exception as error:  # a kernel that died or ran out of time
            result.error = f"{type(error).__name__}: {error}"
        executed = nbformat.read(after, as_version=4) if after.is_file() else notebook
    collect(executed, result)
    page = results.notebook_of(slug, profile)
    write_atomically(page, nbformat.writes(_for_readers(executed), indent=1) + "\n")
    write_atomically(results.path_of(slug, profile), results.dump(result))
    return result


def collect(notebook: NotebookNode, result: Result) -> None:
    """Gather from the outputs what the lab reported: metrics, claims, checks, memory, seconds, warnings."""
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if cell.id != "setup":  # importing and installing is the machine's time, not the lab's
            result.seconds += cell.metadata.get("papermill", {}).get("duration") or 0.0
        for output in cell.outputs:
            data = output.get("data", {})
            if outputs.RECORD in data:
                result.metrics[data[outputs.RECORD]["name"]] = float(data[outputs.RECORD]["value"])  # NaN comes as text
            if outputs.CLAIM in data:
                result.claims.append(data[outputs.CLAIM]["statement"])
            if outputs.CHECK in data:
                result.checks.append({key: data[outputs.CHECK][key] for key in ("task", "score", "points")})
            if outputs.USAGE in data:
                usage = data[outputs.USAGE]
                result.memory_gb = round(usage.get("gpu_memory_gb", usage["memory_gb"]), 3)
                result.machine = usage.get("gpu", result.machine)
            if output.get("name") == "stderr":
                result.warnings.append(output.text.strip()[:300])
    result.seconds = round(result.seconds, 2)


def _for_readers(notebook: NotebookNode) -> NotebookNode:
    """The executed notebook without what only the machinery needs."""
    notebook.cells = [
        cell for cell in notebook.cells if cell.get("id") != "usage" and "injected-parameters" not in cell.metadata.get("tags", [])
    ]
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
    return notebook


def _machine() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _versions(packages: list[str]) -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = version(DISTRIBUTIONS.get(name, name))
        except PackageNotFoundError:
            found[name] = "missing"
    return found


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"  # inherited by the kernel: one core a lab
    execute(*sys.argv[1:4])
