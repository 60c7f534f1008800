"""What proves the answers of the lab ops-tracking right.

Each task is checked on its own: where a task builds on an earlier one, the reference of given.py stands in for it. The scenes of
given.py look at a run's file while the run goes on: what another program sees then is what a kill would leave. W&B and MLflow are
not needed here; a client of MLflow that keeps its runs in memory takes the place of the real one.
"""

import json
import math

import numpy as np

from scratchlab.checks import Wrong, beside, describe, expect, given, load_given, task

references = load_given(__file__)

run = task(
    "run",
    hints=(
        "Open the file once, write the start line in __init__, and let every line go through one small method that also flushes.",
        "A line is json.dumps(entry) + '\\n'; after it comes self.file.flush(), and with durable also os.fsync(self.file.fileno()).",
        "`folder.mkdir(parents=True)`; `self.file = open(folder / 'run.jsonl', 'x')`; in log: `{name: float(value) for name, value in "
        "metrics.items()}`; in finish, after the end line, `self.file.close()`",
    ),
)
read = task(
    "read",
    hints=(
        "Begin with a record of a run that crashed before its first line, and let every complete line change it.",
        "content.split(b'\\n'): the last piece is what stands after the last newline, empty or not; leave it out. Three kinds of events.",
        "`*lines, _ = (folder / 'run.jsonl').read_bytes().split(b'\\n')`; `for number, line in enumerate(lines, 1):` with json.loads in a "
        "`try`; `found['metrics'].setdefault(name, []).append((entry['step'], value))`",
    ),
)
fan_out = task(
    "fan-out",
    hints=(
        "One method that makes a call to every store in a `try`, and counts who took it; log and finish use it.",
        "except Exception as error: self.failures[name].append(repr(error)). After the loop: if nobody took it, raise RuntimeError.",
        "`self.failures = {name: [] for name in stores}`; `def each(self, call):` with `for name, store in self.stores.items():`; in log: "
        "`self.each(lambda store: store.log(step, dict(metrics)))`",
    ),
)
adapter = task(
    "adapter",
    hints=(
        "Follow the table from top to bottom: begin and settings in __init__, a metric at a time in log, the end in finish.",
        "Keep `client` and the run's id. Settings as json.dumps(value), metrics with step=step, the status in capital letters.",
        "`self.run_id = client.create_run(experiment_id).info.run_id`; `self.client.log_metric(self.run_id, name, value, step=step)`; "
        "`self.client.set_terminated(self.run_id, status.upper())`",
    ),
)
draw = task(
    "draw",
    hints=(
        "Ask first whether it is a list; otherwise the first entry of the tuple says which of two formulas.",
        "even: rng.uniform(low, high). log: draw the logarithm evenly, then exp. list: rng.integers(len(values)) is a place in it.",
        "`math.exp(rng.uniform(math.log(low), math.log(high)))`; `values[rng.integers(len(values))]`; `float(...)` around what NumPy gives",
    ),
)
sweep = task(
    "sweep",
    hints=(
        "A loop over the configs. Is there a finished run? Then only read it; otherwise set aside, make, and read.",
        "The condition: place does not exist, or read_run(place)['status'] != 'finished'. The `with` block stands inside the `try`.",
        "`try:` `with start(place, config) as tracker: train(config, tracker)`, `except Exception as error: print(...)`; after it, for "
        "every config, `found.append(read_run(place))`",
    ),
)


# ---- tools --------------------------------------------------------------------------------------------------------------


def scene(student, name):
    """A scene of given.py, where the learner's code is."""
    return beside(student, getattr(references, name))


def entries(text, tried):
    """The JSON objects of a text of JSON lines, or `Wrong`."""
    found = []
    for number, line in enumerate(text.split("\n")[:-1], 1):
        try:
            found.append(json.loads(line))
        except ValueError as error:
            look = "each line is one json.dumps(...), and a newline after it"
            raise Wrong(tried=tried, got=f"line {number}: {line[:80]!r}", expected="one JSON object", look=look) from error
    return found


def same(a, b):
    """Whether two values are equal, NaN to NaN, the sign of zero and the types of numbers included."""
    return repr(a) == repr(b)


def some_logs(rng, count):
    """Steps with metrics: the loss at each of them, the accuracy at every third."""
    logs = [(step, {"loss": float(rng.exponential())}) for step in range(count)]
    return [(step, metrics | ({"accuracy": float(rng.random())} if step % 3 == 0 else {})) for step, metrics in logs]


def lines_of(config, environment, logs, status=None):
    """The entries of a run's file."""
    start = {"event": "start", "config": config, "environment": environment}
    end = [{"event": "end", "status": status}] if status else []
    return [start, *({"event": "log", "step": step, "metrics": metrics} for step, metrics in logs), *end]


def file_of(config, environment, logs, status=None, **named):
    """The bytes of a run's file."""
    return "".join(json.dumps(each, **named) + "\n" for each in lines_of(config, environment, logs, status)).encode()


# ---- run ----------------------------------------------------------------------------------------------------------------


