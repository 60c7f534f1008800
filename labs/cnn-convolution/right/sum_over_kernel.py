"""Sums over the kernel's positions: one shifted picture after another, without a matrix of windows; einsum throughout."""


def conv2d_loops(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    (filters, depth, k_h, k_w), x = weight.shape, pad(x, padding)
    rows, columns = output_size(x.shape[2], k_h, stride, 0, dilation), output_size(x.shape[3], k_w, stride, 0, dilation)
    out = torch.zeros(len(x), filters, rows, columns, dtype=x.dtype)
    for f in range(filters):
        group = f // (filters // groups)
        seen = x[:, group * depth : (group + 1) * depth]
        for i in range(rows):
            for j in range(columns):
                patch = seen[:, :, every(i * stride, k_h, dilation), every(j * stride, k_w, dilation)]
                out[:, f, i, j] = torch.einsum("ncuv,cuv->n", patch, weight[f])
        if bias is not None:
            out[:, f] += bias[f]
    return out


def conv2d(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    patches = windows(x, tuple(weight.shape[2:]), stride=stride, padding=padding, dilation=dilation)
    y = torch.einsum("ngcuvij,gfcuv->ngfij", patches.unflatten(1, (groups, -1)), weight.unflatten(0, (groups, -1))).flatten(1, 2)
    return y + (0 if bias is None else bias.view(-1, 1, 1))


def conv2d_backward(grad, x, weight, *, stride=1, padding=0, dilation=1, groups=1):
    (rows, columns), padded = grad.shape[2:], pad(x, padding)
    dy, w, xg = grad.unflatten(1, (groups, -1)), weight.unflatten(0, (groups, -1)), padded.unflatten(1, (groups, -1))
    dx, dw = torch.zeros_like(xg), torch.zeros_like(w)
    for u in range(weight.shape[2]):
        for v in range(weight.shape[3]):
            at = (..., every(u * dilation, rows, stride), every(v * dilation, columns, stride))
            dx[at] += torch.einsum("ngfij,gfc->ngcij", dy, w[..., u, v])
            dw[..., u, v] = torch.einsum("ngfij,ngcij->gfc", dy, xg[at])
    dx = dx.flatten(1, 2)[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    return dx, dw.flatten(0, 1), grad.sum(dim=(0, 2, 3))
