"""Adds the bias inside of the sum, once for each weight."""

# fails: conv2d_loops/adds_the_bias, conv2d_loops/all_together
# hears: bias[f] belongs to output channel f


def conv2d_loops(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    (batch, _, height, width), (filters, depth, k_h, k_w) = x.shape, weight.shape
    rows, columns = output_size(height, k_h, stride, padding, dilation), output_size(width, k_w, stride, padding, dilation)
    padded, out = pad(x, padding), x.new_zeros(batch, filters, rows, columns)
    for n, f, i, j in product(range(batch), range(filters), range(rows), range(columns)):
        first = f // (filters // groups) * depth  # of the channels that filter f sees
        patch = padded[n, first : first + depth, every(i * stride, k_h, dilation), every(j * stride, k_w, dilation)]
        out[n, f, i, j] = (patch * weight[f] + (0 if bias is None else bias[f])).sum()
    return out
