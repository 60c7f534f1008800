# %% [markdown]
# # Convolution and pooling four ways
#
# A small pattern of weights slides over a picture and reports at every place how well it fits. That is a convolution,
# and most of what computers have learned to see, they have learned through it. You will write it four times: as plain
# **loops**, with **strided views**, as one **matrix product**, and by **Fourier transform**, each time with the same
# numbers as PyTorch. You will also send gradients back through it, and answer two questions: **why is one and the same
# sum so much faster in another order, and what does a network gain by looking everywhere with the same weights?**

# %% [markdown]
# ## You will learn
#
# - to compute a convolution from its definition, with stride, padding, dilation and groups, and to predict the shape of
#   its output;
# - to make all windows of a picture visible without copying a single pixel, and to turn a convolution into one matrix
#   product;
# - to derive the gradients of a convolution and of max-pooling, and to check them against autograd;
# - to convolve by multiplying spectra, and to know when this pays;
# - to show by experiment what weight sharing buys: an answer that does not depend on where a thing lies.
#
# ## You need
#
# Python and PyTorch tensors: `shape`, slicing, `reshape`, `@`. The chain rule as in *nn-micrograd*, and the weighted
# sum of *nn-perceptron*, which a convolution computes once for every place. For section 6 it is enough to have heard
# that a Fourier transform writes a signal as a sum of waves; everything else about it is said there.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import time
from itertools import product

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits, load_sample_image
from torch import Tensor

import scratchlab
from scratchlab import plot

