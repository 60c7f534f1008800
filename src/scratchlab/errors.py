"""Errors that a person can act on: what happened, where, and what to do."""


class ScratchlabError(Exception):
    """An error whose message is written for the person at the keyboard; command lines print it without a traceback."""


class UnknownName(ScratchlabError):
    """A name that does not exist, with the nearest names that do."""

    def __init__(self, kind: str, name: str, known: list[str]):
        import difflib

        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(sorted(known))}."
        super().__init__(f"There is no {kind} called '{name}'. {hint}")
