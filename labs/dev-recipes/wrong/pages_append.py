"""Appends what comes, and stops at the first page without recipes."""

# fails: pages/each_once, pages/empty_pages, pages/over_a_real_wire
# hears: store under the id
# hears: go on until page.next is None


def all_recipes(base, get):
    recipes, followed, cursor = [], set(), None
    while True:
        page = parse_page(get(page_url(base, cursor)))
        recipes += page.recipes
        if page.next is None or not page.recipes:
            return recipes
        if page.next in followed:
            raise ValueError("a circle")
        cursor = page.next
        followed.add(cursor)
