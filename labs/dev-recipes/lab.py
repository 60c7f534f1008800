# %% [markdown]
# # A recipe generator that survives a bad network
#
# You are hungry, there are eggs and a pumpkin in the kitchen, and somewhere on the network a server knows what to make
# of them. In this lab you build the program that asks it. Asking is three lines of Python. The rest of the lab is about
# what really happens: the server is busy, or breaks, or says nothing for a minute, or sends half an answer, or sends
# the same recipe twice. **How must a program ask, so that in spite of all this no recipe is ever lost, doubled or
# damaged, and what does that cost?** Every training run that fetches its data or a model's weights asks the same.

# %% [markdown]
# ## You will learn
#
# - to turn what a stranger sends into a *typed record*, or refuse it with an error that names the field;
# - to tell failures that pass from those that stay, and to try again with growing random pauses, as servers ask for;
# - to keep answers on the disk without ever keeping a bad one;
# - to read a list that comes page by page, completely, though pages repeat;
# - to make a command-line program out of it, with exit codes that other programs understand;
# - to test all this in milliseconds, by passing in the network, the clock and the dice as arguments.
#
# ## You need
#
# Of Python: functions, dictionaries, lists, sets, loops and exceptions (`try`, `except`, `raise`), and that a function
# can be an argument of another one: `lambda url: 3` is a small function without a name, and the type
# `Callable[[str], int]` stands for "a function that takes a text and returns a number". From the lab
# *setup-environment* we take the function that writes a file completely or not at all, and the idea that a function
# which gets everything as an argument can be tested anywhere. Of mathematics you need powers, such as $0.3^8$.
# Everything comes with Python, except *urllib3* in the comparison at the end.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import argparse
import contextlib
import hashlib
import http.client
import io
import itertools
import json
import math
import os
import random
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import urllib3

import scratchlab
from scratchlab import plot

