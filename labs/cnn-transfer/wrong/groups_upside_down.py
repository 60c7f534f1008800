"""The stages near the input learn fastest."""

# fails: groups/rates_by_depth
# hears: the wrong way round


def parameter_groups(model, lr, factor, weight_decay):
    groups = []
    for distance, part in enumerate([model.head, *model.stages]):
        free = [parameter for parameter in part.parameters() if parameter.requires_grad]
        for params, decay in (([p for p in free if p.ndim > 1], weight_decay), ([p for p in free if p.ndim == 1], 0.0)):
            if params:
                groups.append({"params": params, "lr": lr / factor**distance, "weight_decay": decay})
    return groups
