"""Compares the prediction with the label: a score of 0 passes when the label is -1."""

# fails: update/zero_is_a_mistake
# fails: train/learns_one_example
# fails: pocket/never_worse_than_last, pocket/keeps_the_best, pocket/three_corners_of_xor
# hears: lets it pass when y is -1


def update(w, b, x, y):
    if predict(x, w, b) != y:
        return w + y * x, b + y, True
    return w, b, False
