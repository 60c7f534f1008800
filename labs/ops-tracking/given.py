"""What the checks of ops-tracking need where the learner's code runs: references that stand in for earlier answers, and scenes."""

import hashlib
import itertools
import json
import os
import tempfile
from pathlib import Path

# ---- references ---------------------------------------------------------------------------------------------------------


class Tracker:
    """As in the lab: a tracker that keeps nothing."""

    def log(self, step, metrics):
        """Take the metrics of one step."""

    def finish(self, status):
        """End the run."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.finish("finished" if kind is None else "failed")


class Run(Tracker):
    """Reference."""

    def __init__(self, folder, config, environment, durable=False):
        folder.mkdir(parents=True)
        self.file = open(folder / "run.jsonl", "x", encoding="utf-8")  # noqa: SIM115
        self.write({"event": "start", "config": config, "environment": environment})

    def log(self, step, metrics):
        """Write the metrics of one step."""
        self.write({"event": "log", "step": int(step), "metrics": {name: float(value) for name, value in metrics.items()}})

    def finish(self, status):
        """Write the end, and close."""
        self.write({"event": "end", "status": status})
        self.file.close()

    def write(self, entry):
        """Append one line."""
        self.file.write(json.dumps(entry) + "\n")
        self.file.flush()


def read_run(folder):
    """Reference."""
    found = {"config": None, "environment": None, "metrics": {}, "status": "crashed"}
    *lines, _ = (folder / "run.jsonl").read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise ValueError(f"line {number} is damaged: {error}") from error
        if entry["event"] == "start":
            found |= {"config": entry["config"], "environment": entry["environment"]}
        elif entry["event"] == "log":
            for name, value in entry["metrics"].items():
                found["metrics"].setdefault(name, []).append((entry["step"], value))
        else:
            found["status"] = entry["status"]
    return found


def run_name(config):
    """As in the lab."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:10]


def set_aside(place):
    """As in the lab."""
    if place.exists():
        number = next(n for n in itertools.count(1) if not place.with_name(f"{place.name}.try-{n}").exists())
        place.rename(place.with_name(f"{place.name}.try-{number}"))


# ---- scenes: run --------------------------------------------------------------------------------------------------------


def text_in(folder):
    """What another program reads in a run's file right now; empty if there is none."""
    path = Path(folder) / "run.jsonl"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def watched(made, config, environment, logs, status, deep=False):
    """The text of the file after the beginning, after each (step, metrics) of logs, and after the end."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "a" / "b" if deep else Path(folder) / "a"
        run = made(place, config, environment)
        seen = [text_in(place)]
        for step, metrics in logs:
            run.log(step, metrics)
            seen.append(text_in(place))
        run.finish(status)
        return [*seen, text_in(place)]


def numpy_numbers(made, step, values):
    """Log a step as an int64, and metrics as a float32, a float64, an int64 and an int; returns the text of the file, or the error."""
    import numpy as np

    kinds = (np.float32, np.float64, np.int64, int)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "a"
        run = made(place, {}, {})
        try:
            run.log(np.int64(step), {kind.__name__ + " ": kind(value) for kind, value in zip(kinds, values, strict=True)})
        except TypeError as error:
            return {"error": str(error), "text": ""}
        finally:
            run.finish("finished")
        return {"error": "", "text": text_in(place)}


def second_in_folder(made):
    """Begin two runs in one folder: the error of the second (empty: none), and whether the first one's text was changed."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "a"
        first = made(place, {"rate": 0.5}, {})
        first.log(0, {"loss": 1.0})
        before, second, said = text_in(place), None, ""
        try:
            second = made(place, {"rate": 0.25}, {})
        except NotImplementedError:
            raise
        except Exception as error:
            said = type(error).__name__
        changed = text_in(place) != before
        for run in (first, second):
            if run is not None:
                run.finish("finished")
        return said, changed


def synced(made, steps, **named):
    """After the beginning and each step, the bytes of the file and how many of them os.fsync had been asked to bring to the disk."""
    reached, real = [0], {name: getattr(os, name) for name in ("fsync", "fdatasync") if hasattr(os, name)}

    def sync(name):
        def call(descriptor):
            number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
            reached[0] = os.fstat(number).st_size
            return real[name](descriptor)

        return call

    with tempfile.TemporaryDirectory() as folder:
        path, seen = Path(folder) / "a" / "run.jsonl", []
        try:
            for name in real:
                setattr(os, name, sync(name))
            run = made(path.parent, {"rate": 0.5}, {}, **named)
            seen.append((path.stat().st_size, reached[0]))
            for step in range(steps):
                run.log(step, {"loss": 1 / (step + 1)})
                seen.append((path.stat().st_size, reached[0]))
            run.finish("finished")
        finally:
            for name, function in real.items():
                setattr(os, name, function)
    return seen


