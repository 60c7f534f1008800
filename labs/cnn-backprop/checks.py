"""What proves the answers of the lab cnn-backprop right.

PyTorch's autograd is the judge, in float64. While a later task is checked, references from given.py stand in for earlier answers, so
that one mistake costs one task.
"""

from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F

from scratchlab.checks import Wrong, describe, expect, expect_close, expect_shape, given, load_given, task, unchanged

references = load_given(__file__)

cross_entropy = task(
    "cross_entropy",
    hints=(
        "Work with log p from the start: it is a subtraction, and both results come from it.",
        "shifted = logits minus the maximum of their row. log p = shifted minus the log of the row's sum of exp(shifted). The loss is the "
        "mean of -log p at the right classes, the gradient is (p - y) / N.",
        "`rows = np.arange(len(labels))`; `shifted = logits - logits.max(axis=1, keepdims=True)`; `log_p = shifted - np.log(...)`; "
        "`dlogits = np.exp(log_p)`; `dlogits[rows, labels] -= 1`; return `-log_p[rows, labels].mean()` and `dlogits / ...`",
    ),
)
fold = task(
    "fold",
    hints=(
        "Read unfold backward: the same slices of the padded picture, but on the other side, and with +=.",
        "columns (N, C * K_h * K_w, L) -> windows (N, C, K_h, K_w, H', W'); padded (N, C, H + 2 padding, W + 2 padding); for each (u, v) "
        "the slice of unfold gets windows[:, :, u, v].",
        "`windows = columns.reshape(batch, channels, *kernel, rows, cols)`; `padded = np.zeros(...)`; "
        "`padded[:, :, u : u + stride * rows : stride, ...] += windows[:, :, u, v]`; "
        "`return padded[:, :, padding : padding + height, ...]`",
    ),
)
conv_backward = task(
    "conv_backward",
    hints=(
        "Flatten the places of dy, then each gradient is one line: a product, a product and fold, a sum.",
        "dy (N, F, L), columns (N, K, L), W (F, K): dweight = sum over n of dy_n @ columns_n transposed; dcolumns = W transposed @ dy; "
        "dbias = the sum of dy over pictures and places.",
        "`dy = dy.reshape(batch, filters, -1)`; `dweight = (dy @ columns.transpose(0, 2, 1)).sum(axis=0).reshape(weight.shape)`; "
        "`dcolumns = weight.reshape(filters, -1).T @ dy`; `dx = fold(dcolumns, shape, ...)`; `dbias = dy.sum(axis=...)`",
    ),
)
pool_backward = task(
    "pool_backward",
    hints=(
        "Zeros in the shape of the windows, dy at the winner of each, then fold, which adds where windows overlap.",
        "windows (N * C, K², L): the winners are their argmax along axis 1. dy must be (N * C, 1, L) to be put there. fold wants the shape "
        "(N * C, 1, H, W); at the end comes (N, C, H, W).",
        "`winners = windows.argmax(axis=1)[:, None]`; `np.put_along_axis(dwindows, winners, dy.reshape(winners.shape), axis=1)`; "
        "`dx = fold(dwindows, (batch * channels, 1, height, width), (kernel, kernel), stride)`",
    ),
)
backprop = task(
    "backprop",
    hints=(
        "Forward: call forward_of for each layer and keep the caches. Then the loss. Backward: call backward_of in reverse order.",
        "The gradient that backward_of returns goes into the next call. Its dictionary goes into grads, where a name that is there already "
        "gets the sum.",
        "`x, cache = forward_of(layer, params, x)`; `steps.append((layer, cache))`; `loss, gradient = cross_entropy(x, labels)`; "
        "`for layer, cache in reversed(steps): gradient, own = backward_of(layer, gradient, cache)`; "
        "`grads[name] = grads.get(name, 0) + each`",
    ),
)

# ---- tools ------------------------------------------------------------------------------------------------------------


def values(result, names, tried):
    """The values that a function returns, or a message if there are others than `names` of them."""
    if not isinstance(result, tuple | list) or len(result) != len(names):
        got = f"{len(result)} values" if isinstance(result, tuple | list) else describe(result)
        raise Wrong(tried=tried, got=got, expected=f"{len(names)} values: {', '.join(names)}", look="see the docstring's last lines")
    return result


