"""Stops the gradients and leaves the modes alone."""

# fails: freeze/statistics_stay, freeze/no_dropout, freeze/frozen_for_good
# hears: running_mean: stage.eval()


def freeze(model, until):
    model.train()
    model.requires_grad_(True)
    for stage in model.stages[:until]:
        stage.requires_grad_(False)
