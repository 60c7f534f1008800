# ruff: noqa
# Answers that are made to please a comparison. Some properties hold of any answer: a constant changes no data and does not
# depend on the scale of the weights. What they are worth is the honest value.

# === always_equal: an object that equals, orders and converts as it likes, from every function. Honest: 0
# %% answers
class Agreeable:
    shape, dtype, ndim, size, T = (5,), float, 1, 1, None
    __hash__ = None

    def __eq__(self, other):
        return True

    __lt__ = __le__ = __gt__ = __ge__ = __eq__

    def __ne__(self, other):
        return False

    def __float__(self):
        return 1.0

    def __bool__(self):
        return True

    def __array__(self, dtype=None, copy=None):
        return np.ones(5)

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **named):
        return self

    def __iter__(self):
        return iter([self, self, self])

    def __len__(self):
        return 3


predict = update = train = mistake_bound = train_pocket = lambda *args, **named: Agreeable()


# === agreeable_parts: the same, inside tuples of the right length. Honest: 1.58
# %% answers
class Yes(float):
    def __eq__(self, other):
        return True

    __lt__ = __le__ = __gt__ = __ge__ = __eq__

    def __ne__(self, other):
        return False

    def __sub__(self, other):
        return Yes(0)

    __rsub__ = __add__ = __radd__ = __mul__ = __rmul__ = __abs__ = __sub__


class Rows(list):
    def __eq__(self, other):
        return True

    def __len__(self):
        return 0


predict = lambda *args: Yes()
update = lambda *args: (Yes(), Yes(), Yes())
train = lambda *args: (Yes(), Yes(), Rows())
mistake_bound = lambda *args: (Yes(), Yes(), Yes())
train_pocket = lambda *args: (Yes(), Yes())


# === masquerade: __class__ says list, tuple or array, and dtype=object arrays carry what compares well. Honest: 0
# %% answers
class Mask:
    __class__ = property(lambda self: np.ndarray)
    shape = (5,)
    __array_interface__ = {"shape": (5,), "typestr": "<f8", "version": 3, "data": (0, False)}


class Equal(np.ndarray):
    def __array_function__(self, *args, **named):
        return True

    def __array_ufunc__(self, *args, **named):
        return np.ones(5).view(Equal)


predict = lambda X, w, b: Mask()
update = lambda w, b, x, y: (w.view(Equal), np.array([Mask()], dtype=object), Mask())
train = lambda *args: (np.ones(3).view(Equal), Mask(), np.array([None], dtype=object))
mistake_bound = lambda *args: (Mask(), np.array([b"1"], dtype="V1"), np.array(["1"]))
train_pocket = lambda *args: (np.ones(3, dtype="M8[s]"), np.ma.masked)

# === nan: not a number, everywhere. Honest: 2.12
# %% answers
nan = float("nan")
predict = lambda X, w, b: np.full(X.shape[:-1], nan)
update = lambda w, b, x, y: (w * nan, nan, nan)
train = lambda X, y, epochs=1: (np.full(X.shape[1], nan), nan, [])
mistake_bound = lambda X, y, w, b: (nan, nan, nan)
train_pocket = lambda X, y, epochs, seed: (np.full(X.shape[1], nan), nan)

# === infinite_and_complex: infinity, complex numbers, dates and text for numbers. Honest: 2.12
# %% answers
inf = float("inf")
predict = lambda X, w, b: np.full(X.shape[:-1], 1j * inf)
update = lambda w, b, x, y: (w + 1j * inf, "inf", "yes")
train = lambda X, y, epochs=1: (np.full(X.shape[1], inf), inf, "0123")
mistake_bound = lambda X, y, w, b: (inf, inf, "nan")
train_pocket = lambda X, y, epochs, seed: (np.full(X.shape[1], inf), -inf)

# === empty: arrays without a single number, which differ from nothing. Honest: 1.33
# %% answers
empty = np.array([])
predict = lambda X, w, b: empty
update = lambda w, b, x, y: (w + y * x * 0, empty, empty)
train = lambda X, y, epochs=1: (empty, empty, [])
mistake_bound = lambda X, y, w, b: (empty, empty, empty)
train_pocket = lambda X, y, epochs, seed: (empty, empty)

# === wrong_sizes: shapes that numpy stretches, enormous ones, and negative steps. Honest: 0
# %% answers
predict = lambda X, w, b: np.broadcast_to(X.ravel()[0], (1 << 34,))
update = lambda w, b, x, y: (np.zeros((1, 1, 1, 4)), np.zeros((0, 1 << 40)), np.broadcast_to(w[0], (1 << 36,)))
train = lambda X, y, epochs=1: (np.ones(1 << 28, dtype=np.uint8), 1, range(10**15))
mistake_bound = lambda X, y, w, b: (10**4000, -(10**400), 1 << 100_000)
train_pocket = lambda X, y, epochs, seed: (np.lib.stride_tricks.as_strided(X, (1 << 20, 1 << 20), (0, 0)), 0)


# === endless: lists inside lists inside lists, a few bytes each, more than the universe when written out; and endless iterators. Honest: 0
# %% answers
def laughs(depth=60):
    made = [1, 1]
    for _ in range(depth):
        made = [made, made]
    return made


def selfish():
    made = []
    made += [made, made]
    return made


def forever():
    while True:
        yield 1


predict = lambda X, w, b: laughs()
update = lambda w, b, x, y: (laughs(), 0, laughs())
train = lambda X, y, epochs=1: (selfish(), 0, forever())
mistake_bound = lambda X, y, w, b: (0, selfish(), tuple([laughs()] * 1000))
train_pocket = lambda X, y, epochs, seed: (laughs(3000), forever())

# === named_fields: named tuples whose fields are called like what a check asks for. Honest: 1.37
# %% answers
from collections import namedtuple

Fake = namedtuple("Fake", "shape detach cpu numpy dtype size")
same = Fake((5,), lambda: same, lambda: same, lambda: np.ones(5), "float64", 1)
predict = lambda X, w, b: Fake(X.shape[:-1], 1, 2, 3, 4, 5)
update = lambda w, b, x, y: Fake(w.shape, 1, 2, 3, 4, 5)[:3]
mistake_bound = lambda *args: namedtuple("mistake_bound", "count index sort")(1, 2, -3)


# === vandal: inputs are made into something easy before the check looks at them again. Honest: 2.26
# %% answers
def predict(X, w, b):
    X[...], w[...] = 0, 0
    return np.full(X.shape[:-1], 1 if b > 0 else -1)


def train(X, y, max_epochs=1000):
    X[...], y[...] = 1, 1
    return np.ones(X.shape[1]), 1.0, [0]


def mistake_bound(X, y, w, b):
    X[...], w[...] = 0, 0
    return 1.0, 0.0, np.inf


def train_pocket(X, y, epochs, seed):
    X[...], y[...] = 0, -1
    return np.zeros(X.shape[1]), 0.0