def same(got, want):
    """Whether two arrays agree up to rounding."""
    got = got if isinstance(got, np.ndarray | float | int) else np.nan
    return np.shape(got) == np.shape(want) and np.allclose(got, want, rtol=1e-9, atol=1e-9)


def blame(got, slips, default):
    """The words for the mistake that gives exactly `got`; `slips` maps words to what that mistake gives, or to a function that does."""
    return next((look for look, wrong in slips.items() if same(got, wrong() if callable(wrong) else wrong)), default)


def expect_dtype(got, tried, look="make new arrays with the dtype of what came in: np.zeros(shape, columns.dtype)"):
    """float32 stays float32."""
    dtype = str(getattr(got, "dtype", type(got).__name__))
    expect(dtype == "float32", tried=f"{tried}, all in float32", got=dtype, expected="float32", look=look)


def torchs(*arrays):
    """The arrays as torch tensors that ask for gradients."""
    return [torch.tensor(np.asarray(each), requires_grad=True) for each in arrays]


@contextmanager
def fitting(tried, expected, look):
    """Context in which NumPy's complaint about shapes that do not fit becomes a message."""
    try:
        yield
    except (ValueError, IndexError) as error:
        raise Wrong(tried=tried, got=f"{type(error).__name__}: {error}", expected=expected, look=look) from error


# ---- cross_entropy ----------------------------------------------------------------------------------------------------

CE_NAMES = ("loss", "dlogits")


def ce_case(student, logits, labels, tried):
    """The learner's loss and gradient, and torch's."""
    got = values(student.cross_entropy(logits.copy(), labels.copy()), CE_NAMES, tried)
    (leaf,) = torchs(logits)
    loss = F.cross_entropy(leaf, torch.from_numpy(labels))
    loss.backward()
    return got, (loss.item(), leaf.grad.numpy())


@cross_entropy.property("the loss is the mean of -log p at the right classes")
def loss_is_the_mean(student, rng):
    for n, k in ((5, 4), (1, 3), (3, 7)):
        logits, labels = 2 * rng.standard_normal((n, k)), rng.integers(0, k, n)
        tried = f"random logits ({n}, {k})"
        (loss, _), (want, _) = ce_case(student, logits, labels, tried)
        expect_shape(np.asarray(loss), (), tried=tried + "; the loss", look="one number for the whole batch")
        slips = {"this is the sum over the pictures; the loss is their mean": want * n} if n > 1 else {}
        expect_close(loss, want, tried=tried + "; the loss", look=blame(loss, slips, "-log_p[rows, labels], with one row per picture"))


@cross_entropy.property("the gradient of the logits is (p - y) / N")
def gradient_is_p_minus_y(student, rng):
    for n, k in ((5, 4), (1, 3), (3, 7)):
        logits, labels = 2 * rng.standard_normal((n, k)), rng.integers(0, k, n)
        tried = f"random logits ({n}, {k}); dlogits"
        (_, got), (_, want) = ce_case(student, logits, labels, tried)
        slips = {
            "the loss is a mean, so its gradient is divided by the number of pictures": want * n,
            "the sign: p - y, with the 1 subtracted at the right class": -want,
            "this is divided by the number of all entries; only the pictures are averaged": want / k,
            "this is p / N: at the right class, 1 is subtracted from p": lambda want=want, n=n, k=k, labels=labels: (
                want + np.eye(k)[labels] / n
            ),
        }
        if n > 1:
            expect_close(got, want, tried=tried, look=blame(got, slips, "p = exp(log_p), minus 1 at [rows, labels], divided by N"))
        else:
            expect_close(got, want, tried=tried, look="one picture: p - y")


@cross_entropy.property("logits of any size give finite and right results, each row by itself")
def survives_huge_logits(student, rng):
    for name, levels in (("all near +10,000", (1e4, 1e4, 1e4)), ("all near -10,000", (-1e4,) * 3), ("rows near ±10,000", (1e4, -1e4, 0))):
        logits, labels = rng.standard_normal((3, 4)) + np.array(levels)[:, None], rng.integers(0, 4, 3)
        tried = f"logits (3, 4), {name}"
        got, want = ce_case(student, logits, labels, tried)
        for part, mine, true in zip(CE_NAMES, got, want, strict=True):
            look = "subtract from each row its own maximum before exp: logits.max(axis=1, keepdims=True)"
            expect_close(mine, true, tried=f"{tried}; {part}", look=look)
    logits, labels = np.array([[1e4, -1e4, 0.0]]), np.array([1])
    (loss, _), (want, _) = ce_case(student, logits, labels, "one row of 10,000, -10,000 and 0, where the second class is right")
    look = "the probability is 0 in the computer, its logarithm is not: never take the logarithm of p, compute log p by subtraction"
    expect_close(loss, want, tried="one row of 10,000, -10,000 and 0, where the second class is right; the loss", look=look)


