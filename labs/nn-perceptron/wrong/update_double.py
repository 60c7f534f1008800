"""Uses y - prediction as the factor, which is 2 or -2 at a mistake."""

# fails: update/mistake_moves_the_weights, update/mistake_moves_the_bias
# fails: train/is_the_sum_of_mistakes, train/learns_one_example, train/equals_scikit_learn
# fails: pocket/keeps_the_best, pocket/three_corners_of_xor
# hears: twice the move


def update(w, b, x, y):
    score = w @ x + b
    if y * score <= 0:
        error = y - (1 if score > 0 else -1) or y
        return w + error * x, b + error, True
    return w, b, False
