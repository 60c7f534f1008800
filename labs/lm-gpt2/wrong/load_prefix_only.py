"""Expects the prefix on every name and knows nothing of old files."""

# fails: load/load_hub_layout
# hears: here the names have no prefix


def load_gpt2(model, state):
    own = {}
    for name, tensor in state.items():
        if name.startswith("transformer."):
            own[name[len("transformer.") :]] = tensor.T if name.endswith(CONV1D) else tensor
    model.load_state_dict(own)
