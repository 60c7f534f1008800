"""Changes the caller's array."""

# fails: update/leaves_the_old_weights
# fails: pocket/never_worse_than_last, pocket/keeps_the_best, pocket/three_corners_of_xor, pocket/starts_with_zero_weights
# hears: your code changed its argument `w`


def update(w, b, x, y):
    mistaken = y * (w @ x + b) <= 0
    if mistaken:
        w += y * x
        b += y
    return w, b, mistaken