@cross_entropy.property("the gradient has the dtype of the logits")
def ce_dtype(student, rng):
    logits, labels = rng.standard_normal((3, 4)).astype(np.float32), rng.integers(0, 4, 3)
    _, dlogits = values(student.cross_entropy(logits, labels), CE_NAMES, "logits (3, 4)")
    expect_dtype(dlogits, "logits (3, 4); dlogits", look="no step here needs a new dtype; np.eye(k)[labels], for one, is float64")


@cross_entropy.property("logits and labels stay as they are", after="loss_is_the_mean")
def ce_changes_nothing(student, rng):
    logits, labels = rng.standard_normal((3, 4)), rng.integers(0, 4, 3)
    with unchanged("random logits (3, 4)", logits=logits, labels=labels):
        student.cross_entropy(logits, labels)


# ---- fold -------------------------------------------------------------------------------------------------------------


def fold_said(shape, kernel, stride, padding):
    """The case in words."""
    return f"random columns for pictures {shape}, kernel {kernel}, stride {stride}, padding {padding}"


def fold_case(student, rng, shape, kernel, stride=1, padding=0, look=""):
    """Compares the learner's fold with the reference; `look` is what to say if no known mistake fits."""
    columns = rng.standard_normal(references.unfold(np.zeros(shape), kernel, stride, padding).shape)
    tried = fold_said(shape, kernel, stride, padding)
    got = student.fold(columns.copy(), shape, kernel, stride, padding)
    want = references.fold(columns, shape, kernel, stride, padding)
    counts = references.fold(np.ones_like(columns), shape, kernel, stride, padding)

    def with_padding():
        wide = (*shape[:2], shape[2] + 2 * padding, shape[3] + 2 * padding)
        return references.fold(columns, wide, kernel, stride)

    def turned():
        blocks = columns.reshape(len(columns), shape[1], *kernel, -1)[:, :, ::-1, ::-1]
        return references.fold(blocks.reshape(columns.shape), shape, kernel, stride, padding)

    slips = {
        "numbers from the same pixel must be added up; here the last one overwrote the others: += in place of =": lambda: references.fold(
            columns, shape, kernel, stride, padding, add=False
        ),
        "this is the mean over a pixel's copies; the transpose is their sum": want / np.maximum(counts, 1),
        "the kernel's positions run backward: row (c, u, v) goes to the pixel at + u, + v": turned,
        "the rows and columns of the padding are still there; cut them off": with_padding,
    }
    expect_shape(got, shape, tried=tried, look=blame(got, slips, "the result has the shape that is handed over"))
    expect_close(got, want, tried=tried, look=blame(got, slips, look))


@fold.property("what came from the same pixel adds up")
def adds_up(student, rng):
    for shape, kernel in (((1, 1, 4, 4), (2, 2)), ((1, 1, 5, 6), (3, 3))):
        fold_case(student, rng, shape, kernel, look="padded[:, :, u : u + rows, v : v + cols] += windows[:, :, u, v]")


@fold.property("rows of the columns are (channel, u, v), also for kernels and pictures that are not square")
def keeps_the_order(student, rng):
    for shape, kernel in (((2, 3, 5, 7), (3, 2)), ((1, 2, 6, 4), (1, 4)), ((3, 5, 4, 4), (4, 4))):
        look = "columns.reshape(batch, channels, K_h, K_w, rows, cols): first the channel, then the kernel's row and column, then the place"
        fold_case(student, rng, shape, kernel, look=look)


@fold.property("places lie `stride` apart, also where the stride leaves pixels over")
def strides(student, rng):
    for shape, kernel, stride in (((2, 2, 7, 9), (3, 3), 2), ((1, 1, 8, 6), (2, 3), 3), ((1, 2, 6, 7), (2, 2), 2)):
        look = "the slice u : u + stride * rows : stride. Pixels that no window saw get 0"
        fold_case(student, rng, shape, kernel, stride, look=look)


