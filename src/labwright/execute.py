"""Execute one lab with papermill, within its budgets, and collect what it reported."""

import contextlib
import datetime
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import papermill
import psutil
from nbformat import NotebookNode

from labwright import contract, results, source
from labwright.paths import write_atomically
from labwright.processes import resident_gb, tree
from labwright.results import Result
from labwright.warm import LabKernelManager
from scratchlab import outputs, usage

USAGE_CELL = "from scratchlab import outputs\noutputs.show_usage()"
PATIENCE = 10  # a lab that takes so many times what it promises is stopped
SPARE_SECONDS = 60.0  # besides, for starting up
SPARE_GB = 1.0  # and one that takes so much more memory, before the machine suffers


def execute(slug: str, profile: str, key: str) -> Result:
    """Run the lab, write its executed notebook and its result (also if a cell failed), and return the result."""
    notebook = source.solved(slug)
    notebook.cells.append(nbformat.v4.new_code_cell(USAGE_CELL, id="usage"))
    promised = contract.read(slug).profiles[profile]
    result = Result(slug, profile, key, source.hash_of(slug), date=datetime.datetime.now(datetime.UTC).date().isoformat())
    result.machine = usage.cpu()
    with tempfile.TemporaryDirectory(prefix=f"{slug}-") as folder:
        before, after = Path(folder) / "in.ipynb", Path(folder) / "out.ipynb"
        nbformat.write(notebook, before)
        with Budget(SPARE_SECONDS + 60 * PATIENCE * promised.minutes, promised.memory_gb + SPARE_GB, on_gpu=profile != "cpu") as budget:
            try:
                papermill.execute_notebook(
                    before,
                    after,
                    {"PROFILE": profile},
                    cwd=folder,
                    kernel_name="python3",
                    kernel_manager_class="labwright.warm.LabKernelManager",
                    progress_bar=False,
                    request_save_on_cell_execute=False,
                )
            except papermill.PapermillExecutionError as error:
                result.error = f"cell '{error.source.strip().splitlines()[0]}' raised {error.ename}: {error.evalue}"
            except Exception as error:  # a kernel that died
                result.error = f"{type(error).__name__}: {error}"
        result.error = budget.broken or result.error
        executed = nbformat.read(after, as_version=4) if after.is_file() else notebook
    collect(executed, result)
    page = results.notebook_of(slug, profile)
    write_atomically(page, nbformat.writes(_for_readers(executed), indent=1) + "\n")
    write_atomically(results.path_of(slug, profile), results.dump(result))
    return result


class Budget:
    """Ends the kernel that runs meanwhile when it takes too long or too much memory; `broken` then says so. A context manager.

    On a GPU `memory_gb` is the GPU's, which the lab reports itself; the machine's is not limited.
    """

    def __init__(self, seconds: float, memory_gb: float, on_gpu: bool = False):
        self.seconds, self.memory_gb = seconds, float("inf") if on_gpu else memory_gb
        self.broken = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Budget":
        LabKernelManager.latest = None
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.5):
            provisioner = LabKernelManager.latest and LabKernelManager.latest.provisioner
            if not provisioner or not provisioner.pid:
                continue
            processes = tree(provisioner.pid)
            if time.monotonic() - self._began > self.seconds:
                self.broken = f"stopped after {self.seconds:.0f} s, more than {PATIENCE} times what lab.yml promises"
            elif (used := resident_gb(processes)) > self.memory_gb:
                self.broken = f"stopped at {used:.1f} GB of memory; lab.yml promises {self.memory_gb - SPARE_GB:g}"
            if self.broken:
                for each in processes:
                    with contextlib.suppress(psutil.Error):
                        each.kill()
                return


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
                result.take(data[outputs.USAGE])
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
