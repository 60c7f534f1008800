"""What proves the answers of the lab dev-recipes right.

Nobody waits here: the network, the pauses and the dice are handed to the learner's functions, as in the lab. Two properties use a real
server on this machine. The scenes are in given.py; they run where the learner's code is.
"""

import re

from scratchlab.checks import beside, describe, expect, given, load_given, task

references = load_given(__file__)

parse = task(
    "parse",
    hints=(
        "Is it a dictionary? Then, field by field: is it there, is it of the right type, is it not empty? Only then make the Recipe.",
        "`type(payload[name]) is kind` for (id, str), (title, str), (minutes, int), (ingredients, list); afterwards minutes >= 1, and "
        "each ingredient.",
        '`for name, kind in (("id", str), ...):` `if name not in payload: raise ValueError(f"{name} is missing")`; at the end '
        '`return Recipe(payload["id"], ..., tuple(payload["ingredients"]))`',
    ),
)
fetch = task(
    "fetch",
    hints=(
        "A loop over the attempts. Each either returns, or raises Refused, or notes what went wrong; at its end there is a pause, unless "
        "it was the last. After the loop nothing is left but to give up.",
        "`try:` send, look at the status, json.loads, parse, return; `except (OSError, ValueError):` note the reason. "
        "The pause is Retry-After (0 without one) plus rng.uniform(0, min(CAP, BASE * 2**n)).",
        "`for attempt in range(attempts):` `asked = 0.0`, `try: ...`; then `if attempt + 1 < attempts: sleep(asked + "
        "rng.uniform(0, min(CAP, BASE * 2**attempt)))`; after the loop `raise GaveUp(f'{url}: ...')`",
    ),
)
cached = task(
    "cached",
    hints=(
        "Try to read the entry. If that works and it is young enough, return its value. In all other cases load, store, return.",
        "The path is folder / (the SHA-256 of the URL). The entry holds the time and the value. Catch OSError and ValueError around the "
        "reading only, so that errors of `load` go through.",
        "`entry = json.loads(path.read_bytes())`, `if 0 <= now - entry['at'] < max_age: return entry['value']`; later `value = load(url)`, "
        "`folder.mkdir(parents=True, exist_ok=True)`, `write_atomically(path, json.dumps({...}).encode())`",
    ),
)
pages = task(
    "pages",
    hints=(
        "A loop: get a page, store its recipes under their ids, follow its cursor. It ends when the cursor is None.",
        "`found[recipe.id] = recipe` in a dictionary; a set of the cursors that were followed.",
        "`page = parse_page(get(page_url(base, cursor)))`; `if page.next is None: return list(found.values())`; "
        "`if page.next in followed: raise ValueError(...)`",
    ),
)
propose = task(
    "propose",
    hints=(
        "For each recipe: which ingredients are missing, and is at least one there? Then sort, then cut.",
        "With sets: `set(recipe.ingredients) - at_home` and `set(recipe.ingredients) & at_home`. The key for sorting is a tuple of three.",
        "`at_home = {each.strip().lower() for each in have}`; `key=lambda recipe: (len(missing[recipe]), recipe.minutes, recipe.id)`",
    ),
)
main = task(
    "main",
    hints=(
        "Four steps: understand the words, load the recipes, propose, print. Each of them can end in another exit code.",
        "`asked = make_parser().parse_args(argv)` outside of any `try`; only `load` stands inside of one, with `except (GaveUp, Refused)`.",
        "`print(error, file=sys.stderr)` and `return 3`; for proposals `print(f'{recipe.title}, ...')`; `return 0 if proposals else 1`",
    ),
)


# ---- tools -------------------------------------------------------------------------------------------------------------


def scene(student, name):
    """A scene of given.py, where the learner's code is."""
    return beside(student, getattr(references, name))


def ending(said):
    """In words, how a call ended."""
    if said["end"] == "TooMany":
        return f"more than {references.LIMIT} requests, and no end"
    if said["end"] == "returned":
        return f"it returned {describe(said['value'])}" if "value" in said else "it returned something"
    return f"{said['end']}: {said.get('text', '')}"[:160]


def expect_returned(said, *, tried, look):
    """`Wrong` if a call raised something."""
    expect(said["end"] == "returned", tried=tried, got=ending(said), expected="a result", look=look)


def sample(rng, number=0):
    """A good record."""
    words = ["egg", "butter", "leek", "rice", "mint", "flour"]
    chosen = [words[place] for place in rng.permutation(len(words))[: int(rng.integers(1, 5))]]
    return {"id": f"r{number:03d}", "title": f"dish {int(rng.integers(1000))}", "minutes": int(rng.integers(2, 90)), "ingredients": chosen}


def as_plain(payload):
    """A record as the scenes report recipes."""
    return payload["id"], payload["title"], payload["minutes"], payload["ingredients"]


# ---- parse -------------------------------------------------------------------------------------------------------------


def parsed(student, payload):
    """What parse_recipe makes of a record."""
    return scene(student, "parsed")(student.parse_recipe, student.Recipe, payload)


def expect_refused(student, payload, name, tried, look):
    """`Wrong` unless this record is refused with a ValueError that begins with the field's name."""
    said = parsed(student, payload)
    got = f"the recipe {said['recipe']}" if said["end"] == "returned" else ending(said)
    expect(said["end"] == "ValueError", tried=tried, got=got, expected=f"ValueError: {name or ''} ...", look=look)
    if name:
        look = f"begin the message with the field's name, `{name}`: whoever reads it wants to know where to look"
        expect(re.match(rf"\W*{name}\b", said["text"], re.IGNORECASE), tried=tried, got=ending(said), expected=f"{name} ...", look=look)


