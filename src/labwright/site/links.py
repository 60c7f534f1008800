"""External links: which of them the weekly check may find dead, why, and until when."""

import datetime
import re

from pydantic import Field, field_validator

from labwright import yamlfile
from labwright.contract import Strict
from labwright.paths import BOOK

PATH = BOOK / "links.yml"


class Excuse(Strict):
    """Addresses that may fail until a day."""

    link: str  # a regular expression; it must match from the beginning
    reason: str = Field(min_length=20)
    until: datetime.date

    @field_validator("link")
    @classmethod
    def _is_an_expression(cls, link: str) -> str:
        try:
            re.compile(link)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return link


class Excuses(Strict):
    """The whole file."""

    excuses: list[Excuse]


def allowed(today: datetime.date) -> list[str]:
    """The expressions whose day has not passed."""
    return [each.link for each in yamlfile.read(PATH, Excuses).excuses if today <= each.until] if PATH.is_file() else []


def setup(app) -> None:
    """Register the event."""
    app.connect("config-inited", set_linkcheck)


def set_linkcheck(app, config) -> None:
    """Give Sphinx's link checker the list, and the patience that a weekly run can have."""
    config.linkcheck_ignore = [*config.linkcheck_ignore, *allowed(datetime.date.today())]
    config.linkcheck_retries, config.linkcheck_timeout = 3, 30
    config.linkcheck_anchors_ignore_for_url = [r"https://github\.com/"]  # its pages make their anchors with scripts
