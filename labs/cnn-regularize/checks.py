"""What proves the answers of the lab cnn-regularize right.

Nothing is assumed about the order of an answer's draws. From what comes out, the checks recover what was drawn: each number of an input
occurs once, so a pixel tells where it came from. PyTorch judges the loss and the optimizer, in float64.
"""

import numpy as np
import torch
import torch.nn.functional as F

from scratchlab.checks import Wrong, beside, describe, expect, expect_close, expect_shape, load_given, task, unchanged

references = load_given(__file__)

flip_and_crop = task(
    "flip_and_crop",
    hints=(
        "Say for every pixel of the output from which row and which column of the framed picture it comes; then one act of indexing "
        "fetches all of them.",
        "top and left: (N, 1), integers from 0 to 2 padding, both ends included. rows = top + 0 ... H - 1, columns = left + 0 ... W - 1, "
        "reversed where rng.random((N, 1)) < p. Index with (N, 1, 1), (N, H, 1), (N, 1, W), then permute(0, 3, 1, 2).",
        "`rows = top + np.arange(height)`; `columns = left + np.arange(width)`; `columns = np.where(rng.random((count, 1)) < p, "
        "columns[:, ::-1], columns)`; `framed = F.pad(x, (padding,) * 4)`; "
        "`return framed[torch.arange(count)[:, None, None], :, ..., ...].permute(0, 3, 1, 2)`",
    ),
)
cutout = task(
    "cutout",
    hints=(
        "A mask that is true inside of the square. What lies outside of the picture needs no care: no pixel is there to be compared.",
        "top and left: (N, 1), a center from 0 to H - 1 (or W - 1) minus size // 2. in_rows: (N, H), in_columns: (N, W); the mask is their "
        "& with the axes (N, 1, H, 1) and (N, 1, 1, W).",
        "`top = torch.from_numpy(rng.integers(0, height, (count, 1))) - size // 2`; `rows = torch.arange(height)`; "
        "`in_rows = (rows >= top) & (rows < top + size)`; `return x.masked_fill(in_rows[:, None, :, None] & ..., 0.0)`",
    ),
)
mixup = task(
    "mixup",
    hints=(
        "Draw N weights and one order of the batch. Pictures and targets use the same two.",
        "a: (N,), as (N, 1, 1, 1) for pictures and (N, 1) for targets. partner = rng.permutation(N); x[partner] are the partners.",
        "`a = torch.from_numpy(rng.beta(alpha, alpha, len(x))).to(x)`; `partner = torch.from_numpy(rng.permutation(len(x)))`; "
        "`mixed = a[:, None, None, None] * x + (1 - ...) * x[partner]`; the targets likewise with a[:, None]",
    ),
)
drop = task(
    "drop",
    hints=(
        "Random switches in a shape that says who shares one; broadcasting does the sharing.",
        "Shapes: h.shape for unit, (N, C, 1, ...) for channel, (N, 1, ...) for example, (1, 1, ...) for batch. A switch is on where "
        "torch.rand is at least p.",
        "`own = {'unit': h.ndim, 'channel': 2, 'example': 1, 'batch': 0}[per]`; `shape = (*h.shape[:own], *(1,) * (h.ndim - own))`; "
        "`return h * (torch.rand(shape, device=h.device) >= p) / ...`, and outside of training just h",
    ),
)
smooth_cross_entropy = task(
    "smooth_cross_entropy",
    hints=(
        "Make every target a row of probabilities, smooth it, and compare it with the logarithms of the network's probabilities.",
        "soft = (1 - eps) * targets + eps / K, shape (N, K); the loss is the mean over examples of -(soft * log q).sum(1).",
        "`if targets.ndim == 1: targets = F.one_hot(targets, logits.shape[1])`; `soft = ...`; "
        "`return -(soft * logits.log_softmax(1)).sum(1).mean()`",
    ),
)
adamw_step = task(
    "adamw_step",
    hints=(
        "Four lines, one for each formula: m, v, the step u, the new w. The decay occurs only in the last.",
        "u = (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + 1e-8); w becomes (1 - lr * decay) * w - lr * u; decay is 0 if w.ndim < 2.",
        "`m = beta1 * m + (1 - beta1) * grad`; `v = beta2 * v + (1 - beta2) * grad**2`; `u = (m / (1 - beta1**t)) / (...)`; "
        "`return (1 - lr * decay) * w - lr * u, m, v`",
    ),
)

# ---- tools ------------------------------------------------------------------------------------------------------------


def normal(rng, *shape, dtype=torch.float64):
    """Standard normal numbers."""
    return torch.from_numpy(np.asarray(rng.standard_normal(shape))).to(dtype)


def numbered(*shape):
    """Pictures of different numbers, none of them 0, each below 1,000,000 and exact in float32."""
    return torch.arange(1, 1 + int(np.prod(shape)), dtype=torch.float32).reshape(shape)


def start(rng):
    """A seed for the learner's generator."""
    return int(rng.integers(2**31))


def same(got, want):
    """Whether two tensors agree up to rounding."""
    return isinstance(got, torch.Tensor) and got.shape == want.shape and torch.allclose(got.double(), want.double(), rtol=1e-9, atol=1e-9)


def blame(got, slips, default):
    """The words for the mistake that gives exactly `got`; `slips` maps words to what that mistake gives."""
    return next((look for look, wrong in slips.items() if same(got, wrong)), default)


