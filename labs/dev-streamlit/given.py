"""Visitors for the checks of the lab dev-streamlit: files, pictures, threads and clicks, beside the learner's code.

Its text is sent to the learner's kernel when a grader judges from outside. Files travel as arrays of bytes (uint8).
"""

import sys
import tempfile
import threading
import time
import types
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image, ImageFile


def named(error) -> dict:
    """An error as plain data."""
    return {"error": type(error).__name__, "text": " ".join(str(error).split())[:200]}


def received(receive, data, **limits) -> dict:
    """receive(data, **limits): its error, or the size and the RGB pixels of the picture; and how often Pillow unpacked something."""
    unpacked, load = [], ImageFile.ImageFile.load

    def counted(self):
        unpacked.append(self.size)
        return load(self)

    told = {"error": "", "text": ""}
    with mock.patch.object(ImageFile.ImageFile, "load", counted):
        try:
            picture = receive(data.tobytes(), **limits)
        except Exception as error:
            told = named(error)
    told["unpacked"] = len(unpacked)
    if not told["error"]:
        if not isinstance(picture, Image.Image):
            return told | {"error": "no picture", "text": repr(picture)[:60]}
        told |= {"size": list(picture.size), "pixels": np.asarray(picture.convert("RGB"))}
    return told


def prepared(prepare, pixels, **sizes) -> dict:
    """prepare(...) for a picture of these pixels, (h, w) gray or (h, w, 4) RGBA: its error, or the array; did the picture change?"""
    picture = Image.fromarray(pixels.copy())
    try:
        x = np.asarray(prepare(picture, **sizes))
    except Exception as error:
        return named(error)
    changed = picture.size != (pixels.shape[1], pixels.shape[0]) or not np.array_equal(np.asarray(picture), pixels)
    return {"error": "", "text": "", "x": x, "dtype": str(x.dtype), "changed": changed}


def answered(answer, scores, classes, **settings) -> dict:
    """answer(...) as plain data; `plain` tells whether its numbers are Python's own."""
    told = answer(scores, classes, **settings)
    numbers = [told.confidence, *told.chances.values()]
    return {
        "digit": told.digit if told.digit is None or type(told.digit) is str else f"{type(told.digit).__name__} {told.digit!r}",
        "confidence": float(told.confidence),
        "classes": [str(each) for each in told.chances],
        "chances": np.array([float(each) for each in told.chances.values()]),
        "plain": all(type(number) is float for number in numbers),
    }


def fresh() -> str:
    """The name of a folder for which nobody has asked before: a mistake that keeps something for ever is then found just once."""
    return f"folder-{time.perf_counter_ns()}-"


def asked(once, folders, failing=0) -> dict:
    """once(load) asked for these folders in turn; the first `failing` loads raise an error.

    got: for each question the number of the thing that was loaded, from 0; -1 for an error, -2 for anything else.
    """
    loads = []

    def load(folder):
        loads.append(folder)
        if len(loads) <= failing:
            raise OSError("the disk is not there yet")
        things.append(types.SimpleNamespace(folder=folder))
        return things[-1]

    things, got, place = [], [], fresh()
    shared = once(load)
    for folder in folders:
        try:
            thing = shared(place + folder)
            got.append(next((number for number, each in enumerate(things) if each is thing), -2))
        except OSError:
            got.append(-1)
    return {"loads": [folder.removeprefix(place) for folder in loads], "got": got}


def loads_of_nothing(once) -> int:
    """How often a load that returns None is called for three questions."""
    loads, folder = [], fresh()
    shared = once(loads.append)
    for _ in range(3):
        shared(folder)
    return len(loads)


def kept_apart(once) -> list:
    """What two functions made by `once` of different loads give for the same folder."""
    first, second = once(lambda folder: "first"), once(lambda folder: "second")
    folder = fresh()
    return [str(shared(folder)) for shared in (first, second, first)]