@fold.property("the padding is cut off")
def cuts_the_padding(student, rng):
    for shape, kernel, padding in (((2, 2, 5, 6), (3, 3), 1), ((1, 1, 4, 3), (3, 5), 2)):
        look = "the picture lies at padding : padding + height of the padded one, and likewise in width"
        fold_case(student, rng, shape, kernel, 1, padding, look=look)


@fold.property("the dot-product test holds: <unfold(x), c> = <x, fold(c)>")
def is_the_transpose(student, rng):
    for _ in range(4):
        (height, width), (k_h, k_w), stride, padding = rng.integers(5, 10, 2), rng.integers(1, 5, 2), rng.integers(1, 4), rng.integers(0, 3)
        shape, kernel, stride, padding = (2, 3, int(height), int(width)), (int(k_h), int(k_w)), int(stride), int(padding)
        x = rng.standard_normal(shape)
        copied = references.unfold(x, kernel, stride, padding)
        c, tried = rng.standard_normal(copied.shape), fold_said(shape, kernel, stride, padding)
        got = student.fold(c.copy(), shape, kernel, stride, padding)
        expect_shape(got, shape, tried=tried, look="the result has the shape that is handed over")
        look = "some number goes back to another pixel than the one that unfold copied it from"
        expect_close((x * got).sum(), (copied * c).sum(), tried=tried + "; <x, fold(c)>", look=look)


@fold.property("the result has the dtype of the columns, and these stay as they are", after="adds_up")
def fold_is_clean(student, rng):
    columns = rng.standard_normal((2, 12, 20)).astype(np.float32)
    tried = "random columns for pictures (2, 3, 5, 6), kernel (2, 2)"
    with unchanged(tried, columns=columns):
        expect_dtype(student.fold(columns, (2, 3, 5, 6), (2, 2)), tried)


# ---- conv_backward ----------------------------------------------------------------------------------------------------

CONV_NAMES = ("dx", "dweight", "dbias")
CONV_LOOKS = {
    "dx": "dcolumns = W transposed @ dy, then fold with the shape of x, the kernel's size, stride and padding",
    "dweight": "dy (N, F, L) times columns transposed (N, L, K), summed over the pictures",
    "dbias": "the sum of dy over pictures and places: one number for each filter",
}


def conv_slips(name, dy, cache, want):
    """What known mistakes give."""
    columns, shape, weight, stride, padding = cache
    flat, kernels = dy.reshape(len(dy), len(weight), -1), weight.reshape(len(weight), -1)
    if name == "dx":
        reverse = weight[:, :, ::-1, ::-1]
        return {
            "this is dx for the kernel reversed; fold turns it already": lambda: references.conv_backward(
                dy, (columns, shape, reverse, stride, padding)
            )[0],
            "where windows overlap, gradients must add up": lambda: references.fold(
                kernels.T @ flat, shape, weight.shape[2:], stride, padding, add=False
            ),
        }
    mean = "this is the mean over the pictures; 1/N is in dy already, here gradients are summed"
    if name == "dbias":
        return {mean: want / len(dy)} if len(dy) > 1 else {}
    shuffled = columns.reshape(len(columns), columns.shape[2], columns.shape[1])
    slips = {"reshape does not transpose: columns.transpose(0, 2, 1) exchanges the two axes": (flat @ shuffled).sum(0).reshape(want.shape)}
    return slips | ({mean: want / len(dy)} if len(dy) > 1 else {})


