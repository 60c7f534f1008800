"""Takes evaluation mode for freezing."""

# fails: freeze/no_gradients, freeze/frozen_for_good
# hears: eval() alone does not stop gradients


def freeze(model, until):
    model.train()
    model.requires_grad_(True)
    for stage in model.stages[:until]:
        stage.eval()
