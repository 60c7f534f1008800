"""Seven loops over Python lists, windows by Tensor.unfold, pooling by index arithmetic, complex Fourier transforms."""


def conv2d_loops(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    (batch, _, height, width), (filters, depth, k_h, k_w) = x.shape, weight.shape
    rows = output_size(height, k_h, stride, padding, dilation)
    columns = output_size(width, k_w, stride, padding, dilation)
    pixels, w = x.tolist(), weight.tolist()
    beta = [0.0] * filters if bias is None else bias.tolist()
    out = [[[[beta[f]] * columns for _ in range(rows)] for f in range(filters)] for _ in range(batch)]
    for n, f, c in product(range(batch), range(filters), range(depth)):
        plane = pixels[n][f * groups // filters * depth + c]
        for i, j, u, v in product(range(rows), range(columns), range(k_h), range(k_w)):
            row, column = i * stride + u * dilation - padding, j * stride + v * dilation - padding
            if 0 <= row < height and 0 <= column < width:
                out[n][f][i][j] += w[f][c][u][v] * plane[row][column]
    return torch.tensor(out, dtype=x.dtype)


def windows(x, kernel_size, *, stride=1, padding=0, dilation=1, fill=0.0):
    x = pad(x, padding, fill)
    for axis, k in zip((2, 3), kernel_size, strict=True):
        x = x.unfold(axis, dilation * (k - 1) + 1, stride)
    return x[..., ::dilation, ::dilation].permute(0, 1, 4, 5, 2, 3)


def max_pool2d(x, kernel_size, *, stride=None, padding=0, dilation=1):
    stride = stride or kernel_size
    values = windows(x, (kernel_size, kernel_size), stride=stride, padding=padding, dilation=dilation, fill=float("-inf"))
    out, winner = values.flatten(2, 3).max(2)
    rows, columns = out.shape[2:]
    row = torch.arange(rows)[:, None] * stride - padding + winner // kernel_size * dilation
    column = torch.arange(columns) * stride - padding + winner % kernel_size * dilation
    return out, row * x.shape[3] + column


def conv2d_fft(x, weight, bias=None, *, padding=0):
    x = pad(x, padding)
    size = tuple(x.shape[2:])
    reversed_kernel = torch.fft.fft2(weight.flip(2, 3), s=size)
    spectra = (torch.fft.fft2(x)[:, None] * reversed_kernel).sum(2)
    out = torch.fft.ifft2(spectra).real[:, :, weight.shape[2] - 1 :, weight.shape[3] - 1 :]
    return out if bias is None else out + bias.reshape(1, -1, 1, 1)