lab = scratchlab.start("dev-recipes", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: a kitchen that answers when it feels like it
#
# A program that other programs ask over the network is called an *API* here (the word is wider). It speaks *HTTP*: you
# send a *URL*, such as `http://127.0.0.1:8000/recipes?after=r006`, and get back a *status* (200 means "here it is"), a
# few *headers*, which are names with texts, and a *body* of bytes. The body holds *JSON*, a way to write dictionaries,
# lists, texts, numbers and null (Python's `None`) as text.
#
# So that you can break it as you like, the server of this lab runs inside your notebook. First its cookbook: 48
# recipes, each a dictionary, put together from three lists (which is why some of them are daring).

# %%
DISHES = {
    "soup": (30, ("onion", "broth")),
    "curry": (35, ("onion", "rice", "coconut milk")),
    "omelette": (15, ("egg", "butter")),
    "pie": (60, ("flour", "butter", "egg")),
    "salad": (10, ("lettuce", "olive oil")),
    "stir-fry": (20, ("garlic", "rice", "soy sauce")),
}
STARS = ("spinach", "carrot", "mushroom", "pumpkin", "chickpea", "leek", "tomato", "potato")
EXTRAS = ("ginger", "lemon", "thyme", "cheese", "walnut", "chili", "mint")


def cookbook() -> list[dict]:
    """All recipes as records with the fields id, title, minutes and ingredients; the same ones every time."""
    book = []
    for number, (dish, star) in enumerate(itertools.product(DISHES, STARS)):
        (minutes, basics), extra = DISHES[dish], EXTRAS[3 * number % len(EXTRAS)]
        title, ingredients = f"{star} {dish} with {extra}", [star, *basics, extra]
        book.append({"id": f"r{number:03d}", "title": title, "minutes": minutes + number % 3 * 5, "ingredients": ingredients})
    return book


BOOK = cookbook()

# %% [markdown]
# A long list is not sent in one piece but in *pages*. Each page ends with a *cursor*: "go on after the recipe r006". On
# the last page the cursor is null. You cannot ask for page 3 before you have seen the end of page 2.

# %%
PAGE = 7  # recipes on a page


def page_after(cursor: str | None, again: int = 0) -> dict:
    """The page that follows the recipe with the id `cursor` (None: the first page).

    again: so many recipes of the page before are sent once more in front of it.
    """
    start = 0 if cursor is None else 1 + [each["id"] for each in BOOK].index(cursor)
    stop = start + PAGE
    recipes = [dict(each) for each in BOOK[max(0, start - again) : stop]]
    return {"recipes": recipes, "next": BOOK[stop - 1]["id"] if stop < len(BOOK) else None}


def page_url(base: str, cursor: str | None) -> str:
    """The URL of a page; base: the server's address, such as http://127.0.0.1:8000."""
    return f"{base}/recipes" + ("" if cursor is None else "?" + urlencode({"after": cursor}))


# %%
print(json.dumps(page_after("r045"), indent=1))

# %% [markdown]
# Now the server's character. With probability `faults`, a request meets one of five misfortunes, all of them seen every
# day on real networks:
#
# | mood | what the client gets |
# | --- | --- |
# | `"busy"` | status 429, *too many requests*, with the header `Retry-After: 1`: "come back in a second" |
# | `"broken"` | status 500, *internal server error* |
# | `"slow"` | nothing, for longer than anybody should wait |
# | `"cut"` | status 200, and half of the JSON |
# | `"strange"` | status 200, and a record whose minutes are the text `"half an hour"` |
#
# Even a good answer may send two recipes of the page before once more (`"again"`), as happens when a list changes while
# it is read. The class below decides what is answered; it knows nothing about networks. That it keeps a `log`, and that
# we may hand it a `script` of moods, is for our tests.

# %%
FAULTS = ("busy", "broken", "slow", "cut", "strange")
TIMEOUT = 1.0  # seconds that we wait for an answer
SLOW = 1.5  # seconds that a slow one takes


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the headers by their names in lower case, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Kitchen:
    """The server without the network. `script`: the moods of its first requests; later ones are drawn at random."""

    def __init__(self, faults: float = 0.0, seed: int | str = 0, script: Iterable[str] = ()):
        self.faults, self.rng, self.script, self.log = faults, random.Random(seed), list(script), []

    def mood(self) -> str:
        """How the next request is met: "fine", "again", or one of FAULTS."""
        if self.script:
            return self.script.pop(0)
        if self.rng.random() < self.faults:
            return self.rng.choice(FAULTS)
        return "again" if self.faults and self.rng.random() < 0.2 else "fine"


# %%
def answer_to(kitchen: Kitchen, url: str) -> tuple[float, Answer]:
    """The seconds that the kitchen takes for this request, and its answer."""
    mood, parts = kitchen.mood(), urlsplit(url)
    kitchen.log.append(mood)
    if mood == "busy":
        return 0.0, Answer(429, {"retry-after": "1"}, b"one at a time, please")
    if mood == "broken":
        return 0.0, Answer(500, {}, b"the oven is on fire")
    if parts.path != "/recipes":
        return 0.0, Answer(404, {}, b"we do not have that")
    page = page_after(parse_qs(parts.query).get("after", [None])[0], again=2 if mood == "again" else 0)
    if mood == "strange":
        page["recipes"][0]["minutes"] = "half an hour"
    body = json.dumps(page).encode()
    return SLOW if mood == "slow" else 0.0, Answer(200, {}, body[: len(body) // 2] if mood == "cut" else body)


# %% [markdown]
# Python brings a small web server with it. A few lines put it in front of the kitchen. It runs in a *thread* of its
# own, that is, beside your code, and listens on `127.0.0.1`, the address by which every computer calls itself.


# %%
@contextlib.contextmanager
def serving(kitchen: Kitchen) -> Iterator[str]:
    """Context in which the kitchen can be asked over HTTP, at the address that it yields; afterwards the server is gone."""

    class Waiter(BaseHTTPRequestHandler):
        """Carries requests to the kitchen and answers back."""

        def do_GET(self) -> None:
            """Answer one request."""
            seconds, answer = answer_to(kitchen, self.path)
            time.sleep(seconds)
            with contextlib.suppress(OSError):  # a client that has lost patience is gone by now
                self.send_response(answer.status)
                for name, value in (answer.headers | {"content-length": str(len(answer.body))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Waiter)  # port 0: any that is free
    server.daemon_threads = False  # at the end, wait for the slow ones, too
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


# %% [markdown]
# The other end of the wire is `send`: one request, one answer. Everything that can go wrong on the way (nobody there,
# no answer in time, the connection cut) arrives as an `OSError`; `TimeoutError` and `ConnectionError` are kinds of it.
# A status such as 500 is *no* error here: it is an answer, and somebody else decides what it means.
#
# The most important word in this cell is `timeout`. Without it, `urlopen` waits **for ever** on a server that accepts
# the call and then says nothing.

# %%
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # our server is on this machine: no proxy in between


def send(url: str, timeout: float | None = TIMEOUT) -> Answer:
    """Ask once. timeout: the longest silence to bear, in seconds; None: no limit.

    Errors: OSError (TimeoutError, ConnectionError, ...) if no whole answer came.
    """
    try:
        with OPENER.open(url, timeout=timeout) as response:
            status, headers, body = response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:  # urllib's way to report a status such as 404 or 500
        with error:
            status, headers, body = error.code, error.headers, error.read()
    except http.client.HTTPException as error:
        raise ConnectionError(f"the answer broke off: {error}") from error
    return Answer(status, {name.lower(): value for name, value in headers.items()}, body)


# %% [markdown]
# And here is the client that everybody writes first, you and I included. It follows the cursors. If something goes
# wrong, it makes do with what it has. It takes `send` as an argument; that will be handy later.


# %%
def hopeful(base: str, send: Callable[..., Answer]) -> list[dict]:
    """All records of the server at `base`, or so it hopes."""
    records, cursor = [], None
    while True:
        try:
            page = json.loads(send(page_url(base, cursor), timeout=None).body)
        except (OSError, ValueError):
            return records  # better than nothing?
        records += page["recipes"]
        cursor = page["next"]
        if cursor is None:
            return records


def damage(records: list[dict]) -> dict[str, int]:
    """How many recipes of the book are lost, how many come more than once, and how many records are not as in the book."""
    times = Counter(each["id"] for each in records)
    lost = sum(times[each["id"]] == 0 for each in BOOK)
    return {"lost": lost, "doubled": sum(n > 1 for n in times.values()), "damaged": sum(each not in BOOK for each in records)}


# %%
for title, script in (("a good day", []), ("a bad day", ["fine", "again", "strange", "fine", "broken"])):
    with serving(Kitchen(script=script)) as base:
        got = hopeful(base, send)
    print(f"{title:11s} {len(got)} records, {damage(got)}")
claim("on a bad day the hopeful client loses, doubles and damages recipes", min(damage(got).values()) > 0)

# %% [markdown]
# The second line is worse than a crash. No error, no warning: a list that looks like a list, a few recipes short. If
# these were training examples, you would train on them and never know. We want a client that brings **everything, once,
# intact, or says plainly that it could not**.

# %% [markdown]
# ## 1. A record that you can rely on
#
# What `json.loads` returns may be anything: a dictionary with a field too few, a list, a number. If you carry it
# through your program like this, every function that uses it must be on its guard, and one forgets. Check it **once, at
# the border**, and turn it into something that cannot be wrong any more. A *dataclass* is the right vessel: a class
# whose fields and types stand in one place. `frozen=True` forbids changing a field later, and ingredients become a
# `tuple`, which cannot grow.


# %%
@dataclass(frozen=True)
class Recipe:
    """One recipe: its id, its title, the minutes that it takes, and what is needed for it."""

    id: str
    title: str
    minutes: int
    ingredients: tuple[str, ...]


# %% [markdown]
# Python does not check these types by itself: `Recipe(id=None, title=3, minutes="soon", ingredients="egg")` goes
# through without a murmur. The border guard is your function. Two of Python's habits lie in wait for you:
#
# - `isinstance(True, int)` is true, because `bool` is a kind of `int`. `type(value) is int` is stricter.
# - A text is a sequence, too: `tuple("egg")` is `("e", "g", "g")`.
#
# Do not *repair* what is wrong. `int("30")` would work, and so would `int(29.9)`; but a server that sends such things
# has a fault, and you want to hear of it from the first record and not from a strange dinner. On the other hand let
# fields that you do not know pass by: servers gain new ones, and that must not break old clients.
#
# **Predict**: which of these are good minutes: `30`, `"30"`, `30.0`, `True`, `0`?
#
# **Write** `parse_recipe`. The error's message begins with the name of the field that is wrong.


# %% solution="parse"
def parse_recipe(payload: object) -> Recipe:
    """The recipe that a record, fresh from JSON, describes.

    It is a dictionary with at least these fields: "id" and "title", texts that are not empty; "minutes", a whole number
    (int, not bool) of at least 1; "ingredients", a list with at least one entry, all of them texts that are not empty.
    Errors: ValueError for anything else, with a message that begins with the name of the missing or wrong field.
    """
    ### BEGIN SOLUTION
    if not isinstance(payload, dict):
        raise ValueError(f"a recipe is a dictionary of fields, not {payload!r:.40}")
    for name, kind in (("id", str), ("title", str), ("minutes", int), ("ingredients", list)):
        if name not in payload:
            raise ValueError(f"{name} is missing")
        if type(payload[name]) is not kind or not payload[name]:
            raise ValueError(f"{name}: {payload[name]!r:.40} is no usable {kind.__name__}")
    if payload["minutes"] < 1:
        raise ValueError(f"minutes must be at least 1, not {payload['minutes']}")
    if not all(isinstance(each, str) and each for each in payload["ingredients"]):
        raise ValueError(f"ingredients must all be texts that are not empty, not {payload['ingredients']!r:.40}")
    return Recipe(payload["id"], payload["title"], payload["minutes"], tuple(payload["ingredients"]))
    ### END SOLUTION


# %%
toast = {"id": "x1", "title": "toast", "minutes": 5, "ingredients": ["bread"], "stars": 4}
assert parse_recipe(toast) == Recipe("x1", "toast", 5, ("bread",))
try:
    parse_recipe(toast | {"minutes": "5"})
    raise AssertionError("minutes that are a text must be refused")
except ValueError as error:
    assert str(error).startswith("minutes")

# %% check="parse" points=2
check("parse")

# %% [markdown]
# **See it.** A whole page is checked in the same spirit, with your function for each record. Then four kinds of answers
# at the border.


# %%
@dataclass(frozen=True)
class Page:
    """One page of recipes, and the cursor of the next one; None on the last page."""

    recipes: tuple[Recipe, ...]
    next: str | None


def parse_page(payload: object) -> Page:
    """The page that an answer, fresh from JSON, describes. Errors: ValueError if it is none."""
    if not isinstance(payload, dict) or not isinstance(payload.get("recipes"), list):
        raise ValueError("recipes must be a list in a dictionary")
    following = payload.get("next", 0)
    if following is not None and not isinstance(following, str):
        raise ValueError("next must be a text or null")
    return Page(tuple(parse_recipe(each) for each in payload["recipes"]), following)


# %%
for mood in ("fine", "strange", "cut", "broken"):
    _, answer = answer_to(Kitchen(script=[mood]), "/recipes")
    try:
        said = f"a page of {len(parse_page(json.loads(answer.body)).recipes)} recipes"
    except ValueError as error:
        said = f"{type(error).__name__}: {error}"
    print(f"{mood:8s} status {answer.status}: {said}")

# %% [markdown]
# Look at the second and the third line: status 200, "all is well", and nothing is. The status tells what the server
# *believes*. Also note that broken JSON arrives as `JSONDecodeError`, which is a kind of `ValueError`: one `except`
# will do for both.

# %% [markdown]
# ## 2. Try again, but politely
#
# Most failures of a network pass by themselves. If each attempt fails with probability $p$, independently of the
# others, then $k$ attempts all fail with probability
#
# $$P(\text{all fail}) = p^k, \qquad \text{for example } 0.3^8 \approx 0.00007 .$$
#
# But not every failure passes. Who asks for a page that does not exist can ask a thousand times. So first decide:
#
# | what happened | will it pass? | what to do |
# | --- | --- | --- |
# | `send` raised `OSError` (time-out, broken connection) | probably | try again |
# | status 429, or any from 500 on | probably | try again |
# | status 200, but the body is not JSON, or `parse` refuses it (`ValueError`) | probably | try again |
# | status 200, and `parse` accepts it | | return it |
# | any other status (400, 403, 404, ...) | no | raise `Refused` at once |
# | any other exception: a bug of your own | no | do not catch it |
#
# And *when* to try again? At once is rude: a server that just broke down under its load gets the same load again.
# *Exponential backoff* doubles the pause each time, up to a limit. But if 200 clients were all rejected in the same
# moment, they all come back in the same moment, 0.1 s later, and again 0.2 s later: a *thundering herd*. The remedy is
# dice. After failure number $n = 0, 1, 2, \dots$ draw the pause
#
# $$t_n \sim \text{Uniform}\big(0,\ \min(\text{CAP},\ \text{BASE}\cdot 2^n)\big) \quad\text{seconds},$$
#
# which is called *full jitter*. If the answer carried `Retry-After`, the seconds that the server asks for are **added**:
# who waits exactly as long as asked meets everybody else at the door again.

# %%
BASE = 0.1  # seconds: the longest first pause
CAP = 5.0  # seconds: the longest pause of all
ATTEMPTS = 8  # how often to ask before giving up


class Refused(Exception):
    """The server understood, and says no: asking again would not help."""


class GaveUp(Exception):
    """All attempts failed."""


def retry_after(answer: Answer) -> float:
    """The seconds for which the server asks us to stay away; 0 if it does not ask (or names a date, see the exercises)."""
    try:
        return max(0.0, float(int(answer.headers.get("retry-after", "0"))))
    except ValueError:
        return 0.0


# %% [markdown]
# How would you test such a function? By waiting? It gets the network (`send`), the waiting (`sleep`) and the dice
# (`rng`, a `random.Random`) **as arguments**. In production they are `send`, `time.sleep` and `random.Random()`. In a
# test, `sleep` may be the `append` of a list, and a minute of patience takes no time.
#
# **Predict**: with 8 attempts, how many pauses are there at most? How long do they take together at the very worst?
#
# **Write** `fetch`. Careful with `Retry-After`: it belongs to the attempt in which it came.


# %% solution="fetch"
def fetch(
    url: str,
    parse: Callable[[object], object],
    send: Callable[[str], Answer],
    sleep: Callable[[float], None],
    rng: random.Random,
    attempts: int = ATTEMPTS,
) -> object:
    """The JSON value behind `url`, as `json.loads` gives it, once `parse(value)` accepts it (raises no ValueError).

    Asks `send(url)` at most `attempts` times, by the table above. Between two attempts, and only there, it calls
    `sleep` once, with the answer's Retry-After (0 without one) plus a draw of `rng` from 0 to min(CAP, BASE * 2**n)
    seconds, n = 0 after the first failure. Errors: Refused, at once; GaveUp after the last attempt; both name the URL.
    """
    ### BEGIN SOLUTION
    for attempt in range(attempts):
        asked = 0.0
        try:
            answer = send(url)
            if answer.status == 200:
                payload = json.loads(answer.body)
                parse(payload)
                return payload
            if answer.status != 429 and answer.status < 500:
                raise Refused(f"{url}: status {answer.status}")
            asked, reason = retry_after(answer), f"status {answer.status}"
        except (OSError, ValueError) as error:
            reason = f"{type(error).__name__}: {error}"
        if attempt + 1 < attempts:
            sleep(asked + rng.uniform(0.0, min(CAP, BASE * 2**attempt)))
    raise GaveUp(f"{url}: {attempts} attempts failed, the last one with {reason}")
    ### END SOLUTION


# %%
answers = iter([Answer(500, {}, b""), Answer(429, {"retry-after": "2"}, b""), Answer(200, {}, b'{"hungry": true}')])
pauses: list[float] = []
assert fetch("http://kitchen/", lambda value: value, lambda url: next(answers), pauses.append, random.Random(0)) == {"hungry": True}
assert 0 <= pauses[0] <= BASE and 2 <= pauses[1] <= 2 + 2 * BASE and len(pauses) == 2

# %% check="fetch" points=3
check("fetch")

# %% [markdown]
# **See it.** First over a real wire: the kitchen meets a single request with all five misfortunes, one after the other.
# `sleep` is in a hurry here and waits a tenth of what it is told.


# %%
def hurried(seconds: float) -> None:
    """A pause, ten times as fast."""
    time.sleep(seconds / 10)


# %%
kitchen = Kitchen(script=FAULTS)
with serving(kitchen) as base:
    first = parse_page(fetch(page_url(base, None), parse_page, send, hurried, random.Random(lab.seed)))
print("the kitchen's moods:", ", ".join(kitchen.log))
print(f"what came of it: {len(first.recipes)} recipes, the first: {first.recipes[0].title}")
claim("after five different misfortunes the page is whole", list(first.recipes) == [parse_recipe(each) for each in BOOK[:PAGE]])

# %% [markdown]
# Now the herd: 200 clients are sent away at the same moment, three times each. A *virtual clock* makes that cheap: to
# sleep is to add to a number. Once with your dice, and once with loaded ones that always show the largest number, so
# that the pauses are plain exponential backoff.


# %%
class Clock:
    """A clock that nobody has to wait for. `now`: seconds since it was made."""

    def __init__(self):
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.now += seconds


class Loaded(random.Random):
    """Dice that always show the most."""

    def random(self) -> float:
        """1, every time."""
        return 1.0


def visits(rng: random.Random, failures: int = 3) -> list[float]:
    """The moments, in seconds, at which a client that is rejected so many times comes back."""
    clock, moments = Clock(), []

    def send(url: str) -> Answer:
        moments.append(clock.now)
        return Answer(503, {}, b"") if len(moments) <= failures else Answer(200, {}, b"{}")

    fetch("http://kitchen/", dict, send, clock.sleep, rng)
    return moments[1:]


# %%
SLOT = 0.02  # seconds
herds = {
    "without jitter": [moment for seed in range(200) for moment in visits(Loaded(seed))],
    "full jitter": [moment for seed in range(200) for moment in visits(random.Random(200 * lab.seed + seed))],
}
crowd = {name: Counter(round(moment / SLOT) for moment in moments) for name, moments in herds.items()}
plot.lines(
    {name: ([SLOT * n for n in range(55)], [slots[n] for n in range(55)]) for name, slots in crowd.items()},
    x="seconds after the breakdown",
    y=f"requests within {SLOT} s",
    caption="When 200 clients come back, three times each: plain exponential backoff, and with full jitter.",
    alt="Without jitter, three spikes of 200 requests at 0.1, 0.3 and 0.7 seconds; with jitter, one low hill that falls off slowly.",
)
for name, slots in crowd.items():
    print(f"{name:15s} the fullest slot of {SLOT} s holds {max(slots.values())} requests")
record("herd_peak", max(crowd["full jitter"].values()))
claim("without jitter all 200 come at once", max(crowd["without jitter"].values()) == 200)

# %% [markdown]
# The three spikes are the same 200 clients, each time all together: backoff alone makes the storms rarer, not weaker.
# With jitter the same number of requests spreads out, and the server gets a chance to recover.
#
# ## 3. Do not ask twice
#
# The politest request is the one that you never send. A *cache* keeps each answer in a file and takes it from there
# while it is young enough. Three questions decide whether it helps or harms:
#
# - **Under what name?** A URL may hold `/`, `?` and `..`, and may be longer than a file name can be. A *hash* makes a
#   short name of fixed length out of any text: `hashlib.sha256(url.encode()).hexdigest()`.
# - **How old is too old?** Store the time beside the value. Its age must lie in $0 \le \text{age} < \text{max\_age}$; a
#   negative one means that somebody has set the clock back, and then the entry proves nothing.
# - **What must never get in?** Anything that failed. A cache that keeps an error, or half a file, makes a misfortune of
#   a second last a day. This is called a *poisoned* cache.
#
# Half files are prevented by the function from *setup-environment*: write beside, then swap. (We leave out `fsync`: a
# cache that a power cut destroys is filled again.) An entry that cannot be read, for whatever reason, counts as none.


# %%
def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to the file `path`, so that a reader finds the old content or all of the new one."""
    beside = path.with_name(path.name + ".tmp")
    beside.write_bytes(data)
    os.replace(beside, path)


# %% [markdown]
# **Predict**: the answer in the cache is a day old, and the network is down. What should `cached` do? (Here: the error
# of `load` reaches the caller, and the old file stays. What else would make sense, and for whom?)
#
# **Write** `cached`. What exactly stands in the file is up to you; JSON is a good choice. The time is an argument again.


# %% solution="cached"
def cached(url: str, load: Callable[[str], object], folder: Path, max_age: float, now: float) -> object:
    """The JSON value behind `url`: from `folder`, if it was stored less than `max_age` seconds ago, else from `load(url)`.

    now: the time, in seconds. A value that was just loaded is stored, with the time, under a name that is a hash of the
    URL, atomically; the folder is made if it is missing. An entry that is damaged, or from the future, counts as none.
    Errors of `load` reach the caller; nothing is stored then, and nothing is deleted.
    """
    ### BEGIN SOLUTION
    path = folder / f"{hashlib.sha256(url.encode()).hexdigest()}.json"
    try:
        entry = json.loads(path.read_bytes())
        if 0 <= now - entry["at"] < max_age:
            return entry["value"]
    except (OSError, ValueError):
        pass  # no entry, or a damaged one: ask
    value = load(url)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps({"at": now, "value": value}).encode())
    return value
    ### END SOLUTION


# %%
with tempfile.TemporaryDirectory() as name:
    visitors: list[str] = []

    def count_visitors(url: str) -> dict:
        """An answer that is different each time."""
        visitors.append(url)
        return {"visitors": len(visitors)}

    first, second, third = (cached("http://kitchen/", count_visitors, Path(name), 60.0, now) for now in (0.0, 59.0, 60.0))

assert first == second == {"visitors": 1}  # 59 seconds later the answer came from the cache
assert third == {"visitors": 2}  # at 60 seconds the entry was too old

# %% check="cached" points=2
check("cached")

# %% [markdown]
# You will see it at work in a moment, when there is something worth keeping.
#
# ## 4. Everything, once
#
# Now the whole book, page by page. Two things may happen even when every single page arrives intact. A page may repeat
# recipes of the one before. And a confused server may send a cursor that you have followed already; then the walk would
# go round in circles for ever.
#
# The remedy against doubles is to make *storing* a recipe an operation that does no harm when it is done twice. Such an
# operation is called *idempotent*. A list's `append` is not; `found[recipe.id] = recipe` is. The dictionary also keeps
# the order in which its keys first came, and the newest version of each recipe.
#
# The remedy against losses is a matter of attitude: **half a result is no result**. If a page cannot be had, the error
# reaches the caller.
#
# **Predict**: is a page without recipes the end of the list?
#
# **Write** `all_recipes`. `get(url)` returns what `fetch` returns; make a `Page` of it with `parse_page`.


# %% solution="pages"
def all_recipes(base: str, get: Callable[[str], object]) -> list[Recipe]:
    """All recipes of the server at `base`, from the first page (cursor None) to the one whose next cursor is None.

    get: takes the URL of a page (see `page_url`), returns its JSON value. Each id stands once in the result, at the
    place where it came first, in the version that came last. Errors: those of `get`; ValueError if a cursor comes twice.
    """
    ### BEGIN SOLUTION
    found: dict[str, Recipe] = {}
    followed: set[str] = set()
    cursor = None
    while True:
        page = parse_page(get(page_url(base, cursor)))
        found |= {recipe.id: recipe for recipe in page.recipes}
        if page.next is None:
            return list(found.values())
        if page.next in followed:
            raise ValueError(f"{base}: the cursor {page.next!r} came twice; the pages go round in circles")
        cursor = page.next
        followed.add(cursor)
    ### END SOLUTION


# %%
soup = {"id": "s", "title": "soup", "minutes": 9, "ingredients": ["water"]}
PAGES = {"b/recipes": {"recipes": [soup, toast], "next": "x1"}, "b/recipes?after=x1": {"recipes": [toast], "next": None}}
assert [recipe.title for recipe in all_recipes("b", PAGES.get)] == ["soup", "toast"]

# %% check="pages" points=1
check("pages")

# %% [markdown]
# **See it.** All parts together, over a real wire, with a kitchen that fails in 30 % of all requests; then once more
# with the answers in the cache. (Chance decides how many requests the first walk needs; the result is always the same.)


# %%
def client(
    send: Callable[[str], Answer], sleep: Callable[[float], None], seed: int | str, attempts: int = ATTEMPTS
) -> Callable[[str], object]:
    """A function from a page's URL to its JSON value, which tries again."""
    rng = random.Random(seed)
    return lambda url: fetch(url, parse_page, send, sleep, rng, attempts)


# %%
kitchen = Kitchen(faults=lab.params["faults"], seed=lab.seed + 20)
with serving(kitchen) as base, tempfile.TemporaryDirectory() as folder:
    load = client(send, hurried, lab.seed, attempts=20)
    asked = []
    for title, now in (("first walk", 0.0), ("an hour later", 3600.0)):
        recipes = all_recipes(base, lambda url, now=now: cached(url, load, Path(folder), 86_400.0, now))
        asked.append(len(kitchen.log))
        print(f"{title:15s} {len(recipes)} recipes; requests so far: {asked[-1]}")
print("moods:", dict(Counter(kitchen.log)))
ALL = [parse_recipe(each) for each in BOOK]
claim("every recipe is there, once, intact and in order", recipes == ALL)
claim("the second walk asked nobody", asked[0] == asked[1])

# %% [markdown]
# Count the moods: behind these lines stand requests that failed, and pages that repeated recipes; nothing of it is left
# in the result. Note the order of the layers: the cache stands *outside* the retries and keeps only what `fetch` has let
# through, and that has been through `parse_page`. Turn them round, and you would cache the oven on fire.

# %% [markdown]
# ## 5. What can I cook?
#
# At last, the generator. You have some ingredients; which recipes need the fewest others? Sets do the work:
# `wanted - have` is what must be bought. To sort by several things in turn, give `sorted` a `key` that returns a tuple:
# tuples are compared entry by entry, so the second only counts where the first are equal. The last entry is the id,
# which is never equal: so the same question always gets the same answer, in whatever order the recipes came.
#
# **Predict**: you have eggs and butter. Do you see an omelette or a pie first, and why?
#
# **Write** `propose`.

# %%
TOP = 3  # proposals


# %% solution="propose"
def propose(recipes: Iterable[Recipe], have: Iterable[str], top: int = TOP) -> list[tuple[Recipe, list[str]]]:
    """The `top` best recipes (or fewer) for somebody who has these ingredients, each with what is missing, sorted.

    Fewest missing first; where these are equal, fewest minutes; then by id. A recipe of which nothing at all is in the
    house is not proposed. Upper and lower case, and spaces around the names in `have`, make no difference.
    """
    ### BEGIN SOLUTION
    at_home = {each.strip().lower() for each in have}
    missing = {recipe: sorted(set(recipe.ingredients) - at_home) for recipe in recipes if at_home & set(recipe.ingredients)}
    ranked = sorted(missing, key=lambda recipe: (len(missing[recipe]), recipe.minutes, recipe.id))
    return [(recipe, missing[recipe]) for recipe in ranked[:top]]
    ### END SOLUTION


# %%
best, needed = propose(ALL, ["egg", "Butter ", "pumpkin"])[0]
assert "omelette" in best.title and len(needed) == 1
assert propose(ALL, ["petrol"]) == []

# %% check="propose" points=1
check("propose")

# %%
for have in (["egg", "butter", "pumpkin"], ["rice", "garlic", "carrot", "ginger"], ["lettuce"]):
    print("with", ", ".join(have))
    for recipe, needed in propose(ALL, have):
        print(f"    {recipe.title}, {recipe.minutes} min; to buy: {', '.join(needed) or 'nothing'}")

# %% [markdown]
# Would you have listed them in this order? A shopping trip weighs more here than ten minutes at the stove, because the
# key says so. It is the one line to change if you disagree.

# %% [markdown]
# ## 6. A program for the command line
#
# In a terminal, your program is started like `recipes egg butter --top 2`. The words after its name arrive as a list of
# texts, *argv*, and `argparse` makes sense of them; it also writes the help, and ends the program when they make none.
#
# Two conventions let other programs work with yours. **Results go to standard output, complaints to standard error**
# (`print(..., file=sys.stderr)`), so that `recipes egg > dinner.txt` never puts an error message on the menu. And every
# program ends with an **exit code**: 0 for success, anything else for trouble. Ours are:
#
# | code | meaning |
# | --- | --- |
# | 0 | there are proposals; they stand on standard output, one line each, beginning with the title |
# | 1 | everything went well, but nothing fits what you have |
# | 2 | the command line makes no sense: `argparse` says so and raises `SystemExit(2)` by itself |
# | 3 | the recipes could not be had: `GaveUp` or `Refused`, with its message on standard error |


# %%
def make_parser() -> argparse.ArgumentParser:
    """The command line's grammar: ingredients, --top (a number), --server (an address)."""
    parser = argparse.ArgumentParser(prog="recipes", description="What can I cook with this?")
    parser.add_argument("have", nargs="+", help="an ingredient that you have")
    parser.add_argument("--top", type=int, default=TOP, help="how many recipes to propose")
    parser.add_argument("--server", default="http://127.0.0.1:8000", help="address of the recipe server")
    return parser


# %% [markdown]
# **Predict**: the network is down, and somebody runs `recipes egg > dinner.txt`. What is in the file afterwards, and
# what is on the screen?
#
# **Write** `main`. `make_parser().parse_args(argv)` returns an object with the attributes `have`, `top` and `server`.


# %% solution="main"
def main(argv: list[str], load: Callable[[str], list[Recipe]]) -> int:
    """The program. argv: the words of the command line. load: takes the server's address, returns all its recipes.

    Prints one line for each proposal, best first, beginning with the recipe's title. Returns the exit code of the table
    above; with codes 1 and 3 nothing is printed on standard output, and the reason on standard error.
    """
    ### BEGIN SOLUTION
    asked = make_parser().parse_args(argv)
    try:
        recipes = load(asked.server)
    except (GaveUp, Refused) as error:
        print(f"recipes: {error}", file=sys.stderr)
        return 3
    proposals = propose(recipes, asked.have, asked.top)
    for recipe, missing in proposals:
        print(f"{recipe.title}, {recipe.minutes} min; to buy: {', '.join(missing) or 'nothing'}")
    if not proposals:
        print("recipes: nothing fits what you have", file=sys.stderr)
        return 1
    return 0
    ### END SOLUTION


# %%
assert main(["egg", "butter", "--top", "2"], lambda server: ALL) == 0
with contextlib.redirect_stderr(io.StringIO()) as complaints:
    assert main(["petrol"], lambda server: ALL) == 1
assert complaints.getvalue()

# %% check="main" points=1
check("main")

# %% [markdown]
# **See it.** The program four times, over the wire: a good day, an empty fridge, a server that is always broken, and a
# typing error.


# %%
def run_program(words: list[str], faults: tuple[str, ...] = ()) -> tuple[int, str, str]:
    """Run `main` against a kitchen with these moods: the exit code, and what it wrote to standard output and standard error."""
    out, complaints = io.StringIO(), io.StringIO()
    with serving(Kitchen(script=faults)) as base, contextlib.redirect_stdout(out), contextlib.redirect_stderr(complaints):
        try:
            code = main([*words, "--server", base], lambda server: all_recipes(server, client(send, hurried, lab.seed)))
        except SystemExit as ending:
            code = ending.code
    return code, out.getvalue().strip(), complaints.getvalue().strip()


# %%
codes = []
for words, faults in (("leek egg", ()), ("petrol", ()), ("leek egg", ("broken",) * ATTEMPTS), ("leek --top many", ())):
    code, out, complaint = run_program(words.split(), faults)
    codes.append(code)
    print(f"recipes {words}\n  exit code {code}\n  output    {out!r:.70}\n  error     {complaint!r:.110}")
claim("the four exit codes are 0, 1, 3 and 2", codes == [0, 1, 3, 2])

# %% [markdown]
# In a script of its own, the last two lines would be `if __name__ == "__main__":` and
# `sys.exit(main(sys.argv[1:], load))`. The function returns its code instead of calling `sys.exit` itself, because then
# it can be tested, as here, without ending the tester.

# %% [markdown]
# ## The experiment: what does patience buy?
#
# How many attempts are enough? A walk through the book needs $m = 7$ pages, and each page needs one success in $k$
# attempts. If requests fail independently of each other with probability $p$, the whole walk succeeds with probability
#
# $$P(\text{complete}) = \left(1 - p^k\right)^m .$$
#
# Hundreds of walks over real wires would take more than an hour, most of it spent waiting. So we take the virtual clock, and a
# `send` that asks the kitchen directly. That is what the arguments were for: **not a line of your code changes**.


# %%
def direct(kitchen: Kitchen, clock: Clock) -> Callable[..., Answer]:
    """A `send` that asks the kitchen without a network, on a virtual clock."""

    def send(url: str, timeout: float | None = TIMEOUT) -> Answer:
        seconds, answer = answer_to(kitchen, url)
        if timeout is not None and seconds > timeout:
            clock.sleep(timeout)
            raise TimeoutError(f"no answer within {timeout} s")
        clock.sleep(seconds)
        return answer

    return send


def walk(faults: float, attempts: int, seed: int | str) -> tuple[list[Recipe] | None, int, float]:
    """One walk through the book: the recipes, or None if it gave up; the number of requests; the seconds that it took."""
    kitchen, clock = Kitchen(faults, seed), Clock()
    get = client(direct(kitchen, clock), clock.sleep, seed, attempts)
    try:
        recipes = all_recipes("http://kitchen", get)
    except GaveUp:
        recipes = None
    return recipes, len(kitchen.log), clock.now


def wilson(successes: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's 95 % interval for a probability of which n trials showed so many successes."""
    share, spread = successes / n, z * z / n
    half = math.sqrt(share * (1 - share) * spread + spread * spread / 4)
    return (share + spread / 2 - half) / (1 + spread), (share + spread / 2 + half) / (1 + spread)


# %% [markdown]
# Wilson's interval says between which values the true probability lies, 19 times out of 20, when all we have is a count.
# Unlike the usual "plus or minus two standard deviations" it also makes sense when every trial succeeded.
#
# **Predict**: half of all requests fail, and you allow 4 attempts each. How many of 100 walks are complete? Estimate
# first, then use the formula.

# %%
RATES, TRIES = (0.1, 0.3, 0.5), (1, 2, 3, 4, 6, 8, 12)
runs = lab.params["runs"]
complete = {}
for rate, tries in itertools.product(RATES, TRIES):
    walks = [walk(rate, tries, f"{rate}, {tries}, {seed}") for seed in lab.seeds(runs)]  # other dice in each cell
    complete[rate, tries] = sum(recipes is not None for recipes, _, _ in walks)
formula = {(rate, tries): (1 - rate**tries) ** math.ceil(len(BOOK) / PAGE) for rate, tries in complete}


# %%
def draw_experiment() -> None:
    """Measured shares of complete walks with intervals, and the formula as dotted lines."""
    caption = f"Complete walks among {runs}, by attempts per page: measured with 95 % intervals, and the formula (dotted)."
    alt = "Three rising curves. At 10 % faults it is almost 1 after 3 attempts, at 30 % after 6, at 50 % after 12; the formula runs along."
    with plot.figure(caption=caption, alt=alt) as ax:
        for rate, marker in zip(RATES, "os^", strict=True):
            shares = [complete[rate, tries] / runs for tries in TRIES]
            ends = [wilson(complete[rate, tries], runs) for tries in TRIES]
            spans = [[share - low for share, (low, _) in zip(shares, ends, strict=True)]]
            spans += [[high - share for share, (_, high) in zip(shares, ends, strict=True)]]
            spans = [[max(0.0, each) for each in side] for side in spans]
            drawn = ax.errorbar(TRIES, shares, yerr=spans, fmt=marker, capsize=3, label=f"{rate:.0%} of requests fail")
            ax.plot(TRIES, [formula[rate, tries] for tries in TRIES], ":", color=drawn[0].get_color())
        ax.set_xlabel("attempts per page")
        ax.set_ylabel("share of complete walks")
        ax.set_xticks(TRIES)
        ax.legend()


# %%
draw_experiment()
inside = {key: wilson(count, runs)[0] - 1e-9 <= formula[key] <= wilson(count, runs)[1] + 1e-9 for key, count in complete.items()}
for rate in RATES:
    line = "   ".join(f"{tries}: {complete[rate, tries] / runs:.2f} ({formula[rate, tries]:.2f})" for tries in TRIES)
    print(f"faults {rate:.0%}   attempts: measured (formula)   {line}")
record("formula_gap", max(abs(complete[key] / runs - formula[key]) for key in complete))
record("cells_outside", sum(not each for each in inside.values()))
claim("the formula lies in at least 16 of the 21 intervals", sum(inside.values()) >= 16)

# %% [markdown]
# With a few attempts, luck decides; with a few more, it hardly matters any more. Each further attempt multiplies the
# risk by $p$, and that is why patience is cheap. An interval that misses the formula now and then is no scandal: of 21
# intervals at 95 %, one does on average.
#
# Now the promise of the beginning, at 30 % faults, with 12 attempts per page: nothing lost, nothing doubled, nothing
# damaged. The hopeful client walks through the same kitchens.

# %%
rate, patient = lab.params["faults"], []
hopes: dict[str, list[int]] = {"lost": [], "doubled": [], "damaged": []}
for seed in lab.seeds(runs):
    patient.append(walk(rate, 12, seed))
    for name, number in damage(hopeful("http://kitchen", direct(Kitchen(rate, seed), Clock()))).items():
        hopes[name].append(number)

whole = sum(recipes == ALL for recipes, _, _ in patient)
gave_up = sum(recipes is None for recipes, _, _ in patient)
low, high = wilson(whole, runs)
print(f"yours:   {whole} of {runs} walks brought every recipe once and intact ({low:.1%} to {high:.1%}); {gave_up} gave up and said so")
print(f"         on average {statistics.mean(n for _, n, _ in patient):.1f} requests for 7 pages, and", end=" ")
print(f"{statistics.mean(seconds for _, _, seconds in patient):.1f} s, of which one in ten takes more than", end=" ")
print(f"{sorted(seconds for _, _, seconds in patient)[int(0.9 * runs)]:.1f} s")
for name, numbers in hopes.items():
    n = sum(each > 0 for each in numbers)
    low, high = wilson(n, runs)
    print(f"hopeful: {n / runs:.0%} of walks ({low:.0%} to {high:.0%}) with recipes {name}; {statistics.mean(numbers):.1f} on average")

# %%
record("silently_wrong", runs - whole - gave_up)
record("gave_up", gave_up)
record("requests_per_walk", statistics.mean(n for _, n, _ in patient))
record("hopeful_lost", statistics.mean(hopes["lost"]) / len(BOOK))
claim("under 30 % faults no recipe is lost, doubled or damaged in any walk", runs - whole - gave_up == 0)
claim("at least 99 of 100 walks are complete", whole >= 0.99 * runs)
claim("the hopeful client loses recipes in most walks, without a word", wilson(sum(n > 0 for n in hopes["lost"]), runs)[0] > 0.5)

# %% [markdown]
# Compare the number of requests with 7: that is the price, and you can compute it. With fault rate $p$ a page takes
# $1/(1-p)$ attempts on average, if one allows enough of them. The seconds are mostly `Retry-After` and time-outs: the
# pauses are short because few pages fail often in a row.
#
# One word of the formula deserves suspicion: *independently*. Real faults come in bursts. When a server is down for ten
# minutes, eight attempts within ten seconds are one attempt. Then only longer pauses help, or coming back later.

# %% [markdown]
# ## Against the real thing
#
# *urllib3* is the layer under `requests`, one of the most used packages of Python. Its `Retry` does what `fetch` does:
# it retries after broken connections, time-outs and the statuses that you list, with exponential backoff, jitter if you
# ask for it, and it honors `Retry-After`. Both clients now meet the same kitchens, one script at a time. (The kitchen's
# log tells how often each of them asked.)


# %%
class Hurried(urllib3.Retry):
    """urllib3's Retry, with pauses ten times as short."""

    def sleep_for_retry(self, response: urllib3.BaseHTTPResponse) -> bool:
        """Wait for as long as Retry-After says; returns whether it said anything."""
        seconds = self.get_retry_after(response)
        hurried(seconds or 0.0)
        return bool(seconds)

    def get_backoff_time(self) -> float:
        """The pause before the next attempt, in seconds."""
        return super().get_backoff_time() / 10


# %%
def ask_urllib3(url: str) -> str:
    """What urllib3 makes of the URL, in a word or two."""
    policy = Hurried(ATTEMPTS - 1, status_forcelist=[429, *range(500, 600)], backoff_factor=BASE, backoff_jitter=BASE, backoff_max=CAP)
    with urllib3.PoolManager() as pool:
        try:
            response = pool.request("GET", url, timeout=TIMEOUT, retries=policy)
        except urllib3.exceptions.MaxRetryError:
            return "gave up"
        body, status = response.data, response.status
    if status != 200:
        return f"status {status}"
    try:
        return f"{len(parse_page(json.loads(body)).recipes)} recipes"
    except ValueError:
        return "a bad body"


def ask_yours(url: str) -> str:
    """What `fetch` makes of the URL, in the same words."""
    try:
        return f"{len(parse_page(fetch(url, parse_page, send, hurried, random.Random(lab.seed))).recipes)} recipes"
    except GaveUp:
        return "gave up"
    except Refused as error:
        return str(error)[-10:]


# %%
CASES = {
    "fine": ("/recipes", ()),
    "busy, then broken": ("/recipes", ("busy", "broken")),
    "slow": ("/recipes", ("slow",)),
    "no such page": ("/desserts", ()),
    "always broken": ("/recipes", ("broken",) * ATTEMPTS),
    "half an answer": ("/recipes", ("cut",)),
    "a strange record": ("/recipes", ("strange",)),
}
outcomes: dict[str, list[tuple[str, int]]] = {}
for title, (path, script) in CASES.items():
    outcomes[title] = []
    for ask in (ask_yours, ask_urllib3):
        kitchen = Kitchen(script=script)
        with serving(kitchen) as base:
            outcomes[title].append((ask(base + path), len(kitchen.log)))
    print(
        f"{title:18s}",
        *(f"{name}: {said:12s} requests: {n}   " for name, (said, n) in zip(("yours", "urllib3"), outcomes[title], strict=True)),
    )

# %%
same = [title for title, (yours, theirs) in outcomes.items() if yours == theirs]
record("same_as_urllib3", len(same))
claim("whatever shows in status or connection, both treat alike, with as many requests", same == list(CASES)[:5])
claim("a bad body with status 200 passes urllib3", all(outcomes[title][1] == ("a bad body", 1) for title in list(CASES)[5:]))

# %% [markdown]
# The first five lines agree request for request. The last two do not, and that is no fault of urllib3: it carries bytes
# and does not know what a recipe is. **Whether an answer is good, only the program knows that needs it**; that is why
# `fetch` takes `parse`.
#
# What does urllib3 do better? It keeps connections open and reuses them, speaks TLS with care, follows redirects,
# understands `Retry-After` when it is a date, and retries by default only methods that may be repeated without harm (not
# `POST`). Others that do parts of your work: *tenacity* repeats any function, *requests-cache* and *hishel* keep
# answers by the rules of HTTP, and *pydantic* makes typed records with the error messages that you wrote by hand. Use
# them; you now know what to set.

# %% [markdown] answer="review" points=2
# ## In your own words
#
# A friend's shop orders ingredients with the loop below. It worked for months. Then the payment server had a bad day.
#
# ```python
# while True:
#     try:
#         answer = requests.post(SHOP + "/orders", json=basket)
#         if answer.status_code == 200:
#             break
#     except Exception:
#         pass
#     time.sleep(1)
# ```
#
# 1. Some customers got three pumpkins and paid for each. How can that be, although no order was confirmed twice? What
#    must client and server agree on, so that a repeated order does no harm?
# 2. Name three other weaknesses of the loop, with what each leads to on a bad day.
#
# ### BEGIN SOLUTION
# 1. The server may have carried out the order, and only the answer got lost (a time-out or a broken connection on the
#    way back, or an error after the order was stored). The client cannot tell this from an order that never arrived,
#    and orders again. A POST is not idempotent. Remedy: the client makes one random key per order, sends the *same* key
#    with each repetition, and the server keeps the keys that it has seen and answers a known one with the stored result
#    (an idempotency key).
# 2. Any three: no time-out (requests has none by default), so one silent server hangs the program for ever; no limit on
#    the attempts, so it never reports failure; a fixed pause without growth and jitter, so all clients hit the broken
#    server together every second; Retry-After is ignored; 400 or 404 are retried for ever though they cannot pass;
#    `except Exception` hides bugs of its own; the body of the answer is never checked.
#
# *Rubric*: 1 point for "done but the answer was lost" together with a key (or id) that is the same in each repetition
# and remembered by the server; half of it if only one of the two is there. 1 point for three weaknesses with their
# consequences; half of it for two, or without consequences.
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **No time-out.** `urlopen`, `requests.get` and plain sockets wait for ever by default. And a time-out limits each
#   *silence*, not the whole: a server that sends one byte per second never triggers it.
# - **Everything is retried.** A 404 does not get better. Worse, `except Exception` also retries your own bugs, slowly.
# - **A pause after the last attempt.** Nobody is waiting for anything any more, except the user.
# - **Retries on every layer.** Three layers with 4 attempts each make 64 requests out of one. Retry in one place.
# - **The error in the cache.** Store after checking, never before.
# - **`hash(url)` as a file name.** Python's `hash` of a text changes with each start of the program.
# - **`if value:` for "is there a value".** An empty list from the cache is an answer, too; ask `is None`.
# - **Tests that need the network.** They fail when the network does, and never when your code does.
#
# ## Scale it up
#
# This lab has a `cpu` profile only: it waits and does not compute. What grows in a training run is the number of
# clients. Sixty-four workers that fetch shards from object storage are a herd of your own making: they need jitter
# and a shared limit on requests per second, and when a service is down for good, a *circuit breaker* that stops asking
# altogether for a while. In *torch-datasets* the same promise, no sample lost or doubled, is kept by a loader with
# several workers, and large downloads resume where they broke off (`Range` requests) and are checked against a hash.
# With a model behind an API, each attempt costs money, too; then the cache of this lab pays for itself.
#
# ## Exercises
#
# 1. [conceptual] Half of all requests fail, and a walk has 7 pages. How many attempts per page make 99 % of the walks
#    complete? How many for a book of 7,000 pages? *Success*: two numbers that the formula confirms, and a sentence on
#    why the second is not a thousand times the first.
# 2. [short-code] `Retry-After` may be a date, such as `Fri, 31 Dec 2027 23:59:59 GMT`. Let `retry_after` understand it,
#    with `email.utils.parsedate_to_datetime` and the time as an argument. *Success*: tests for a number, a date ahead, a
#    date in the past (0) and nonsense (0), none of which looks at the real clock.
# 3. [short-code] *Stale if error* (RFC 5861): when `load` gives up, let `cached` return an old entry, if it is not older
#    than a second limit. *Success*: with the server down, the program still proposes yesterday's recipes and says so on
#    standard error; a `Refused` still reaches the caller.
# 4. [short-code] A total limit: give `fetch` a `deadline` and a clock, so that no attempt and no pause begins that could
#    not end in time. *Success*: on the virtual clock, under 90 % faults, no call ever takes longer than the deadline.
# 5. [extended] Let the kitchen take orders: `POST /orders`, where each order is stored and *then*, with probability 0.3,
#    the answer is lost. Send a key (`uuid.uuid4()`) with each order, and let the server remember it. *Success*: without
#    keys, some of 1,000 orders are stored twice; with keys none is, and none is lost.
# 6. [extended] Fetch several pages at once with `asyncio` or threads, for a server whose pages have numbers, and never
#    more than 4 requests at a time. *Success*: the same recipes in the same order as one by one, under 30 % faults, in
#    less than half of the virtual or real time.
#
# ## References
#
# - R. Fielding, M. Nottingham, J. Reschke (2022). *HTTP semantics.* RFC 9110, <https://www.rfc-editor.org/rfc/rfc9110>.
#   Section 9.2.2: idempotent methods; 10.2.3: Retry-After; 15.5 and 15.6: statuses from 400 and 500 on. Status 429 is
#   from RFC 6585 (2012), section 4, <https://www.rfc-editor.org/rfc/rfc6585>.
# - M. Brooker (2015). *Exponential backoff and jitter.* AWS Architecture Blog,
#   <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>. The comparison that made full jitter
#   popular. Backoff itself: R. Metcalfe, D. Boggs (1976). *Ethernet: distributed packet switching for local computer
#   networks.* Communications of the ACM 19(7), 395–404, <https://doi.org/10.1145/360248.360253>.
# - A. King (2019). *Parse, don't validate.* <https://lexi-lambda.github.io/blog/2019/11/05/parse-don-t-validate/>. The
#   idea of task 1.
# - M. Nottingham (2010). *HTTP Cache-Control extensions for stale content.* RFC 5861,
#   <https://www.rfc-editor.org/rfc/rfc5861>.
# - E. B. Wilson (1927). *Probable inference, the law of succession, and statistical inference.* Journal of the American
#   Statistical Association 22(158), 209–212, <https://doi.org/10.1080/01621459.1927.10502953>.
# - urllib3, *Retry*: <https://urllib3.readthedocs.io/en/stable/reference/urllib3.util.html>. Python:
#   <https://docs.python.org/3/library/urllib.request.html>, <https://docs.python.org/3/library/argparse.html>,
#   <https://docs.python.org/3/library/dataclasses.html>. The cookbook was made for this lab.