def tensor(value, tried):
    """`value` if it is a tensor, or a message."""
    if not isinstance(value, torch.Tensor):
        raise Wrong(tried=tried, got=describe(value), expected="a tensor", look="the last line of the docstring says what comes back")
    return value


def expect_like(got, x, tried):
    """A tensor of the shape and dtype of x."""
    expect_shape(tensor(got, tried), tuple(x.shape), tried=tried, look="the result has the axes of what came in")
    look = "NumPy's draws are float64 and make everything so: bring them to the dtype of x"
    expect(got.dtype == x.dtype, tried=tried, got=str(got.dtype), expected=str(x.dtype), look=look)


def expect_own_generator(student, function, seed, first, last, tried):
    """Two calls on one generator differ, and an equal generator gives the first one again."""
    a, b, c = (
        torch.cat([each.flatten() for each in (made if isinstance(made, tuple | list) else (made,))])
        for made in beside(student, references.drawn_thrice)(function, seed, first, last)
    )
    look = "draw everything with the generator `rng` that was handed in, none of it with np.random, torch.rand or `random`"
    expect(torch.equal(a, c), tried=f"{tried}, twice with equal generators", got="different results", expected="equal results", look=look)
    look = "do not make a generator of your own inside: a new default_rng(0) draws the same each time"
    expect(not torch.equal(a, b), tried=f"{tried}, twice in a row", got="the same draws again", expected="new draws", look=look)


def expect_frequency(counts, shares, tried, what, look):
    """Counts that agree with their expected shares within six standard deviations."""
    counts, shares = np.asarray(counts, float), np.asarray(shares, float)
    total = counts.sum()
    gap = np.abs(counts - total * shares) / np.sqrt(total * shares * (1 - shares))
    worst = int(np.argmax(gap))
    expect(
        gap[worst] <= 6,
        tried=tried,
        got=f"{what[worst]} in {counts[worst] / total:.1%} of {int(total):,}",
        expected=f"about {shares[worst]:.1%}",
        look=look,
    )


# ---- flip_and_crop ----------------------------------------------------------------------------------------------------


def views(x, padding):
    """Every version that a flip and a crop can make of x: (2, D, D, N, C, H, W) with D = 2 padding + 1."""
    framed, (height, width) = F.pad(x, (padding,) * 4), x.shape[2:]
    corners = range(2 * padding + 1)
    crops = torch.stack([torch.stack([framed[:, :, a : a + height, b : b + width] for b in corners]) for a in corners])
    return torch.stack([crops, crops.flip(-1)])


def which_view(got, x, padding):
    """For each picture the number of its version among `views`, or -1."""
    match = (views(x, padding).flatten(0, 2) == got).flatten(2).all(2)  # (versions, N)
    return torch.where(match.any(0), match.int().argmax(0), -1)


def flipped(student, rng, x, p, padding):
    """One call of the learner's function on a copy."""
    return beside(student, references.drawn)(student.flip_and_crop, start(rng), (x.clone(),), (p, padding))


@flip_and_crop.property("the pictures keep shape and dtype")
def fc_shape(student, rng):
    for shape, dtype in (((3, 2, 5, 4), torch.float32), ((1, 1, 3, 6), torch.float64)):
        x = normal(rng, *shape, dtype=dtype)
        expect_like(flipped(student, rng, x, 0.5, 2), x, f"pictures of shape {shape}, {dtype}, padding 2")


@flip_and_crop.property("without padding a picture is left alone (p = 0) or mirrored left to right (p = 1)", after="fc_shape")
def fc_mirror(student, rng):
    x = numbered(3, 2, 4, 5)
    slips = {
        "this is mirrored top to bottom: the axis of the columns is the last one": x.flip(2),
        "this is turned by half: only the columns are reversed": x.flip((2, 3)),
        "nothing was mirrored: p is the probability to mirror": x,
        "the batch itself was reversed: picture n of the result is made from picture n": x.flip(0),
        "channels were reversed, not columns": x.flip(1),
    }
    got = flipped(student, rng, x, 1.0, 0)
    look = blame(got, slips, "with p = 1 and padding 0 the result is x.flip(3)")
    expect_close(got, x.flip(3), tried="p = 1, padding = 0", look=look)
    got = flipped(student, rng, x, 0.0, 0)
    look = "all pictures were mirrored: p is the probability to mirror" if same(got, x.flip(3)) else "nothing is drawn here but p = 0"
    expect_close(got, x, tried="p = 0, padding = 0", look=look)


def crop_slip(got, x, padding):
    """What may have gone wrong where a picture is no version of itself."""
    reachable = F.pad(x, (padding,) * 4)
    if not np.isin(got.numpy(), reachable.numpy()).all():
        return "there are numbers that are in no picture: the frame is zeros, and nothing is interpolated"
    single = [which_view(got[:, c : c + 1], x[:, c : c + 1], padding) for c in range(x.shape[1])]
    if all((each >= 0).all() for each in single):
        return "the channels of one picture moved apart: draw once for each picture, not for each channel"
    own = [set(g[g > 0].tolist()) <= set(f.flatten().tolist()) for g, f in zip(got, x, strict=True)]
    if not all(own):
        return "pixels of another picture are in it: picture n of the result is made from picture n of x"
    if (which_view(got.flip(2), x, padding) >= 0).all() or (which_view(got.flip(2), x, padding) >= 0).any():
        return "some are mirrored top to bottom: only the columns are reversed"
    if any((which_view(torch.roll(got, (a, b), (2, 3)), F.pad(x, (0, 0, 0, 0)), 0) >= 0).any() for a in range(-2, 3) for b in range(-2, 3)):
        return "what is pushed out on one side comes in on the other: use a frame of zeros, not np.roll"
    return "rows are top, top + 1, ... of the framed picture, columns left, left + 1, ..., or the same backward"


