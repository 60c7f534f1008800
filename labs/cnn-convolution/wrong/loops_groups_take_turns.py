"""Filter f belongs to group f modulo groups."""

# fails: conv2d_loops/keeps_groups_apart, conv2d_loops/all_together
# hears: take turns among the groups


def conv2d_loops(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    (batch, _, height, width), (filters, depth, k_h, k_w) = x.shape, weight.shape
    rows, columns = output_size(height, k_h, stride, padding, dilation), output_size(width, k_w, stride, padding, dilation)
    padded, out = pad(x, padding), x.new_zeros(batch, filters, rows, columns)
    for n, f, i, j in product(range(batch), range(filters), range(rows), range(columns)):
        first = f % groups * depth  # of the channels that filter f sees
        patch = padded[n, first : first + depth, every(i * stride, k_h, dilation), every(j * stride, k_w, dilation)]
        out[n, f, i, j] = (patch * weight[f]).sum()
    return out if bias is None else out + bias[:, None, None]