def conv_case(student, rng, names, x=(2, 3, 6, 7), weight=(4, 3, 3, 2), **options):
    """Compares the named gradients with autograd's."""
    arrays = [rng.standard_normal(shape) for shape in (x, weight, weight[:1])]
    y, cache = references.conv_forward(*arrays, **options)
    dy, leaves = rng.standard_normal(y.shape), torchs(*arrays)
    wants = torch.autograd.grad(F.conv2d(*leaves, **options), leaves, torch.from_numpy(dy))
    tried = f"random x {x}, weight {weight}" + "".join(f", {name}={value}" for name, value in options.items())
    look = "do all shapes fit? fold wants dcolumns (N, C * K_h * K_w, L), the shape of x, the kernel's size, and stride and padding"
    with given(student, fold=references.fold), fitting(tried, "three gradients", look):
        got = values(student.conv_backward(dy.copy(), copied(cache)), CONV_NAMES, tried)
    for name, mine, want in zip(CONV_NAMES, got, wants, strict=True):
        if name in names:
            slips = conv_slips(name, dy, cache, want.numpy())
            expect_shape(mine, tuple(want.shape), tried=f"{tried}; {name}", look=blame(mine, slips, CONV_LOOKS[name]))
            expect_close(mine, want.numpy(), tried=f"{tried}; {name}", look=blame(mine, slips, CONV_LOOKS[name]))


def copied(cache):
    """The cache with copies of its arrays."""
    return tuple(each.copy() if isinstance(each, np.ndarray) else each for each in cache)


@conv_backward.property("dbias is the sum of dy over pictures and places")
def bias_gradient(student, rng):
    conv_case(student, rng, ["dbias"])
    conv_case(student, rng, ["dbias"], x=(1, 1, 5, 5), weight=(2, 1, 2, 2))


@conv_backward.property("dweight agrees with autograd, for one picture and for several")
def weight_gradient(student, rng):
    conv_case(student, rng, ["dweight"], x=(1, 2, 5, 6), weight=(3, 2, 3, 2))
    conv_case(student, rng, ["dweight"], x=(4, 3, 6, 5), weight=(2, 3, 2, 3))


@conv_backward.property("dx agrees with autograd, for one picture and for several")
def input_gradient(student, rng):
    conv_case(student, rng, ["dx"], x=(1, 1, 5, 6), weight=(1, 1, 3, 2))
    conv_case(student, rng, ["dx"], x=(3, 3, 6, 5), weight=(4, 3, 2, 3))


@conv_backward.property("all three are right with stride and padding, also where the stride leaves pixels over")
def with_options(student, rng):
    for options in ({"stride": 2}, {"padding": 1}, {"stride": 3, "padding": 2}):
        conv_case(student, rng, CONV_NAMES, x=(2, 3, 8, 7), **options)


@conv_backward.property("all three are right at the extremes: kernels of one pixel, and as large as the picture")
def extreme_kernels(student, rng):
    conv_case(student, rng, CONV_NAMES, x=(2, 3, 4, 5), weight=(2, 3, 1, 1))
    conv_case(student, rng, CONV_NAMES, x=(2, 2, 4, 3), weight=(3, 2, 4, 3))


@conv_backward.property("what came in stays as it is, and float32 stays float32", after="input_gradient")
def conv_is_clean(student, rng):
    arrays = [rng.standard_normal(shape).astype(np.float32) for shape in ((2, 3, 5, 5), (4, 3, 3, 3), (4,))]
    y, cache = references.conv_forward(*arrays, padding=1)
    dy, tried = np.ones_like(y), "random x (2, 3, 5, 5), weight (4, 3, 3, 3), padding=1"
    handed = {"dy": dy, "columns": cache[0], "weight": cache[2]}
    fits = fitting(tried, "three gradients", "do all shapes fit? fold needs the padding, too")
    with given(student, fold=references.fold), unchanged(tried, **handed), fits:
        got = values(student.conv_backward(dy, cache), CONV_NAMES, tried)
    for name, each in zip(CONV_NAMES, got, strict=True):
        expect_dtype(each, f"{tried}; {name}")


# ---- pool_backward ----------------------------------------------------------------------------------------------------


def overwritten(dy, cache):
    """dx where of several gradients for one pixel the last one stays."""
    windows, shape, kernel, stride = cache
    dx, winners = np.zeros(shape), windows.argmax(1).reshape(dy.shape)
    for n, c, i, j in np.ndindex(*dy.shape):
        u, v = divmod(int(winners[n, c, i, j]), kernel)
        dx[n, c, i * stride + u, j * stride + v] = dy[n, c, i, j]
    return dx


