"""References of the lab dev-recipes, and the scenes in which the checks put the learner's functions: scripted answers, damaged files,
a real server on this machine. All of it runs where the learner's code is; its text is sent there when a grader judges from outside.
Only the standard library. Nobody waits: pauses are noted. The server lives no longer than its scene.
"""

import contextlib
import http.client
import io
import json
import os
import random
import tempfile
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

FIELDS = (("id", str), ("title", str), ("minutes", int), ("ingredients", list))
LIMIT = 60  # requests in one scene; who asks more often does not come to an end


@dataclass(frozen=True)
class Recipe:
    """One recipe."""

    id: str
    title: str
    minutes: int
    ingredients: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict
    body: bytes


class TooMany(BaseException):
    """Ends what does not end by itself. No `except Exception` catches it."""


class GaveUp(Exception):
    """What `load` raises in a scene."""


# ---- references of the answers -----------------------------------------------------------------------------------------


def parse_recipe(payload):
    """The recipe that a record describes; ValueError if it is none."""
    if not isinstance(payload, dict):
        raise ValueError("a recipe is a dictionary")
    for name, kind in FIELDS:
        if type(payload.get(name)) is not kind or not payload[name]:
            raise ValueError(f"{name} is missing or wrong")
    return Recipe(payload["id"], payload["title"], payload["minutes"], tuple(payload["ingredients"]))


def propose(recipes, have, top=3):
    """The best recipes, with what is missing."""
    at_home = {each.strip().lower() for each in have}
    pairs = [(each, sorted(set(each.ingredients) - at_home)) for each in recipes if at_home & set(each.ingredients)]
    return sorted(pairs, key=lambda pair: (len(pair[1]), pair[0].minutes, pair[0].id))[:top]


def fetch(url, send):
    """The JSON value behind a URL, asked for until it comes."""
    for _ in range(LIMIT):
        with contextlib.suppress(OSError, ValueError):
            answer = send(url)
            if answer.status == 200:
                return json.loads(answer.body)
    raise GaveUp(url)


# ---- tools -------------------------------------------------------------------------------------------------------------


def ended(action):
    """What action() came to: {"end": "returned", "value": ...}, or {"end": name of the exception, "text": ...}."""
    try:
        return {"end": "returned", "value": action()}
    except NotImplementedError:
        raise
    except (Exception, SystemExit, TooMany) as error:
        return {"end": type(error).__name__, "text": str(error), "code": getattr(error, "code", None)}


def plain(recipe):
    """A recipe as a tuple of plain values; something else as a text."""
    try:
        return (recipe.id, recipe.title, recipe.minutes, list(recipe.ingredients))
    except (AttributeError, TypeError):
        return repr(recipe)[:60]


class High(random.Random):
    """Dice that always show the most."""

    def random(self):
        """1, every time."""
        return 1.0


class Low(random.Random):
    """Dice that always show the least."""

    def random(self):
        """0, every time."""
        return 0.0


def dice(kind):
    """Dice: "high", "low", or fair ones with this seed."""
    return {"high": High, "low": Low}[kind](0) if isinstance(kind, str) else random.Random(kind)


# ---- scenes: parse_recipe ----------------------------------------------------------------------------------------------


def parsed(parse, kind, payload):
    """What parse makes of a record; kind: the class that a recipe should have."""
    before = json.dumps(payload)
    said = ended(lambda: parse(payload))
    said["changed"] = json.dumps(payload) != before
    if said["end"] == "returned":
        value = said.pop("value")
        said |= {"class": type(value).__name__, "right_class": type(value) is kind, "recipe": plain(value)}
        said["tuple"] = type(getattr(value, "ingredients", None)) is tuple
    return said


# ---- scenes: fetch -----------------------------------------------------------------------------------------------------

ERRORS = {
    "TimeoutError": TimeoutError, "ConnectionResetError": ConnectionResetError, "OSError": OSError, "AttributeError": AttributeError,
    "URLError": urllib.error.URLError,
}  # fmt: skip


def picky(value):
    """A parser that accepts {"good": true} only."""
    if not isinstance(value, dict) or value.get("good") is not True:
        raise ValueError("good is missing or wrong")


def buggy(value):
    """A parser with a bug."""
    return value["missing"] + None


@contextlib.contextmanager
def nobody_waits(steps):
    """Context in which time.sleep only leaves a note in `steps`: a check must not last as long as real pauses would."""
    real = time.sleep
    try:
        time.sleep = lambda seconds: steps.append("time.sleep")
        yield
    finally:
        time.sleep = real