def ended(made, how):
    """A run that ends in a `with` block, "well" or with an "error"; or by "finish", after which a step is logged.

    Returns the kind of error that came out of it (empty: none), and the text of the file.
    """
    with tempfile.TemporaryDirectory() as folder:
        place, said = Path(folder) / "a", ""
        try:
            if how == "finish":
                run = made(place, {}, {})
                run.log(0, {"loss": 1.0})
                run.finish("finished")
                run.log(1, {"loss": 0.5})
            else:
                with made(place, {}, {}) as run:
                    run.log(0, {"loss": 1.0})
                    if how == "error":
                        raise ZeroDivisionError
        except NotImplementedError:
            raise
        except Exception as error:
            said = type(error).__name__
        return said, text_in(place)


# ---- scenes: read -------------------------------------------------------------------------------------------------------


def read_all(read, contents):
    """What read() says of files with these contents, one after the other: each {"found": ...} or {"error": kind, "text": message}."""
    said = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        for content in contents:
            path.write_bytes(content)
            try:
                said.append({"found": read(Path(folder)), "changed": path.read_bytes() != content})
            except NotImplementedError:
                raise
            except Exception as error:
                said.append({"error": type(error).__name__, "text": str(error).replace(str(folder), "")})
    return said


# ---- scenes: fan-out ----------------------------------------------------------------------------------------------------


class Recorder:
    """A store that writes down what it is told, into a list shared by all; it raises at some calls, and may spoil what it gets."""

    def __init__(self, name, diary, broken=(), error=ConnectionError, spoils=False):
        self.name, self.diary, self.broken, self.error, self.spoils, self.calls = name, diary, broken, error, spoils, 0

    def log(self, step, metrics):
        """Write down a step, or raise."""
        self.note(("log", step, dict(metrics)))
        if self.spoils:
            metrics.clear()

    def finish(self, status):
        """Write down the end, or raise."""
        self.note(("finish", status))

    def note(self, entry):
        """Raise if it is time for it, else keep the entry."""
        number, self.calls = self.calls, self.calls + 1
        if number in self.broken:
            raise self.error(f"{self.name} is away at call {number}")
        self.diary.append((self.name, *entry))


def fanned(made, stores, logs, status):
    """Log and finish through a fan-out of recorders, stores: a list of (name, broken calls, kind of error, spoils).

    Returns the diary of all stores, the failures, those right after the beginning, how many of the metrics given were changed,
    and for each call the kind of error that came out of it (empty: none). A KeyboardInterrupt ends it.
    """
    diary, kinds = [], {"connection": ConnectionError, "key": KeyError, "interrupt": KeyboardInterrupt}
    recorders = {name: Recorder(name, diary, broken, kinds[kind], spoils) for name, broken, kind, spoils in stores}
    fan = made(recorders)
    first, raised, changed = {name: list(said) for name, said in fan.failures.items()}, [], 0
    calls = [lambda step=step, metrics=metrics: fan.log(step, metrics) for step, metrics in logs]
    copies = [dict(metrics) for _, metrics in logs]
    for call in [*calls, lambda: fan.finish(status)]:
        try:
            call()
            raised.append("")
        except NotImplementedError:
            raise
        except BaseException as error:
            raised.append(type(error).__name__)
            if isinstance(error, KeyboardInterrupt):
                break
    changed = sum(metrics != copy for (_, metrics), copy in zip(logs, copies, strict=True))
    failures = {name: [str(each) for each in said] for name, said in fan.failures.items()}
    return {"diary": diary, "failures": failures, "first": first, "changed": changed, "raised": raised}


# ---- scenes: adapter ----------------------------------------------------------------------------------------------------


