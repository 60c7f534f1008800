"""Where work is done: on this machine's cores, or by any Dask scheduler whose workers share this folder."""

import contextlib
import logging
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # distributed takes a second to import
    from distributed import Client

QUIETLY = {
    "host": "127.0.0.1",
    **dict.fromkeys(("dashboard_address", "worker_dashboard_address"), "127.0.0.1:0"),  # two runs at once do not compete for a port
    "silence_logs": logging.CRITICAL,  # a worker that is told to end complains of the connection; what fails in a task comes back with it
}


@contextlib.contextmanager
def client(scheduler: str, workers: int) -> "Iterator[Client]":
    """A Dask client: of the scheduler at this address, or else of `workers` processes, one thread each, that end with us.

    A worker that dies is replaced; a task that takes three workers down is given up.
    """
    import dask
    from distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.ERROR)
    dask.config.set({"distributed.scheduler.allowed-failures": 3, "distributed.worker.daemon": False})
    if scheduler:
        with Client(scheduler, timeout=30) as made:
            yield made
        return
    with (
        tempfile.TemporaryDirectory(prefix="workers-") as folder,
        LocalCluster(max(1, workers), threads_per_worker=1, local_directory=folder, **QUIETLY) as cluster,
        Client(cluster) as made,
    ):
        yield made