@parse.property("a good record becomes a Recipe with the same content")
def good_record(student, rng):
    for payload in (sample(rng), sample(rng), sample(rng) | {"minutes": 1}):
        said, tried = parsed(student, payload), f"the record {payload}"
        expect_returned(said, tried=tried, look="this record is fine: does one of your conditions refuse too much?")
        right = said["right_class"] and tuple(said["recipe"]) == as_plain(payload)
        look = "return Recipe(id, title, minutes, ingredients)"
        expect(right, tried=tried, got=f"{said['class']} {said['recipe']}", expected=f"Recipe {as_plain(payload)}", look=look)
        look = "tuple(payload['ingredients']): a list inside a frozen recipe could still grow"
        expect(said["tuple"], tried=f"{tried}; the ingredients", got="no tuple", expected="a tuple", look=look)
        look = "read from the payload, but leave it as it is"
        expect(not said["changed"], tried=tried, got="the payload was changed", expected="the payload as before", look=look)


@parse.property("fields that it does not know do not disturb it", after="good_record")
def unknown_fields(student, rng):
    payload = {"vegan": True} | sample(rng) | {"stars": 4.5, "author": {"name": "Ada"}}
    said, tried = parsed(student, payload), f"a record with the additional fields vegan, stars and author: {payload}"
    look = "take the four fields that you know; Recipe(**payload) fails when a server adds one"
    expect_returned(said, tried=tried, look=look)


@parse.property("a missing field is refused, by name")
def missing_field(student, rng):
    for name, _ in references.FIELDS:
        payload = {key: value for key, value in sample(rng).items() if key != name}
        look = "ask `name in payload` first: a KeyError does not say that the *server* made the mistake"
        expect_refused(student, payload, name, f"a record without {name}: {payload}", look)


@parse.property("a field of the wrong type is refused, by name, and not repaired")
def wrong_type(student, rng):
    cases = [("minutes", "30"), ("minutes", 30.0), ("minutes", None), ("minutes", [30]), ("id", 7), ("title", None), ("title", ["soup"])]
    cases += [("ingredients", None), ("ingredients", {"egg": 1}), ("ingredients", 3), ("ingredients", ["egg", 3]), ("ingredients", [None])]
    for name, value in cases:
        look = (
            "check the type and refuse; converting hides the server's mistake" if name == "minutes" else "which type must this field have?"
        )
        expect_refused(student, sample(rng) | {name: value}, name, f"a record with {name} = {value!r}", look)


@parse.property("True is no number of minutes")
def bool_is_no_int(student, rng):
    look = "bool is a kind of int, so isinstance(True, int) is true: compare `type(value) is int`"
    expect_refused(student, sample(rng) | {"minutes": True}, "minutes", "a record with minutes = True", look)


@parse.property("a text is no list of ingredients")
def text_is_no_list(student, rng):
    look = "a text is a sequence of letters: tuple('egg') is ('e', 'g', 'g'). Ask whether it is a list"
    expect_refused(student, sample(rng) | {"ingredients": "egg"}, "ingredients", "a record with ingredients = 'egg'", look)


@parse.property("empty texts, empty lists, and minutes below 1 are refused, by name")
def empty_values(student, rng):
    cases = [("id", ""), ("title", ""), ("ingredients", []), ("ingredients", [""]), ("ingredients", ["egg", "", "rice"])]
    for name, value in [*cases, ("minutes", 0), ("minutes", -1), ("minutes", -int(rng.integers(2, 99)))]:
        look = "the docstring asks for more than the right type"
        expect_refused(student, sample(rng) | {name: value}, name, f"a record with {name} = {value!r}", look)


@parse.property("what is no dictionary is refused with ValueError, too")
def no_dictionary(student, rng):
    for payload in (None, [], ["id", "title", "minutes", "ingredients"], "id title minutes ingredients", 7):
        look = "ask isinstance(payload, dict) before you look for fields"
        expect_refused(student, payload, None, f"{payload!r} in the place of a record", look)


# ---- fetch -------------------------------------------------------------------------------------------------------------

FINE = (200, {}, b'{"good": true}')
BUSY = (429, {}, b"later")
BROKEN = (500, {}, b"oh")
URL = "http://kitchen/recipes?after=r007"


def tried_fetch(script, note=""):
    """In words, what the scripted network does."""
    words = [each if isinstance(each, str) else f"status {each[0]}" for each in script]
    words = words if len(words) < 6 else [*words[:2], "...", words[-1]]
    return f"a network that answers: {', then '.join(words)}{note}"


def asked(student, script, kind=0, **named):
    """What fetch does with this script."""
    return scene(student, "asked")(student.fetch, list(script), kind, **named)


def expect_value(said, value, requests, *, tried, look):
    """`Wrong` unless fetch returned the value after so many requests."""
    ok = said["end"] == "returned" and said["value"] == value and type(said["value"]) is type(value)
    expect(ok, tried=tried, got=ending(said), expected=repr(value), look=look)
    got = f"{len(said['urls'])} requests"
    expect(len(said["urls"]) == requests, tried=tried, got=got, expected=f"{requests}", look="one send for each attempt")


