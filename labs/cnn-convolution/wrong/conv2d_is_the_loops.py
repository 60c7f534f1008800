"""Loops over the places, with a product of vectors for each."""

# fails: conv2d/no_loop
# hears: one matrix product does it all


def conv2d(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    patches = windows(x, weight.shape[2:], stride=stride, padding=padding, dilation=dilation).unflatten(1, (groups, -1))
    kernels = weight.reshape(groups, len(weight) // groups, -1, 1)
    rows, columns = patches.shape[5:]
    out = x.new_zeros(len(x), len(weight), rows, columns)
    for i, j in product(range(rows), range(columns)):
        out[:, :, i, j] = (kernels.squeeze(3) @ patches[..., i, j].flatten(2).unsqueeze(3)).flatten(1)
    return out if bias is None else out + bias[:, None, None]
