"""Leaves the free parts in evaluation mode after a validation."""

# fails: freeze/rest_trains
# hears: it calls train() for the free stages


def freeze(model, until):
    model.requires_grad_(True)
    for stage in model.stages[:until]:
        stage.requires_grad_(False)
        stage.eval()