@fetch.property("a good answer is returned at once, after `parse` has seen it")
def returns_the_value(student, rng):
    number = int(rng.integers(1000))
    for value, text in (({"n": number}, b'{"n": %d}' % number), ([], b"[]"), (0, b"0")):
        said, tried = asked(student, [(200, {}, text)], url=URL), f"status 200 with the body {text.decode()}"
        expect_value(said, value, 1, tried=tried, look="return json.loads(answer.body), whatever it is; also an empty list is an answer")
        expect(said["urls"] == [URL], tried=tried, got=f"a request to {said['urls'][0]}", expected=URL, look="send(url)")
        expect(
            not said["pauses"], tried=tried, got=f"a pause of {said['pauses']}", expected="none", look="pause only before another attempt"
        )
        got = f"parse was given {said['parsed']!r}"
        expect(
            said["parsed"] == [value], tried=tried, got=got, expected=f"[{value!r}]", look="call parse(value) once, and return the value"
        )


@fetch.property("time-outs, broken connections, 429 and everything from 500 on: it tries again")
def retries_failures(student, rng):
    for failure in (
        "TimeoutError",
        "ConnectionResetError",
        "URLError",
        "OSError",
        BUSY,
        BROKEN,
        (503, {}, b""),
        (504, {}, b""),
        (599, {}, b""),
    ):
        script = [failure] * int(rng.integers(1, 4)) + [FINE]
        look = "see the table: OSError, 429 and statuses of 500 and more will probably pass"
        expect_value(asked(student, script), {"good": True}, len(script), tried=tried_fetch(script), look=look)


@fetch.property("a bad body with status 200 is a failure like any other")
def retries_bad_bodies(student, rng):
    bodies = {"half of a JSON text": b'{"good": tr', "nothing": b"", "bytes that are no text": b'{"good\xff": true}'}
    for what, body in (bodies | {"JSON that `parse` refuses": b'{"good": "no"}'}).items():
        tried = f"status 200 with {what}, then a good answer"
        look = "json.loads and parse raise ValueError: let both stand in the `try`, and catch ValueError as well as OSError"
        expect_value(asked(student, [(200, {}, body), FINE], parser="picky"), {"good": True}, 2, tried=tried, look=look)


@fetch.property("other statuses are refused at once, without another request")
def refuses_at_once(student, rng):
    for status in (400, 401, 403, 404, 410, 428, 430, 499, 204, 304):
        for before in ([], [BROKEN]):
            script = [*before, (status, {}, b'{"good": true}'), FINE]
            said, tried = asked(student, script), tried_fetch(script[:-1])
            look = "only 429 and statuses of 500 and more are worth another attempt; for the rest raise Refused"
            expect(said["end"] == "Refused", tried=tried, got=ending(said), expected="Refused", look=look)
            got = f"{len(said['urls'])} requests"
            expect(len(said["urls"]) == 1 + len(before), tried=tried, got=got, expected=str(1 + len(before)), look=look)


@fetch.property("after `attempts` requests it gives up")
def gives_up(student, rng):
    for attempts in (1, 3, int(rng.integers(4, 20)), None):
        for failure in ("TimeoutError", BUSY, BROKEN, (200, {}, b"{")):
            said, count = asked(student, [failure], attempts=attempts), attempts or student.ATTEMPTS
            tried = f"attempts = {attempts or 'the default'}, and {tried_fetch([failure])}, every time"
            look = "range(attempts) counts the requests, the first one included; after the loop raise GaveUp"
            expect(said["end"] == "GaveUp", tried=tried, got=ending(said), expected="GaveUp", look=look)
            expect(len(said["urls"]) == count, tried=tried, got=f"{len(said['urls'])} requests", expected=str(count), look=look)


@fetch.property("it pauses between two attempts, and only there", after="gives_up")
def pauses_between(student, rng):
    for attempts in (1, 2, int(rng.integers(3, 9))):
        said = asked(student, [BROKEN], attempts=attempts)
        tried, want = f"attempts = {attempts}, and {tried_fetch([BROKEN])}, every time", ["ask", "pause"] * (attempts - 1) + ["ask"]
        look = "call sleep(...) once after each failure, except the last: nobody would do anything with that pause"
        if "time.sleep" in said["steps"]:
            look = "wait with the `sleep` that you were given, not with time.sleep: a test could not look at that"
        expect(said["steps"] == want, tried=tried, got=", ".join(said["steps"]), expected=", ".join(want), look=look)


@fetch.property("the longest possible pause doubles each time, up to CAP", after="pauses_between")
def pauses_double(student, rng):
    base, cap, n = student.BASE, student.CAP, int(rng.integers(8, 12))
    said = asked(student, ["TimeoutError"], "high", attempts=n + 1)
    tried = f"{n + 1} attempts in vain, with dice that always show the most; the pauses"
    for number, pause in enumerate(said["pauses"]):
        want = min(cap, base * 2**number)
        ok = abs(pause - want) <= 1e-9
        look = "draw with rng.uniform(0, limit), where limit = min(CAP, BASE * 2**n), and n is 0 after the first failure"
        expect(ok, tried=f"{tried}: number {number}", got=f"{pause:.4g} s", expected=f"{want:.4g} s", look=look)


