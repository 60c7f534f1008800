"""A process and all that it started, as seen from outside."""

import contextlib

import psutil

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")  # one core each


def tree(pid: int) -> list[psutil.Process]:
    """The process and everything below it; nothing if it has ended."""
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def resident_gb(processes: list[psutil.Process]) -> float:
    """Resident memory of those that are still there, in GB."""
    total = 0
    for each in processes:
        with contextlib.suppress(psutil.Error):
            total += each.memory_info().rss
    return total / 1e9
