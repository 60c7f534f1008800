/* The record that can be printed: what was done, and by whose word. It claims nothing that the page does not know. */
"use strict";
(() => {
  const { element, longDate, number, count } = scratch;
  const list = (lines) => element("ul", {}, ...lines.map((parts) => element("li", {}, ...[parts].flat())));
  const strong = (text) => element("strong", {}, text);
  const points = (each) => strong(`${each.title}: ${number(each.score)} of ${number(each.points)} points`);
  const VERIFIED = {
    hash: "Its hash belongs to the notebook in it.",
    none: "Its points add up; its hashes cannot be verified without the grader.",
    carried: "Came in a progress file; the receipt itself was not looked at again.",
  };

  /** The record as an element. `name` is what the reader typed, or empty. */
  function make(kept, book, name) {
    const of = (kind) => kept.receipts.filter((each) => each.kind === kind);
    return element(
      "article",
      { class: "record", "aria-label": "Record of study" },
      element("h3", {}, "Record of study"),
      element("p", { class: "record-name" }, name || "(no name given)"),
      element("p", {}, `From Scratch to Scale, as of ${longDate(scratch.today())}`),
      element("h4", {}, "Graded, from receipts"),
      of("graded").length ? list(of("graded").map(graded)) : element("p", {}, "None: no grade receipt was read."),
      ...(of("checked").length ? checked(of("checked")) : []),
      element("h4", {}, "Self-declared"),
      ...declared(kept, book),
      element("h4", {}, "What this record shows"),
      element(
        "p",
        {},
        "The reader made it from what one browser keeps. No part of it is signed. Points come from files that were read there; ",
        "a file can be altered, so whoever relies on them asks the teacher, whose grading folder holds each receipt under the same hashes. ",
        "Everything self-declared rests on the word of the person named above.",
      ),
    );
  }

  function graded(each) {
    const hash = (key, word) => (each.origin[key] ? `${word} ${each.origin[key].slice(0, 12)}` : "");
    const waiting = each.questions.filter((one) => one.state === "waiting" && one.score === null).length;
    const came = [
      `Receipt${each.student && ` for ${each.student}`}, read on ${longDate(each.read)}`,
      hash("Your file", "submission"),
      hash("Checks", "checks"),
      each.origin.Sandbox === "none" && "judged without a sandbox",
    ];
    return [
      points(each),
      each.penalty ? `, after ${number(each.penalty)} off for lateness` : "",
      waiting ? `; ${count(waiting, "answer waits", "answers wait")} for a person` : "",
      `. ${came.filter(Boolean).join(", ")}. ${VERIFIED[each.verified]}`,
    ];
  }

  function checked(receipts) {
    const line = (each) => [points(each), `, notebook read on ${longDate(each.read)}${each.file && `, file ${each.file.slice(0, 12)}`}.`];
    return [
      element("h4", {}, "Checked by the reader"),
      element("p", {}, "Points that the labs’ own checks gave in notebooks which the reader ran."),
      list(receipts.map(line)),
    ];
  }

  /** Weeks and milestones by program, then the labs, which may serve both, then what only another edition knows. */
  function declared(kept, book) {
    const known = new Set(Object.keys(book.labs));
    const done = (entries) =>
      entries.flatMap(([key, text]) => {
        known.add(key);
        return Object.hasOwn(kept.done, key) ? [`${text}, ${longDate(kept.done[key])}`] : [];
      });
    const parts = book.programs.flatMap((program) => {
      const all = program.phases.flatMap((phase) => phase.weeks);
      const weeks = done(all.map((week) => [week.key, `Week ${week.number}: ${week.title}`]));
      const milestones = done(program.milestones.map((each) => [each.key, `Milestone of week ${each.week}: ${each.text}`]));
      const noted = all.filter((week) => kept.hours[week.key]);
      if (!weeks.length && !milestones.length && !noted.length) return [];
      const said = `: ${weeks.length} of ${all.length} weeks.${noted.length ? hours(kept, noted) : ""}`;
      return [element("p", {}, strong(program.title), said), list([...weeks, ...milestones])];
    });
    const labs = done(Object.entries(book.labs).map(([slug, lab]) => [slug, lab.title]));
    if (labs.length) parts.push(element("p", {}, strong("Labs")), list(labs));
    const strangers = Object.keys(kept.done).filter((slug) => !known.has(slug));
    if (strangers.length) parts.push(element("p", {}, strong("From another edition of the book"), `: ${strangers.join(", ")}`));
    return parts.length ? parts : [element("p", {}, "Nothing yet.")];
  }

  function hours(kept, weeks) {
    const sum = (value) => number(weeks.reduce((total, week) => total + value(week), 0));
    const spent = sum((week) => kept.hours[week.key]);
    return ` ${spent} hours noted for ${count(weeks.length, "week")}, which the plan gives ${sum((week) => week.hours)}.`;
  }

  scratch.record = { make };
})();