@run.property("the file holds a start line, a line for each step and an end line, as described")
def run_format(student, rng):
    config, logs = {"rate": float(rng.random()), "layers": [64, 10], "name": "größer"}, some_logs(rng, 7)
    for status in ("finished", "failed"):
        tried = f"a run with 7 steps that ends as {status!r}"
        text = scene(student, "watched")(student.Run, config, {"python": "3.11"}, logs, status, deep=True)[-1]
        expect(text, tried=tried, got="no file run.jsonl, or an empty one", expected="9 lines", look="folder / 'run.jsonl'")
        got, want = entries(text, tried), lines_of(config, {"python": "3.11"}, logs, status)
        expect(len(got) == len(want), tried=tried, got=f"{len(got)} lines", expected=f"{len(want)} lines", look="one line an event")
        for number, (mine, right) in enumerate(zip(got, want, strict=True), 1):
            look = "compare with the three kinds of lines in the text: names, order of the events, and nothing rounded"
            expect(mine == right, tried=f"{tried}; line {number}", got=str(mine)[:200], expected=str(right)[:200], look=look)


@run.property("settings and environment are in the file before the first step")
def run_start_first(student, rng):
    tried = "a look into the file after Run(folder, config, environment), before any step"
    first = scene(student, "watched")(student.Run, {"rate": 0.5}, {"python": "3.11"}, [], "failed")[0]
    got = entries(first, tried)
    look = "write the start line in __init__, and flush it: a run that dies in its first step has settings, too"
    expect(
        len(got) == 1 and got[0].get("config") == {"rate": 0.5}, tried=tried, got=f"{len(got)} lines", expected="the start line", look=look
    )


@run.property("each step is in the file as soon as log() is done")
def run_at_once(student, rng):
    count = int(rng.integers(5, 12))
    seen = scene(student, "watched")(student.Run, {}, {}, some_logs(rng, count), "finished")[1:-1]
    for number, text in enumerate(seen, 1):
        tried = f"a look into the file from outside after step {number}, while the run goes on"
        look = "flush() after every line: what is still in Python's memory dies with the process"
        got = sum(each.get("event") == "log" for each in entries(text, tried))
        expect(got == number, tried=tried, got=f"{got} steps", expected=f"{number}", look=look)


@run.property("NumPy's numbers, NaN and infinities are logged as floats")
def run_numbers(student, rng):
    values, step = [0.1, float(rng.normal()), int(rng.integers(100)), int(rng.integers(100))], int(rng.integers(1000))
    tried = "step as an int64; metrics as float32, float64, int64 and int"
    said = scene(student, "numpy_numbers")(student.Run, step, values)
    look = "float(value) for every metric, int(step) for the step: JSON does not know NumPy's types"
    expect(not said["error"], tried=tried, got=f"TypeError: {said['error']}", expected="a line", look=look)
    line = next((each for each in entries(said["text"], tried) if each.get("event") == "log"), {})
    want = [float(np.float32(values[0])), *map(float, values[1:])]
    expect(same(list(line.get("metrics", {}).values()), want), tried=tried, got=str(line)[:200], expected=f"the values {want}", look=look)
    expect(same(line.get("step"), step), tried=tried, got=f"step {line.get('step')!r}", expected=f"step {step}", look=look)
    odd = {"a": math.nan, "b": math.inf, "c": -math.inf}
    tried = "the metrics NaN, +infinity and -infinity"
    text = scene(student, "watched")(student.Run, {}, {}, [(0, odd)], "finished")[-1]
    line = next((each for each in entries(text, tried) if each.get("event") == "log"), {})
    look = "these are legal values: leave none out, and do not turn them into None or text"
    expect(same(line.get("metrics"), odd), tried=tried, got=str(line.get("metrics")), expected=str(odd), look=look)


@run.property("a folder that has a run already is refused, and that run is unharmed")
def run_new_folder(student, rng):
    tried = "a second Run in the folder of a first one"
    said, changed = scene(student, "second_in_folder")(student.Run)
    look = "call folder.mkdir(parents=True) first, without exist_ok: it raises if the folder is there"
    expect(not changed, tried=tried, got="the first run's file was changed", expected="it as it was", look=look)
    expect(said == "FileExistsError", tried=tried, got=said or "no error", expected="FileExistsError", look=look)


@run.property("with durable=True every line is synced to the disk, otherwise none is")
def run_durable(student, rng):
    steps = int(rng.integers(3, 7))
    for size, reached in scene(student, "synced")(student.Run, steps, durable=True):
        tried = "durable=True; how much of the file os.fsync was asked to bring to the disk, after every line"
        look = "first flush, then os.fsync(self.file.fileno()), after every line: the other way round the last line stays behind"
        expect(reached == size > 0, tried=tried, got=f"{reached} of {size} bytes", expected="all of them, and more than none", look=look)
    tried = "a run without durable; calls of os.fsync"
    reached = max(reached for _, reached in scene(student, "synced")(student.Run, steps))
    look = "durable is False unless asked for: syncing every step can cost more than the step"
    expect(reached == 0, tried=tried, got="some", expected="none", look=look)