@fetch.property("full jitter: each pause may be anything from 0 on, and two clients draw differently", after="pauses_between")
def full_jitter(student, rng):
    said = asked(student, [BROKEN], "low", attempts=5)
    tried = "5 attempts in vain, with dice that always show the least"
    low = max(said["pauses"])
    look = "full jitter draws from 0 to the limit, so that the herd spreads over all of it: rng.uniform(0, limit)"
    expect(low <= 1e-12, tried=tried, got=f"a pause of {low:.4g} s", expected="pauses of 0 s", look=look)
    first = [pauses[0] / student.BASE for pauses in scene(student, "pauses_of")(student.fetch, [BROKEN, FINE], list(range(200)))]
    spread = sum(each < 0.5 for each in first)
    got = f"{spread} of 200 in the lower half, {len(set(first))} different ones"
    ok = 60 <= spread <= 140 and len(set(first)) > 150
    look = "draw from the `rng` that you were given: rng.uniform(0, limit)"
    expect(
        ok, tried="the first pauses of 200 clients with dice of their own", got=got, expected="about half of them, all different", look=look
    )


@fetch.property("Retry-After is added to its own pause, and to no other", after="pauses_between")
def honors_retry_after(student, rng):
    seconds = int(rng.integers(2, 30))
    for status in (429, 503):
        script = [BROKEN, (status, {"retry-after": str(seconds)}, b""), BROKEN, "TimeoutError", FINE]
        for kind, share in (("low", 0.0), ("high", 1.0)):
            said = asked(student, script, kind)
            want = [share * student.BASE, seconds + share * 2 * student.BASE, share * 4 * student.BASE, share * 8 * student.BASE]
            tried = f"{tried_fetch(script)}, where {status} asks for {seconds} s; dice at their {'least' if kind == 'low' else 'most'}"
            close = len(said["pauses"]) == 4 and all(abs(a - b) < 1e-9 for a, b in zip(said["pauses"], want, strict=True))
            look = "sleep(retry_after(answer) + the draw) after the attempt that asked for it, and not after the next ones"
            got, wanted = (", ".join(f"{each:.3g}" for each in pauses) for pauses in (said["pauses"], want))
            expect(close, tried=tried, got=f"pauses of {got} s", expected=f"{wanted} s", look=look)


@fetch.property("a bug of your own is not taken for the network")
def bugs_come_through(student, rng):
    cases = ((["AttributeError", FINE], "any", "AttributeError", "send"), ([FINE], "buggy", "KeyError", "parse"))
    for script, parser, error, where in cases:
        said, tried = asked(student, script, parser=parser), f"a `{where}` with a bug, which raises {error}"
        look = "catch OSError and ValueError, no more: `except Exception` would repeat a bug, slowly, and hide it"
        expect(said["end"] == error and len(said["urls"]) == 1, tried=tried, got=ending(said), expected=f"{error}, at once", look=look)


@fetch.property("its errors name the URL")
def errors_name_the_url(student, rng):
    url = f"http://kitchen/recipes?after=r{int(rng.integers(1000)):03d}"
    for script in ([(404, {}, b"")], [BROKEN], ["TimeoutError"]):
        said, tried = asked(student, script, url=url), f"{tried_fetch(script)}, for {url}; the error"
        look = "put the URL into the message: raise GaveUp(f'{url}: ...')"
        expect(url in said.get("text", ""), tried=tried, got=ending(said), expected=f"a message with {url}", look=look)


@fetch.property("over a real wire: busy, broken, silent, cut and strange answers, and in the end the right one")
def over_the_wire(student, rng):
    moods = [("busy", "broken", "slow", "cut", "strange")[place] for place in rng.permutation(5)]
    said = scene(student, "fetched_over_the_wire")(student.fetch, moods)
    tried = f"a server on this machine that is {', '.join(moods)}, then fine"
    right = said["end"] == "returned" and said["value"] == {"good": True, "path": "/recipes?after=r1"}
    expect(right, tried=tried, got=ending(said), expected="the good answer", look="which of the properties above fails, too?")


# ---- cached ------------------------------------------------------------------------------------------------------------


def lived(student, steps):
    """What a cache does in these steps."""
    return scene(student, "lived")(student.cached, [list(step) for step in steps])


def expect_load(said, value, loads, *, tried, look):
    """`Wrong` unless this value came back after so many calls of `load`."""
    right = said["end"] == "returned" and said["value"] == value and type(said["value"]) is type(value)
    expect(right, tried=tried, got=ending(said), expected=repr(value)[:80], look=look)
    got = f"{len(said['loads'])} calls of load"
    expect(len(said["loads"]) == loads, tried=tried, got=got, expected=str(loads), look=look)


@cached.property("the first time it loads, the second time it does not, whatever the value is")
def loads_once(student, rng):
    for value in ({"n": int(rng.integers(1000))}, [1, [2, None]], "soup", [], 0, False, None, "", 2.5):
        first, second = lived(student, [("get", URL, 0.0, value), ("get", URL, 5.0, "another")])
        look = "load(url) once, return its value; the folder and its parents may be missing: mkdir(parents=True, exist_ok=True)"
        expect_load(first, value, 1, tried=f"an empty cache, and load returns {value!r}", look=look)
        expect(first["loads"] == [URL], tried="an empty cache", got=f"load({first['loads'][0]!r})", expected=f"load({URL!r})", look="")
        look = "store what was loaded; then return the stored value, also if it is empty or None: `if value:` asks something else"
        expect_load(second, value, 0, tried=f"the same URL 5 s later, when {value!r} is stored", look=look)


