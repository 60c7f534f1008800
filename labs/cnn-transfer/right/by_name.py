"""By names: loops over named parameters and modules; features by hooks-free preallocation; a dictionary of groups."""


def place_of(name, stages):
    return int(name.split(".")[1]) if name.startswith("stages.") else stages


def freeze(model, until):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = place_of(name, len(model.stages)) >= until
    for module in model.modules():
        module.training = True
    for stage in model.stages[:until]:
        for module in stage.modules():
            module.training = False


@torch.no_grad()
def features(model, x, until, batch_size=50):
    modes = [(module, module.training) for module in model.modules()]
    model.train(False)
    out = None
    for first in range(0, len(x), batch_size):
        part = x[first : first + batch_size]
        for place in range(until):
            part = model.stages[place](part)
        if out is None:
            out = part.new_empty(len(x), *part.shape[1:])
        out[first : first + len(part)] = part
    for module, mode in modes:
        module.training = mode
    return out


def fit_probe(X, y, classes, penalty):
    peer = LogisticRegression(C=1 / (len(y) * penalty), tol=1e-8, max_iter=5000).fit(X.cpu().numpy(), y.cpu().numpy())
    head = nn.Linear(X.shape[1], classes).to(X)
    weight, bias = torch.from_numpy(peer.coef_), torch.from_numpy(peer.intercept_)
    if classes == 2:
        weight, bias = torch.cat([-weight, weight]) / 2, torch.cat([-bias, bias]) / 2
    head.load_state_dict({"weight": weight.to(X), "bias": bias.to(X)})
    return head


def parameter_groups(model, lr, factor, weight_decay):
    groups = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            distance = len(model.stages) - place_of(name, len(model.stages))
            key = lr / factor**distance, weight_decay if parameter.dim() > 1 else 0.0
            groups.setdefault(key, []).append(parameter)
    return [{"params": params, "lr": rate, "weight_decay": decay} for (rate, decay), params in groups.items()]


def unfreeze(model, optimizer, until, lr, factor, weight_decay):
    freeze(model, until)
    held = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for group in parameter_groups(model, lr, factor, weight_decay):
        for parameter in group["params"]:
            if not any(parameter is other for other in held):
                optimizer.add_param_group({"params": [parameter], "lr": group["lr"], "weight_decay": group["weight_decay"]})
