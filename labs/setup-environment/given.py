"""References of the lab setup-environment, and the scenes in which the checks put the learner's functions: folders, damaged files,
processes that are killed. All of it runs where the learner's code is; its text is sent there when a grader judges from outside.
It needs nothing but NumPy. Every file lies in a temporary folder, every child is waited for, and none lives longer than LIMIT.
"""

import builtins
import copy
import hashlib
import io
import json
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np

LIMIT = 20  # seconds that a child may take


# ---- what the lab gives ------------------------------------------------------------------------------------------------


def sigmoid(z):
    """The sigmoid."""
    return 0.5 * (1.0 + np.tanh(0.5 * z))


def accuracy(net, X, t):
    """The share of right answers."""
    return float(np.mean((sigmoid(sigmoid(X @ net["W"] + net["b"]) @ net["v"] + net["c"]) > 0.5) == (t > 0.5)))


def begin(settings, data):
    """A fresh run."""
    rng, (d, m) = np.random.default_rng(settings["seed"]), (data["X"].shape[1], settings["hidden"])
    v = rng.standard_normal(m) / np.sqrt(m)
    net = {"W": rng.standard_normal((d, m)) / np.sqrt(d), "b": np.zeros(m), "v": v, "c": np.zeros(1)}
    run = SimpleNamespace(settings=settings, data=data, net=net, rng=rng)
    run.velocity = {name: np.zeros_like(part) for name, part in net.items()}
    run.order, run.position, run.step, run.best = np.arange(0), 0, 0, -1.0
    run.rows, run.loss, run.began = None, None, time.time()
    return run


def advance(run):
    """One step; it also counts the steps that this session made."""
    settings, X, t = run.settings, run.data["X"], run.data["t"]
    if run.position >= len(run.order):
        run.order, run.position = run.rng.permutation(len(X)), 0
    run.rows = run.order[run.position : run.position + settings["batch"]]
    noisy = X[run.rows] + settings["noise"] * run.rng.standard_normal((len(run.rows), X.shape[1]))
    H = sigmoid(noisy @ run.net["W"] + run.net["b"])
    p = sigmoid(H @ run.net["v"] + run.net["c"])
    blame = (p - t[run.rows]) * p * (1 - p) / len(run.rows)
    hidden = blame[:, None] * run.net["v"] * H * (1 - H)
    slopes = {"W": noisy.T @ hidden, "b": hidden.sum(axis=0), "v": H.T @ blame, "c": blame.sum(keepdims=True)}
    run.loss = float(np.mean(0.5 * (p - t[run.rows]) ** 2))
    for name in run.net:
        run.velocity[name] *= settings["momentum"]
        run.velocity[name] -= settings["rate"] * slopes[name]
        run.net[name] += run.velocity[name]
    run.position += len(run.rows)
    run.step += 1
    run.here = getattr(run, "here", 0) + 1


def put_back(run, state):
    """Set the parts of a run."""
    for name, value in copy.deepcopy(state).items():
        if name == "rng":
            run.rng.bit_generator.state = value
        else:
            setattr(run, name, value)


def pack(state):
    """A state as bytes."""
    arrays, plain = {}, {}
    for name, value in state.items():
        if isinstance(value, np.ndarray):
            arrays[name] = value
        elif isinstance(value, dict) and value and all(isinstance(each, np.ndarray) for each in value.values()):
            arrays |= {f"{name}/{inner}": each for inner, each in value.items()}
        else:
            plain[name] = value
    stream = io.BytesIO()
    np.savez(stream, plain=np.frombuffer(json.dumps(plain).encode(), np.uint8), **arrays)
    return hashlib.sha256(stream.getvalue()).hexdigest().encode() + b"\n" + stream.getvalue()


def unpack(content):
    """The state that bytes stand for; OSError if they are damaged."""
    checksum, _, body = content.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != checksum:
        raise OSError("this checkpoint is damaged: its checksum does not fit")
    with np.load(io.BytesIO(body), allow_pickle=False) as archive:
        state = json.loads(archive["plain"].tobytes())
        for name in archive.files:
            outer, _, inner = name.partition("/")
            if inner:
                state.setdefault(outer, {})[inner] = archive[name]
            elif name != "plain":
                state[name] = archive[name]
    return state


def step_of(path):
    """The number in a checkpoint's name."""
    return int(path.stem.removeprefix("step-"))


