"""What all commands share: the program, its screen, and options that several have."""

import typer
from rich.console import Console

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The command line of authors, teachers and CI: `labwright`.",
)
console = Console()
Slugs = typer.Argument(None, help="labs; all of them if none is named", show_default=False)
ProfileOption = typer.Option("cpu", "--profile", "-p", help="cpu, gpu or h100")
