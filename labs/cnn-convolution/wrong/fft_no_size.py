"""Does not tell the inverse transform the size, so that an odd width comes back one short."""

# fails: conv2d_fft/odd_sizes
# hears: irfft2 must be told the size


def conv2d_fft(x, weight, bias=None, *, padding=0):
    padded = pad(x, padding)
    height, width = size = padded.shape[2:]
    x_hat, w_hat = torch.fft.rfft2(padded), torch.fft.rfft2(weight, s=size)
    y_hat = torch.einsum("nchw,fchw->nfhw", x_hat, w_hat.conj())
    y = torch.fft.irfft2(y_hat)[:, :, : height - weight.shape[2] + 1, : width - weight.shape[3] + 1]
    return y if bias is None else y + bias[:, None, None]