def crowded(once, visitors) -> dict:
    """As many threads ask at the same moment; how often was loaded, and how many got what was loaded first."""
    loads, got, start, place = [], [], threading.Barrier(visitors), fresh()

    def load(folder):
        loads.append(folder)
        number = len(loads)
        time.sleep(0.02)  # long enough for all others to look
        return number

    shared = once(load)

    def visitor():
        start.wait(10)
        got.append(shared(place))

    threads = [threading.Thread(target=visitor, daemon=True) for _ in range(visitors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    return {"loads": len(loads), "same": sum(each == 1 for each in got)}


class Stage:
    """What stands around the page in a test: a canvas, a classifier and a reader that are made up."""

    def __init__(self, classes: dict):
        self.classes, self.canvas, self.reads, self.loads, self.direct = classes, None, [], 0, 0

    def drawing(self):
        return self.canvas.encode() if self.canvas else None

    def shared_classifier(self, folder):
        return f"shared {folder}"

    def load_classifier(self, folder):
        self.direct += 1
        return f"loaded {folder}"

    def read(self, data, classifier, least=0.6):
        """Pictures are texts here: "7:0.8" is read as a 7 with confidence 0.8; "bad" is refused; "bug" is a mistake in the program."""
        text = bytes(data).decode()
        self.reads.append([text, str(classifier), float(least)])
        if text == "bad":
            raise self.classes["BadPicture"]("Nobody can read this.", "Draw it again.")
        if text == "bug":
            raise RuntimeError("a bug in the program")
        digit, confidence = text.split(":")[0], float(text.split(":")[1])
        chances = {each: confidence if each == digit else (1 - confidence) / 9 for each in "0123456789"}
        return self.classes["Answer"](digit if confidence >= least else None, confidence, chances)


def seen(app, stage) -> dict:
    """What is on the page now, as plain data."""
    uploads, state = app.file_uploader, app.session_state
    history = state["history"] if "history" in state else None  # noqa: SIM401 (it has no `get`)
    return {
        "crashed": [str(each.value)[:200] for each in app.exception],
        "titles": [each.value for each in app.title],
        "texts": len(app.markdown),
        "info": [each.value for each in app.info],
        "error": [each.value for each in app.error],
        "metrics": [[str(each.label), str(each.value)] for each in app.metric],
        "bars": [[str(each.proto.text), int(each.proto.value)] for each in app.get("progress")],
        "captions": " ".join(each.value for each in app.caption),
        "uploads": [[str(each.key), each.label] for each in uploads],
        "sliders": [[str(each.key), each.label, float(each.min), float(each.max), float(each.value)] for each in app.slider],
        "history": None if history is None else [str(each) for each in history],
        "reads": stage.reads[-1:],
        "direct": stage.direct,
    }


def act(app, stage, kind, value) -> None:
    """One action of a visitor, and the run that follows."""
    if kind == "draw":
        stage.canvas = value
    elif kind == "upload":
        app.file_uploader(key="upload").set_value(("picture.png", value.encode(), "image/png"))
    elif kind == "remove":
        app.file_uploader(key="upload").clear()
    elif kind == "least":
        app.slider(key="least").set_value(value)
    app.run()


# A fresh AppTest reads the descriptions of all installed packages, a second of work; and Streamlit prints every traceback.
WITHOUT_PACKAGES = mock.patch("streamlit.components.v2.manifest_scanner.scan_component_manifests", return_value=[], create=True)
WITHOUT_PRINTS = mock.patch("streamlit.error_util._log_uncaught_app_exception", create=True)


def visits(page, *visitors) -> list:
    """Each visitor is a list of (kind, value); returns for each what was to be seen at first sight and after every action.

    One visitor comes after the other. The page's surroundings are replaced while they are here.
    """
    from streamlit.testing.v1 import AppTest

    around = page.__globals__
    stage = Stage({name: around[name] for name in ("BadPicture", "Answer")})
    made_up = {name: getattr(stage, name) for name in ("drawing", "shared_classifier", "load_classifier", "read")}
    before, main = {name: around[name] for name in made_up if name in around}, sys.modules["__main__"]
    sys.modules["scratchlab_stage"] = types.SimpleNamespace(page=page)
    around.update(made_up)
    try:
        # A file of our own: AppTest.from_string shares one with every fork of this process.
        with tempfile.TemporaryDirectory() as folder, WITHOUT_PACKAGES, WITHOUT_PRINTS:
            script = Path(folder) / "page.py"
            script.write_text("import scratchlab_stage\n\nscratchlab_stage.page('a folder')\n", encoding="utf-8")
            return [visit(AppTest.from_file(script, default_timeout=20), stage, actions) for actions in visitors]
    finally:
        sys.modules["__main__"] = main  # a test leaves the module of its script there
        del sys.modules["scratchlab_stage"]
        for name in made_up:
            del around[name]
        around.update(before)


def visit(app, stage, actions) -> list:
    """What one visitor sees at first sight and after each action; a traceback is the end."""
    stage.canvas = None
    app.run()
    views = [seen(app, stage)]
    for kind, value in actions:
        if views[-1]["crashed"]:
            break
        act(app, stage, kind, value)
        views.append(seen(app, stage))
    return views
