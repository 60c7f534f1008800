"""What proves the answers of the lab cnn-convolution right.

PyTorch's own functions are the reference, in float64. While a later task is checked, `windows` is replaced by the one in given.py,
so that a mistake there costs one task.
"""

import torch
import torch.nn.functional as F

from scratchlab import measure
from scratchlab.checks import Wrong, beside, describe, expect, expect_close, expect_shape, given, load_given, task, unchanged

references = load_given(__file__)

TORCHS_OWN = {
    "convolution", "convolution_overrideable", "convolution_backward", "convolution_backward_overrideable", "_convolution", "conv2d",
    "mkldnn_convolution", "thnn_conv2d", "_slow_conv2d_forward", "im2col", "col2im", "max_pool2d_with_indices", "max_pool2d",
    "max_pool2d_with_indices_backward", "max_unpool2d", "mkldnn_max_pool2d",
}  # fmt: skip

# ---------------------------------------------------------------- inputs and tools


def normal(rng, *shape, dtype=torch.float64):
    """Standard normal numbers."""
    return torch.from_numpy(rng.standard_normal(shape)).to(dtype)


def layer(rng, *, batch=2, channels=3, filters=4, size=(9, 11), kernel=(3, 2), groups=1, dtype=torch.float64):
    """Random pictures (batch, channels, *size) and weights (filters, channels / groups, *kernel)."""
    return normal(rng, batch, channels, *size, dtype=dtype), normal(rng, filters, channels // groups, *kernel, dtype=dtype)


def copies(tensors):
    """Copies, so that code which changes its arguments fails only the property that says so."""
    return [each.clone() if isinstance(each, torch.Tensor) else each for each in tensors]


def said(x, weight, options):
    """The inputs in words."""
    named = "".join(f", {name}={value}" for name, value in options.items())
    return f"random x {tuple(x.shape)}, weight {tuple(weight.shape)}{named}"


def tensors(result, names, tried):
    """The tensors that a function returns, or a message in the learner's words if there are others than `names` of them."""
    if not isinstance(result, tuple | list) or len(result) != len(names):
        got = f"{len(result)} values" if isinstance(result, tuple | list) else describe(result)
        raise Wrong(
            tried=tried, got=got, expected=f"{len(names)} values: {', '.join(names)}", look="the last line of the docstring says which"
        )
    return [tensor(each, tried) for each in result]


def tensor(value, tried, look="the last line of the docstring says what comes back"):
    """`value` if it is a tensor, or a message."""
    if not isinstance(value, torch.Tensor):
        raise Wrong(tried=tried, got=describe(value), expected="a tensor", look=look)
    return value


def same(got, want):
    """Whether two tensors are equal up to rounding."""
    return isinstance(got, torch.Tensor) and got.shape == want.shape and torch.allclose(got.double(), want.double(), rtol=1e-9, atol=1e-9)


def blame(got, slips, default):
    """The words for the mistake that would give exactly `got`; `slips` maps words to a function that makes this mistake."""
    for look, make in slips.items():
        try:
            if same(got, make()):
                return look
        except RuntimeError:  # this mistake does not fit these shapes
            continue
    return default


def listed(student, function, *args, tried, **named):
    """The operations of torch that a call executes while autograd is out of reach."""
    try:
        return beside(student, references.operations)(function, *args, **named)
    except RuntimeError as error:
        if "grad" not in str(error):
            raise
        raise Wrong(
            tried=tried,
            got=f"RuntimeError: {error}",
            expected="gradients computed by your own lines, with autograd out of reach",
            look="write down the three formulas of section 4; torch.autograd is for comparing afterwards",
        ) from None


def expect_own_work(student, function, *args, tried, **named):
    """The operations that a call executes, none of which may be torch's own convolution or pooling."""
    names = listed(student, function, *args, tried=tried, **named)
    found = sorted(TORCHS_OWN.intersection(names))
    expect(
        not found,
        tried=tried,
        got=f"a call of torch's own {', '.join(found)}",
        expected="your own computation",
        look="F.conv2d, F.unfold, F.fold and F.max_pool2d are what you are building here; compare with them, but do not call them",
    )
    return names


# ---------------------------------------------------------------- 1. and 3.: convolution, two ways

conv2d_loops = task(
    "conv2d_loops",
    hints=(
        "Make an output of zeros of the right shape. For each of its entries cut the patch that the filter sees, multiply, add up.",
        "The patch: picture n, the channels of f's group, rows i * stride + u * dilation for u = 0 ... K_h - 1, columns likewise. A group "
        "has C / groups channels and F / groups filters, so filter f belongs to group f // (F // groups).",
        "`padded = pad(x, padding)`; `for n, f, i, j in product(range(batch), range(filters), range(rows), range(columns)):`, "
        "`first = f // (filters // groups) * depth`, `patch = padded[n, first : first + depth, every(i * stride, k_h, dilation), ...]`",
    ),
)
conv2d = task(
    "conv2d",
    hints=(
        "The windows hold all that is needed, with the axes to sum over in front of the axes of places. Flatten both kinds, multiply.",
        "patches (N, C, K_h, K_w, H', W') -> (N, G, C/G * K_h * K_w, H' * W'); weight -> (G, F/G, C/G * K_h * K_w); their product is "
        "(N, G, F/G, H' * W'), and reshape makes (N, F, H', W') of it.",
        "`patches = windows(x, weight.shape[2:], stride=stride, padding=padding, dilation=dilation)`; "
        "`kernels = weight.reshape(groups, filters // groups, -1)`; `y = kernels @ patches.reshape(batch, groups, kernels.shape[2], -1)`",
    ),
)


def convolution_slips(x, weight, options):
    """What known mistakes would return, by the words that name them."""
    o = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1} | options
    filters, channels, groups = len(weight), x.shape[1], o["groups"]

    turns = torch.arange(filters).reshape(-1, groups).T.flatten()  # filters that take turns among the groups
    take_turns = "the filters take turns among the groups; but the first F / groups filters belong to group 0, the next to group 1"

    def exchanged():
        rows, columns = F.conv2d(x, weight, **o).shape[2:]
        roomy = F.pad(x, (o["padding"], o["padding"] + 40, o["padding"], o["padding"] + 40))
        return F.conv2d(roomy, weight, stride=o["dilation"], dilation=o["stride"], groups=groups)[:, :, :rows, :columns]

    def mixed_channels():
        order = torch.arange(channels).reshape(-1, groups).T.flatten()
        return F.conv2d(x[:, order], weight, **o)

    def first_group():
        return F.conv2d(x[:, : channels // groups], weight, **(o | {"groups": 1}))

    def next_channel():
        picked = [torch.arange(f, f + channels // groups) % channels for f in range(filters)]
        return torch.cat([F.conv2d(x[:, each], weight[f : f + 1], **(o | {"groups": 1})) for f, each in enumerate(picked)], 1)

    return {
        "this is the sum with the kernel flipped: here the weight w[u, v] meets the pixel at +u, +v, as in the formula": lambda: F.conv2d(
            x, weight.flip(2, 3), **o
        ),
        "rows and columns are exchanged in the kernel": lambda: F.conv2d(x, weight.mT.reshape(weight.shape), **o),
        "stride and dilation have changed places: stride multiplies the place i, dilation the weight's position u": exchanged,
        "the dilation is ignored: the weights' pixels lie `dilation` apart": lambda: F.conv2d(x, weight, **(o | {"dilation": 1})),
        take_turns: lambda: F.conv2d(x, weight[turns], **o)[:, turns.argsort()],
        take_turns + ".": lambda: F.conv2d(x, weight[turns], **o),
        "a group takes every second (third, ...) channel; but the first C / groups channels belong to group 0, the next to group 1": (
            mixed_channels
        ),
        "every filter looks at the channels of group 0": first_group,
        "filter f starts at channel f; it must start at the first channel of its group": next_channel,
        "the places are still numbered by one axis: reshape it to H' rows and W' columns": lambda: F.conv2d(x, weight, **o).flatten(2),
        "only the first channel is summed": lambda: F.conv2d(x[:, :1], weight[:, :1], **(o | {"groups": 1})),
    }


MISFIT = {
    "conv2d_loops": "patch and weight[f] must both be (C / groups, K_h, K_w). Does the patch have K_h rows and K_w columns, "
    "`dilation` apart, from row i * stride and column j * stride on? Pictures and kernels need not be square",
    "conv2d": "print the shapes: kernels (G, F/G, k) times windows (N, G, k, l), with k = C/G * K_h * K_w and l = H' * W'",
}


def convolution_properties(checked, name):
    """The properties that hold for both convolutions; `name` is the learner's function."""

    def call(student, x, weight, bias=None, **options):
        try:
            with given(student, windows=references.windows):
                return getattr(student, name)(*copies([x, weight, bias]), **options)
        except NotImplementedError:
            raise
        except RuntimeError as error:
            want = F.conv2d(x, weight, bias, **options).shape
            tried = said(x, weight, options)
            raise Wrong(tried=tried, got=f"RuntimeError: {error}", expected=f"shape {tuple(want)}", look=MISFIT[name]) from None

    def agrees(student, x, weight, bias=None, look="", **options):
        tried = said(x, weight, options) + ("" if bias is None else ", a bias")
        want, got = F.conv2d(x, weight, bias, **options), tensor(call(student, x, weight, bias, **options), tried)
        expect_close(got, want, tried=tried, look=blame(got, convolution_slips(x, weight, options), look) if bias is None else look)

    @checked.property("the output has the shape that output_size foretells, and the dtype of x")
    def shape_and_dtype(student, rng):
        for size, kernel, options in (
            ((7, 9), (3, 3), {}),
            ((7, 10), (3, 2), {"stride": 2, "padding": 1}),
            ((8, 5), (2, 3), {"stride": 3, "padding": 2, "dilation": 2}),
            ((4, 3), (4, 3), {}),
        ):
            x, weight = layer(rng, batch=1, size=size, kernel=kernel, dtype=torch.float32)
            tried = said(x, weight, options)
            got = call(student, x, weight, **options)
            expect_shape(
                got, F.conv2d(x, weight, **options).shape, tried=tried, look="output_size gives the rows and the columns: (N, F, H', W')"
            )
            expect(
                str(getattr(got, "dtype", "")) == "torch.float32",
                tried=tried + ", all in float32",
                got=f"{getattr(got, 'dtype', '')}",
                expected="torch.float32",
                look="make new tensors with x.new_zeros(...)",
            )

    @checked.property("without options, every output is the sum over channels and kernel")
    def plain(student, rng):
        for batch, channels, filters, kernel in ((1, 1, 1, (1, 3)), (2, 3, 4, (3, 2)), (1, 2, 3, (2, 2))):
            look = "multiply patch and kernel entry by entry, and sum over channel, row and column of the kernel"
            agrees(student, *layer(rng, batch=batch, channels=channels, filters=filters, kernel=kernel), look=look)

    @checked.property("the bias of a filter is added to all of its outputs, once")
    def adds_the_bias(student, rng):
        x, weight = layer(rng)
        bias, tried = normal(rng, 4), said(x, weight, {}) + "; the output with a bias minus the one without"
        outs = [tensor(call(student, x, weight, each), tried) for each in (bias, None)]
        want = bias[:, None, None].expand(2, 4, 7, 10)
        for each in outs:
            expect_shape(each, want.shape, tried=tried, look="a bias changes no shape")
        expect_close(outs[0] - outs[1], want, tried=tried, look="bias[f] belongs to output channel f: bias[:, None, None] lines it up")

    @checked.property("padding adds zeros on all four sides")
    def pads(student, rng):
        for padding in (1, 2):
            agrees(student, *layer(rng), padding=padding, look="pad(x, padding), and then only look at the padded picture")

    @checked.property("the stride moves the filter by so many pixels")
    def strides(student, rng):
        for stride, size in ((2, (9, 11)), (3, (8, 9))):
            agrees(student, *layer(rng, size=size), stride=stride, look="output row i looks at the picture's rows from i * stride on")

    @checked.property("dilation spreads the weights, but not the outputs")
    def dilates(student, rng):
        for dilation in (2, 3):
            agrees(student, *layer(rng), dilation=dilation, look="weight row u looks at row i * stride + u * dilation")

    @checked.property("filters of a group see the channels of that group only")
    def keeps_groups_apart(student, rng):
        for channels, filters, groups in ((4, 6, 2), (6, 6, 3), (4, 8, 4), (5, 5, 5)):
            inputs = layer(rng, channels=channels, filters=filters, groups=groups)
            agrees(
                student,
                *inputs,
                groups=groups,
                look="filter f belongs to group f // (F // groups), which starts at channel group * (C // groups)",
            )

    @checked.property("all options together agree with torch")
    def all_together(student, rng):
        for _ in range(3):
            stride, padding, dilation, groups = (int(rng.integers(1, 4)) for _ in range(4))
            x, weight = layer(rng, channels=2 * groups, filters=3 * groups, size=(13, 11), groups=groups)
            options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
            agrees(
                student,
                x,
                weight,
                normal(rng, 3 * groups),
                look="one option alone is right? Then look at stride * i + dilation * u",
                **options,
            )

    @checked.property("the arguments stay as they are, and it is your own work", after="plain")
    def own_and_clean(student, rng):
        x, weight = layer(rng)
        bias, options = normal(rng, 4), {"stride": 2, "padding": 1}
        with given(student, windows=references.windows):
            with unchanged(said(x, weight, options), x=x, weight=weight, bias=bias):
                getattr(student, name)(x, weight, bias, **options)
            expect_own_work(student, getattr(student, name), x[:1], weight, bias, tried=said(x[:1], weight, options), **options)


convolution_properties(conv2d_loops, "conv2d_loops")
convolution_properties(conv2d, "conv2d")


@conv2d.property("a larger picture takes no more operations: there is no loop")
def no_loop(student, rng):
    counts = []
    with given(student, windows=references.windows):
        for size, filters, batch in (((6, 7), 4, 2), ((12, 13), 8, 3)):
            x, weight = layer(rng, size=size, filters=filters, batch=batch)
            counts.append(len(listed(student, student.conv2d, x, weight, tried=said(x, weight, {}))))
    expect(
        0 < counts[1] <= counts[0] + 2,
        tried="two layers, the second with a larger picture, more filters and more pictures; counted: operations that torch executes",
        got=f"{counts[0]}, then {counts[1]}",
        expected="as many for both",
        look="one matrix product does it all: kernels (G, F/G, k) @ windows (N, G, k, l)",
    )


# ---------------------------------------------------------------- 2. windows

windows = task(
    "windows",
    hints=(
        "Pad first. Then one call of as_strided on the padded picture: a shape with six axes, and a stride for each.",
        "shape (N, C, K_h, K_w, H', W'); strides (picture, channel, dilation * row, dilation * column, stride * row, stride * column), "
        "where picture, channel, row, column are the strides of the padded picture.",
        "`padded = pad(x, padding, fill)`; `picture, channel, row, column = padded.stride()`; "
        "`return padded.as_strided((batch, channels, *kernel_size, rows, columns), (picture, channel, dilation * row, ...))`",
    ),
)


def window_slips(x, kernel, o, fill):
    """What known mistakes would return."""
    good = references.windows
    o = {"stride": 1, "padding": 0, "dilation": 1} | o
    right = good(x, kernel, fill=fill, **o)

    def changed_places():
        return good(F.pad(x, (0, 40, 0, 40)), kernel, stride=o["dilation"], dilation=o["stride"])[..., : right.shape[4], : right.shape[5]]

    return {
        "rows and columns of the windows are exchanged": lambda: good(x.mT, kernel, fill=fill, **o).mT,
        "places and positions in the kernel have changed their axes: (N, C, K_h, K_w, H', W') is the order": lambda: right.permute(
            0, 1, 4, 5, 2, 3
        ),
        "stride and dilation have changed places: the kernel's axes step by dilation, the places by stride": changed_places,
        "the padding is 0; it must consist of `fill`": lambda: good(x, kernel, **o),
    }


def window_agrees(student, x, kernel, look, fill=0.0, **options):
    tried = f"x {tuple(x.shape)}, kernel_size={kernel}" + "".join(f", {k}={v}" for k, v in options.items()) + (f", {fill=}" if fill else "")
    try:
        got = student.windows(x.clone(), kernel, **options, **({"fill": fill} if fill else {}))
    except NotImplementedError:
        raise
    except RuntimeError as error:
        look = "the view reaches beyond the memory. Have stride and dilation changed places? Are all sizes those of the padded picture?"
        raise Wrong(tried=tried, got=f"RuntimeError: {error}", expected="a view inside the picture's memory", look=look) from None
    want = references.windows(x, kernel, fill=fill, **options)
    expect_close(tensor(got, tried), want, tried=tried, look=blame(got, window_slips(x, kernel, options, fill), look))


@windows.property("every window has the right pixels in the right order")
def plain_windows(student, rng):
    for shape, kernel in (((2, 3, 6, 8), (3, 2)), ((1, 1, 4, 5), (4, 5)), ((1, 2, 5, 5), (1, 1))):
        window_agrees(student, normal(rng, *shape), kernel, "the entry [n, c, u, v, i, j] is x[n, c, i + u, j + v]")


@windows.property("the stride is the step from place to place")
def strided_windows(student, rng):
    for stride in (2, 3):
        window_agrees(
            student, normal(rng, 2, 2, 9, 11), (3, 2), "the last two axes step by stride * row and stride * column", stride=stride
        )


@windows.property("the dilation is the step inside the window")
def dilated_windows(student, rng):
    for stride, dilation in ((1, 2), (3, 2)):
        look = "the axes of the kernel step by dilation * row and dilation * column"
        window_agrees(student, normal(rng, 2, 2, 9, 11), (3, 2), look, stride=stride, dilation=dilation)


@windows.property("the padding consists of `fill`")
def fills_the_padding(student, rng):
    for fill, padding in ((0.0, 2), (-3.5, 1)):
        x = normal(rng, 1, 2, 5, 6)
        window_agrees(
            student, x, (3, 2), "pad(x, padding, fill), and strides and sizes from the padded picture", fill=fill, padding=padding
        )


@windows.property("it is a view: without padding no pixel is copied")
def is_a_view(student, rng):
    x = normal(rng, 2, 3, 8, 9)
    tried = "x (2, 3, 8, 9), kernel_size=(3, 3)"
    expect(
        beside(student, references.shares_memory)(student.windows, x, (3, 3)),
        tried=tried,
        got="a tensor with memory of its own",
        expected="a view that lies in the memory of x",
        look="as_strided makes a view; stack, reshape, contiguous and clone copy",
    )
    made = beside(student, measure.elements)(student.windows, x, (3, 3), padding=1)["largest"]
    expect(
        0 < made <= 2 * 3 * 10 * 11,
        tried=tried + ", padding=1",
        got=f"a new tensor of {made} numbers",
        expected=f"nothing larger than the padded picture of {2 * 3 * 10 * 11}",
        look="pad copies the picture once; the windows of it must not be copied",
    )


@windows.property("it asks the picture for its strides: crops and transposed pictures work")
def asks_for_strides(student, rng):
    x = normal(rng, 2, 3, 6, 7)
    tried = "a crop of a transposed picture, which is not contiguous"
    got = beside(student, references.on_a_transposed_crop)(student.windows, x, (3, 2), stride=2)
    expect_close(
        tensor(got, tried),
        references.windows(x, (3, 2), stride=2),
        tried=tried,
        look="padded.stride() tells the strides; W for a row and 1 for a column hold for contiguous pictures only",
    )


# ---------------------------------------------------------------- 4. gradients

conv2d_backward = task(
    "conv2d_backward",
    hints=(
        "Go through conv2d backward: the matrix product first (two products), then the windows (add them back where they came from), then "
        "the padding (cut it off).",
        "dy = grad as (N, G, F/G, l), X = windows as (N, G, k, l), kernels (G, F/G, k). Then dW = (dy @ X.mT).sum(0), dX = "
        "kernels.mT @ dy, both reshaped; the bias collects grad over pictures and places.",
        "`d_padded = torch.zeros_like(pad(x, padding))`; for each u, v: `d_padded[:, :, every(u * dilation, rows, stride), "
        "every(v * dilation, columns, stride)] += d_patches[:, :, u, v]`; then cut `[:, :, padding : padding + height, ...]`",
    ),
)
NAMES = ("dx", "dweight", "dbias")


def true_gradients(grad, x, weight, options):
    """dx, dweight, dbias by autograd through torch's convolution."""
    leaves = [each.clone().requires_grad_() for each in (x, weight, torch.zeros(len(weight), dtype=x.dtype))]
    return torch.autograd.grad((F.conv2d(*leaves, **options) * grad).sum(), leaves)


def gradient_case(student, rng, options, **shapes):
    """The learner's and the true gradients for a random layer, the words for it, and its inputs."""
    x, weight = layer(rng, groups=options.get("groups", 1), **shapes)
    grad = normal(rng, *F.conv2d(x, weight, **options).shape)
    tried = said(x, weight, options)
    with given(student, windows=references.windows):
        got = student.conv2d_backward(*copies([grad, x, weight]), **options)
    return tensors(got, NAMES, tried), true_gradients(grad, x, weight, options), tried, (grad, x, weight)


def lost_in_overlaps(grad, x, weight, options):
    """dx if of several contributions to one pixel only the last is kept."""
    o = {"stride": 1, "padding": 0, "dilation": 1} | options
    (batch, _, height, width), (filters, depth, k_h, k_w), p = x.shape, weight.shape, o["padding"]
    groups = x.shape[1] // depth
    kernels = weight.reshape(groups, filters // groups, -1)
    d = (kernels.mT @ grad.reshape(batch, groups, filters // groups, -1)).reshape(batch, -1, k_h, k_w, *grad.shape[2:])
    i, j = torch.arange(grad.shape[2]) * o["stride"], torch.arange(grad.shape[3]) * o["stride"]
    u, v = torch.arange(k_h) * o["dilation"], torch.arange(k_w) * o["dilation"]
    out = F.pad(torch.zeros_like(x), (p,) * 4)
    out[:, :, (u[:, None, None, None] + i[:, None]), (v[:, None, None] + j)] += d
    return out[:, :, p : p + height, p : p + width]


def expect_dx(student, rng, options, look, **shapes):
    (dx, _, _), (want, _, _), tried, (grad, x, weight) = gradient_case(student, rng, options, **shapes)
    slips = {
        "where windows overlap, contributions are lost: with an index that names a pixel twice, `+=` keeps only one of them. "
        "Loop over (u, v), within which no pixel occurs twice": lambda: lost_in_overlaps(grad, x, weight, options),
        "the kernel is flipped: dX[u, v] is weight[u, v] times grad, and goes to row s * i + d * u": lambda: true_gradients(
            grad, x, weight.flip(2, 3), options
        )[0],
        "stride and dilation have changed places": lambda: true_gradients(
            grad, x, weight, options | {"stride": options.get("dilation", 1), "dilation": options.get("stride", 1)}
        )[0],
        "the gradient is averaged over the pictures; it belongs to each picture alone": lambda: want / len(x),
    }
    expect_close(dx, want, tried=f"{tried}; dx", look=blame(dx, slips, look))


@conv2d_backward.property("the gradients have the shapes of x, weight and bias")
def gradient_shapes(student, rng):
    for options in ({}, {"stride": 2, "padding": 1}):
        got, want, tried, _ = gradient_case(student, rng, options, size=(8, 10))
        for name, mine, true in zip(NAMES, got, want, strict=True):
            expect_shape(
                mine,
                true.shape,
                tried=f"{tried}; {name}",
                look="dx has the shape of x without its padding, whatever the stride leaves over",
            )


@conv2d_backward.property("dbias sums the gradient over pictures and places")
def bias_gradient(student, rng):
    (_, _, db), (_, _, want), tried, _ = gradient_case(student, rng, {"stride": 2})
    expect_close(db, want, tried=f"{tried}; dbias", look="one number for each filter: grad.sum((0, 2, 3)), a sum and not a mean")


@conv2d_backward.property("dweight is right: what each weight saw, times what came back")
def weight_gradient(student, rng):
    for options in ({}, {"stride": 2, "padding": 1}, {"padding": 2, "dilation": 2}):
        (_, dw, _), (_, want, _), tried, (grad, x, weight) = gradient_case(student, rng, options)
        slips = {
            "the gradient is averaged over the pictures; the loss is one number, and each picture adds its part: sum": lambda want=want: (
                want / 2
            ),
            "only the first picture counts; sum over all of them": lambda grad=grad, x=x, weight=weight, options=options: true_gradients(
                grad[:1], x[:1], weight, options
            )[1],
            "the kernel's gradient is flipped": lambda want=want: want.flip(2, 3),
        }
        expect_close(
            dw, want, tried=f"{tried}; dweight", look=blame(dw, slips, "dW = dy @ X.mT for each picture, then the sum over pictures")
        )


@conv2d_backward.property("dx adds up all windows in which a pixel appears")
def picture_gradient(student, rng):
    for kernel in ((3, 2), (1, 1)):
        expect_dx(student, rng, {}, "a pixel that appears in several windows gets the sum of their gradients", kernel=kernel)


@conv2d_backward.property("dx: the padding is cut off again")
def cuts_the_padding(student, rng):
    for padding in (1, 2):
        expect_dx(
            student, rng, {"padding": padding}, "gradients of the padding are dropped: cut `padding` rows and columns off all four sides"
        )


@conv2d_backward.property("dx is right with strides and dilation")
def steps_of_dx(student, rng):
    for options in ({"stride": 2}, {"dilation": 2}, {"stride": 3, "dilation": 2, "padding": 2}):
        expect_dx(
            student, rng, options, "window row u of place i came from row i * stride + u * dilation of the padded picture", size=(10, 12)
        )


@conv2d_backward.property("groups stay apart on the way back, too")
def gradients_of_groups(student, rng):
    for channels, filters, groups in ((4, 6, 2), (3, 3, 3)):
        options = {"groups": groups, "padding": 1}
        got, want, tried, _ = gradient_case(student, rng, options, channels=channels, filters=filters)
        for name, mine, true in zip(NAMES, got, want, strict=True):
            expect_close(mine, true, tried=f"{tried}; {name}", look="cut grad (N, F, ...) into (N, G, F/G, ...), as conv2d makes it")


@conv2d_backward.property("the arguments stay as they are, and no gradient comes from autograd", after="gradient_shapes")
def backward_is_own_and_clean(student, rng):
    x, weight = layer(rng)
    grad, tried = normal(rng, *F.conv2d(x, weight, padding=1).shape), said(x, weight, {"padding": 1})
    with given(student, windows=references.windows):
        with unchanged(tried, grad=grad, x=x, weight=weight):
            student.conv2d_backward(grad, x, weight, padding=1)
        expect_own_work(student, student.conv2d_backward, grad, x, weight, tried=tried, padding=1)


@conv2d_backward.property("the only loop is the one over the weight positions")
def backward_loops_over_the_kernel_only(student, rng):
    counts = []
    with given(student, windows=references.windows):
        for size, filters, batch in (((6, 7), 4, 2), ((12, 14), 8, 4)):
            x, weight = layer(rng, size=size, filters=filters, batch=batch)
            grad = normal(rng, *F.conv2d(x, weight).shape)
            counts.append(len(listed(student, student.conv2d_backward, grad, x, weight, tried=said(x, weight, {}))))
    expect(
        0 < counts[1] <= counts[0] + 2,
        tried="two layers with a 3 by 2 kernel, the second with more pixels, filters and pictures; counted: operations that torch executes",
        got=f"{counts[0]}, then {counts[1]}",
        expected="as many for both",
        look="two matrix products for everything, then one addition for each pair (u, v)",
    )


# ---------------------------------------------------------------- 5. max-pooling

max_pool2d = task(
    "max_pool2d",
    hints=(
        "Windows with -inf in the padding, the two axes of the kernel flattened to one, and the maximum along it.",
        "values: (N, C, K², H', W'). The picture of pixel numbers, (1, 1, H, W), goes through the same windows: (1, 1, K², H', W'). Where "
        "the maximum was, pick the number.",
        "`values = windows(x, (kernel_size, kernel_size), fill=-torch.inf, stride=..., ...).flatten(2, 3)`; "
        "`out, winner = values.max(2, keepdim=True)`; "
        "`where = numbers.expand_as(values).gather(2, winner)`; squeeze axis 2 of both",
    ),
)


def pool_case(student, x, kernel, **options):
    """The learner's (out, where), torch's, and the words for it."""
    tried = f"x {tuple(x.shape)}, kernel_size={kernel}" + "".join(f", {name}={value}" for name, value in options.items())
    with given(student, windows=references.windows):
        got = tensors(student.max_pool2d(x.clone(), kernel, **options), ("out", "where"), tried)
    return got, F.max_pool2d(x, kernel, return_indices=True, **options), tried


@max_pool2d.property("the stride is the kernel size if none is given, and windows that do not fit are left out")
def default_stride(student, rng):
    for kernel, shape in ((2, (2, 3, 7, 8)), (3, (1, 1, 8, 10))):
        (out, where), (want, _), tried = pool_case(student, normal(rng, *shape), kernel)
        for each in (out, where):
            expect_shape(each, want.shape, tried=tried, look="stride or kernel_size")
        expect_close(out, want, tried=tried + "; out", look="the maximum over both axes of each window, channel by channel")


@max_pool2d.property("the maxima are right with stride, padding and dilation")
def maxima(student, rng):
    for kernel, options in (
        (3, {"stride": 2}),
        (3, {"stride": 1, "padding": 1}),
        (2, {"stride": 2, "dilation": 2}),
        (4, {"stride": 3, "padding": 2}),
    ):
        x = 5 + normal(rng, 2, 2, 9, 11)  # all positive, so that padding does not matter here
        (out, _), (want, _), tried = pool_case(student, x, kernel, **options)
        expect_close(out, want, tried=tried + "; out", look="pass stride, padding and dilation on to windows")


@max_pool2d.property("padding never wins, not even among negative numbers")
def padding_never_wins(student, rng):
    x = -1 - normal(rng, 2, 2, 5, 6).abs()
    (out, where), (want, winners), tried = pool_case(student, x, 3, stride=2, padding=1)
    look = "the padding must be smaller than any pixel: fill=-torch.inf"
    expect_close(out, want, tried=tried + ", all negative; out", look=look)
    expect_close(where, winners, tried=tried + ", all negative; where", look="count pixels in the picture without padding")


@max_pool2d.property("`where` is row * W + column of the winner, in the picture without padding")
def winners(student, rng):
    for kernel, options in ((2, {}), (3, {"stride": 2}), (3, {"stride": 2, "padding": 1}), (2, {"stride": 1, "dilation": 2, "padding": 1})):
        x = 5 + normal(rng, 2, 3, 7, 9)
        (_, where), (_, want), tried = pool_case(student, x, kernel, **options)
        p, k, s, d = (
            options.get(name, default) for name, default in (("padding", 0), ("kernel", kernel), ("stride", kernel), ("dilation", 1))
        )
        numbers = references.windows(torch.arange(63.0).reshape(1, 1, 7, 9), (k, k), stride=s, padding=p, dilation=d, fill=-1).flatten(2, 3)
        inside = (numbers == want[:, :, None]).double().argmax(2)
        slips = {
            "this is the place inside the window, 0 ... K² - 1; where is it in the picture?": lambda inside=inside: inside,
            "this counts rows and columns with the padding; subtract it, or number the pixels before you pad": lambda want=want, p=p: (
                (want // 9 + p) * (9 + 2 * p) + want % 9 + p
            ),
            "this is column * H + row; reading order is row * W + column": lambda want=want: want % 9 * 7 + want // 9,
            "this counts on through channels and pictures; every channel starts at 0": lambda want=want: (
                want + 63 * torch.arange(6).reshape(2, 3, 1, 1)
            ),
        }
        expect_close(where, want, tried=tried + "; where", look=blame(where, slips, "send the pixels' numbers through windows, and gather"))
        expect(
            not where.dtype.is_floating_point,
            tried=tried + "; where",
            got=str(where.dtype),
            expected="integers",
            look="numbers of pixels are indices",
        )


@max_pool2d.property("of equals, the first in reading order wins")
def first_of_equals(student, rng):
    x = torch.from_numpy(rng.integers(0, 2, (2, 2, 8, 8))).double()
    (_, where), (_, want), tried = pool_case(student, x, 3, stride=2)
    expect_close(
        where, want, tried=tried + ", only zeros and ones; where", look="max and argmax choose the first of equals; sorting or >= may not"
    )


@max_pool2d.property("the picture stays as it is, and it is your own work without loops over places", after="default_stride")
def pool_is_own_and_clean(student, rng):
    x, tried, counts = normal(rng, 2, 2, 6, 7), "x (2, 2, 6, 7), kernel_size=2", []
    with given(student, windows=references.windows):
        with unchanged(tried, x=x):
            student.max_pool2d(x, 2, padding=1)
        for picture in (x, normal(rng, 2, 2, 14, 15)):
            counts.append(len(expect_own_work(student, student.max_pool2d, picture, 2, tried=tried)))
    expect(
        0 < counts[1] <= counts[0] + 2,
        tried=f"{tried}, and a larger picture; counted: operations that torch executes",
        got=f"{counts[0]}, then {counts[1]}",
        expected="as many for both",
        look="windows, max and gather work on all places at once",
    )


# ---------------------------------------------------------------- 6. Fourier

conv2d_fft = task(
    "conv2d_fft",
    hints=(
        "Transform the padded pictures and the kernels to the same size, multiply frequency by frequency, sum over the channels, transform "
        "back, keep the corner that did not wrap around.",
        "x_hat (N, C, H, W//2+1), w_hat (F, C, H, W//2+1), y_hat = einsum('nchw,fchw->nfhw', x_hat, w_hat.conj()); the first "
        "H - K_h + 1 rows and W - K_w + 1 columns are valid.",
        "`size = padded.shape[2:]`; `torch.fft.rfft2(padded)`; `torch.fft.rfft2(weight, s=size)`; "
        "`torch.fft.irfft2(y_hat, s=size)[:, :, : ..., : ...]`",
    ),
)


def by_spectrum(x, weight, padding, slip):
    """conv2d_fft with a mistake."""
    x = F.pad(x, (padding,) * 4)
    (height, width), (k_h, k_w) = x.shape[2:], weight.shape[2:]
    w_hat = torch.fft.rfft2(weight, s=(height, width))
    y_hat = torch.einsum("nchw,fchw->nfhw", torch.fft.rfft2(x), w_hat if slip == "conj" else w_hat.conj())
    y = torch.fft.irfft2(y_hat, s=(height, width))
    if slip == "uncut":
        return y
    rows, columns = height - k_h + 1, width - k_w + 1
    return y[:, :, -rows:, -columns:] if slip == "wrong corner" else y[:, :, :rows, :columns]


def fft_call(student, tried, x, weight, bias=None, **options):
    """What the learner's conv2d_fft returns for copies of the arguments, as a tensor; spectra that do not fit become a message."""
    try:
        return tensor(student.conv2d_fft(*copies([x, weight, bias]), **options), tried)
    except NotImplementedError:
        raise
    except RuntimeError as error:
        raise Wrong(
            tried=tried,
            got=f"RuntimeError: {error}",
            expected=f"a tensor with {len(x)} pictures of {len(weight)} channels",
            look="x_hat is (N, C, H, W//2+1) and w_hat (F, C, H, W//2+1): every picture meets every filter, 'nchw,fchw->nfhw', and "
            "both need the size of the padded picture",
        ) from None


def fft_agrees(student, rng, look, *, padding=0, **shapes):
    x, weight = layer(rng, **shapes)
    options = {"padding": padding} if padding else {}
    tried = said(x, weight, options)
    got, want = fft_call(student, tried, x, weight, **options), F.conv2d(x, weight, padding=padding)
    slips = {
        "the kernel is read backward: without the conjugate of the kernel's spectrum it is the textbook's convolution": lambda: by_spectrum(
            x, weight, padding, "conj"
        ),
        "the kernel is flipped; the conjugate alone reads it forward": lambda: F.conv2d(x, weight.flip(2, 3), padding=padding),
        "a flipped kernel instead of the conjugate moves the result: it begins at row K_h - 1. Better use the conjugate": lambda: (
            by_spectrum(x, weight.flip(2, 3), padding, "conj")
        ),
        "the rows and columns that reach over the rim and wrap around are still there; cut them off": lambda: by_spectrum(
            x, weight, padding, "uncut"
        ),
        "the wrong end was cut off: the windows that wrap around are the last ones, so keep the first rows and columns": lambda: (
            by_spectrum(x, weight, padding, "wrong corner")
        ),
    }
    expect_close(got, want, tried=tried, look=blame(got, slips, look))


@conv2d_fft.property("it agrees with torch for even sizes")
def even_sizes(student, rng):
    for kernel in ((3, 2), (1, 1)):
        fft_agrees(student, rng, "multiply the spectra, with the conjugate of the kernel's", size=(8, 10), kernel=kernel)


@conv2d_fft.property("it agrees with torch for odd sizes")
def odd_sizes(student, rng):
    for size in ((7, 9), (8, 5)):
        fft_agrees(student, rng, "irfft2 must be told the size: s=(H, W) of the padded picture; it assumes an even width else", size=size)


@conv2d_fft.property("a kernel as large as the picture gives one number")
def whole_picture(student, rng):
    fft_agrees(student, rng, "the first H - K_h + 1 rows are valid: here one", size=(6, 4), kernel=(6, 4), filters=2)


@conv2d_fft.property("padding adds zeros on all four sides")
def pads_before(student, rng):
    for padding in (1, 3):
        fft_agrees(student, rng, "pad first; all sizes come from the padded picture", padding=padding, size=(8, 6), kernel=(4, 2))


@conv2d_fft.property("the bias of a filter is added to all of its outputs, once")
def bias_after_the_transform(student, rng):
    x, weight = layer(rng, size=(8, 6))
    bias, tried = normal(rng, 4), said(x, weight, {}) + "; the output with a bias minus the one without"
    outs = [fft_call(student, tried, x, weight, each) for each in (bias, None)]
    expect(outs[0].shape == outs[1].shape, tried=tried, got="different shapes", expected="the same shape", look="a bias changes no shape")
    want = bias[:, None, None].expand(outs[1].shape) if outs[1].dim() == 4 and outs[1].shape[1] == 4 else torch.zeros(2, 4, 6, 5)
    expect_close(outs[0] - outs[1], want, tried=tried, look="bias[:, None, None], after the inverse transform")


@conv2d_fft.property("the output is real, in the dtype of x, and comes from few operations on spectra")
def spectra_at_work(student, rng):
    x, weight = layer(rng, size=(8, 9), dtype=torch.float32)
    tried = said(x, weight, {})
    got = fft_call(student, tried, x, weight)
    expect(
        str(getattr(got, "dtype", "")) == "torch.float32",
        tried=tried + ", all in float32",
        got=str(getattr(got, "dtype", describe(got))),
        expected="torch.float32",
        look="irfft2 gives real numbers; after ifft2 take .real",
    )
    names = expect_own_work(student, student.conv2d_fft, x, weight, tried=tried)
    transforms = sum("fft" in name for name in names)
    expect(
        0 < transforms <= 12,
        tried=tried + "; counted: Fourier transforms",
        got=f"{transforms} calls",
        expected="one for the pictures, one for the kernels, one back",
        look="rfft2 transforms all pictures and channels at once; a loop is not needed, and neither is windows",
    )


@conv2d_fft.property("the arguments stay as they are", after="even_sizes")
def fft_leaves_its_arguments(student, rng):
    x, weight = layer(rng)
    bias = normal(rng, 4)
    with unchanged(said(x, weight, {}), x=x, weight=weight, bias=bias):
        student.conv2d_fft(x, weight, bias)