@cached.property("an entry lives from age 0 up to, but not including, max_age; then it is replaced")
def age_counts(student, rng):
    start = float(rng.integers(1000, 9000))
    steps = [(0.0, 0), (0.25, 0), (59.75, 0), (60.0, 1), (60.5, 0), (119.75, 0), (120.0, 1)]
    said = lived(student, [("get", URL, start, "t0"), *(("get", URL, start + age, f"t{age}") for age, _ in steps)])
    for report, (age, loads), want in zip(said[1:], steps, ("t0",) * 3 + ("t60.0",) * 3 + ("t120.0",), strict=True):
        tried = f"max_age = 60 s, asked first at {start:g} s, and now {age:g} s later"
        look = "0 <= now - stored time < max_age; what was loaded anew is stored with the new time"
        expect_load(report, want, loads, tried=tried, look=look)


@cached.property("an entry from the future is not believed")
def clock_set_back(student, rng):
    early = float(rng.integers(1, 900))
    _, said = lived(student, [("get", URL, 1000.0, "stored at 1000 s"), ("get", URL, 1000.0 - early, "loaded")])
    tried = f"an entry stored at 1000 s, and the clock now says {1000 - early:g} s"
    expect_load(said, "loaded", 1, tried=tried, look="its age would be negative: ask for 0 <= age as well")


@cached.property("each URL has a file of its own in the folder, under a name that every start of Python agrees on")
def own_files(student, rng):
    long = "http://kitchen/recipes?after=" + "x" * 3000
    urls = ["http://kitchen/a/b", "http://kitchen/a_b", "http://kitchen/A/b", "http://kitchen/../../../a", long + "1", long + "2", "?*:|"]
    steps = [("get", url, 0.0, url[-9:]) for url in urls] + [("get", url, 1.0, "loaded again") for url in urls]
    for url, said in zip([*urls, *urls], lived(student, steps), strict=True):
        tried = f"several URLs in one cache, among them {url[:40]!r}{'...' if len(url) > 40 else ''}"
        look = "the name is hashlib.sha256(url.encode()).hexdigest(): always short, without slashes, and different for each URL"
        expect_returned(said, tried=tried, look=look)
        expect(said["value"] == url[-9:], tried=tried, got=repr(said["value"]), expected=repr(url[-9:]), look=look)
        expect(not said["outside"], tried=tried, got=f"the file {said['outside'][:1]}", expected="files in `folder` only", look=look)
        look = "hash(url) of a text changes with each start of Python; take hashlib.sha256"
        expect(not said["random_name"], tried=tried, got="a name made with hash(url)", expected="a name that stays", look=look)
    expect(
        len(said["files"]) == len(urls), tried=f"{len(urls)} URLs", got=f"{len(said['files'])} files", expected=str(len(urls)), look=look
    )


@cached.property("what failed is not stored, and the error reaches the caller")
def no_poison(student, rng):
    first, then, stale, last = lived(
        student, [("fail", URL, 0.0), ("get", URL, 1.0, "good"), ("fail", URL, 500.0), ("get", URL, 501.0, "good again")]
    )
    look = "let the error of `load` go through: do not catch it, and store only afterwards"
    expect(first["end"] == "GaveUp", tried="an empty cache, and load raises GaveUp", got=ending(first), expected="GaveUp", look=look)
    got = f"the files {first['files']}"
    expect(not first["files"], tried="the same; the folder afterwards", got=got, expected="no file", look=look)
    expect_load(then, "good", 1, tried="the next request after a failed one", look="a failure must leave nothing behind")
    expect(
        stale["end"] == "GaveUp", tried="an entry that is too old, and load raises GaveUp", got=ending(stale), expected="GaveUp", look=look
    )
    look = "the old entry stays as it is until a new value has come: delete nothing"
    expect(stale["same_files"], tried="the same; the files afterwards", got="other files", expected="the same as before", look=look)
    expect_load(last, "good again", 1, tried="the next request after that", look=look)


@cached.property("a damaged entry counts as none, and is repaired")
def damage_is_repaired(student, rng):
    for kind, words in (("half", "half of it is left"), ("empty", "it is empty"), ("noise", "it begins with strange bytes")):
        steps = [("get", URL, 0.0, {"n": 1}), ("damage", kind), ("get", URL, 1.0, {"n": 2}), ("get", URL, 2.0, {"n": 3})]
        _, damaged, after = lived(student, steps)
        look = "json.loads raises ValueError for it (and bytes that are no text, too): catch it like OSError, and load"
        expect_load(damaged, {"n": 2}, 1, tried=f"the entry's file is damaged: {words}", look=look)
        expect_load(after, {"n": 2}, 0, tried="the next request after that", look="store the new value in its place")


@cached.property("a new value takes the place of the old one in a single step")
def swaps(student, rng):
    said = scene(student, "cut_before_the_swap")(student.cached)
    tried = "a newer value is stored, and the process is killed just before the swap"
    look = "store with write_atomically: it writes beside, and os.replace is its last step"
    expect(said["swaps"] > 0, tried=tried, got="no call of os.replace", expected="one", look=look)
    expect(said["stored"] > 0 and said["kept"], tried=tried, got="the old entry is gone", expected="the old entry, whole", look=look)
    expect(said["one_folder"], tried=tried, got="a swap between two folders", expected="both names in `folder`", look=look)