@run.property("finish closes the run, and a `with` block ends it as finished or failed")
def run_ends(student, rng):
    for how, error, status in (("well", "", "finished"), ("error", "ZeroDivisionError", "failed")):
        tried = "a `with Run(...)` block" + (" that an error leaves" if error else "")
        said, text = scene(student, "ended")(student.Run, how)
        look = "Tracker's __exit__ calls finish; make Run from it, and let the error go on"
        expect(said == error, tried=tried, got=said or "no error came out", expected=error or "no error", look=look)
        ends = [each for each in entries(text, tried) if each.get("event") == "end"]
        got = str([each.get("status") for each in ends])
        expect(got == str([status]), tried=tried, got=f"end lines {got}", expected=f"one, {status!r}", look=look)
    tried = "log() after finish()"
    said, text = scene(student, "ended")(student.Run, "finish")
    look = "close the file in finish: writing to a closed file raises ValueError"
    last = entries(text, tried)[-1:]
    right = said == "ValueError" and bool(last) and last[0].get("event") == "end"
    expect(right, tried=tried, got=said or "no error", expected="ValueError, and the end line still the last", look=look)


# ---- read ---------------------------------------------------------------------------------------------------------------

PARTS = {"config", "environment", "metrics", "status"}


def found_in(student, content, tried):
    """What read_run finds in a file with this content."""
    return checked(scene(student, "read_all")(student.read_run, [content])[0], tried)


def checked(said, tried):
    """The record among what a scene said, with its pairs as tuples; `Wrong` if there is none."""
    if "error" in said:
        look = "a half line at the end is no damage: leave out what stands after the last newline"
        if said["error"] == "UnicodeDecodeError":
            look = "read bytes and split them at b'\\n' before anything is decoded: the half character stands after the last newline"
        raise Wrong(tried=tried, got=f"{said['error']}: {said['text']}", expected="a record", look=look)
    found = said["found"]
    if not isinstance(found, dict) or set(found) != PARTS or not isinstance(found["metrics"], dict):
        raise Wrong(tried=tried, got=describe(found), expected=f"a dictionary with {', '.join(sorted(PARTS))}", look="see the docstring")
    expect(not said["changed"], tried=tried, got="the file was changed", expected="a reader that only reads", look="open it for reading")
    return found | {"metrics": {name: [tuple(pair) for pair in pairs] for name, pairs in found["metrics"].items()}}


def curves(logs):
    """The metrics of some logs, as read_run returns them."""
    metrics = {}
    for step, values in logs:
        for name, value in values.items():
            metrics.setdefault(name, []).append((step, value))
    return metrics


def expect_record(found, want, *, tried, look):
    for part in ("config", "environment", "status"):
        expect(
            same(found[part], want[part]), tried=f"{tried}; {part}", got=repr(found[part])[:200], expected=repr(want[part])[:200], look=look
        )
    got = {name: list(pairs) for name, pairs in found["metrics"].items()}
    for name, pairs in want["metrics"].items():
        shown = repr(got.get(name))[:200]
        expect(same(got.get(name), pairs), tried=f"{tried}; the metric {name}", got=shown, expected=repr(pairs)[:200], look=look)
    expect(set(got) == set(want["metrics"]), tried=tried, got=str(sorted(got)), expected=str(sorted(want["metrics"])), look=look)


@read.property("a run that ended is read back as it was logged")
def read_whole(student, rng):
    config, environment = {"rate": float(rng.random()), "layers": [3, 4], "none": None}, {"python": "3.11", "changed": True}
    logs = [*some_logs(rng, 9), (4, {"loss": 0.25, "late": 1.5}), (4, {"loss": 0.125})]
    for status in ("finished", "failed"):
        tried = f"a {status} run of 9 steps; after it step 4 twice more, with other values"
        found = found_in(student, file_of(config, environment, logs, status), tried)
        want = {"config": config, "environment": environment, "metrics": curves(logs), "status": status}
        look = "every pair (step, value) in the order of the lines, none merged, none sorted; the status is that of the end line"
        expect_record(found, want, tried=tried, look=look)


@read.property("without an end line the status is crashed")
def read_crashed(student, rng):
    logs = some_logs(rng, int(rng.integers(0, 6)))
    tried = f"a file with {len(logs)} steps and no end line"
    found = found_in(student, file_of({"rate": 0.5}, {}, logs), tried)
    look = "begin with 'crashed', and let only an end line change it: the dead do not write"
    expect_record(found, {"config": {"rate": 0.5}, "environment": {}, "metrics": curves(logs), "status": "crashed"}, tried=tried, look=look)


@read.property("cut off at any byte, a file gives all its complete lines")
def read_cut(student, rng):
    config, logs = {"rate": 0.5}, some_logs(rng, 4)
    content = file_of(config, {}, logs, "finished")
    first = content.index(b"\n") + 1
    places = range(first, len(content))
    said = scene(student, "read_all")(student.read_run, [content[:place] for place in places])
    for place, each in zip(places, said, strict=True):
        whole = content[:place].count(b"\n") - 1
        tried = f"a file that was cut at byte {place}, after {whole} complete steps"
        want = {"config": config, "environment": {}, "metrics": curves(logs[:whole]), "status": "crashed"}
        look = "what stands after the last newline is left out, even if it looks complete; all that stands before it counts"
        expect_record(checked(each, tried), want, tried=tried, look=look)


