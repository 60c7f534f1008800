"""Learns from every example, right or wrong (Hebb's rule)."""

# fails: update/right_stays
# fails: train/separates, train/lists_mistakes_in_order, train/is_the_sum_of_mistakes, train/gives_up, train/learns_one_example
# fails: train/equals_scikit_learn
# fails: pocket/keeps_the_best, pocket/three_corners_of_xor
# hears: the perceptron learns only from mistakes


def update(w, b, x, y):
    return w + y * x, b + y, bool(y * (w @ x + b) <= 0)
