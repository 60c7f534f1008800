"""Which labs have not gone well for too long: a cache must never hide that nothing was run."""

import datetime

from labwright import contract, results, source
from labwright.paths import RESULTS
from labwright.results import Result
from scratchlab.labs import known_labs


def stale(profile: str, days: int, today: datetime.date | None = None) -> dict[str, str]:
    """Labs of the profile without a green run of their present text in the last `days` days, each with the reason.

    Counted are this machine's last runs and the recorded ones.
    """
    today = today or datetime.datetime.now(datetime.UTC).date()
    chosen = [slug for slug in known_labs() if profile in contract.read(slug).profiles]
    return {slug: reason for slug in chosen if (reason := _why(slug, profile, days, today))}


def _why(slug: str, profile: str, days: int, today: datetime.date) -> str:
    """Why the lab counts as stale; empty if it does not."""
    runs = [run for path in (results.path_of(slug, profile), RESULTS / profile / f"{slug}.json") if (run := results.read(path))]
    if not runs:
        return f"there is no record of a run in the {profile} profile"
    runs.sort(key=lambda run: run.date)
    green = [run for run in runs if not _not_green(run)]
    if not green:
        return f"its last run, on {runs[-1].date}, {_not_green(runs[-1])}"
    age = (today - datetime.date.fromisoformat(green[-1].date)).days
    return f"its last green run is {age} days old ({green[-1].date}, {green[-1].machine})" if age > days else ""


def _not_green(run: Result) -> str:
    if run.source != source.hash_of(run.slug):
        return "was of another text of lab.py"
    problems = results.problems(run)
    return f"broke its contract: {problems[0]}" if problems else ""
