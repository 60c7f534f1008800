"""What proves the answers of the lab nn-perceptron right."""

import numpy as np

from scratchlab.checks import Wrong, as_array, describe, expect, expect_close, expect_shape, task, unchanged

predict = task(
    "predict",
    hints=(
        "First a score for each example, then one decision for each score.",
        "The scores are X @ w + b: shape (n,) for X of shape (n, d), and a single number for X of shape (d,).",
        "`return np.where(... > 0, 1, -1)`, with the scores in place of the dots",
    ),
)
update = task(
    "update",
    hints=(
        "Compute the score first. Label and score of the same sign: nothing to do. Else: move the weights and the bias.",
        "It is a mistake if y * score <= 0. Then w becomes w + y x, and b becomes b + y.",
        "`if y * (w @ x + b) > 0: return w, b, False`, and below it a `return` with the new weights, the new bias and True",
    ),
)
train = task(
    "train",
    hints=(
        "Two loops: over the epochs, and inside it over the rows. Note the row each time `update` reports a mistake.",
        "Compare the length of the list before and after an epoch: if it has not grown, the epoch was free of mistakes.",
        "`for row in range(len(X)): w, b, mistaken = update(w, b, X[row], y[row])`, then `if mistaken: mistakes.append(row)`; "
        "after this inner loop, `break` if nothing was appended in it",
    ),
)
bound = task(
    "bound",
    hints=(
        "Make the bias a weight first: append a 1 to each row of X, and b to w. After that, b needs no special treatment.",
        "R is the largest length of a row (x, 1). gamma is the smallest y * score, divided by the length of (w, b).",
        "`X_aug = np.column_stack([X, np.ones(len(X))])`, `w_aug = np.append(w, b)`, and `np.linalg.norm(X_aug, axis=1)` gives the "
        "length of each row",
    ),
)
pocket = task(
    "pocket",
    hints=(
        "Two pairs of weights live side by side: those that walk, and those in the pocket. The walk never looks at the pocket.",
        "After each update: accuracy(predict(X, w, b), y). If it is above the best so far, remember it and the pair (w, b).",
        "`for row in rng.permutation(len(X)):` update w and b; `if mistaken:` compute the accuracy `now`, and "
        "`if now > best: pocket, best = (w, b), now`",
    ),
)


# ---- inputs and a plain reference -------------------------------------------------------------------------------------


def separable(rng, n=30, d=3, gap=0.3, scale=1.0):
    """Data with both labels, and unit-length weights (u, c) whose margin on it is at least `gap * scale / sqrt(1 + c²)`."""
    u, c = rng.standard_normal(d), 0.3 * rng.standard_normal()
    u /= np.linalg.norm(u)
    x = rng.standard_normal((n, d))
    y = np.where(x @ u + c > 0, 1, -1)
    y[:2] = 1, -1
    x[:2] -= np.outer(x[:2] @ u + c - y[:2], u)  # the first two lie at distance 1, one on each side
    return scale * (x + gap * y[:, None] * u), y, u, scale * c


def demanding(rng, n=20, d=3):
    """Separable data on which some row is a mistake in more than one epoch."""
    while True:
        x, y, _, _ = separable(rng, n, d, gap=0.1)
        rows = [row for row, _, _ in visits(x, y, [range(n)] * 1000)]
        if len(rows) > len(set(rows)):
            return x, y


def inseparable(rng, n=40, d=3):
    """Data with labels that no weights get right: some points occur twice, with both labels."""
    x, y, _, _ = separable(rng, n, d)
    x[-4:], y[-4:] = x[:4], -y[:4]
    return x, y


def visits(x, y, orders):
    """Every update of a perceptron that visits the rows in these orders, one order an epoch: (row, w, b) after it."""
    w, b = np.zeros(x.shape[1]), 0.0
    for order in orders:
        calm = True
        for row in order:
            if y[row] * (x[row] @ w + b) <= 0:
                w, b, calm = w + y[row] * x[row], b + y[row], False
                yield int(row), w, b
        if calm:
            return


def right_share(x, y, w, b):
    """Share of right answers of the unit (w, b), a score of 0 counting as -1."""
    return float(np.mean(np.where(x @ w + b > 0, 1, -1) == y))