@read.property("cut off in its first line, a run has no settings")
def read_first_line(student, rng):
    content = file_of({"rate": 0.5}, {"python": "3.11"}, [])
    for place in (0, 1, int(rng.integers(2, len(content) - 1)), len(content) - 1):
        tried = f"a file of which only {place} bytes of the first line are left"
        want = {"config": None, "environment": None, "metrics": {}, "status": "crashed"}
        look = "config and environment start as None, and the start line fills them in, if it is complete"
        expect_record(found_in(student, content[:place], tried), want, tried=tried, look=look)


@read.property("half a character at the end does no harm")
def read_half_character(student, rng):
    logs = [(0, {"größe": 1.5}), (1, {"größe": 2.5})]
    content = file_of({"name": "größer"}, {}, logs, ensure_ascii=False)
    place = content.rindex("ö".encode()) + 1
    tried = "a file that was cut between the two bytes of an ö"
    want = {"config": {"name": "größer"}, "environment": {}, "metrics": curves(logs[:1]), "status": "crashed"}
    look = "read bytes and split them at b'\\n' before anything is decoded"
    expect_record(found_in(student, content[:place], tried), want, tried=tried, look=look)


@read.property("a damaged line that is complete is an error, with its number")
def read_damaged(student, rng):
    lines = file_of({"rate": 0.5}, {}, some_logs(rng, 14), "finished").split(b"\n")
    for number in (int(rng.integers(3, 9)), int(rng.integers(11, 15)), 15):
        broken = list(lines if number < 15 else [*lines[:15], b""])
        broken[number - 1] = broken[number - 1][:20]
        tried = f"a file whose line {number} of {len(broken) - 1} lost its second half but not its newline"
        said = scene(student, "read_all")(student.read_run, [b"\n".join(broken)])[0]
        look = "no kill leaves that behind: raise ValueError, and name the line; only what has no newline is left out"
        got = "a record" if "found" in said else f"{said['error']}: {said['text']}"
        plain = "JSONDecodeError" not in got or "line 1 column" not in got
        right = "error" in said and said["error"] in ("ValueError", "JSONDecodeError") and plain and str(number) in got.split("column")[0]
        expect(right, tried=tried, got=got, expected=f"ValueError that names line {number}", look=look)


@read.property("NaN, infinities and all digits come back")
def read_exact(student, rng):
    logs = [(0, {"x": math.nan}), (1, {"x": math.inf}), (2, {"x": -math.inf}), (3, {"x": -0.0}), (4, {"x": 0.1 + 0.2})]
    tried = "the values NaN, inf, -inf, -0.0 and 0.1 + 0.2"
    found = found_in(student, file_of({}, {}, logs, "finished"), tried)
    look = "leave no value out and round none: the step at which a loss became NaN is the one to find"
    expect_record(found, {"config": {}, "environment": {}, "metrics": curves(logs), "status": "finished"}, tried=tried, look=look)


# ---- fan-out ------------------------------------------------------------------------------------------------------------

NAMES = ("file", "server", "cloud")


def fanned(student, broken, logs, status="finished", kind="connection", spoils=()):
    """What becomes of logs in three stores of which some are broken at some calls."""
    stores = [(name, tuple(broken.get(name, ())), kind, name in spoils) for name in NAMES]
    return scene(student, "fanned")(student.FanOut, stores, logs, status)


def told(said, name):
    """What one store was told."""
    return [tuple(each[1:]) for each in said["diary"] if each[0] == name]


def calls_of(logs, status="finished"):
    """What a store is told of these logs."""
    return [*(("log", step, metrics) for step, metrics in logs), ("finish", status)]


def expect_told(said, name, want, *, tried, look):
    got = told(said, name)
    missing = [each for each in want if each not in got]
    shown = f"missing: {missing[0]}" if missing else f"{len(got)} calls, in another order or too many"
    expect(same(got, want), tried=f"{tried}; the store {name!r}", got=shown, expected=f"{len(want)} calls", look=look)


@fan_out.property("every store gets every step and the end, in order")
def fan_everything(student, rng):
    logs = some_logs(rng, int(rng.integers(3, 7)))
    for status in ("finished", "failed"):
        tried = f"{len(logs)} steps and finish({status!r}) with three stores"
        said = fanned(student, {}, logs, status)
        expect(not any(said["raised"]), tried=tried, got=f"{max(said['raised'])} came out", expected="no error", look="all stores are well")
        for name in NAMES:
            look = "log hands step and metrics to each store, finish the status"
            expect_told(said, name, calls_of(logs, status), tried=tried, look=look)


@fan_out.property("a store that fails stops neither the training nor the others")
def fan_failing_store(student, rng):
    logs = some_logs(rng, 4)
    for kind in ("connection", "key"):
        for name in NAMES:
            tried = f"three stores, of which {name!r} raises at every step"
            said = fanned(student, {name: range(4)}, logs, kind=kind)
            look = "each store in a `try` of its own, with `except Exception`; the loop goes on after it"
            out = [each for each in said["raised"][:4] if each]
            expect(not out, tried=tried, got=f"{out[:1]} came out of log()", expected="no error", look=look)
            for other in NAMES:
                if other != name:
                    expect_told(said, other, calls_of(logs), tried=tried, look=look)


