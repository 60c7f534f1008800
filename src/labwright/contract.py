"""A lab's contract, lab.yml: what it needs, what it costs, and the bands its metrics must stay in."""

from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from labwright import yamlfile
from labwright.paths import LABS
from scratchlab import data
from scratchlab.errors import ScratchlabError, UnknownName
from scratchlab.labs import known_labs, lab_folder


class Strict(BaseModel):
    """A model that refuses keys it does not know, so that a typo is an error."""

    model_config = ConfigDict(extra="forbid")


class Band(Strict):
    """The range in which a metric must lie; at least one end."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _has_an_end(self):
        if self.min is None and self.max is None:
            raise ValueError("a band needs min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self

    def __str__(self) -> str:
        """As an interval: [0.99, ∞]."""
        return f"[{'-∞' if self.min is None else self.min}, {'∞' if self.max is None else self.max}]"

    def holds(self, value: float) -> bool:
        """Whether `value` lies in the band (NaN never does)."""
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)


class Profile(Strict):
    """One size at which the lab runs."""

    minutes: float = Field(gt=0, description="computing time to expect, shown to people")
    memory_gb: float = Field(gt=0, description="memory that must suffice; on a GPU, GPU memory")
    parameters: dict[str, int | float | str | bool] = {}
    metrics: dict[str, Band]


class Contract(Strict):
    """The whole of lab.yml."""

    study_minutes: int = Field(ge=30, le=240)
    needs: list[str] = Field(default=[], description="labs to do first")
    packages: list[str] = Field(description="import names")
    data: list[str] = []
    seed: int = 0
    profiles: dict[Literal["cpu", "gpu", "h100"], Profile]

    @model_validator(mode="after")
    def _is_complete(self):
        if "cpu" not in self.profiles:
            raise ValueError("every lab has a cpu profile")
        for name in self.data:
            try:
                data.find(name)
            except UnknownName as error:
                raise ValueError(str(error)) from None
        return self


@cache
def read(slug: str) -> Contract:
    """The contract of the lab `slug`."""
    contract = yamlfile.read(lab_folder(slug) / "lab.yml", Contract)
    unknown = [need for need in contract.needs if not (LABS / need).is_dir()]
    if unknown:
        raise ScratchlabError(f"{LABS / slug / 'lab.yml'}: needs: there is no lab {', '.join(unknown)}")
    return contract


def every_lab(slugs: list[str] | None = None) -> list[str]:
    """The given labs, each known to exist, or all of them."""
    for slug in slugs or ():
        lab_folder(slug)
    return list(slugs) if slugs else known_labs()
