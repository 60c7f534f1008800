"""Decays biases and BatchNorm, too."""

# fails: groups/decay_for_matrices
# hears: gain and shift and all biases are vectors


def parameter_groups(model, lr, factor, weight_decay):
    groups = []
    for distance, part in enumerate([model.head, *reversed(model.stages)]):
        free = [parameter for parameter in part.parameters() if parameter.requires_grad]
        for params, decay in (([p for p in free if p.ndim > 1], weight_decay), ([p for p in free if p.ndim == 1], weight_decay)):
            if params:
                groups.append({"params": params, "lr": lr / factor**distance, "weight_decay": decay})
    return groups