@fan_out.property("a store that fails to finish does not keep the others from finishing")
def fan_finish(student, rng):
    logs = some_logs(rng, 2)
    for name in NAMES:
        tried = f"finish() with three stores, of which {name!r} raises"
        said = fanned(student, {name: [2]}, logs)
        look = "finish needs the same care as log"
        expect(not said["raised"][-1], tried=tried, got=f"{said['raised'][-1]} came out", expected="no error", look=look)
        for other in NAMES:
            if other != name:
                expect_told(said, other, calls_of(logs), tried=tried, look=look)


@fan_out.property("a store that failed is called again: networks come back")
def fan_calls_again(student, rng):
    logs = some_logs(rng, 6)
    tried = "a store that is away at the steps 1 and 2 of 6"
    said = fanned(student, {"server": [1, 2]}, logs)
    look = "do not take the store out of the list: at the next step it may be back"
    expect_told(said, "server", [each for place, each in enumerate(calls_of(logs)) if place not in (1, 2)], tried=tried, look=look)


@fan_out.property("failures names every store and keeps every error")
def fan_failures(student, rng):
    tried = "FanOut(...).failures right at the beginning"
    logs = some_logs(rng, 4)
    said = fanned(student, {"server": [1, 4], "cloud": [2]}, logs)
    empty = {name: [] for name in NAMES}
    expect(said["first"] == empty, tried=tried, got=str(said["first"]), expected=str(empty), look="a list for each store, in __init__")
    want = {"file": [], "server": [repr(ConnectionError(f"server is away at call {n}")) for n in (1, 4)]}
    want["cloud"] = [repr(ConnectionError("cloud is away at call 2"))]
    tried = "failures after two errors of 'server' (one of them in finish) and one of 'cloud'"
    look = "append repr(error) to self.failures[name], also in finish: an error that nobody writes down has not happened"
    expect(said["failures"] == want, tried=tried, got=str(said["failures"]), expected=str(want), look=look)


@fan_out.property("each store gets a dictionary of its own")
def fan_own_copy(student, rng):
    logs = some_logs(rng, 3)
    tried = "three stores, of which the first and the second empty the dictionary that they are given"
    said = fanned(student, {}, logs, spoils=("file", "server"))
    look = "hand over dict(metrics), a new one for each store: one copy for all of them is shared, too"
    expect(said["changed"] == 0, tried=tried, got="the caller's dictionary was changed", expected="it as it was", look=look)
    for name in NAMES:
        expect_told(said, name, calls_of([(step, metrics) for step, metrics in logs]), tried=tried, look=look)


@fan_out.property("Ctrl-C goes through")
def fan_interrupt(student, rng):
    tried = "a KeyboardInterrupt while a store writes"
    said = fanned(student, {"server": [1]}, some_logs(rng, 3), kind="interrupt")
    look = "`except Exception`: KeyboardInterrupt is not one of these, and is meant for the whole program"
    expect("KeyboardInterrupt" in said["raised"], tried=tried, got="it was caught", expected="KeyboardInterrupt comes out", look=look)


@fan_out.property("if no store takes a step, RuntimeError is raised")
def fan_nobody(student, rng):
    logs = some_logs(rng, 3)
    said = fanned(student, dict.fromkeys(NAMES, (1, 3)), logs)
    look = "count who took it; if nobody did, raise RuntimeError, after all of them were asked. One taker is enough"
    for place, what in ((1, "log()"), (3, "finish()")):
        tried = f"{what} when all three stores raise"
        got = said["raised"][place]
        expect(got == "RuntimeError", tried=tried, got=got or "no error", expected="RuntimeError", look=look)
    tried = "log() before and after the one that no store took"
    expect(
        not said["raised"][0] and not said["raised"][2], tried=tried, got="an error", expected="none: each call is judged anew", look=look
    )
    tried = "failures after two calls that no store took"
    expect(
        all(len(each) == 2 for each in said["failures"].values()), tried=tried, got=str(said["failures"]), expected="2 for each", look=look
    )
    tried = "a call that only one of three stores takes"
    said = fanned(student, {"file": [1], "server": [1]}, logs)
    expect(not any(said["raised"]), tried=tried, got="an error", expected="none: there is a record", look=look)


# ---- adapter ------------------------------------------------------------------------------------------------------------


def adapted(student, *runs):
    """What a client keeps of these runs."""
    return scene(student, "adapted")(student.MLflowTracker, list(runs))


def expect_kept(said, number, tried):
    """What the client keeps under the run_id of a tracker, or `Wrong`."""
    kept = said["kept"][number]
    look = "self.run_id = client.create_run(experiment_id).info.run_id, and this id in every call"
    expect(kept is not None, tried=tried, got="a run_id that the client does not know", expected="the id of its run", look=look)
    return kept