@flip_and_crop.property("every result is its own picture, shifted by up to `padding` and perhaps mirrored", after="fc_shape")
def fc_window(student, rng):
    for shape, padding in (((40, 3, 5, 4), 2), ((40, 1, 3, 6), 1), ((30, 2, 4, 4), 3)):
        x = numbered(*shape)
        got = flipped(student, rng, x, 0.5, padding)
        wrong = int((which_view(got, x, padding) < 0).sum())
        tried = f"{shape[0]} pictures of shape {shape[1:]}, p = 0.5, padding = {padding}"
        if wrong:
            look = crop_slip(got, x, padding)
            raise Wrong(
                tried=tried, got=f"{wrong} results that no crop and flip can give", expected="a window in the framed picture", look=look
            )


@flip_and_crop.property("every picture of a batch has draws of its own", after="fc_window")
def fc_own_draws(student, rng):
    x = numbered(60, 1, 5, 4)
    for p, padding, what in ((0.5, 0, "mirrored"), (0.0, 2, "shifted")):
        chosen = which_view(flipped(student, rng, x, p, padding), x, padding)
        look = "one draw for the whole batch: give the generator a size, one number for each picture"
        tried = f"60 pictures, p = {p:g}, padding = {padding}"
        expect(len(chosen.unique()) > 1, tried=tried, got=f"all of them {what} alike", expected="some so, some otherwise", look=look)


@flip_and_crop.property("all shifts are equally likely, and a share p is mirrored", after="fc_own_draws")
def fc_even(student, rng):
    x, p, padding = numbered(6000, 1, 4, 5), 0.3, 2
    chosen = which_view(flipped(student, rng, x, p, padding), x, padding).numpy()
    mirror, row, column = np.unravel_index(np.maximum(chosen, 0), (2, 5, 5))
    # Of a mirrored picture views counts the same corner, whichever of the two came first.
    tried = "6,000 pictures, p = 0.3, padding = 2"
    look = "a share p is mirrored: rng.random(...) < p"
    expect_frequency(np.bincount(mirror, minlength=2), [0.7, 0.3], tried, ["left as they are", "mirrored"], look)
    expect(len(set(zip(row, column, strict=True))) > 5, tried=tried, got="only five different shifts", expected="25",
           look="draw rows and columns apart: these always move along the diagonal")  # fmt: skip
    look = "corners go evenly from 0 to 2 padding; rng.integers(low, high) never draws high itself"
    for axis, name in ((row, "row"), (column, "column")):
        expect_frequency(np.bincount(axis, minlength=5), np.full(5, 0.2), tried, [f"corner in {name} {k}" for k in range(5)], look)
    words = [f"the corner ({a}, {b}), {'mirrored' if m else 'not mirrored'}," for m in range(2) for a in range(5) for b in range(5)]
    look = "the three draws must not depend on each other"
    joint = np.bincount(mirror * 25 + row * 5 + column, minlength=50)
    expect_frequency(joint, np.repeat([0.7 / 25, 0.3 / 25], 25), tried, words, look)


@flip_and_crop.property("all draws come from rng", after="fc_shape")
def fc_generator(student, rng):
    expect_own_generator(student, student.flip_and_crop, start(rng), (numbered(30, 1, 4, 4),), (0.5, 2), "30 pictures")


@flip_and_crop.property("the pictures that came in stay as they were")
def fc_unchanged(student, rng):
    for p, padding in ((1.0, 0), (0.5, 2)):
        x = numbered(8, 2, 4, 4)
        with unchanged(f"8 pictures, p = {p:g}, padding = {padding}", x=x):
            beside(student, references.drawn)(student.flip_and_crop, start(rng), (x,), (p, padding))


# ---- cutout -----------------------------------------------------------------------------------------------------------


def squares(height, width, size):
    """The masks of all centers, (H W, H, W)."""
    top, left = np.arange(height) - size // 2, np.arange(width) - size // 2
    rows = (np.arange(height) >= top[:, None]) & (np.arange(height) < top[:, None] + size)  # (centers, H)
    columns = (np.arange(width) >= left[:, None]) & (np.arange(width) < left[:, None] + size)
    return torch.from_numpy(rows[:, None, :, None] & columns[None, :, None, :]).reshape(-1, height, width)


def cut(student, rng, x, size):
    """One call of the learner's function on a copy."""
    return beside(student, references.drawn)(student.cutout, start(rng), (x.clone(), size))


@cutout.property("the pictures keep shape and dtype")
def co_shape(student, rng):
    for shape, dtype in (((3, 2, 5, 4), torch.float32), ((1, 1, 3, 6), torch.float64)):
        x = normal(rng, *shape, dtype=dtype)
        expect_like(cut(student, rng, x, 2), x, f"pictures of shape {shape}, {dtype}, size 2")


