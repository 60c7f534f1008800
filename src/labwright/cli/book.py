"""The book around the labs."""

from pathlib import Path

import typer

from labwright.cli.labs import build
from labwright.cli.runs import run
from labwright.cli.shared import app, console
from scratchlab.errors import ScratchlabError


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


@app.command()
def book(language: str = typer.Option("", help="only the site of this language; without it, the English one and all others")) -> None:
    """Build the site from the executed labs; every warning is an error. Run `labwright run` first."""
    from labwright.site import build as site
    from labwright.site import languages, translate

    def tell(what: str, first: Path, built: bool) -> None:
        console.print(f"The {what} is {'built' if built else 'up to date'}: file://{first}", soft_wrap=True)

    if not language:
        with console.status("building the site") as shown:
            tell("site", *site.build(lambda line: shown.update(line[:100].replace("[", "\\["))))
    for each in [language] if language else languages.translated():
        with console.status(f"building the site in '{each}'"):
            tell(f"site in '{each}'", *translate.build(each))


@app.command("prose")
def prose_(files: list[Path] = typer.Argument(None, help="without one, everything that people read", show_default=False)) -> None:
    """Look for misspelled and doubled words, words that sell, and headings that are not in sentence case."""
    from labwright import prose

    chosen = [file.absolute() for file in files] if files else prose.files()
    if problems := [problem for file in chosen for problem in prose.problems(file)]:
        raise ScratchlabError("\n".join(problems))
    console.print(f"{len(chosen)} files are clean")


@app.command("print")
def print_(
    files: list[Path] = typer.Argument(None, help="what to write: .pdf, .epub; without a name, both", show_default=False),
    only: str = typer.Option("", help="only these pages, with commas between, as in book/guides/start"),
) -> None:
    """Make a PDF and an EPUB of the whole book from the built site, with Chromium. Run `labwright book` first."""
    from labwright.paper import browser, epub, pdf
    from labwright.paths import BUILD

    makers = {".pdf": (pdf.make, "pages"), ".epub": (epub.make, "articles")}
    files = files or [BUILD / "print" / f"from-scratch-to-scale{suffix}" for suffix in makers]
    if strange := [str(file) for file in files if file.suffix not in makers]:
        raise ScratchlabError(f"neither a .pdf nor an .epub: {', '.join(strange)}")
    with browser.chromium() as running, console.status("printing") as shown:
        for file in files:
            make, unit = makers[file.suffix]
            chosen = only.split(",") if only else None
            count = make(running, file.absolute(), chosen, lambda line: shown.update(line[:100].replace("[", "\\[")))
            console.print(f"{file.absolute()}: {count} {unit}, {file.stat().st_size / 1e6:.1f} MB", soft_wrap=True)


@app.command()
def translate(
    language: str = typer.Argument(help="as in es", show_default=False),
    page: str = typer.Argument("", help="as in book/guides/study; without it, every translated page", show_default=False),
    check: bool = typer.Option(False, help="write nothing; fail if a sentence is not translated"),
) -> None:
    """Bring the translations of a language up to date with the English pages, or begin that of a page (locale/LANGUAGE/)."""
    from labwright.site import translate as translating

    if check:
        if found := translating.problems(language):
            raise ScratchlabError("\n".join(found))
        console.print(f"every translated page in '{language}' is complete")
        return
    for each in [page] if page else translating.pages_of(language):
        console.print(f"{translating.update(language, each)}: translate what is empty or marked as fuzzy", soft_wrap=True)


@app.command("all")
def everything() -> None:
    """What `make book` does: look for stale files, run every lab in the cpu profile, hold it to its contract, build the site."""
    from labwright.run import is_fresh
    from labwright.site import build as site
    from scratchlab.labs import known_labs

    toc(check=True)
    build([], check=True)
    if not all(is_fresh(slug, "cpu") for slug in known_labs()):
        site.load_ahead()  # labs seldom keep all cores busy
    run([], profile="cpu", jobs=0, force=False, shard="1/1", scheduler="", cold=False, record=False)
    book(language="")


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