def pool_case(student, rng, x, kernel=2, stride=2, look="", said=""):
    """Compares with autograd; returns nothing."""
    y, cache = references.pool_forward(x, kernel, stride)
    dy, leaves = rng.standard_normal(y.shape), torchs(x)
    (want,) = torch.autograd.grad(F.max_pool2d(*leaves, kernel, stride), leaves, torch.from_numpy(dy))
    tried = f"x {x.shape}{said}, kernel {kernel}, stride {stride}"
    look_here = "do all shapes fit? windows are (N * C, K², L); fold wants (N * C, 1, H, W), the kernel as a pair, and the stride"
    with given(student, fold=references.fold), fitting(tried, "a gradient", look_here):
        got = student.pool_backward(dy.copy(), copied(cache))

    def marked(windows):
        return windows == windows.max(1, keepdims=True)

    def last(windows):
        return np.arange(windows.shape[1])[:, None] == windows.shape[1] - 1 - windows[:, ::-1].argmax(1)[:, None]

    slips = {
        "every one of several equal winners got the whole gradient; only one may have it": lambda: references.pool_backward(
            dy, cache, marked
        ),
        "equal winners share the gradient; here the first gets all of it": lambda: references.pool_backward(
            dy, cache, lambda windows: marked(windows) / marked(windows).sum(1, keepdims=True)
        ),
        "of equal winners this takes the last; argmax takes the first": lambda: references.pool_backward(dy, cache, last),
        "this shares the gradient among all of the window, as mean-pooling does; the winner gets it all": lambda: references.pool_backward(
            dy, cache, lambda windows: np.full(windows.shape, 1 / windows.shape[1])
        ),
    }
    if kernel > stride:
        words = "a pixel that wins several windows collects from all; here the last one overwrote the others"
        slips[words] = lambda: overwritten(dy, cache)
    expect_shape(got, x.shape, tried=tried, look="dx has the shape of x")
    expect_close(got, want.numpy(), tried=tried, look=blame(got, slips, look))


@pool_backward.property("each gradient goes to the winner of its window")
def winner_takes_all(student, rng):
    for shape, kernel in (((1, 1, 4, 4), 2), ((1, 1, 6, 6), 3)):
        pool_case(student, rng, rng.standard_normal(shape), kernel, kernel, look="zeros everywhere, dy at the argmax of each window")
    x = -1 - rng.random((1, 1, 4, 6))
    pool_case(student, rng, x, look="among negative numbers, the winner is the one closest to 0", said=", all negative")


@pool_backward.property("pictures and channels are pooled each by itself, and need not be square")
def keeps_channels_apart(student, rng):
    for shape in ((2, 3, 4, 6), (3, 1, 8, 2), (1, 5, 2, 4)):
        pool_case(student, rng, rng.standard_normal(shape), look="fold wants (N * C, 1, H, W), and the result is (N, C, H, W)")


@pool_backward.property("pixels in no window get 0")
def left_over(student, rng):
    for shape, kernel, stride in (((2, 2, 5, 7), 2, 2), ((1, 2, 6, 8), 2, 3)):
        pool_case(student, rng, rng.standard_normal(shape), kernel, stride, look="fold with the shape of x leaves those pixels at 0")


@pool_backward.property("where windows overlap, a pixel collects from every window that it wins")
def overlapping(student, rng):
    for shape, kernel, stride in (((1, 1, 5, 5), 3, 1), ((2, 3, 7, 9), 3, 2), ((2, 2, 4, 5), 2, 1)):
        look = "put dy into the windows, then fold adds; do not write dy into the picture"
        pool_case(student, rng, rng.standard_normal(shape), kernel, stride, look=look)


@pool_backward.property("no gradient is lost or made, whatever the ties")
def conserves(student, rng):
    for name, x in (("all zeros", np.zeros((2, 2, 4, 6))), ("zeros and ones", rng.integers(0, 2, (2, 3, 6, 4)).astype(float))):
        y, cache = references.pool_forward(x)
        dy, tried = rng.random(y.shape), f"x {x.shape}, {name}, kernel 2, stride 2; the sum of dx"
        with given(student, fold=references.fold):
            got = student.pool_backward(dy.copy(), copied(cache))
        expect_shape(got, x.shape, tried=tried, look="dx has the shape of x")
        look = "several equal winners: give the gradient to exactly one of them, not to each"
        expect_close(np.sum(got), dy.sum(), tried=tried, look=look)


