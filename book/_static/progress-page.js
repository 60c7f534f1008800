/* The page on which a reader sees and changes all of their progress: built once from the book's data, then only brought up to date. */
"use strict";
(() => {
  const { element, progress, count, number, href } = scratch;
  const book = window.bookData;
  const $ = (id) => document.getElementById(id);
  const has = (kept, key) => Object.hasOwn(kept.done, key);
  const weeksOf = (program) => program.phases.flatMap((phase) => phase.weeks);
  const keysOf = (list) => list.map((each) => each.key);
  const phaseOf = (program, phase) => document.querySelector(`[data-phase="${program.slug}-${phase.number}"]`);
  const known = new Set([...book.programs.flatMap((each) => keysOf([...weeksOf(each), ...each.milestones])), ...Object.keys(book.labs)]);

  /** A box that ticks off `key`, with its label; a label with a page is a link to it. */
  function box(key, label, page) {
    const input = element("input", { type: "checkbox", "data-key": key, change: () => progress.tick(key, input.checked) });
    if (!page) return element("label", { class: "progress-item" }, input, element("span", {}, label));
    input.setAttribute("aria-label", `Done: ${label}`);
    return element("span", { class: "progress-item" }, input, element("a", { href: href(page) }, label));
  }

  function lab(slug) {
    const { title, page } = book.labs[slug];
    const item = element(
      "li",
      {},
      box(slug, page ? title : `${title} (planned)`, page),
      " ",
      element("span", { class: "progress-badge", "data-points": slug }),
    );
    if (!page) item.querySelector("input").dataset.planned = "";
    return item;
  }

  function hours(week) {
    const input = element("input", {
      type: "number",
      min: "0",
      max: scratch.format.MOST_HOURS,
      step: "any",
      inputmode: "decimal",
      "data-hours": week.key,
      "aria-label": `Hours spent on week ${week.number}`,
      change: () => input.reportValidity(),
      // With every key and not on leaving the field: what then moves on the page would move away from under the pointer.
      input: () => {
        if (!input.validity.valid) return;
        progress.change((kept) => {
          if (input.value === "") delete kept.hours[week.key];
          else kept.hours[week.key] = input.valueAsNumber;
        });
      },
    });
    return element("span", { class: "progress-hours" }, `${number(week.hours)} h planned, spent `, input, " h");
  }

  function week(program, each) {
    const milestones = program.milestones.filter((one) => one.week === each.number);
    return element(
      "li",
      {},
      element("div", { class: "progress-line" }, box(each.key, `Week ${each.number}: ${each.title}`, each.page), hours(each)),
      element("ul", {}, ...each.labs.map(lab), ...milestones.map((one) => element("li", {}, box(one.key, `Milestone: ${one.text}`)))),
    );
  }

  function build(program) {
    const phases = program.phases.map((phase) =>
      element(
        "details",
        { "data-phase": `${program.slug}-${phase.number}` },
        element("summary", {}, `Phase ${phase.number}: ${phase.title} `, element("span", { class: "progress-count" })),
        element("ul", { class: "progress-weeks" }, ...phase.weeks.map((each) => week(program, each))),
      ),
    );
    const bar = element("progress", { max: 1, value: 0, "data-bar": program.slug, "aria-label": `${program.title}: weeks done` });
    $(`progress-${program.slug}`).append(bar, element("p", { "data-sum": program.slug }), ...phases);
  }

  function refresh(kept, trouble) {
    $("progress-trouble").textContent = trouble;
    for (const input of document.querySelectorAll("[data-key]")) {
      input.checked = has(kept, input.dataset.key);
      // What is not written cannot be done, but a tick can be taken back.
      input.disabled = input.dataset.planned !== undefined && !input.checked;
    }
    for (const input of document.querySelectorAll("[data-hours]")) {
      if (input !== document.activeElement) input.value = kept.hours[input.dataset.hours] ?? "";
    }
    for (const badge of document.querySelectorAll("[data-points]")) badge.textContent = points(kept, badge.dataset.points);
    for (const program of book.programs) sums(kept, program);
    const strangers = [...new Set([...Object.keys(kept.done), ...Object.keys(kept.hours)])].filter((key) => !known.has(key));
    $("progress-strangers").textContent = strangers.length
      ? `Kept, though this edition of the book does not have it: ${strangers.join(", ")}.`
      : "";
    record(kept);
  }

  const record = (kept) => $("record-place").replaceChildren(scratch.record.make(kept, book, $("record-name").value.trim()));

  function points(kept, slug) {
    for (const [kind, word] of [
      ["graded", "graded"],
      ["checked", "checked by you"],
    ]) {
      const found = kept.receipts.filter((each) => each.kind === kind && each.lab === slug).sort((a, b) => b.score - a.score)[0];
      if (found) return `${word}: ${number(found.score)} of ${number(found.points)}`;
    }
    return "";
  }

  function sums(kept, program) {
    const weeks = weeksOf(program);
    const done = (keys) => keys.filter((key) => has(kept, key)).length;
    const of = (keys, one) => `${done(keys)} of ${count(keys.length, one)}`;
    const total = (list, value) => number(list.reduce((sum, each) => sum + value(each), 0));
    const noted = weeks.filter((each) => kept.hours[each.key] !== undefined);
    const hours = `${total(noted, (each) => kept.hours[each.key])} hours for ${count(noted.length, "week")}`;
    const spent = `You noted ${hours} planned with ${total(noted, (each) => each.hours)}.`;
    const labs = [...new Set(weeks.flatMap((each) => each.labs))];
    document.querySelector(`[data-sum="${program.slug}"]`).textContent = [
      `Done: ${of(keysOf(weeks), "week")}, ${of(labs, "lab")}, ${of(keysOf(program.milestones), "milestone")}.`,
      noted.length ? spent : `${total(weeks, (each) => each.hours)} hours are planned.`,
      scratch.planner.whereNow(program, kept.plan, scratch.today()),
    ].join(" ");
    document.querySelector(`[data-bar="${program.slug}"]`).value = done(keysOf(weeks)) / weeks.length;
    for (const phase of program.phases)
      phaseOf(program, phase).querySelector(".progress-count").textContent = of(keysOf(phase.weeks), "week");
  }

  book.programs.forEach(build);
  for (const part of document.querySelectorAll("[data-with-script]")) part.hidden = false;
  $("record-name").addEventListener("input", () => record(progress.read()));
  $("record-print").addEventListener("click", () => window.print());
  progress.watch(refresh);
  for (const program of book.programs) {
    // open where the reader is
    const isDone = (each) => has(progress.read(), each.key);
    const next = weeksOf(program).some(isDone) && program.phases.find((phase) => !phase.weeks.every(isDone));
    if (next) phaseOf(program, next).open = true;
  }
})();
