"""Tables, generators, recursion and context managers: helper functions carry the rules."""

RULES = {
    "id": lambda value: isinstance(value, str) and value != "",
    "title": lambda value: isinstance(value, str) and value != "",
    "minutes": lambda value: type(value) is int and value >= 1,
    "ingredients": lambda value: isinstance(value, list) and value != [] and all(type(each) is str and each for each in value),
}


def parse_recipe(payload):
    if not hasattr(payload, "items"):
        raise ValueError(f"not a record: {payload}")
    bad = [name for name, fits in RULES.items() if not fits(payload.get(name))]
    if bad:
        raise ValueError(f"{bad[0]} is {payload.get(bad[0], 'missing')!r}")
    fields = {name: payload[name] for name in RULES}
    return Recipe(**{**fields, "ingredients": tuple(fields["ingredients"])})


def attempt(url, parse, send):
    """(True, value), or (False, seconds that the server asks for)."""
    try:
        answer = send(url)
        match answer.status:
            case 200:
                value = json.loads(answer.body.decode())
                parse(value)
                return True, value
            case status if status == 429 or status // 100 >= 5:
                return False, retry_after(answer)
            case status:
                raise Refused(f"{status} for {url}")
    except (OSError, ValueError):
        return False, 0.0


def fetch(url, parse, send, sleep, rng, attempts=ATTEMPTS, n=0):
    done, value = attempt(url, parse, send)
    if done:
        return value
    if n + 1 == attempts:
        raise GaveUp(f"{attempts} times nothing from {url}")
    sleep(value + rng.uniform(0, min(CAP, BASE * 2.0**n)))
    return fetch(url, parse, send, sleep, rng, attempts, n + 1)


def cached(url, load, folder, max_age, now):
    folder = Path(folder)
    path = folder / hashlib.blake2b(url.encode(), digest_size=20).hexdigest()
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        entry = json.loads(path.read_text(encoding="utf-8"))
        if entry["url"] == url and entry["until"] > now >= entry["until"] - max_age:
            return entry["value"]
    entry = {"value": load(url), "url": url, "until": now + max_age}
    folder.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(entry), encoding="utf-8")
    beside.replace(path)
    return entry["value"]


def walk_pages(base, get):
    """Page after page."""
    seen, cursor = {None}, None
    while True:
        page = parse_page(get(page_url(base, cursor)))
        yield page
        cursor = page.next
        if cursor is None:
            return
        if cursor in seen:
            raise ValueError(f"circle at {cursor}")
        seen.add(cursor)


def all_recipes(base, get):
    every = (recipe for page in walk_pages(base, get) for recipe in page.recipes)
    return list({recipe.id: recipe for recipe in every}.values())


def propose(recipes, have, top=TOP):
    at_home = frozenset(" ".join(each.split()).casefold() for each in have)
    pairs = ((recipe, sorted(at_home.symmetric_difference(recipe.ingredients) - at_home)) for recipe in recipes)
    useful = (pair for pair in pairs if len(pair[1]) < len(set(pair[0].ingredients)))
    ranked = sorted((len(missing), recipe.minutes, recipe.id, recipe, missing) for recipe, missing in useful)
    return [(recipe, missing) for *_, recipe, missing in ranked][:top]


def main(argv, load):
    asked = make_parser().parse_args(argv)
    try:
        proposals = propose(load(asked.server), asked.have, asked.top)
    except (Refused, GaveUp) as error:
        return print(error, file=sys.stderr) or 3
    print(*(f"{recipe.title}: {missing}" for recipe, missing in proposals), sep="\n", end="\n" * bool(proposals))
    if not proposals:
        print("Nothing fits.", file=sys.stderr)
    return int(not proposals)
