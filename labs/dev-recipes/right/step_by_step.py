"""Plain statements: one condition after another, a while loop with a counter, paths as text, sorting three times."""


def parse_recipe(payload):
    if type(payload) is not dict:
        raise ValueError("no dictionary")
    for name in ["id", "title", "minutes", "ingredients"]:
        if name not in payload:
            raise ValueError(name + ": there is no such field")
    for name in ["id", "title"]:
        if not isinstance(payload[name], str):
            raise ValueError(name + ": not a text")
        if len(payload[name]) == 0:
            raise ValueError(name + ": empty")
    minutes = payload["minutes"]
    if not isinstance(minutes, int) or isinstance(minutes, bool) or minutes <= 0:
        raise ValueError("minutes: not a whole number above 0")
    if not isinstance(payload["ingredients"], list) or len(payload["ingredients"]) == 0:
        raise ValueError("ingredients: not a list with entries")
    ingredients = []
    for each in payload["ingredients"]:
        if not isinstance(each, str) or each == "":
            raise ValueError("ingredients: one of them is not a text, or empty")
        ingredients.append(each)
    return Recipe(id=payload["id"], title=payload["title"], minutes=minutes, ingredients=tuple(ingredients))


def fetch(url, parse, send, sleep, rng, attempts=ATTEMPTS):
    failures = 0
    limit = BASE
    while True:
        wait = 0
        try:
            answer = send(url)
        except OSError as error:
            reason = str(error)
        else:
            if answer.status == 429 or answer.status >= 500:
                reason = "status " + str(answer.status)
                wait = retry_after(answer)
            elif answer.status != 200:
                raise Refused("the server refused " + url)
            else:
                try:
                    value = json.loads(answer.body)
                    parse(value)
                    return value
                except ValueError as error:
                    reason = "a bad body: " + str(error)
        failures = failures + 1
        if failures == attempts:
            raise GaveUp("gave up on " + url + ", " + reason)
        sleep(wait + limit * rng.random())
        limit = min(CAP, 2 * limit)


def cached(url, load, folder, max_age, now):
    os.makedirs(folder, exist_ok=True)
    name = os.path.join(folder, hashlib.sha256(url.encode("utf-8")).hexdigest())
    if os.path.exists(name):
        try:
            with open(name, encoding="utf-8") as file:
                time_text, value_text = file.read().split("\n", 1)
            age = now - float(time_text)
            value = json.loads(value_text)
            if age >= 0 and age < max_age:
                return value
        except ValueError:
            os.remove(name)
    value = load(url)
    write_atomically(Path(name), (repr(now) + "\n" + json.dumps(value)).encode("utf-8"))
    return value


def all_recipes(base, get):
    ids = []
    by_id = {}
    cursors = []
    cursor = None
    while True:
        if cursor in cursors:
            raise ValueError("a circle")
        cursors.append(cursor)
        page = parse_page(get(page_url(base, cursor)))
        for recipe in page.recipes:
            if recipe.id not in ids:
                ids.append(recipe.id)
            by_id[recipe.id] = recipe
        cursor = page.next
        if cursor is None:
            break
    return [by_id[each] for each in ids]


def propose(recipes, have, top=TOP):
    names = []
    for each in have:
        names.append(each.strip().lower())
    pairs = []
    for recipe in recipes:
        missing = []
        for each in recipe.ingredients:
            if each not in names:
                missing.append(each)
        if len(missing) < len(recipe.ingredients):
            missing.sort()
            pairs.append((recipe, missing))
    pairs.sort(key=lambda pair: pair[0].id)
    pairs.sort(key=lambda pair: pair[0].minutes)
    pairs.sort(key=lambda pair: len(pair[1]))
    return pairs[:top]


def main(argv, load):
    asked = make_parser().parse_args(argv)
    recipes = None
    try:
        recipes = load(asked.server)
    except GaveUp as error:
        sys.stderr.write(str(error) + "\n")
    except Refused as error:
        sys.stderr.write(str(error) + "\n")
    if recipes is None:
        return 3
    proposals = propose(recipes, asked.have, asked.top)
    if len(proposals) == 0:
        sys.stderr.write("nothing\n")
        return 1
    for proposal in proposals:
        sys.stdout.write(proposal[0].title + "\n")
    return 0
