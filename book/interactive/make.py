"""Compute the numbers and still pictures of the interactive figures: `python book/interactive/make.py [NAME ...]`.

Each figure is a module here (what is computed), NAME.json and NAME.svg (what came out), and book/_static/interactive-NAME.js
(what one can do with it).
"""

import importlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
NAMES = ("attention", "descent", "tokenizer")


def made(name: str) -> tuple[str, str]:
    """The text of NAME.json and of NAME.svg."""
    module = importlib.import_module(name)
    numbers = module.data()
    return json.dumps(numbers, ensure_ascii=False, separators=(",", ":")) + "\n", module.still(numbers)


if __name__ == "__main__":
    for name in sys.argv[1:] or NAMES:
        for suffix, content in zip((".json", ".svg"), made(name), strict=True):
            (HERE / f"{name}{suffix}").write_text(content, encoding="utf-8")
            print(f"{name}{suffix}: {len(content.encode()) / 1000:.1f} kB")
