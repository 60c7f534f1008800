"""Goes through `have` again for each recipe; what is missing comes in the recipe's order."""

# fails: propose/reads_once, propose/says_what_is_missing
# hears: once, and keep what you need
# hears: sorted(set(recipe.ingredients) - at_home)


def propose(recipes, have, top=TOP):
    pairs = []
    for recipe in recipes:
        at_home = [each.strip().lower() for each in have]
        missing = [each for each in recipe.ingredients if each not in at_home]
        if len(missing) < len(recipe.ingredients):
            pairs.append((recipe, missing))
    return sorted(pairs, key=lambda pair: (len(pair[1]), pair[0].minutes, pair[0].id))[:top]
