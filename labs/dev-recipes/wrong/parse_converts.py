"""Repairs instead of refusing: whatever can be converted is."""

# fails: parse/bool_is_no_int, parse/wrong_type
# hears: converting hides the server's mistake


def parse_recipe(payload):
    if not isinstance(payload, dict):
        raise ValueError("not a dictionary")
    for name in ("id", "title", "minutes", "ingredients"):
        if not payload.get(name):
            raise ValueError(f"{name} is missing or empty")
    for name in ("id", "title"):
        if not isinstance(payload[name], str):
            raise ValueError(f"{name} must be a text")
    try:
        minutes = int(payload["minutes"])
    except (TypeError, ValueError):
        raise ValueError("minutes must be a number") from None
    if minutes < 1:
        raise ValueError("minutes must be at least 1")
    ingredients = payload["ingredients"]
    if not isinstance(ingredients, list) or not all(isinstance(each, str) and each for each in ingredients):
        raise ValueError("ingredients must be texts")
    return Recipe(payload["id"], payload["title"], minutes, tuple(ingredients))
