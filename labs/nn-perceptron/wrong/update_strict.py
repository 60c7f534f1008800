"""Tests < 0 instead of <= 0: from zero weights nothing ever happens."""

# fails: update/zero_is_a_mistake
# fails: train/separates, train/lists_mistakes_in_order, train/is_the_sum_of_mistakes, train/gives_up, train/learns_one_example
# fails: train/equals_scikit_learn
# fails: pocket/never_worse_than_last, pocket/keeps_the_best, pocket/three_corners_of_xor, pocket/separates_when_it_can
# hears: training from zero weights never begins


def update(w, b, x, y):
    if y * (w @ x + b) < 0:
        return w + y * x, b + y, True
    return w, b, False