def square_slip(got, x, size):
    """What may be wrong with a blank area that is no square with its center in the picture."""
    blank = got == 0
    if not blank.any():
        return "nothing is 0: the square is filled with 0"
    if not torch.equal(got[~blank], x[~blank]):
        return "numbers outside of the square have changed"
    if not (blank == blank[:, :1]).all():
        return "the channels have squares of their own: one square for each picture, through all channels"
    rows, columns = blank[:, 0].all(2).any(1), blank[:, 0].all(1).any(1)
    if (rows | columns).all() and size < min(x.shape[2:]):
        return "whole rows and columns are blank: a pixel is in the square if its row AND its column are"
    tall, wide = blank[:, 0].any(2).sum(1).max(), blank[:, 0].any(1).sum(1).max()
    if max(tall, wide) != size:
        return f"the largest is {tall} by {wide}: from top to top + size - 1, so rows < top + size"
    return "the square begins size // 2 above and to the left of its center, and what lies outside is just cut off"


@cutout.property("in each picture a square is 0, in all channels, and the rest is untouched", after="co_shape")
def co_square(student, rng):
    for shape, size in (((60, 3, 7, 8), 4), ((60, 2, 8, 6), 3), ((20, 1, 5, 5), 1), ((20, 2, 4, 5), 20)):
        x = numbered(*shape)
        got = cut(student, rng, x, size)
        masks = squares(*shape[2:], size)
        match = ((got[:, None] == 0) == masks[None, :, None]).flatten(2).all(2).any(1)
        match &= torch.where(got == 0, x, got).eq(x).flatten(1).all(1)
        tried, wrong = f"{shape[0]} pictures of shape {shape[1:]}, size {size}", int((~match).sum())
        if wrong:
            look = square_slip(got, x, size)
            raise Wrong(tried=tried, got=f"{wrong} pictures without such a square", expected=f"a square of {size} by {size}", look=look)


@cutout.property("the center may be any pixel, all equally likely, for each picture anew", after="co_square")
def co_centers(student, rng):
    height, width = 4, 5
    x = torch.ones(6000, 1, height, width)
    got = cut(student, rng, x, 3)
    match = ((got[:, 0, None] == 0) == squares(height, width, 3)[None]).flatten(2).all(2)
    counts, tried = match.sum(0).numpy(), "6,000 pictures of 4 by 5, size 3"
    look = "one draw for the whole batch: give rng.integers a size, one center for each picture"
    expect((counts > 0).sum() > 1, tried=tried, got="the same square in all", expected="20 different ones", look=look)
    rim = np.ones((height, width), bool)
    rim[1:-1, 1:-1] = False
    look = "centers on the rim never occur: the square may stick out" if not counts[rim.ravel()].any() else (
        "rows are drawn from 0 to H - 1, columns from 0 to W - 1, apart; rng.integers never draws its upper end")  # fmt: skip
    words = [f"the center ({a}, {b})" for a in range(height) for b in range(width)]
    expect_frequency(counts, np.full(20, 0.05), tried, words, look)


@cutout.property("all draws come from rng", after="co_shape")
def co_generator(student, rng):
    expect_own_generator(student, student.cutout, start(rng), (numbered(30, 1, 6, 6), 3), (), "30 pictures")


@cutout.property("the pictures that came in stay as they were")
def co_unchanged(student, rng):
    x = numbered(8, 2, 6, 6)
    with unchanged("8 pictures, size 3", x=x):
        beside(student, references.drawn)(student.cutout, start(rng), (x, 3))


# ---- mixup ------------------------------------------------------------------------------------------------------------


def pair(result, tried):
    """The two tensors that mixup returns."""
    if not isinstance(result, tuple | list) or len(result) != 2:
        got = f"{len(result)} values" if isinstance(result, tuple | list) else describe(result)
        raise Wrong(tried=tried, got=got, expected="two values: pictures and targets", look="return both")
    return [tensor(each, tried) for each in result]


def mixing(student, rng, count, alpha):
    """The matrices by which pictures and targets are mixed, (count, count) each: row n says what result n is made of."""
    eye = torch.eye(count, dtype=torch.float64)
    tried = f"{count} pictures, alpha = {alpha:g}"
    made = beside(student, references.drawn)(student.mixup, start(rng), (eye.reshape(count, count, 1, 1).clone(), eye.clone(), alpha))
    pictures, targets = pair(made, tried)
    expect_shape(pictures, (count, count, 1, 1), tried=tried)
    expect_shape(targets, (count, count), tried=tried)
    return pictures[:, :, 0, 0], targets, tried


@mixup.property("pictures and targets keep shape and dtype")
def mu_shape(student, rng):
    for count, size, classes, dtype in (
        (6, (2, 3, 4), 5, torch.float32),
        (1, (1, 2, 2), 3, torch.float64),
        (3, (3, 3, 3), 3, torch.float32),
    ):
        x, targets = normal(rng, count, *size, dtype=dtype), torch.eye(classes, dtype=dtype)[np.arange(count) % classes]
        tried = f"{count} pictures of shape {size} and targets of shape {tuple(targets.shape)}, {dtype}"
        made = beside(student, references.drawn)(student.mixup, start(rng), (x.clone(), targets.clone(), 0.5))
        for got, want in zip(pair(made, tried), (x, targets), strict=True):
            expect_like(got, want, tried)


