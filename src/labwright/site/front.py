"""Parts of the front page that are computed: ```{front} check nn-perceptron update_forgets_label, and others."""

import json
import re
from types import ModuleType

import numpy as np

from labwright import curriculum, results, source
from labwright.curriculum import Track
from labwright.paths import LABS
from labwright.site import facts, resultpage
from labwright.site.directives import Generated
from scratchlab import outputs
from scratchlab.checking import load_tasks, run_task
from scratchlab.errors import UnknownName
from scratchlab.labs import known_labs


class Front(Generated):
    """A part of the front page."""

    def markdown(self, name: str, *words: str) -> str:
        parts = {"check": check, "programs": programs, "proven": proven, "launch": launch, "command": command}
        if name not in parts:
            raise UnknownName("part of the front page", name, list(parts))
        self.note_labs(known_labs())
        return parts[name](*words)


def setup(app) -> None:
    """Register the directive, and the style of the cards."""
    app.add_directive("front", Front)
    app.add_css_file("cards.css")
    app.add_css_file("maps.css")


def check(slug: str, wrong: str) -> str:
    """A wrong answer of a lab, and what the lab's check says to it, now. The answer may use NumPy and nothing else of the lab."""
    text = (LABS / slug / "wrong" / f"{wrong}.py").read_text(encoding="utf-8")
    name = re.search(r"^# fails: (\w+)/", text, re.MULTILINE).group(1)
    code = text[re.search(r"^(def|class) ", text, re.MULTILINE).start() :].strip()
    student = ModuleType("student")
    student.np = np
    exec(compile(code, wrong, "exec"), vars(student))
    points = next(worth for kind, task, worth in source.graded(slug) if (kind, task) == ("check", name))
    report = run_task(load_tasks(LABS / slug / "checks.py")[name], student, points=points)
    shown = report._repr_mimebundle_()["text/html"]
    return f'```python\n{code}\n\ncheck("{name}")\n```\n\n```{{raw}} html\n{shown}\n```\n'


def programs() -> str:
    """A card for each program: for whom it is, how long it takes, and how much of it is there."""
    lines = [":::::{grid} 1 1 2 2", ":gutter: 3", ""]
    for track in curriculum.load().tracks:
        lines += [*_program(track), ""]
    return "\n".join([*lines, ":::::"])


def _program(track: Track) -> list[str]:
    weeks = [week for _, week in track.weeks()]
    labs = [lab for week in weeks for lab in week.labs]
    return [
        f"::::{{grid-item-card}} {track.title}, {len(weeks)} weeks",
        f":link: /book/{track.slug}/index",
        ":link-type: doc",
        "",
        track.audience,
        "",
        track.summary,
        ":::{card-footer}",
        f"{track.hours_per_week.min:g} to {track.hours_per_week.max:g} hours a week · "
        f"{sum(week.status == 'written' for week in weeks)} of {len(weeks)} chapters "
        f"and {sum(lab.written for lab in labs)} of {len(labs)} labs written",
        ":::",
        "::::",
    ]


def proven() -> str:
    """What can be counted of what the book claims."""
    labs = [lab for *_, lab in curriculum.load().labs()]
    weeks = [week for track in curriculum.load().tracks for _, week in track.weeks()]
    written = known_labs()
    rows = resultpage.rows()
    kept, ran = sum(row.state == "kept" for row in rows), sum(row.state != "deferred" for row in rows)
    gpus = [row for row in rows if row.profile != "cpu"]
    told = [record for record in map(facts.proof, written) if record]
    lines = [
        f"- **{len(written)}** of {len(labs)} labs written",
        f"- **{sum(week.status == 'written' for week in weeks)}** of {len(weeks)} chapters written",
        f"- **{kept}** of {ran} runs kept every number in its band",
        f"- **{sum(row.state == 'deferred' for row in gpus)}** of {len(gpus)} GPU runs deferred: no such machine has run them yet",
    ]
    lines.insert(2, f"- **{sum(map(properties, written)):,}** properties of answers that checks look at")
    if told:
        lines[3:3] = [
            f"- **{sum(record.wrong for record in told):,}** wrong answers that fail as they must",
            f"- **{sum(record.right for record in told):,}** right answers in other styles that pass",
            f"- **{sum(record.killed for record in told):,}** of {sum(record.mutants for record in told):,} small changes "
            "to solutions caught",
        ]
    said = f"The checks of {len(told)} of {len(written)} labs are on record as proven in their present text." if told else ""
    return "\n".join(["::::{div} proven", *lines, "::::", "", said])


def properties(slug: str) -> int:
    """How many properties the checks of a lab looked at when it was run."""
    executed = results.notebook_of(slug)
    if not executed.is_file():
        return 0
    cells = json.loads(executed.read_text(encoding="utf-8"))["cells"]
    shown = (output.get("data", {}) for cell in cells for output in cell.get("outputs", []))
    return sum(len(data[outputs.CHECK]["outcomes"]) for data in shown if outputs.CHECK in data)


def launch(slug: str) -> str:
    """Buttons that open the learner's copy of a lab in Colab or on Kaggle, and its page."""
    lines = [
        f"```{{button-link}} {facts.colab(slug)}\n:color: primary\nOpen in Colab\n```",
        f"```{{button-link}} {facts.kaggle(slug)}\n:color: primary\n:outline:\nOpen on Kaggle\n```",
        f"```{{button-ref}} /{curriculum.load().lab(slug).document}\n:ref-type: doc\n:color: primary\n:outline:\nRead it here\n```",
    ]
    return "\n".join(["::::{div} launch", *lines, "::::"])


def command(slug: str) -> str:
    """The commands that fetch the book and open a lab."""
    url = source.repository().url
    return f"```\ngit clone {url}\nmake -C {url.rsplit('/', 1)[-1]} lab LAB={slug}\n```"
