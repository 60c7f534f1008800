"""A reader's progress: boxes on pages, the page of progress, its files, and receipts, in a real browser over the built site."""

import json
import re

import pytest
from conftest import ROOT

from labwright import results, source
from labwright.grading import intake
from labwright.grading.feedback import render
from labwright.grading.records import Finding, Judgement, Question, QuestionGrade, Receipt, StudentGrade
from labwright.site import build as site

KEY = "from-scratch-to-scale/progress"
LAB = "nn-perceptron"
WEEK = "book/foundations/phase-2/week-07"
EMPTY = {"format": KEY, "version": 1, "done": {}, "hours": {}, "receipts": [], "plan": None}


@pytest.fixture(scope="module", autouse=True)
def built():
    assert site.KEY.is_file() and site.KEY.read_text() == site.inputs_key(), "the site is not up to date: labwright book"


def kept(page) -> dict:
    """What the browser keeps."""
    return json.loads(page.evaluate(f"localStorage.getItem({KEY!r})"))


def keep(page, **parts) -> None:
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [KEY, json.dumps(EMPTY | parts)])
    page.reload()


def give(page, path) -> str:
    """Have the page read a file; what it says."""
    page.locator("#import-said").evaluate("place => place.textContent = ''")
    page.set_input_files("#progress-import", path)
    page.wait_for_function("document.getElementById('import-said').textContent")
    return page.locator("#import-said").inner_text()


def box(page, key):
    return page.locator(f'[data-key="{key}"]').first


def test_what_is_ticked_beside_a_card_is_ticked_on_the_page_of_progress(open_page):
    page = open_page(WEEK)
    page.get_by_label("I have done this week").check()
    page = open_page(f"labs/{LAB}/{LAB}")
    page.get_by_label("I have done this lab").check()
    page = open_page("book/progress")
    assert box(page, "foundations-week-07").is_checked() and box(page, LAB).is_checked()
    assert box(page, "foundations-week-01").is_visible(), "the phase with the first week that is left stands open"
    assert page.locator("[data-sum=foundations]").inner_text().startswith("Done: 1 of 20 weeks, 1 of 59 labs, 0 of 6 milestones.")
    page.get_by_label("Milestone: Applications").check()
    box(page, "foundations-week-07").evaluate("box => box.click()")
    assert set(kept(page)["done"]) == {LAB, "foundations-milestone-01"}
    assert not open_page(WEEK).get_by_label("I have done this week").is_checked()
    assert page.problems == []


def test_a_lab_that_serves_both_programs_is_one_tick_and_a_planned_one_cannot_be_ticked(open_page):
    page = open_page("book/progress")
    shared = page.locator('[data-key="capstone-portfolio"]')
    assert shared.count() == 2 and shared.first.is_disabled()
    keep(page, done={"capstone-portfolio": "2026-11-22"})
    assert [shared.nth(number).is_checked() for number in range(2)] == [True, True] and not shared.first.is_disabled()


def test_hours_are_set_beside_the_plan_and_an_empty_or_impossible_number_is_none(open_page):
    page = open_page("book/progress")
    page.locator("[data-phase=foundations-1] > summary").click()
    hours = page.get_by_label("Hours spent on week 1").first
    hours.fill("12.5")
    hours.blur()
    assert kept(page)["hours"] == {"foundations-week-01": 12.5}
    assert "You noted 12.5 hours for 1 week planned with 16." in page.locator("[data-sum=foundations]").inner_text()
    hours.fill("-3")
    hours.blur()
    assert kept(page)["hours"] == {"foundations-week-01": 12.5}
    hours.fill("")
    hours.blur()
    assert kept(page)["hours"] == {}


def test_two_tabs_see_each_other_and_undo_nothing(open_page):
    one = open_page("book/progress")
    two = one.context.new_page()
    two.goto(one.url)
    for page in (one, two):
        page.locator("[data-phase=foundations-1] > summary").click()
    hours = two.get_by_label("Hours spent on week 2").first
    hours.type("7")
    box(one, LAB).check()
    two.wait_for_function("document.querySelector('[data-key=nn-perceptron]').checked")
    assert hours.input_value() == "7", "what is being typed stays"
    box(two, "nn-xor").check()
    one.wait_for_function("document.querySelector('[data-key=nn-xor]').checked")
    assert set(kept(one)["done"]) == {LAB, "nn-xor"} and kept(one)["hours"] == {"foundations-week-02": 7}


