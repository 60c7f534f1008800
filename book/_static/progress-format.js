/* The file format of a reader's progress: what is valid, and how two of them become one. Nothing here touches the page.

   {format, version: 1,
    done:     {slug: day on which it was ticked off},   weeks, labs, milestones; unknown slugs belong to other editions and are kept
    hours:    {slug of a week: hours spent},
    receipts: [what was read from a file that shows points, see receipts.js],
    plan:     {program, start, hours, hardware} or null} */
"use strict";
(() => {
  const FORMAT = "from-scratch-to-scale/progress";
  const VERSION = 1;
  const MOST_HOURS = 2000;
  const MOST_ENTRIES = 5000;
  const SLUG = /^[a-z0-9][a-z0-9-]{0,99}$/;

  /** What is wrong with a file, in a sentence for its reader. */
  class Refused extends Error {}

  const empty = () => ({ format: FORMAT, version: VERSION, done: {}, hours: {}, receipts: [], plan: null });
  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const isSlug = (value) => typeof value === "string" && SLUG.test(value);
  const isText = (value, most = 300) => typeof value === "string" && value.length <= most;
  const isPoints = (value) => Number.isFinite(value) && value >= 0 && value <= 10_000;
  const isHours = (value) => Number.isFinite(value) && value >= 0 && value <= MOST_HOURS;
  const isDay = (value) => isText(value) && Number.isFinite(scratch.dayNumber(value));

  function entries(document, name, isValid, says) {
    const part = document[name] ?? {};
    if (!isObject(part)) throw new Refused(`its part “${name}” is not a list of entries`);
    const found = Object.entries(part);
    if (found.length > MOST_ENTRIES) throw new Refused(`it holds ${found.length} entries under “${name}”; no book has so many`);
    for (const [slug, value] of found) {
      if (!isSlug(slug)) throw new Refused(`“${slug.slice(0, 60)}” under “${name}” is no slug`);
      if (!isValid(value)) throw new Refused(`the entry “${slug}” under “${name}” is not ${says}`);
    }
    return Object.fromEntries(found);
  }

  function receipt(value) {
    const said = (reason) => new Refused(`one of its receipts ${reason}`);
    if (!isObject(value) || !isSlug(value.lab) || !["graded", "checked"].includes(value.kind)) throw said("names no lab or no kind");
    if (!isDay(value.read) || !["name", "title", "student", "file"].every((key) => isText(value[key]))) throw said("lacks a name or a day");
    if (!["hash", "none", "carried"].includes(value.verified)) throw said("does not say how it was verified");
    if (!isPoints(value.score) || !isPoints(value.points) || !isPoints(value.penalty)) throw said("has impossible points");
    if (!Array.isArray(value.questions) || value.questions.length > 100) throw said("has no list of questions");
    const questions = value.questions.map((each) => {
      const whole = isObject(each) && isText(each.name) && isText(each.state) && isPoints(each.points);
      if (!whole || (each.score !== null && !isPoints(each.score))) throw said("has a question with impossible points");
      return { name: each.name, state: each.state, points: each.points, score: each.score };
    });
    const origin = isObject(value.origin) ? Object.entries(value.origin) : null;
    if (!origin || origin.length > 12 || !origin.every(([key, text]) => isText(key, 40) && isText(text)))
      throw said("has no readable origin");
    const { lab, kind, read, name, title, student, file, verified, score, points, penalty } = value;
    return { lab, kind, read, name, title, student, file, verified, score, points, penalty, questions, origin: Object.fromEntries(origin) };
  }

  function plan(value) {
    if (value === null || value === undefined) return null;
    const whole = isObject(value) && isSlug(value.program) && isSlug(value.hardware) && isDay(value.start);
    if (!whole || !isHours(value.hours) || value.hours === 0) throw new Refused("its plan is not whole");
    return { program: value.program, start: value.start, hours: value.hours, hardware: value.hardware };
  }

  /** A valid document from a parsed one; throws Refused. */
  function check(document) {
    if (!isObject(document) || document.format !== FORMAT) throw new Refused("it is not the progress file of this book");
    if (!Number.isInteger(document.version) || document.version < 1)
      throw new Refused("it does not say which version of the format it has");
    if (document.version > VERSION) {
      const said = `a newer edition of the book wrote it (format ${document.version}; this page reads ${VERSION}). Open it there`;
      throw Object.assign(new Refused(said), { newer: true });
    }
    if (!Array.isArray(document.receipts ?? []) || (document.receipts ?? []).length > 500) throw new Refused("its receipts are not a list");
    return {
      ...empty(),
      done: entries(document, "done", isDay, "a day such as 2026-11-30"),
      hours: entries(document, "hours", isHours, `a number of hours from 0 to ${MOST_HOURS}`),
      receipts: (document.receipts ?? []).map(receipt),
      plan: plan(document.plan),
    };
  }

  /** A valid document from text; throws Refused. */
  function parse(text) {
    try {
      return check(JSON.parse(text));
    } catch (error) {
      if (error instanceof SyntaxError) throw new Refused("it is damaged, or no JSON at all");
      throw error;
    }
  }

  const TRUST = ["carried", "none", "hash"];

  /** The same for two files about one grade: the feedback page shows the beginning of the hash that the judgement has whole. */
  function identity({ kind, lab, file, origin, score, points }) {
    return JSON.stringify([kind, lab, origin["Your file"]?.slice(0, 12) || file || origin, score, points]);
  }

  /** Both together, in either order: nothing that one has is lost. Of two days the earlier counts, of two numbers the larger. */
  function merge(here, other) {
    const joined = (a, b, better) => {
      const result = { ...a };
      for (const [slug, value] of Object.entries(b)) result[slug] = Object.hasOwn(a, slug) ? better(a[slug], value) : value;
      return result;
    };
    const receipts = new Map();
    for (const each of [...here.receipts, ...other.receipts]) {
      const known = receipts.get(identity(each));
      if (!known || TRUST.indexOf(each.verified) > TRUST.indexOf(known.verified)) receipts.set(identity(each), each);
    }
    return {
      ...empty(),
      done: joined(here.done, other.done, (a, b) => (a < b ? a : b)),
      hours: joined(here.hours, other.hours, Math.max),
      receipts: [...receipts.values()],
      plan: here.plan ?? other.plan,
    };
  }

  scratch.format = { Refused, MOST_HOURS, empty, check, parse, merge };
})();