# ---- references of the answers -----------------------------------------------------------------------------------------


def write_atomically(path, data):
    """Write beside, then swap. Without fsync, which takes long on a busy disk: nobody cuts the power here."""
    beside = path.with_name(path.name + ".tmp")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    finally:
        os.close(descriptor)
    os.replace(beside, path)


def capture(run):
    """The state of a run."""
    kept = ("settings", "net", "velocity", "order", "position", "step", "best")
    return {name: copy.deepcopy(vars(run)[name]) for name in kept} | {"rng": run.rng.bit_generator.state}


def newest(folder, settings):
    """The state in the newest intact checkpoint."""
    for path in sorted(Path(folder).glob("step-*.ckpt"), key=step_of)[::-1]:
        try:
            state = unpack(path.read_bytes())
        except OSError:
            continue
        if state["settings"] != settings:
            raise ValueError(f"{path.name} belongs to other settings: {state['settings']}")
        return state
    return None


# ---- material ----------------------------------------------------------------------------------------------------------


def small(seed):
    """Small random settings and data: 44 rows of 5 numbers to train with, 30 to test with."""
    rng = np.random.default_rng(seed)
    X, secret = rng.standard_normal((74, 5)), rng.standard_normal(5)
    t = (X @ secret > 0).astype(float)
    settings = {"hidden": 4, "batch": 8, "noise": 0.3, "momentum": 0.9, "rate": 0.5, "seed": int(rng.integers(1000))}
    return settings, {"X": X[:44], "t": t[:44], "X_new": X[44:], "t_new": t[44:]}


def went_on(run, until):
    """The run, trained up to a step."""
    while run.step < until:
        advance(run)
    return run


def undisturbed(seed, until):
    """The weights of a run that nobody interrupts."""
    return went_on(begin(*small(seed)), until).net


def content_of(path):
    """What a file holds; None if there is none."""
    return path.read_bytes() if path.exists() else None


# ---- killing -----------------------------------------------------------------------------------------------------------


class Cut(BaseException):
    """What stands for a kill where processes cannot be forked safely (macOS, Windows). No `except Exception` catches it."""


def interrupted(action, kind, number):
    """Run action() and kill it there: returns "killed", "finished", or "raised".

    kind "moment": before or after the call, of those that touch the disk, that comes at this place (moment 2k: before call k,
    2k + 1: after it). "byte": when this many bytes of a file have been written (Linux only, elsewhere it finishes). "full": then
    the disk is full, which raises OSError. "step": before the step of training with this number.
    """
    if sys.platform != "linux":
        return pretended(action, kind, number)
    child = os.fork()
    if child == 0:
        code = 2
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(LIMIT)
            arm(kind, number, lambda: os.kill(os.getpid(), signal.SIGKILL))
            action()
            code = 0
        except NotImplementedError:
            code = 3
        except BaseException:
            code = 1
        finally:
            os._exit(code)
    until, pause = time.monotonic() + LIMIT + 5, 0.0005
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
        time.sleep(pause)
        pause = min(0.01, 1.5 * pause)
    if os.WIFSIGNALED(status):
        return "hung" if os.WTERMSIG(status) == signal.SIGALRM else "killed"
    if os.WEXITSTATUS(status) == 3:
        raise NotImplementedError
    return "finished" if os.WEXITSTATUS(status) == 0 else "raised"


def pretended(action, kind, number):
    """The same in this process, with an exception in place of the kill."""

    def die():
        raise Cut

    undo = arm(kind, number, die)
    try:
        action()
        return "finished"
    except Cut:
        return "killed"
    except NotImplementedError:
        raise
    except Exception:
        return "raised"
    finally:
        undo()


