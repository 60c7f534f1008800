"""Lines of the guide to free compute on other pages: an offer is described, sourced and dated in one place.

```{offers}
Google Colab                 the first words of an offer in the guide's table; one offer a line
```
"""

import re

from labwright.paths import BOOK
from labwright.site.directives import Generated
from scratchlab.errors import UnknownName

GUIDE = BOOK / "guides" / "free-compute.md"


def setup(app) -> None:
    """Register the directive."""
    app.add_directive("offers", Offers)


class Offers(Generated):
    """The lines of the offers that are named."""

    def markdown(self) -> str:
        self.env.note_dependency(str(GUIDE))
        return "\n".join(map(offer, self.content))


def offer(name: str) -> str:
    """The line of the guide's table whose first cell begins with `name`, as an item of a Markdown list."""
    lines = re.findall(r"^\|.+\|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    rows = [row for row in ([cell.strip() for cell in line[1:-1].split(" | ")] for line in lines) if len(row) == 6]
    (_, *labels), _, *offered = rows
    found = {re.sub(r"\[(.*?)\]\(\S*?\)", r"\1", row[0]): row for row in offered}
    for title, (linked, *cells) in found.items():
        if title.startswith(name):
            said = [f"*{label}*: {cell}" for label, cell in zip(labels, cells, strict=True) if cell != "–"]
            return f"- **{linked}**. {'. '.join(said)}."
    raise UnknownName("offer in the guide to free compute", name, list(found))
