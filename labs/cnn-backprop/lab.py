# %% [markdown]
# # A convolutional network by hand
#
# In *cnn-convolution* you sent gradients through one layer. Here you build a whole network that tells birds from trucks
# in small color pictures, in NumPy alone: every gradient in it is a line that you derived. Then you put the derivation
# on trial. Autograd must agree with all of it, to the last digits. And you will plant the classic mistakes on purpose,
# to answer a question that costs practitioners weeks: **if the loss falls, is the gradient right?**

# %% [markdown]
# ## You will learn
#
# - to start the backward pass: softmax and cross-entropy together have the gradient $p - y$, and survive huge logits;
# - to undo the cutting into windows by its *transpose*, and to test such a pair with a single number;
# - to write the backward pass of convolution and of max-pooling as two products, a sum, and one routing decision;
# - to run a chain of layers forward and backward, with a cache for each layer, adding up where a weight is used twice;
# - to test thousands of gradients at once, and to know which mistakes a falling loss cannot show.
#
# ## You need
#
# *cnn-convolution*: windows, im2col, and why a pixel's gradient is a sum. *nn-xor*: central differences and the backward
# pass of a fully connected layer. *torch-regression*: softmax, cross-entropy, mini-batches. Of NumPy you need axes:
# `sum(axis=...)`, `transpose`, `reshape`, and that `A @ B` multiplies the last two axes of a stack of matrices.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from scipy import stats
from sklearn.neighbors import KNeighborsClassifier
from torch import nn

import scratchlab
from scratchlab import plot
from scratchlab.pictures import ARTISTS, CLASSES, pictures

lab = scratchlab.start("cnn-backprop", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: ten classes, three hands
#
# The pictures are emoji in ten classes, turned, resized, mirrored and pasted over crops of two photographs. Three
# artists drew them. You train on two of the artists and test twice: on *new pictures* with drawings by the same two
# hands, and on drawings by the *third hand*, whose style no training has seen. The second number will be lower, and it
# is the honest one.
#
# The network wants channels first, $(N, C, H, W)$ as in *cnn-convolution*, and numbers around 0.


# %%
def scaled(images: np.ndarray) -> np.ndarray:
    """Pictures (N, H, W, 3) of bytes as (N, 3, H, W), float32 from -1 to 1."""
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32) / 127.5 - 1


