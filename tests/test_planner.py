"""The planner: hours become days, days become a calendar file, and what must be asked for early is in it."""

import datetime
import itertools
import re

import pytest
from conftest import ROOT

from labwright import curriculum, results
from labwright.site import build as site
from labwright.site import offers, reader
from scratchlab.errors import UnknownName

PROGRAMS = [track.slug for track in curriculum.load().tracks]


@pytest.fixture(scope="module", autouse=True)
def built():
    assert site.KEY.is_file() and site.KEY.read_text() == site.inputs_key(), "the site is not up to date: labwright book"


@pytest.fixture(scope="module")
def data() -> dict:
    """What the build writes into the script of data."""
    return reader.data()


def weeks(page, program: str, start: str, hours: float) -> list[dict]:
    """The schedule as the page's own function makes it."""
    code = "([slug, plan]) => scratch.planner.schedule(bookData.programs.find(each => each.slug === slug), plan)"
    return page.evaluate(code, [program, {"start": start, "hours": hours}])


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@pytest.mark.parametrize("program", PROGRAMS)
def test_weeks_follow_each_other_whatever_the_day_and_the_hours(open_page, program):
    page = open_page("book/planner")
    total = sum(week.hours.total for _, week in curriculum.load().track(program).weeks())
    for start in ("2028-02-29", "2027-12-31", "2027-03-27", "1999-12-25"):
        for hours in (1, 2.5, 15, 60, 80):
            found = weeks(page, program, start, hours)
            assert [week["number"] for week in found] == list(range(1, len(found) + 1))
            assert found[0]["from"] == start and all(a["to"] == b["from"] for a, b in itertools.pairwise(found))
            assert all(day(week["from"]) < day(week["to"]) for week in found)
            days = (day(found[-1]["to"]) - day(start)).days
            assert days - 1 < 7 * total / hours <= days + 1e-6


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Pacific/Kiritimati"])
def test_no_change_of_clocks_moves_a_day(browser, address, zone):
    context = browser.new_context(timezone_id=zone)
    page = context.new_page()
    page.goto(f"{address}/book/planner.html")
    found = weeks(page, "advanced", "2011-12-01", 10)
    assert sum((day(week["to"]) - day(week["from"])).days for week in found) == (day(found[-1]["to"]) - day("2011-12-01")).days
    assert page.evaluate("scratch.today()") == page.evaluate("new Date().toLocaleDateString('sv')")
    assert day(page.locator("#planner-start").input_value()).weekday() == 0, "the form begins with a Monday"
    context.close()