@pool_backward.property("of equal winners, the first in reading order gets the gradient")
def first_of_equals(student, rng):
    x = rng.integers(0, 2, (2, 2, 8, 6)).astype(float)
    pool_case(student, rng, x, look="argmax takes the first of equals", said=" of zeros and ones")
    pool_case(student, rng, x, 3, 1, look="argmax takes the first of equals", said=" of zeros and ones")


@pool_backward.property("what came in stays as it is, and float32 stays float32", after="winner_takes_all")
def pool_is_clean(student, rng):
    y, cache = references.pool_forward(rng.standard_normal((2, 3, 4, 6)).astype(np.float32))
    dy, tried = np.ones_like(y), "x (2, 3, 4, 6), kernel 2, stride 2"
    with given(student, fold=references.fold), unchanged(tried, dy=dy, windows=cache[0]):
        expect_dtype(student.pool_backward(dy, cache), tried)


# ---- backprop ---------------------------------------------------------------------------------------------------------

NET_NAMES = ("loss", "grads", "the gradient of the pictures")
CONV, HEAD = ("conv", "conv1", {"padding": 1}), [("flatten", "flat", {}), ("linear", "fc", {})]
SMALL = [CONV, ("relu", "relu1", {}), ("pool", "pool1", {}), *HEAD]
DEEP = [
    CONV, ("pool", "pool1", {"kernel": 3, "stride": 1}), ("relu", "relu1", {}), ("conv", "conv2", {"stride": 2}), ("relu", "relu2", {}),
    *HEAD[:1], ("linear", "hidden", {}), ("relu", "relu3", {}), HEAD[1],
]  # fmt: skip
TWICE = [("conv", "same", {"padding": 1}), ("relu", "relu1", {}), ("conv", "same", {"padding": 1}), *HEAD]


def torch_forward(layers, params, x):
    """The logits by torch, with params and x as tensors."""
    for kind, name, options in layers:
        own = [params.get(f"{name}.{part}") for part in ("weight", "bias")]
        if kind == "pool":
            x = F.max_pool2d(x, options.get("kernel", 2), options.get("stride", 2))
        elif kind == "conv":
            x = F.conv2d(x, *own, **options)
        else:
            x = {"relu": F.relu, "flatten": lambda x: x.flatten(1), "linear": lambda x, own=own: F.linear(x, *own)}[kind](x)
    return x


def parameters(rng, layers, x):
    """Random parameters that fit, found by walking through the layers."""
    params, sizes = {}, {"conv1": (4, 3, 3), "conv2": (5, 2, 3), "same": (x.shape[1], 3, 3), "hidden": (6,), "fc": (4,)}
    for layer in layers:
        kind, name, _ = layer
        if kind in ("conv", "linear") and f"{name}.weight" not in params:
            first, *kernel = sizes[name]
            params[f"{name}.weight"] = rng.standard_normal((first, x.shape[1], *kernel)) / np.sqrt(x[0].size)
            params[f"{name}.bias"] = rng.standard_normal(first)
        x, _ = references.forward_of(layer, params, x)
    return params


def problem(rng, layers, shape):
    """Random parameters, pictures and labels."""
    x = rng.standard_normal(shape)
    return parameters(rng, layers, x), x, rng.integers(0, 4, shape[0])


def with_given(student):
    """The context in which earlier answers do not matter."""
    names = ("forward_of", "backward_of", "cross_entropy")
    return given(student, **{name: getattr(references, name) for name in names})


def call(student, layers, params, x, labels, tried):
    """What the learner's backprop returns for copies."""
    look = (
        "shapes that do not fit: backward, the last layer comes first, each with its own cache. Or does a dictionary of an earlier call "
        "live on? Make a new one in each call"
    )
    with with_given(student), fitting(tried, "loss, gradients, gradient of the pictures", look):
        result = student.backprop(list(layers), {name: each.copy() for name, each in params.items()}, x.copy(), labels.copy())
    loss, grads, dx = values(result, NET_NAMES, tried)
    if not isinstance(grads, dict):
        raise Wrong(tried=tried, got=describe(grads), expected="a dictionary of gradients", look="grads maps names to arrays")
    return loss, grads, dx


def autograd(layers, params, x, labels):
    """Loss, gradients and gradient of the pictures by torch."""
    tensors, (leaf,) = dict(zip(params, torchs(*params.values()), strict=True)), torchs(x)
    loss = F.cross_entropy(torch_forward(layers, tensors, leaf), torch.from_numpy(labels))
    loss.backward()
    return loss.item(), {name: each.grad.numpy() for name, each in tensors.items()}, leaf.grad.numpy()


