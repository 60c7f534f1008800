"""Every attention weight of all-MiniLM-L6-v2 on two sentences: a forward pass in NumPy, with the weights that the labs use."""

import base64
import json
import math

import numpy as np
from drawing import COLORS, NEUTRAL, picture, text

SENTENCES = (
    "The animal did not cross the street because it was too tired.",
    "The animal did not cross the street because it was too wide.",
)


def data() -> dict:
    """Tokens and weights (bytes, 255 for all of a row) of each sentence, and heads worth a look, found by what they measure."""
    shown = []
    for sentence in SENTENCES:
        tokens, weights = attend(sentence)
        packed = base64.b64encode(np.rint(weights * 255).astype(np.uint8).tobytes()).decode()
        shown.append({"tokens": tokens, "weights": packed})
    tokens, weights = attend(SENTENCES[0])
    return {"layers": weights.shape[0], "heads": weights.shape[1], "picks": picks(tokens, weights), "start": "it", "sentences": shown}


def picks(tokens: list[str], weights: np.ndarray) -> list[dict]:
    """For each question the head with the highest answer (layer and head counted from 1)."""
    later = np.arange(1, len(tokens))
    it, animal = tokens.index("it"), tokens.index("animal")
    asked = {
        "the word before": weights[:, :, later, later - 1].mean(-1),
        "the word after": weights[:, :, later - 1, later].mean(-1),
        "“it” reads “animal”": weights[:, :, it, animal],
        "everybody reads “animal”": weights[:, :, :, animal].mean(-1),
        "everybody reads the start": weights[:, :, :, 0].mean(-1),
        "a bit of everything": -(weights * np.log(weights + 1e-9)).sum(-1).mean(-1),
    }
    best = {what: np.unravel_index(np.argmax(score), score.shape) for what, score in asked.items()}
    return [{"what": what, "layer": int(layer) + 1, "head": int(head) + 1} for what, (layer, head) in best.items()]


def attend(sentence: str) -> tuple[list[str], np.ndarray]:
    """The tokens of `sentence` and the weights (layers, heads, queries, keys); each query's weights sum to one."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    from scratchlab import data as packages

    folder = next(packages.get("minilm").glob("*/model"))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    net = load_file(folder / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    encoded = tokenizer.encode(sentence)
    heads, n, found = config["num_attention_heads"], len(encoded.ids), []

    def linear(x, name):
        return x @ net[f"{name}.weight"].T + net[f"{name}.bias"]

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + config["layer_norm_eps"]) * net[f"{name}.weight"] + net[f"{name}.bias"]

    x = net["embeddings.word_embeddings.weight"][encoded.ids] + net["embeddings.position_embeddings.weight"][:n]
    x = norm(x + net["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for number in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{number}"
        roles = (linear(x, f"{layer}.attention.self.{role}") for role in ("query", "key", "value"))
        q, k, v = (each.reshape(n, heads, -1).swapaxes(0, 1) for each in roles)
        scores = np.exp(q @ k.swapaxes(1, 2) / math.sqrt(q.shape[-1]))
        found.append(scores / scores.sum(-1, keepdims=True))
        mixed = (found[-1] @ v).swapaxes(0, 1).reshape(n, -1)
        x = norm(x + linear(mixed, f"{layer}.attention.output.dense"), f"{layer}.attention.output.LayerNorm")
        inner = linear(x, f"{layer}.intermediate.dense")
        inner = inner * (1 + np.vectorize(math.erf)(inner / math.sqrt(2))) / 2
        x = norm(x + linear(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
    return encoded.tokens, np.stack(found)


def still(made: dict) -> str:
    """The picture for paper: what "it" reads in the head that reads "animal" most, and the same head's whole matrix."""
    first, pick = made["sentences"][0], made["picks"][2]
    tokens, n = first["tokens"], len(first["tokens"])
    shape = (made["layers"], made["heads"], n, n)
    table = np.frombuffer(base64.b64decode(first["weights"]), np.uint8).reshape(shape)[pick["layer"] - 1, pick["head"] - 1] / 255
    row, cell, left, top = tokens.index("it"), 19, 470, 40
    drawn = [
        text(4, 18, f"What “it” reads in layer {pick['layer']}, head {pick['head']}", bold=True),
        text(left - 96, 18, "every word", bold=True),
    ]
    for i, token in enumerate(tokens):
        y = top + cell * i + 14
        drawn.append(text(96, y, token, end=True, color=COLORS[1] if i == row else NEUTRAL))
        drawn.append(f'<rect x="104" y="{y - 12}" width="{max(1, 190 * table[row, i]):.1f}" height="14" fill="{COLORS[0]}"/>')
        drawn.append(text(110 + 190 * table[row, i], y, f"{100 * table[row, i]:.0f} %"))
        drawn.append(text(left - 8, y, token, end=True, color=COLORS[1] if i == row else NEUTRAL))
        for j in range(n):
            place = f'x="{left + 16 * j}" y="{y - 14}" width="15" height="18"'
            drawn.append(f'<rect {place} fill="{COLORS[0]}" fill-opacity="{max(0.04, table[i, j]):.2f}"/>')
    frame = f'x="{left - 2}" y="{top + cell * row - 2}" width="{16 * n + 3}" height="{cell + 3}"'
    drawn.append(f'<rect {frame} fill="none" stroke="{COLORS[1]}" stroke-width="2"/>')
    return picture(720, top + cell * n + 12, "Attention of one head", drawn)
