"""The command line of authors, teachers and CI: `labwright`."""

import sys
from pathlib import Path

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
        outcomes = runner.run(chosen, profile, jobs=jobs, force=force, cold=cold, scheduler=scheduler, done=done)
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
    from labwright import cluster, contract
    from labwright import run as runner

    contract.every_lab([slug])
    if reason := runner.why_deferred(slug, profile):
        raise ScratchlabError(f"{slug} cannot run here in the {profile} profile: {reason}.")
    at_once = jobs or (cluster.cores() if profile == "cpu" else 1)
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
def grade(
    slug: str,
    students: list[str] = typer.Option([], help="only these learners; may be given several times"),
    scheduler: str = typer.Option("", help="address of a Dask scheduler; without it, this machine's cores"),
    apply: bool = typer.Option(False, help="also commit scores that change an earlier grade"),
    unsafe: bool = typer.Option(False, "--without-sandbox", help="run learners' code with your rights: only for code that you trust"),
) -> None:
    """Grade the submissions of a lab: in a sandbox, judged from outside, into nbgrader's gradebook, with feedback.

    Submissions lie in grading/submitted/STUDENT/SLUG/. What was graded and did not change is not graded again.
    """
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    from labwright import contract
    from labwright.grading import batch, gradebook, kernel, summary

    contract.every_lab([slug])
    total = len(students or batch.students(slug))
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(slug, total=total)
        name = "python3" if unsafe else kernel.SANDBOX
        graded = batch.grade(slug, students or None, scheduler=scheduler, apply=apply, kernel=name, done=lambda _: bar.advance(task))
    gradebook.penalize(batch.COURSE, slug)
    for part in summary.of_run(graded):
        console.print(part, soft_wrap=isinstance(part, str), markup=False, highlight=False)
    if failed := [each.student for each in graded.judged.values() if each.state == "our fault"]:
        raise ScratchlabError(f"Not graded, through no fault of theirs: {', '.join(failed)}. Mend what it says and run this again.")


@app.command()
def export(
    slug: str,
    canvas: str = typer.Option("", help="your own gradebook file from Canvas, to be filled in"),
    column: str = typer.Option("", help="the assignment's column in it, by name or id"),
    moodle: str = typer.Option("", help="Moodle's grading worksheet, to be filled in"),
) -> None:
    """Write the grades of a lab as they stand in the gradebook, and every learner's feedback with what a person said."""
    from pathlib import Path

    from labwright.grading import batch, exports, gradebook, summary

    course = batch.COURSE
    judged = batch.judged(slug, course)
    gradebook.penalize(course, slug)
    grades = gradebook.grades(gradebook.url(course), slug, judged)
    for each in grades:
        if each.student in judged:
            batch.write_feedback(judged[each.student], course, each)
    written = [
        exports.nbgrader_csv(grades, course / f"grades-{slug}.csv"),
        exports.questions_csv(grades, course / f"grades-{slug}-questions.csv"),
    ]
    if canvas:
        written.append(exports.canvas_csv(grades, Path(canvas), course / f"grades-{slug}-canvas.csv", {slug: column or slug}))
    if moodle:
        written.append(exports.moodle_csv(grades, Path(moodle), course / f"grades-{slug}-moodle.csv"))
    for line in summary.of_export(written):
        console.print(line, soft_wrap=True, markup=False, highlight=False)


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


@app.command()
def lint(slugs: list[str] = Slugs) -> None:
    """Look for mistakes in the labs' texts, answers given away, and one machine's paths; nothing is executed."""
    from labwright import contract, leaks, portable, source

    chosen = contract.every_lab(slugs)
    if problems := [problem for slug in chosen for look in (source.lint, leaks.problems, portable.problems) for problem in look(slug)]:
        raise ScratchlabError("\n".join(problems))
    console.print(f"{len(chosen)} labs are clean")


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


@app.command()
def kit(
    file: Path = typer.Argument(help="the archive to write, as in labs.zip", show_default=False),
    labs: str = typer.Option("", help="only these labs, with commas between; without it, all"),
    torch: bool = typer.Option(True, "--torch/--without-torch", help="torch is large; without it, every computer must have its own"),
) -> None:
    """Pack labs, their data, all packages and the site into one archive for computers without internet that are like this one."""
    from labwright import contract
    from labwright import kit as packer

    chosen = contract.every_lab(labs.split(",") if labs else None)
    with console.status("packing") as shown:
        made = packer.make(file.absolute(), chosen, torch, shown.update)
    console.print(f"{made}: {len(chosen)} labs, {made.stat().st_size / 1e6:.0f} MB. Unpack it and run install.py.", soft_wrap=True)


@app.command("all")
def everything() -> None:
    """What `make book` does: look for stale files, run every lab in the cpu profile, hold it to its contract, build the site."""
    toc(check=True)
    build([], check=True)
    run([], profile="cpu", jobs=0, force=False, shard="1/1", scheduler="", cold=False, record=False)
    book()
