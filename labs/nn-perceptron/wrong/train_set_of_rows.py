"""Lists each row once, however often it was wrong."""

# fails: train/lists_mistakes_in_order, train/is_the_sum_of_mistakes, train/gives_up
# hears: listed once for each time


def train(X, y, max_epochs=1000):
    w, b, mistakes = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        changed = False
        for row in range(len(X)):
            w, b, mistaken = update(w, b, X[row], y[row])
            if mistaken:
                changed = True
                if row not in mistakes:
                    mistakes.append(row)
        if not changed:
            break
    return w, b, mistakes
