"""Leaves the bias at zero."""

# fails: update/mistake_moves_the_bias
# fails: train/separates, train/lists_mistakes_in_order, train/is_the_sum_of_mistakes, train/gives_up, train/learns_one_example
# fails: train/equals_scikit_learn, train/stays_within_the_bound
# fails: pocket/keeps_the_best
# hears: the bias is the weight of a constant 1


def update(w, b, x, y):
    if y * (w @ x + b) <= 0:
        return w + y * x, b, True
    return w, b, False
