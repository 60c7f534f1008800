"""Lists frozen parameters, too."""

# fails: groups/frozen_left_out
# hears: ask parameter.requires_grad


def parameter_groups(model, lr, factor, weight_decay):
    groups = []
    for distance, part in enumerate([model.head, *reversed(model.stages)]):
        free = [parameter for parameter in part.parameters() if True]
        for params, decay in (([p for p in free if p.ndim > 1], weight_decay), ([p for p in free if p.ndim == 1], 0.0)):
            if params:
                groups.append({"params": params, "lr": lr / factor**distance, "weight_decay": decay})
    return groups