def arm(kind, number, die):
    """Have `die` called at the given place from now on; returns a function that takes this back. See `interrupted`."""
    if kind in ("byte", "full"):
        return limit_files(number, deadly=kind == "byte") if sys.platform == "linux" else lambda: None
    if kind == "step":
        return arm_step(number, die)
    count, ours = [0], threading.get_ident()

    def watched(real, opens):
        def call(*args, **named):
            if threading.get_ident() != ours or (opens and not writes(args, named)):
                return real(*args, **named)
            moment = count[0]
            count[0] += 2
            if moment == number:
                die()
            result = None if real in syncs else real(*args, **named)  # a kill takes nothing away that fsync would save
            if moment + 1 == number:
                die()
            return result

        return call

    syncs = [getattr(os, name) for name in ("fsync", "fdatasync") if hasattr(os, name)]
    places = [(os, name, False) for name in ("fsync", "fdatasync", "replace", "rename", "remove", "unlink", "truncate")]
    places += [(builtins, "open", True), (io, "open", True), (os, "open", True)]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in places if hasattr(owner, name)]
    for owner, name, opens in places:
        if hasattr(owner, name):
            setattr(owner, name, watched(getattr(owner, name), opens))
    return lambda: [setattr(owner, name, real) for owner, name, real in before] and None


def writes(args, named):
    """Whether these arguments of open() or os.open() ask for writing."""
    mode = named.get("mode", named.get("flags", args[1] if len(args) > 1 else "r"))
    return bool(mode & (os.O_WRONLY | os.O_RDWR)) if isinstance(mode, int) else any(letter in mode for letter in "wax+")


def limit_files(size, deadly):
    """Let no file grow beyond this size: a kill if `deadly`, else OSError. Only for a process that will end soon."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL if deadly else signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    return lambda: None


FATAL = {"step": -1, "die": None}


def arm_step(number, die):
    """Have `die` called by `fatal_advance` before that step."""
    FATAL.update(step=number, die=die)
    return lambda: FATAL.update(step=-1, die=None)


def fatal_advance(run):
    """`advance`, unless this is the step that `arm_step` named."""
    if run.step == FATAL["step"]:
        FATAL["die"]()
    advance(run)


# ---- scenes: write_atomically ------------------------------------------------------------------------------------------


def rewritten(write, old, new, leftover):
    """Content and neighbors of a file after write(path, new)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.ckpt"
        for name, content in (("run.ckpt", old), ("run.ckpt.tmp", leftover)):
            if content is not None:
                path.with_name(name).write_bytes(content)
        write(path, new)
        return {"content": content_of(path), "names": sorted(each.name for each in Path(folder).iterdir())}


def survived(write, old, new, kind, numbers):
    """For each place of a kill: how it ended, and what the file holds afterwards."""
    said = []
    for number in numbers:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "run.ckpt"
            path.write_bytes(old)
            end = interrupted(lambda path=path: write(path, new), kind, number)
            said.append((number, end, content_of(path)))
            if kind == "moment" and end == "finished":
                break
    return said