def parts(value, names, tried):
    """`value` as a tuple with one entry for each name, or `Wrong`."""
    if not isinstance(value, tuple | list) or len(value) != len(names):
        got = f"{len(value)} values" if isinstance(value, tuple | list) else describe(value)
        raise Wrong(tried=tried, got=got, expected=f"{len(names)} values: {', '.join(names)}", look=f"return {', '.join(names)}")
    return tuple(value)


def short(rows):
    """A list of rows for a message."""
    rows = list(rows)
    return f"{rows}" if len(rows) <= 12 else f"[{', '.join(map(str, rows[:12]))}, ...] ({len(rows)} in all)"


# ---- predict ----------------------------------------------------------------------------------------------------------


@predict.property("a stack of n examples gets n answers, one for each row")
def one_answer_per_row(student, rng):
    for n, d in ((5, 3), (1, 4)):
        got = student.predict(rng.standard_normal((n, d)), rng.standard_normal(d), 0.3)
        expect_shape(
            got,
            (n,),
            tried=f"X of shape ({n}, {d}), w of shape ({d},)",
            look="multiply each row of X with w, and sum over the features: X @ w",
        )


@predict.property("one example of shape (d,) gets one answer")
def takes_a_single_example(student, rng):
    x, w = rng.standard_normal(4), rng.standard_normal(4)
    tried = "X = one example, shape (4,)"
    try:
        got = student.predict(x.copy(), w.copy(), 0.5)
    except (TypeError, ValueError, IndexError) as error:
        raise Wrong(
            tried=tried,
            got=f"{type(error).__name__}: {error}",
            expected="one answer, -1 or +1",
            look="X @ w works for (d,) and for (n, d) alike; a loop over the rows of X does not, for one example has no rows",
        ) from None
    expect(np.size(as_array(got, tried=tried)) == 1, tried=tried, got=describe(got), expected="one answer", look="X @ w is one number here")
    expect_close(np.reshape(got, ()), 1.0 if x @ w + 0.5 > 0 else -1.0, tried=tried, look="the sign of the score w·x + b")


@predict.property("without a bias, the answer is the sign of w·x: -1 or +1")
def follows_the_sign(student, rng):
    x, w = rng.standard_normal((9, 6))[:, ::2], rng.standard_normal(3)
    x[0], x[1] = 1e4 * w, -1e4 * w  # large scores, one of each sign
    got = as_array(student.predict(x.copy(), w.copy(), 0.0), tried="9 random examples, b = 0")
    low = "0 and 1" if set(np.unique(got)) <= {0.0, 1.0} else "other values"
    if not set(np.unique(got)) <= {-1.0, 1.0}:
        raise Wrong(
            tried="9 random examples, b = 0", got=f"answers that are {low}", expected="answers -1 and +1", look="np.where(score > 0, 1, -1)"
        )
    expect_close(got, np.where(x @ w > 0, 1, -1), tried="9 random examples, b = 0", look="which sign of the score means +1?")


@predict.property("the bias moves the boundary")
def counts_the_bias(student, rng):
    x, w = 0.1 * rng.standard_normal((6, 3)), np.ones(3)
    for b, answer in ((5.0, 1), (-5.0, -1)):
        got = as_array(student.predict(x, w, b), tried=f"small features and b = {b:g}")
        expect(
            got.shape == (6,) and (np.all(got > 0) if answer > 0 else np.all(got <= 0)),
            tried=f"small features and the bias {b:g}, which outweighs them",
            got=f"answers {got.astype(int).tolist()}",
            expected=f"{answer:+d} everywhere",
            look="is b added to the score, with its own sign?",
        )


@predict.property("a score of exactly 0 is answered with -1")
def zero_is_minus_one(student, rng):
    tried = "two scores that are exactly 0, and one that is -2"
    got = as_array(student.predict(np.array([[0.0, 0.0], [1.0, -1.0], [-1.0, -1.0]]), np.ones(2), 0.0), tried=tried).astype(float)
    look = "+1 only where the score is above 0: > and not >="
    if np.any(got == 0):
        look = "np.sign gives 0 for 0, and 0 is no label" if got[-1] == -1 else "the answers are labels, -1 and +1, not 0 and 1"
    expect(
        got.shape == (3,) and np.all(got == -1),
        tried=tried,
        got=f"answers {got.astype(int).tolist()}",
        expected="-1 for all three",
        look=look,
    )


