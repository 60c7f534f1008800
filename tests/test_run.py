"""Running labs: forked kernels do what fresh ones do, budgets end what breaks them, and a killed run goes on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest
from conftest import surroundings

from labwright import execute

RUN_ONE = """
import sys
from labwright import execute, run
execute.SPARE_SECONDS, execute.PATIENCE, execute.SPARE_GB = map(float, sys.argv[1:4])
print(run._run_one("demo", "cpu", "").problems)
"""


def cells(checkout) -> list:
    """What the last run of demo printed and drew, cell by cell."""
    notebook = json.loads((checkout.path / "_build/executed/cpu/demo.ipynb").read_text())
    return [cell.get("outputs") for cell in notebook["cells"]]


def result(checkout) -> dict:
    return json.loads((checkout.path / "_build/executed/cpu/demo.json").read_text())


def kernels(checkout) -> list[psutil.Process]:
    """Processes that work in the temporary folder of a lab that is run."""
    return [each for each in psutil.process_iter(["cwd"]) if "/slow-" in (each.info["cwd"] or "")]


def add_cell(checkout, code: str) -> None:
    """A cell at the end of the lab's teaching part."""
    checkout.edit("lab.py", 'record("largest_square"', f'{code}\n\n# %%\nrecord("largest_square"')
    assert checkout("labwright", "build").returncode == 0


def test_a_forked_kernel_does_what_a_fresh_one_does(checkout):
    checkout.edit("lab.py", "import numpy as np\n", "import numpy as np\nimport torch\n")
    checkout.edit("lab.yml", "packages: [numpy", "packages: [numpy, torch")
    add_cell(
        checkout,
        "import os\n\nfrom scratchlab import plot\n\n"
        "print(torch.get_num_threads(), os.environ['OMP_NUM_THREADS'], torch.rand(3), np.random.rand())\n"
        "print(__name__, sorted(set(globals()) & {'torch', 'plt', 'os', 'json', 'gc', 'kernel'}))\n"
        "plot.lines({'one': [1, 2]}, x='step', y='loss', caption='A line.', alt='A rising line.')",
    )
    seen = []
    for way in ([], ["--cold"]):
        done = checkout("labwright", "run", "--force", *way)
        assert done.returncode == 0, done.stderr
        seen.append((cells(checkout), {key: result(checkout)[key] for key in ("metrics", "claims", "checks", "error")}))
    for forked, fresh in zip(seen[0][0], seen[1][0], strict=True):
        assert forked == fresh
    assert seen[0][1] == seen[1][1]
    assert "image/png" in json.dumps(seen[0][0]), "the figure is shown"


def test_what_one_lab_did_is_gone_in_the_next(checkout):
    add_cell(checkout, "import numpy\n\nassert not hasattr(numpy, 'left_behind')\nnumpy.left_behind = 1")
    assert checkout("labwright", "new", "other", "--title", "Other").returncode == 0
    shutil.copy(checkout.lab / "lab.py", checkout.path / "labs" / "other" / "lab.py")
    other = checkout.path / "labs" / "other" / "lab.py"
    other.write_text(other.read_text().replace('"demo"', '"other"'))
    done = checkout("labwright", "run", "-j", "1")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("code", "limits", "words"),
    [
        ("import time\n\ntime.sleep(100)", ("3", "0", "1"), "stopped after 3 s"),
        ("hoard = np.ones(40_000_000)\nimport time\n\ntime.sleep(100)", ("300", "10", "-0.3"), "GB of memory"),
    ],
)
def test_a_lab_beyond_its_budget_is_ended(checkout, code, limits, words):
    add_cell(checkout, code)
    done = checkout(sys.executable, "-c", RUN_ONE, *limits)
    assert words in done.stdout and "lab.yml promises" in done.stdout, done.stdout + done.stderr


def test_a_kernel_that_dies_fails_its_lab_alone(checkout):
    add_cell(checkout, "import os\n\nos._exit(3)")
    done = checkout("labwright", "run")
    assert done.returncode == 2 and "DeadKernelError" in done.stderr and "to run again: labwright run demo" in done.stderr


def test_a_killed_run_goes_on_where_it_was(checkout):
    assert checkout("labwright", "new", "slow", "--title", "Slow").returncode == 0
    lab = checkout.path / "labs" / "slow" / "lab.py"
    lab.write_text(lab.read_text().replace('record("largest', 'import time\n\ntime.sleep(8)\nrecord("largest', 1))
    environment = surroundings(SCRATCHLAB_LABS=None)
    with subprocess.Popen(["labwright", "run", "-j", "2"], cwd=checkout.path, env=environment, stdout=subprocess.DEVNULL) as driver:
        finished = checkout.path / "_build/executed/cpu/demo.json"
        until = time.monotonic() + 120
        while not finished.is_file() and time.monotonic() < until:
            time.sleep(0.1)
        os.kill(driver.pid, signal.SIGKILL)
    assert finished.is_file() and not (finished.with_name("slow.json")).is_file()
    until = time.monotonic() + 30
    while kernels(checkout) and time.monotonic() < until:
        time.sleep(0.2)
    assert not kernels(checkout), "a kernel outlived its driver"
    done = checkout("labwright", "run")
    assert done.returncode == 0, done.stderr
    states = {line.split("│")[1].strip(): line.split("│")[2].strip() for line in done.stdout.splitlines() if line.count("│") > 3}
    assert states["demo"] == "cached" and states["slow"] == "ran"


def test_the_budget_is_wide_enough_for_a_busy_machine():
    assert execute.PATIENCE >= 5 and execute.SPARE_SECONDS >= 30
