/* Files about a lab, read without running any of it:

   - the feedback page that a teacher sends (SLUG.html, written by `labwright grade` and `labwright export`);
   - the judgement behind it (SLUG.json from grading/judged/students/NAME/), which carries the notebook and whole hashes;
   - the learner's own saved notebook, whose outputs say what its checks found.

   No such file is signed: what is verified is that it agrees with itself, with this book and, for a judgement, that its hash belongs to
   the notebook in it. The record says so. */
"use strict";
(() => {
  const MOST_BYTES = 20_000_000; // as for a notebook that is handed in
  const { Refused } = scratch.format;
  const { plain, feedback, judgement, notebook, sha256 } = scratch.receipts;

  /** Whether two scores are one: each is rounded to hundredths, and so is their sum. */
  const same = (a, b) => Math.abs(a - b) < 0.0151;

  /** What a file is: {document} for progress, {receipt, remarks} for the others. Throws Refused with a sentence. */
  async function read(file, book = window.bookData) {
    if (file.size > MOST_BYTES) {
      const size = Math.round(file.size / 1e6);
      throw new Refused(
        `it has ${size} MB, and this page reads up to ${MOST_BYTES / 1e6}. If it is a notebook, clear its pictures and save it`,
      );
    }
    const bytes = await file.arrayBuffer();
    const found = await recognize(decode(bytes), file.name, book);
    return found.document ? found : whole(found, await sha256(bytes), file.name, book);
  }

  function decode(bytes) {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw new Refused("it is not a text file");
    }
  }

  async function recognize(text, name, book) {
    if (text.trimStart().startsWith("<")) return feedback(text, name, book);
    let parsed;
    try {
      parsed = JSON.parse(text);
    } catch {
      throw new Refused("it is damaged, or none of the kinds of files that this page reads");
    }
    if (Array.isArray(parsed?.cells) && parsed.nbformat) return notebook(parsed);
    if (typeof parsed?.lab === "string" && Array.isArray(parsed.questions)) return judgement(parsed);
    const document = scratch.format.check(parsed);
    for (const each of document.receipts) each.verified = "carried"; // the file that it came from is not here to be looked at
    return { document };
  }

  /** The whole receipt, held against itself and against this book. */
  function whole({ questions, remarks, ...found }, file, name, book) {
    const known = Object.hasOwn(book.labs, found.lab) ? book.labs[found.lab] : null;
    const tasks = (known?.questions ?? []).filter(([kind]) => found.kind === "graded" || kind === "check");
    const all = found.kind === "graded" ? questions : [...questions, ...notRun(questions, tasks)];
    if (!all.length) throw new Refused("it holds no question with points");
    const total = all.reduce((sum, each) => sum + (each.score ?? 0), 0);
    const points = all.reduce((sum, each) => sum + each.points, 0);
    if (!Number.isFinite(total + points)) throw new Refused("its points are not numbers");
    const added = { score: Math.max(0, total - (found.penalty ?? 0)), points };
    if (found.points !== undefined && !(same(found.score, added.score) && same(found.points, points))) {
      const of = (each) => `${scratch.number(each.score)} of ${scratch.number(each.points)} points`;
      throw new Refused(`its questions add up to ${of(added)}, but it says ${of(found)}: it was changed, or is damaged`);
    }
    if (!known) remarks.push("This edition of the book does not know that lab; the receipt is kept.");
    else if (tasks.length && !sameTasks(all, tasks)) remarks.push("Its tasks or points differ from those of the lab in this edition.");
    const rest = { title: known?.title ?? found.lab, student: "", verified: "none", penalty: 0, ...added, ...found };
    const receipt = { ...rest, questions: all, file, name: plain(name), read: scratch.today() };
    return { receipt: scratch.format.check({ ...scratch.format.empty(), receipts: [receipt] }).receipts[0], remarks };
  }

  const notRun = (questions, tasks) =>
    tasks
      .filter(([, name]) => !questions.some((each) => each.name === name))
      .map(([, name, points]) => ({ name, state: "not run", points, score: null }));

  function sameTasks(questions, tasks) {
    const wanted = tasks.map(([, name, points]) => `${name} ${points}`);
    return (
      wanted.sort().join() ===
      questions
        .map((each) => `${each.name} ${each.points}`)
        .sort()
        .join()
    );
  }

  Object.assign(scratch.receipts, { same, read });
})();