def survived_full_disk(write, old, new, size):
    """How the write ended when the disk was full after `size` bytes, and what the file holds afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.ckpt"
        path.write_bytes(old)
        if sys.platform == "linux":
            end = interrupted(lambda: write(path, new), "full", size)
        else:
            end = pretended(lambda: with_error_at_fsync(lambda: write(path, new)), "full", size)
        return end, content_of(path)


def with_error_at_fsync(action):
    """action(), while os.fsync raises what a full disk raises."""
    real = os.fsync

    def fsync(_):
        raise OSError(28, "No space left on device")

    os.fsync = fsync
    try:
        action()
    finally:
        os.fsync = real


def diary(write, new):
    """What write(path, new) swaps into place, and how many bytes of that had reached the disk by then (-1: never synced)."""
    synced, swaps, real = {}, [], {name: getattr(os, name) for name in ("fsync", "fdatasync", "replace", "rename") if hasattr(os, name)}

    def sync(name):
        def call(descriptor):
            number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
            synced[os.fstat(number).st_ino] = os.fstat(number).st_size
            return real[name](descriptor)

        return call

    def swap(name):
        def call(source, target, **named):
            swaps.append((os.path.basename(source), os.path.basename(target), synced.get(os.stat(source).st_ino, -1)))
            return real[name](source, target, **named)

        return call

    with tempfile.TemporaryDirectory() as folder:
        try:
            for name in real:
                setattr(os, name, sync(name) if "sync" in name else swap(name))
            write(Path(folder) / "run.ckpt", new)
        finally:
            for name, function in real.items():
                setattr(os, name, function)
    return swaps


# ---- scenes: capture ---------------------------------------------------------------------------------------------------


def middle(seed, steps):
    """A run in the middle of an epoch, with a best accuracy."""
    run = went_on(begin(*small(seed)), steps)
    run.best = 0.625
    return run


def parts_of(run):
    """The parts of a run that its future depends on, as plain data."""
    kept = ("settings", "net", "velocity", "order", "position", "step", "best")
    return {name: copy.deepcopy(getattr(run, name)) for name in kept} | {"rng": str(run.rng.bit_generator.state)}


def captured_and_put_back(capture, seed, steps):
    """The parts of a run that was captured, and those of a fresh run into which the captured state was put."""
    run = middle(seed, steps)
    before = parts_of(run)
    state = capture(run)
    if not isinstance(state, dict):
        return {"type": type(state).__name__}
    fresh = begin(*small(seed))
    put_back(fresh, {name: value for name, value in state.items() if name != "rng"})
    why = ""
    try:
        put_back(fresh, {"rng": state["rng"]} if "rng" in state else {})
    except (TypeError, ValueError, KeyError) as error:
        why = f"{type(error).__name__}: {error}"
    return {"type": "dict", "wanted": before, "got": parts_of(fresh), "rng": why, "keys": [str(name) for name in state]}


def through_bytes(capture, seed, steps, until):
    """A captured state, packed, unpacked, put into a fresh run and trained on: sizes and weights."""
    run = middle(seed, steps)
    try:
        packed = pack(capture(run))
    except (TypeError, ValueError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    fresh = begin(*small(seed))
    put_back(fresh, unpack(packed))
    return {"error": "", "size": len(packed), "net": went_on(fresh, until).net, "best": fresh.best}


def packed_earlier_and_later(capture, seed, steps):
    """Whether a state packs into the same bytes after the run has gone on, and whether the run went on as without `capture`."""
    run = middle(seed, steps)
    state = capture(run)
    try:
        before = pack(state)
    except (TypeError, ValueError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    went_on(run, steps + 9)
    return {"error": "", "same": pack(state) == before, "net": run.net}


def size_without_data(seed):
    """Bytes of the reference's checkpoint of a run, and of the training data."""
    run = middle(seed, 13)
    return len(pack(capture(run))), sum(each.nbytes for each in run.data.values())


# ---- scenes: newest ----------------------------------------------------------------------------------------------------


def damaged(content, how, where):
    """A checkpoint's bytes, damaged in one of several ways."""
    at = 70 + where % (len(content) - 80)
    flipped = content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]
    ways = {"one bit": flipped, "cut off": content[:at], "empty": b"", "zeros": content[:at] + bytes(len(content) - at), "text": b"hello"}
    return ways[how]


def checkpoint(seed, step, settings):
    """A small packed checkpoint of a certain step."""
    run = begin(settings, small(seed)[1])
    run.step, run.best = step, 0.5
    return pack(capture(run))


def searched(newest, seed, files, asked):
    """What newest(folder, settings) does with some files: {"step": of the state found} or {"none": True} or {"error": ...}.

    files: (name, step that it holds, kind of damage or "", other settings, age in seconds). asked: settings that differ from usual.
    """
    settings, _ = small(seed)
    with tempfile.TemporaryDirectory() as folder:
        now = time.time()
        for name, step, damage, other, age in files:
            content = checkpoint(seed, step, settings | other)
            path = Path(folder) / name
            path.write_bytes(damaged(content, damage, 37 * seed + step) if damage else content)
            os.utime(path, (now - age, now - age))
        place = Path(folder) if files else Path(folder) / "not" / "there"
        names = sorted(each.name for each in Path(folder).iterdir())
        try:
            state = newest(place, settings | asked)
        except NotImplementedError:
            raise
        except Exception as error:
            return {"error": type(error).__name__, "text": str(error), "values": settings}
        kept = sorted(each.name for each in Path(folder).iterdir()) == names
    if state is None:
        return {"none": True, "kept": kept}
    if not isinstance(state, dict):
        return {"type": type(state).__name__}
    return {"step": state.get("step"), "kept": kept, "same": pack(state) == checkpoint(seed, state.get("step", 0), settings | asked)}


# ---- scenes: train -----------------------------------------------------------------------------------------------------


def inventory(folder):
    """The files in a folder: of a checkpoint its step, its best accuracy and a tag of its weights; of others "damaged" or "other"."""
    found = {}
    for path in sorted(Path(folder).iterdir()):
        found[path.name] = "other"
        if path.suffix == ".ckpt":
            try:
                state = unpack(path.read_bytes())
                found[path.name] = (state["step"], state["best"], tag_of(state["net"]))
            except OSError:
                found[path.name] = "damaged"
    return found