@adapter.property("a run begins at once, in the experiment that was named")
def adapter_begins(student, rng):
    name = str(int(rng.integers(1000)))
    tried = f"MLflowTracker(client, {name!r}, config), before any step"
    said = adapted(student, (name, {}, [], "finished"))
    look = "call create_run in __init__, once, with experiment_id"
    kept = expect_kept(said, 0, tried)
    expect(said["begun"] == [True] and said["count"] == 1, tried=tried, got=f"{said['count']} runs", expected="one that runs", look=look)
    expect(kept["experiment"] == name, tried=tried, got=f"experiment {kept['experiment']!r}", expected=repr(name), look=look)


@adapter.property("settings come back from their JSON text as they were")
def adapter_settings(student, rng):
    config = {"rate": float(rng.random()), "width": 16, "name": "tanh", "none": None, "yes": True, "layers": [64, 10]}
    tried = f"the settings {config}"
    params = expect_kept(adapted(student, ("1", config, [], "finished")), 0, tried)["params"]
    look = "log_param(run_id, name, json.dumps(value)): str(value) makes None and 'None' the same"
    expect(set(params) == set(config), tried=tried, got=f"parameters {sorted(params)}", expected=str(sorted(config)), look=look)
    for name, value in config.items():
        expect(
            params[name] == json.dumps(value), tried=f"{tried}; {name}", got=repr(params[name]), expected=repr(json.dumps(value)), look=look
        )


@adapter.property("every metric is logged under the number of its step")
def adapter_steps(student, rng):
    logs = [(5 * step + 3, metrics) for step, metrics in some_logs(rng, 6)] + [(99, {"loss": math.nan, "other": math.inf})]
    tried = "steps 3, 8, 13, ..., 99, the last one with NaN and infinity"
    points = [tuple(each) for each in expect_kept(adapted(student, ("1", {}, logs, "finished")), 0, tried)["points"]]
    steps = {step for _, step, _ in points}
    look = (
        "log_metric(..., step=step): without it every point lands on step 0"
        if steps == {0}
        else "each metric of each step, with its own step"
    )
    want = [(name, step, value) for step, metrics in logs for name, value in metrics.items()]
    expect(same(sorted(points, key=repr), sorted(want, key=repr)), tried=tried, got=str(points)[:200], expected=str(want)[:200], look=look)


@adapter.property("the status reaches MLflow in its own words")
def adapter_status(student, rng):
    for status, word in (("finished", "FINISHED"), ("failed", "FAILED")):
        tried = f"finish({status!r})"
        got = expect_kept(adapted(student, ("1", {}, [(0, {"loss": 1.0})], status)), 0, tried)["status"]
        look = "set_terminated(run_id, status.upper()); without a status, MLflow takes every run for finished"
        expect(got == word, tried=tried, got=repr(got), expected=repr(word), look=look)


@adapter.property("two runs with one client stay apart")
def adapter_apart(student, rng):
    first, second = [(0, {"loss": 1.0}), (1, {"loss": 2.0})], [(0, {"loss": 3.0})]
    tried = "two trackers with one client, which log in turns"
    said = adapted(student, ("1", {"rate": 0.1}, first, "finished"), ("1", {"rate": 0.2}, second, "failed"))
    look = "keep the run's id in self, not in the class or in a global name"
    for number, (rate, logs, status) in enumerate((("0.1", first, "FINISHED"), ("0.2", second, "FAILED"))):
        kept = expect_kept(said, number, tried)
        got = (kept["params"].get("rate"), len(kept["points"]), kept["status"].upper())
        expect(got == (rate, len(logs), status), tried=tried, got=str(got), expected=str((rate, len(logs), status)), look=look)


# ---- draw ---------------------------------------------------------------------------------------------------------------


def drawn(student, space, count, seed):
    """Many draws from one generator, made where the learner's code is."""
    return scene(student, "drawn_often")(student.draw, space, count, seed)


def share_below(values, limit):
    """The share of values below a limit."""
    return float(np.mean(np.array(values, dtype=float) < limit))


def expect_share(share, want, count, *, tried, look):
    """`Wrong` unless a share of `count` draws is within five standard deviations of what is wanted."""
    slack = 5 * math.sqrt(want * (1 - want) / count)
    fine = abs(share - want) <= slack
    expect(fine, tried=tried, got=f"{share:.0%}", expected=f"about {want:.0%}", look=look)


@draw.property("every setting is drawn, within its range, as a number that JSON knows")
def draw_names(student, rng):
    space = {"b": ("log", 1e-4, 1e-1), "a": ("even", -2.0, 3.0), "c": [8, 16.5, "relu", None]}
    tried = f"300 draws from {space}"
    said = drawn(student, space, 300, int(rng.integers(2**31)))
    expect(not said["changed"], tried=tried, got="space was changed", expected="space as it was", look="fill a new dictionary")
    for each, types in zip(said["draws"], said["types"], strict=True):
        expect(list(each) == list(space), tried=tried, got=str(list(each)), expected=str(list(space)), look="the names, in their order")
        inside = 1e-4 <= each["b"] <= 1e-1 and -2 <= each["a"] <= 3
        look = "which numbers does the tuple hold, and is the logarithm undone with exp?"
        expect(inside, tried=tried, got=str(each), expected="values in their ranges", look=look)
        entry = next((value for value in space["c"] if same(value, each["c"])), "none")
        right = types["b"] == types["a"] == "float" and entry != "none" and types["c"] == type(entry).__name__
        look = "float(...) around what NumPy returns; entries of a list as they are, and not through a NumPy array, as rng.choice does"
        expect(right, tried=tried, got=f"{each}, types {types}", expected="Python's own numbers, and entries of the list", look=look)


