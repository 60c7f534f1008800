"""Checks with isinstance and asks only whether the ingredients can be gone through."""

# fails: parse/bool_is_no_int, parse/text_is_no_list
# hears: bool is a kind of int
# hears: a text is a sequence of letters


def parse_recipe(payload):
    if not isinstance(payload, dict):
        raise ValueError("not a dictionary")
    for name, kind in (("id", str), ("title", str), ("minutes", int), ("ingredients", (list, str))):
        if name not in payload:
            raise ValueError(f"{name} is missing")
        if not isinstance(payload[name], kind) or not payload[name]:
            raise ValueError(f"{name} has a wrong type")
    if payload["minutes"] < 1:
        raise ValueError("minutes must be at least 1")
    if not all(isinstance(each, str) and each for each in payload["ingredients"]):
        raise ValueError("ingredients must be texts")
    return Recipe(payload["id"], payload["title"], payload["minutes"], tuple(payload["ingredients"]))
