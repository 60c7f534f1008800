# %% [markdown]
# # The perceptron
#
# Here is a machine that starts out knowing nothing, looks at one handwritten digit after another, and changes itself
# only when it gets one wrong. You will build it: Rosenblatt's perceptron, the ancestor of every neural network in this
# book, in a few lines of NumPy. It will tell handwritten zeros from ones. Then you answer the question that made it
# famous and the one that nearly buried it: **how many mistakes can it make before it is always right, and what happens
# when it never will be?**

# %% [markdown]
# ## You will learn
#
# - to turn a list of numbers into a yes-or-no answer with a weighted sum and a threshold, for many examples at once;
# - to train such a unit by Rosenblatt's rule, and to know exactly what one update does;
# - to compute the margin of a data set and from it a hard upper limit, $(R/\gamma)^2$, on the number of mistakes;
# - to recognize a problem that no single unit can solve (XOR), and to get the best out of a unit anyway with a
#   *pocket*;
# - to check your work against scikit-learn, number by number.
#
# ## You need
#
# Python (functions, loops, tuples, lists) and school mathematics: the equation of a line, the length of an arrow by
# Pythagoras. Of NumPy you need arrays, `shape`, and the product `X @ w`, which multiplies each row of `X` with `w`
# number by number and adds up. No other lab comes before this one.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, Perceptron, SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.svm import LinearSVC

import scratchlab
from scratchlab import plot