# ---- update -----------------------------------------------------------------------------------------------------------

UPDATE = ("w", "b", "mistaken")


def example(rng, y, right):
    """Weights, bias and an example with label y whose score has the label's sign if `right`, else the other one."""
    w, x, b = rng.standard_normal(4), rng.standard_normal(4), float(rng.standard_normal())
    if (y * (w @ x + b) > 0) != right:
        w, b = -w, -b
    return w, b, x


def step(student, w, b, x, y, tried):
    return parts(student.update(w.copy(), b, x.copy(), y), UPDATE, tried)


@update.property("an example on its right side changes nothing")
def right_stays(student, rng):
    for y in (1, -1):
        w, b, x = example(rng, y, right=True)
        tried = f"an example with label {y:+d} and a score of {w @ x + b:+.2f}"
        new_w, new_b, _ = step(student, w, b, x, y, tried)
        look = "the perceptron learns only from mistakes: what does y * score tell?"
        expect_close(new_w, w, tried=tried, look=look)
        expect_close(new_b, b, tried=tried, look=look)


@update.property("after a mistake the weights are w + y x")
def mistake_moves_the_weights(student, rng):
    for y in (1, -1):
        w, b, x = example(rng, y, right=False)
        tried = f"an example with label {y:+d} and a score of {w @ x + b:+.2f}"
        new_w, _, _ = step(student, w, b, x, y, tried)
        if np.allclose(as_array(new_w, tried=tried), w):
            raise Wrong(
                tried=tried, got="the weights as they were", expected="w + y * x", look="label and score have different signs: a mistake"
            )
        moved = as_array(new_w, tried=tried) - w
        looks = "the move is y * x: for the label -1 the example is subtracted"
        if moved.shape == x.shape and np.allclose(moved, 2 * y * x):
            looks = "twice the move: y - prediction is 2 or -2 at a mistake, not 1 or -1"
        expect_close(moved, y * x, tried=tried + "; here is the move, new w - old w", look=looks)


@update.property("after a mistake the bias is b + y")
def mistake_moves_the_bias(student, rng):
    for y in (1, -1):
        w, b, x = example(rng, y, right=False)
        tried = f"an example with label {y:+d}, a score of {w @ x + b:+.2f} and the bias {b:.2f}"
        _, new_b, _ = step(student, w, b, x, y, tried)
        expect_close(new_b, b + y, tried=tried, look="the bias is the weight of a constant 1, so it moves by y * 1")


@update.property("a score of exactly 0 is a mistake, for both labels")
def zero_is_a_mistake(student, rng):
    x = rng.standard_normal(3)
    for y in (1, -1):
        tried = f"w = 0, b = 0 (as at the start of training) and an example with label {y:+d}"
        new_w, _, mistaken = step(student, np.zeros(3), 0.0, x, y, tried)
        look = "y * score <= 0, with the equals sign: else training from zero weights never begins"
        if y < 0:
            look = (
                "a score of 0 is on no side. Comparing the prediction with the label lets it pass when y is -1; test y * score <= 0 instead"
            )
        expect(
            bool(mistaken) and np.any(as_array(new_w, tried=tried) != 0),
            tried=tried,
            got="no update",
            expected="an update: w = y * x",
            look=look,
        )


@update.property("it reports whether this was a mistake")
def reports_mistakes(student, rng):
    for y in (1, -1):
        for right in (True, False):
            w, b, x = example(rng, y, right)
            tried = f"an example with label {y:+d} and a score of {w @ x + b:+.2f}"
            _, _, mistaken = step(student, w, b, x, y, tried)
            expect(
                bool(mistaken) is not right,
                tried=tried,
                got=f"mistaken = {mistaken}",
                expected=not right,
                look="the third value is True exactly if y * score, computed before the move, is not above 0",
            )


@update.property("the arrays that it is given stay as they are")
def leaves_the_old_weights(student, rng):
    w, b, x = example(rng, 1, right=False)
    with unchanged("one update after a mistake", w=w, x=x):
        parts(student.update(w, b, x, 1), UPDATE, "one update after a mistake")


