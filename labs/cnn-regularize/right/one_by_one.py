"""Picture by picture in plain loops, slices instead of index arrays, Bernoulli switches, sums written out, in-place moments on copies."""


def flip_and_crop(x, rng, p=0.5, padding=2):
    height, width = x.shape[2:]
    made = []
    for picture in x:
        if rng.random() < p:
            picture = picture.flip(-1)
        framed = torch.zeros(len(picture), height + 2 * padding, width + 2 * padding, dtype=x.dtype)
        framed[:, padding : padding + height, padding : padding + width] = picture
        top, left = rng.integers(2 * padding + 1), rng.integers(2 * padding + 1)
        made.append(framed[:, top : top + height, left : left + width])
    return torch.stack(made)


def cutout(x, size, rng):
    out = x.clone()
    for picture in out:
        row, column = rng.integers(x.shape[2]), rng.integers(x.shape[3])
        top, left = row - size // 2, column - size // 2
        picture[:, max(top, 0) : max(top + size, 0), max(left, 0) : max(left + size, 0)] = 0
    return out


def mixup(x, targets, alpha, rng):
    partner = rng.permutation(len(x))
    mixed, soft = torch.empty_like(x), torch.empty_like(targets)
    for n, other in enumerate(partner):
        a = float(rng.beta(alpha, alpha))
        mixed[n] = torch.lerp(x[other], x[n], a)
        soft[n] = torch.lerp(targets[other], targets[n], a)
    return mixed, soft


def drop(h, p, per="unit", training=True):
    if training is False:
        return h.clone()
    sizes = list(h.shape)
    for axis in range({"unit": h.ndim, "channel": 2, "example": 1, "batch": 0}[per], h.ndim):
        sizes[axis] = 1
    switches = torch.bernoulli(torch.full(sizes, 1.0 - p, dtype=h.dtype))
    return switches.div(1 - p).expand_as(h) * h


def smooth_cross_entropy(logits, targets, eps=0.0):
    count, classes = logits.shape
    log_sum = torch.logsumexp(logits, dim=1)
    total = 0
    for n in range(count):
        goal = targets[n] if targets.ndim == 2 else torch.eye(classes, dtype=logits.dtype)[targets[n]]
        total = total + log_sum[n] - (1 - eps) * (goal * logits[n]).sum() - eps * logits[n].mean()
    return total / count


def adamw_step(w, grad, m, v, t, lr, decay, betas=(0.9, 0.999)):
    new_m, new_v = m.clone(), v.clone()
    new_m.mul_(betas[0]).add_(grad, alpha=1 - betas[0])
    new_v.mul_(betas[1]).addcmul_(grad, grad, value=1 - betas[1])
    new_w = w.clone()
    if w.dim() >= 2:
        new_w.mul_(1 - lr * decay)
    denominator = new_v.sqrt() / (1 - betas[1] ** t) ** 0.5 + 1e-8
    new_w.addcdiv_(new_m, denominator, value=-lr / (1 - betas[0] ** t))
    return new_w, new_m, new_v