@mixup.property("each result is a picture and one other, with weights that add up to 1", after="mu_shape")
def mu_pairs(student, rng):
    pictures, _, tried = mixing(student, rng, 40, 2.0)
    sums = pictures.sum(1)
    expect_close(sums, 1.0, tried=tried + "; sum of the weights in each result", look="a and 1 - a: the partner's weight is what is left")
    look = "a x + (1 - a) x[partner]: two pictures in each result, none with a negative weight"
    enough = ((pictures > 0).sum(1) <= 2).all() and (pictures >= 0).all()
    expect(enough, tried=tried, got=f"up to {int((pictures != 0).sum(1).max())} pictures in a result", expected="two", look=look)
    look = "picture n itself must be in result n, or its name is lost"
    expect(
        (pictures.diagonal() > 0).all(),
        tried=tried,
        got="a result without its own picture",
        expected="two pictures, one its own",
        look=look,
    )


@mixup.property("targets are mixed as the pictures are", after="mu_shape")
def mu_alike(student, rng):
    pictures, targets, tried = mixing(student, rng, 40, 2.0)
    slips = {
        "the targets are those of before: mix them too": torch.eye(40, dtype=torch.float64),
        "a and 1 - a have changed places for the targets": swapped(pictures),
    }
    default = "the same weight and the same partner for both: draw once, use twice"
    expect_close(
        targets, pictures, tried=tried + "; weights in the targets against those in the pictures", look=blame(targets, slips, default)
    )


def swapped(matrix):
    """The mixing with a and 1 - a exchanged."""
    other = matrix - torch.diag(matrix.diagonal())
    share = other.sum(1, keepdim=True)
    return torch.diag(share[:, 0]) + torch.where(share > 0, other / share, 0) * matrix.diagonal()[:, None]


@mixup.property("the partners are a random permutation: everyone is a partner once", after="mu_pairs")
def mu_permutation(student, rng):
    chosen = []
    for _ in range(2):
        pictures, _, tried = mixing(student, rng, 40, 2.0)
        others = pictures.clone().fill_diagonal_(0) > 1e-12
        alone = ~others.any(1)  # its own partner
        times = others.sum(0) + alone
        look = "some are partners several times, some never: take rng.permutation(n), not n draws with repetition"
        expect((times == 1).all(), tried=tried, got=f"one that is a partner {int(times.max())} times", expected="each once", look=look)
        partner = torch.where(alone, torch.arange(40), others.int().argmax(1))
        chosen.append(partner)
        steps = (partner - torch.arange(40)) % 40
        fixed = len(steps.unique()) == 1 or torch.equal(partner, torch.arange(40).flip(0))
        look = "neighbors, or first with last: fine if someone shuffled the batch before, but here draw rng.permutation(n)"
        expect(not fixed, tried=tried, got="the same step from each picture to its partner", expected="a random order", look=look)
    look = "the order is not drawn from rng"
    expect(not torch.equal(*chosen), tried="two batches of 40", got="the same partners", expected="new ones", look=look)


@mixup.property("each picture has a weight of its own, from Beta(alpha, alpha)", after="mu_pairs")
def mu_weights(student, rng):
    for alpha in (0.2, 1.0, 4.0):
        weights = []
        for _ in range(4):
            pictures, _, tried = mixing(student, rng, 400, alpha)
            mine = pictures.diagonal()
            weights.append(mine[mine < 1].numpy())  # 1: its own partner
        weights = np.concatenate(weights)
        look = "one weight for the whole batch, as in the authors' code; here each picture draws its own: rng.beta(alpha, alpha, n)"
        expect(len(np.unique(weights.round(9))) > 100, tried=tried, got="few different weights", expected="one for each picture", look=look)
        spread = 1 / (4 * (2 * alpha + 1))
        look = (
            "weights are rng.beta(alpha, alpha, n) as they come: with both parameters alpha, and without taking the larger of a and 1 - a"
        )
        tried = f"1,600 pictures, alpha = {alpha:g}"
        expect(abs(weights.mean() - 0.5) < 6 * np.sqrt(spread / len(weights)), tried=tried + "; mean weight",
               got=f"{weights.mean():.3f}", expected="about 0.5", look=look)  # fmt: skip
        expect(abs(weights.var() / spread - 1) < 0.15, tried=tried + "; variance of the weights",
               got=f"{weights.var():.4f}", expected=f"about {spread:.4f} = 1 / (4 (2 alpha + 1))", look=look)  # fmt: skip


@mixup.property("all draws come from rng", after="mu_shape")
def mu_generator(student, rng):
    first = (normal(rng, 20, 1, 2, 2), torch.eye(20, dtype=torch.float64), 0.7)
    expect_own_generator(student, student.mixup, start(rng), first, (), "20 pictures, alpha = 0.7")


@mixup.property("the pictures and targets that came in stay as they were")
def mu_unchanged(student, rng):
    x, targets = normal(rng, 8, 2, 3, 3), torch.eye(8, dtype=torch.float64)
    with unchanged("8 pictures, alpha = 1", x=x, targets=targets):
        beside(student, references.drawn)(student.mixup, start(rng), (x, targets, 1.0))