def test_a_browser_that_keeps_nothing_is_named_and_the_visit_works(open_page):
    page = open_page("book/index")
    page.context.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"
    )
    page = open_page("book/progress")
    assert "does not let the page keep anything" in page.locator("#progress-trouble").inner_text()
    page.locator("[data-phase=foundations-1] > summary").click()
    box(page, LAB).check()
    assert "1 of 59 labs" in page.locator("[data-sum=foundations]").inner_text()
    with page.expect_download() as started:
        page.click("#progress-export")
    assert LAB in json.loads(started.value.path().read_text())["done"]
    assert "does not let" in open_page(WEEK).locator(".progress-box").inner_text()


def test_a_full_store_is_named_and_the_visit_works(open_page):
    page = open_page(WEEK)
    page.evaluate("() => void (Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); })")
    page.get_by_label("I have done this week").check()
    assert page.get_by_label("I have done this week").is_checked() and "no room left" in page.locator(".progress-box").inner_text()


def test_what_cannot_be_read_is_never_overwritten(open_page):
    page = open_page("book/progress")
    page.evaluate(f"localStorage.setItem({KEY!r}, '{{\"half')")
    page.reload()
    assert "put aside" in page.locator("#progress-trouble").inner_text()
    assert page.evaluate("Object.values({...localStorage}).includes('{\"half')")
    newer = json.dumps(EMPTY | {"version": 2, "done": {"x": {"new": "shape"}}})
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [KEY, newer])
    page.reload()
    assert "newer edition" in page.locator("#progress-trouble").inner_text()
    box(page, LAB).evaluate("box => box.click()")
    assert box(page, LAB).is_checked() and page.evaluate(f"localStorage.getItem({KEY!r})") == newer


def test_a_saved_copy_brings_everything_back_and_slugs_of_another_edition_are_kept(open_page, tmp_path):
    page = open_page("book/progress")
    full = {
        "done": {LAB: "2026-01-05", "foundations-week-99": "2026-02-01", "advanced-week-24": "2028-02-29"},
        "hours": {"foundations-week-01": 0.5, "foundations-week-99": 3},
        "plan": {"program": "advanced", "start": "2026-11-30", "hours": 12, "hardware": "own"},
    }
    keep(page, **full)
    assert "foundations-week-99" in page.locator("#progress-strangers").inner_text()
    with page.expect_download() as started:
        page.click("#progress-export")
    copy = tmp_path / "copy.json"
    started.value.save_as(copy)
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#progress-clear")
    assert kept(page) == EMPTY
    said = give(page, copy)
    assert "3 new ticks, hours of 2 more weeks" in said and kept(page) == EMPTY | full
    box(page, "nn-xor").evaluate("box => box.click()")
    before = kept(page)
    assert "0 new ticks" in give(page, copy) and kept(page) == before, "a copy read twice changes nothing"


def test_merging_loses_nothing_and_does_not_depend_on_the_order(open_page):
    page = open_page("book/progress")
    a = EMPTY | {"done": {"x": "2026-01-02", "y": "2026-01-01"}, "hours": {"w": 3}}
    b = EMPTY | {"done": {"x": "2026-01-01", "constructor": "2026-01-03"}, "hours": {"w": 5, "v": 1}}
    merged = page.evaluate("([a, b]) => [scratch.format.merge(a, b), scratch.format.merge(b, a)]", [a, b])
    assert merged[0] == merged[1]
    assert merged[0]["done"] == {"x": "2026-01-01", "y": "2026-01-01", "constructor": "2026-01-03"}
    assert merged[0]["hours"] == {"w": 5, "v": 1}


