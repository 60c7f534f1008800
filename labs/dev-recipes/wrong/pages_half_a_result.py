"""When a page cannot be had, it makes do with what it has."""

# fails: pages/all_or_nothing
# hears: is what the hopeful client brings


def all_recipes(base, get):
    found, followed, cursor = {}, set(), None
    while True:
        try:
            page = parse_page(get(page_url(base, cursor)))
        except Exception:
            return list(found.values())
        found |= {recipe.id: recipe for recipe in page.recipes}
        if page.next is None:
            return list(found.values())
        if page.next in followed:
            raise ValueError("a circle")
        cursor = page.next
        followed.add(cursor)