# ---- drop -------------------------------------------------------------------------------------------------------------

AXES = {"unit": 4, "channel": 2, "example": 1, "batch": 0}


@drop.property("outside of training h comes back as it is")
def dr_eval(student, rng):
    for per in AXES:
        h = normal(rng, 5, 3, 2, 2)
        look = "at prediction nothing is dropped and nothing is scaled: the division in training has done it"
        expect_close(student.drop(h.clone(), 0.5, per, False), h, tried=f"training=False, p = 0.5, per={per!r}", look=look)


@drop.property("in training each number becomes 0 or h / (1 - p), in the shape and dtype of h")
def dr_values(student, rng):
    for p, per, shape, dtype in (
        (0.2, "unit", (30, 9), torch.float64), (0.75, "channel", (20, 9, 2, 3), torch.float32), (0.5, "example", (50, 2, 3), torch.float64),
        (0.3, "batch", (4, 3), torch.float64), (0.0, "unit", (6, 5), torch.float32),
    ):  # fmt: skip
        h = normal(rng, *shape, dtype=dtype)
        tried = f"random h of shape {shape}, {dtype}, p = {p:g}, per={per!r}"
        got = student.drop(h.clone(), p, per)
        expect_like(got, h, tried)
        if per == "batch":  # one switch: look until it was on
            got = next((each for each in (student.drop(h.clone(), p, per) for _ in range(40)) if each.any()), got)
        on = got != 0
        expect(on.any(), tried=tried, got="nothing but zeros", expected="some numbers left", look="a switch is off with probability p")
        slips = {
            "kept numbers are not scaled: divide by 1 - p, or the mean is too small": h[on],
            "divided by p: the share that is kept is 1 - p": h[on] / p if p else h[on],
            "multiplied by 1 - p: divide, so that the mean stays": h[on] * (1 - p),
        }
        look = blame(got[on], slips, "kept numbers are h / (1 - p)")
        expect_close(got[on].double(), h[on].double() / (1 - p), tried=tried + "; where it is not 0", look=look, tol=1e-6)


@drop.property("a number is dropped with probability p", after="dr_values")
def dr_rate(student, rng):
    for p in (0.1, 0.7):
        zero = int((student.drop(torch.ones(100, 200), p) == 0).sum())
        look = "p is the probability to drop, 1 - p to keep: a switch is on where torch.rand(...) >= p"
        expect_frequency([zero, 20_000 - zero], [p, 1 - p], f"20,000 numbers, p = {p:g}", ["dropped", "kept"], look)


@drop.property("switches are shared as `per` says, and by nobody else", after="dr_values")
def dr_sharing(student, rng):
    for shape in ((60, 20, 3, 2), (60, 20)):
        for per, axes in AXES.items():
            tried = f"ones of shape {shape}, p = 0.5, per={per!r}"
            off = student.drop(torch.ones(shape, dtype=torch.float64), 0.5, per) == 0
            own = min(axes, len(shape))
            units = off.reshape(*shape[:own], -1)
            look = f"shape of the switches: {(*shape[:own], *(1,) * (len(shape) - own))}"
            expect(
                (units == units[..., :1]).all(),
                tried=tried,
                got="numbers that should share a switch, apart",
                expected="together",
                look=look,
            )
            for axis in range(own):  # along an axis with switches of their own, neighbors agree half of the time
                moved = (off == off.roll(1, axis)).double().mean(axis)
                expect(moved.min() < 1, tried=tried, got=f"all the same along axis {axis}", expected="independent of each other", look=look)


@drop.property("the slope of h is 0 or 1 / (1 - p), as its number was", after="dr_values")
def dr_slope(student, rng):
    for per in ("unit", "example"):
        h = 1 + normal(rng, 20, 6) ** 2
        out, slope = beside(student, references.slopes_of_drop)(student.drop, h, 0.4, per)
        expect_close(slope, out / h, tried=f"the gradient of the sum of the outputs, p = 0.4, per={per!r}", look="the switches multiply h")


@drop.property("the noise is new in each call and comes from torch's generator", after="dr_values")
def dr_generator(student, rng):
    first, again, third = beside(student, references.dropped_twice)(student.drop, torch.ones(20, 20), 0.5, "unit")
    look = "draw with torch.rand and its own generator, which torch.manual_seed seeds"
    expect(torch.equal(first, again), tried="twice after torch.manual_seed(7)", got="different noise", expected="the same", look=look)
    look = "the seed must not be set inside of the function"
    expect(not torch.equal(first, third), tried="two calls in a row", got="the same noise", expected="new noise", look=look)


@drop.property("h stays as it was")
def dr_unchanged(student, rng):
    for per in AXES:
        h = normal(rng, 10, 4)
        with unchanged(f"p = 0.5, per={per!r}", h=h):
            student.drop(h, 0.5, per)


# ---- smooth_cross_entropy ---------------------------------------------------------------------------------------------