# ---- pages -------------------------------------------------------------------------------------------------------------


def book(rng, count):
    """Some records."""
    return [sample(rng, number) for number in range(count)]


def in_pages(records, size, again=0):
    """Records as pages, cursors to JSON values; each page repeats so many records of the one before."""
    found, cursor = {}, None
    for start in range(0, max(1, len(records)), size):
        last = start + size >= len(records)
        following = None if last else f"after {records[start + size - 1]['id']}&more"
        found[cursor] = {"recipes": records[max(0, start - again) : start + size], "next": following}
        cursor = following
    return found


def walked(student, found, failing=None):
    """What all_recipes makes of these pages, with a right parse_recipe."""
    with given(student, parse_recipe=references.parse_recipe):
        return scene(student, "walked")(student.all_recipes, found, failing)


def expect_recipes(said, records, *, tried, look):
    """`Wrong` unless exactly these recipes came back, in this order."""
    expect_returned(said, tried=tried, look=look)
    got, want = [each[0] for each in said["value"]], [each["id"] for each in records]
    expect(got == want, tried=tried, got=f"{len(got)} recipes: {', '.join(map(str, got))}"[:150], expected=", ".join(want)[:150], look=look)
    for mine, record in zip(said["value"], records, strict=True):
        look = "of a recipe that comes twice, the later version counts: found[recipe.id] = recipe"
        expect(tuple(mine) == as_plain(record), tried=tried, got=str(mine), expected=str(as_plain(record)), look=look)


@pages.property("all recipes of all pages, in order, with one request for each page")
def every_page(student, rng):
    for count, size in ((int(rng.integers(12, 30)), int(rng.integers(3, 6))), (8, 4), (3, 5)):
        records = book(rng, count)
        found = in_pages(records, size)
        said, tried = walked(student, found), f"{count} recipes on {len(found)} pages of {size}"
        expect_recipes(said, records, tried=tried, look="follow page.next until it is None, and take the last page with you")
        want = [references.url_of(cursor) for cursor in found]
        got = f"{len(said['urls'])} requests, the first to {said['urls'][0]}"
        look = "get(page_url(base, cursor)), beginning with the cursor None"
        expect(said["urls"] == want, tried=tried, got=got, expected=f"{len(want)}, the first to {want[0]}", look=look)
        expect(said["class"] == "list", tried=tried, got=f"a {said['class']}", expected="a list", look="return list(found.values())")


@pages.property("a recipe that comes twice stands once, at its first place, in its last version")
def each_once(student, rng):
    records = book(rng, int(rng.integers(12, 20)))
    found = in_pages(records, 5, again=2)
    look = "store under the id, in a dictionary: what comes twice then lands in the same place"
    expect_recipes(walked(student, found), records, tried=f"{len(records)} recipes on pages that repeat two of the page before", look=look)
    changed = {cursor: dict(page, recipes=[dict(each) for each in page["recipes"]]) for cursor, page in found.items()}
    for page in list(changed.values())[1:]:
        page["recipes"][0]["minutes"] += 1
        records[[each["id"] for each in records].index(page["recipes"][0]["id"])]["minutes"] += 1
    expect_recipes(walked(student, changed), records, tried="the same, with new minutes where a recipe is repeated", look=look)


@pages.property("an empty page is not the end; a null cursor is")
def empty_pages(student, rng):
    records = book(rng, 6)
    found = {
        None: {"recipes": [], "next": "a"},
        "a": {"recipes": records[:3], "next": "b"},
        "b": {"recipes": [], "next": "c"},
        "c": {"recipes": records[3:], "next": None},
    }
    look = "go on until page.next is None, whatever is on the page"
    expect_recipes(walked(student, found), records, tried="four pages, the first and the third without recipes", look=look)
    expect_recipes(walked(student, {None: {"recipes": [], "next": None}}), [], tried="a server without any recipes", look="return []")


@pages.property("if one page cannot be had, there is no result")
def all_or_nothing(student, rng):
    found = in_pages(book(rng, 20), 4)
    for place in (1, len(found) - 1):
        said, tried = walked(student, found, list(found)[place]), f"{len(found)} pages, and `get` raises GaveUp for number {place + 1}"
        look = "do not catch the error: part of the recipes, without a word, is what the hopeful client brings"
        expect(said["end"] == "GaveUp", tried=tried, got=ending(said)[:100], expected="GaveUp", look=look)
    cursor = list(found)[2]
    broken = found | {cursor: dict(found[cursor], recipes=[*found[cursor]["recipes"], {"id": "r999"}])}
    said, tried = walked(student, broken), "a page with a record that is only an id"
    expect(said["end"] == "ValueError", tried=tried, got=ending(said)[:100], expected="ValueError", look="make the pages with parse_page")


@pages.property("cursors that go round in circles are an error, not an endless walk")
def circles(student, rng):
    records = book(rng, 20)
    for back in (1, 2, 4):
        found = in_pages(records, 4)
        cursors = list(found)
        found[cursors[4]] = dict(found[cursors[4]], next=cursors[5 - back])
        said, tried = walked(student, found), f"5 pages, where the last one's cursor leads back to page {6 - back}"
        look = "keep a set of the cursors that were followed; if page.next is in it, raise ValueError"
        expect(said["end"] == "ValueError", tried=tried, got=ending(said)[:100], expected="ValueError", look=look)
        few = len(said["urls"]) <= 6
        look = "ask before you follow the cursor again"
        expect(few, tried=tried, got=f"{len(said['urls'])} requests", expected="at most 6", look=look)


