"""Returns the number of mistakes instead of their rows."""

# fails: train/separates, train/lists_mistakes_in_order, train/is_the_sum_of_mistakes, train/gives_up, train/learns_one_example
# fails: train/equals_scikit_learn, train/stays_within_the_bound, train/leaves_the_data
# hears: append the row at each mistake


def train(X, y, max_epochs=1000):
    w, b, count = np.zeros(X.shape[1]), 0.0, 0
    for _ in range(max_epochs):
        before = count
        for x, label in zip(X, y, strict=True):
            w, b, mistaken = update(w, b, x, label)
            count += mistaken
        if count == before:
            break
    return w, b, count
