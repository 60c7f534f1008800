"""Making labs and proving their checks."""

import typer

from labwright.cli.shared import Slugs, app, console
from scratchlab.errors import ScratchlabError


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
def lint(slugs: list[str] = Slugs) -> None:
    """Look for mistakes in the labs' texts, answers given away, and one machine's paths; nothing is executed."""
    from labwright import contract, leaks, portable, source

    chosen = contract.every_lab(slugs)
    if problems := [problem for slug in chosen for look in (source.lint, leaks.problems, portable.problems) for problem in look(slug)]:
        raise ScratchlabError("\n".join(problems))
    console.print(f"{len(chosen)} labs are clean")


@app.command()
def prove(
    slugs: list[str] = Slugs,
    seeds: int = typer.Option(20, min=1, help="seeds on which every right answer must pass"),
    outside: int = typer.Option(3, min=1, help="on so many of them it is also judged from outside, as a grader does"),
    mutants: bool = typer.Option(True, help="try the mutants of the reference"),
    jobs: int = typer.Option(0, "--jobs", "-j", help="trials at a time; 0: one per core"),
    force: bool = typer.Option(False, help="prove again what did not change"),
) -> None:
    """Grade the graders: right answers pass on every seed, wrong ones fail where they say, mutants are caught."""
    from rich.markup import escape
    from rich.progress import Progress

    from labwright import contract
    from labwright import prove as gate

    problems, amount = [], gate.Amount(seeds=seeds, outside=outside, mutants=mutants)
    for slug in contract.every_lab(slugs):
        fresh = force or gate.kept(slug, amount) is None
        with Progress(console=console, transient=True, auto_refresh=False) as bar:  # no thread: the gate forks
            task = bar.add_task(slug)

            def seen(number: int, total: int, what: str, slug=slug, bar=bar, task=task) -> None:
                bar.update(task, completed=number - 1, total=total, description=escape(f"{slug}: {what}"[:70]), refresh=True)

            proof = gate.proven(slug, amount, jobs=jobs, force=force, seen=seen)
        problems += proof.problems
        counts = f"{proof.right} right x {seeds} seeds, {proof.wrong} wrong, {proof.killed} of {proof.mutants} mutants caught"
        state = "[red]NOT PROVEN[/]" if proof.problems else "" if fresh else "[dim]kept[/]"
        console.print(f"{slug}: {counts}, {proof.seconds:.0f} s {state}".rstrip())
        if written := gate.record(slug):
            console.print(f"  wrote {written.relative_to(written.parents[2])}: commit it", highlight=False)
        for survivor in proof.survivors:
            console.print(f"  survived: {survivor}", highlight=False, markup=False)
    if problems:
        raise ScratchlabError("\n".join(problems))


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
