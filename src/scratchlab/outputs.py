"""How a lab's reports leave it: as notebook outputs that people read and the runner collects, or as lines in a terminal.

Records use papermill's record type, which myst-nb's `glue` reads too.
"""

import sys

RECORD = "application/vnd.scratchlab.record+json"
CLAIM = "application/vnd.scratchlab.claim+json"
CHECK = "application/vnd.scratchlab.check+json"


def in_notebook() -> bool:
    """Whether outputs go to a notebook front end (and not to a terminal)."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


def _display(bundle: dict, metadata: dict | None = None) -> None:
    from IPython.display import display

    display(bundle, metadata=metadata or {}, raw=True)


def band_text(band: dict | None) -> str:
    """A metric band for people: 'at least 0.99', 'between 1 and 2'."""
    if not band:
        return ""
    low, high = band.get("min"), band.get("max")
    if low is not None and high is not None:
        return f"between {low:g} and {high:g}"
    return f"at least {low:g}" if low is not None else f"at most {high:g}"


def show_record(name: str, value: float, band: dict | None) -> None:
    """Show one metric with the band it is held to."""
    text = f"{name} = {value:.6g}" + (f"   (expected {band_text(band)})" if band else "")
    if not in_notebook():
        print(text)
        return
    _display(
        {"text/plain": text, RECORD: {"name": name, "value": value}, "application/papermill.record/text/plain": f"{value:.6g}"},
        {"scrapbook": {"name": name, "mime_prefix": "application/papermill.record/"}},
    )


def show_claim(statement: str, holds: bool) -> None:
    """Show a claim that holds; raise if it does not."""
    if in_notebook():
        _display({"text/plain": f"{'Holds' if holds else 'Does not hold'}: {statement}", CLAIM: {"statement": statement, "holds": holds}})
    elif holds:
        print(f"Holds: {statement}")
    if not holds:
        raise AssertionError(f"The claim does not hold: {statement}")


def show_in_terminal(report):
    """Print a check's report where no notebook would show it; return it either way."""
    if not in_notebook():
        print(report.text())
    return report


USAGE = "application/vnd.scratchlab.usage+json"


def show_usage() -> None:
    """Report what this process has used so far, on what machine, and the warnings of deprecation it met."""
    from scratchlab import session, usage

    _display({"text/plain": "", USAGE: usage.facts(session.running)})
