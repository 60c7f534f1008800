"""A Jupyter kernel that runs a learner's code locked in: no network, nothing of the host but what it needs, hard limits.

    python -m labwright.grading.sandbox -f CONNECTION_FILE     what the kernelspec scratchlab-sandbox calls
    python -m labwright.grading.sandbox --probe                say which backend works here, or why none does

`view` says what is seen, `limits` what is allowed, `bubblewrap` and `containers` how that is done, `guard` stays outside and
watches. Whoever starts a kernel makes a fresh folder, sets transport="ipc", ip="FOLDER/ipc" and connection_file in FOLDER; code
inside can read that folder and connect to sockets in it. If the kernel was ended from outside,
reason_file(FOLDER) says why in one line.
"""

from labwright.grading.sandbox.backends import Backend, probe
from labwright.grading.sandbox.limits import Limits
from labwright.grading.sandbox.watch import reason_file

__all__ = ["Backend", "Limits", "probe", "reason_file"]