# ---- train ------------------------------------------------------------------------------------------------------------

TRAIN = ("w", "b", "mistakes")


def trained(student, x, y, max_epochs, tried):
    """The answer of student.train with the mistakes as a list of integers."""
    w, b, mistakes = parts(student.train(x.copy(), y.copy(), max_epochs), TRAIN, tried)
    try:
        rows = [int(row) for row in mistakes]
    except TypeError:
        raise Wrong(
            tried=tried,
            got=f"mistakes = {describe(mistakes)}",
            expected="a list of rows",
            look="append the row at each mistake; len() counts them later",
        ) from None
    return w, b, rows


@train.property("data that can be separated are separated")
def separates(student, rng):
    for n, d in ((30, 3), (9, 2)):
        x, y = demanding(rng, n, d)
        tried = f"{n} separable examples with {d} features"
        w, b, _ = trained(student, x, y, 1000, tried)
        expect_shape(as_array(w, tried=tried), (d,), tried=tried, look="one weight for each feature")
        wrong = int(np.sum(~(y * (x @ as_array(w, tried=tried) + float(b)) > 0)))
        expect(
            wrong == 0,
            tried=tried,
            got=f"{wrong} examples not on their right side",
            expected="0",
            look="does training go on until a whole epoch has no mistake?",
        )


@train.property("the mistakes are listed row by row, in the order in which they happen")
def lists_mistakes_in_order(student, rng):
    x, y = demanding(rng, 20, 3)
    tried = "20 separable examples"
    _, _, rows = trained(student, x, y, 1000, tried)
    want = [row for row, _, _ in visits(x, y, [range(20)] * 1000)]
    look = "visit the rows 0, 1, 2, ... in every epoch; the first mistake is always row 0, for all scores are 0 then"
    if sorted(set(want)) == sorted(rows):
        look = "a row that was wrong in several epochs is listed once for each time"
    elif rows == want[: len(rows)]:
        look = "the list stops early: is a `return` or `break` inside the loop over the rows, or after the first epoch?"
    elif rows[:3] == [0, 1, 2] and want[:3] != [0, 1, 2]:
        look = "are the weights updated within the epoch? Row 1 must already see what row 0 has changed"
    expect(rows == want, tried=tried, got=short(rows), expected=short(want), look=look)


@train.property("the weights and the bias are the sum of the mistakes")
def is_the_sum_of_mistakes(student, rng):
    x, y = inseparable(rng)
    tried = "40 examples that no weights separate, max_epochs = 4"
    w, b, rows = trained(student, x, y, 4, tried)
    expect(rows and min(rows) >= 0 and max(rows) < len(x), tried=tried, got=f"mistakes = {short(rows)}", expected="rows of X, 0 to 39")
    look = "start from zero, and list a row exactly when it changed the weights"
    expect_close(w, y[rows] @ x[rows], tried=tried + "; compared with the sum of y_i x_i over your list", look=look)
    expect_close(b, float(np.sum(y[rows])), tried=tried + "; compared with the sum of y_i over your list", look=look)


@train.property("it gives up after max_epochs")
def gives_up(student, rng):
    x, y = inseparable(rng)
    # A point's two labels may cancel and leave a score of exactly 0. On multiples of 1/64 every sum is exact, in whatever order it is
    # added up; else a rounding error's sign would decide whether that is a mistake.
    x = np.round(64 * x) / 64
    for epochs in (1, 3):
        tried = f"40 examples that no weights separate, max_epochs = {epochs}"
        _, _, rows = trained(student, x, y, epochs, tried)
        want = sum(1 for _ in visits(x, y, [range(40)] * epochs))
        look = "one epoch is one pass over all rows, and each mistake counts"
        expect(len(rows) == want, tried=tried, got=f"{len(rows)} mistakes", expected=f"{want} mistakes", look=look)


@train.property("a single example is learned in one update")
def learns_one_example(student, rng):
    for label in (1, -1):
        x, y = rng.standard_normal((1, 3)), np.array([label])
        tried = f"one example with label {label:+d}"
        w, b, rows = trained(student, x, y, 10, tried)
        look = "zero weights give the score 0, which is a mistake; after one update there is none"
        expect(rows == [0], tried=tried, got=f"mistakes = {short(rows)}", expected="[0]", look=look)
        expect_close(w, label * x[0], tried=tried + "; the weights", look=look)
        expect_close(b, float(label), tried=tried + "; the bias", look=look)


