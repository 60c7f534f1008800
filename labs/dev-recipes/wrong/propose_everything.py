"""Proposes also what uses nothing from the house, and takes names as they were typed."""

# fails: propose/capitals_and_spaces, propose/something_in_common
# hears: a recipe counts only if
# hears: each.strip().lower()


def propose(recipes, have, top=TOP):
    have = set(have)
    pairs = [(recipe, sorted(set(recipe.ingredients) - have)) for recipe in recipes]
    return sorted(pairs, key=lambda pair: (len(pair[1]), pair[0].minutes, pair[0].id))[:top]