@draw.property("an even range is drawn evenly")
def draw_even(student, rng):
    low, high, count = float(rng.uniform(-3, 0)), float(rng.uniform(1, 5)), 2000
    values = [each["x"] for each in drawn(student, {"x": ("even", low, high)}, count, int(rng.integers(2**31)))["draws"]]
    for share in (0.1, 0.5, 0.9):
        limit = low + share * (high - low)
        tried = f"{count} draws from ('even', {low:.2f}, {high:.2f}); those below {limit:.2f}"
        expect_share(share_below(values, limit), share, count, tried=tried, look="rng.uniform(low, high)")


@draw.property("a log range is drawn evenly on the logarithmic scale")
def draw_log(student, rng):
    low, high, count = 10 ** float(rng.uniform(-5, -3)), 10 ** float(rng.uniform(-1, 1)), 2000
    values = [each["x"] for each in drawn(student, {"x": ("log", low, high)}, count, int(rng.integers(2**31)))["draws"]]
    for share in (0.5, 0.1, 0.9):
        limit = low * (high / low) ** share
        tried = f"{count} draws from ('log', {low:.1e}, {high:.1e}); those below {limit:.1e}"
        look = "draw the logarithm evenly between log(low) and log(high), then take exp: drawn evenly, small values hardly ever come"
        expect_share(share_below(values, limit), share, count, tried=tried, look=look)


@draw.property("the entries of a list are equally likely, whatever they are")
def draw_list(student, rng):
    count = 2000
    for entries in (["log", 0.5, 2.0], ["even", 1, 2, 3], [7]):
        values = [each["x"] for each in drawn(student, {"x": entries}, count, int(rng.integers(2**31)))["draws"]]
        for entry in entries:
            tried = f"{count} draws from the list {entries}; the entry {entry!r}"
            look = "a list is a list, even if it begins with 'log'; rng.integers(len(values)) is a place in it, the last one included"
            expect_share(sum(value == entry for value in values) / count, 1 / len(entries), count, tried=tried, look=look)


@draw.property("the generator decides, and nothing else")
def draw_generator(student, rng):
    space, seed = {"x": ("log", 0.1, 10.0), "y": ("even", 0.0, 1.0), "z": list(range(50))}, int(rng.integers(2**31))
    one, two, other = (drawn(student, space, 5, each)["draws"] for each in (seed, seed, seed + 1))
    tried = "five draws with a generator of the same seed, twice"
    look = "use `rng` for every draw: no other generator, no seed inside draw"
    expect(one == two, tried=tried, got="different settings", expected="the same settings", look=look)
    tried = "five draws one after the other, and five with another seed"
    all_of_them = [str(each) for each in one + other]
    expect(len(set(all_of_them)) == 10, tried=tried, got="some are the same", expected="ten different ones", look=look)
    tried = "one draw of two settings with the same range"
    each = drawn(student, {"x": ("even", 0.0, 1.0), "y": ("even", 0.0, 1.0)}, 1, seed)["draws"][0]
    expect(each["x"] != each["y"], tried=tried, got=str(each), expected="two different numbers", look="a new draw for every setting")


# ---- sweep --------------------------------------------------------------------------------------------------------------


def rates(rng, count):
    """Configs that differ in their rate."""
    return [{"rate": float(rate), "width": 8} for rate in rng.permutation(50)[:count] + 1]


def swept(student, sessions, **named):
    """Calls of sweep in one folder, with the references in place of the earlier answers."""
    with given(student, Run=references.Run, read_run=references.read_run):
        return scene(student, "swept")(student.sweep, sessions, **named)


def numbers(configs):
    """The rates of configs."""
    return [each["rate"] for each in configs]


def expect_back(said, session, configs, tried, statuses=None):
    """`Wrong` unless a session returned the new records of these configs, in order."""
    records = said["back"][session]
    expect(
        not said["errors"][session], tried=tried, got=f"{said['errors'][session]} came out", expected="no error", look="read the message"
    )
    look = "one record for every config, skipped or made or failed: append read_run(place) in every turn of the loop"
    count = len(records) if isinstance(records, list | tuple) else describe(records)
    expect(count == len(configs), tried=tried, got=f"{count} records", expected=f"a list of {len(configs)}", look=look)
    for place, (mine, config) in enumerate(zip(records, configs, strict=True)):
        got = mine.get("config") if isinstance(mine, dict) else describe(mine)
        expect(got == config, tried=f"{tried}; record {place}", got=str(got), expected=f"the record of {config}", look=look)
        want = statuses[place] if statuses else "finished"
        expect(mine.get("status") == want, tried=f"{tried}; record {place}", got=f"status {mine.get('status')}", expected=want, look=look)


