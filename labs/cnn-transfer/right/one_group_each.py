"""A group for every parameter; the state of all modes as a list; Newton-like descent by Adam and then LBFGS; frozen by exclusion."""


def freeze(model, until):
    model.requires_grad_(True).train()
    frozen = nn.ModuleList(model.stages[:until])
    frozen.requires_grad_(False).eval()


def features(model, x, until, batch_size=50):
    first = nn.Sequential(*model.stages[:until])
    modes = [module.training for module in first.modules()]
    first.eval()
    with torch.no_grad():
        done = torch.cat([first(part) for part in x.split(batch_size)])
    for module, mode in zip(first.modules(), modes, strict=True):
        module.training = mode
    return done


def fit_probe(X, y, classes, penalty):
    mean = X.mean(0)
    weight = torch.zeros(classes, X.shape[1], dtype=X.dtype, device=X.device, requires_grad=True)
    bias = torch.zeros(classes, dtype=X.dtype, device=X.device, requires_grad=True)
    centered, target = X - mean, F.one_hot(y, classes).to(X.dtype)

    def loss():
        optimizer.zero_grad()
        logits = centered @ weight.T + bias
        value = (logits.logsumexp(1) - (logits * target).sum(1)).mean() + 0.5 * penalty * (weight**2).sum()
        value.backward()
        return value

    optimizer = torch.optim.LBFGS([weight, bias], max_iter=1000, history_size=20, tolerance_grad=1e-8, tolerance_change=1e-14,
                                  line_search_fn="strong_wolfe")  # fmt: skip
    optimizer.step(loss)
    head = nn.Linear(X.shape[1], classes, dtype=X.dtype, device=X.device)
    with torch.no_grad():
        head.weight.copy_(weight)
        head.bias.copy_(bias - weight @ mean)
    return head


def parameter_groups(model, lr, factor, weight_decay):
    groups, rate = [], lr
    for part in (model.head, *model.stages[::-1]):
        for parameter in part.parameters():
            if parameter.requires_grad:
                decay = 0.0 if parameter.ndim == 1 else weight_decay
                groups.append({"params": [parameter], "lr": rate, "weight_decay": decay})
        rate /= factor
    return groups


def unfreeze(model, optimizer, until, lr, factor, weight_decay):
    freeze(model, until)
    held = set()
    for group in optimizer.param_groups:
        held.update(map(id, group["params"]))
    for group in parameter_groups(model, lr, factor, weight_decay):
        group["params"] = [parameter for parameter in group["params"] if id(parameter) not in held]
        if group["params"]:
            optimizer.add_param_group(group)