@train.property("weights and bias equal those of scikit-learn's Perceptron")
def equals_scikit_learn(student, rng):
    from sklearn.linear_model import Perceptron

    x, y = demanding(rng, 40, 5)
    tried = "40 separable examples with 5 features, and Perceptron(shuffle=False, tol=None) on the same"
    w, b, _ = trained(student, x, y, 300, tried)
    peer = Perceptron(shuffle=False, tol=None, eta0=1.0, penalty=None, max_iter=300).fit(x, y)
    look = "zero weights at the start, rows in order, weights changed at once after each mistake"
    expect_close(w, peer.coef_[0], tried=tried + "; the weights", look=look)
    expect_close(b, peer.intercept_[0], tried=tried + "; the bias", look=look)


@train.property("there are never more mistakes than (R/gamma)²")
def stays_within_the_bound(student, rng):
    for d in (2, 10):
        x, y, u, c = separable(rng, 40, d)
        gamma = (y * (x @ u + c)).min() / np.sqrt(1 + c * c)
        most = (1 + (x**2).sum(1).max()) / gamma**2
        tried = f"40 examples with {d} features whose margin is known"
        _, _, rows = trained(student, x, y, 1000, tried)
        look = "count a row only if it was a mistake, and change the weights only then"
        expect(len(rows) <= most, tried=tried, got=f"{len(rows)} mistakes", expected=f"at most {most:.1f}", look=look)


@train.property("the data stay as they are")
def leaves_the_data(student, rng):
    x, y, _, _ = separable(rng)
    trained(student, x, y, 10, "training on 30 examples")
    with unchanged("training on 30 examples", X=x, y=y):
        student.train(x, y, 10)


# ---- bound ------------------------------------------------------------------------------------------------------------

BOUND = ("radius", "gamma", "bound")


def bounded(student, x, y, w, b, tried):
    values = [as_array(each, tried=tried) for each in parts(student.mistake_bound(x.copy(), y.copy(), w.copy(), b), BOUND, tried)]
    for name, value in zip(BOUND, values, strict=True):
        expect(value.size == 1 and not np.isnan(value).any(), tried=tried, got=f"{name} = {value}", expected="a number")
    return tuple(float(value.item()) for value in values)


@bound.property("R is the length of the longest input, with the constant 1 appended")
def radius_is_the_longest(student, rng):
    for scale in (1.0, 0.1):
        x, y, u, c = separable(rng, 12, 3, scale=scale)
        tried = f"12 examples, the longest of length {np.linalg.norm(x, axis=1).max():.3f} before the 1 is appended"
        radius, _, _ = bounded(student, x, y, u, c, tried)
        look = "the largest length of a whole row, not the largest single number"
        if np.isclose(radius, np.linalg.norm(x, axis=1).max()):
            look = "this is the length without the appended 1; the bias is a weight here, so its input 1 counts: (x, 1)"
        expect_close(radius, np.sqrt(1 + (x**2).sum(1).max()), tried=tried, look=look)


@bound.property("gamma belongs to the example that is nearest to the boundary")
def gamma_is_the_worst_case(student, rng):
    x, y, w, _ = separable(rng, 12, 3)
    y[2], b = -y[2], 0.0
    tried = "12 examples, one of them on its wrong side, w of length 1 and b = 0"
    signed = y * (x @ w + b)
    _, gamma, _ = bounded(student, x, y, w, b, tried)
    look = "the smallest y * score"
    if np.isclose(gamma, np.abs(signed).min()) and signed.min() < 0:
        look = "an example on the wrong side counts as negative: keep the label's sign"
    elif np.isclose(gamma, signed.mean()):
        look = "the smallest y * score, not the average: one example near the boundary is enough to make a problem hard"
    expect_close(gamma, signed.min(), tried=tried, look=look)