def emoji(count: int, artists: tuple[str, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` pictures (count, 3, 16, 16), float32, and their labels 0 to 9, (count,); the seed decides what they show."""
    images, labels = pictures(count, artists, seed, pixels=16)
    return scaled(images), labels


def nearest_score(known: tuple, new: tuple) -> float:
    """Share of 500 new pictures (pictures, labels) that have the class of the most similar of 1,600 known ones, pixel by pixel."""
    rule = KNeighborsClassifier(1).fit(known[0][:1600].reshape(-1, known[0][0].size), known[1][:1600])
    return rule.score(new[0][:500].reshape(-1, new[0][0].size), new[1][:500])


# %%
x_train, y_train = emoji(lab.params["pictures"], ARTISTS[:2], 3 * lab.seed)
x_new, y_new = emoji(500, ARTISTS[:2], 3 * lab.seed + 1)
x_third, y_third = emoji(500, ARTISTS[2:], 3 * lab.seed + 2)
neighbor = nearest_score((x_train, y_train), (x_new, y_new))
print(f"{len(x_train)} pictures to train on, each {x_train.shape[1:]}")
print(f"a rule without learning, 'the class of the most similar training picture': {neighbor:.1%} of the new pictures")
plot.images(
    (x_train[:20].transpose(0, 2, 3, 1) + 1) / 2,
    titles=[CLASSES[label] for label in y_train[:20]],
    columns=10,
    height=2.0,
    caption="Twenty training pictures of 16 by 16 pixels, two of each class.",
    alt="Two rows of ten tiny color pictures: birds, cats, dogs, horses, fish, insects, cars, trucks, ships and fruit on busy backgrounds.",
)

# %% [markdown]
# Comparing pixels gets most of them wrong: the same bird lies elsewhere, turned, before another background.
# This calls for filters that look everywhere, and for gradients to learn them.
#
# **The plan.** Every layer is a pair of functions. *Forward* takes its input and returns its output and a **cache**,
# whatever the way back will need. *Backward* takes the gradient with respect to the output, and the cache, and returns
# the gradient with respect to the input (for the layer before), and those of its own parameters. We write $dy$ for
# $\partial L/\partial y$, as the chapter does. The way back begins at the loss, and so do you.

# %% [markdown]
# ## 1. Where gradients begin
#
# The network ends in ten scores $z_{nk}$ per picture, its *logits*. Softmax makes probabilities of them, the
# cross-entropy takes the logarithm of the right one, and the loss is the mean over the $N$ pictures of the batch:
#
# $$p_{nk} = \frac{e^{z_{nk}}}{\sum_j e^{z_{nj}}}, \qquad
#   L = -\frac1N \sum_n \log p_{n,t_n} = \frac1N\sum_n\Big(\log \sum_j e^{z_{nj}} - z_{n,t_n}\Big).$$
#
# Differentiate the right-hand form: the derivative of $\log\sum_j e^{z_j}$ with respect to $z_k$ is
# $e^{z_k}/\sum_j e^{z_j} = p_k$, and $z_t$ contributes $-1$ at the right class. With $y_{nk} = 1$ where $k = t_n$, and 0
# elsewhere,
#
# $$dz_{nk} = \frac{p_{nk} - y_{nk}}{N} .$$
#
# Two functions with awkward derivatives cancel to a subtraction. It also never divides by a probability: going through
# $p$ one step at a time, you would multiply $-1/p_t$, which may be infinite, with something that is 0.
#
# One more care. $e^{1000}$ overflows, but nothing changes if you subtract the row's maximum from all its logits first:
# numerator and denominator lose the same factor. Then no exponent is positive.
#
# **Predict**: what is the sum of $dz$ over the classes of one picture? What is the loss of a network that gives all ten
# classes the same score?
#
# **Write** `cross_entropy`. Compute $\log p$ first, as shifted logits minus the logarithm of the sum of their
# exponentials; loss and gradient both follow from it.


# %% solution="cross_entropy"
def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean cross-entropy of a batch, and its gradient with respect to the logits.

    logits: (N, K), any size of numbers. labels: the right classes, integers 0 ... K - 1, shape (N,).
    Returns the loss, a number, and dlogits, shape (N, K), in the dtype of the logits.
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dlogits = np.exp(log_p)
    dlogits[rows, labels] -= 1
    return float(-log_p[rows, labels].mean()), dlogits / len(labels)
    ### END SOLUTION


# %%
loss, dlogits = cross_entropy(np.zeros((2, 4)), np.array([1, 3]))
assert np.isclose(loss, np.log(4))  # four equal scores: every class has probability 1/4
assert np.allclose(dlogits, np.array([[0.25, -0.75, 0.25, 0.25], [0.25, 0.25, 0.25, -0.75]]) / 2)  # (p - y) / N
assert np.isfinite(cross_entropy(np.array([[1e4, -1e4]]), np.array([1]))[0])

# %% check="cross_entropy" points=2
check("cross_entropy")

# %% [markdown]
# **See it.** One picture of class 2, "dog", and a network that believes in cats. Read the bars as wishes: the scores of
# negative bars should rise, those of positive bars should fall.

# %%
believes = np.array([[0.5, 3.0, 1.5, 0.5, 0.0, 0.0, -1.0, -1.0, -1.0, 0.0]])
wishes = cross_entropy(believes, np.array([2]))[1][0]
plot.bars(
    dict(zip(CLASSES, wishes.tolist(), strict=True)),
    y="gradient of the loss, p - y",
    width=7.2,
    height=3,
    caption="The gradient with respect to ten logits. The right class, dog, has the probability minus one; the others have their probability.",
    alt="Ten bars: a long negative one at dog, a long positive one at cat, small positive ones elsewhere.",
)

# %% [markdown]
# The gradient is as large as the network is wrong, and no larger: all bars together are 0, and none exceeds 1. A picture
# that is classified with certainty asks for nothing.

# %% [markdown]
# ## 2. Windows, and the way back
#
# Here is what you built in *cnn-convolution*, in NumPy, shortened to what this network needs. `unfold` makes every
# window a column, `conv_forward` is then one product, $Y = WX + \beta$, for all $N$ pictures at once.


# %%
def places(size: int, kernel: int, stride: int, padding: int) -> int:
    """At how many places along one axis a kernel fits on `size` pixels."""
    return (size + 2 * padding - kernel) // stride + 1


def unfold(x: np.ndarray, kernel: tuple[int, int], stride: int = 1, padding: int = 0) -> np.ndarray:
    """All windows of the pictures x (N, C, H, W) as columns: (N, C * K_h * K_w, H' * W').

    Row (c, u, v) and column (i, j), both in reading order, hold the padded x[n, c, i * stride + u, j * stride + v].
    """
    batch, channels, height, width = x.shape
    rows, cols = places(height, kernel[0], stride, padding), places(width, kernel[1], stride, padding)
    padded = np.zeros((batch, channels, height + 2 * padding, width + 2 * padding), x.dtype)
    padded[:, :, padding : padding + height, padding : padding + width] = x
    windows = np.empty((batch, channels, *kernel, rows, cols), x.dtype)
    for u, v in np.ndindex(*kernel):
        windows[:, :, u, v] = padded[:, :, u : u + stride * rows : stride, v : v + stride * cols : stride]
    return windows.reshape(batch, -1, rows * cols)


# %%
def conv_forward(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int = 1, padding: int = 0) -> tuple[np.ndarray, tuple]:
    """A convolution and what its backward pass needs. x: (N, C, H, W), weight: (F, C, K_h, K_w), bias: (F,).

    Returns y, shape (N, F, H', W'), and the cache (columns, x.shape, weight, stride, padding).
    """
    filters, _, *kernel = weight.shape
    columns = unfold(x, kernel, stride, padding)  # (N, C * K_h * K_w, H' * W')
    y = weight.reshape(filters, -1) @ columns + bias[:, None]
    rows, cols = (places(size, k, stride, padding) for size, k in zip(x.shape[2:], kernel, strict=True))
    return y.reshape(len(x), filters, rows, cols), (columns, x.shape, weight, stride, padding)


# %% [markdown]
# Now the way back. `unfold` only copies, so it is *linear*: some enormous matrix $U$ of zeros and ones with
# $\text{columns} = U\,x$. You know the backward pass of a matrix from the chapter: its transpose. So if $dX$ is the
# gradient with respect to the columns,
#
# $$dx = U^\top dX, \qquad d\tilde x_{c,\;s\,i+u,\;s\,j+v} \mathrel{+}= dX_{(c,u,v),(i,j)} :$$
#
# **copying forward is adding backward.** Each number goes back to the pixel that it was copied from; numbers that came
# from the same pixel add up; what came from the padding goes nowhere. This is called `fold`, or *col2im*.
#
# **Predict**: take pictures of ones, unfold them and fold them again. What comes back for stride 1 and a 2 by 2 kernel?
# When do you get exactly the ones that you started with?
#
# **Write** `fold`, in as few as seven lines: a padded picture of zeros, one loop over $(u, v)$, and the slices of
# `unfold` on the left of a `+=`. Last, cut the padding off.


# %% solution="fold"
def fold(columns: np.ndarray, shape: tuple[int, ...], kernel: tuple[int, int], stride: int = 1, padding: int = 0) -> np.ndarray:
    """The transpose of `unfold`: every number is added to the pixel that `unfold` copies it from.

    columns: (N, C * K_h * K_w, H' * W'). shape: that of the pictures, (N, C, H, W). kernel: (K_h, K_w).
    Returns pictures of this shape, in the dtype of the columns.
    """
    ### BEGIN SOLUTION
    batch, channels, height, width = shape
    rows, cols = places(height, kernel[0], stride, padding), places(width, kernel[1], stride, padding)
    windows = columns.reshape(batch, channels, *kernel, rows, cols)
    padded = np.zeros((batch, channels, height + 2 * padding, width + 2 * padding), columns.dtype)
    for u, v in np.ndindex(*kernel):
        padded[:, :, u : u + stride * rows : stride, v : v + stride * cols : stride] += windows[:, :, u, v]
    return padded[:, :, padding : padding + height, padding : padding + width]
    ### END SOLUTION


# %%
ones = np.ones((1, 1, 3, 3))
assert fold(unfold(ones, (2, 2)), ones.shape, (2, 2)).tolist() == [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]  # in how many windows
assert fold(unfold(ones, (1, 3)), ones.shape, (1, 3)).tolist() == ones.tolist()  # no overlap: nothing to add

# %% check="fold" points=2
check("fold")

# %% [markdown]
# **See it.** A transpose can be tested without writing down any matrix. For all $x$ and $c$,
#
# $$\langle U x,\; c\rangle = \langle x,\; U^\top c\rangle ,$$
#
# where $\langle a, b\rangle$ is the sum of all products of entries. Draw both at random and compare two numbers. If a
# single entry of `fold` went to a wrong place, they would differ. This is the *dot-product test*; people who work with
# seismic or medical images use it for operators far too large to write down.

# %%
rng = np.random.default_rng(lab.seed)
for size, kernel, stride, padding in (((9, 11), (3, 3), 1, 1), ((9, 11), (3, 2), 2, 0), ((7, 8), (2, 5), 3, 2)):
    x = rng.standard_normal((2, 3, *size))
    copied = unfold(x, kernel, stride, padding)
    c = rng.standard_normal(copied.shape)
    left, right = (copied * c).sum(), (x * fold(c, x.shape, kernel, stride, padding)).sum()
    print(f"kernel {kernel}, stride {stride}, padding {padding}:  <unfold(x), c> = {left:.12f}   <x, fold(c)> = {right:.12f}")

# %% [markdown]
# ## 3. Convolution, backward
#
# For one picture, $Y = WX + \beta$, with $W$ of shape $(F, CK_hK_w)$, $X$ the columns, and $Y$ of shape $(F, H'W')$.
# The gradient $dY$ arrives. The chapter derives
#
# $$dW = \sum_n dY_n\, X_n^\top, \qquad d\beta_f = \sum_{n}\sum_{l} dY_{n,f,l}, \qquad
#   dX_n = W^\top dY_n, \qquad dx_n = U^\top dX_n .$$
#
# All pictures use the same $W$ and $\beta$, so their wishes add up; each picture has its own $dx$. No kernel needs to be
# turned by hand: $W^\top$ and `fold` together do it. (Count it out once for $K = 2$ in one dimension.)
#
# Shapes find most mistakes here: every gradient has the shape of what it belongs to. The dangerous mistakes are those
# that have the right shape.
#
# **Predict**: a layer with one filter of ones, and $dY = 1$ everywhere. Which entry of $dW$ is the largest, if all
# pixels are positive and there is no padding? (All of them nearly equal, or one?)
#
# **Write** `conv_backward`, without a loop.


# %% solution="conv_backward"
def conv_backward(dy: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of a convolution, from that of its output.

    dy: (N, F, H', W'). cache: as `conv_forward` returns it, (columns, x.shape, weight, stride, padding).
    Returns dx, dweight and dbias, in the shapes of x (N, C, H, W), weight (F, C, K_h, K_w) and bias (F,).
    """
    ### BEGIN SOLUTION
    columns, shape, weight, stride, padding = cache
    batch, filters = dy.shape[:2]
    dy = dy.reshape(batch, filters, -1)  # (N, F, H' * W')
    dweight = (dy @ columns.transpose(0, 2, 1)).sum(axis=0).reshape(weight.shape)
    dcolumns = weight.reshape(filters, -1).T @ dy
    return fold(dcolumns, shape, weight.shape[2:], stride, padding), dweight, dy.sum(axis=(0, 2))
    ### END SOLUTION


# %%
tiny = np.array([[[[1.0, 2.0, 0.0], [0.0, 3.0, 1.0], [2.0, 0.0, 1.0]]]])  # the chapter's running example
y, cache = conv_forward(tiny, np.array([[[[1.0, 0.0], [-1.0, 2.0]]]]), np.zeros(1))
assert y.tolist() == [[[[7, 1], [-2, 5]]]]
dx, dweight, dbias = conv_backward(np.array([[[[1.0, -1.0], [0.0, 2.0]]]]), cache)
assert dweight.tolist() == [[[[5, 4], [-3, 4]]]] and dbias.tolist() == [2]
assert dx.tolist() == [[[[1, -1, 0], [-1, 5, -2], [0, -2, 4]]]]

# %% check="conv_backward" points=2
check("conv_backward")

# %% [markdown]
# **See it.** Gradients are good for more than weights. Blur a picture with a known filter and throw the original away.
# Then ask which picture $x$ would have given this blur: start from gray and walk against $dx$ of the squared error
# $\tfrac12\sum (y - y_\text{blurred})^2$, whose gradient with respect to $y$ is simply $y - y_\text{blurred}$.

# %%
sharp = scaled(pictures(6, ARTISTS, lab.seed, pixels=48)[0][5:])  # an insect
blur, none = np.zeros((3, 3, 5, 5), np.float32), np.zeros(3, np.float32)
blur[range(3), range(3)] = 1 / 25  # each color by itself: the mean of 5 by 5 pixels
blurred = conv_forward(sharp, blur, none, padding=2)[0]
guess = np.zeros_like(sharp)
for _ in range(200):
    y, cache = conv_forward(guess, blur, none, padding=2)
    guess -= 1.5 * conv_backward(y - blurred, cache)[0]
errors = [float(np.mean((each - sharp) ** 2)) for each in (blurred, guess)]
print(f"mean squared error to the original: blurred {errors[0]:.4f}, restored {errors[1]:.4f}")
plot.images(
    [np.clip((each[0].transpose(1, 2, 0) + 1) / 2, 0, 1) for each in (sharp, blurred, guess)],
    titles=["original", "blurred", "restored by dx"],
    columns=3,
    height=2.3,
    width=5.4,
    caption="A picture, its blurred version, and what 200 steps against dx make of the blurred version and the filter.",
    alt="Three pictures of an emoji insect: sharp, washed out, and sharp again with faint ripples.",
)
claim("200 steps against dx undo at least half of the squared error of the blur", errors[1] < 0.5 * errors[0])

# %% [markdown]
# No weight was learned here; the picture was. The same $dx$ tells every earlier layer of a network how its output should
# have been.

# %% [markdown]
# ## 4. Max-pooling, backward
#
# Pooling hands on the largest number of each window, so the gradient belongs to the winner alone: $\partial
# \max(a_1, \dots, a_m)/\partial a_k$ is 1 for the winner and 0 for the rest. Each channel is pooled by itself, so
# `pool_forward` turns channels into pictures, $(NC, 1, H, W)$, and uses `unfold`; its cache keeps the windows.


# %%
def pool_forward(x: np.ndarray, kernel: int = 2, stride: int = 2) -> tuple[np.ndarray, tuple]:
    """Max-pooling of x (N, C, H, W) over windows of `kernel` by `kernel` pixels; those that do not fit are left out.

    Returns y, (N, C, H', W'), and the cache (windows, x.shape, kernel, stride), with windows (N * C, kernel², H' * W').
    """
    batch, channels, height, width = x.shape
    windows = unfold(x.reshape(batch * channels, 1, height, width), (kernel, kernel), stride)
    rows, cols = places(height, kernel, stride, 0), places(width, kernel, stride, 0)
    return windows.max(axis=1).reshape(batch, channels, rows, cols), (windows, x.shape, kernel, stride)


# %% [markdown]
# In *cnn-convolution* you stored the number of each winning pixel and scattered the gradients to them. With `fold` it
# takes less thought: make $dX$, **in the shape of the windows**: zeros, and $dy$ at the winner of each window. Then fold
# it. If windows overlap, a pixel that wins several of them collects from all.
#
# Ties need a decision, because the maximum has no derivative there, and they are not rare: after a ReLU, whole windows
# are 0. Any *one* of the equals may get the gradient. Giving it to all would multiply it: the layer below would be told
# that four pixels each deserve what one output asked for. We choose the first in reading order, as `argmax` and PyTorch
# do.
#
# **Predict**: `windows == windows.max(axis=1, keepdims=True)` marks the winners. For which pictures is a backward pass
# with this mask right, and would a test with random numbers notice when it is not?
#
# **Write** `pool_backward`. `np.put_along_axis(array, index, values, axis=1)` writes along an axis at given indices; all
# three have three axes.


# %% solution="pool_backward"
def pool_backward(dy: np.ndarray, cache: tuple) -> np.ndarray:
    """The gradient of max-pooling with respect to its input: each number of dy goes to the winner of its window.

    dy: (N, C, H', W'). cache: as `pool_forward` returns it, (windows, x.shape, kernel, stride).
    Returns dx, shape (N, C, H, W). Of equals, the first in the window (reading order) has won.
    """
    ### BEGIN SOLUTION
    windows, (batch, channels, height, width), kernel, stride = cache
    dwindows = np.zeros_like(windows, dtype=dy.dtype)
    winners = windows.argmax(axis=1)[:, None]  # (N * C, 1, H' * W')
    np.put_along_axis(dwindows, winners, dy.reshape(winners.shape), axis=1)
    dx = fold(dwindows, (batch * channels, 1, height, width), (kernel, kernel), stride)
    return dx.reshape(batch, channels, height, width)
    ### END SOLUTION


# %%
x = np.array([[[[1.0, 5.0, 2.0, 2.0], [3.0, 4.0, 0.0, 2.0]]]])
y, cache = pool_forward(x)
assert y.tolist() == [[[[5, 2]]]]
assert pool_backward(np.array([[[[10.0, 7.0]]]]), cache).tolist() == [[[[0, 10, 7, 0], [0, 0, 0, 0]]]]  # the first of three twos

# %% check="pool_backward" points=2
check("pool_backward")

# %% [markdown]
# **See it.** How common are ties? Send the training pictures through eight random filters and a ReLU, and count.

# %%
maps = conv_forward(x_train[:200], rng.standard_normal((8, 3, 3, 3)).astype(np.float32), np.zeros(8, np.float32), padding=1)[0]
for name, values in (("raw pictures", x_train[:200]), ("filtered", maps), ("filtered, then ReLU", np.maximum(maps, 0))):
    pooled, cache = pool_forward(values)
    winners = (cache[0] == cache[0].max(axis=1, keepdims=True)).sum(axis=1)
    back = pool_backward(np.ones_like(pooled), cache)
    print(f"{name:20s} windows with a tie: {(winners > 1).mean():6.1%}   gradient in {pooled.size:,}, gradient out {back.sum():,.0f}")

# %% [markdown]
# Random numbers never tie, so a test with random numbers does not see the difference; feature maps tie all the time. The
# last column is a test of its own: whatever the ties, pooling passes on exactly as much gradient as it received.

# %% [markdown]
# ## 5. The whole chain
#
# Three layers are missing, and you have derived all of them before: ReLU passes the gradient where its input was
# positive; a fully connected layer, $y = xW^\top + \beta$, is the product from *nn-xor*; flattening changes shapes only.


# %%
def relu_forward(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each number where it is positive, 0 elsewhere; the cache is where it was positive."""
    return np.maximum(x, 0), x > 0


def relu_backward(dy: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """The gradient where the input was positive, 0 elsewhere (also at exactly 0, as in PyTorch)."""
    return dy * positive


def linear_forward(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, tuple]:
    """A fully connected layer: x (N, D), weight (M, D), bias (M,). Returns y (N, M) and the cache (x, weight)."""
    return x @ weight.T + bias, (x, weight)


def linear_backward(dy: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dx (N, D), dweight (M, D) and dbias (M,), from dy (N, M)."""
    x, weight = cache
    return dy @ weight, dy.T @ x, dy.sum(axis=0)


# %% [markdown]
# A network is a list of layers, each a triple `(kind, name, options)`. Its parameters lie in one dictionary, called as
# PyTorch calls them: `"conv1.weight"`, `"conv1.bias"`. Two functions know all kinds of layers. Read them: `backward_of`
# gives the gradient for the layer before, and a dictionary with the gradients of the layer's own parameters, `{}` if it
# has none.

# %%
BACKWARD = {"conv": conv_backward, "linear": linear_backward, "pool": pool_backward, "relu": relu_backward}


# %%
def forward_of(layer: tuple, params: dict, x: np.ndarray) -> tuple[np.ndarray, object]:
    """The output of one layer (kind, name, options) for the input x, and its cache."""
    kind, name, options = layer
    if kind == "flatten":
        return x.reshape(len(x), -1), x.shape
    if kind == "relu":
        return relu_forward(x)
    if kind == "pool":
        return pool_forward(x, **options)
    forward = {"conv": conv_forward, "linear": linear_forward}[kind]
    return forward(x, params[f"{name}.weight"], params[f"{name}.bias"], **options)


def backward_of(layer: tuple, dy: np.ndarray, cache: object) -> tuple[np.ndarray, dict]:
    """The gradient with respect to the layer's input, and those of its own parameters by their full names."""
    kind, name, _ = layer
    if kind == "flatten":
        return dy.reshape(cache), {}
    if kind in ("relu", "pool"):
        return BACKWARD[kind](dy, cache), {}
    dx, dweight, dbias = BACKWARD[kind](dy, cache)
    return dx, {f"{name}.weight": dweight, f"{name}.bias": dbias}


# %% [markdown]
# With $x_0$ the pictures and $x_l = f_l(x_{l-1})$ the output of layer $l$, the chain rule runs from the last layer to
# the first:
#
# $$dx_{l-1} = \Big(\frac{\partial f_l}{\partial x_{l-1}}\Big)^{\!\top} dx_l, \qquad
#   d\theta \mathrel{+}= \Big(\frac{\partial f_l}{\partial \theta}\Big)^{\!\top} dx_l .$$
#
# Forward, keep each cache. Backward, use them in reverse order. And mind the $\mathrel{+}=$: if two layers have the same
# name, they share their weights, and the gradient is the **sum** over both uses, for the reason that you know from
# `fold`: one thing that acts in two ways collects from both.
#
# **Predict**: which numbers must stay in memory between the two passes? For the network below and one picture, are these
# more or fewer than its parameters?
#
# **Write** `backprop`.


# %% solution="backprop"
def backprop(layers: list, params: dict, x: np.ndarray, labels: np.ndarray) -> tuple[float, dict, np.ndarray]:
    """The loss of a network on a batch, and all of its gradients.

    layers: triples (kind, name, options), first to last. params: arrays by name. x: pictures (N, C, H, W). labels: (N,).
    Returns the loss; a dictionary with the gradient of each parameter, under its name; and the gradient of the pictures.
    Layers of the same name share their parameters. Nothing that was passed in is changed.
    """
    ### BEGIN SOLUTION
    steps = []
    for layer in layers:
        x, cache = forward_of(layer, params, x)
        steps.append((layer, cache))
    loss, gradient = cross_entropy(x, labels)
    grads: dict[str, np.ndarray] = {}
    for layer, cache in reversed(steps):
        gradient, own = backward_of(layer, gradient, cache)
        for name, each in own.items():
            grads[name] = grads.get(name, 0) + each
    return loss, grads, gradient
    ### END SOLUTION


# %%
two_layers = [("flatten", "", {}), ("linear", "fc", {})]
zeros = {"fc.weight": np.zeros((3, 4)), "fc.bias": np.zeros(3)}
loss, grads, dx = backprop(two_layers, zeros, np.ones((1, 1, 2, 2)), np.array([0]))
assert np.isclose(loss, np.log(3)) and dx.shape == (1, 1, 2, 2)
assert np.allclose(grads["fc.bias"], [-2 / 3, 1 / 3, 1 / 3])  # p - y

# %% check="backprop" points=2
check("backprop")

# %% [markdown]
# **See it.** The network of this lab, in the manner of LeNet: convolution, ReLU, pooling, a few times, then a fully
# connected layer. He's initialization draws weights with the variance 2 / inputs, so that ReLU layers keep the size of
# their signals; the last layer starts at a tenth of that, so that all classes begin nearly equal.


# %%
def lenet(filters: list[int], pixels: int) -> tuple[list, dict[str, tuple]]:
    """A network for color pictures of `pixels` by `pixels` and ten classes: its layers, and the shapes of its weights."""
    layers, shapes, channels = [], {}, 3
    for number, count in enumerate(filters, 1):
        layers += [("conv", f"conv{number}", {"padding": 1}), ("relu", f"relu{number}", {}), ("pool", f"pool{number}", {})]
        shapes[f"conv{number}"] = (count, channels, 3, 3)
        channels, pixels = count, pixels // 2
    return [*layers, ("flatten", "flat", {}), ("linear", "fc", {})], shapes | {"fc": (10, channels * pixels**2)}


def initial(shapes: dict[str, tuple], seed: int, dtype: type = np.float32) -> dict[str, np.ndarray]:
    """Random weights and zero biases."""
    rng, params = np.random.default_rng(seed), {}
    for name, shape in shapes.items():
        spread = np.sqrt(2 / np.prod(shape[1:])) * (0.1 if name == "fc" else 1)
        params[f"{name}.weight"] = (spread * rng.standard_normal(shape)).astype(dtype)
        params[f"{name}.bias"] = np.zeros(shape[0], dtype)
    return params


# %%
layers, shapes = lenet([8, 16, 24], pixels=16)
params = initial(shapes, lab.seed, np.float64)
loss, grads, dx = backprop(layers, params, x_train[:50].astype(np.float64), y_train[:50])
out, kept = x_train[:1], 0
for layer in layers:
    out, cache = forward_of(layer, params, out)
    numbers = sum(each.size for each in (cache if isinstance(cache, tuple) else (cache,)) if isinstance(each, np.ndarray))
    own = [array for name, array in params.items() if name.startswith(f"{layer[1]}.")]
    kept += numbers - (own[0].size if own else 0)  # a layer's weight stands in its cache, too, but takes no new memory
    print(f"{layer[1]:6s} output {out.shape[1:]!s:13s} parameters {sum(each.size for each in own):6,}")
print(f"parameters: {sum(each.size for each in params.values()):,}; kept for the way back, per picture: {kept:,} numbers")
print(f"loss before training: {loss:.3f}, ln 10 = {np.log(10):.3f}")
claim("an untrained network is as wrong as a guess: its loss is within 0.2 of ln 10", abs(loss - np.log(10)) < 0.2)

# %% [markdown]
# Read off what the way back costs in memory: for a single picture it outweighs all parameters several times, and a batch
# has fifty. This is why training takes so much more memory than using a network.
#
# **Is it right?** Nudging each parameter would take two runs for each. But one *random direction* checks them all at
# once: the slope of the loss along a direction $r$ is $\sum_i g_i r_i$, if the $g_i$ are right. Compare with a central
# difference along $r$. A mistake would have to be at a right angle to a random direction to hide.


# %%
def along(params: dict, direction: dict, distance: float) -> dict:
    """The parameters, moved by `distance` along a direction."""
    return {name: array + distance * direction[name] for name, array in params.items()}


def disagreement(layers: list, params: dict, x: np.ndarray, labels: np.ndarray, seed: int, step: float = 1e-7) -> float:
    """How far `backprop` and a central difference along a random direction are apart, relative to the size of the slope."""
    rng = np.random.default_rng(seed)
    direction = {name: rng.standard_normal(array.shape) for name, array in params.items()}
    up, down = (backprop(layers, along(params, direction, sign * step), x, labels)[0] for sign in (1, -1))
    measured = (up - down) / (2 * step)
    derived = sum((gradient * direction[name]).sum() for name, gradient in backprop(layers, params, x, labels)[1].items())
    return float(abs(derived - measured) / max(abs(derived), abs(measured)))


# %%
smooth = initial(shapes, lab.seed, np.float64)
PROBE = x_train[:20].astype(np.float64), y_train[:20]
slopes = [disagreement(layers, smooth, *PROBE, seed) for seed in lab.seeds(5)]
print("five random directions, relative difference:", ", ".join(f"{each:.0e}" for each in slopes))
record("slope_gap", np.median(slopes))
claim(
    "in at least three of five random directions, the slope agrees with a central difference to 1e-5",
    np.median(slopes) < 1e-5,
)

# %% [markdown]
# (Why not all five? Now and then one is off. ReLU and maximum have corners. Where a nudge moves some number across one, the two sides of the
# central difference have different slopes, and it is the *measurement* that errs. In *Against the real thing* the
# comparison is exact.)

# %% [markdown]
# ## 6. It learns
#
# Training is what you know from *torch-regression*: batches in a new order every epoch, and stochastic gradient descent
# with momentum, $v \leftarrow \mu v + g$, $\theta \leftarrow \theta - \eta v$. The rate rises over the first steps and
# then falls evenly to zero. Pictures are mirrored at random, since a mirrored bird is a bird.
#
# `fit` also tracks what happens to every weight tensor: the size of each update relative to the size of the weights,
# $\|\eta v\| / \|\theta\|$. Many practitioners like to see about $10^{-3}$: far below, a layer does not learn; far above,
# it is thrown about.


# %%
def momentum_step(params: dict, grads: dict, velocity: dict, rate: float, momentum: float = 0.9) -> None:
    """One step of gradient descent with momentum; changes the arrays of `params` and `velocity` in place."""
    for name, gradient in grads.items():
        velocity[name] *= momentum
        velocity[name] += gradient
        params[name] -= np.asarray(rate, gradient.dtype) * velocity[name]


def batches(x: np.ndarray, labels: np.ndarray, epochs: int, rng: np.random.Generator, size: int = 50) -> Iterator[tuple]:
    """All pictures in `epochs` random orders, `size` at a time, each picture mirrored half of the time."""
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for rows in np.split(order, range(size, len(x), size)):
            mirrored = rng.random((len(rows), 1, 1, 1)) < 0.5
            yield np.where(mirrored, x[rows, :, :, ::-1], x[rows]), labels[rows]


def fit(layers: list, params: dict, x: np.ndarray, labels: np.ndarray, epochs: int, top_rate: float, seed: int) -> dict[str, list]:
    """Train `params` in place; returns the loss of each step, and for each weight the relative size of its updates."""
    velocity = {name: np.zeros_like(array) for name, array in params.items()}
    history = {"loss": []} | {name: [] for name in params if name.endswith("weight")}
    steps = epochs * -(-len(x) // 50)
    for step, batch in enumerate(batches(x, labels, epochs, np.random.default_rng(seed))):
        rate = top_rate * min(1, (step + 1) / 20) * (1 - step / steps)
        loss, grads, _ = backprop(layers, params, *batch)
        momentum_step(params, grads, velocity, rate)
        for name in history:
            history[name].append(loss if name == "loss" else rate * float(np.linalg.norm(velocity[name]) / np.linalg.norm(params[name])))
    return history


# %%
def accuracy(layers: list, params: dict, x: np.ndarray, labels: np.ndarray) -> float:
    """The share of the pictures, 0 to 1, whose largest logit is that of the right class."""
    right = 0
    for first in range(0, len(x), 250):
        out = x[first : first + 250]
        for layer in layers:
            out, _ = forward_of(layer, params, out)
        right += int((out.argmax(axis=1) == labels[first : first + 250]).sum())
    return right / len(x)


def cifar(names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (n, 3, 32, 32), float32 from -1 to 1, and labels of some files of CIFAR-10."""
    folder = lab.data("cifar-10")
    raw = np.concatenate([np.fromfile(folder / f"{name}.bin", np.uint8).reshape(-1, 3073) for name in names])
    return raw[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / 127.5 - 1, raw[:, 0].astype(np.int64)


# %%
if lab.params["data"] == "cifar-10":
    learned = cifar([f"data_batch_{number}" for number in range(1, 6)])
    tests = {"new pictures": cifar(["test_batch"])}
else:
    learned, tests = (x_train, y_train), {"new pictures": (x_new, y_new), "third hand": (x_third, y_third)}
filters = [int(count) for count in lab.params["filters"].split()]
deep, deep_shapes = lenet(filters, pixels=learned[0].shape[-1])
trained = initial(deep_shapes, lab.seed)
history = fit(deep, trained, *learned, lab.params["epochs"], lab.params["rate"], lab.seed)
scores = {"training": accuracy(deep, trained, learned[0][:2000], learned[1][:2000])}
scores |= {name: accuracy(deep, trained, *test) for name, test in tests.items()}
neighbor = nearest_score(learned, tests["new pictures"])
print(", ".join(f"{name} {score:.1%}" for name, score in scores.items()), f"(nearest neighbor: {neighbor:.1%}, guessing: 10.0%)")

# %%
smoothing = np.ones(10) / 10
plot.lines(
    {name: np.convolve(values, smoothing, "valid") for name, values in history.items() if name != "loss"},
    x="step",
    y="size of update / size of weight",
    log_y=True,
    caption="How much each layer's weights move in a step, relative to their size (mean over ten steps).",
    alt="Three curves. Two, of the convolutions, lie on each other near a hundredth; the last layer's starts tenfold higher; all fall at the end.",
)
plot.lines(
    {"loss": np.convolve(history["loss"], smoothing, "valid")},
    x="step",
    y="cross-entropy",
    caption="The training loss (mean over ten steps). It starts at ln 10 = 2.3.",
    alt="A curve that falls from 2.3, fast at first, then slowly.",
    height=2.8,
)

# %%
for name, score in scores.items():
    record(f"accuracy_{name.replace(' ', '_')}", score)
claim("the network beats the nearest neighbor on new pictures by more than 15 points", scores["new pictures"] > neighbor + 0.15)

# %% [markdown]
# Everything between the pixels and these numbers is yours. Look at the order of the accuracies: training, new pictures,
# third hand. The network knows the drawings that it has seen, before other backgrounds, much better than it knows *what a
# bird is*. More pictures of the same drawings would not close this gap; other hands would.
#
# And look at the updates. The curves of the two convolutions lie on each other: He's start gave their signals, and so
# their gradients, a similar size. The last layer moves most at first, since it began at a tenth of the size; and all
# slow down as the rate falls. A layer whose gradient went missing would lie decades below the others.

# %% [markdown]
# ## 7. The experiment: what does a wrong gradient cost?
#
# Now sabotage. Four backward passes, each with one mistake in $dx$ that has all shapes right:
#
# - **kernel not turned**: $dx$ is computed with the kernel upside down and left-right reversed, which is what you get
#   when you correlate $dy$ with the kernel as it is;
# - **overlaps lost**: `fold` with `=` in place of `+=`, so that of all copies of a pixel the last one wins;
# - **pooling shared**: the gradient of max-pooling is spread evenly over the window;
# - **random weights**: $dx$ is computed with a fixed random kernel that has nothing to do with the layer's weights.
#
# For comparison there is a floor: **no dx**, where convolutions hand down zeros, so that the first layer stays as random
# as it began.
#
# **Predict**: which of the four will keep the network from learning? Order them by the damage that you expect.


# %%
def not_turned(dy: np.ndarray, cache: tuple) -> tuple:
    """conv_backward, but dx with the kernel reversed in both directions."""
    columns, shape, weight, *rest = cache
    return conv_backward(dy, (columns, shape, weight[:, :, ::-1, ::-1], *rest))


def stray(dy: np.ndarray, cache: tuple) -> tuple:
    """conv_backward, but dx with random weights, the same in every call."""
    columns, shape, weight, *rest = cache
    fixed = np.random.default_rng(0).standard_normal(weight.shape) * np.sqrt(2 / weight[0].size)
    return conv_backward(dy, (columns, shape, fixed.astype(weight.dtype), *rest))


# %%
def no_dx(dy: np.ndarray, cache: tuple) -> tuple:
    """conv_backward, but nothing is handed down."""
    dx, *own = conv_backward(dy, cache)
    return np.zeros_like(dx), *own


def overlaps_lost(dy: np.ndarray, cache: tuple) -> tuple:
    """conv_backward (stride 1, padding 1, 3 by 3), but of all copies of a pixel only the last gradient stays."""
    weight, (batch, filters, rows, cols) = cache[2], dy.shape
    copies = (weight.reshape(filters, -1).T @ dy.reshape(batch, filters, -1)).reshape(batch, -1, 3, 3, rows, cols)
    padded = np.zeros((batch, copies.shape[1], rows + 2, cols + 2), dy.dtype)
    for u, v in np.ndindex(3, 3):
        padded[:, :, u : u + rows, v : v + cols] = copies[:, :, u, v]
    return padded[:, :, 1:-1, 1:-1], *conv_backward(dy, cache)[1:]


def shared(dy: np.ndarray, cache: tuple) -> np.ndarray:
    """pool_backward of mean-pooling, for windows of 2 by 2 with stride 2."""
    return dy.repeat(2, axis=2).repeat(2, axis=3) / 4


# %%
WRONG = {
    "right": {},
    "kernel not turned": {"conv": not_turned},
    "overlaps lost": {"conv": overlaps_lost},
    "pooling shared": {"pool": shared},
    "random weights": {"conv": stray},
    "no dx": {"conv": no_dx},
}


@contextmanager
def sabotage(rules: dict[str, Callable]) -> Iterator[None]:
    """Context in which `backward_of` uses other rules for some kinds of layers."""
    before = dict(BACKWARD)
    BACKWARD.update(rules)
    try:
        yield
    finally:
        BACKWARD.update(before)


def compete(name: str, seed: int) -> tuple[float, float, float]:
    """Last losses (mean of 20 steps), accuracy on all test pictures, and the disagreement with central differences."""
    params, x = initial(shapes, seed), x_train[:800]
    x_test, y_test = np.concatenate([x_new, x_third]), np.concatenate([y_new, y_third])
    with sabotage(WRONG[name]):
        exact = {key: array.astype(np.float64) for key, array in params.items()}
        gap = np.median([disagreement(layers, exact, *PROBE, 5 * seed + k) for k in range(3)])
        losses = fit(layers, params, x, y_train[:800], lab.params["short_epochs"], 0.1, seed)["loss"]
    return float(np.mean(losses[-20:])), accuracy(layers, params, x_test, y_test), float(gap)


# %%
results = {name: np.array([compete(name, seed) for seed in lab.seeds(lab.params["seeds"])]) for name in WRONG}


def interval(values: np.ndarray) -> tuple[float, float]:
    """95 % interval of the mean of `values`, (n,), by Student's t."""
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean() - half, values.mean() + half


# %%
print("gradient            last loss   accuracy   paired cost, 95 % interval   disagreement")
for name, table in results.items():
    cost = results["right"][:, 1] - table[:, 1]
    low, high = interval(cost)
    paired = "" if name == "right" else f"{cost.mean():6.1%}, {low:5.1%} to {high:5.1%}"
    print(f"{name:18s} {table[:, 0].mean():9.2f} {table[:, 1].mean():10.1%}   {paired:27s} {np.median(table[:, 2]):11.0e}")
plot.bars(
    {name.replace(" ", "\n", 1): table[:, 1].mean() for name, table in results.items()},
    errors={name.replace(" ", "\n", 1): interval(table[:, 1]) for name, table in results.items()},
    y="accuracy on test pictures",
    width=7.2,
    caption="Test accuracy after a short training with the right gradient, four wrong ones, and none below the last convolution: "
    "means over seeds with 95 % intervals. Guessing gives 0.1.",
    alt="Six bars, all well above one tenth: the right gradient is highest, the wrong ones are a few points lower.",
)

# %%
wrong = [results[name] for name in WRONG if name not in ("right", "no dx")]
costs = np.mean([results["right"][:, 1] - table[:, 1] for table in wrong], axis=0)  # of each seed
record("accuracy_right", results["right"][:, 1].mean())
record("cost_of_wrong", costs.mean())
record("worst_of_wrong", min(table[:, 1].mean() for table in wrong))
claim(
    "with every wrong gradient, the loss falls by more than 0.1 in the mean over seeds",
    max(table[:, 0].mean() for table in wrong) < np.log(10) - 0.1,
)
claim("the mean cost of the wrong gradients is not an accident: its 95 % interval over seeds is above 0", interval(costs)[0] > 0)
claim(
    "central differences tell them apart: each wrong gradient is off at least a thousand times as much as the right one",
    min(np.median(table[:, 2]) for table in wrong) > 1000 * np.median(results["right"][:, 2]),
)

# %% [markdown]
# All of them learn. The losses fall, and the cost is a few points of accuracy, which you would put down to the
# architecture, or the data, or luck. The mistakes sit in $dx$, and $dx$ only concerns the layers *below*: the layers
# above still have exact gradients, and make the best of whatever features they are given. How much a wrong $dx$ teaches
# the layers below you can read off against the last row, where it teaches nothing: some bars may not even reach that
# floor. (With more training, random weights do teach; Lillicrap and others, who found this, call it *feedback
# alignment*.)
#
# So no: **a falling loss does not prove a gradient.** Look at the last column instead. Three central differences find
# each of the four in a fraction of a second.

# %% [markdown]
# ## Against the real thing
#
# The same network in PyTorch, with your weights copied into it: the names were chosen to fit. First, every gradient of a
# batch, in float32 and in float64. Then ten steps of momentum, side by side, in float64: small differences would grow
# from step to step. Last, the time of a step.


# %%
def twin(layers: list, shapes: dict[str, tuple], params: dict) -> nn.Sequential:
    """The network as a torch module with the same parameters."""
    modules = OrderedDict()
    for kind, name, options in layers:
        if kind in ("conv", "linear"):
            outputs, inputs, *kernel = shapes[name]
            modules[name] = nn.Conv2d(inputs, outputs, kernel, **options) if kernel else nn.Linear(inputs, outputs)
        else:
            modules[name] = {"relu": nn.ReLU, "flatten": nn.Flatten, "pool": lambda: nn.MaxPool2d(2)}[kind]()
    model = nn.Sequential(modules)
    tensors = {name: torch.from_numpy(array.copy()) for name, array in params.items()}
    model.to(next(iter(tensors.values())).dtype).load_state_dict(tensors)
    return model


def gap(mine: dict, theirs: dict) -> float:
    """The largest difference between arrays of the same names, relative to the largest number of each array."""
    return max(float(np.abs(mine[name] - theirs[name]).max() / np.abs(theirs[name]).max()) for name in mine)


# %%
def gradient_gap(dtype: type) -> float:
    """How far your gradients of the trained network, that of the pictures included, are from autograd's."""
    x, labels = x_train[:100].astype(dtype), y_train[:100]
    params = {name: array.astype(dtype) for name, array in initial(shapes, lab.seed + 1).items()}
    _, mine, dx = backprop(layers, params, x, labels)
    model, leaf = twin(layers, shapes, params), torch.from_numpy(x).requires_grad_()
    nn.functional.cross_entropy(model(leaf), torch.from_numpy(labels)).backward()
    theirs = {name: each.grad.numpy() for name, each in model.named_parameters()} | {"pictures": leaf.grad.numpy()}
    return gap(mine | {"pictures": dx}, theirs)


def trajectory_gap(steps: int = 10) -> float:
    """How far the parameters are apart after some steps of momentum with yours and with torch's gradients, in float64."""
    params = initial(shapes, lab.seed, np.float64)
    model, velocity = twin(layers, shapes, params), {name: np.zeros_like(array) for name, array in params.items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step in range(steps):
        x, labels = x_train[50 * step : 50 * step + 50].astype(np.float64), y_train[50 * step : 50 * step + 50]
        momentum_step(params, backprop(layers, params, x, labels)[1], velocity, rate=0.05)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(torch.from_numpy(x)), torch.from_numpy(labels)).backward()
        optimizer.step()
    return gap(params, {name: each.detach().numpy() for name, each in model.named_parameters()})


# %%
print(f"largest relative difference of any gradient in float32: {gradient_gap(np.float32):.0e}")
record("gradient_gap", gradient_gap(np.float64))
record("trajectory_gap", trajectory_gap())


# %%
def processor_seconds(step: Callable[[], object], repeats: int = 7) -> float:
    """The least processor time of some calls, after one to warm up."""
    step()
    taken = []
    for _ in range(repeats):
        before = time.process_time()
        step()
        taken.append(time.process_time() - before)
    return min(taken)


# %%
model, x, labels = twin(layers, shapes, initial(shapes, lab.seed)), x_train[:250], y_train[:250]
mine = processor_seconds(lambda: backprop(layers, initial(shapes, lab.seed), x, labels))
theirs = processor_seconds(lambda: nn.functional.cross_entropy(model(torch.from_numpy(x)), torch.from_numpy(labels)).backward())
print(f"forward and backward for 250 pictures: yours {1000 * mine:.0f} ms, torch {1000 * theirs:.0f} ms of processor time")
record("torch_ratio", mine / theirs)

# %% [markdown]
# The gradients agree to rounding, and so do the weights after ten steps. PyTorch is faster, for three reasons that you
# can name: it never makes the columns (see *cnn-convolution*), it does not compute the gradient of the pictures, since
# nobody asked for it, and its ReLU and pooling walk through memory once where yours make several arrays. What it does
# not do is know more calculus than you.

# %% [markdown] answer="falling-loss" points=2
# ## In your own words
#
# A colleague wrote a convolutional network with her own backward pass. It trains: the loss falls from 2.30 to 1.60, and
# the test accuracy is 34 %, where guessing gives 10 %. "So the gradients are right," she says.
#
# 1. Explain why this does not follow. Where in a network can a gradient be wrong while it still learns, and why does it
#    still learn?
# 2. Suggest two different tests that would settle it, and for each one mistake that it could overlook.
#
# ### BEGIN SOLUTION
# 1. A step lowers the loss if it has a positive component along the true gradient; it need not be the gradient. And the
#    layers do not depend equally on every formula: a mistake in the $dx$ of a layer leaves the gradients of that layer's
#    own weights, and of all layers after it, exact. These learn, on whatever features the badly taught lower layers
#    deliver, even random ones. In the experiment four wrong versions of $dx$ cost a few points of accuracy each and all
#    networks learned.
# 2. *Central differences* (each parameter, or a random direction): overlooks mistakes in cases that its inputs do not
#    reach, such as ties in max-pooling with random numbers, strides that leave pixels over, or the padding if there is
#    none; needs float64, and can raise a false alarm at the corners of ReLU. *Comparison with autograd* on the same
#    weights and inputs: overlooks what both do alike, for example a wrong forward pass or loss that was copied into both,
#    and again everything that the tested shapes do not reach (square pictures, batch size 1). *Dot-product test* of a
#    linear layer: finds that backward is the transpose of forward, not that forward is what was meant.
#
# *Rubric*: 1 point for part 1: a wrong $dx$ leaves later layers exact, or "a descent direction suffices" (half), and that
# the rest adapts to poor features, with the experiment or an example (half). 1 point for part 2: two sound tests (half),
# each with a mistake that it really misses (half).
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **`=` where `+=` belongs.** In `fold`, and for parameters that are used twice. Copying forward is adding backward.
# - **Every tied maximum gets the gradient.** `windows == maximum` marks several. Random test inputs never tie.
# - **The mean forgotten, or taken twice.** If the loss is a mean over the batch, $1/N$ appears once, in `dlogits`, and
#   nowhere else: all later gradients are sums.
# - **`reshape` in place of `transpose`.** The shapes fit, the numbers are shuffled. Non-square pictures and a prime number
#   of channels make such mistakes crash early.
# - **Softmax in the network *and* in the loss.** The network ends in logits.
# - **Writing into what was passed in.** `dlogits[...] -= 1` is fine on your own array, and a disaster on the caller's.
# - **A cache from another batch.** Each backward call needs the cache of its own forward call.
# - **A gradient check in float32.** Central differences need float64; in float32 rounding alone is as large as many
#   mistakes.
#
# ## Scale it up
#
# NumPy works on the processor, whatever the machine. The `gpu` profile therefore does not use a GPU; it is the long run.
# It trains a network with three convolutions on CIFAR-10, 50,000 photographs, with exactly these functions. How much
# longer will an epoch take than yours? Count multiplications first (see exercise 1), then look at the clock. There is no
# profile for an H100. Written with CuPy or PyTorch tensors in place of NumPy's, the same lines would run on one; the bars
# of speed belong to the labs that use `torch.nn`.
#
# In *cnn-feature-maps* you look at what such a network has learned; in *cnn-residual-blocks* you find out what happens
# when the chain gets long.
#
# ## Exercises
#
# 1. [conceptual] Count the multiplications of one picture's forward pass through the network of section 5, layer by
#    layer, and those of its backward pass. *Success*: backward is close to twice forward, and you can say why the first
#    layer needs only half of its own.
# 2. [short-code] Write average pooling, forward and backward, with `unfold` and `fold`. *Success*: the dot-product test
#    holds to 12 digits for a kernel of 3 and stride 2, and so does equality with `F.avg_pool2d` in float64.
# 3. [short-code] Write batch normalization for training, forward and backward, for (N, C, H, W). *Success*: all three
#    gradients agree with `F.batch_norm(..., training=True)` to 1e-10 in float64.
# 4. [short-code] Plant two more mistakes in the experiment: biases that never learn, and a ReLU that passes all gradients.
#    Predict both costs first. *Success*: a table with paired intervals, and a sentence on which one central differences
#    find.
# 5. [short-code] Memory: let `conv_forward` keep `x` in place of its columns, and unfold again on the way back. *Success*:
#    the same gradients to the last bit, and a cache that is smaller by nearly a factor of nine.
# 6. [extended] Add dropout and weight decay, train on all pictures that you like of two hands, and raise the accuracy on
#    the third. *Success*: a gain whose 95 % interval over five seeds, paired, is above 0.
#
# ## References
#
# - Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998). *Gradient-based learning applied to document recognition.*
#   Proceedings of the IEEE 86(11), 2278–2324, sections II and IV-A. <https://doi.org/10.1109/5.726791>. LeNet,
#   and a network as modules with a forward and a backward pass each.
# - D. Rumelhart, G. Hinton and R. Williams (1986). *Learning representations by back-propagating errors.* Nature 323,
#   533–536. <https://doi.org/10.1038/323533a0>. Momentum is in it, and weights that are shared.
# - K. He, X. Zhang, S. Ren and J. Sun (2015). *Delving deep into rectifiers.* ICCV, section 2.2.
#   <https://arxiv.org/abs/1502.01852>. The starting weights.
# - T. Lillicrap, D. Cownden, D. Tweed and C. Akerman (2016). *Random synaptic feedback weights support error
#   backpropagation for deep learning.* Nature Communications 7, 13276. <https://doi.org/10.1038/ncomms13276>. Learning
#   with a random way back.
# - J. Claerbout (2014). *Geophysical image estimation by example*, chapter 1, "Basic operators and adjoints".
#   <https://sep.stanford.edu/sep/prof/>. Copying and adding, and the dot-product test.
# - A. Karpathy (2016). *Yes you should understand backprop.* <https://karpathy.medium.com/yes-you-should-understand-backprop-e2f06eab496b>.
#   Why one should have done this once.
# - A. Krizhevsky (2009). *Learning multiple layers of features from tiny images.* Technical report, University of Toronto.
#   <https://www.cs.toronto.edu/~kriz/cifar.html>. CIFAR-10.
# - The drawings: OpenMoji (CC BY-SA 4.0), <https://openmoji.org>; Twemoji (CC BY 4.0),
#   <https://github.com/jdecked/twemoji>; Noto Emoji (Apache-2.0), <https://github.com/googlefonts/noto-emoji>. The
#   photographs behind them are scikit-learn's sample images.
