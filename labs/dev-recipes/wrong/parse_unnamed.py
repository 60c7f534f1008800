"""Refuses with a message that does not say which field."""

# fails: parse/bool_is_no_int, parse/empty_values, parse/missing_field, parse/text_is_no_list
# fails: parse/wrong_type
# hears: begin the message with the field's name


def parse_recipe(payload):
    good = isinstance(payload, dict)
    good = good and all(isinstance(payload.get(name), str) and payload[name] for name in ("id", "title"))
    good = good and type(payload.get("minutes")) is int and payload["minutes"] >= 1
    good = good and isinstance(payload.get("ingredients"), list) and len(payload["ingredients"]) > 0
    if not good or not all(isinstance(each, str) and each for each in payload["ingredients"]):
        raise ValueError(f"malformed record: {payload}")
    return Recipe(payload["id"], payload["title"], payload["minutes"], tuple(payload["ingredients"]))
