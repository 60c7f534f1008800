"""Catches everything, bugs and argparse's own ending included."""

# fails: main/bug_in_load, main/senseless
# hears: argparse raises SystemExit(2) by itself
# hears: catch GaveUp and Refused, no more


def main(argv, load):
    try:
        asked = make_parser().parse_args(argv)
        proposals = propose(load(asked.server), asked.have, asked.top)
    except (Exception, SystemExit) as error:
        print(error, file=sys.stderr)
        return 3
    for recipe, missing in proposals:
        print(recipe.title, "to buy:", missing)
    if not proposals:
        print("nothing fits", file=sys.stderr)
        return 1
    return 0