@sweep.property("every config is trained once, in its own folder, and read back in order")
def sweep_all(student, rng):
    configs = rates(rng, 5)
    tried = "a sweep of 5 configs in an empty folder"
    said = swept(student, [configs])
    expect_back(said, 0, configs, tried)
    look = "for config in configs: ... train(config, tracker)"
    expect(
        said["trained"][0] == numbers(configs), tried=tried, got=f"trained {said['trained'][0]}", expected=str(numbers(configs)), look=look
    )
    names = {references.run_name(each): ("finished", [0, 1]) for each in configs}
    got = {name: (status, list(steps)) for name, (status, steps) in said["files"].items()}
    look = "start(folder / run_name(config), config), and the tracker in a `with` block, so that it ends"
    expect(got == names, tried=f"{tried}; the runs in the folder", got=str(got)[:200], expected=str(names)[:200], look=look)


@sweep.property("finished runs are not made again")
def sweep_skips(student, rng):
    configs = rates(rng, 5)
    tried = "a second call of sweep with the same configs, in another order, and one more"
    again = [configs[3], configs[0], {"rate": 99.0, "width": 8}, configs[4], configs[1], configs[2]]
    said = swept(student, [configs, again])
    look = "skip a config whose run is finished; the folder's name depends on the settings, never on the place in the list"
    expect(said["trained"][1] == [99.0], tried=tried, got=f"trained {said['trained'][1]}", expected="only the new one", look=look)
    expect_back(said, 1, again, tried)


@sweep.property("other settings at the same place in the list are another run")
def sweep_other_settings(student, rng):
    configs = rates(rng, 3)
    others = [each | {"width": 16} for each in configs]
    tried = "a second call with the same rates and another width"
    said = swept(student, [configs, others])
    look = "folder / run_name(config): the name stands for all settings"
    expect(said["trained"][1] == numbers(others), tried=tried, got=f"trained {said['trained'][1]}", expected="all three", look=look)
    expect_back(said, 1, others, tried)


@sweep.property("a crashed attempt is set aside, kept, and made anew")
def sweep_crashed(student, rng):
    configs = rates(rng, 4)
    before = [(configs[0], "finished"), (configs[1], "crashed"), (configs[2], "cut")]
    tried = "a folder with one finished, one crashed run and one that died in its first line, of 4 configs"
    said = swept(student, [configs], before=before)
    look = "only 'finished' counts as done: call set_aside(place) before start(place, config)"
    expect(
        said["trained"][0] == numbers(configs[1:]), tried=tried, got=f"trained {said['trained'][0]}", expected="the other three", look=look
    )
    expect_back(said, 0, configs, tried)
    name = references.run_name(configs[1])
    steps = list(said["files"].get(name, ("", []))[1])
    look = "the steps of two attempts in one record are worse than none: the new attempt needs a new folder"
    expect(steps == [0, 1], tried=f"{tried}; the steps of the run made anew", got=str(steps), expected="[0, 1]", look=look)
    kept = [each for each, (_, steps) in said["files"].items() if list(steps) == [77] and each != references.run_name(configs[0])]
    look = "set_aside(place) renames the attempt; do not delete it: how often you tried belongs to the result"
    expect(len(kept) == 1, tried=f"{tried}; the record of the crashed attempt", got="it is gone", expected="it is kept", look=look)


@sweep.property("a run that fails is recorded as failed, and the sweep goes on")
def sweep_failing(student, rng):
    configs = rates(rng, 4)
    bad = configs[1]["rate"]
    tried = "a sweep of 4 configs, of which the second raises ValueError in its training"
    said = swept(student, [configs], failing=[bad])
    look = "`try:` around the `with` block, `except Exception`; the block itself makes the run end as failed"
    expect(said["trained"][0] == numbers(configs), tried=tried, got=f"trained {said['trained'][0]}", expected="all four", look=look)
    expect_back(said, 0, configs, tried, ["finished", "failed", "finished", "finished"])


@sweep.property("a failed run is tried again the next time")
def sweep_retries(student, rng):
    configs = rates(rng, 3)
    tried = "a folder with a failed run of one of 3 configs"
    said = swept(student, [configs], before=[(configs[1], "failed")])
    look = "only 'finished' counts as done"
    expect(said["trained"][0] == numbers(configs), tried=tried, got=f"trained {said['trained'][0]}", expected="all three", look=look)
    expect_back(said, 0, configs, tried)


@sweep.property("Ctrl-C ends the sweep, and the next call goes on from there")
def sweep_interrupted(student, rng):
    configs = rates(rng, 5)
    place = int(rng.integers(1, 4))
    tried = f"a sweep of 5 configs with a KeyboardInterrupt in run {place + 1}, and a second call"
    said = swept(student, [configs, configs], interrupting=[configs[place]["rate"]])
    look = "`except Exception`, not a bare `except:`, lets KeyboardInterrupt through"
    expect(said["errors"][0] == "KeyboardInterrupt", tried=tried, got="it was caught", expected="KeyboardInterrupt comes out", look=look)
    made, want = said["trained"][1], numbers(configs[place:])
    expect(made == want, tried=tried, got=f"the second call trained {made}", expected=str(want), look="only 'finished' counts as done")
    expect_back(said, 1, configs, tried)