@pages.property("over a real wire with 30 % faults: every recipe, once")
def over_a_real_wire(student, rng):
    records = book(rng, 30)
    with given(student, parse_recipe=references.parse_recipe):
        found = in_pages(records, 6, again=1)
        said = scene(student, "walked_over_the_wire")(student.all_recipes, found, 0.3, int(rng.integers(1_000_000)))
    tried = "30 recipes from a server on this machine that fails in 30 % of all requests"
    right = said["end"] == "returned" and [tuple(each) for each in said["value"]] == [as_plain(each) for each in records]
    got = ending(said)[:100] if said["end"] != "returned" else f"{len(said['value'])} recipes, others or in another order"
    expect(right, tried=tried, got=got, expected="each of the 30 once, in order", look="which of the properties above fails, too?")


# ---- propose -----------------------------------------------------------------------------------------------------------

LARDER = [
    ("r5", "omelette", 15, ["egg", "butter"]),
    ("r1", "pie", 60, ["flour", "butter", "egg"]),
    ("r3", "leek pie", 60, ["leek", "flour", "butter", "egg"]),
    ("r4", "leek soup", 30, ["leek", "onion", "broth"]),
    ("r9", "onion soup", 30, ["onion", "broth", "cheese"]),
    ("r2", "leek salad", 10, ["leek", "lettuce", "olive oil"]),
    ("r6", "rice", 20, ["rice"]),
    ("r0", "pilaf", 40, ["rice", "onion", "broth"]),
    ("r10", "toast", 20, ["bread", "rice"]),
]


def proposed(student, have, top=None, rows=None, once=False):
    """What propose says, as (id, missing) pairs."""
    said = scene(student, "proposed")(student.propose, rows or LARDER, have, top, once)
    tried = f"somebody who has {', '.join(have) or 'nothing'}" + (f", top = {top}" if top else "")
    expect_returned(said, tried=tried, look="it should return a list of pairs")
    look = "return a list of pairs (recipe, list of missing ingredients)"
    expect("strange" not in said, tried=tried, got=said.get("strange"), expected="[(recipe, missing), ...]", look=look)
    return [(name, list(missing)) for name, missing in said["pairs"]], tried


def in_order(have, rows=None):
    """The right answer for all recipes."""
    pairs = references.propose(references.recipes_from(rows or LARDER), have, top=99)
    return [(recipe.id, missing) for recipe, missing in pairs]


def expect_missing(got, have, *, tried, look):
    """`Wrong` unless each recipe that should be proposed is, with the right ingredients missing, in whatever order."""
    mine = {name: sorted(missing) for name, missing in got}
    for name, missing in in_order(have):
        expect(name in mine, tried=tried, got=f"no proposal {name}", expected=f"{name}, missing {missing}", look=look)
        expect(mine[name] == missing, tried=f"{tried}; missing for {name}", got=str(mine[name]), expected=str(missing), look=look)


@propose.property("with each recipe it says what is missing, sorted")
def says_what_is_missing(student, rng):
    for have in (["egg"], ["leek", "butter"], ["rice"], ["broth", "olive oil", "bread"]):
        got, tried = proposed(student, have, 99)
        for name, missing in got:
            row = next((row for row in LARDER if row[0] == name), None)
            look = "give back the recipe itself, and sorted(set(recipe.ingredients) - at_home)"
            expect(row is not None, tried=tried, got=repr(name), expected="one of the given recipes", look=look)
            want = sorted(set(row[3]) - set(have))
            expect(missing == want, tried=f"{tried}; missing for {row[1]}", got=str(missing), expected=str(want), look=look)


@propose.property("fewest missing first, then fewest minutes, then by id, in whatever order the recipes came")
def right_order(student, rng):
    for have in (["egg", "butter"], ["onion", "leek"], ["rice", "leek", "broth"]):
        for _ in range(3):
            rows = [LARDER[place] for place in rng.permutation(len(LARDER))]
            got, tried = proposed(student, have, 99, rows)
            want = [name for name, _ in in_order(have)]
            mine = [name for name, _ in got if name in want]
            look = "sort with key=lambda ...: (number of missing ingredients, minutes, id)"
            expect(mine == want, tried=tried, got=", ".join(mine), expected=", ".join(want), look=look)


@propose.property("no more than `top`, which is 3 if nobody says otherwise")
def top_counts(student, rng):
    have = ["egg", "leek", "rice", "onion"]
    for top in (1, 4, 99, None):
        got, tried = proposed(student, have, top)
        want = min(top or student.TOP, len(in_order(have)))
        expect(len(got) == want, tried=tried, got=f"{len(got)} proposals", expected=str(want), look="cut the sorted list: ranked[:top]")


@propose.property("what uses nothing that is in the house is not proposed")
def something_in_common(student, rng):
    for have in (["bread"], ["egg"], ["petrol"], []):
        got, tried = proposed(student, have, 99)
        want = {name for name, _ in in_order(have)}
        extra = [name for name, _ in got if name not in want]
        look = "a recipe counts only if `at_home & set(recipe.ingredients)` is not empty"
        expect(not extra, tried=tried, got=f"proposals such as {extra[:1]}", expected=f"{len(want)} recipes that use it", look=look)
        expect(len(got) == len(want), tried=tried, got=f"{len(got)} proposals", expected=str(len(want)), look="one in common is enough")