def whole_steps(files):
    """Of the files that `inventory` found, what stands in the whole step checkpoints."""
    return [content for name, content in files.items() if name.startswith("step-") and not isinstance(content, str)]


def tag_of(net):
    """A short number that tells networks apart."""
    return int(hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in net.values())).hexdigest()[:12], 16)


def sessions(train, seed, untils, every, subfolder=""):
    """Several sessions one after the other in one folder: steps made in each, the last weights, and the files after each.

    every: None leaves it to the default.
    """
    settings, data = small(seed)
    made, files, run = [], [], None
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / subfolder
        for until in untils:
            run = train(place, settings, data, until, **({"every": every} if every else {}))
            if type_of(run):
                return {"type": type_of(run)}
            made.append(getattr(run, "here", 0))
            files.append(inventory(place))
    return {"type": "", "made": made, "files": files, "net": run.net, "step": run.step, "best": run.best}


def type_of(run):
    """What is in the place of a run; empty if it is one."""
    return "" if hasattr(run, "net") and hasattr(run, "step") else type(run).__name__


def scores_of(seed, until, every):
    """The accuracies on the test and on the training data at the places where a run saves."""
    settings, data = small(seed)
    run, scores = begin(settings, data), []
    while run.step < until:
        went_on(run, run.step + every)
        scores.append((accuracy(run.net, data["X_new"], data["t_new"]), accuracy(run.net, data["X"], data["t"])))
    return scores


def best_of(seed, until, every):
    """The best test accuracy at the places where a run saves, and a short number for the first weights that had it."""
    settings, data = small(seed)
    run, best = begin(settings, data), (-1.0, 0, 0)
    while run.step < until:
        advance(run)
        if run.step % every == 0 or run.step == until:
            score = accuracy(run.net, data["X_new"], data["t_new"])
            if score > best[0]:
                best = (score, run.step, tag_of(run.net))
    return best


def refusal(train, seed, every):
    """The kind of error that train raises when the folder holds another run (empty: none), and whether that is unharmed."""
    settings, data = small(seed)
    with tempfile.TemporaryDirectory() as folder:
        write_atomically(Path(folder) / "step-000005.ckpt", checkpoint(seed, 5, settings | {"rate": 0.25}))
        before = inventory(folder)
        try:
            train(Path(folder), settings, data, 12, every)
            said = ""
        except NotImplementedError:
            raise
        except Exception as error:
            said = type(error).__name__
        return said, inventory(folder) == before


def after_damage(train, seed, until, every):
    """Train half of the way, damage the newest checkpoint, go on: steps made in the second session, and the weights."""
    settings, data = small(seed)
    with tempfile.TemporaryDirectory() as folder:
        train(Path(folder), settings, data, until // 2, every)
        last = max(Path(folder).glob("step-*.ckpt"), key=step_of, default=None)
        if last is not None:
            last.write_bytes(damaged(last.read_bytes(), "one bit", seed))
        run = train(Path(folder), settings, data, until, every)
        return {"type": type_of(run), "made": getattr(run, "here", 0), "net": getattr(run, "net", {})}


def hunted(train, seed, places, until, every):
    """One session for each place of a kill, in one folder, then one that nobody disturbs: how the sessions ended, the newest whole
    step before the last of them, the steps that this one made, and its weights."""
    settings, data = small(seed)
    with tempfile.TemporaryDirectory() as folder:
        ends = [interrupted(lambda: train(Path(folder), settings, data, until, every), kind, number) for kind, number in places]
        whole = [content[0] for content in whole_steps(inventory(folder))]
        run = train(Path(folder), settings, data, until, every)
    said = {"type": type_of(run), "ends": ends, "left": max(whole, default=0)}
    return said | {"made": getattr(run, "here", 0), "net": getattr(run, "net", {})}


def at_every_moment(train, seed, until, every, moments):
    """For each moment of a (pretended) kill in a fresh folder: how it ended, and what the folder holds."""
    settings, data = small(seed)
    said = []
    for moment in moments:
        with tempfile.TemporaryDirectory() as folder:
            end = pretended(lambda folder=folder: train(Path(folder), settings, data, until, every), "moment", moment)
            said.append((moment, end, inventory(folder)))
            if end == "finished":
                break
    return said