RECEIPT = {
    "lab": LAB,
    "kind": "graded",
    "read": "2026-11-22",
    "name": "a",
    "title": "a",
    "student": "",
    "file": "",
    "verified": "none",
    "score": 1,
    "points": 2,
    "penalty": 0,
    "questions": [],
    "origin": {},
}
TAMPERED = {
    "cut off": ('{"format": "from-scratch', "damaged"),
    "another program's": ('{"done": {}}', "not the progress file"),
    "a newer format": (json.dumps(EMPTY | {"version": 7}), "newer edition"),
    "no version": (json.dumps(EMPTY | {"version": "1"}), "which version"),
    "a list for a map": (json.dumps(EMPTY | {"done": ["nn-xor"]}), "not a list of entries"),
    "no slug": (json.dumps(EMPTY | {"done": {"<img src=x onerror=alert(1)>": "2026-01-01"}}), "is no slug"),
    "a prototype": (json.dumps(EMPTY)[:-1] + ', "done": {"__proto__": "2026-01-01"}}', "is no slug"),
    "no day": (json.dumps(EMPTY | {"done": {"nn-xor": "2026-02-30"}}), "not a day"),
    "hours below zero": (json.dumps(EMPTY | {"hours": {"foundations-week-01": -1}}), "number of hours"),
    "hours as text": (json.dumps(EMPTY | {"hours": {"foundations-week-01": "9"}}), "number of hours"),
    "too many entries": (json.dumps(EMPTY | {"done": {f"lab-{n}": "2026-01-01" for n in range(5001)}}), "no book has so many"),
    "impossible points": (json.dumps(EMPTY | {"receipts": [RECEIPT | {"score": -1}]}), "impossible points"),
    "half a plan": (json.dumps(EMPTY | {"plan": {"program": "advanced"}}), "plan is not whole"),
    "a table": ("lab,points\nnn-xor,9\n", "none of the kinds"),
    "any web page": ("<!DOCTYPE html><title>x</title><main></main>", "not the feedback"),
    "any notebook": ('{"cells": [], "nbformat": 4}', "of no lab"),
}


def test_a_bad_file_is_refused_with_the_reason_and_nothing_changes(open_page, tmp_path):
    page = open_page("book/progress")
    keep(page, done={LAB: "2026-01-05"})
    before = kept(page)
    for name, (text, words) in TAMPERED.items():
        path = tmp_path / "file.json"
        path.write_text(text)
        said = give(page, path)
        assert "was not taken" in said and words in said, (name, said)
        assert kept(page) == before, name
    path.write_bytes(b"\x89PNG\xff\xfe")
    assert "not a text file" in give(page, path)
    with path.open("wb") as large:
        large.truncate(50_000_000)
    assert "has 50 MB" in give(page, path)
    assert kept(page) == before and page.problems == []


def grade(**fields) -> Judgement:
    """A judgement of every question of the lab: full points for all checks but the last one's, and the answers wait."""
    questions = [
        Question(
            cell=f"{kind}-{name}",
            name=name,
            kind=kind,
            points=points,
            score=points if kind == "check" else None,
            state="passed" if kind == "check" else "waiting",
        )
        for kind, name, points in source.graded(LAB)
    ]
    receipt = Receipt(
        submission="ab" * 32,
        checks="cd" * 32,
        environment="ef" * 32,
        seed="12345678",
        sandbox="bubblewrap",
        seconds=2,
        memory_gb=1,
        restarts=0,
        whole=False,
    )
    return Judgement(**{"student": "ada", "lab": LAB, "state": "graded", "questions": tuple(questions), "receipt": receipt} | fields)


def test_the_feedback_page_of_a_teacher_is_a_receipt(open_page, tmp_path):
    hostile = "<script>window.owned = 1</script><img src=x onerror='window.owned = 1'>"
    finding = Finding(name=hostile, says=hostile, state="wrong", detail=(hostile,))
    judgement = grade()
    first = judgement.questions[0].model_copy(update={"findings": (finding,), "state": "wrong", "score": 0.25})
    judgement = judgement.model_copy(update={"student": hostile, "questions": (first, *judgement.questions[1:])})
    path = tmp_path / f"{LAB}.html"
    path.write_text(render(judgement, title=source.title(LAB)))
    page = open_page("book/progress")
    said = give(page, path)
    (receipt,) = kept(page)["receipts"]
    total = sum(points for kind, _, points in source.graded(LAB) if kind == "check")
    assert receipt["lab"] == LAB and receipt["kind"] == "graded" and receipt["verified"] == "none"
    assert receipt["score"] == pytest.approx(total - first.points + 0.25) and receipt["points"] == sum(
        q.points for q in judgement.questions
    )
    assert receipt["origin"]["Your file"] == "ab" * 6 and receipt["student"] == hostile and "differ" not in said
    assert [question["score"] for question in receipt["questions"]] == [question.score for question in judgement.questions]
    assert "graded" in page.locator(f'[data-points="{LAB}"]').first.text_content()
    assert "It was here already" in give(page, path) and len(kept(page)["receipts"]) == 1
    assert page.evaluate("window.owned") is None and page.problems == []
    words = path.read_text()
    path.write_text(re.sub(r'(<p class="score">)[\d.]+', r"\g<1>9", words))
    assert "add up to" in give(page, path) and len(kept(page)["receipts"]) == 1
    path.write_text(render(grade(state="not gradable", notes=("No.",))))
    assert "no grade" in give(page, path)


