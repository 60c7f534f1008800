"""Plain Python: loops over rows, dictionaries and sets, a list of all states, a golden-section search."""


def deal(groups, counts, seed):
    names = sorted(set(groups.tolist()))
    if sum(counts) != len(names):
        raise ValueError("the counts do not add up to the number of groups")
    order = np.random.default_rng(seed).permutation(len(names))
    part_of, place = {}, 0
    for part, count in enumerate(counts):
        for each in order[place : place + count]:
            part_of[names[each]] = part
        place += count
    parts = [[] for _ in counts]
    for row, name in enumerate(groups.tolist()):
        parts[part_of[name]].append(row)
    return [np.array(rows, dtype=int) for rows in parts]


def find_leaks(X_train, X_test, groups_train, groups_test, prepare):
    copies = 0
    for picture in X_test:
        if any(np.array_equal(picture, other) for other in X_train):
            copies += 1
    known = set(groups_train.tolist())
    shared = sum(1 for name in groups_test.tolist() if name in known)
    before, after = prepare(X_train, X_test)[0], prepare(X_train, np.full_like(X_test, -77.0))[0]
    same = before.shape == after.shape and bool((before == after).all())
    return {"copies": copies, "groups": shared, "peeks": not same}


class EarlyStopping:
    def __init__(self, model, patience):
        self.model, self.patience = model, patience
        self.best_epoch, self.best_loss = -1, float("inf")
        self.losses, self.waited = [], 0
        self.states = {-1: {name: value.clone() for name, value in model.state_dict().items()}}

    @property
    def epoch(self):
        return len(self.losses) - 1

    def restore(self):
        self.model.load_state_dict(self.states[self.best_epoch])

    def update(self, loss):
        self.losses.append(loss)
        self.waited += 1
        if loss < self.best_loss:
            self.waited, self.best_epoch, self.best_loss = 0, self.epoch, loss
            self.states[self.epoch] = {name: value.clone() for name, value in self.model.state_dict().items()}
        return self.waited >= self.patience


def calibration_error(probabilities, y, bins=15):
    table = np.zeros((bins, 3))
    for row, answer in zip(probabilities, y, strict=True):
        confidence = row.max()
        m = bins - 1 if confidence == 1 else int(confidence * bins)
        table[m] += 1, confidence, row.argmax() == answer
    error = 0.0
    for m in range(bins):
        if table[m, 0]:
            table[m, 1:] /= table[m, 0]
            error += table[m, 0] / len(y) * abs(table[m, 2] - table[m, 1])
    return error, table


def fit_temperature(logits, y):
    def loss(log_T):
        return -np.mean(np.log(np.maximum(softmax(logits / np.exp(log_T))[np.arange(len(y)), y], 1e-300)))

    low, high, golden = np.log(0.05), np.log(20.0), (np.sqrt(5) - 1) / 2
    while high - low > 1e-6:
        left, right = high - golden * (high - low), low + golden * (high - low)
        if loss(left) <= loss(right):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def paired_interval(right_a, right_b, groups, draws=2000, seed=0):
    rng, pairs = np.random.default_rng(seed), {}
    for name, a, b in zip(groups.tolist(), right_a.tolist(), right_b.tolist(), strict=True):
        total, size = pairs.get(name, (0, 0))
        pairs[name] = (total + a - b, size + 1)
    pairs = np.array(list(pairs.values()))
    results = []
    for _ in range(draws):
        total, size = pairs[rng.integers(len(pairs), size=len(pairs))].sum(axis=0)
        results.append(total / size)
    low, high = np.percentile(results, [2.5, 97.5])
    return sum(total for total, _ in pairs.tolist()) / len(groups), float(low), float(high)
