"""Grading a class."""

import typer

from labwright.cli.shared import app, console
from scratchlab.errors import ScratchlabError


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
