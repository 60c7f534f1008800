"""Directives and roles of the book. Most stand for Markdown that `cards` makes from the curriculum and the contracts.

```{week-card} foundations 1        ```{phase} foundations 1       ```{lab-card} nn-perceptron
```{resources} foundations 1        ```{track} foundations summary ```{status} foundations
```{planned} foundations 1          ```{results} table

{lab}`nn-perceptron`                {number}`nn-perceptron test_accuracy .1%`
"""

from collections.abc import Iterable

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

from labwright import curriculum, results
from labwright.site import cards, facts, reader, resultpage
from scratchlab.errors import ScratchlabError


def setup(app) -> None:
    """Register all directives and roles."""
    for name, directive in DIRECTIVES.items():
        app.add_directive(name, directive)
    app.connect("env-get-outdated", lambda app, env, *changes: {"book/results"} & env.found_docs)  # a new record is no known file
    app.add_role("lab", LabRole())
    app.add_role("number", NumberRole())


class Generated(SphinxDirective):
    """A directive that stands for Markdown; its arguments are words after its name."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def markdown(self, *words: str) -> str:
        """The Markdown to show."""
        raise NotImplementedError

    def note_labs(self, slugs: Iterable[str]) -> None:
        """Have the page made anew when one of these labs or its result changes."""
        for path in (path for slug in slugs for path in facts.files_of(slug)):
            self.env.note_dependency(str(path))

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(curriculum.PATH))
        try:
            text = self.markdown(*(self.arguments[0].split() if self.arguments else ()))
        except (ScratchlabError, TypeError) as error:
            raise self.error(str(error)) from error
        holder = nodes.container()
        self.state.nested_parse(StringList(text.splitlines(), self.get_source_info()[0]), self.content_offset, holder)
        return holder.children


def _week(track: str, number: str):
    program = curriculum.load().track(track)
    return program, *curriculum.load().week(track, int(number))


class WeekCard(Generated):
    """The card at the top of a week."""

    def markdown(self, track: str, number: str) -> str:
        self.note_labs(facts.labs_of(_week(track, number)[2]))
        return cards.week_card(*_week(track, number)) + reader.box(reader.week_key(track, int(number)), "week")


class Resources(Generated):
    """The week's resources."""

    def markdown(self, track: str, number: str) -> str:
        return cards.resources(_week(track, number)[2].resources)


class Planned(Generated):
    """The body of a week that is not written yet."""

    def markdown(self, track: str, number: str) -> str:
        program, _, week = _week(track, number)
        return cards.planned(program, week)


class PhasePage(Generated):
    """The body of a phase's page."""

    def markdown(self, track: str, number: str) -> str:
        program = curriculum.load().track(track)
        return cards.phase(program, next(each for each in program.phases if each.number == int(number)))


class TrackPage(Generated):
    """A part of a program's page."""

    def markdown(self, track: str, part: str) -> str:
        return cards.track(curriculum.load().track(track), part)


class Status(Generated):
    """A program's status table."""

    def markdown(self, track: str) -> str:
        return cards.status(curriculum.load().track(track))


class Results(Generated):
    """A part of the results page."""

    def markdown(self, part: str) -> str:
        return resultpage.part(part)


class LabCard(Generated):
    """The card at the top of a lab."""

    def markdown(self, slug: str) -> str:
        return cards.lab_card(slug) + reader.box(slug, "lab")


class LabRole(SphinxRole):
    """{lab}`slug`: the lab's title, linked if it is written."""

    def run(self):
        try:
            entry = curriculum.load().lab(self.text)
        except ScratchlabError as error:
            return [], [self.inliner.reporter.error(str(error), line=self.lineno)]
        if not entry.written:
            return [nodes.emphasis(text=entry.title)], []
        link = addnodes.pending_xref(
            "", refdomain="std", reftype="doc", reftarget=f"/{entry.document}", refexplicit=True, refwarn=True, refdoc=self.env.docname
        )
        link += nodes.inline(text=entry.title, classes=["doc"])
        return [link], []


class NumberRole(SphinxRole):
    """{number}`slug metric [format] [profile]`: a number from the lab's last run; 'not yet measured' if there is none."""

    def run(self):
        words = self.text.split()
        if len(words) < 2:
            message = "usage: {number}`slug metric [format] [profile]`"
            return [], [self.inliner.reporter.error(message, line=self.lineno)]
        slug, metric, form, profile = [*words, *["", ".3g", "cpu"][len(words) - 1 :]]
        self.env.note_dependency(str(results.path_of(slug, profile)))
        last = results.last(slug, profile)
        if last is None:
            return [nodes.emphasis(text="(not yet measured)")], []
        if metric not in last.metrics:
            known = ", ".join(last.metrics)
            return [], [self.inliner.reporter.error(f"{slug} records no metric '{metric}'; it records {known}", line=self.lineno)]
        text = format(last.metrics[metric], form).replace("-", "\N{MINUS SIGN}")
        if "e" in form and "e" in text:  # 1.2e-15 as 1.2 × 10⁻¹⁵
            mantissa, _, exponent = text.replace("\N{MINUS SIGN}", "-").partition("e")
            digits = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
            text = f"{mantissa} × 10{digits}"
        return [nodes.inline(text=text, classes=["measured"], title=f"{slug}, {last.machine}, {last.date}")], []


DIRECTIVES = {
    "week-card": WeekCard,
    "resources": Resources,
    "planned": Planned,
    "phase": PhasePage,
    "track": TrackPage,
    "status": Status,
    "results": Results,
    "lab-card": LabCard,
}