def net_said(layers, shape):
    """The case in words."""
    return f"the network {', '.join(kind for kind, _, _ in layers)} on random pictures {shape}"


def net_case(student, rng, layers, shape, look, *, pictures=True):
    """Compares all gradients with autograd's."""
    params, x, labels = problem(rng, layers, shape)
    tried = net_said(layers, shape)
    _, grads, dx = call(student, layers, params, x, labels, tried)
    _, wants, want_dx = autograd(layers, params, x, labels)
    for name, want in wants.items():
        if name not in grads:
            found = ", ".join(sorted(map(str, grads))) or "nothing"
            raise Wrong(tried=tried, got=f"gradients for {found}", expected=f"one for {name}, too", look="take over all names of `own`")
        expect_close(grads[name], want, tried=f"{tried}; the gradient of {name}", look=look)
    if pictures:
        look = "the gradient that the first layer's backward_of returns, last of all"
        expect_close(dx, want_dx, tried=f"{tried}; the gradient of the pictures", look=look)


@backprop.property("the loss is that of the network")
def right_loss(student, rng):
    for layers, shape in ((SMALL, (3, 2, 4, 6)), (HEAD, (2, 1, 3, 2))):
        params, x, labels = problem(rng, layers, shape)
        tried = net_said(layers, shape)
        loss, _, _ = call(student, layers, params, x, labels, tried)
        want, _, _ = autograd(layers, params, x, labels)
        look = "each layer gets the output of the one before; the last output are the logits for cross_entropy"
        expect_close(loss, want, tried=f"{tried}; the loss", look=look)


@backprop.property("with one layer that has parameters, their gradients agree with autograd's")
def one_layer(student, rng):
    look = "backward_of gets the gradient from cross_entropy, and the layer's own cache"
    net_case(student, rng, HEAD, (3, 2, 2, 3), look, pictures=False)


@backprop.property("in a deep network every gradient agrees with autograd's")
def deep(student, rng):
    look = "backward, the last layer comes first; each layer gets its own cache, and the gradient from the layer after it"
    net_case(student, rng, SMALL, (2, 3, 6, 4), look, pictures=False)
    net_case(student, rng, DEEP, (2, 3, 8, 9), look, pictures=False)


@backprop.property("one picture is a batch, too")
def one_picture(student, rng):
    net_case(student, rng, SMALL, (1, 1, 4, 4), "nothing here should depend on the number of pictures", pictures=False)


@backprop.property("the gradient of the pictures is what the first layer hands back")
def gradient_of_pictures(student, rng):
    for layers, shape in ((SMALL, (2, 3, 4, 6)), (HEAD[:1], (2, 1, 2, 2))):
        params, x, labels = problem(rng, layers, shape)
        tried = net_said(layers, shape)
        _, _, dx = call(student, layers, params, x, labels, tried)
        _, _, want = autograd(layers, params, x, labels)
        look = "after the loop, `gradient` belongs to the input of the first layer: return it"
        expect_close(dx, want, tried=f"{tried}; the gradient of the pictures", look=look)


@backprop.property("where two layers share their weights, the gradients add up", after="deep")
def shared_weights(student, rng):
    look = "the same weights acted twice, so their gradient is the sum over both uses: grads[name] = grads.get(name, 0) + each"
    net_case(student, rng, TWICE, (2, 3, 4, 5), look, pictures=False)


@backprop.property("a second call starts anew, and nothing that was passed in is changed", after="one_layer")
def starts_anew(student, rng):
    params, x, labels = problem(rng, TWICE, (2, 2, 3, 4))
    tried = net_said(TWICE, x.shape)
    _, first, _ = call(student, TWICE, params, x, labels, tried)
    first = {name: np.array(each) for name, each in first.items()}
    with with_given(student), unchanged(tried, pictures=x, labels=labels, **params):
        _, second, _ = values(student.backprop(list(TWICE), params, x, labels), NET_NAMES, tried)
    for name, each in first.items():
        look = "do gradients of the first call stay in a dictionary that lives on? Make a new one in each call"
        expect_close(second[name], each, tried=f"{tried}, called twice; the gradient of {name}", look=look)
