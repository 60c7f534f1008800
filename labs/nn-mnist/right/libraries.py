"""With the libraries' tools: scikit-learn's LabelEncoder, np.histogram, SciPy's bounded search, weights of a multinomial draw."""


def deal(groups, counts, seed):
    from sklearn.preprocessing import LabelEncoder

    number = LabelEncoder().fit_transform(groups)
    if number.max() + 1 != np.sum(counts):
        raise ValueError("the counts do not add up to the number of groups")
    part = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    return [np.where(part[number] == each)[0] for each in range(len(counts))]


def find_leaks(X_train, X_test, groups_train, groups_test, prepare):
    rows, names = X_test.reshape(len(X_test), -1), X_train.reshape(len(X_train), -1)
    copies = sum(int((names == row).all(axis=1).any()) for row in rows)
    first, _ = prepare(X_train.copy(), X_test.copy())
    second, _ = prepare(X_train.copy(), 50.0 - 30.0 * X_test)
    shared = len(groups_test) - np.isin(groups_test, groups_train, invert=True).sum()
    return {"copies": copies, "groups": shared, "peeks": first.shape != second.shape or np.any(first != second)}


class EarlyStopping:
    def __init__(self, model, patience):
        import io

        self.model, self.patience, self.file = model, patience, io.BytesIO()
        self.epoch, self.best_epoch, self.best_loss = -1, -1, np.inf
        torch.save(model.state_dict(), self.file)

    def restore(self):
        self.file.seek(0)
        self.model.load_state_dict(torch.load(self.file, weights_only=True))

    def update(self, loss):
        self.epoch += 1
        if np.nan_to_num(loss, nan=np.inf) < self.best_loss:
            self.best_epoch, self.best_loss = self.epoch, loss
            self.file.seek(0)
            torch.save(self.model.state_dict(), self.file)
        return self.epoch == self.best_epoch + self.patience or self.epoch - self.best_epoch > self.patience


def calibration_error(probabilities, y, bins=15):
    confidence = probabilities.max(axis=-1)
    hit = np.take_along_axis(probabilities, y[:, None], axis=1)[:, 0] == confidence
    count, edges = np.histogram(confidence, bins=bins, range=(0, 1))
    sums = [np.histogram(confidence, bins=edges, weights=weights)[0] for weights in (confidence, hit.astype(float))]
    means = [np.divide(each, count, out=np.zeros(bins), where=count > 0) for each in sums]
    return np.average(np.abs(means[1] - means[0]), weights=count), np.stack([count, *means], axis=1)


def fit_temperature(logits, y):
    from scipy.optimize import brentq

    def too_sure(log_T):
        p = softmax(logits / np.exp(log_T))
        return np.mean((p * (logits - logits[np.arange(len(y)), y][:, None])).sum(axis=1))

    ends = np.log(0.05), np.log(20.0)
    if too_sure(ends[0]) <= 0:
        return 0.05
    return 20.0 if too_sure(ends[1]) >= 0 else float(np.exp(brentq(too_sure, *ends, xtol=1e-6)))


def paired_interval(right_a, right_b, groups, draws=2000, seed=0):
    names = np.unique(groups)
    member = (groups == names[:, None]).astype(float)  # (groups, rows)
    times = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    d = right_a.astype(int) - right_b.astype(int)
    results = (times @ (member @ d)) / (times @ member.sum(axis=1))
    return d.mean(), *np.quantile(results, (0.025, 0.975))
