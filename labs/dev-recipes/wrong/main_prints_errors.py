"""Everything goes to standard output, and the program always ends with 0."""

# fails: main/network_down, main/nothing_fits
# hears: somebody may be writing standard output to a file
# hears: an empty list of proposals is no success


def main(argv, load):
    asked = make_parser().parse_args(argv)
    try:
        recipes = load(asked.server)
    except (GaveUp, Refused) as error:
        print("error:", error)
        return 3
    proposals = propose(recipes, asked.have, asked.top)
    for recipe, missing in proposals:
        print(recipe.title, "to buy:", missing)
    if not proposals:
        print("nothing fits")
    return 0
