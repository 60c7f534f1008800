"""Running labs, and what their runs say."""

import typer

from labwright.cli.shared import ProfileOption, Slugs, app, console
from scratchlab.errors import ScratchlabError


@app.command()
def run(
    slugs: list[str] = Slugs,
    profile: str = ProfileOption,
    jobs: int = typer.Option(0, "--jobs", "-j", help="labs at a time; 0: one per core (one in all on a GPU)"),
    force: bool = typer.Option(False, help="run also what is up to date"),
    shard: str = typer.Option("1/1", help="run only the I-th of N equal parts, as in 2/4"),
    scheduler: str = typer.Option("", help="address of a Dask scheduler; without it, this machine's cores"),
    cold: bool = typer.Option(False, help="start each kernel afresh instead of forking it from a warm process"),
    record: bool = typer.Option(False, help="copy the results into results/, to be committed"),
) -> None:
    """Execute labs with papermill and hold them to their contracts; only what changed is run."""
    from rich.progress import Progress

    from labwright import contract
    from labwright import run as runner

    chosen = runner.shard(contract.every_lab(slugs), profile, shard)
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(f"{len(chosen)} labs, profile {profile}", total=len(chosen))
        done = lambda _: bar.advance(task)  # noqa: E731
        # What is recorded is measured in a fresh kernel, as a learner has one: a forked one holds libraries that the lab may not need.
        outcomes = runner.run(chosen, profile, jobs=jobs, force=force, cold=cold or record, scheduler=scheduler, done=done)
    _report(outcomes, profile)
    if record:  # what went well is kept, also when another lab failed
        for each in outcomes:
            if each.state in ("ran", "cached"):
                console.print(f"recorded {runner.record(each.slug, profile)}")
    if failed := [each for each in outcomes if each.state == "failed"]:
        raise ScratchlabError(
            "\n".join(f"{each.slug}: {problem}" for each in failed for problem in each.problems)
            + f"\nSee _build/executed/{profile}/<lab>.ipynb; to run again: "
            + f"labwright run {' '.join(each.slug for each in failed)} -p {profile}"
        )


def _report(outcomes, profile: str) -> None:
    """A table of what ran, was cached, was deferred or failed."""
    from rich.table import Table

    from labwright import results

    table, notes = Table("lab", "state", "seconds", "GB", "metrics"), []
    colors = {"ran": "green", "cached": "dim", "deferred": "yellow", "failed": "red"}
    for each in sorted(outcomes, key=lambda outcome: outcome.slug):
        result = results.read(results.path_of(each.slug, profile)) if each.state != "deferred" else None
        numbers = "  ".join(f"{name} {value:.4g}" for name, value in result.metrics.items()) if result else "; ".join(each.problems)
        cells = (f"{result.seconds:.1f}", f"{result.memory_gb:.2f}") if result else ("", "")
        table.add_row(each.slug, f"[{colors[each.state]}]{each.state}[/]", *cells, numbers)
        notes += [f"{each.slug}: {finding}" for finding in results.findings(result)] if result else []
    console.print(table)
    for note in notes:
        console.print(note, markup=False, highlight=False, soft_wrap=True)


@app.command()
def verify(slugs: list[str] = Slugs, profile: str = ProfileOption) -> None:
    """Check sources and contracts, and hold the last runs to their bands; nothing is executed."""
    from labwright import contract, results, source
    from labwright import run as runner

    problems = []
    for slug in contract.every_lab(slugs):
        problems += source.lint(slug)
        contract.read(slug)
        if runner.why_deferred(slug, profile):
            continue
        if not runner.is_fresh(slug, profile):
            problems.append(f"{slug}: not run since it changed: labwright run {slug} -p {profile}")
            continue
        problems += [f"{slug}: {problem}" for problem in results.problems(results.read(results.path_of(slug, profile)))]
    if problems:
        raise ScratchlabError("\n".join(problems))
    console.print("every lab keeps its contract")


@app.command()
def record(files: list[str] = typer.Argument(help="what `python labs/SLUG/lab.py --profile PROFILE --record FILE` wrote")) -> None:
    """Take records from machines without Jupyter into results/, if they belong to the labs as they are and kept their contracts."""
    from pathlib import Path

    from labwright import results

    for name in files:
        console.print(f"recorded {results.accept(Path(name))}", soft_wrap=True)


