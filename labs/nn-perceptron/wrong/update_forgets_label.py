"""Adds the example whatever its label is."""

# fails: update/mistake_moves_the_weights
# fails: train/separates, train/lists_mistakes_in_order, train/is_the_sum_of_mistakes, train/gives_up, train/learns_one_example
# fails: train/equals_scikit_learn, train/stays_within_the_bound
# fails: pocket/never_worse_than_last, pocket/keeps_the_best, pocket/separates_when_it_can
# hears: for the label -1 the example is subtracted


def update(w, b, x, y):
    if y * (w @ x + b) <= 0:
        return w + x, b + y, True
    return w, b, False
