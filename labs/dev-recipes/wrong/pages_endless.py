"""Follows every cursor, and keeps the first version of each recipe."""

# fails: pages/circles, pages/each_once
# hears: keep a set of the cursors
# hears: the later version counts


def all_recipes(base, get):
    found, cursor = {}, None
    while True:
        page = parse_page(get(page_url(base, cursor)))
        for recipe in page.recipes:
            found.setdefault(recipe.id, recipe)
        if page.next is None:
            return list(found.values())
        cursor = page.next