@bound.property("gamma is a distance: it does not change when all weights are multiplied by 5")
def gamma_is_a_distance(student, rng):
    x, y, u, c = separable(rng, 12, 3)
    tried = "the same weights and bias, once as they are and once times 5"
    _, gamma, _ = bounded(student, x, y, u, c + 1.0, tried)
    _, scaled, _ = bounded(student, x, y, 5 * u, 5 * (c + 1.0), tried)
    expect_close(scaled, gamma, tried=tried, look="divide by the length of (w, b)")


@bound.property("gamma is measured with the bias as a weight")
def gamma_counts_the_bias(student, rng):
    x, w, b = rng.standard_normal((12, 3)), np.array([0.6, 0.0, 0.8]), 2.0
    signed = np.abs(x @ w + b)
    tried = "weights w of length 1 and the bias 2, which get 12 examples right"
    _, gamma, _ = bounded(student, x, np.where(x @ w + b > 0, 1, -1), w, b, tried)
    look = "the smallest y * score, divided by the length of (w, b)"
    if np.isclose(gamma, signed.min()):
        look = "divide the smallest y * score by the length of (w, b), which is longer than w alone"
    expect_close(gamma, signed.min() / np.sqrt(5.0), tried=tried, look=look)


@bound.property("the bound is the square of R over gamma")
def bound_is_the_square(student, rng):
    x, y, u, c = separable(rng, 12, 3)
    tried = "weights that separate the data; compared with the R and the gamma that you returned"
    radius, gamma, limit = bounded(student, x, y, u, c, tried)
    look = "R / gamma, and then the square" if np.isclose(limit, radius / gamma) else "(R / gamma) ** 2"
    expect_close(limit, (radius / gamma) ** 2, tried=tried, look=look)


@bound.property("weights that do not separate the data promise nothing: the bound is infinite")
def no_promise_without_a_margin(student, rng):
    x, y, u, c = separable(rng, 12, 3)
    look = "a negative gamma becomes positive when it is squared; return np.inf unless gamma > 0"
    _, _, limit = bounded(student, x, -y, u, c, "weights that get every example wrong")
    expect(limit == np.inf, tried="weights that get every example wrong", got=f"a bound of {limit:.6g}", expected="inf", look=look)
    tried = "weights with one example exactly on the boundary, so gamma = 0"
    _, _, limit = bounded(student, np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([1, -1]), np.array([1.0, 0.0]), 0.0, tried)
    expect(limit == np.inf, tried=tried, got=f"a bound of {limit:.6g}", expected="inf", look="gamma must be above 0")


@bound.property("no run of a perceptron breaks the bound")
def no_run_breaks_it(student, rng):
    for _ in range(5):
        x, y, u, c = separable(rng, 25, 3, gap=0.5)
        count = sum(1 for _ in visits(x, y, [range(25)] * 200))
        tried = "25 separable examples, and a perceptron trained on them"
        _, _, limit = bounded(student, x, y, u, c, tried)
        expect(
            count <= limit,
            tried=tried,
            got=f"a bound of {limit:.2f}",
            expected=f"at least the {count} mistakes that it made",
            look="(R / gamma) ** 2",
        )


@bound.property("the data and the weights stay as they are")
def leaves_everything(student, rng):
    x, y, u, c = separable(rng, 12, 3)
    bounded(student, x, y, u, c, "the bound of 12 examples")
    with unchanged("the bound of 12 examples", X=x, y=y, w=u):
        student.mistake_bound(x, y, u, c)


# ---- pocket -----------------------------------------------------------------------------------------------------------

POCKET = ("w", "b")


def pocketed(student, x, y, epochs, seed, tried):
    w, b = parts(student.train_pocket(x.copy(), y.copy(), epochs, seed), POCKET, tried)
    w = as_array(w, tried=tried)
    expect_shape(w, (x.shape[1],), tried=tried, look="return the weights and the bias in the pocket")
    return w, float(b)


def positions(x, y, epochs, seed):
    """Every position of the documented walk, the zero weights first."""
    order = np.random.default_rng(seed)
    return [(np.zeros(x.shape[1]), 0.0)] + [(w, b) for _, w, b in visits(x, y, [order.permutation(len(x)) for _ in range(epochs)])]