def loss_case(student, logits, targets, eps, tried):
    """The learner's loss against torch's."""
    got = student.smooth_cross_entropy(logits.clone(), targets.clone(), eps)
    want = F.cross_entropy(logits, targets, label_smoothing=eps)
    expect_shape(tensor(got, tried), (), tried=tried, look="one number: the mean over the examples")
    count, classes = logits.shape
    soft = F.one_hot(targets, classes).double() if targets.ndim == 1 else targets
    log_q = logits.log_softmax(1)

    def loss(goal):
        return -(goal * log_q).sum(1).mean()

    slips = {
        "the sum over the examples: the loss is their mean": want * count,
        "the mean over all entries: sum over the classes, then the mean over the examples": want / classes,
        "the right class gets a share of eps too: eps / K for all K": loss((1 - eps) * soft + eps / max(1, classes - 1) * (1 - soft)),
        "the targets add up to more than 1: (1 - eps) times the old ones, plus eps / K": loss(soft + eps / classes),
        "eps for each class is K times too much: eps / K": loss((1 - eps) * soft + eps),
        "no smoothing is in it": loss(soft),
        "one-hot targets are integers, and 0.9 times an integer tensor is float32: .to(logits.dtype) first": loss(
            ((1 - eps) * F.one_hot(targets, classes) + eps / classes).double() if targets.ndim == 1 else soft
        ),
        "log_softmax over the batch: the classes are axis 1": -(((1 - eps) * soft + eps / classes) * logits.log_softmax(0)).sum(1).mean(),
    }  # fmt: skip
    expect_close(
        got, want, tried=tried, look=blame(got, slips, "minus the sum over k of the smoothed target times log q, mean over examples")
    )


@smooth_cross_entropy.property("targets that are class numbers: torch's value, with any eps")
def ce_labels(student, rng):
    for count, classes, eps in ((5, 4, 0.0), (7, 10, 0.1), (1, 2, 0.5), (4, 3, 1.0), (3, 3, 0.2)):
        labels = torch.from_numpy(rng.integers(0, classes, count))
        tried = f"{count} examples of {classes} classes, eps = {eps:g}"
        loss_case(student, 2 * normal(rng, count, classes), labels, eps, tried)


@smooth_cross_entropy.property("targets that are probabilities: torch's value, with any eps")
def ce_soft(student, rng):
    for count, classes, eps in ((5, 4, 0.0), (7, 10, 0.1), (1, 2, 0.5), (3, 3, 0.2)):
        tried = f"{count} soft targets of {classes} classes, eps = {eps:g}"
        loss_case(student, 2 * normal(rng, count, classes), normal(rng, count, classes).softmax(1), eps, tried)


@smooth_cross_entropy.property("logits of 10,000 give no infinity and no nan")
def ce_extreme(student, rng):
    logits = torch.tensor([[1e4, -1e4, 0.0], [-1e4, 0.0, 1e4]], dtype=torch.float64)
    got = student.smooth_cross_entropy(logits.clone(), torch.tensor([0, 1]), 0.1)
    want = F.cross_entropy(logits, torch.tensor([0, 1]), label_smoothing=0.1)
    look = "the logarithm of a softmax that has become 0: use logits.log_softmax(1)"
    expect_close(got, want, tried="logits of 10,000 and -10,000", look=look, tol=1e-6)


@smooth_cross_entropy.property("its slope in the logits is (softmax - smoothed target) / N", after="ce_labels")
def ce_slope(student, rng):
    logits, labels = normal(rng, 6, 5), torch.from_numpy(rng.integers(0, 5, 6))
    got = beside(student, references.slopes_of_loss)(student.smooth_cross_entropy, logits, labels, 0.3)
    want = (logits.softmax(1) - (0.7 * F.one_hot(labels, 5).double() + 0.3 / 5)) / 6
    expect_close(got, want, tried="6 examples of 5 classes, eps = 0.3; the gradient", look="nothing on the way may be detached")


@smooth_cross_entropy.property("the work is your own, and logits and targets stay as they were", after="ce_labels")
def ce_own(student, rng):
    logits, targets = normal(rng, 4, 3), normal(rng, 4, 3).softmax(1)
    with unchanged("4 soft targets, eps = 0.1", logits=logits, targets=targets):
        student.smooth_cross_entropy(logits, targets, 0.1)
    found = beside(student, references.ready_made)(student.smooth_cross_entropy, logits, targets, 0.1)
    look = "compare with PyTorch's loss afterwards, but do not call it"
    expect(not found, tried="4 soft targets", got=f"a call of {', '.join(found)}", expected="your own computation", look=look)


# ---- adamw_step -------------------------------------------------------------------------------------------------------

STEP_NAMES = ("w", "m", "v")


def steps_of(student, start_w, grads, lr, decay, betas, tried):
    """The learner's steps, one for each gradient: w, m, v."""
    w, m, v = start_w.clone(), torch.zeros_like(start_w), torch.zeros_like(start_w)
    for t, grad in enumerate(grads, 1):
        result = student.adamw_step(w.clone(), grad.clone(), m.clone(), v.clone(), t, lr, decay, betas)
        if not isinstance(result, tuple | list) or len(result) != 3:
            got = f"{len(result)} values" if isinstance(result, tuple | list) else describe(result)
            raise Wrong(tried=tried, got=got, expected="three values: w, m, v", look="the last line of the docstring")
        w, m, v = (tensor(each, tried) for each in result)
        expect_shape(w, tuple(start_w.shape), tried=tried + "; w")
    return w, m, v


