"""How much of the machine one sandbox may use."""

import os
import resource
from collections.abc import Mapping
from dataclasses import dataclass, fields

from scratchlab.errors import ScratchlabError

PREFIX = "LABWRIGHT_SANDBOX_"


@dataclass(frozen=True)
class Limits:
    """The defaults. Each can be set by an environment variable: LABWRIGHT_SANDBOX_MEMORY_MB=4096, and so on."""

    memory_mb: int = 3072  # of everything inside together, the files in its private folders included
    address_mb: int = 8192  # address space of one process
    cpu_seconds: int = 600  # of one process
    wall_seconds: int = 600  # from start to end
    processes: int = 64  # and threads
    open_files: int = 512  # of one process
    file_mb: int = 1024  # one file
    folder_mb: int = 512  # each of the private folders: /tmp, /work and /dev/shm
    run_mb: int = 20  # the run folder, where the backend cannot do without writing to it

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Limits":
        """The limits that an environment asks for; ScratchlabError if one is not a positive whole number."""
        asked = {}
        for field in fields(cls):
            text = environment.get(PREFIX + field.name.upper())
            if text is None:
                continue
            if not text.isdecimal() or int(text) == 0:
                raise ScratchlabError(f"{PREFIX}{field.name.upper()} is '{text}'. Set it to a whole number above zero, or unset it.")
            asked[field.name] = int(text)
        return cls(**asked)

    def of_process(self, *, count_processes: bool) -> dict[str, tuple[int, int]]:
        """Soft and hard limit of a process, by the resource module's names. Nobody may raise what is set already.

        `count_processes` is right only where the sandbox has its user id for itself: the kernel counts per user.
        """
        wanted = {
            "RLIMIT_AS": (self.address_mb << 20, self.address_mb << 20),
            "RLIMIT_CPU": (self.cpu_seconds, self.cpu_seconds + 5),  # first a signal, then the end
            "RLIMIT_NOFILE": (self.open_files, self.open_files),
            "RLIMIT_FSIZE": (self.file_mb << 20, self.file_mb << 20),
            "RLIMIT_CORE": (0, 0),
        }
        if count_processes:
            wanted["RLIMIT_NPROC"] = (self.processes, self.processes)
        for name, values in wanted.items():
            ceiling = resource.getrlimit(getattr(resource, name))[1]
            if ceiling != resource.RLIM_INFINITY:
                wanted[name] = (min(values[0], ceiling), min(values[1], ceiling))
        return wanted

    def command(self, *, count_processes: bool) -> list[str]:
        """The command (util-linux) that limits a process, offers it to the kernel as the first to end when the machine's memory
        is full, and then becomes the command that follows."""
        limits = self.of_process(count_processes=count_processes)
        words = [f"--{name.removeprefix('RLIMIT_').lower()}={soft}:{hard}" for name, (soft, hard) in limits.items()]
        return ["choom", "-n", "1000", "--", "prlimit", *words]
