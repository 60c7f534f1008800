"""References of the lab cnn-backprop that stand in for earlier answers while a later task is checked, and make the caches that the
learner's code gets. Its text is sent to the learner's kernel when a grader asks for it.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def places(size, kernel, stride, padding):
    """At how many places along one axis a kernel fits."""
    return (size + 2 * padding - kernel) // stride + 1


def unfold(x, kernel, stride=1, padding=0):
    """All windows as columns, (N, C * K_h * K_w, H' * W')."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = sliding_window_view(padded, tuple(kernel), axis=(2, 3))[:, :, ::stride, ::stride]  # (N, C, H', W', K_h, K_w)
    rows, cols = windows.shape[2:4]
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(len(x), -1, rows * cols)


def pixels(shape, kernel, stride, padding):
    """For each entry of a picture's columns the number of its pixel in the padded picture, (C * K_h * K_w, H' * W'), and its shape."""
    _, channels, height, width = shape
    padded = (channels, height + 2 * padding, width + 2 * padding)
    return unfold(np.arange(np.prod(padded)).reshape(1, *padded), kernel, stride)[0], padded


def fold(columns, shape, kernel, stride=1, padding=0, add=True):
    """The transpose of unfold; with add=False the last number wins."""
    (where, padded), (batch, _, height, width) = pixels(shape, kernel, stride, padding), shape
    out = np.zeros((batch, int(np.prod(padded))), columns.dtype)
    for picture, numbers in zip(out, columns, strict=True):
        if add:
            np.add.at(picture, where.ravel(), numbers.ravel())
        else:
            picture[where.ravel()] = numbers.ravel()
    return out.reshape(batch, *padded)[:, :, padding : padding + height, padding : padding + width].copy()


def conv_forward(x, weight, bias, stride=1, padding=0):
    """As in the lab."""
    columns = unfold(x, weight.shape[2:], stride, padding)
    y = np.einsum("fk,nkl->nfl", weight.reshape(len(weight), -1), columns) + bias[:, None]
    rows, cols = (places(size, k, stride, padding) for size, k in zip(x.shape[2:], weight.shape[2:], strict=True))
    return y.reshape(len(x), len(weight), rows, cols), (columns, x.shape, weight, stride, padding)


def conv_backward(dy, cache):
    """dx, dweight, dbias."""
    columns, shape, weight, stride, padding = cache
    dy = dy.reshape(len(dy), len(weight), -1)
    dcolumns = np.einsum("fk,nfl->nkl", weight.reshape(len(weight), -1), dy)
    dweight = np.einsum("nfl,nkl->fk", dy, columns).reshape(weight.shape)
    return fold(dcolumns, shape, weight.shape[2:], stride, padding), dweight, dy.sum((0, 2))


def pool_forward(x, kernel=2, stride=2):
    """As in the lab."""
    batch, channels, height, width = x.shape
    windows = unfold(x.reshape(-1, 1, height, width), (kernel, kernel), stride)
    rows, cols = places(height, kernel, stride, 0), places(width, kernel, stride, 0)
    return windows.max(1).reshape(batch, channels, rows, cols), (windows, x.shape, kernel, stride)


def pool_backward(dy, cache, share=None):
    """dx; share(windows) says which part of the gradient each entry of a window gets, by default the first winner all of it."""
    windows, shape, kernel, stride = cache
    parts = np.arange(windows.shape[1])[:, None] == windows.argmax(1)[:, None] if share is None else share(windows)
    dwindows = parts * dy.reshape(len(windows), 1, -1)
    return fold(dwindows, (len(windows), 1, *shape[2:]), (kernel, kernel), stride).reshape(shape)


def cross_entropy(logits, labels):
    """Loss and gradient."""
    top = logits.max(1, keepdims=True)
    log_p = logits - top - np.log(np.exp(logits - top).sum(1, keepdims=True))
    right = np.arange(logits.shape[1]) == labels[:, None]
    return -float(log_p[right].mean()), (np.exp(log_p) - right) / len(labels)


def forward_of(layer, params, x):
    """As in the lab."""
    kind, name, options = layer
    if kind == "flatten":
        return x.reshape(len(x), -1), x.shape
    if kind == "relu":
        return np.maximum(x, 0), x > 0
    if kind == "pool":
        return pool_forward(x, **options)
    weight, bias = params[f"{name}.weight"], params[f"{name}.bias"]
    return conv_forward(x, weight, bias, **options) if kind == "conv" else (x @ weight.T + bias, (x, weight))


def backward_of(layer, dy, cache):
    """As in the lab."""
    kind, name, _ = layer
    if kind == "flatten":
        return dy.reshape(cache), {}
    if kind == "relu":
        return dy * cache, {}
    if kind == "pool":
        return pool_backward(dy, cache), {}
    own = conv_backward(dy, cache) if kind == "conv" else (dy @ cache[1], dy.T @ cache[0], dy.sum(0))
    return own[0], {f"{name}.weight": own[1], f"{name}.bias": own[2]}