@app.command()
def bands(
    slug: str,
    seeds: int = typer.Option(20, min=2, help="how many seeds, from that of lab.yml on"),
    profile: str = ProfileOption,
    jobs: int = typer.Option(0, "--jobs", "-j", help="runs at a time; 0: one per core (one in all on a GPU)"),
) -> None:
    """Run a lab with many seeds; print each metric's spread and bands for lab.yml to paste. Nothing is written."""
    from rich.progress import MofNCompleteColumn, Progress

    from labwright import bands as proposals
    from labwright import contract
    from labwright import run as runner
    from scratchlab import usage

    contract.every_lab([slug])
    if reason := runner.why_deferred(slug, profile):
        raise ScratchlabError(f"{slug} cannot run here in the {profile} profile: {reason}.")
    at_once = jobs or (usage.cores() if profile == "cpu" else 1)
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=console, transient=True) as bar:
        task = bar.add_task(slug, total=seeds)
        found = proposals.runs(slug, profile, seeds, at_once, lambda _: bar.advance(task))
    _show_bands(slug, profile, found)


def _show_bands(slug: str, profile: str, found) -> None:
    """A table of the metrics over the seeds, the runs that failed, and the YAML to paste."""
    from statistics import median

    from rich.table import Table

    from labwright import bands as proposals
    from labwright import contract

    table = Table("metric", "min", "median", "max", "sd", "in lab.yml", "look", title=f"{slug}, profile {profile}, {len(found)} seeds")
    metrics = proposals.rows(slug, profile, found)
    for row in metrics:
        numbers = [f"{value:.5g}" for value in (min(row.values), median(row.values), max(row.values), row.deviation)]
        table.add_row(row.name, *numbers, str(row.band or ""), "; ".join(row.remarks()))
    console.print(table)
    if metrics and not any(row.spread for row in metrics):
        console.print("No metric depends on the seed: does the lab draw from lab.seed and lab.seeds(count)?", highlight=False)
    ran = [result for result in found if not result.error]
    for result in found:
        if result.error:
            console.print(f"seed {result.seed} failed: {result.error}", markup=False, highlight=False, soft_wrap=True)
    if not ran:
        raise ScratchlabError(f"No run of {slug} came to its end, so there is nothing to propose.")
    promised = contract.read(slug).profiles[profile]
    seconds, memory = [result.seconds for result in ran], max(result.memory_gb for result in ran)
    console.print(f"{min(seconds):.1f} to {max(seconds):.1f} s, {len(ran)} runs; lab.yml says {60 * promised.minutes:g} s", highlight=False)
    console.print(f"{memory:.2f} GB at most; lab.yml allows {promised.memory_gb:g} GB. To paste:\n", highlight=False)
    console.print(proposals.yaml(metrics), markup=False, highlight=False, soft_wrap=True)


@app.command()
def affected(
    since: str = typer.Option("origin/main", help="a commit; what changed since this branch left it, uncommitted files included"),
    shard: str = typer.Option("1/1", help="only the I-th of N equal parts, as in 2/4"),
) -> None:
    """Name the labs that a change can break, one a line: those that changed and all that need them."""
    from labwright import affected as changes
    from labwright import run as runner

    for slug in runner.shard(changes.labs(changes.changed_since(since)), "cpu", shard):
        typer.echo(slug)


@app.command()
def stale(days: int = typer.Option(14, min=0, help="older runs do not count"), profile: str = ProfileOption) -> None:
    """Fail if a lab has no green run of its present text in the last days; on GitHub also as annotations."""
    import os

    from labwright import staleness

    found = staleness.stale(profile, days)
    if os.environ.get("GITHUB_ACTIONS"):
        for slug, reason in found.items():
            typer.echo(f"::error title={slug} ({profile}) is stale::{reason}")
    if found:
        raise ScratchlabError("\n".join(f"{slug}: {reason}" for slug, reason in found.items()))
    console.print(f"every lab of the {profile} profile has run green in the last {days} days")


@app.command(context_settings={"ignore_unknown_options": True})
def offline(command: list[str] = typer.Argument(help="a command of labwright and its options, as in: run SLUG --force")) -> None:
    """Run a command of labwright where there is no network; data is fetched before."""
    from labwright import offline as lock

    if code := lock.call(command):
        raise typer.Exit(code)


@app.command("first-step")
def first_step(slugs: list[str] = Slugs) -> None:
    """Write the labs up to their first check as notebooks that prove themselves, for Colab's and Kaggle's images."""
    from labwright import contract, firststep

    for slug in contract.every_lab(slugs):
        console.print(f"wrote {firststep.write(slug)}", soft_wrap=True)