@propose.property("capitals and spaces make no difference")
def capitals_and_spaces(student, rng):
    got, tried = proposed(student, ["Egg", " BUTTER ", "Olive Oil"], 99)
    expect_missing(got, ["egg", "butter", "olive oil"], tried=tried, look="each.strip().lower() for what is at home")


@propose.property("any iterable will do, also one that can be read only once")
def reads_once(student, rng):
    got, tried = proposed(student, ["egg", "leek"], 99, once=True)
    look = "go through `recipes` and `have` once, and keep what you need in a set, a list or a dictionary"
    expect_missing(got, ["egg", "leek"], tried=f"{tried}, given as iterators", look=look)


# ---- main --------------------------------------------------------------------------------------------------------------


def ran(student, words, rows=None, error="", kind=None):
    """What main does, with a right propose. error: what `load` raises, an exception of the class `kind`."""
    with given(student, propose=references.propose):
        said = scene(student, "ran")(student.main, words.split(), LARDER if rows is None else rows, error, kind)
    return said, f"recipes {words}" + (f", and `load` raises {error}" if error else "")


def expect_code(said, code, *, tried, look):
    """`Wrong` unless the program ended with this exit code."""
    got = f"{said['code']}" if said["end"] in ("returned", "SystemExit") else ending(said)
    expect(said["code"] == code, tried=f"{tried}; the exit code", got=got, expected=str(code), look=look)


@main.property("proposals are printed one a line, best first, and the exit code is 0")
def prints_proposals(student, rng):
    titles = {row[0]: row[1] for row in LARDER}
    for words, have, top in (
        ("egg butter", ["egg", "butter"], 3),
        ("leek rice --top 1", ["leek", "rice"], 1),
        ("rice --top 9", ["rice"], 9),
    ):
        said, tried = ran(student, words)
        expect_code(said, 0, tried=tried, look="return the code; `return 0` when there are proposals")
        want = [titles[name] for name, _ in in_order(have)[:top]]
        fits = len(said["lines"]) == len(want) and all(line.startswith(title) for line, title in zip(said["lines"], want, strict=False))
        look = "print(f'{recipe.title}, ...') for each pair of propose(recipes, asked.have, asked.top)"
        expect(fits, tried=f"{tried}; standard output", got=str(said["lines"])[:120], expected=f"lines that begin with {want}", look=look)
        look = "complaints only where there is something to complain about"
        expect(not said["complaint"], tried=f"{tried}; standard error", got=said["complaint"][:80], expected="nothing", look=look)


@main.property("nothing fits: exit code 1, and the reason on standard error")
def nothing_fits(student, rng):
    for words, rows in (("petrol", None), ("egg", [])):
        said, tried = ran(student, words, rows)
        expect_code(said, 1, tried=tried, look="an empty list of proposals is no success: return 1")
        look = "print(..., file=sys.stderr): on standard output stand results only"
        expect(not said["lines"], tried=f"{tried}; standard output", got=str(said["lines"])[:80], expected="nothing", look=look)
        expect(said["complaint"].strip(), tried=f"{tried}; standard error", got="nothing", expected="a reason", look=look)


@main.property("no recipes to be had: exit code 3, and the reason on standard error")
def network_down(student, rng):
    for error, kind in (("GaveUp", student.GaveUp), ("Refused", student.Refused)):
        said, tried = ran(student, "egg butter", error=error, kind=kind)
        expect_code(said, 3, tried=tried, look="except (GaveUp, Refused) as error: ... return 3")
        look = "print(error, file=sys.stderr): somebody may be writing standard output to a file"
        expect(not said["lines"], tried=f"{tried}; standard output", got=str(said["lines"])[:80], expected="nothing", look=look)
        got = said["complaint"][:80] or "nothing"
        expect("no luck today" in said["complaint"], tried=f"{tried}; standard error", got=got, expected="the error's message", look=look)


@main.property("a senseless command line: exit code 2, before anybody is asked")
def senseless(student, rng):
    for words in ("", "egg --top many", "egg --taste good"):
        said, tried = ran(student, words)
        look = "argparse raises SystemExit(2) by itself: parse first, and let that through"
        expect_code(said, 2, tried=tried, look=look)
        expect(not said["servers"], tried=tried, got="a call of load", expected="none", look=look)


@main.property("it asks the server that was named, once")
def named_server(student, rng):
    port = int(rng.integers(1024, 65535))
    for words, want in ((f"egg --server http://10.0.0.7:{port}", f"http://10.0.0.7:{port}"), ("egg", "http://127.0.0.1:8000")):
        said, tried = ran(student, words)
        got = str(said["servers"])[:80]
        expect(said["servers"] == [want], tried=f"{tried}; calls of load", got=got, expected=f"one, with {want}", look="load(asked.server)")


@main.property("a bug in `load` is not called a bad network")
def bug_in_load(student, rng):
    said, tried = ran(student, "egg", error="ZeroDivisionError")
    look = "catch GaveUp and Refused, no more"
    expect(said["end"] == "ZeroDivisionError", tried=tried, got=f"exit code {said['code']}", expected="ZeroDivisionError", look=look)
