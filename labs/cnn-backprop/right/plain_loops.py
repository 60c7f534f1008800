"""One picture, one window, one layer at a time, without `fold` where it can be avoided."""


def cross_entropy(logits, labels):
    loss, gradient = 0.0, np.empty_like(logits)
    for n, (row, label) in enumerate(zip(logits, labels, strict=True)):
        powers = np.exp(row - row.max())
        loss += row.max() + np.log(powers.sum()) - row[label]
        gradient[n] = powers / powers.sum()
        gradient[n, label] -= 1
    return loss / len(labels), gradient / len(labels)


def fold(columns, shape, kernel, stride=1, padding=0):
    padded = np.zeros((shape[0], shape[1], shape[2] + 2 * padding, shape[3] + 2 * padding), columns.dtype)
    cols = places(shape[3], kernel[1], stride, padding)
    for place in range(columns.shape[2]):
        i, j = divmod(place, cols)
        window = columns[:, :, place].reshape(shape[0], shape[1], *kernel)
        padded[:, :, i * stride : i * stride + kernel[0], j * stride : j * stride + kernel[1]] += window
    return padded[:, :, padding : padding + shape[2], padding : padding + shape[3]]


def conv_backward(dy, cache):
    columns, shape, weight, stride, padding = cache
    dweight, dbias, dcolumns = np.zeros_like(weight), np.zeros_like(weight[:, 0, 0, 0]), np.zeros_like(columns)
    for n in range(len(dy)):
        for f in range(len(weight)):
            dweight[f] += (columns[n] @ dy[n, f].ravel()).reshape(weight.shape[1:])
            dcolumns[n] += np.outer(weight[f], dy[n, f])
            dbias[f] += dy[n, f].sum()
    return fold(dcolumns, shape, weight.shape[2:], stride, padding), dweight, dbias


def pool_backward(dy, cache):
    windows, shape, kernel, stride = cache
    dx = np.zeros(shape, dy.dtype)
    winners = windows.argmax(axis=1).reshape(dy.shape)
    for n, c, i, j in np.ndindex(*dy.shape):
        u, v = divmod(int(winners[n, c, i, j]), kernel)
        dx[n, c, i * stride + u, j * stride + v] += dy[n, c, i, j]
    return dx


def backprop(layers, params, x, labels):
    outputs, caches = [x], []
    for layer in layers:
        y, cache = forward_of(layer, params, outputs[-1])
        outputs.append(y)
        caches.append(cache)
    loss, dy = cross_entropy(outputs[-1], labels)
    grads = {name: np.zeros_like(array) for name, array in params.items()}
    while caches:
        dy, own = backward_of(layers[len(caches) - 1], dy, caches.pop())
        for name in own:
            grads[name] = grads[name] + own[name]
    return loss, grads, dy