@pocket.property("on the training data, the pocket is never worse than the last weights")
def never_worse_than_last(student, rng):
    for seed in range(8):
        x, y = inseparable(rng, 30, 2)
        tried = f"30 examples that no weights separate, 3 epochs, seed {seed}"
        share = right_share(x, y, *pocketed(student, x, y, 3, seed, tried))
        last = right_share(x, y, *positions(x, y, 3, seed)[-1])
        look = "return the pocket; a position that is better than the pocket must go into it, also the last one"
        expect(share >= last, tried=tried, got=f"{share:.0%} right", expected=f"at least the {last:.0%} of the last weights", look=look)


def advice(w, b, walk):
    """Where to look if (w, b) is not the best position of the walk."""
    on_the_walk = [np.allclose(w, u) and np.isclose(b, c) for u, c in walk]
    if on_the_walk[-1]:
        return "these are the last weights. Does the pocket hold the same array as the walk, which `+=` goes on changing?"
    if any(on_the_walk):
        return "the walk came past better weights than these: compare after every update, with the accuracy on all rows"
    return (
        "these weights are not on the walk: follow rng.permutation(len(X)), drawn anew in each epoch from one generator, "
        "and let the walk go on from where it is, not from the pocket"
    )


@pocket.property("the pocket holds the best weights of the whole walk")
def keeps_the_best(student, rng):
    for seed in range(8):
        x, y = inseparable(rng, 30, 3)
        tried = f"30 examples that no weights separate, 3 epochs, seed {seed}"
        w, b = pocketed(student, x, y, 3, seed, tried)
        walk = positions(x, y, 3, seed)
        best = max(right_share(x, y, *position) for position in walk)
        share = right_share(x, y, w, b)
        got = f"weights with {share:.1%} right"
        expect(share == best, tried=tried, got=got, expected=f"{best:.1%}, the best of {len(walk)} positions", look=advice(w, b, walk))


@pocket.property("of equally good weights the first stays in the pocket", after="keeps_the_best")
def keeps_the_first_of_equals(student, rng):
    for seed in range(8):
        x, y = inseparable(rng, 12, 2)
        tried = f"12 examples that no weights separate, 4 epochs, seed {seed}"
        w, b = pocketed(student, x, y, 4, seed, tried)
        walk = positions(x, y, 4, seed)
        first = walk[int(np.argmax([right_share(x, y, *position) for position in walk]))]
        look = "replace the pocket only by strictly better weights: > and not >="
        expect_close(w, first[0], tried=tried + "; the weights", look=look)
        expect_close(b, first[1], tried=tried + "; the bias", look=look)


@pocket.property("on XOR it gets three of the four corners right")
def three_corners_of_xor(student, rng):
    x, y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([-1, 1, 1, -1])
    for seed in range(5):
        tried = f"the four corners of XOR, 20 epochs, seed {seed}"
        w, b = pocketed(student, x, y, 20, seed, tried)
        share, walk = right_share(x, y, w, b), positions(x, y, 20, seed)
        look = advice(w, b, walk)
        if not w.any() and b == 0:
            look = (
                "these are still the zero weights. In a fixed order this walk is never more than half right: is the order new "
                "in every epoch? And does the walk go on where it gets worse?"
            )
        expect(share == 0.75, tried=tried, got=f"{share:.0%} right", expected="75%", look=look)


@pocket.property("data that can be separated are all answered rightly")
def separates_when_it_can(student, rng):
    x, y, _, _ = separable(rng, 25, 3, gap=0.5)
    tried = "25 separable examples, 200 epochs"
    share = right_share(x, y, *pocketed(student, x, y, 200, 7, tried))
    expect(share == 1, tried=tried, got=f"{share:.0%} right", expected="100%", look="does the walk go on until its epochs are used up?")


@pocket.property("the pocket starts with the zero weights")
def starts_with_zero_weights(student, rng):
    x, y = rng.standard_normal((8, 2)), -np.ones(8, dtype=int)
    tried = "8 examples that all have the label -1: the zero weights answer -1 everywhere"
    w, b = pocketed(student, x, y, 3, 0, tried)
    look = "the accuracy of the zero weights is the first one to beat"
    expect(
        not w.any() and b == 0,
        tried=tried,
        got=f"w = {np.round(w, 3)}, b = {b:g}",
        expected="w = 0, b = 0: nothing can be strictly better",
        look=look,
    )
