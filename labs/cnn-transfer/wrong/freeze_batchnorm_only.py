"""Puts only BatchNorm into evaluation mode, so dropout goes on."""

# fails: freeze/no_dropout
# hears: not just its BatchNorm


def freeze(model, until):
    model.train()
    model.requires_grad_(True)
    for stage in model.stages[:until]:
        stage.requires_grad_(False)
        for module in stage.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
