"""Ranks by how much of a recipe is in the house, most first; equal ones stay in the order in which they came."""

# fails: propose/right_order
# hears: number of missing ingredients, minutes, id


def propose(recipes, have, top=TOP):
    at_home = {each.strip().lower() for each in have}
    useful = [recipe for recipe in recipes if at_home & set(recipe.ingredients)]
    ranked = sorted(useful, key=lambda recipe: len(at_home & set(recipe.ingredients)), reverse=True)
    return [(recipe, sorted(set(recipe.ingredients) - at_home)) for recipe in ranked[:top]]
