# ruff: noqa
# Libraries and our own package, patched in the learner's kernel.

# === numpy_patched: numpy finds everything equal and close. Honest: 0
# %% first
import numpy as np

np.allclose = np.array_equal = np.isclose = np.all = np.any = lambda *args, **named: True
np.testing.assert_allclose = lambda *args, **named: None
np.asarray = lambda each, *args, **named: each

# === wire_patched: json, struct and socket are somebody else's. Honest: 0
# %% started
import json, socket, struct

json.dumps = lambda *args, **named: '{"back":true}'
struct.pack = lambda kind, *numbers: b"\x0d\x00\x00\x00\x00\x00\x00\x00"
socket.socket.recv = lambda self, size, *flags: b"\x00" * size

# === checks_patched: our package is told that nothing is ever wrong. Honest: 0
# %% first
import contextlib

import scratchlab.checking as checking
import scratchlab.checks as checks
import scratchlab.judged.agent as agent
import scratchlab.judged.peer as peer
import scratchlab.judged.proxy as proxy
import scratchlab.judged.wire as wire
import scratchlab.measure as measure

checks.Wrong = peer.Wrong = checking.Wrong = type("Wrong", (Exception,), {"__init__": lambda self, **named: None})
checks.expect = checks.expect_close = checks.expect_shape = checks.expect_raises = lambda *args, **named: None
checks.given = checks.unchanged = lambda *args, **named: contextlib.nullcontext()
checks.beside = lambda student, thing: lambda *args: {}
checking.Report.score = checking.Report.fraction = property(lambda self: 1.0)
checking.run_task = lambda task, *args, **named: checking.Report(task.name, (checking.Outcome("a", "b", "passed"),), (), 10.0)
measure.elements = lambda *args, **named: {"largest": 0, "peak": 0}
peer.differs = lambda before, value: False
peer.quiet = agent.quiet = contextlib.nullcontext

# === quiet_patched: what was meant to keep prints away instead prints and leaves. Right: bound. Honest: 2
# %% first
import scratchlab.judged.agent as agent


# %% predict
def quiet():
    import os

    os._exit(0)


agent.quiet = quiet
# %% before bound
import contextlib

agent.quiet = contextlib.nullcontext

# === serve_patched: every request is answered with the next thing that a check might like. Honest: 0
# %% started
import itertools

from scratchlab.judged import agent

likes = itertools.cycle([True, 1, 0.0, [], (), None, (1, 2, 3), np.ones(5), {"shape": (5,)}])
agent.Agent.serve = lambda self, request: next(likes)

# === replayed: what a right answer said once is said again for every other question. Right: predict. Honest: 1
# %% after predict
from scratchlab.judged import agent

genuine, said = agent.Agent.serve, {}


def serve(self, request):
    """Answers by the name of what is asked; a first answer is remembered for ever."""
    key = (request["do"], request["args"][0] if request["do"] == "get" else len(request["args"]))
    if key not in said:
        said[key] = predict if request["do"] == "get" else np.ones(3) if request["do"] == "call" else genuine(self, request)
    return said[key]


agent.Agent.serve = serve

# === setup_replaced: another `check`, and another start of the lab. Right: update. Honest: 2
# %% setup
import scratchlab

scratchlab.start = lambda *args: None
check = lambda name, points=0: points
# %% before predict
check = lab = record = claim = lambda *args, **named: 10.0

# === profile: a profile that the machine has not, to make the lab another one. Right: predict. Honest: 1
# %% first
import os

PROFILE = "h100"
os.environ["SCRATCHLAB_PROFILE"] = "h100"
os.environ["SCRATCHLAB_LABS"] = "/tmp"
os.environ["SCRATCHLAB_JUDGED"] = ""
