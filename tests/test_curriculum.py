"""book/curriculum.yml: complete, consistent, and the only source of the table of contents and the generated pages."""

import json

import pytest
import yaml
from conftest import ROOT, call

from labwright import curriculum
from scratchlab.errors import ScratchlabError

BOOK = curriculum.load()
LABS = [lab for _, _, _, lab in BOOK.labs()]


def test_both_programs_are_complete():
    shape = {track.slug: (len(track.phases), len(list(track.weeks()))) for track in BOOK.tracks}
    assert shape == {"foundations": (6, 20), "advanced": (4, 24)}
    assert len(LABS) == 125


@pytest.mark.parametrize("track", BOOK.tracks, ids=lambda track: track.slug)
def test_hours_add_up_to_what_the_program_states(track):
    weeks = [week for _, week in track.weeks()]
    stated = {"foundations": (300, 500), "advanced": (360, 480)}[track.slug]
    assert (track.hours.min, track.hours.max) == stated
    for total in (sum(w.hours.total for w in weeks), sum(w.hours.min for w in weeks), sum(w.hours.max for w in weeks)):
        assert stated[0] <= total <= stated[1]


def test_every_project_of_every_week_is_covered_by_a_lab_that_the_week_names():
    for track in BOOK.tracks:
        for _, week in track.weeks():
            code = f"{track.letter}{week.number}."
            covering = {lab.slug for lab in LABS if any(each.startswith(code) for each in lab.covers)}
            assert covering == {lab.slug for lab in week.labs} | set(week.also), code
            numbers = sorted(int(each.split(".")[1]) for lab in LABS for each in lab.covers if each.startswith(code))
            assert set(numbers) == set(range(1, max(numbers) + 1)), f"{code} misses a project: {numbers}"


def test_every_week_offers_resources_or_is_a_capstone():
    empty = [(track.slug, week.number) for track in BOOK.tracks for _, week in track.weeks() if not week.resources]
    assert empty == [("advanced", 24)]


def test_no_closed_site_is_linked():
    urls = [resource.url for track in BOOK.tracks for _, week in track.weeks() for resource in week.resources]
    assert not [url for url in urls if "paperswithcode.com" in url]


def test_generated_pages_and_the_table_of_contents_are_fresh():
    assert curriculum.stale() == []


def test_every_week_and_every_written_lab_is_in_the_table_of_contents():
    text = (ROOT / "_toc.yml").read_text()
    files = set()

    def walk(node):
        if isinstance(node, dict):
            files.update(str(value) for key, value in node.items() if key in ("file", "root"))
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            walk(child)

    walk(yaml.safe_load(text))
    weeks = {track.document(phase, week) for track in BOOK.tracks for phase, week in track.weeks()}
    assert weeks <= files and {lab.document for lab in LABS if lab.written} <= files
    missing = [file for file in files if not (ROOT / f"{file}.md").is_file() and not (ROOT / f"{file}.ipynb").is_file()]
    assert missing == []


def test_titles_of_chapters_and_labs_are_the_curriculums():
    from labwright import source

    for track in BOOK.tracks:
        for phase, week in track.weeks():
            text = (ROOT / f"{track.document(phase, week)}.md").read_text()
            assert f"({track.slug}-week-{week.number:02})=\n# Week {week.number}: {week.title}\n" in text
    for lab in LABS:
        if lab.written:
            assert source.title(lab.slug) == lab.title


def test_every_lab_in_the_repository_is_in_the_curriculum():
    from scratchlab.labs import known_labs

    assert set(known_labs()) <= {lab.slug for lab in LABS}


def test_a_chapter_is_not_replaced_by_the_page_that_stands_in_for_it(checkout):
    planned = next(track.document(phase, week) for track in BOOK.tracks for phase, week in track.weeks() if week.status == "planned")
    chapter = checkout.path / f"{planned}.md"
    chapter.parent.mkdir(parents=True, exist_ok=True)
    chapter.write_text("# A chapter, just finished\n")
    done = checkout("labwright", "toc")
    assert done.returncode == 2 and f"{planned}.md holds a chapter" in " ".join(done.stderr.split())
    assert chapter.read_text() == "# A chapter, just finished\n"


def test_a_planned_week_shows_what_is_written_of_it(checkout):
    track, phase, week = next((track, phase, week) for track in BOOK.tracks for phase, week in track.weeks() if week.status == "planned")
    page, slug = checkout.path / f"{track.document(phase, week)}.md", week.labs[0].slug
    section = page.parent / "sections" / f"{slug}.md"
    section.parent.mkdir(parents=True)
    section.write_text("## A section\n")
    assert checkout("labwright", "toc").returncode == 0
    assert f"{{include}} sections/{slug}.md" in page.read_text() and "{planned}" in page.read_text()


def test_a_stale_table_of_contents_is_noticed(checkout):
    made = checkout("labwright", "toc")
    assert made.returncode == 0, made.stderr
    assert checkout("labwright", "toc", "--check").returncode == 0
    path = checkout.path / "_toc.yml"
    path.write_text(path.read_text().replace("week-02", "week-20"))
    done = checkout("labwright", "toc", "--check")
    assert done.returncode == 2 and "_toc.yml" in done.stderr


MISTAKES = {
    "a lab twice": ("slug: nn-xor", "slug: nn-perceptron", "listed twice: nn-perceptron"),
    "hours that do not add up": ("theory: 4, labs: 8", "theory: 40, labs: 8", "outside 15 to 18"),
    "a link that is none": ("url: https://", "url: htp://", "url"),
    "an unknown key": ("topic:", "topik:", "topik"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_reported_with_their_line(tmp_path, name):
    old, new, words = MISTAKES[name]
    path = tmp_path / "curriculum.yml"
    path.write_text(curriculum.PATH.read_text().replace(old, new, 1))
    from labwright import yamlfile

    with pytest.raises(ScratchlabError, match=r"curriculum\.yml:\d+: ") as caught:
        yamlfile.read(path, curriculum.Curriculum)
    assert words in str(caught.value)


def test_status_counts_what_is_in_the_repository():
    counts = curriculum.status()
    labs = [each["labs"] for phases in counts.values() for each in phases]
    assert sum(each["written"] + each["planned"] for each in labs) == 125
    assert sum(each["written"] for each in labs) == len(list((ROOT / "labs").glob("*/lab.yml")))
    printed = call("labwright", "status", "--json")
    assert printed.returncode == 0 and json.loads(printed.stdout) == counts