def torchs(start_w, grads, lr, decay, betas, kind=torch.optim.AdamW):
    """w after the same steps of torch's optimizer."""
    w = start_w.clone().requires_grad_()
    optimizer = kind([w], lr=lr, betas=betas, weight_decay=decay)
    for grad in grads:
        w.grad = grad.clone()
        optimizer.step()
    return w.detach()


def moments(grads, betas, corrected=False):
    """m and v after these gradients."""
    m = v = torch.zeros_like(grads[0])
    for grad in grads:
        m, v = betas[0] * m + (1 - betas[0]) * grad, betas[1] * v + (1 - betas[1]) * grad**2
    return (m / (1 - betas[0] ** len(grads)), v / (1 - betas[1] ** len(grads))) if corrected else (m, v)


def expect_steps(student, rng, shape, count, decay, betas, look=""):
    """`count` steps on random gradients end where torch's AdamW ends."""
    start_w, grads = normal(rng, *shape), [normal(rng, *shape) for _ in range(count)]
    lr, tried = 0.05, f"{count} step{'s' if count > 1 else ''} from random w of shape {shape}, decay = {decay:g}, betas = {betas}"
    got = steps_of(student, start_w, grads, lr, decay, betas, tried)[0]
    applied = decay if len(shape) > 1 else 0.0
    want = torchs(start_w, grads, lr, applied, betas)
    m, v = moments(grads, betas)
    u = moments(grads, betas, True)
    slips = {
        "this is L2 inside of Adam: keep the decay out of the gradient": torchs(start_w, grads, lr, applied, betas, torch.optim.Adam),
        "nothing decayed: tensors with two or more axes do": torchs(start_w, grads, lr, 0.0, betas),
        "this has decayed, but tensors with fewer than two axes are left alone": torchs(start_w, grads, lr, decay, betas),
        "the decay is not multiplied by the learning rate: (1 - lr * decay) * w": torchs(start_w, grads, lr, applied / lr, betas),
        "the weights grew: the factor is 1 - lr * decay": torchs(start_w, grads, lr, applied, betas) + 2 * lr * applied * start_w,
        "uphill: subtract lr times u": (1 - lr * applied) * start_w + lr * u[0] / (u[1].sqrt() + 1e-8),
        "m and v are not corrected for their start at 0: divide by 1 - beta**t": (1 - lr * applied) * start_w - lr * m / (v.sqrt() + 1e-8),
    }  # fmt: skip
    expect_close(
        got, want, tried=tried + "; w", look=look or blame(got, slips, "follow the four formulas of section 6, one line each"), tol=1e-8
    )


@adamw_step.property("the first step is that of torch.optim.AdamW")
def ad_first(student, rng):
    for shape, decay, betas in (((3, 4), 0.0, (0.9, 0.999)), ((3, 4), 0.5, (0.9, 0.999)), ((2, 3, 2, 2), 0.3, (0.5, 0.8))):
        expect_steps(student, rng, shape, 1, decay, betas)


@adamw_step.property("ten steps are those of torch.optim.AdamW", after="ad_first")
def ad_ten(student, rng):
    look = "the first step agrees, later ones do not: what happens to t, and to the m and v that were handed in?"
    for shape, decay, betas in (((3, 4), 0.5, (0.9, 0.999)), ((1, 1), 0.2, (0.8, 0.95)), ((2, 3, 2, 2), 1.0, (0.9, 0.999))):
        expect_steps(student, rng, shape, 10, decay, betas, look)


@adamw_step.property("tensors with fewer than two axes do not decay")
def ad_vectors(student, rng):
    for shape in ((5,), ()):
        expect_steps(student, rng, shape, 3 if shape else 1, 0.5, (0.9, 0.999))


@adamw_step.property("m and v are the running means of the gradient and its square, and the decay is not in them")
def ad_moments(student, rng):
    betas = (0.9, 0.99)
    start_w, grads = 3 + normal(rng, 3, 2), [normal(rng, 3, 2) for _ in range(4)]
    tried = "four steps with decay = 0.5"
    _, *got = steps_of(student, start_w, grads, 0.01, 0.5, betas, tried)
    handed_on = {"m": torch.zeros(3, 2, dtype=torch.float64), "v": torch.zeros(3, 2, dtype=torch.float64)}  # corrected anew in each step
    for t, grad in enumerate(grads, 1):
        for (name, old), beta, new in zip(handed_on.items(), betas, (grad, grad**2), strict=True):
            handed_on[name] = (beta * old + (1 - beta) * new) / (1 - beta**t)
    for name, mine, plain, corrected in zip("mv", got, moments(grads, betas), moments(grads, betas, True), strict=True):
        look = f"return {name} as it is; the division by 1 - beta**t is only for u"
        slips = {look: handed_on[name] if same(mine, handed_on[name]) else corrected}
        default = f"{name} knows only the gradients: no decay, and beta times the old one plus 1 - beta times the new one"
        expect_close(mine, plain, tried=f"{tried}; {name}", look=blame(mine, slips, default))


@adamw_step.property("w, the gradient, m and v that came in stay as they were")
def ad_unchanged(student, rng):
    w, grad, m, v = normal(rng, 3, 2), normal(rng, 3, 2), normal(rng, 3, 2), normal(rng, 3, 2) ** 2
    with unchanged("step number 3 with decay = 0.5", w=w, grad=grad, m=m, v=v):
        student.adamw_step(w, grad, m, v, 3, 0.01, 0.5)