def test_the_calendar_agrees_with_the_table_of_the_study_guide(open_page):
    page = open_page("book/planner")
    text = (ROOT / "book" / "guides" / "study.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (\d+) weeks.*?\| ([\d, ]+) \| (\d+) weeks \| ([\d, ]+) \|$", text, re.MULTILINE)
    assert len(rows) == 4
    for hours, *said in rows:
        for program, length, ends in zip(PROGRAMS, said[::2], said[1::2], strict=True):
            found = weeks(page, program, "2026-11-30", int(hours))
            last = {week["phase"]["number"]: -(-(day(week["to"]) - day("2026-11-30")).days // 7) for week in found}
            assert ", ".join(map(str, last.values())) == ends and last[max(last)] == int(length)


def fill(page, **fields) -> None:
    for name, value in fields.items():
        if name == "program":
            page.check(f'input[name=program][value="{value}"]')
        elif name == "hardware":
            page.select_option("#planner-hardware", value)
        else:
            page.fill(f"#planner-{name}", value)


def test_empty_and_impossible_fields_are_named_and_give_no_file(open_page):
    page = open_page("book/planner")
    for field, value, words in [
        ("start", "", "Choose the day"),
        ("hours", "", "how many hours"),
        ("hours", "0", "Between 1 and 80"),
        ("hours", "200", "Between 1 and 80"),
        ("start", "0003-01-01", "between 2000 and 2100"),
    ]:
        fill(page, start="2026-11-30", hours="15")
        assert page.locator("#planner-download").is_enabled() and page.locator(".planner-week").count() == 20
        fill(page, **{field: value})
        assert words in page.locator(f"#planner-{field}-problem").inner_text()
        assert page.locator(f"#planner-{field}").get_attribute("aria-invalid") == "true"
        assert page.locator("#planner-download").is_disabled() and page.locator(".planner-week").count() == 0
    assert page.problems == []


def test_the_page_shows_the_plan_and_remembers_it(open_page):
    page = open_page("book/planner")
    fill(page, program="advanced", start="2020-02-29", hours="10", hardware="h100")
    assert page.locator("#planner-sum").inner_text().startswith("Advanced, 469 hours at 10 a week: 47 weeks, from February 29, 2020 to")
    shown = page.locator("#planner-calendar").inner_text()
    assert "This day is past" in shown and "takes longer than seven days" in shown
    assert page.locator(".planner-heavy").count() == 3 and "GPU for many hours" in page.locator(".planner-heavy").first.inner_text()
    fill(page, hours="60")
    assert "before applications for credits are answered" in page.locator("#planner-calendar").inner_text()
    page.reload()
    assert page.locator("#planner-hours").input_value() == "60" and page.locator("#planner-hardware").input_value() == "h100"
    assert page.locator(".planner-week").count() == 24
    page = open_page("book/progress")
    assert "the last week is over" in page.locator("[data-sum=advanced]").inner_text()
    assert "plan," not in page.locator("[data-sum=foundations]").inner_text()


def test_times_of_labs_say_where_they_come_from(open_page, data):
    page = open_page("book/planner")
    say = "([slug, hardware]) => scratch.planner.estimate(bookData.labs[slug], hardware, 4.6667)"
    labs = data["labs"]
    measured = next(slug for slug, lab in labs.items() if "date" in lab.get("runs", {}).get("cpu", {}))
    waiting = next(slug for slug, lab in labs.items() if "gpu" in lab.get("runs", {}) and "date" not in lab["runs"]["gpu"])
    planned = next(slug for slug, lab in labs.items() if "page" not in lab)
    assert f"measured on {results.last(measured, 'cpu').machine}" in page.evaluate(say, [measured, "none"])
    assert "as its contract expects on a T4-class GPU; not measured yet" in page.evaluate(say, [waiting, "t4"])
    assert page.evaluate(say, [planned, "h100"]) == "about 4.7 h of the plan’s hours for labs; not written yet"


class Calendar:
    """A strict reader of RFC 5545, as far as a file of whole days needs it."""

    def __init__(self, data: bytes):
        assert data.endswith(b"\r\n") and b"\n" not in data.replace(b"\r\n", b"")
        lines = data.split(b"\r\n")[:-1]
        assert max(map(len, lines)) <= 75
        text = "\n".join(line.decode("utf-8") for line in lines)  # each line by itself: no character was cut in two
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", text)
        self.events, self.head, self.open = [], {}, []
        for line in text.replace("\n ", "").split("\n"):
            name, parameters, value = re.fullmatch(r"([A-Z-]+)((?:;[A-Z-]+=[\w/-]+)*):(.*)", line).groups()
            if name == "BEGIN":
                self.open.append(value)
                if value == "VEVENT":
                    self.events.append({})
            elif name == "END":
                assert self.open.pop() == value
            else:
                place = self.events[-1] if self.open == ["VCALENDAR", "VEVENT"] else self.head
                assert name not in place, f"{name} twice"
                place[name] = self.value(name, parameters, value)
        assert self.open == [] and self.head["VERSION"] == "2.0" and self.head["PRODID"]
        for event in self.events:
            assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"} <= set(event) and event["DTSTART"] < event["DTEND"]
        uids = [event["UID"] for event in self.events]
        assert len(set(uids)) == len(uids)

    @staticmethod
    def value(name: str, parameters: str, value: str):
        if name in ("DTSTART", "DTEND"):
            assert parameters == ";VALUE=DATE" and len(value) == 8
            return datetime.datetime.strptime(value, "%Y%m%d").date()
        if name in ("DTSTAMP", "LAST-MODIFIED"):
            return datetime.datetime.strptime(value, "%Y%m%dT%H%M%SZ")
        if name in ("SUMMARY", "DESCRIPTION", "X-WR-CALNAME"):
            assert re.fullmatch(r"(?:[^\\,;]|\\[\\,;nN])*", value), value
            return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)
        return value


def saved(page) -> Calendar:
    with page.expect_download() as started:
        page.click("#planner-download")
    return Calendar(started.value.path().read_bytes())


def test_the_file_holds_the_weeks_and_what_must_be_asked_for_early(open_page):
    page = open_page("book/planner")
    fill(page, start="2026-11-30", hours="15", hardware="t4")
    found = {event["UID"].split("@")[0]: event for event in saved(page).events}
    shown = weeks(page, "foundations", "2026-11-30", 15)
    for week in shown:
        event = found[f"foundations-week-{week['number']:02}"]
        assert (str(event["DTSTART"]), str(event["DTEND"])) == (week["from"], week["to"])
        assert week["title"] in event["SUMMARY"] and week["compute"] in event["DESCRIPTION"]
        assert event["URL"] == page.url.replace("book/planner.html", week["page"])
    apply, answer = found["foundations-credits-apply"], found["foundations-credits-answer"]
    least, most = reader.credit_days(curriculum.load().track("foundations"))
    assert apply["DTSTART"] == day("2026-11-30") and (least, most) == (90, 120)
    assert (answer["DTSTART"] - apply["DTSTART"]).days == least and (answer["DTEND"] - apply["DTEND"]).days == most
    heavy = [week for week in shown if week["gpu"] == "heavy"]
    assert [week["number"] for week in heavy] == [9, 18, 19]
    for week in heavy:
        early = found[f"foundations-week-{week['number']:02}-prepare"]
        assert (day(week["from"]) - early["DTSTART"]).days == 14 and "many hours" in early["SUMMARY"]
        assert ("before credits can be expected" in early["DESCRIPTION"]) == (day(week["from"]) < answer["DTSTART"])
    assert len(found) == 20 + 2 + 3
    assert "Milestone: Major project" in found["foundations-week-09"]["DESCRIPTION"]
    fill(page, start="2027-01-04", hours="1")
    later = saved(page).events
    assert {event["UID"].split("@")[0] for event in later} == set(found), "a new plan moves the events of the old one"
    assert min(event["DTSTART"] for event in later) == day("2027-01-04")
    assert page.problems == []


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("hours", ["1", "60"])
def test_nothing_is_asked_for_before_the_first_day(open_page, program, hours):
    page = open_page("book/planner")
    fill(page, program=program, start="2028-02-29", hours=hours)
    events = saved(page).events
    assert min(event["DTSTART"] for event in events) == day("2028-02-29")
    starts = {event["UID"].split("@")[0]: event["DTSTART"] for event in events}
    assert all(starts[name] <= starts[name.removesuffix("-prepare")] for name in starts if name.endswith("-prepare"))


def test_any_text_survives_escaping_and_folding(open_page):
    page = open_page("book/planner")
    text = "a,b;c\\d\\n\r\ne" + "é" * 40 + "😀" * 30 + "–" * 50
    code = "([text]) => scratch.ics([{id: 'x', from: '2028-02-29', to: '2028-03-01', title: text, text}], text, new Date(0))"
    (event,) = Calendar(page.evaluate(code, [text]).encode()).events
    assert event["SUMMARY"] == event["DESCRIPTION"] == text.replace("\r\n", "\n")
    assert event["DTSTAMP"] == datetime.datetime(1970, 1, 1)


def test_offers_are_the_guides_own_lines_with_source_and_date():
    line = offers.offer("Kaggle Notebooks")
    guide = (ROOT / "book" / "guides" / "free-compute.md").read_text(encoding="utf-8")
    row = next(row for row in guide.splitlines() if row.startswith("| [Kaggle Notebooks]"))
    assert all(cell.strip().lower() in line.lower() for cell in row[1:-1].split(" | "))
    with pytest.raises(UnknownName, match="Kagle"):
        offers.offer("Kagle")
    page = (site.SITE / "book" / "planner.html").read_text(encoding="utf-8")
    assert page.count("<em>Source and its date</em>") == 9


def test_the_data_loads_as_a_script_and_holds_both_programs(open_page, data):
    page = open_page("book/planner")
    assert page.evaluate("bookData") == data
    text = (site.SITE / "_static" / reader.DATA).read_text(encoding="utf-8")
    assert text.startswith("window.bookData=") and "<" not in text and len(text) < 150_000
