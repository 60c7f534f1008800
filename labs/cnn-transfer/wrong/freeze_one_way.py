"""Freezes, but never frees what an earlier call has frozen."""

# fails: freeze/rest_gets_gradients
# hears: an earlier call may have frozen more


def freeze(model, until):
    model.train()
    for stage in model.stages[:until]:
        stage.requires_grad_(False)
        stage.eval()