lab = scratchlab.start("nn-perceptron", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: is it a zero or a one?
#
# scikit-learn carries 1,797 handwritten digits, each a picture of 8 by 8 pixels. You take the zeros and the ones. A
# picture becomes one row of 64 numbers, its *features*, from 0 (paper, drawn black below) to 1 (ink, drawn white). The
# right answer, its *label*, is written as $-1$ for a zero and $+1$ for a one; you will soon see why a sign is handier
# than the digit itself.
#
# One third of the pictures are put away before anything else happens. They are the *test set*: no learning step ever
# sees them, so they show how the machine does on digits that it could not memorize. *Stratified* means that zeros and
# ones are equally frequent in both parts.


# %%
def zeros_and_ones(split: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The digits 0 and 1, split in two: training features (n, 64) and test features (m, 64), training and test labels ±1."""
    pixels, digit = load_digits(n_class=2, return_X_y=True)
    return train_test_split(pixels / 16, np.where(digit == 1, 1, -1), test_size=1 / 3, stratify=digit, random_state=split)


# %%
X_train, X_test, y_train, y_test = zeros_and_ones(split=0)
print(f"X_train {X_train.shape}, y_train {y_train.shape}, ones among them: {(y_train == 1).mean():.0%}")
print(f"X_test  {X_test.shape}, y_test  {y_test.shape}, ones among them: {(y_test == 1).mean():.0%}")
plot.images(
    X_train[:16].reshape(-1, 8, 8),
    titles=[f"{label:+d}" for label in y_train[:16]],
    caption="The first 16 training digits, with their labels: −1 for a zero, +1 for a one.",
    alt="Two rows of 8 by 8 pixel pictures of handwritten zeros and ones; zeros are rings with a dark center, ones are bright strokes.",
)

# %% [markdown]
# What tells them apart? A zero has a hole where a one has its stroke. Keep that in mind: you will first hand the
# machine this idea yourself, and later see whether it finds the idea on its own.

# %% [markdown]
# ## 1. A score and a threshold
#
# The unit holds one *weight* $w_j$ for each feature and one number more, the *bias* $b$. For an input
# $\mathbf{x} = (x_1, \dots, x_d)$ it computes the *score*
#
# $$s = \mathbf{w}\cdot\mathbf{x} + b = w_1 x_1 + \dots + w_d x_d + b$$
#
# and answers $+1$ if $s > 0$ and $-1$ otherwise. A positive weight says "ink here speaks for $+1$", a negative one "ink
# here speaks against", and the bias says where the answer tips over when nothing else is known. All inputs with $s = 0$
# form the *decision boundary*: a line if there are two features, a plane if there are three, a flat *hyperplane* if
# there are 64.
#
# One case needs a convention: a score of **exactly 0** counts as $-1$ here, as in scikit-learn.
#
# **Predict**: for the weights $(2, 2)$ and bias $-1$, which of the inputs $(0,0)$, $(0,1)$, $(1,0)$, $(1,1)$ get a
# $+1$? Which gate of logic is this?
#
# **Write** `predict` without a loop: `X @ w` works for one example of shape `(d,)` as well as for a whole stack
# `(n, d)`, and `np.where(condition, a, b)` picks `a` or `b` for each entry.


# %% solution="predict"
def predict(X: np.ndarray, w: np.ndarray, b: float) -> np.ndarray:
    """The answers of a linear threshold unit.

    X: features, shape (n, d), or (d,) for one example. w: weights, shape (d,). b: the bias.
    Returns integers of shape (n,), or () for one example: +1 where the score X·w + b is above 0, and -1 elsewhere.
    """
    ### BEGIN SOLUTION
    return np.where(X @ w + b > 0, 1, -1)
    ### END SOLUTION


# %%
CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
OR = np.array([-1, 1, 1, 1])
XOR = np.array([-1, 1, 1, -1])

# %%
assert predict(CORNERS, np.array([2.0, 2.0]), -1.0).tolist() == [-1, 1, 1, 1]  # the gate "or"
assert predict(np.array([0.0, 1.0]), np.array([1.0, 0.0]), 0.0) == -1  # a score of exactly 0

# %% check="predict" points=1
check("predict")


# %% [markdown]
# **See it.** One more function, to count. Then the idea from above in the unit's own terms: a weight of 1 for each of
# the four pixels in the middle of the picture, 0 for all others, and a bias of $-2$, so that the answer is "one" when
# more than half of the middle is ink.


# %%
def accuracy(predicted: np.ndarray, y: np.ndarray) -> float:
    """The share of right answers, 0 to 1; both arrays have shape (n,)."""
    return float(np.mean(predicted == y))


# %%
middle = np.zeros((8, 8))
middle[3:5, 3:5] = 1.0
print(f"four pixels in the middle: {accuracy(predict(X_train, middle.reshape(64), -2.0), y_train):.1%} right on the training digits")
print(f"always 'one':              {accuracy(np.ones_like(y_train), y_train):.1%} right")
plot.points(
    CORNERS,
    OR,
    boundary=(np.array([2.0, 2.0]), -1.0),
    names={-1: "answer −1", 1: "answer +1"},
    x="$x_1$",
    y="$x_2$",
    caption="The gate 'or': the weights (2, 2) and the bias −1 draw a line that cuts off one corner.",
    alt="The four corners of a square; a slanted line separates the corner (0, 0), answer -1, from the other three, answer +1.",
)

# %% [markdown]
# Four weights chosen by a person already do well. The line in the figure is where $2x_1 + 2x_2 - 1 = 0$; the weight
# vector $(2, 2)$ stands at a right angle to it and points to the side of the $+1$. Choosing 64 weights by hand is
# another matter. Let the machine do it.

# %% [markdown]
# ## 2. Learn from one mistake
#
# Rosenblatt's rule looks at a single example $(\mathbf{x}, y)$ with $y = \pm 1$. If the sign of the score agrees with
# the label, then $y\,s > 0$, and nothing happens: **the perceptron learns only from mistakes**. Otherwise
#
# $$\text{if } y\,(\mathbf{w}\cdot\mathbf{x} + b) \le 0:
# \qquad \mathbf{w} \leftarrow \mathbf{w} + y\,\mathbf{x}, \qquad b \leftarrow b + y .$$
#
# This is where labels of $\pm 1$ pay off: one formula covers both kinds of mistake. And why does it help? Put the new
# values into the score of the same example:
#
# $$y\,\big((\mathbf{w} + y\mathbf{x})\cdot\mathbf{x} + (b + y)\big) = y\,(\mathbf{w}\cdot\mathbf{x} + b) + \lVert\mathbf{x}\rVert^2 + 1,$$
#
# because $y^2 = 1$. Here $\lVert\mathbf{x}\rVert$ is the length of the arrow $\mathbf{x}$. So $y\,s$ rises, always; it
# may take more than one visit until it is positive.
#
# Look closely at the $\le$. A score of exactly 0 lies on the boundary, on neither side, and the rule counts it as a
# mistake whatever the label is. It must: with $\mathbf{w} = 0$ and $b = 0$, where training starts, *every* score is 0.
#
# **Predict**: the unit has $\mathbf{w} = (1, 0)$, $b = 0$ and sees $\mathbf{x} = (2, 1)$ with label $-1$. What are
# $\mathbf{w}$ and $b$ afterwards? Is the example right now?
#
# **Write** `update`. Return new values and leave the old array alone: `w + ...` makes a new array, `w += ...` would
# change the array that the caller still holds.


# %% solution="update"
def update(w: np.ndarray, b: float, x: np.ndarray, y: int) -> tuple[np.ndarray, float, bool]:
    """One step of the perceptron rule on one example.

    w, x: shape (d,). b: the bias. y: the label, -1 or +1.
    Returns the weights and the bias after the step, and whether this was a mistake (y times the score is not above 0).
    Without a mistake the weights and the bias come back as they were. The array `w` itself is never changed.
    """
    ### BEGIN SOLUTION
    if y * (w @ x + b) > 0:
        return w, b, False
    return w + y * x, b + y, True
    ### END SOLUTION


# %%
new_w, new_b, mistaken = update(np.array([1.0, 0.0]), 0.0, np.array([2.0, 1.0]), -1)
assert mistaken and new_w.tolist() == [-1.0, -1.0] and new_b == -1.0
assert not update(np.array([1.0, 0.0]), 0.0, np.array([2.0, 1.0]), 1)[2]  # right already: nothing to learn

# %% check="update" points=2
check("update")

# %% [markdown]
# **See it.** Let the unit learn the gate "or", corner by corner, always in the same order. Each line is one visit;
# after a mistake it also says how many of the four corners the new weights get right.


# %%
def show_visits(X: np.ndarray, y: np.ndarray, epochs: int) -> None:
    """Print the score and the weights at every visit of a perceptron; X: shape (n, d), y: labels ±1, shape (n,)."""
    w, b = np.zeros(X.shape[1]), 0.0
    for epoch in range(1, epochs + 1):
        for x, label in zip(X, y, strict=True):
            score = w @ x + b
            w, b, mistaken = update(w, b, x, label)
            now = f"mistake: now w = {w}, b = {b:+.0f}, {np.sum(predict(X, w, b) == y)} of {len(y)} right"
            print(f"epoch {epoch}   x = {x}   label {label:+d}   score {score:+.0f}   {now if mistaken else 'right'}")


# %%
show_visits(CORNERS, OR, epochs=5)

# %% [markdown]
# Read it like a game record. Some repairs spoil a corner that was right a moment before, so the number of right corners
# goes down as well as up. And one thing is odd: "4 of 4 right" appears long before the end, and still the rule goes on.
# Look at the score at the next mistake. It is 0: the corner lies *on* the boundary, where the convention of `predict`
# happens to favor it, but the rule is not content until every score has the right sign. The last line is the line of
# the first figure, and one more epoch would change nothing. Was that luck?

# %% [markdown]
# ## 3. Repeat until nothing is wrong
#
# Training is the update in two loops. One pass over all examples is an *epoch*. The first epoch without any mistake is
# the last: nothing would ever change again. On some data this never happens, so there is also a limit on the number of
# epochs.
#
# The list of rows at which mistakes happened is worth keeping. It is the whole history of the learner: since each
# mistake adds $y_i \mathbf{x}_i$ to weights that start at zero,
#
# $$\mathbf{w} = \sum_{i\,\in\,\text{mistakes}} y_i\,\mathbf{x}_i, \qquad b = \sum_{i\,\in\,\text{mistakes}} y_i .$$
#
# **Predict**: the first cell printed how many digits the training set holds. How many of them, roughly, does the unit
# have to get wrong before it gets all of them right? Write a number down.
#
# **Write** `train`. Use your `update`.


# %% solution="train"
def train(X: np.ndarray, y: np.ndarray, max_epochs: int = 1000) -> tuple[np.ndarray, float, list[int]]:
    """Train a perceptron from zero weights and zero bias, visiting the rows 0, 1, 2, ... in order in every epoch.

    X: features, shape (n, d). y: labels ±1, shape (n,). Stops after an epoch without a mistake, or after `max_epochs`.
    Returns the weights (d,), the bias, and the row of every mistake in the order in which they happened: a row that
    was wrong three times is listed three times, so the length of the list is the number of updates.
    """
    ### BEGIN SOLUTION
    w, b, mistakes = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        before = len(mistakes)
        for row in range(len(X)):
            w, b, mistaken = update(w, b, X[row], y[row])
            if mistaken:
                mistakes.append(row)
        if len(mistakes) == before:
            break
    return w, b, mistakes
    ### END SOLUTION


# %%
w_or, b_or, mistakes_or = train(CORNERS, OR)
assert predict(CORNERS, w_or, b_or).tolist() == OR.tolist()
assert np.array_equal(w_or, OR[mistakes_or] @ CORNERS[mistakes_or])  # the weights are the sum of the mistakes

# %% check="train" points=3
check("train")

# %% [markdown]
# **See it.** Now the digits: every one that the unit got wrong on its way, in order.

# %%
w, b, mistakes = train(X_train, y_train, lab.params["max_epochs"])
record("mistakes", len(mistakes))
plot.images(
    X_train[mistakes].reshape(-1, 8, 8),
    titles=[f"{label:+d}" for label in y_train[mistakes]],
    columns=7,
    caption="Everything that the unit ever learned from: the digits on which it was mistaken, in order, with their labels.",
    alt="Two rows of handwritten zeros and ones, one picture per mistake: narrow zeros, and ones with a flag or a long foot.",
)
claim("after training, every training digit is on its right side", np.all(y_train * (X_train @ w + b) > 0))

# %% [markdown]
# Compare the number with your prediction. The weights are nothing but these pictures, added where the label is $+1$ and
# subtracted where it is $-1$. Since they are a sum of pictures, they can be looked at like a picture.


# %%
def show_weights(w: np.ndarray, caption: str, alt: str) -> None:
    """Draw 64 weights as an 8 by 8 picture; blue is negative, red positive, and gray zero."""
    with plot.figure(caption=caption, alt=alt, width=4.0, height=3.2) as ax:
        limit = np.abs(w).max()
        picture = ax.imshow(w.reshape(8, 8), cmap="coolwarm", vmin=-limit, vmax=limit)
        ax.figure.colorbar(picture, ax=ax, label="weight")
        ax.axis("off")


# %%
show_weights(
    w,
    caption="The learned weights at their pixels. Red: ink here speaks for a one. Blue: ink here speaks for a zero.",
    alt="An 8 by 8 picture of the weights: the two middle columns are red, with blue on both sides; two small red patches lie top and bottom.",
)

# %% [markdown]
# Nobody told the unit about holes and strokes. How is your idea of the four middle pixels to be seen in the picture,
# and what did the unit add to it? Now for the digits that it has never seen. If some come out wrong, they stand first
# in the next figure; after them come those that were closest to going wrong.

# %%
test_signed = y_test * (X_test @ w + b)  # positive: right; near 0: a close call
hardest = np.argsort(test_signed)[:8]
record("test_accuracy", accuracy(predict(X_test, w, b), y_test))
print(f"{np.sum(predict(X_test, w, b) != y_test)} of {len(y_test)} test digits are wrong")
plot.images(
    X_test[hardest].reshape(-1, 8, 8),
    titles=[f"{label:+d} ({value:+.1f})" for label, value in zip(y_test[hardest], test_signed[hardest], strict=True)],
    columns=4,
    caption="The eight hardest test digits: label, and in brackets label times score. A negative number is a digit that went wrong.",
    alt="Eight test digits that are hard to tell: narrow zeros whose hole is nearly closed, and a one with a slanted stroke.",
    height=3.0,
)

# %% [markdown]
# A caution before you celebrate. A test set this small cannot tell 99 % from 100 %, and another split would have put
# other digits into it. So repeat the whole thing on 20 splits, and give the mean with a 95 % *bootstrap interval*: draw
# 20 results from the 20, with repetition, take their mean, do this 2,000 times, and report the range that holds the
# middle 95 % of these means.


# %%
def bootstrap_interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean of `values`, shape (n,): its lower and its upper end."""
    rng = np.random.default_rng(seed)
    means = rng.choice(values, size=(2000, len(values))).mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def accuracy_on_split(split: int) -> float:
    """Train on one split of the digits; returns the test accuracy, 0 to 1."""
    X, X_new, y, y_new = zeros_and_ones(split)
    w, b, _ = train(X, y, lab.params["max_epochs"])
    return accuracy(predict(X_new, w, b), y_new)


# %%
on_splits = np.array([accuracy_on_split(split) for split in lab.seeds(lab.params["seeds"])])
low, high = bootstrap_interval(on_splits)
print(f"{len(on_splits)} splits: mean {on_splits.mean():.2%}, 95 % interval {low:.2%} to {high:.2%}, worst {on_splits.min():.2%}")
record("split_accuracy", on_splits.mean())
claim("the mean test accuracy over the splits is above 99 %", on_splits.mean() > 0.99)

# %% [markdown]
# ## 4. How many mistakes can there be?
#
# You saw the unit stop. In 1962 Novikoff proved that it must, *if* some weights exist that get every example right.
# More than that: he gave the number of mistakes a ceiling, and the ceiling contains neither the number of examples nor
# the number of features.
#
# To keep the formula short, make the bias a weight like the others: append a constant 1 to each input,
# $\tilde{\mathbf{x}} = (\mathbf{x}, 1)$, and the bias to the weights, $\tilde{\mathbf{w}} = (\mathbf{w}, b)$. Then
# $\mathbf{w}\cdot\mathbf{x} + b = \tilde{\mathbf{w}}\cdot\tilde{\mathbf{x}}$, and an update is just
# $\tilde{\mathbf{w}} \leftarrow \tilde{\mathbf{w}} + y\,\tilde{\mathbf{x}}$. Two numbers describe the data:
#
# - the **radius**, the length of the longest input:
#   $R = \max_i \lVert\tilde{\mathbf{x}}_i\rVert = \max_i \sqrt{\lVert\mathbf{x}_i\rVert^2 + 1}$;
# - the **margin** of some weights, how far the example nearest to the boundary lies on its right side:
#   $\gamma = \min_i \dfrac{y_i\,\tilde{\mathbf{w}}\cdot\tilde{\mathbf{x}}_i}{\lVert\tilde{\mathbf{w}}\rVert}$. It is
#   positive exactly if the weights get every example strictly right. Dividing by the length makes it a distance, so
#   that doubling all weights changes nothing.
#
# The theorem: if *any* weights have the margin $\gamma > 0$, then the perceptron makes at most $(R/\gamma)^2$ mistakes,
# in whatever order the examples come.
#
# The proof is a squeeze. Let $\mathbf{u}$ be those weights, scaled to length 1, so that
# $y\,\tilde{\mathbf{x}}\cdot\mathbf{u} \ge \gamma$ for every example. Then each mistake adds at least $\gamma$ to
# $\tilde{\mathbf{w}}\cdot\mathbf{u}$, which started at 0. An arrow is at least as long as its shadow in any one
# direction, so after $k$ mistakes $\lVert\tilde{\mathbf{w}}\rVert \ge k\gamma$. On the other hand, each mistake adds at
# most $R^2$ to $\lVert\tilde{\mathbf{w}}\rVert^2$, because in
#
# $$\lVert\tilde{\mathbf{w}} + y\tilde{\mathbf{x}}\rVert^2 = \lVert\tilde{\mathbf{w}}\rVert^2 +
# 2\,y\,\tilde{\mathbf{w}}\cdot\tilde{\mathbf{x}} + \lVert\tilde{\mathbf{x}}\rVert^2$$
#
# the middle term is not positive: it *was* a mistake. So $\lVert\tilde{\mathbf{w}}\rVert \le \sqrt{k}\,R$. Both
# together: $k\gamma \le \sqrt{k}\,R$, that is, $k \le (R/\gamma)^2$.
#
# **Predict**: will the ceiling for the digits be close to the number of mistakes you counted, or far above it?
#
# **Write** `mistake_bound`. It uses the margin of the weights that it is given; any weights that separate the data will
# do.


# %% solution="bound"
def mistake_bound(X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float) -> tuple[float, float, float]:
    """The radius R, the margin gamma of the weights (w, b), and the bound (R/gamma)² on the perceptron's mistakes.

    X: features, shape (n, d). y: labels ±1, shape (n,). w: weights, shape (d,), not all zero. b: the bias.
    The bias is treated as one more weight: lengths are those of (x, 1) and (w, b).
    The bound is infinite (np.inf) if gamma is not above 0, for then these weights promise nothing.
    """
    ### BEGIN SOLUTION
    X_aug = np.column_stack([X, np.ones(len(X))])
    w_aug = np.append(w, b)
    radius = np.linalg.norm(X_aug, axis=1).max()
    gamma = (y * (X_aug @ w_aug)).min() / np.linalg.norm(w_aug)
    bound = (radius / gamma) ** 2 if gamma > 0 else np.inf
    return float(radius), float(gamma), float(bound)
    ### END SOLUTION


# %%
radius_or, gamma_or, bound_or = mistake_bound(CORNERS, OR, np.array([2.0, 2.0]), -1.0)
assert np.isclose(radius_or, np.sqrt(3)) and np.isclose(gamma_or, 1 / 3)  # |(1, 1, 1)| and 1 / |(2, 2, -1)|
assert np.isclose(bound_or, 27) and len(mistakes_or) <= bound_or

# %% check="bound" points=2
check("bound")

# %% [markdown]
# **See it.** The squeeze itself, on the digits: the length of $(\mathbf{w}, b)$ after each mistake, and the two curves
# between which it must stay.

# %%
radius, gamma, bound = mistake_bound(X_train, y_train, w, b)
print(f"R = {radius:.3f}, gamma = {gamma:.4f}, mistakes: {len(mistakes)} made, at most {bound:.0f} possible")
record("bound", bound)
claim("the number of mistakes stays within the bound", len(mistakes) <= bound)

X_aug = np.column_stack([X_train, np.ones(len(X_train))])
history = np.cumsum(y_train[mistakes, None] * X_aug[mistakes], axis=0)  # row k: (w, b) after k + 1 mistakes
k = np.arange(1, len(mistakes) + 1)
plot.lines(
    {"at most √k R": np.sqrt(k) * radius, "length of (w, b)": np.linalg.norm(history, axis=1), "at least k γ": k * gamma},
    xs=k,
    x="number of mistakes k",
    y="length",
    caption="The length of the weights is squeezed between a curve that flattens and a line that keeps rising.",
    alt="Three curves that rise with the number of mistakes: a square root on top, the measured length, a straight line lowest.",
)

# %% [markdown]
# The curve and the line meet at $k = (R/\gamma)^2$, far to the right of this figure: beyond that point there is no room
# for another mistake. The bound that you computed is honest but loose, for a plain reason. It holds for *every*
# separating direction, and you put in the margin of the weights the perceptron happened to stop at; the rule stops as
# soon as all is right and does not seek a wide margin. A better direction gives a lower ceiling for the very same run;
# you will meet one below.
#
# ## Experiment: does a narrow gap cost more mistakes?
#
# The theorem says that a narrow margin *permits* many mistakes. Does it also *cause* them? On real data the margin
# cannot be turned like a knob, so this is the place for made-up data. All points lie on the unit sphere in 20
# dimensions; a secret direction $\mathbf{u}$ of length 1 labels them; their distance from its boundary is drawn between
# $\gamma$ and $2\gamma$. Nothing else changes when $\gamma$ does. Since $(\mathbf{u}, 0)$ separates with a margin of at
# least $\gamma$ and $R = \sqrt{1 + 1}$, the theorem promises at most $2/\gamma^2$ mistakes.
#
# **Predict**: halve the margin and the ceiling rises fourfold. Will the mistakes?


# %%
def points_with_margin(gamma: float, n: int, d: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """n points on the unit sphere in d dimensions, at distance gamma to 2 gamma from a secret hyperplane through 0, and their labels ±1."""
    u = rng.standard_normal(d)
    u /= np.linalg.norm(u)
    y = rng.choice([-1, 1], size=n)
    along = y * rng.uniform(gamma, 2 * gamma, size=n)  # the part of each point in the direction u
    across = rng.standard_normal((n, d))
    across -= np.outer(across @ u, u)  # the rest is perpendicular to u ...
    across *= (np.sqrt(1 - along**2) / np.linalg.norm(across, axis=1))[:, None]  # ... and fills up to length 1
    return np.outer(along, u) + across, y


def count_mistakes(gamma: float, seed: int) -> int:
    """The number of mistakes on one random data set whose margin is at least gamma."""
    X, y = points_with_margin(gamma, lab.params["points"], lab.params["dimensions"], np.random.default_rng(seed))
    return len(train(X, y, lab.params["max_epochs"])[2])


# %%
gammas = np.array([0.4, 0.2, 0.1, 0.05])
counts = np.array([[count_mistakes(gamma, seed) for seed in lab.seeds(lab.params["seeds"])] for gamma in gammas])
ceilings = 2 / gammas**2
means = counts.mean(axis=1)
ends = np.array([bootstrap_interval(row) for row in counts])

for margin, mean, (low, high), ceiling in zip(gammas, means, ends, ceilings, strict=True):
    print(f"margin {margin:.2f}: {mean:6.1f} mistakes on average, 95 % interval {low:6.1f} to {high:6.1f}, bound {ceiling:6.1f}")
plot.lines(
    {"bound 2/γ²": ceilings, "mean number of mistakes": means},
    xs=gammas,
    bands={"mean number of mistakes": (ends[:, 0], ends[:, 1])},
    log_x=True,
    log_y=True,
    x="margin γ",
    y="mistakes",
    caption="Mistakes until separation against the margin: mean over 20 data sets, with its 95 % interval. Logarithmic axes.",
    alt="Two falling lines: the bound on top, the mean number of mistakes below it; both are high at small margins.",
)

# %%
record("mistakes_wide_margin", means[0])
record("mistakes_narrow_margin", means[-1])
claim("every single run stays within its bound", np.all(counts <= ceilings[:, None]))
claim("each halving of the margin costs more mistakes: the intervals do not even touch", np.all(ends[1:, 0] > ends[:-1, 1]))

# %% [markdown]
# So the margin is a good name for how hard a problem is: each halving made the unit err more, and no run broke through
# the ceiling. Compare the slopes: on logarithmic axes, lines that run in parallel grow by the same factor. How well
# does the fourfold rise of the ceiling predict the rise of the mistakes? Their level it overstates: the theorem speaks
# of the worst data in the worst order, and random data are kinder.
#
# ## A problem that no line solves
#
# Everything so far rested on an *if*: some weights must get every example right. Take the four corners again and ask
# for "one or the other, but not both": the gate XOR.
#
# **Predict**: what will the unit do on these four examples?

# %%
show_visits(CORNERS, XOR, epochs=3)

# %% [markdown]
# Compare the end of the first epoch with its beginning: the weights are back at zero, and from then on the unit makes
# the same four mistakes in every epoch. This is not slow learning; it is none. More epochs will not help. Would other
# weights? Try every unit with weights and bias on a grid, and note how many corners the best one gets right.

# %%
grid = np.linspace(-2, 2, 17)
candidates = np.array([(w1, w2, b) for w1 in grid for w2 in grid for b in grid])
shares = np.array([accuracy(predict(CORNERS, c[:2], c[2]), XOR) for c in candidates])
for share in np.unique(shares):
    print(f"{np.sum(shares == share):5d} of {len(candidates)} units get {share:.0%} of XOR right")
claim("a perceptron in a fixed order makes four mistakes in every epoch", len(train(CORNERS, XOR, 50)[2]) == 4 * 50)
claim("no unit of the grid gets more than three of the four corners right", shares.max() == 0.75)
plot.points(
    CORNERS,
    XOR,
    boundary=(np.array([1.0, 1.0]), -0.5),
    names={-1: "label −1", 1: "label +1"},
    x="$x_1$",
    y="$x_2$",
    caption="XOR with one of the best lines there are: it still leaves the corner (1, 1) on the wrong side.",
    alt="A square with equal labels on its diagonals. A line cuts off (0, 0); (1, 1), of the same label, is on the other side.",
)

# %% [markdown]
# Equal labels sit at opposite ends of a diagonal, and no line parts one diagonal from the other. Three corners out of
# four, 75 %, is the best that a single unit can do. Minsky and Papert made this limit famous in 1969. The way out is a
# second layer of units, and you build it in the lab *nn-xor*. First, get the best out of one.

# %% [markdown]
# ## 5. Keep the best weights in your pocket
#
# If no weights are right for all examples, then the perceptron never settles, and where it stands when the epochs run
# out is a matter of chance: the last update may well have spoiled a good position. Gallant's remedy (1990) is simple.
# Let the perceptron walk as before, and keep in your pocket a copy of the best weights seen so far. After every update,
# count the right answers on *all* training examples; if there are strictly more than the pocket's weights get, put the
# new weights into the pocket. The walk goes on from where it is; the pocket only watches. At the end, the pocket is the
# answer. (Gallant compares runs of right answers first, to save counting; his *ratchet* then does this full count.)
#
# The order matters too. In the table above, the XOR walk repeats four positions for ever, and none of them gets more
# than two corners right, though three are possible. So from now on the rows are shuffled anew in each epoch.
#
# **Predict**: the pocket's accuracy on the *training* data can never be worse than the last weights'. Can it be worse
# on the *test* data?
#
# **Write** `train_pocket`, with your `update`, `predict` and `accuracy`.


# %% solution="pocket"
def train_pocket(X: np.ndarray, y: np.ndarray, epochs: int, seed: int) -> tuple[np.ndarray, float]:
    """Train a perceptron with a pocket (Gallant's ratchet), from zero weights and zero bias.

    X: features, shape (n, d). y: labels ±1, shape (n,). The random order comes from one generator,
    `rng = np.random.default_rng(seed)`: each epoch visits the rows in the order `rng.permutation(len(X))`.
    The pocket starts with the zero weights. After each update the new weights replace those in the pocket if their
    accuracy on all of X, y is strictly higher. Returns the weights (d,) and the bias in the pocket at the end.
    """
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    w, b = np.zeros(X.shape[1]), 0.0
    pocket, best = (w, b), accuracy(predict(X, w, b), y)
    for _ in range(epochs):
        for row in rng.permutation(len(X)):
            w, b, mistaken = update(w, b, X[row], y[row])
            if mistaken:
                now = accuracy(predict(X, w, b), y)
                if now > best:
                    pocket, best = (w, b), now
    return pocket
    ### END SOLUTION


# %%
assert accuracy(predict(CORNERS, *train_pocket(CORNERS, XOR, epochs=20, seed=0)), XOR) == 0.75
assert accuracy(predict(CORNERS, *train_pocket(CORNERS, OR, epochs=20, seed=0)), OR) == 1.0

# %% check="pocket" points=2
check("pocket")

# %%
record("xor_accuracy", accuracy(predict(CORNERS, *train_pocket(CORNERS, XOR, lab.params["pocket_epochs"], seed=0)), XOR))

# %% [markdown]
# **See it.** Spoil the training digits: flip one label in ten, as a tired annotator might. The digits that were
# separable are so no more. `walk` lists the position at the start and after each update, in the same shuffled order
# that your pocket used.


# %%
def flip_labels(y: np.ndarray, share: float, seed: int) -> np.ndarray:
    """A copy of the labels ±1, shape (n,), in which a random `share` of them has the other sign."""
    noisy = y.copy()
    noisy[np.random.default_rng(seed).permutation(len(y))[: round(share * len(y))]] *= -1
    return noisy


def walk(X: np.ndarray, y: np.ndarray, epochs: int, seed: int) -> list[tuple[np.ndarray, float]]:
    """Weights and bias at the start and after every update; the rows are visited in the same order as in `train_pocket`."""
    rng, w, b = np.random.default_rng(seed), np.zeros(X.shape[1]), 0.0
    positions = [(w, b)]
    for _ in range(epochs):
        for row in rng.permutation(len(X)):
            w, b, mistaken = update(w, b, X[row], y[row])
            if mistaken:
                positions.append((w, b))
    return positions


# %%
y_noisy = flip_labels(y_train, lab.params["noise"], seed=0)
walked = np.array(
    [accuracy(predict(X_train, *position), y_noisy) for position in walk(X_train, y_noisy, lab.params["pocket_epochs"], seed=0)]
)
plot.lines(
    {"where the walk is": walked[:200], "in the pocket": np.maximum.accumulate(walked)[:200]},
    x="number of updates",
    y="accuracy on the training digits",
    caption="The first 200 updates on digits with flipped labels: the perceptron keeps jumping, the pocket only ever improves.",
    alt="A jagged curve that keeps falling back by large amounts, and above it a staircase that only rises and soon is nearly flat.",
)

# %% [markdown]
# Stop the walk at an arbitrary moment and you get an arbitrary point of the jagged curve. That is the risk that the
# pocket removes. And why does the staircase level off where it does? Count how many labels of the training data are
# wrong on purpose: a unit that reads every digit rightly must disagree with all of those.
#
# ## Experiment: labels you cannot trust
#
# Better on the training digits is guaranteed. What about new ones? For 20 seeds: flip one training label in ten, train,
# and test on digits with *clean* labels. The last weights and the pocket come from the same walk, so the comparison is
# *paired*, and the thing to look at is the difference within each pair.


# %%
def last_and_pocket(seed: int) -> tuple[float, float]:
    """Test accuracy of the last weights and of the pocket after one training on noisy labels."""
    noisy = flip_labels(y_train, lab.params["noise"], seed)
    last = walk(X_train, noisy, lab.params["pocket_epochs"], seed)[-1]
    pocket = train_pocket(X_train, noisy, lab.params["pocket_epochs"], seed)
    return accuracy(predict(X_test, *last), y_test), accuracy(predict(X_test, *pocket), y_test)


# %%
results = np.array([last_and_pocket(seed) for seed in lab.seeds(lab.params["seeds"])])  # (seeds, 2): last, pocket
names, gain = ("last weights", "pocket"), results[:, 1] - results[:, 0]
intervals = {name: bootstrap_interval(results[:, column]) for column, name in enumerate(names)}
low, high = bootstrap_interval(gain)
for column, name in enumerate(names):
    print(f"{name:13s} mean {results[:, column].mean():.1%}, 95 % interval {intervals[name][0]:.1%} to {intervals[name][1]:.1%}")
print(f"gain          mean {gain.mean():.1%}, 95 % interval {low:.1%} to {high:.1%}")
print(f"the pocket won on {np.sum(gain > 0)} of {len(gain)} seeds and lost on {np.sum(gain < 0)}")
plot.bars(
    dict(zip(names, results.mean(axis=0), strict=True)),
    errors=intervals,
    y="accuracy on clean test digits",
    caption="Training with one label in ten flipped: mean test accuracy over 20 seeds, with 95 % intervals.",
    alt="Two bars with intervals; the bar of the pocket is higher than that of the last weights, and its interval is much shorter.",
    width=4.2,
)

# %%
record("pocket_test_accuracy", results[:, 1].mean())
record("pocket_gain", gain.mean())
claim("with noisy labels the pocket beats the last weights on new digits: the 95 % interval of the gain is above 0", low > 0)

# %% [markdown]
# Look at the last printed number: the pocket does not win on every seed, for the walk may happen to end at a good
# place. The guarantee covers the training data only; on new data there is evidence, from many runs, and that is the
# form in which most claims of this book will come.

# %% [markdown]
# ## Against the real thing
#
# `sklearn.linear_model.Perceptron` is the same algorithm, compiled. With `shuffle=False` it visits the rows in your
# order, and with `tol=None` it does not stop early. Its weights should be yours, and here not just nearly: pixels are
# sixteenths, which binary numbers hold exactly, so all the sums are exact.

# %%
peer = Perceptron(shuffle=False, tol=None, eta0=1.0, penalty=None, max_iter=lab.params["max_epochs"]).fit(X_train, y_train)
print(f"largest difference of a weight: {np.abs(peer.coef_[0] - w).max()}, of the bias: {abs(peer.intercept_[0] - b)}")
claim("scikit-learn's Perceptron has exactly your weights and your bias", np.array_equal(peer.coef_[0], w) and peer.intercept_[0] == b)

# %% [markdown]
# What would a professional use? Rarely the perceptron. The models below are linear too and answer with the same sign of
# a weighted sum, but each learns more than "right or wrong" from an example:
#
# - `LogisticRegression` turns the score into a probability, and so keeps learning from digits that are right, but not
#   clearly so;
# - `SGDClassifier` does the same one example after another, as the perceptron does, and so scales to data that do not
#   fit into memory;
# - `LinearSVC` seeks the widest margin (here with a bias that counts as one more weight, as in section 4).

# %%
hard_margin = LinearSVC(loss="hinge", C=1e4, tol=1e-6, max_iter=100_000, random_state=0)
peers = {
    "Perceptron, as above": peer,
    "Perceptron, defaults": Perceptron(random_state=0),
    "SGDClassifier": SGDClassifier(loss="log_loss", random_state=0),
    "LogisticRegression": LogisticRegression(),
    "LinearSVC": hard_margin,
}
for name, model in peers.items():
    model.fit(X_train, y_train)
    _, margin, ceiling = mistake_bound(X_train, y_train, model.coef_[0], model.intercept_[0])
    print(f"{name:21s} test accuracy {model.score(X_test, y_test):.1%}   margin {margin:+.4f}   (R/gamma)² {ceiling:10.1f}")

# %%
_, best_margin, best_bound = mistake_bound(X_train, y_train, hard_margin.coef_[0], hard_margin.intercept_[0])
record("best_margin", best_margin)
record("best_bound", best_bound)
claim("a wider margin lowers the ceiling for your own run, and the run still fits under it", len(mistakes) <= best_bound < bound)

# %% [markdown]
# On data this easy they all do well, so the test accuracies tell you little. The margins differ a lot. The last line is
# the answer to the loose bound of section 4: the ceiling that holds for *your* training run is as low as the widest
# margin makes it, and `LinearSVC` finds that margin (nearly; it, too, stops at a tolerance).

# %% [markdown] answer="no-line" points=2
# ## In your own words
#
# The grid search above tried some thousands of units on XOR. That is evidence, not a proof.
#
# 1. Write down the four inequalities that $w_1$, $w_2$ and $b$ must satisfy to get all four corners right, and show
#    that they contradict each other.
# 2. The theorem of section 4 says that the perceptron makes finitely many mistakes. On XOR it makes mistakes for ever.
#    Why is this no contradiction?
#
# ### BEGIN SOLUTION
# 1. The corner $(0,0)$ has the label $-1$, so $b \le 0$. The corners $(0,1)$ and $(1,0)$ have $+1$, so $w_2 + b > 0$
#    and $w_1 + b > 0$. The corner $(1,1)$ has $-1$, so $w_1 + w_2 + b \le 0$. Add the middle two: $w_1 + w_2 + 2b > 0$.
#    Add the outer two: $w_1 + w_2 + 2b \le 0$. Both cannot be true, whatever the three numbers are.
# 2. The theorem has a premise: some weights separate the data with a margin $\gamma > 0$. By part 1 there are none for
#    XOR, every choice of weights has $\gamma \le 0$, and the theorem says nothing about this case.
#
# *Rubric*: 1 point for four right inequalities and two sums (or another valid chain) that contradict; half of it if an
# inequality is wrong but the idea is there. 1 point for naming the premise (separability, or a positive margin) and
# saying that XOR violates it. An appeal to the figure or to the grid search alone earns nothing in part 1.
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **Labels 0 and 1 instead of −1 and +1.** With $y = 0$ the update adds nothing, and half of the data never teaches
#   anything. Convert labels first: `np.where(digit == 1, 1, -1)`.
# - **`<` instead of `<=` in the update.** From zero weights every score is 0, no score is below 0, and training
#   "succeeds" at once without a single update.
# - **`np.sign` for the answer.** It returns 0 for a score of 0, which is no label.
# - **`w += y * x` on an array that someone else holds.** A pocket that stores the array itself, not a copy, changes
#   along with the walk and is always equal to the last weights.
# - **The bias left out of the lengths.** If the bias is a weight, then the constant 1 belongs to $R$, and $b$ to
#   $\lVert(\mathbf{w}, b)\rVert$. Mixing both conventions gives a "bound" that runs can break.
# - **Choosing by the test set.** The pocket compares on the training data. Picking the weights that do best on the test
#   digits would make the test accuracy a training result.
#
# ## Scale it up
#
# This lab has a `cpu` profile only, and that is the right size. An update needs 64 multiplications and must wait for
# the one before it, so there is nothing for the thousands of units of a GPU to do at the same time: handing over the
# work would take longer than doing it. What grows with the problem is data, and there the price is one visit per
# example: `SGDClassifier.partial_fit` takes them in chunks from a disk. GPUs start to pay when many units work on many
# examples at once, as one large matrix product; that begins in the lab *nn-xor* and never stops.
#
# ## Exercises
#
# 1. [conceptual] Multiply all features by 1,000, but leave the constant 1 as it is. Will `train` make the same
#    mistakes? Then think of the constant as a feature that is multiplied, too: what happens to $R$, to $\gamma$, to the
#    bound and to the sequence of mistakes? *Success*: `train` and `mistake_bound` on `1000 * X_train` agree with your
#    first answer, and a sentence says what the factor does to both sides of
#    $y\,\tilde{\mathbf{w}}\cdot\tilde{\mathbf{x}} \le 0$ in the second case.
# 2. [short-code] Train on 200 random orders of the training digits, `train(X_train[p], y_train[p])`, and draw the
#    counts of mistakes as a histogram. *Success*: no count exceeds `best_bound`, and you can say where your own run
#    lies among them.
# 3. [short-code] Average instead of choosing: return the mean of the weights and biases over *all visits*, the visits
#    without a mistake included (the averaged perceptron). *Success*: in the experiment with noisy labels, its mean test
#    accuracy over the 20 seeds is above that of the last weights, and the interval of the paired gain is above 0.
# 4. [extended] Learn all ten digits with ten weight vectors: the largest score wins; on a mistake add $\mathbf{x}$ to
#    the right class's vector and subtract it from the winner's. *Success*: with averaging, more than 93 % of the test
#    digits of `load_digits()` are right, on average over 5 splits with a third of the digits in the test set.
# 5. [extended] How bad can an order be? For the corners of OR, search all sequences of visits for the one with the most
#    mistakes; after a mistake only the weights matter, and they are small integers, so a recursive function with a
#    memory is enough. *Success*: your search ends, and no sequence makes more than 27 mistakes; you can say how the run
#    of section 2 compares with the worst one.
#
# ## References
#
# - F. Rosenblatt (1958). *The perceptron: a probabilistic model for information storage and organization in the brain.*
#   Psychological Review 65(6), 386–408. <https://doi.org/10.1037/h0042519>. The machine and its rule.
# - A. B. J. Novikoff (1962). *On convergence proofs on perceptrons.* Proceedings of the Symposium on the Mathematical
#   Theory of Automata, vol. 12, 615–622. The bound $(R/\gamma)^2$.
# - M. Minsky and S. Papert (1969). *Perceptrons: An Introduction to Computational Geometry.* MIT Press. What no single
#   unit can compute.
# - S. I. Gallant (1990). *Perceptron-based learning algorithms.* IEEE Transactions on Neural Networks 1(2), 179–191.
#   <https://doi.org/10.1109/72.80230>. The pocket algorithm and its ratchet.
# - Y. Freund and R. E. Schapire (1999). *Large margin classification using the perceptron algorithm.* Machine Learning
#   37, 277–296. <https://doi.org/10.1023/A:1007662407062>. A short modern proof in section 3, and averaging (exercise
#   3).
# - scikit-learn, user guide, section *Perceptron* under *Linear Models*:
#   <https://scikit-learn.org/stable/modules/linear_model.html#perceptron>. The data: E. Alpaydin and C. Kaynak (1998),
#   *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository, <https://doi.org/10.24432/C50P49>.
