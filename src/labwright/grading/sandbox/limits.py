"""How much of the machine one sandbox may use."""

import os
import resource
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
    def from_environment(cls) -> "Limits":
        """The limits that the environment asks for; ScratchlabError if one is not a positive whole number."""
        asked = {}
        for field in fields(cls):
            text = os.environ.get(PREFIX + field.name.upper())
            if text is None:
                continue
            if not text.isdecimal() or int(text) == 0:
                raise ScratchlabError(f"{PREFIX}{field.name.upper()} is '{text}'. Set it to a whole number above zero, or unset it.")
            asked[field.name] = int(text)
        return cls(**asked)

    def command(self, *, count_processes: bool) -> list[str]:
        """The command (util-linux) that limits a process, offers it to the kernel as the first to end when the machine's memory
        is full, and then becomes the command that follows.

        `count_processes` is right only where the sandbox has its user id for itself: the kernel counts per user.
        """
        wanted = {
            "as": (resource.RLIMIT_AS, self.address_mb << 20, self.address_mb << 20),
            "cpu": (resource.RLIMIT_CPU, self.cpu_seconds, self.cpu_seconds + 5),  # first a signal, then the end
            "nofile": (resource.RLIMIT_NOFILE, self.open_files, self.open_files),
            "fsize": (resource.RLIMIT_FSIZE, self.file_mb << 20, self.file_mb << 20),
            "core": (resource.RLIMIT_CORE, 0, 0),
        }
        if count_processes:
            wanted["nproc"] = (resource.RLIMIT_NPROC, self.processes, self.processes)
        command = ["choom", "-n", "1000", "--", "prlimit"]
        for name, (number, soft, hard) in wanted.items():
            ceiling = resource.getrlimit(number)[1]  # nobody may raise what is set already
            if ceiling != resource.RLIM_INFINITY:
                soft, hard = min(soft, ceiling), min(hard, ceiling)
            command.append(f"--{name}={soft}:{hard}")
        return command
