"""The command line of authors, teachers and CI: `labwright`."""

import sys

import typer
from rich.console import Console

from scratchlab.errors import ScratchlabError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
console = Console()
Slugs = typer.Argument(None, help="labs; all of them if none is named", show_default=False)
ProfileOption = typer.Option("cpu", "--profile", "-p", help="cpu, gpu or h100")


def main() -> None:
    """Run the command line; errors meant for people are printed without a traceback and end with exit code 2."""
    try:
        app()
    except ScratchlabError as error:
        Console(stderr=True, soft_wrap=True).print(f"Error: {error}", style="red", highlight=False, markup=False)
        sys.exit(2)


@app.command()
def new(slug: str, title: str = typer.Option(..., prompt="Title")) -> None:
    """Make the files of a new lab; they pass the linter, run, and can be graded."""
    from labwright import scaffold

    for name in scaffold.new(slug, title):
        console.print(f"wrote {name}")


@app.command()
def build(slugs: list[str] = Slugs, check: bool = typer.Option(False, help="write nothing; fail if a learner's copy is stale")) -> None:
    """Make the learners' copies (labs/SLUG/SLUG.ipynb) and nbgrader's source from lab.py."""
    from labwright import contract, source

    stale = [slug for slug in contract.every_lab(slugs) if (source.is_stale(slug) if check else source.build(slug))]
    if check and stale:
        raise ScratchlabError(f"stale learner's copies: {', '.join(stale)}. Run `labwright build`.")
    console.print(f"{len(stale)} written" if not check else "every learner's copy is fresh")


@app.command()
def prove(slugs: list[str] = Slugs, seeds: int = 20, mutants: bool = True) -> None:
    """Grade the graders: right answers pass on every seed, wrong ones fail where they say, mutants are caught."""
    from labwright import contract
    from labwright import prove as gate

    problems = []
    for slug in contract.every_lab(slugs):
        proof = gate.prove(slug, seeds, mutants)
        problems += proof.problems
        console.print(
            f"{slug}: {proof.right} right x {seeds} seeds, {proof.wrong} wrong, "
            f"{proof.killed} of {proof.mutants} mutants caught, {proof.seconds:.0f} s" + (" [red]NOT PROVEN[/]" if proof.problems else "")
        )
        for survivor in proof.survivors:
            console.print(f"  survived: {survivor}", highlight=False, markup=False)
    if problems:
        raise ScratchlabError("\n".join(problems))


@app.command()
def run(
    slugs: list[str] = Slugs,
    profile: str = ProfileOption,
    jobs: int = typer.Option(0, "--jobs", "-j", help="labs at a time; 0: one per core (one in all on a GPU)"),
    force: bool = typer.Option(False, help="run also what is up to date"),
    shard: str = typer.Option("1/1", help="run only the I-th of N equal parts, as in 2/4"),
    record: bool = typer.Option(False, help="copy the results into results/, to be committed"),
) -> None:
    """Execute labs with papermill and hold them to their contracts; only what changed is run."""
    import os

    from rich.progress import Progress

    from labwright import contract
    from labwright import run as runner

    chosen = runner.shard(contract.every_lab(slugs), profile, shard)
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(f"{len(chosen)} labs, profile {profile}", total=len(chosen))
        outcomes = runner.run(chosen, profile, jobs or (os.cpu_count() or 1 if profile == "cpu" else 1), force, lambda _: bar.advance(task))
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

    table = Table("lab", "state", "seconds", "GB", "metrics")
    colors = {"ran": "green", "cached": "dim", "deferred": "yellow", "failed": "red"}
    for each in sorted(outcomes, key=lambda outcome: outcome.slug):
        result = results.read(results.path_of(each.slug, profile)) if each.state != "deferred" else None
        numbers = "  ".join(f"{name} {value:.4g}" for name, value in result.metrics.items()) if result else "; ".join(each.problems)
        cells = (f"{result.seconds:.1f}", f"{result.memory_gb:.2f}") if result else ("", "")
        table.add_row(each.slug, f"[{colors[each.state]}]{each.state}[/]", *cells, numbers)
    console.print(table)


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
def toc(check: bool = typer.Option(False, help="write nothing; fail if something is stale")) -> None:
    """Make _toc.yml and the pages of planned weeks from book/curriculum.yml."""
    from labwright import curriculum

    if check:
        if stale := curriculum.stale():
            raise ScratchlabError(f"stale: {', '.join(stale)}. Run `labwright toc`.")
        console.print("the table of contents is fresh")
    else:
        for name in curriculum.write():
            console.print(f"wrote {name}")


@app.command()
def status(as_json: bool = typer.Option(False, "--json", help="for programs")) -> None:
    """Count labs and chapters, written and planned, by program and phase, with points."""
    import json

    from rich.table import Table

    from labwright import curriculum

    counts = curriculum.status()
    if as_json:
        typer.echo(json.dumps(counts, indent=1))
        return
    for slug, phases in counts.items():
        table = Table("phase", "chapters", "labs", "points", title=curriculum.load().track(slug).title)
        for each in phases:
            chapters, labs = each["chapters"], each["labs"]
            table.add_row(
                f"{each['phase']}: {each['title']}",
                f"{chapters['written']} of {sum(chapters.values())}",
                f"{labs['written']} of {sum(labs.values())}",
                f"{each['points']:g}",
            )
        console.print(table)


@app.command("list")
def list_labs(written: bool = typer.Option(False, help="only labs that exist")) -> None:
    """List the labs of both programs with their home week, state and points."""
    from rich.table import Table

    from labwright import curriculum, source

    table = Table("lab", "title", "home", "state", "points")
    for track, _, week, lab in curriculum.load().labs():
        if lab.written or not written:
            points = f"{sum(points for _, _, points in source.graded(lab.slug)):g}" if lab.written else ""
            table.add_row(lab.slug, lab.title, f"{track.letter}{week.number}", "written" if lab.written else "[dim]planned[/]", points)
    console.print(table)


@app.command()
def book() -> None:
    """Build the site from the executed labs; every warning is an error. Run `labwright run` first."""
    from labwright.site import build as site

    with console.status("building the site") as shown:
        first, built = site.build(lambda line: shown.update(line[:100].replace("[", "\\[")))
    console.print(f"{'The site is built' if built else 'The site is up to date'}: file://{first}", soft_wrap=True)


@app.command()
def grade(slug: str) -> None:
    """Autograde all submissions of a lab with nbgrader, make feedback, and write the grades as CSV.

    Submissions lie in grading/submitted/STUDENT/SLUG/SLUG.ipynb.
    """
    from rich.progress import Progress
    from rich.table import Table

    from labwright import contract, grading

    contract.every_lab([slug])
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(slug, total=len(grading.students(slug)))
        grades = grading.grade(slug, lambda _: bar.advance(task))
    table = Table("student", "score", "of", "left to do")
    for each in grades:
        table.add_row(
            each.student, f"{each.score:g}", f"{each.max_score:g}", each.error or ("grade the written answers" if each.needs_manual else "")
        )
    console.print(table)
    console.print(f"wrote {grading.export(grades, slug)}; feedback is in grading/feedback/")


@app.command("all")
def everything() -> None:
    """What `make book` does: look for stale files, run every lab in the cpu profile, hold it to its contract, build the site."""
    toc(check=True)
    build([], check=True)
    run([], profile="cpu", jobs=0, force=False, shard="1/1", record=False)
    book()
