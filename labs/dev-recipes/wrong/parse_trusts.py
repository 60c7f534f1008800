"""Trusts the sender: the fields go straight into the dataclass."""

# fails: parse/bool_is_no_int, parse/empty_values, parse/missing_field, parse/no_dictionary
# fails: parse/text_is_no_list, parse/unknown_fields, parse/wrong_type
# hears: Recipe(**payload) fails when a server adds one


def parse_recipe(payload):
    return Recipe(**{**payload, "ingredients": tuple(payload["ingredients"])})
