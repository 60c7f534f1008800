/* The page of the planner: reads the form, shows the calendar, hands out the file. */
"use strict";
(() => {
  const { element, planner, progress, longDate, shortDate, addDays, dayNumber, count, number, href, today } = scratch;
  const book = window.bookData;
  const form = document.getElementById("planner-form");
  const shown = document.getElementById("planner-calendar");
  const said = document.getElementById("planner-sum");
  const button = document.getElementById("planner-download");
  const FIELDS = ["program", "start", "hours", "hardware"];
  const lastDay = (each) => addDays(each.to, -1);

  const typed = () => ({
    program: form.elements.program.value,
    start: form.elements.start.value,
    hours: form.elements.hours.valueAsNumber,
    hardware: form.elements.hardware.value,
  });

  const programOf = (plan) => book.programs.find((each) => each.slug === plan.program);

  function show() {
    const plan = typed();
    const problems = planner.problems(plan);
    for (const field of FIELDS) {
      document.getElementById(`planner-${field}-problem`).textContent = problems[field] ?? "";
      const inputs = form.elements[field];
      for (const input of inputs instanceof RadioNodeList ? inputs : [inputs]) input.setAttribute("aria-invalid", field in problems);
    }
    const bad = Object.keys(problems).length > 0;
    button.disabled = bad;
    if (bad) {
      said.textContent = "The calendar appears here when the form above is complete.";
      shown.replaceChildren();
    } else shown.replaceChildren(...calendar(programOf(plan), plan));
    return bad ? null : plan;
  }

  function calendar(program, plan) {
    const weeks = planner.schedule(program, plan);
    const total = weeks.reduce((sum, week) => sum + week.hours, 0);
    const end = addDays(weeks.at(-1).to, -1);
    const span = Math.ceil((dayNumber(end) + 1 - dayNumber(plan.start)) / 7);
    const phases = program.phases.map((phase) => {
      const own = weeks.filter((week) => week.phase === phase);
      return element(
        "section",
        { class: "planner-phase" },
        element("h4", {}, `Phase ${phase.number}: ${phase.title}`),
        element("ol", { class: "planner-weeks" }, ...own.map((each) => week(program, plan, each))),
      );
    });
    const pace = `${program.title}, ${number(total)} hours at ${number(plan.hours)} a week: ${count(span, "week")}`;
    said.textContent = `${pace}, from ${longDate(plan.start)} to ${longDate(end)}.`;
    const { section, says } = planner.HARDWARE[plan.hardware];
    return [
      ...remarks(program, plan, weeks).map((text) => element("p", {}, text)),
      element("p", {}, "You compute on ", element("a", { href: `#${section}` }, says), ": where to get it, and its limits."),
      element("h3", {}, "What to ask for early"),
      element("ul", { class: "planner-notices" }, ...planner.notices(program, plan, book.credits).map(notice)),
      element("h3", {}, "Week by week"),
      ...phases,
    ];
  }

  function remarks(program, plan, weeks) {
    const [least, most] = program.pace;
    const found = [];
    if (plan.start < today()) found.push(`This day is past. ${planner.whereNow(program, plan, today())}`);
    const reckoned = `The program reckons with ${number(least)} to ${number(most)} hours a week.`;
    const longer = "With fewer, a week of the program takes longer than seven days; the order stays.";
    const shorter = "With more, the weeks move together; long runs and waiting for credits do not get shorter.";
    if (plan.hours < least) found.push(`${reckoned} ${longer}`);
    if (plan.hours > most) found.push(`${reckoned} ${shorter}`);
    const [first] = book.credits;
    if (weeks.at(-1).to < addDays(plan.start, first)) found.push("At this pace you are done before applications for credits are answered.");
    return found;
  }

  const notice = (each) => element("li", {}, element("strong", {}, `${days(each)}: ${each.title}.`), ` ${each.text}`);

  const days = (each) => (lastDay(each) === each.from ? shortDate(each.from) : `${shortDate(each.from)} – ${shortDate(lastDay(each))}`);

  function week(program, plan, each) {
    const labs = each.labs.map((slug) => {
      const { title, page, ...lab } = book.labs[slug];
      const name = page ? element("a", { href: href(page) }, title) : title;
      return element("li", {}, name, `: ${planner.estimate({ page, ...lab }, plan.hardware, each.parts.labs / each.labs.length)}`);
    });
    const reached = program.milestones
      .filter((one) => one.week === each.number)
      .map((one) => element("li", {}, element("strong", {}, "Milestone: "), one.text));
    return element(
      "li",
      { class: `planner-week planner-${each.gpu}` },
      element("p", { class: "planner-days" }, days(each)),
      element(
        "p",
        {},
        element("a", { href: href(each.page) }, `Week ${each.number}: ${each.title}`),
        " ",
        element("span", { class: "planner-gpu" }, planner.GPU[each.gpu]),
      ),
      element(
        "details",
        {},
        element("summary", {}, `${count(number(each.hours), "hour")}, ${count(each.labs.length, "lab")}`),
        element("p", {}, `${planner.hoursOf(each)}. ${each.compute} ${planner.advice(each, plan.hardware)}`),
        element("ul", {}, ...labs, ...reached),
      ),
    );
  }

  /** The Monday after today. */
  function nextMonday() {
    const weekday = new Date(`${today()}T00:00:00Z`).getUTCDay();
    return addDays(today(), (8 - weekday) % 7 || 7);
  }

  const kept = progress.read().plan;
  form.elements.start.value = kept?.start ?? nextMonday();
  if (kept) for (const field of ["program", "hours", "hardware"]) form.elements[field].value = kept[field];
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    const plan = show();
    if (plan) progress.change((document) => ({ ...document, plan }));
  });
  button.addEventListener("click", () => {
    const plan = typed();
    const program = programOf(plan);
    const address = location.protocol.startsWith("http") ? href : null; // a folder on this disk is no address for a calendar
    const events = planner.events(program, plan, book, address);
    scratch.download(
      `${plan.program}-from-${plan.start}.ics`,
      scratch.ics(events, `${program.title}, ${number(plan.hours)} hours a week`, new Date()),
      "text/calendar",
    );
  });
  progress.watch((_, trouble) => (document.getElementById("planner-trouble").textContent = trouble));
  show();
})();
