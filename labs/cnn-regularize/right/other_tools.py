"""Windows by unfold, distances from the center, a mixing matrix, PyTorch's own layers for the noise, the two parts of the smoothed loss
apart, the decay as an addend."""


def flip_and_crop(x, rng, p=0.5, padding=2):
    count, side = len(x), 2 * padding + 1
    windows = F.pad(x, (padding,) * 4).unfold(2, x.shape[2], 1).unfold(3, x.shape[3], 1)  # (N, C, side, side, H, W)
    corner = rng.integers(side * side, size=count)
    chosen = windows[np.arange(count), :, corner // side, corner % side]
    turn = torch.from_numpy(rng.uniform(size=count) >= 1 - p)
    return torch.where(turn[:, None, None, None], chosen.flip(3), chosen)


def cutout(x, size, rng):
    count, _, height, width = x.shape
    center = rng.integers(height * width, size=count)
    down = np.arange(height)[None] - (center // width)[:, None] + size // 2
    right = np.arange(width)[None] - (center % width)[:, None] + size // 2
    keep = ~((down >= 0) & (down <= size - 1))[:, :, None] | ~((right >= 0) & (right <= size - 1))[:, None, :]
    return torch.where(torch.from_numpy(keep)[:, None], x, torch.zeros((), dtype=x.dtype))


def mixup(x, targets, alpha, rng):
    count = len(x)
    weights = 1 - rng.beta(alpha, alpha, size=count)
    matrix = np.diag(weights)
    matrix[np.arange(count), rng.permutation(count)] += 1 - weights
    matrix = torch.from_numpy(matrix).to(x.dtype)
    return torch.einsum("nm,mchw->nchw", matrix, x), matrix.to(targets.dtype) @ targets


def drop(h, p, per="unit", training=True):
    if per == "unit":
        return F.dropout(h, p, training)
    if per == "channel":
        return F.dropout(torch.ones_like(h[:, :, None]).flatten(2)[:, :, :1], p, training).reshape(*h.shape[:2], *(1,) * (h.ndim - 2)) * h
    return torchvision.ops.stochastic_depth(h, p, {"example": "row", "batch": "batch"}[per], training)


def smooth_cross_entropy(logits, targets, eps=0.0):
    log_q = logits - logits.logsumexp(dim=1, keepdim=True)
    picked = log_q.gather(1, targets[:, None])[:, 0] if targets.dim() == 1 else torch.einsum("nk,nk->n", targets, log_q)
    return -torch.mean((1 - eps) * picked + eps * log_q.mean(dim=1))


def adamw_step(w, grad, m, v, t, lr, decay, betas=(0.9, 0.999)):
    m = m + (1 - betas[0]) * (grad - m)
    v = v + (1 - betas[1]) * (grad * grad - v)
    m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    change = m_hat / (torch.sqrt(v_hat) + 1e-8)
    if w.ndim > 1:
        change = change + decay * w
    return w - lr * change, m, v