class Client:
    """Keeps runs as an MlflowClient does, in memory; its calls take what the real ones take."""

    def __init__(self):
        self.runs = {}

    def create_run(self, experiment_id, start_time=None, tags=None, run_name=None):
        """Begin a run."""
        name = f"{len(self.runs):04d}-of-{experiment_id}"
        self.runs[name] = {"experiment": experiment_id, "params": {}, "points": [], "status": "RUNNING"}
        data = {"run_id": name, "run_uuid": name, "experiment_id": experiment_id, "status": "RUNNING"}
        return type("MadeRun", (), {"info": type("Info", (), data)()})()

    def log_param(self, run_id, key, value, synchronous=None):
        """Keep one setting as text."""
        self.runs[run_id]["params"][key] = str(value)

    def log_metric(self, run_id, key, value, timestamp=None, step=None, synchronous=None, **other):
        """Keep one point; without a step it is step 0, as in MLflow."""
        self.runs[run_id]["points"].append((key, step or 0, float(value)))

    def log_batch(self, run_id, metrics=(), params=(), tags=(), synchronous=None):
        """Keep many points and settings."""
        for each in metrics:
            self.log_metric(run_id, each.key, each.value, each.timestamp, each.step)
        for each in params:
            self.log_param(run_id, each.key, each.value)

    def set_tag(self, run_id, key, value, synchronous=None):
        """Take a tag."""

    def set_terminated(self, run_id, status=None, end_time=None):
        """End the run; FINISHED if nothing else is said."""
        self.runs[run_id]["status"] = status or "FINISHED"


def adapted(made, runs):
    """Pass several runs on to one client, their steps in turns; runs: a list of (experiment, config, logs, status).

    Returns what the client keeps of each run: at the beginning ("begun"), in the end, and how many runs it has.
    """
    client = Client()
    trackers = [made(client, experiment, config) for experiment, config, _, _ in runs]
    names = [tracker.run_id for tracker in trackers]
    begun = [name in client.runs and client.runs[name]["status"] == "RUNNING" for name in names]
    for turn in itertools.zip_longest(*(logs for _, _, logs, _ in runs)):
        for tracker, entry in zip(trackers, turn, strict=True):
            if entry is not None:
                tracker.log(*entry)
    for tracker, (*_, status) in zip(trackers, runs, strict=True):
        tracker.finish(status)
    return {"begun": begun, "kept": [client.runs.get(name) for name in names], "count": len(client.runs)}


# ---- scenes: sweep ------------------------------------------------------------------------------------------------------


def leave_behind(folder, config, status):
    """Put an earlier attempt into the folder: one that is "finished" or "failed", or "crashed", or "cut" in its first line."""
    run = Run(Path(folder) / run_name(config), config, {"attempt": "earlier"})
    run.log(77, {"loss": 77.0})
    if status in ("finished", "failed"):
        run.finish(status)
    run.file.close()
    if status == "cut":
        path = Path(folder) / run_name(config) / "run.jsonl"
        path.write_bytes(path.read_bytes()[:20])


def swept(sweep, sessions, before=(), failing=(), interrupting=()):
    """Several calls of sweep in one folder. sessions: lists of configs. before: (config, status) of attempts that lie there.

    The training of a config whose "rate" is in `failing` raises ValueError after its first step; one in `interrupting` raises
    KeyboardInterrupt the first time. Returns for each session the rates that were trained, what came back, and the error that came
    out; and the folder afterwards: the status and first step of each run by the folder's name.
    """
    trained, opened, waiting = [], [], list(interrupting)

    def train(config, tracker):
        trained[-1].append(config["rate"])
        tracker.log(0, {"loss": config["rate"]})
        if config["rate"] in failing:
            raise ValueError("diverged")
        if config["rate"] in waiting:
            waiting.remove(config["rate"])
            raise KeyboardInterrupt
        tracker.log(1, {"loss": config["rate"] / 2})

    def start(place, config):
        opened.append((Path(place).name, dict(config)))
        return Run(place, config, {"attempt": "new"})

    with tempfile.TemporaryDirectory() as folder:
        for config, status in before:
            leave_behind(folder, config, status)
        back, errors = [], []
        for configs in sessions:
            trained.append([])
            try:
                back.append(sweep(Path(folder), [dict(each) for each in configs], train, start))
                errors.append("")
            except NotImplementedError:
                raise
            except BaseException as error:
                back.append(None)
                errors.append(type(error).__name__)
        files = {}
        for path in sorted(Path(folder).rglob("run.jsonl")):
            found = read_run(path.parent)
            steps = [step for step, _ in found["metrics"].get("loss", [])]
            files[path.parent.relative_to(folder).as_posix()] = (found["status"], steps)
    return {"trained": trained, "back": back, "errors": errors, "files": files, "opened": opened}


# ---- scenes: draw -------------------------------------------------------------------------------------------------------


def drawn_often(draw, space, count, seed):
    """Many draws with one generator: the draws, the types of their values, and whether the space was changed."""
    import numpy as np

    rng, before = np.random.default_rng(seed), repr(space)
    draws = [draw(space, rng) for _ in range(count)]
    types = [{name: type(value).__name__ for name, value in each.items()} for each in draws]
    return {"draws": draws, "types": types if count <= 300 else [], "changed": repr(space) != before}