lab = scratchlab.start("cnn-convolution", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: where are the edges?
#
# scikit-learn carries two photographs. Take one, average its colors to a single brightness per pixel, and shrink it by
# averaging blocks of 4 by 4. Pictures travel through this lab as PyTorch has them, in four dimensions: $N$ pictures,
# each with $C$ channels, $H$ rows and $W$ columns. Yours is one picture with one channel.


# %%
def photograph(name: str) -> Tensor:
    """A sample photograph of scikit-learn in gray, 0 to 1, shrunk fourfold: shape (1, 1, 106, 160), float32."""
    pixels = torch.from_numpy(load_sample_image(name)[:424].copy()).float() / 255
    return pixels.mean(-1).reshape(1, 1, 106, 4, 160, 4).mean((3, 5))


# %%
photo = photograph("china.jpg")
change = photo[..., 2:] - photo[..., :-2]  # right neighbor minus left neighbor
print("photo", tuple(photo.shape), "  change", tuple(change.shape))
plot.images(
    [photo[0, 0], change[0, 0]],
    titles=["the photograph", "right minus left neighbor"],
    columns=2,
    height=2.4,
    caption="A photograph, and for every pixel its right neighbor minus its left one: vertical edges light up, dark or bright.",
    alt="Left: a Chinese temple with curved roofs, in gray. Right: the same scene in mid-gray with upright outlines drawn in white and black.",
)

# %% [markdown]
# One line finds the upright edges: flat areas give 0, a step from dark to bright gives a large number. Look at the
# shapes, too: two columns are lost, because a pixel at the rim lacks a neighbor. In other words, every output is a
# weighted sum of three neighbors with the weights $(-1, 0, 1)$, the *same* weights everywhere. Everything that follows
# generalizes this line: larger patterns, many of them, many channels, and weights that are learned.

# %% [markdown]
# ## 1. The definition, as loops
#
# A *filter* has one small pattern of weights, a *kernel*, for each input channel. Lay it over the picture, multiply
# weight with pixel, add everything up: one number. For filter $f$, at the place $(i, j)$ of picture $n$:
#
# $$y_{n,f,i,j} = \beta_f + \sum_{c}\sum_{u}\sum_{v} w_{f,c,u,v}\;
#   \tilde{x}_{n,\;c,\;\;s\,i + d\,u,\;\;s\,j + d\,v}$$
#
# with four options, called as in PyTorch:
#
# - **padding** $p$: $\tilde{x}$ is the picture with $p$ rows and columns of zeros added on every side;
# - **stride** $s$: from one output to the next, the filter moves by $s$ pixels;
# - **dilation** $d$: neighboring weights look at pixels that lie $d$ apart;
# - **groups** $G$: channels and filters are cut into $G$ equal blocks, in order, and filters of a block see only the
#   channels of that block. So a filter has $C/G$ kernels, and the weights have the shape $(F,\; C/G,\; K_h,\; K_w)$.
#
# Mathematicians call this sum a *cross-correlation*; their convolution reads the kernel backward. In deep learning the
# weights are learned anyway, and everybody says convolution.
#
# The filter reaches over $d(K-1)+1$ pixels, so there are $\lfloor (H + 2p - d(K-1) - 1)/s \rfloor + 1$ rows of output.
# The three helpers say this in code.


# %%
def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Number of places along one axis at which a kernel of `kernel` weights fits on `size` pixels."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def pad(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    """`x` (N, C, H, W) with `padding` rows and columns of `value` on all four sides; `x` itself if padding is 0."""
    return F.pad(x, (padding,) * 4, value=value) if padding else x


def every(start: int, count: int, step: int) -> slice:
    """The slice that picks `count` positions: start, start + step, start + 2 step, ..."""
    return slice(start, start + step * (count - 1) + 1, step)


# %% [markdown]
# **Predict**: a picture of 7 by 9 pixels meets a 3 by 3 kernel with stride 2, padding 1, dilation 1. What is the shape
# of the output? And with dilation 2?
#
# **Write** `conv2d_loops`: four loops, over $n$, $f$, $i$ and $j$. The sum over $c$, $u$, $v$ may be one line:
# `(patch * weight[f]).sum()`, if `patch` holds the right pixels in the right order. `every` picks them, once for the
# rows and once for the columns. Mind which channels belong to filter $f$.


# %% solution="conv2d_loops"
def conv2d_loops(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, *, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1
) -> Tensor:
    """Convolution by its definition, one output number at a time.

    x: (N, C, H, W). weight: (F, C / groups, K_h, K_w). bias: (F,) or None.
    Returns (N, F, H', W') with H' = output_size(H, K_h, ...) and W' = output_size(W, K_w, ...), in the dtype of x.
    """
    ### BEGIN SOLUTION
    (batch, _, height, width), (filters, depth, k_h, k_w) = x.shape, weight.shape
    rows, columns = output_size(height, k_h, stride, padding, dilation), output_size(width, k_w, stride, padding, dilation)
    padded, out = pad(x, padding), x.new_zeros(batch, filters, rows, columns)
    for n, f, i, j in product(range(batch), range(filters), range(rows), range(columns)):
        first = f // (filters // groups) * depth  # of the channels that filter f sees
        patch = padded[n, first : first + depth, every(i * stride, k_h, dilation), every(j * stride, k_w, dilation)]
        out[n, f, i, j] = (patch * weight[f]).sum()
    return out if bias is None else out + bias[:, None, None]
    ### END SOLUTION


# %%
tiny = torch.arange(12.0).reshape(1, 1, 3, 4)  # 3 rows, 4 columns: 0 1 2 3, 4 5 6 7, 8 9 10 11
assert conv2d_loops(tiny, torch.tensor([[[[-1.0, 0.0, 1.0]]]])).tolist() == [[[[2, 2], [2, 2], [2, 2]]]]
assert conv2d_loops(tiny, torch.ones(1, 1, 2, 2), stride=2).tolist() == [[[[10, 18]]]]  # 0+1+4+5 and 2+3+6+7
assert conv2d_loops(torch.zeros(1, 1, 7, 9), torch.zeros(1, 1, 3, 3), stride=2, padding=1).shape == (1, 1, 4, 5)

# %% check="conv2d_loops" points=2
check("conv2d_loops")

# %% [markdown]
# **See it.** Three filters at once: the horizontal change from above, smoothed over three rows, the same turned by 90
# degrees, and the mean of 5 by 5 pixels. They have five rows and columns each, so that one tensor of weights holds
# them.

# %%
sobel = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
filters = torch.stack([pad(sobel[None, None], 1)[0], pad(sobel.T[None, None], 1)[0], torch.full((1, 5, 5), 1 / 25)])
filtered = conv2d_loops(photo, filters, padding=2)
print("photo", tuple(photo.shape), "  filters", tuple(filters.shape), "  output", tuple(filtered.shape))
plot.images(
    list(filtered[0]),
    titles=["left to right", "top to bottom", "mean of 5 by 5"],
    columns=3,
    height=1.65,
    caption="Three filters, three output channels: two directions of change, and a blur.",
    alt="Three versions of the temple photograph: upright outlines, level outlines such as the edges of the roofs, and a blurred picture.",
)

# %% [markdown]
# With padding 2 the output is as large as the picture. The price is visible: at the rim, filters see the zeros that
# were added, and report an edge that no camera saw.

# %% [markdown]
# ## 2. All windows at once, without copying
#
# The loops cut one patch after another. NumPy and PyTorch can show **all** patches as one tensor that takes no new
# memory, because a tensor is only a way of reading a stretch of memory. Its *strides* say how many numbers to skip to
# get to the next entry along each axis: for a contiguous picture of width $W$ that is $W$ for the next row and 1 for
# the next column. The entry at index $(i, j)$ lies at position $i \cdot \text{stride}_0 + j \cdot \text{stride}_1$.
#
# Now read the index in the definition, $s\,i + d\,u$, in these terms. Give $i$ and $u$ an axis **each**: one step along
# $i$ moves $s$ rows down, one step along $u$ moves $d$ rows down. With `row`, `column` for the strides of the padded
# picture:
#
# | axis | $n$ | $c$ | $u$ | $v$ | $i$ | $j$ |
# | --- | --- | --- | --- | --- | --- | --- |
# | length | $N$ | $C$ | $K_h$ | $K_w$ | $H'$ | $W'$ |
# | stride | as before | as before | `d * row` | `d * column` | `s * row` | `s * column` |
#
# `x.as_strided(shape, strides)` makes such a view. Several entries may share one memory cell; reading does not mind.
#
# **Predict**: how many entries has the view for 3 by 3 windows at every place of a picture of 100 by 100 pixels without
# padding? How many numbers are in memory?
#
# **Write** `windows`. Ask the padded picture for its strides with `.stride()`, do not assume them: a transposed picture
# has others. `fill` is what the padding consists of; you will need something other than 0 in section 5.


# %% solution="windows"
def windows(x: Tensor, kernel_size: tuple[int, int], *, stride: int = 1, padding: int = 0, dilation: int = 1, fill: float = 0.0) -> Tensor:
    """All windows of the pictures `x` (N, C, H, W), as a view of the padded pictures: (N, C, K_h, K_w, H', W').

    The entry [n, c, u, v, i, j] is the padded x[n, c, i * stride + u * dilation, j * stride + v * dilation].
    The padding consists of `fill`. Without padding the result shares the memory of `x`.
    """
    ### BEGIN SOLUTION
    batch, channels, height, width = x.shape
    places = [output_size(size, k, stride, padding, dilation) for size, k in zip((height, width), kernel_size, strict=True)]
    padded = pad(x, padding, fill)
    picture, channel, row, column = padded.stride()
    strides = (picture, channel, dilation * row, dilation * column, stride * row, stride * column)
    return padded.as_strided((batch, channels, *kernel_size, *places), strides)
    ### END SOLUTION


# %%
seen = windows(tiny, (2, 3))
assert seen.shape == (1, 1, 2, 3, 2, 2)
assert seen[0, 0, :, :, 1, 0].tolist() == [[4, 5, 6], [8, 9, 10]]  # the window at row 1, column 0
assert seen.data_ptr() == tiny.data_ptr()  # no copy: the same memory

# %% check="windows" points=2
check("windows")

# %% [markdown]
# **See it.** Any function of windows is now one line. The windows below do not overlap: 8 by 8 pixels, stride 8. Their
# largest pixel is *max-pooling*, their mean is *average pooling*.

# %%
blocks = windows(photo, (8, 8), stride=8)
print(f"3 by 3 windows: {windows(photo, (3, 3)).numel():,} entries to read, {photo.numel():,} numbers in memory")
plot.images(
    [photo[0, 0], blocks.amax((2, 3))[0, 0], blocks.mean((2, 3))[0, 0]],
    titles=["the photograph", "max-pooling", "average pooling"],
    columns=3,
    height=1.65,
    caption="Each block of 8 by 8 pixels becomes one: its largest, or its mean.",
    alt="The temple photograph, and two coarse versions of it; in the max-pooled one bright areas have grown and dark lines are gone.",
)

# %% [markdown]
# Max-pooling keeps whatever stands out, here what is bright, and forgets where in its block it was. After a filter,
# bright means "the pattern was found": the pooled picture says that it was found around here. Keep this for the
# experiment.

# %% [markdown]
# ## 3. One matrix product
#
# For one picture and one group, read the definition once more. The triple $(c, u, v)$ only ever occurs as something to
# sum over, and $(i, j)$ as a place to write to. Number the triples with one index $k$ and the places with one index
# $l$:
#
# $$y_{f,l} = \sum_{k} w_{f,k}\; X_{k,l} \qquad\Longleftrightarrow\qquad Y = W X,$$
#
# a product of $W$, of shape $(F,\; C K_h K_w)$, and $X$, of shape $(C K_h K_w,\; H'W')$, whose *columns* are the
# windows. People call the making of $X$ **im2col**, "image to columns". Your view has its axes in just that order, so
# it is one `reshape`. Only there does PyTorch have to copy: no strides can describe the flattened axes. The copy is
# $K_h K_w$ times as large as the picture (at stride 1). You pay with memory and get the one operation that every
# computer does best.
#
# Groups are a stack of smaller products: $W$ of shape $(G,\; F/G,\; \tfrac{C}{G} K_h K_w)$ times $X$ of shape $(N,\;
# G,\; \tfrac{C}{G} K_h K_w,\; H'W')$. The operator `@` multiplies the last two axes and repeats $W$ for all $N$
# pictures.
#
# **Predict**: both ways do exactly the same multiplications and additions. By what factor will the product be faster
# than your loops: 2, 20, 200, 2,000? Write it down.
#
# **Write** `conv2d`, without any loop, with your `windows`.


# %% solution="conv2d"
def conv2d(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, *, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1
) -> Tensor:
    """Convolution as a matrix product over all windows; arguments and result as for `conv2d_loops`."""
    ### BEGIN SOLUTION
    batch, filters = len(x), len(weight)
    patches = windows(x, weight.shape[2:], stride=stride, padding=padding, dilation=dilation)
    rows, columns = patches.shape[4:]
    kernels = weight.reshape(groups, filters // groups, -1)  # (G, F/G, k)
    y = kernels @ patches.reshape(batch, groups, kernels.shape[2], rows * columns)  # (N, G, F/G, l)
    y = y.reshape(batch, filters, rows, columns)
    return y if bias is None else y + bias[:, None, None]
    ### END SOLUTION


# %%
assert torch.equal(conv2d(tiny, torch.ones(1, 1, 2, 2), stride=2), torch.tensor([[[[10.0, 18.0]]]]))
assert torch.allclose(conv2d(photo, filters, padding=2), filtered, atol=1e-5)  # the same three pictures

# %% check="conv2d" points=2
check("conv2d")

# %% [markdown]
# **See it.** The same small layer on the same numbers, timed. A single timing on a busy machine says little, so the
# fast ways are repeated and the shortest time counts: whatever disturbs a run can only make it longer.


# %%
def seconds(function, *args, repeats: int = 10, **options) -> float:
    """The shortest of `repeats` times that `function(*args, **options)` takes, in seconds; an extra call before warms things up."""
    times = []
    for _ in range(repeats + (repeats > 1)):
        begin = time.perf_counter()
        function(*args, **options)
        if lab.device == "cuda":
            torch.cuda.synchronize()  # a GPU works on while Python goes ahead
        times.append(time.perf_counter() - begin)
    return min(times)


def random_layer(x_shape: tuple[int, ...], w_shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Random pictures and weights of these shapes; the weights are scaled so that outputs are about as large as inputs."""
    x, weight = torch.randn(x_shape, dtype=dtype), torch.randn(w_shape, dtype=dtype)
    return x.to(lab.device), (weight / weight[0].numel() ** 0.5).to(lab.device)


# %%
size = lab.params["layer_size"]
x, weight = random_layer((4, 8, size, size), (16, 8, 3, 3))
times = {
    "loops": seconds(conv2d_loops, x, weight, padding=1, repeats=1),
    "matrix product": seconds(conv2d, x, weight, padding=1),
    "torch": seconds(F.conv2d, x, weight, padding=1),
}
for name, taken in times.items():
    print(f"{name:15s} {1000 * taken:10.3f} ms   {times['loops'] / taken:9.0f} times as fast as the loops")
record("im2col_speedup", times["loops"] / times["matrix product"])
claim("the matrix product is at least 50 times as fast as the loops", times["loops"] >= 50 * times["matrix product"])

# %% [markdown]
# Not one multiplication was saved. The loops spend their time on everything around the arithmetic: Python looks up
# names, makes a view, starts three operations, for a few dozen multiplications. The product starts once, reads memory
# in long stretches, and uses all lanes of the processor's vector units. PyTorch's own convolution does not even make
# the copy. You will meet it in the last section.

# %% [markdown]
# ## 4. Gradients
#
# To learn its weights, a network needs to know how the loss $L$ changes with each of them. From the layer above arrives
# $\partial L/\partial Y$, written $dY$, in the shape of the output. In matrix form the chain rule is short: for $Y =
# WX$,
#
# $$dW = dY\, X^\top \;\;(\text{summed over the pictures}), \qquad dX = W^\top dY, \qquad
#   d\beta_f = \sum_{n,i,j} dY_{n,f,i,j} .$$
#
# But $dX$ is the gradient with respect to the *windows*, not the picture. A pixel that appears in several windows
# influenced the loss through all of them, so **its gradient is the sum over all its appearances**. Take the windows
# apart again:
#
# $$d\tilde{x}_{n,c,\;s i + d u,\;s j + d v} \mathrel{+}= dX_{n,c,u,v,i,j} .$$
#
# For a fixed weight position $(u, v)$, no two places $(i, j)$ fall on the same pixel. So loop over the few pairs $(u,
# v)$, and within each add a whole picture at once, to the slices that `every` names. (One assignment over all six axes
# would not do: where several entries meet in one cell, `+=` keeps only one of them.) Last, cut off the padding: those
# zeros are constants.
#
# **Predict**: let all entries of $dY$ and of a 3 by 3 kernel be 1. Then the gradient of a pixel counts the windows it
# appears in. What pattern do you expect for stride 1, away from the rim? And for stride 2?
#
# **Write** `conv2d_backward`, with no help from autograd. The loop over $(u, v)$ is the only one.


# %% solution="conv2d_backward"
def conv2d_backward(
    grad: Tensor, x: Tensor, weight: Tensor, *, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of the loss with respect to the arguments of `conv2d`.

    grad: gradient with respect to the output, (N, F, H', W'). x: (N, C, H, W). weight: (F, C / groups, K_h, K_w).
    Returns dx, dweight and dbias in the shapes of x, weight and bias (F,).
    """
    ### BEGIN SOLUTION
    (batch, _, height, width), (filters, _, k_h, k_w), (rows, columns) = x.shape, weight.shape, grad.shape[2:]
    patches = windows(x, (k_h, k_w), stride=stride, padding=padding, dilation=dilation)
    kernels = weight.reshape(groups, filters // groups, -1)  # (G, F/G, k)
    dy = grad.reshape(batch, groups, filters // groups, rows * columns)  # (N, G, F/G, l)
    d_weight = (dy @ patches.reshape(batch, groups, kernels.shape[2], -1).mT).sum(0).reshape(weight.shape)
    d_patches = (kernels.mT @ dy).reshape(patches.shape)
    d_padded = torch.zeros_like(pad(x, padding))
    for u, v in product(range(k_h), range(k_w)):
        d_padded[:, :, every(u * dilation, rows, stride), every(v * dilation, columns, stride)] += d_patches[:, :, u, v]
    dx = d_padded[:, :, padding : padding + height, padding : padding + width]
    return dx, d_weight, grad.sum((0, 2, 3))
    ### END SOLUTION


# %%
dx, dw, db = conv2d_backward(torch.ones(1, 1, 1, 2), tiny, torch.ones(1, 1, 2, 2), stride=2)
assert dx.tolist() == [[[[1, 1, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0]]]]  # the last row was in no window
assert dw.tolist() == [[[[2, 4], [10, 12]]]] and db.tolist() == [2]  # 0+2, 1+3, 4+6, 5+7

# %% check="conv2d_backward" points=2
check("conv2d_backward")

# %% [markdown]
# **See it.** First your prediction: the number of windows that each pixel of a 9 by 9 picture appears in.

# %%
counts = []
for options in ({"stride": 1}, {"stride": 2}, {"stride": 2, "dilation": 2}):
    shape = conv2d(torch.zeros(1, 1, 9, 9), torch.ones(1, 1, 3, 3), **options).shape
    counts.append(conv2d_backward(torch.ones(shape), torch.zeros(1, 1, 9, 9), torch.ones(1, 1, 3, 3), **options)[0][0, 0])
print("middle row: ", *(count[4].int().tolist() for count in counts), sep="\n  ")
plot.images(
    counts,
    titles=["stride 1", "stride 2", "stride 2, dilation 2"],
    columns=3,
    cmap="viridis",
    height=2.2,
    caption="How many 3 by 3 windows each pixel appears in, which is its gradient when all else is 1. Dark: fewest, bright: most.",
    alt="Three 9 by 9 grids: a bright plateau that darkens at the rim, a checkerboard, and a grid in which only every second pixel is not zero.",
)

# %% [markdown]
# Stride 1 treats all inner pixels alike. With stride 2 some pixels appear in four windows and their neighbors in two or
# one: the *checkerboard* that haunts images made by networks. With dilation on top, some pixels are never looked at and
# never learn anything.
#
# Now make it official. A `torch.autograd.Function` pairs a forward with a backward, so that autograd uses *your*
# gradient. `gradcheck` then compares it with central differences, number by number.


# %%
class Convolution(torch.autograd.Function):
    """`conv2d` forward and `conv2d_backward` backward."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor, options: dict) -> Tensor:
        """conv2d(x, weight, bias, **options); autograd does not look inside."""
        ctx.save_for_backward(x, weight)
        ctx.options = options
        return conv2d(x, weight, bias, **options)

    @staticmethod
    def backward(ctx, grad: Tensor):
        """Gradients for x, weight and bias; none for the options."""
        return *conv2d_backward(grad, *ctx.saved_tensors, **ctx.options), None


# %%
options = {"stride": 2, "padding": 1, "dilation": 2, "groups": 2}
leaves = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in ((2, 4, 7, 6), (6, 2, 3, 2), (6,))]
claim("gradcheck: your gradients agree with central differences", torch.autograd.gradcheck(Convolution.apply, (*leaves, options)))

# %% [markdown]
# ## 5. Max-pooling, and who gets the gradient
#
# Max-pooling forward is one line on windows, you saw it. Backward, $\partial \max(a_1, \dots, a_m) / \partial a_k$ is 1
# for the winner and 0 for all others: a small change of a loser changes nothing. So a pooling layer must remember
# **where** each of its maxima was: as in PyTorch, the pixel's number in reading order, row times width plus column,
# counted in the picture *without* padding.
#
# Two details decide whether it is right. Padding must never win, not even among negative numbers. And of equals only
# one may get the gradient: the first in the window, in reading order (as `argmax` and `max` choose).
#
# An idea that saves index arithmetic: make a picture of the pixels' numbers, 0, 1, 2, ..., send it through `windows`
# with the same options, and you have the number of every entry of every window.
#
# **Predict**: in windows of 2 by 2 with stride 1, how many windows can one pixel win? What then is its gradient?
#
# **Write** `max_pool2d`. `values.max(2, keepdim=True)` gives maxima and their indices along axis 2, and
# `numbers.gather(2, index)` picks at these indices (`numbers` must have been expanded to the shape of `values`).


# %% solution="max_pool2d"
def max_pool2d(x: Tensor, kernel_size: int, *, stride: int | None = None, padding: int = 0, dilation: int = 1) -> tuple[Tensor, Tensor]:
    """The largest entry of each square window, and where it was.

    x: (N, C, H, W). stride: the kernel size if None. padding: at most half of the kernel size; it never wins.
    Returns out (N, C, H', W') and where (N, C, H', W'), integers: row * W + column of the winner in x, the first of equals.
    """
    ### BEGIN SOLUTION
    (height, width), kernel = x.shape[2:], (kernel_size, kernel_size)
    options = {"stride": stride or kernel_size, "padding": padding, "dilation": dilation}
    values = windows(x, kernel, fill=-torch.inf, **options).flatten(2, 3)  # (N, C, K², H', W')
    pixels = torch.arange(height * width, device=x.device).reshape(1, 1, height, width)
    numbers = windows(pixels, kernel, **options).flatten(2, 3).expand_as(values)
    out, winner = values.max(2, keepdim=True)
    return out.squeeze(2), numbers.gather(2, winner).squeeze(2)
    ### END SOLUTION


# %%
pooled, where = max_pool2d(torch.tensor([[[[1.0, 5.0, 2.0, 2.0], [3.0, 4.0, 0.0, 2.0]]]]), 2)
assert pooled.tolist() == [[[[5, 2]]]] and where.tolist() == [[[[1, 2]]]]  # the first of the three twos is pixel number 2
assert max_pool2d(torch.full((1, 1, 4, 4), -1.0), 3, stride=2, padding=1)[0].tolist() == [[[[-1, -1], [-1, -1]]]]

# %% check="max_pool2d" points=1
check("max_pool2d")

# %% [markdown]
# **See it.** With `where`, the backward pass is a single operation: `scatter_add` adds each gradient to the cell that
# its number names. It *adds*, because with overlapping windows one pixel may win several times.


# %%
class MaxPooling(torch.autograd.Function):
    """`max_pool2d` forward; backward, each gradient goes to the pixel that won."""

    @staticmethod
    def forward(ctx, x: Tensor, kernel_size: int, options: dict) -> Tensor:
        """The first result of max_pool2d(x, kernel_size, **options)."""
        out, where = max_pool2d(x, kernel_size, **options)
        ctx.save_for_backward(where)
        ctx.shape = x.shape
        return out

    @staticmethod
    def backward(ctx, grad: Tensor):
        """The gradient for x; none for the kernel size and the options."""
        (where,) = ctx.saved_tensors
        zeros = grad.new_zeros(*ctx.shape[:2], ctx.shape[2] * ctx.shape[3])
        return zeros.scatter_add(2, where.flatten(2), grad.flatten(2)).reshape(ctx.shape), None, None


# %%
digit = torch.tensor(load_digits().images[:1], dtype=torch.float64)[None].requires_grad_()
pooled = MaxPooling.apply(digit, 2, {"stride": 1})
pooled.sum().backward()
claim("no gradient is lost: the gradients of the pixels add up to the number of windows", digit.grad.sum() == pooled.numel())
plot.images(
    [digit.detach()[0, 0], pooled.detach()[0, 0], digit.grad[0, 0]],
    titles=["a digit", "max-pooled", "windows won"],
    columns=3,
    cmap="viridis",
    height=2.2,
    width=5.6,
    caption="A digit of 8 by 8 pixels, its maxima over 2 by 2 windows with stride 1, and how many windows each pixel won.",
    alt="Left: a handwritten zero. Middle: the same zero with thicker strokes and a smaller hole. "
    "Right: some pixels of the strokes are bright, others dark; one faint pixel in the upper left corner.",
)

# %% [markdown]
# Compare left and right. Some pixels of the strokes are dark on the right: they have a stronger neighbor in every
# window, won nowhere, and this digit would teach the layer below nothing about them. And the lone pixel in the upper
# left corner? In its window all pixels are 0, and of equals the first one wins.

# %% [markdown]
# ## 6. Fourier: a product instead of a sum
#
# All ways so far take $K_h K_w$ multiplications for each output and channel. There is one whose cost hardly depends on
# the size of the kernel. Write picture and kernel as sums of waves. Shifting a wave by some pixels multiplies it by a
# complex number, so a weighted sum of shifted waves is the same wave times *one* number. Wave by wave, the convolution
# becomes **a multiplication**:
#
# $$\hat{y}_{f}(\omega) = \sum_c \hat{x}_{c}(\omega)\; \overline{\hat{w}_{f,c}(\omega)}
# \qquad \text{for each frequency } \omega = (\omega_1, \omega_2).$$
#
# The bar is the complex conjugate; it is there because in our sum the kernel is read forward, $x_{i+u}$, where
# mathematicians have $x_{i-u}$. Without the bar you get the convolution of the textbooks, with the kernel flipped.
#
# Two details again. The kernel must be brought to the size of the picture first, with zeros (`rfft2(weight, s=...)`
# does it). And waves know no rim: the transform treats the picture as a tile of an endless wallpaper, so windows that
# reach over the rim continue at the opposite side. For kernel rows $K_h$, the first $H - K_h + 1$ rows of the result do
# not reach over it. Keep those.
#
# Every place is computed, whether you want it or not: a stride saves nothing here. So this function has padding only.
#
# **Predict**: at which kernel size, roughly, will this beat the matrix product: 3, 7, 15, 31, or never?
#
# **Write** `conv2d_fft` with `torch.fft.rfft2`, the transform for real numbers (it stores half of the frequencies, the
# other half are their conjugates), and `torch.fft.irfft2(..., s=...)`, its inverse, which must be told the size: 8 and
# 9 columns give the same number of stored frequencies. `torch.einsum` does the sum over $c$.


# %% solution="conv2d_fft"
def conv2d_fft(x: Tensor, weight: Tensor, bias: Tensor | None = None, *, padding: int = 0) -> Tensor:
    """Convolution with stride 1 through the Fourier transform.

    x: (N, C, H, W). weight: (F, C, K_h, K_w), at most as large as the padded pictures. bias: (F,) or None.
    Returns (N, F, H + 2 padding - K_h + 1, W + 2 padding - K_w + 1), real, in the dtype of x.
    """
    ### BEGIN SOLUTION
    padded = pad(x, padding)
    height, width = size = padded.shape[2:]
    x_hat, w_hat = torch.fft.rfft2(padded), torch.fft.rfft2(weight, s=size)
    y_hat = torch.einsum("nchw,fchw->nfhw", x_hat, w_hat.conj())
    y = torch.fft.irfft2(y_hat, s=size)[:, :, : height - weight.shape[2] + 1, : width - weight.shape[3] + 1]
    return y if bias is None else y + bias[:, None, None]
    ### END SOLUTION


# %%
assert torch.allclose(conv2d_fft(tiny, torch.ones(1, 1, 2, 2)), torch.tensor([[[[10.0, 14, 18], [26, 30, 34]]]]), atol=1e-5)
assert torch.allclose(conv2d_fft(photo, filters, padding=2), filtered, atol=1e-4)

# %% check="conv2d_fft" points=1
check("conv2d_fft")

# %% [markdown]
# **See it.** Eight channels to eight filters, one picture, padded so that the output is as large as the picture. Only
# the kernel grows.

# %%
kernels = [3, 7, 15, 31]
ways = {"matrix product": conv2d, "Fourier": conv2d_fft, "torch": F.conv2d}
measured = {name: [] for name in ways}
for k in kernels:
    x, weight = random_layer((1, 8, lab.params["picture"], lab.params["picture"]), (8, 8, k, k))
    for name, way in ways.items():
        measured[name].append(1000 * seconds(way, x, weight, padding=k // 2, repeats=5))
plot.lines(
    measured,
    xs=kernels,
    x="kernel size",
    y="milliseconds",
    log_x=True,
    log_y=True,
    caption="Time of one convolution by kernel size, both axes logarithmic. The matrix product grows with the area of the kernel.",
    alt="Three curves. The matrix product rises steeply, Fourier slowly: it starts above the matrix product and ends far below it.",
)

# %%
ratio = [product_time / fourier for product_time, fourier in zip(measured["matrix product"], measured["Fourier"], strict=True)]
print("matrix product / Fourier:", ", ".join(f"{k} by {k}: {value:.2f}" for k, value in zip(kernels, ratio, strict=True)))
record("fft_gain_small", ratio[0])
record("fft_gain_large", ratio[-1])
claim("Fourier loses at 3 by 3 and wins at 31 by 31", ratio[0] < 1 < ratio[-1])

# %% [markdown]
# Networks mostly use 3 by 3, where the transforms cost more than they save, so the matrix product and its relatives
# won. Where kernels are as long as the signal, in audio and in some sequence models, Fourier is the way.

# %% [markdown]
# ## Experiment: one filter for all places
#
# Why convolve at all, and not give every pixel its own weight? Let two models compete on handwritten digits, which are
# put into the middle of a 12 by 12 canvas:
#
# - **own weights**: ten classes, one weight for each class and pixel. 1,450 parameters;
# - **shared weights**: 24 filters of 7 by 7, the largest response of each filter *anywhere* on the canvas, and from
#   these 24 numbers ten scores. Also 1,450 parameters, by design. Every gradient is yours: `Convolution` and
#   `MaxPooling` from above.
#
# Both train on centered digits only. Then they are tested twice: on new digits in the middle, and on the same digits,
# each moved by up to two pixels in each direction. Both models of a pair get the same seed, so look at paired
# differences.
#
# **Predict**: four accuracies. Where is the largest gap?


# %%
def place(digits: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Digits (n, 8, 8) on empty canvases (n, 1, 12, 12), the upper left corner of each at its row and column, 0 to 4."""
    canvas = digits.new_zeros(len(digits), 1, 12, 12)
    i, j = rows[:, None] + torch.arange(8), columns[:, None] + torch.arange(8)
    canvas[torch.arange(len(digits))[:, None, None], 0, i[:, :, None], j[:, None, :]] = digits
    return canvas


def own_weights(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Scores (n, 10) of pictures (n, 1, 12, 12); weight: (10, 144), bias: (10,)."""
    return x.flatten(1) @ weight.T + bias


def shared_weights(x: Tensor, filters: Tensor, filter_bias: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Scores (n, 10) of pictures (n, 1, 12, 12); filters: (24, 1, 7, 7), filter_bias: (24,), weight: (10, 24), bias: (10,)."""
    found = Convolution.apply(x, filters, filter_bias, {"padding": 6}).relu()  # every overlap of filter and canvas: 18 by 18
    return MaxPooling.apply(found, 18, {}).flatten(1) @ weight.T + bias


# %%
def fit(model, parameters: list[Tensor], x: Tensor, y: Tensor, rng: torch.Generator) -> None:
    """Train `parameters` in place on pictures x and labels y: Adam, random batches of 64."""
    optimizer = torch.optim.Adam([each.requires_grad_() for each in parameters], lr=0.02)
    for _ in range(lab.params["steps"]):
        batch = torch.randint(len(x), (64,), generator=rng)
        loss = F.cross_entropy(model(x[batch], *parameters), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def interval(values: Tensor) -> tuple[float, float]:
    """95 % bootstrap interval of the mean of `values`, shape (n,)."""
    draws = torch.randint(len(values), (2000, len(values)), generator=torch.Generator().manual_seed(0))
    return tuple(values[draws].mean(1).quantile(torch.tensor([0.025, 0.975], dtype=values.dtype)).tolist())


# %%
def compete(seed: int) -> list[float]:
    """Test accuracies: own weights centered, moved, then shared weights centered, moved."""
    rng = torch.Generator().manual_seed(seed)
    data = load_digits()
    order = torch.randperm(len(data.target), generator=rng)
    digits, labels = torch.tensor(data.images / 16, dtype=torch.float32)[order], torch.tensor(data.target)[order].to(lab.device)
    middle, moved = torch.full((2, len(digits)), 2), torch.randint(5, (2, len(digits)), generator=rng)
    centered, shifted = place(digits, *middle).to(lab.device), place(digits, *moved).to(lab.device)
    own = [torch.zeros(10, 144), torch.zeros(10)]
    shared = [torch.randn(24, 1, 7, 7, generator=rng) / 7, torch.zeros(24), torch.zeros(10, 24), torch.zeros(10)]
    scores = []
    for model, start in ((own_weights, own), (shared_weights, shared)):
        parameters = [each.to(lab.device) for each in start]
        fit(model, parameters, centered[:1200], labels[:1200], rng)
        with torch.no_grad():
            guesses = [model(test[1200:], *parameters).argmax(1) for test in (centered, shifted)]
        scores += [(guess == labels[1200:]).float().mean().item() for guess in guesses]
    return scores


# %%
results = torch.tensor([compete(seed) for seed in lab.seeds(lab.params["seeds"])], dtype=torch.float64)  # (seeds, 4)
names = ["own, centered", "own, moved", "shared, centered", "shared, moved"]
intervals = {name: interval(results[:, column]) for column, name in enumerate(names)}
for column, name in enumerate(names):
    print(f"{name:17s} mean {results[:, column].mean():.1%}, 95 % interval {intervals[name][0]:.1%} to {intervals[name][1]:.1%}")
gain = results[:, 3] - results[:, 1]
low, high = interval(gain)
print(f"gain on moved digits: mean {gain.mean():.1%}, 95 % interval {low:.1%} to {high:.1%}")
plot.bars(
    dict(zip(names, results.mean(0).tolist(), strict=True)),
    errors=intervals,
    y="accuracy on new digits",
    caption="Two models with 1,450 parameters each, trained on centered digits: mean test accuracy over seeds, with 95 % intervals.",
    alt="Four bars: own weights do well on centered digits and very badly on moved ones; shared weights do equally well on both.",
)

# %%
record("own_centered", results[:, 0].mean())
record("own_moved", results[:, 1].mean())
record("shared_moved", results[:, 3].mean())
record("shared_loss_by_moving", (results[:, 2] - results[:, 3]).abs().max())
claim("on moved digits shared weights beat own weights: the 95 % interval of the gain is above 0", low > 0)

# %% [markdown]
# Compare the two bars of each model. Own weights learned "ink at *this* pixel speaks for a 3"; move the 3 and the pixel
# is empty. A filter does not know where it is. Moving the input moves its output by as much (this is called
# *equivariance*), and the largest response of all places stays the same (*invariance*). The padding of 6 keeps every
# overlap of filter and digit on the canvas, so the equality of the last two bars is no accident of training. It was
# built in before the first step.

# %% [markdown]
# ## Against the real thing
#
# `torch.nn.functional.conv2d` has your options under your names. Here are layers of six famous networks. For each: the
# largest difference between your output and gradients and PyTorch's, in float64, relative to the largest number, and
# how long you both take for the output in float32.

# %%
LAYERS = {  # pictures, weights, options
    "AlexNet, first layer": ((3, 224, 224), (64, 3, 11, 11), {"stride": 4, "padding": 2}),
    "VGG, 3 by 3": ((64, 56, 56), (64, 64, 3, 3), {"padding": 1}),
    "ResNet, shortcut": ((256, 28, 28), (512, 256, 1, 1), {"stride": 2}),
    "ResNeXt, 32 groups": ((128, 28, 28), (128, 4, 3, 3), {"padding": 1, "groups": 32}),
    "MobileNet, depthwise": ((64, 56, 56), (64, 1, 3, 3), {"stride": 2, "padding": 1, "groups": 64}),
    "DeepLab, dilated": ((128, 28, 28), (128, 128, 3, 3), {"padding": 2, "dilation": 2}),
}


def difference(x: Tensor, weight: Tensor, options: dict) -> float:
    """Largest relative difference between your convolution and torch's: output and gradients of x, weight and bias."""
    answers = []
    for way in (lambda *args: Convolution.apply(*args, options), lambda *args: F.conv2d(*args, **options)):
        leaves = [each.clone().requires_grad_() for each in (x, weight, weight[:, 0, 0, 0])]  # any numbers will do as a bias
        out = way(*leaves)
        answers.append([out.detach(), *torch.autograd.grad(out.square().sum(), leaves)])
    return max(((mine - theirs).abs().max() / theirs.abs().max()).item() for mine, theirs in zip(*answers, strict=True))


# %%
errors, slower = [], []
for name, (picture, w_shape, options) in LAYERS.items():
    shapes = (lab.params["layer_batch"], *picture), w_shape
    errors.append(difference(*random_layer(*shapes, dtype=torch.float64), options))
    x, weight = random_layer(*shapes)
    mine, theirs = (seconds(way, x, weight, **options) for way in (conv2d, F.conv2d))
    slower.append(mine / theirs)
    print(f"{name:21s} difference {errors[-1]:.0e}   you {1000 * mine:7.2f} ms   torch {1000 * theirs:7.2f} ms   ratio {slower[-1]:5.1f}")

# %%
record("parity_error", max(errors))
record("torch_ratio", torch.tensor(slower).log().mean().exp())
columns_of_torch = F.unfold(photo, (3, 3), padding=1, stride=2)
claim(
    "F.unfold makes the same columns as your windows, exactly",
    torch.equal(columns_of_torch, windows(photo, (3, 3), padding=1, stride=2).reshape(columns_of_torch.shape)),
)

# %% [markdown]
# The numbers agree to rounding. The times mostly do not. What does PyTorch do better?
#
# - It hands the layer to oneDNN on a CPU or cuDNN on a GPU. These gather the windows block by block into the
#   processor's fast memory, while they multiply; the large matrix $X$ never exists. This is called *implicit* matrix
#   multiplication, and it saves exactly the copy that you pay for.
# - For a 1 by 1 kernel there is nothing to gather, so the ratio can be close to 1. For a depthwise layer a matrix
#   product is the wrong tool, because each little matrix has a single row; look at its ratio.
# - For 3 by 3 it may choose Winograd's algorithm, which needs fewer multiplications. With
#   `torch.backends.cudnn.benchmark = True` cuDNN tries several ways on your shapes and keeps the fastest.
#
# And max-pooling: `F.max_pool2d(x, 3, return_indices=True)` returns your `where`. In your own networks, use
# `torch.nn.Conv2d` and `torch.nn.MaxPool2d`. You know now what is inside.

# %% [markdown] answer="backward-is-convolution" points=2
# ## In your own words
#
# Take one channel, one filter, no padding, dilation 1, in one dimension: $y_i = \sum_{u=0}^{K-1} w_u\, x_{s i + u}$.
#
# 1. For stride $s = 1$, write $\partial L/\partial x_m$ as a sum over $u$, starting from the chain rule. Show that it
#    is again a convolution as in section 1: of what, with which kernel, and with how much padding?
# 2. What changes for $s = 2$? Say what you would have to do to $\partial L/\partial y$ so that the same recipe works,
#    and why the result shows a checkerboard when all numbers are 1.
#
# ### BEGIN SOLUTION
# 1. $\partial L/\partial x_m = \sum_i \frac{\partial L}{\partial y_i} \frac{\partial y_i}{\partial x_m}$, and $x_m$
#    occurs in $y_i$ with the weight $w_u$ where $i + u = m$. So $dx_m = \sum_{u} w_u\, dy_{m-u}$, with $dy = 0$ outside
#    of its range. With $u' = K-1-u$ this is $\sum_{u'} w_{K-1-u'}\; dy_{m - (K-1) + u'}$: the convolution of section 1
#    of $dy$, padded by $K-1$ zeros on both sides, with the flipped kernel. (In two dimensions it is flipped in both,
#    and filters and channels change roles.)
# 2. Now $2i + u = m$, so only those $u$ with $m - u$ even contribute. Put a zero between any two neighbors of $dy$,
#    then the recipe of part 1 works with stride 1 (a *transposed* convolution). For $K = 3$ an even $m$ meets the
#    weights $u = 0, 2$, an odd one only $u = 1$: with all numbers 1 the gradients alternate between 2 and 1.
#
# *Rubric*: 1 point for part 1: the index condition $i + u = m$ (half), and flipped kernel with padding $K - 1$ (half).
# 1 point for part 2: zeros between the entries of $dy$, or the equivalent statement about even $m - u$ (half), and the
# two counts for even and odd $m$ (half).
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **Stride and dilation mixed up.** Stride belongs to the output index ($s\,i$), dilation to the weight index
#   ($d\,u$). With both at 1 the mistake is invisible.
# - **Rows and columns mixed up.** Square pictures and square kernels hide it. Test with a picture of 5 by 7 and a
#   kernel of 3 by 2.
# - **`reshape` in place of `permute`.** `reshape` never reorders. If your axes are $(n, i, j, c, u, v)$, bring $c, u,
#   v$ to the front before you flatten.
# - **Strides assumed, not asked for.** `W` and 1 are the strides of a contiguous picture. A transposed or cropped
#   picture has others, and `as_strided` does not warn: it reads someone else's memory.
# - **Writing through overlapping windows.** Reading is safe. Adding needs a loop over $(u, v)$, `scatter_add`, or
#   `F.fold`.
# - **Padding with zeros before a maximum.** Among negative numbers the zeros win.
# - **The forgotten conjugate or size.** Without `conj` the kernel is flipped, which symmetric kernels do not show;
#   without `s=` an odd width comes back one short.
#
# ## Scale it up
#
# The `gpu` profile runs the same notebook with batches of 32 for the famous layers, a larger picture for the Fourier
# transform, and more seeds. Predict two numbers before you run it there. Are the loops faster or slower than on a CPU?
# (Each of their tiny operations must be launched on the device.) And is the ratio to torch in the last table larger or
# smaller? (A GPU's arithmetic is so fast that moving the copied windows through memory can take most of the time.) Then
# try `dtype=torch.bfloat16` in `random_layer`, which halves the bytes. There is no profile of its own for an H100:
# nothing here would fill one.
#
# In *cnn-backprop* you will stack these layers into a network and derive all of its gradients; in *cnn-feature-maps*
# you will look at what such filters learn.
#
# ## Exercises
#
# 1. [conceptual] A layer has 64 channels, 128 filters of 3 by 3, padding 1, on a 56 by 56 picture. How many
#    multiplications does it take, how many weights does it have, and how many bytes does $X$ of section 3 take in
#    float32? Split the layer into a depthwise one and a 1 by 1 one: what becomes of the first two? *Success*:
#    `weight.numel()` and `windows(...).numel()` agree with you, and your saving in multiplications is between 8 and 9.
# 2. [short-code] Write average pooling with its backward pass on `windows`, padding counted as zeros. *Success*: equal
#    to `F.avg_pool2d` and to its gradient within 1e-12 in float64, for kernel 3, stride 2, padding 1.
# 3. [short-code] Write `conv2d` as a sum over $(u, v)$ of $K_h K_w$ small matrix products, each of a shifted picture;
#    no large $X$ is ever made. *Success*: it passes `check("conv2d")`, and `scratchlab.measure.elements` finds a lower
#    peak than for your `conv2d` on a 3 by 3 layer.
# 4. [short-code] Give `conv2d_fft` a backward pass that uses transforms only. *Success*: `gradcheck` accepts it for an
#    odd and an even width.
# 5. [extended] Winograd's $F(2 \times 2, 3 \times 3)$: tiles of 4 by 4 inputs give 2 by 2 outputs with 16
#    multiplications, not 36. Build it from `windows(x, (4, 4), stride=2)` and the three matrices of Lavin and Gray.
#    *Success*: within 1e-10 of `conv2d` in float64 on even sizes, and a count of multiplications that is lower by a
#    factor of 2.25.
#
# ## References
#
# - Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998). *Gradient-based learning applied to document recognition.*
#   Proceedings of the IEEE 86(11), 2278–2324, section II. <https://doi.org/10.1109/5.726791>. Local receptive fields,
#   shared weights, subsampling.
# - K. Fukushima (1980). *Neocognitron: a self-organizing neural network model for a mechanism of pattern recognition
#   unaffected by shift in position.* Biological Cybernetics 36, 193–202. <https://doi.org/10.1007/BF00344251>. The
#   architecture before the gradients.
# - V. Dumoulin and F. Visin (2016). *A guide to convolution arithmetic for deep learning.*
#   <https://arxiv.org/abs/1603.07285>. Sections 2 and 4: sizes, and transposed convolution.
# - K. Chellapilla, S. Puri and P. Simard (2006). *High performance convolutional neural networks for document
#   processing.* 10th International Workshop on Frontiers in Handwriting Recognition.
#   <https://inria.hal.science/inria-00112631>. Convolution unrolled to a matrix product.
# - S. Chetlur et al. (2014). *cuDNN: efficient primitives for deep learning.* <https://arxiv.org/abs/1410.0759>.
#   Section 3: the product without the copy.
# - M. Mathieu, M. Henaff and Y. LeCun (2013). *Fast training of convolutional networks through FFTs.*
#   <https://arxiv.org/abs/1312.5851>.
# - A. Lavin and S. Gray (2016). *Fast algorithms for convolutional neural networks.* CVPR.
#   <https://arxiv.org/abs/1509.09308>. Exercise 5.
# - A. Odena, V. Dumoulin and C. Olah (2016). *Deconvolution and checkerboard artifacts.* Distill.
#   <https://doi.org/10.23915/distill.00003>.
# - PyTorch, `torch.nn.functional.conv2d`:
#   <https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html>. The photograph is by
#   danielbuechele (Flickr), CC BY 2.0, from scikit-learn's sample images. The digits: E. Alpaydin and C. Kaynak (1998),
#   *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository, <https://doi.org/10.24432/C50P49>.