def test_a_feedback_page_with_lateness_and_a_persons_points_is_read(open_page, tmp_path):
    given = [
        QuestionGrade(
            cell=f"{kind}-{name}",
            name=name,
            kind=kind,
            points=points,
            auto=points if kind == "check" else None,
            manual=points / 2 if kind == "answer" else None,
            state="passed" if kind == "check" else "waiting",
        )
        for kind, name, points in source.graded(LAB)
    ]
    last = StudentGrade(student="ada", lab=LAB, state="graded", first_name="Ada", late_penalty=1.5, questions=tuple(given))
    path = tmp_path / "download (1).html"
    path.write_text(render(grade(), last, source.title(LAB)))
    page = open_page("book/progress")
    give(page, path)
    (receipt,) = kept(page)["receipts"]
    assert receipt["score"] == last.score and receipt["penalty"] == 1.5 and receipt["student"] == "Ada (ada)"
    assert "after 1.5 off for lateness" in page.locator(".record").inner_text()


def submission(tmp_path) -> Judgement:
    """A judgement with the notebook and the hash that intake gives it; the answers hold what JSON writes in several ways."""
    notebook = source.solved(LAB)
    answer = next(cell for cell in notebook.cells if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"))
    answer.source += '\n# "quotes" \\ / \t é ∂ 😀 </script>'
    folder = tmp_path / "submitted" / LAB
    folder.mkdir(parents=True)
    (folder / f"{LAB}.ipynb").write_text(source.dump(notebook))
    received = intake.receive(folder, LAB, source.learner(LAB))
    assert any("😀" in cell.source for cell in received.notebook.cells)
    receipt = grade().receipt.model_copy(update={"submission": received.digest})
    return grade(notebook=dict(received.notebook), receipt=receipt)


def test_the_hash_of_a_judgement_is_made_anew(open_page, tmp_path):
    judgement = submission(tmp_path)
    path = tmp_path / f"{LAB}.json"
    path.write_text(judgement.model_dump_json())
    page = open_page("book/progress")
    said = give(page, path)
    (receipt,) = kept(page)["receipts"]
    assert receipt["verified"] == "hash" and "hash belongs to the notebook" in said and "nobody signs" in said
    with page.expect_download() as started:
        page.click("#progress-export")
    copy = tmp_path / "copy.json"
    started.value.save_as(copy)
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#progress-clear")
    give(page, copy)
    assert kept(page)["receipts"][0]["verified"] == "carried", "a progress file can be altered, so it vouches for nothing"
    give(page, path)
    assert [each["verified"] for each in kept(page)["receipts"]] == ["hash"]
    page_of_it = tmp_path / f"{LAB}.html"
    page_of_it.write_text(render(judgement, title=source.title(LAB)))
    assert "It was here already" in give(page, page_of_it), "one grade in two files"
    assert [each["verified"] for each in kept(page)["receipts"]] == ["hash"]
    forged = json.loads(path.read_text())
    forged["notebook"]["cells"][5]["source"] += "\n# better"
    path.write_text(json.dumps(forged))
    assert "changed after grading" in give(page, path)


def test_text_is_hashed_as_python_writes_it(open_page):
    page = open_page("book/progress")
    text = "".join(map(chr, range(0x250))) + "\u2028\ufeff\ud7ff\ue000😀"
    cells = [{"cell_type": "code", "metadata": {"scratchlab": {"role": "own"}, "nbgrader": {"grade_id": "a"}}, "source": text}]
    assert page.evaluate("cells => scratch.receipts.digestible({cells})", cells) == json.dumps([["code", "own", "a", text]])


def test_a_learners_own_notebook_is_listed_apart_from_grades(open_page, tmp_path):
    path = tmp_path / f"{LAB}.ipynb"
    path.write_bytes(results.notebook_of(LAB).read_bytes())
    page = open_page("book/progress")
    give(page, path)
    (receipt,) = kept(page)["receipts"]
    checks = {name: points for kind, name, points in source.graded(LAB) if kind == "check"}
    assert receipt["kind"] == "checked" and receipt["score"] == receipt["points"] == sum(checks.values())
    notebook = json.loads(path.read_text())
    ran = [cell for cell in notebook["cells"] if any("vnd.scratchlab.check" in str(output) for output in cell.get("outputs", []))]
    ran[-1]["outputs"] = []
    path.write_text(json.dumps(notebook))
    give(page, path)
    partly = kept(page)["receipts"][1]
    assert partly["points"] == sum(checks.values()) and partly["score"] == sum(checks.values()) - list(checks.values())[-1]
    kind = "application/vnd.scratchlab.check+json"
    next(output for output in ran[0]["outputs"] if kind in output["data"])["data"][kind]["outcomes"][0]["state"] = "wrong"
    path.write_text(json.dumps(notebook))
    assert "properties hold, which is not" in give(page, path)
    for cell in notebook["cells"]:
        cell["outputs"] = []
    path.write_text(json.dumps(notebook))
    assert "no check in this notebook has been run" in give(page, path)
    page.get_by_role("button", name="Remove The perceptron").first.click()
    assert len(kept(page)["receipts"]) == 1


def test_the_record_says_by_whose_word_and_prints_alone(open_page, tmp_path):
    page = open_page("book/progress")
    graded, checked = RECEIPT | {"title": "A graded lab"}, RECEIPT | {"title": "A checked lab", "kind": "checked"}
    keep(page, done={"foundations-week-01": "2026-01-05", LAB: "2026-01-06"}, hours={"foundations-week-01": 9}, receipts=[graded, checked])
    page.get_by_label("Name on the record").fill("Ada <b>")
    parts = re.split(r"\n(?=Graded, from|Checked by|Self-declared|What this record)", page.locator(".record").inner_text())
    assert "Ada <b>" in parts[0] and len(parts) == 5
    assert "A graded lab: 1 of 2 points" in parts[1] and "cannot be verified" in parts[1] and "A checked lab" not in parts[1]
    assert "A checked lab" in parts[2]
    for words in ("1 of 20 weeks", "9 hours noted", "January 5, 2026", "The perceptron, January 6, 2026"):
        assert words in parts[3]
    assert "No part of it is signed" in parts[4]
    page.emulate_media(media="print")
    assert page.locator(".record").is_visible() and not page.locator("h1").first.is_visible()
    shown = page.evaluate("document.body.innerText")
    assert "Self-declared" in shown and "Save a copy" not in shown and "Getting started" not in shown


def test_without_scripts_there_is_no_box_and_the_page_says_what_is_missing(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{WEEK}.html")
    assert page.locator(".progress-box").count() == 1 and not page.locator(".progress-box").is_visible()
    for name in ("progress", "planner"):
        page.goto(f"{address}/book/{name}.html")
        assert "needs JavaScript" in page.locator("noscript p").inner_text() and page.locator("button.reader-button:visible").count() == 0
    context.close()


def test_it_works_from_a_folder(browser):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site.SITE.as_uri()}/{WEEK}.html")
    page.get_by_label("I have done this week").check()
    page.get_by_role("link", name="Your progress", exact=True).last.click()
    page.wait_for_url("**/book/progress.html")
    assert box(page, "foundations-week-07").is_checked()
    page.goto(f"{site.SITE.as_uri()}/book/planner.html")
    with page.expect_download() as started:
        page.click("#planner-download")
    assert "URL:" not in started.value.path().read_text(), "a folder of this machine is no address for a calendar"
    context.close()


@pytest.mark.parametrize("name", ["progress", "planner"])
def test_the_pages_fit_a_phone_and_every_field_has_a_name(open_page, name):
    page = open_page(f"book/{name}")
    keep(page, done={"foundations-week-99-" + "of-a-long-forgotten-edition-" * 2 + "x": "2026-01-05"}, receipts=[RECEIPT])
    page.set_viewport_size({"width": 360, "height": 800})
    page.evaluate("for (const part of document.querySelectorAll('.bd-article details')) part.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    fields = page.locator(".bd-article :is(input, select, button, progress)")
    nameless = "all => all.filter(f => !f.labels?.length && !f.ariaLabel && !f.textContent.trim() && !f.title).map(f => f.outerHTML)"
    assert fields.count() > 4 and fields.evaluate_all(nameless) == []
    assert page.problems == []


def test_the_keys_of_the_boxes_are_slugs_of_the_curriculum():
    from labwright import curriculum

    known = {lab.slug for *_, lab in curriculum.load().labs()}
    known |= {f"{track.slug}-week-{week.number:02}" for track in curriculum.load().tracks for _, week in track.weeks()}
    found = set()
    for path in [*site.SITE.glob("book/*/phase-*/week-*.html"), *site.SITE.glob("labs/*/*.html")]:
        (key,) = re.findall(r'class="progress-box" data-key="([\w-]+)"', path.read_text(encoding="utf-8"))
        found.add(key)
    assert found <= known and len(found) == 44 + len(list((ROOT / "labs").glob("*/lab.yml")))