def asked(fetch, script, kind=0, parser="any", attempts=None, url="http://kitchen/recipes"):
    """What fetch does when the requests are answered like this, and the pauses that it asked for.

    script: an exception's name, or (status, headers, body as bytes), one for each request; the last one is repeated.
    """
    urls, pauses, values, steps = [], [], [], []
    parse = {"any": values.append, "picky": picky, "buggy": buggy}[parser]

    def send(address, *_, **__):
        urls.append(str(address))
        steps.append("ask")
        if len(urls) > LIMIT:
            raise TooMany
        now = script[min(len(urls), len(script)) - 1]
        if isinstance(now, str):
            raise ERRORS[now]("made for a test")
        return Answer(*now)

    def sleep(seconds):
        pauses.append(float(seconds))
        steps.append("pause")

    named = {} if attempts is None else {"attempts": attempts}
    with nobody_waits(steps):
        said = ended(lambda: fetch(url, parse, send, sleep, dice(kind), **named))
    return said | {"urls": urls, "pauses": pauses, "parsed": values, "steps": steps}


def pauses_of(fetch, script, seeds):
    """The pauses of several clients with fair dice."""
    return [asked(fetch, script, seed)["pauses"] for seed in seeds]


# ---- a real server -----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def serving(answer_to):
    """Context with an HTTP server on this machine. answer_to(path) returns (status, headers, body), or None for silence."""
    over = threading.Event()

    class Waiter(BaseHTTPRequestHandler):
        def do_GET(self):
            found = answer_to(self.path)
            if found is None:
                over.wait(5)
                return
            status, headers, body = found
            with contextlib.suppress(OSError):
                self.send_response(status)
                for name, value in (headers | {"content-length": str(len(body))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Waiter)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def send(url, timeout=0.1):
    """Ask once over the wire."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout) as response:
            status, headers, body = response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        with error:
            status, headers, body = error.code, error.headers, error.read()
    except http.client.HTTPException as error:
        raise ConnectionError("the answer broke off") from error
    return Answer(status, {name.lower(): value for name, value in headers.items()}, body)


def mischief(mood, page):
    """What the server answers in this mood, with a page in hand; None: silence."""
    body = json.dumps(page).encode()
    answers = {"busy": (429, {"retry-after": "1"}, b"later"), "broken": (500, {}, b"oh"), "slow": None, "cut": (200, {}, body[:-9])}
    return answers.get(mood, (200, {}, body))


def fetched_over_the_wire(fetch, moods):
    """One fetch from a server in these moods, one for each request; fine ones follow. Adds the moods that were met."""
    left, met = list(moods), []

    def answer_to(path):
        met.append(left.pop(0) if left else "fine")
        return mischief("", {"good": "no"}) if met[-1] == "strange" else mischief(met[-1], {"good": True, "path": path})

    with serving(answer_to) as base, nobody_waits([]):
        action = ended(lambda: fetch(f"{base}/recipes?after=r1", picky, send, lambda seconds: None, random.Random(0), attempts=25))
    return action | {"met": met}


# ---- scenes: cached ----------------------------------------------------------------------------------------------------


def snapshot(folder):
    """All files below a folder: names to contents."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


def lived(cached, steps, subfolder="cache", max_age=60.0):
    """A cache's life in a temporary folder. Each step is one of
    ("get", url, now, value): ask; if `load` is called, it returns the value;
    ("fail", url, now): ask; `load` raises GaveUp;
    ("damage", kind): "half", "empty" or "noise" happens to every file.
    For each "get" and "fail" it returns how it ended, the URLs that were loaded, and what became of the files.
    """
    reports = []
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top) / "a" / "b" / subfolder
        for step in steps:
            if step[0] == "damage":
                for name, content in snapshot(top).items():
                    harm = {"half": content[: len(content) // 2], "empty": b"", "noise": b"\xff\x00\xfe" + content[3:]}
                    (Path(top) / name).write_bytes(harm[step[1]])
                continue
            loads, before = [], snapshot(top)

            def load(url, step=step, loads=loads):
                loads.append(url)
                if step[0] == "fail":
                    raise GaveUp("made for a test")
                return json.loads(json.dumps(step[3]))

            said = ended(lambda step=step, load=load: cached(step[1], load, folder, max_age, step[2]))
            after = snapshot(top)
            outside = [name for name in after if not name.startswith(f"a/b/{subfolder}/".replace("/", os.sep))]
            said |= {"loads": loads, "files": sorted(after), "outside": outside, "same_files": before == after}
            said["random_name"] = any(shown in name for name in after for shown in hash_texts(step[1]))
            reports.append(said)
    return reports


def hash_texts(url):
    """How Python's hash of a URL may look in a file's name."""
    number = abs(hash(url))
    return str(number), f"{number:x}"


def cut_before_the_swap(cached):
    """A new value is stored, and the process is killed just before the swap: whether there was a swap, and what a later reader loads."""
    url, real = "http://kitchen/recipes", {name: getattr(os, name) for name in ("replace", "rename")}
    swaps = []

    def killed(*args, **named):
        swaps.append([os.path.dirname(os.fspath(each)) for each in args[:2]])
        raise TooMany

    with tempfile.TemporaryDirectory() as top:
        folder = Path(top)
        ended(lambda: cached(url, lambda url: "old", folder, 60.0, 0.0))
        before = snapshot(top)
        try:
            for name in real:
                setattr(os, name, killed)
            said = ended(lambda: cached(url, lambda url: "new", folder, 60.0, 100.0))
        finally:
            for name, function in real.items():
                setattr(os, name, function)
        after = snapshot(top)
    kept = all(after.get(name) == content for name, content in before.items())
    return {"end": said["end"], "swaps": len(swaps), "one_folder": all(a == b for a, b in swaps), "kept": kept, "stored": len(before)}


# ---- scenes: all_recipes -----------------------------------------------------------------------------------------------


def cursor_of(url):
    """The cursor in a page's URL; None for the first page."""
    return parse_qs(urlsplit(url).query).get("after", [None])[0]


def walked(all_recipes, pages, failing=None):
    """What all_recipes makes of some pages, cursors to JSON values; `failing`: the cursor of a page that cannot be had."""
    urls = []

    def get(url):
        urls.append(str(url))
        if len(urls) > LIMIT:
            raise TooMany
        if cursor_of(url) == failing and failing is not None:
            raise GaveUp(url)
        return json.loads(json.dumps(pages[cursor_of(url)]))

    said = ended(lambda: all_recipes("http://kitchen", get))
    if said["end"] == "returned":
        said["class"] = type(said["value"]).__name__
        said["value"] = [plain(each) for each in said["value"]] if isinstance(said["value"], list | tuple) else []
    return said | {"urls": urls}


def url_of(cursor):
    """The URL of a page, as the lab's page_url makes it."""
    return "http://kitchen/recipes" + ("" if cursor is None else "?" + urlencode({"after": cursor}))


def walked_over_the_wire(all_recipes, pages, faults, seed):
    """The same through a real server that fails at random."""
    rng, met = random.Random(seed), []

    def answer_to(path):
        silent = "slow" in met  # a silence costs 0.1 s of real time: one is enough
        moods = ("busy", "broken", "cut") if silent else ("busy", "broken", "cut", "slow")
        met.append(rng.choice(moods) if rng.random() < faults else "fine")
        return mischief(met[-1], pages[cursor_of(path)])

    with serving(answer_to) as base:
        said = ended(lambda: [plain(each) for each in all_recipes(base, lambda url: fetch(url, send))])
    return said | {"met": met}


# ---- scenes: propose and main ------------------------------------------------------------------------------------------


def recipes_from(rows):
    """Recipes from (id, title, minutes, ingredients)."""
    return [Recipe(name, title, minutes, tuple(ingredients)) for name, title, minutes, ingredients in rows]


def proposed(propose, rows, have, top=None, once=False):
    """What propose says, as pairs of an id and what is missing. once: both arguments can be read only once."""
    recipes = recipes_from(rows)
    arguments = (iter(recipes), iter(have)) if once else (recipes, list(have))
    said = ended(lambda: propose(*arguments, **({} if top is None else {"top": top})))
    if said["end"] == "returned":
        value = said.pop("value")
        try:
            said["pairs"] = [(plain(recipe)[0] if recipe in recipes else repr(recipe)[:60], list(missing)) for recipe, missing in value]
        except (TypeError, ValueError):
            said["pairs"], said["strange"] = [], repr(value)[:80]
    return said


def ran(main, argv, rows, error="", kind=None):
    """Run main with a `load` that returns recipes, or raises an error, of the class `kind` or a bug: how it ended, what it printed."""
    servers = []

    def load(server, *_):
        servers.append(server)
        if error:
            raise (kind or ZeroDivisionError)("no luck today")
        return recipes_from(rows)

    out, complaints = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(complaints):
        said = ended(lambda: main(list(argv), load))
    code = said.get("value") if said["end"] == "returned" else said.get("code") if said["end"] == "SystemExit" else None
    lines = [line for line in out.getvalue().splitlines() if line.strip()]
    whole = type(code) is int
    said |= {"code": code if whole else repr(code), "lines": lines, "complaint": complaints.getvalue(), "servers": servers}
    return {name: value for name, value in said.items() if name != "value"}
