"""System calls that a lab has no use for and an attacker has: a filter that answers them like a kernel that lacks them.

What it stops: a new user namespace would give back capabilities, and with them mounts; memory behind memfd_create or System V
calls belongs to no process, so no limit sees it; the others have often been a way into the kernel.
"""

import errno
import platform
import struct

from scratchlab.errors import ScratchlabError

# Numbers from the kernel's headers: asm/unistd_64.h and asm-generic/unistd.h.
NUMBERS = {
    "x86_64": {
        **{"unshare": 272, "setns": 308, "clone3": 435, "memfd_create": 319, "memfd_secret": 447, "shmget": 29, "msgget": 68},
        **{"bpf": 321, "io_uring_setup": 425, "userfaultfd": 323, "perf_event_open": 298},
        **{"add_key": 248, "request_key": 249, "keyctl": 250},
    },
    "aarch64": {
        **{"unshare": 97, "setns": 268, "clone3": 435, "memfd_create": 279, "memfd_secret": 447, "shmget": 194, "msgget": 186},
        **{"bpf": 280, "io_uring_setup": 425, "userfaultfd": 282, "perf_event_open": 241},
        **{"add_key": 217, "request_key": 218, "keyctl": 219},
    },
}
CLONE = {"x86_64": 56, "aarch64": 220}
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_*
NEW_NAMESPACE = 0x7E020000  # any of clone's CLONE_NEW* flags
X32 = 0x40000000  # x86_64's second table of calls begins here

LOAD, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, JUMP_IF_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # classic BPF
ALLOW, LACKING, KILL = 0x7FFF0000, 0x00050000 | errno.ENOSYS, 0x80000000
NUMBER, ARCH, FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data; both processors are little-endian


def program() -> bytes:
    """The filter for this processor, as an array of struct sock_filter. ScratchlabError where its numbers are not known."""
    machine = platform.machine()
    if machine not in NUMBERS:
        raise ScratchlabError(f"The sandbox knows the system calls of {' and '.join(NUMBERS)}, not of {machine}. Grade on one of these.")
    steps = [(LOAD, 0, 0, ARCH), (JUMP_IF_EQUAL, 1, 0, ARCHITECTURE[machine]), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    if machine == "x86_64":
        steps += [(JUMP_IF_AT_LEAST, 0, 1, X32), (RETURN, 0, 0, KILL)]
    for number in NUMBERS[machine].values():
        steps += [(JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, LACKING)]
    steps += [(JUMP_IF_EQUAL, 0, 3, CLONE[machine]), (LOAD, 0, 0, FIRST_ARGUMENT)]
    steps += [(JUMP_IF_BITS, 0, 1, NEW_NAMESPACE), (RETURN, 0, 0, LACKING), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)
