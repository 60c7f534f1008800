"""Flips the kernel instead of conjugating, and forgets that this moves the result."""

# fails: conv2d_fft/even_sizes, conv2d_fft/odd_sizes, conv2d_fft/whole_picture, conv2d_fft/pads_before
# hears: instead of the conjugate moves the result


def conv2d_fft(x, weight, bias=None, *, padding=0):
    padded = pad(x, padding)
    height, width = size = padded.shape[2:]
    x_hat, w_hat = torch.fft.rfft2(padded), torch.fft.rfft2(weight.flip(2, 3), s=size)
    y_hat = torch.einsum("nchw,fchw->nfhw", x_hat, w_hat)
    y = torch.fft.irfft2(y_hat, s=size)[:, :, : height - weight.shape[2] + 1, : width - weight.shape[3] + 1]
    return y if bias is None else y + bias[:, None, None]
