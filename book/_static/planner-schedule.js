/* From hours to days: which week of a program lies where in the calendar, what must be asked for before, and how long labs take.
   Only arithmetic with dates; nothing here touches the page. */
"use strict";
(() => {
  const { addDays, dayNumber, longDate, number, count } = scratch;
  const LEAST_HOURS = 1;
  const MOST_HOURS = 80;
  const EARLY = 14; // days between the warning and a week that needs a GPU for many hours
  const GPU = { none: "no GPU", helpful: "a GPU helps", needed: "a GPU needed for full size", heavy: "a GPU for many hours" };
  const HARDWARE = {
    none: { section: "without-a-gpu", says: "a computer without GPU", profiles: ["cpu"] },
    t4: { section: "a-free-t4", says: "a free T4", profiles: ["gpu", "cpu"] },
    own: { section: "your-own-gpu", says: "your own GPU", profiles: ["gpu", "cpu"] },
    h100: { section: "an-h100", says: "an H100", profiles: ["h100", "gpu", "cpu"] },
  };
  const PROFILES = { cpu: "one CPU core", gpu: "a T4-class GPU", h100: "an H100-class GPU" };

  /** What is wrong with what the reader typed: sentences by field, none if all is well. */
  function problems({ program, start, hours, hardware }) {
    const found = {};
    if (!["foundations", "advanced"].includes(program)) found.program = "Choose one of the two programs.";
    if (!start) found.start = "Choose the day on which you begin.";
    else if (!Number.isFinite(dayNumber(start)) || start < "2000-01-01" || start > "2100-12-31")
      found.start = "This is no day between 2000 and 2100.";
    if (!Number.isFinite(hours)) found.hours = "Say how many hours a week you have.";
    else if (hours < LEAST_HOURS || hours > MOST_HOURS)
      found.hours = `Between ${LEAST_HOURS} and ${MOST_HOURS} hours a week can be planned.`;
    if (!Object.hasOwn(HARDWARE, hardware)) found.hardware = "Say what you compute on.";
    return found;
  }

  /** The weeks of a program in the calendar, one after the other: `from` is the first day, `to` the day after the last. */
  function schedule(program, { start, hours }) {
    const weeks = program.phases.flatMap((phase) => phase.weeks.map((week) => ({ ...week, phase })));
    let sum = 0;
    const dayAfter = () => addDays(start, Math.ceil((7 * sum) / hours - 1e-9));
    return weeks.map((week) => {
      const from = dayAfter();
      sum += week.hours;
      return { ...week, from, to: dayAfter() };
    });
  }

  /** 'By your plan, week 5 is now.', or nothing if there is no plan for this program. */
  function whereNow(program, plan, today) {
    if (plan?.program !== program.slug || Object.keys(problems(plan)).length) return "";
    const weeks = schedule(program, plan);
    if (today < plan.start) return `By your plan you begin on ${longDate(plan.start)}.`;
    const now = weeks.find((week) => today < week.to);
    return now ? `By your plan, week ${now.number} is now.` : "By your plan, the last week is over.";
  }

  /** What must be done early: [{id, from, to, title, text}] in the order of the days. */
  function notices(program, plan, credits) {
    const weeks = schedule(program, plan);
    const [least, most] = credits;
    const first = addDays(plan.start, least);
    const last = addDays(plan.start, most);
    const found = [
      {
        id: "credits-apply",
        from: plan.start,
        to: addDays(plan.start, 1),
        title: "Apply for cloud and academic credits",
        text:
          `Approval can take ${least} to ${most} days. ` +
          `What is sent on this day is answered between ${longDate(first)} and ${longDate(last)}.`,
      },
      {
        id: "credits-answer",
        from: first,
        to: addDays(last, 1),
        title: "Answers about credits can be expected",
        text: `${least} to ${most} days after you applied. Nothing heard at the end of this time? Ask.`,
      },
    ];
    for (const week of weeks.filter((each) => each.gpu === "heavy")) {
      const from = [plan.start, addDays(week.from, -EARLY)].sort().at(-1);
      const credit =
        week.from < first
          ? "It begins before credits can be expected, so plan it without them."
          : week.from > last
            ? "Credits should have come by then."
            : "Credits may or may not have come by then.";
      found.push({
        id: `week-${String(week.number).padStart(2, "0")}-prepare`,
        from,
        to: addDays(from, 1),
        title: `Prepare week ${week.number}, which needs a GPU for many hours`,
        text: `“${week.title}” begins on ${longDate(week.from)}. ${week.compute} ${credit} ${advice(week, plan.hardware)}`,
      });
    }
    return found.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  }

  /** What the chosen hardware means for a week; empty where it changes nothing. */
  function advice(week, hardware) {
    const hard = week.gpu === "heavy";
    if (!hard && week.gpu !== "needed") return "";
    return {
      none: "Without a GPU you do this week’s labs at their cpu size; for the full size, open a free T4 for these days.",
      t4: hard
        ? "One free session is not enough: checkpoint, resume, and keep your weekly quota free for it."
        : "Keep some of your weekly GPU quota free for it.",
      own: hard ? "Compare your card’s memory with the week’s models first, and start long runs on the first evening." : "",
      h100: hard ? "Rehearse 20 steps on a cheaper machine, then rent or reserve the large one." : "",
    }[hardware];
  }

  /** '1 h 40 min' of 100 minutes. */
  function duration(minutes) {
    const hours = Math.floor(minutes / 60);
    return [hours && `${hours} h`, minutes % 60 && `${minutes % 60} min`].filter(Boolean).join(" ");
  }

  /** How long a lab takes, and how that is known. `share` is its part of the week's hours for labs. */
  function estimate(lab, hardware, share) {
    if (!lab.page) return `about ${number(Math.round(share * 10) / 10)} h of the plan’s hours for labs; not written yet`;
    const profile = HARDWARE[hardware].profiles.find((each) => lab.runs[each]);
    const run = lab.runs[profile];
    const time =
      run.minutes < 2 ? count(Math.max(1, Math.round(run.minutes * 60)), "second") : `${number(Math.round(run.minutes))} minutes`;
    const known = run.date
      ? `measured on ${run.machine}, ${longDate(run.date)}`
      : `as its contract expects on ${PROFILES[profile]}; not measured yet`;
    return `${duration(lab.study)} of work, by its author’s estimate; ${time} of computing, ${known}`;
  }

  const hoursOf = ({ hours, parts }) =>
    `${count(number(hours), "hour")}: ${Object.entries(parts)
      .map(([part, each]) => `${number(each)} ${part}`)
      .join(", ")}`;

  /** The events of a calendar file: all days, weeks and notices. `address` makes the address of a page, or is null. */
  function events(program, plan, book, address) {
    const weeks = schedule(program, plan).map((week) => {
      const labs = week.labs.map(
        (slug) => `- ${book.labs[slug].title}: ${estimate(book.labs[slug], plan.hardware, week.parts.labs / week.labs.length)}`,
      );
      const reached = program.milestones.filter((each) => each.week === week.number).map((each) => `Milestone: ${each.text}`);
      return {
        id: `week-${String(week.number).padStart(2, "0")}`,
        from: week.from,
        to: week.to,
        title: `${program.title} ${week.number}: ${week.title}${week.gpu === "heavy" ? " (GPU for many hours)" : ""}`,
        text: [
          `${hoursOf(week)}.`,
          `Compute: ${GPU[week.gpu]}. ${week.compute} ${advice(week, plan.hardware)}`.trim(),
          "Labs:",
          ...labs,
          ...reached,
        ].join("\n"),
        url: address?.(week.page),
      };
    });
    return [...notices(program, plan, book.credits), ...weeks].map((each) => ({ ...each, id: `${program.slug}-${each.id}` }));
  }

  scratch.planner = { GPU, HARDWARE, problems, schedule, whereNow, notices, advice, estimate, hoursOf, events };
})();
