/* What a learner has in hand after a lab (see receipts.js), each kind read into one shape: {kind, lab, questions, origin, remarks, ...}. */
"use strict";
(() => {
  const STATES = ["passed", "wrong", "not attempted", "timed out", "waiting", "not gradable", "our fault", "graded"];
  const CHECK = "application/vnd.scratchlab.check+json"; // the report of a check among a notebook's outputs
  const { Refused } = scratch.format;

  const plain = (text, most = 300) =>
    String(text ?? "")
      .replace(/\s+/g, " ")
      .trim()
      .slice(0, most);

  /** The page that a teacher sends. A document made by DOMParser runs nothing and loads nothing. */
  function feedback(text, name, book) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const main = page.querySelector("main");
    const says = (selector) => plain(main.querySelector(`:scope > ${selector}`)?.textContent);
    if (!page.title.startsWith("Feedback: ") || !main) throw new Refused("it is a web page, but not the feedback on a lab");
    const score = /^([\d.]+) of ([\d.]+) points(?:, after ([\d.]+) off)?/.exec(says(".score"));
    if (!score) throw new Refused("this feedback page holds no grade; it says what to hand in again, or that grading failed");
    const byTitle = Object.keys(book.labs).find((slug) => book.labs[slug].title === says("h1"));
    const byName = name.replace(/( ?\(\d+\))?\.html?$/i, ""); // browsers add (1) to the name of a second download
    const terms = [...page.querySelectorAll("body > footer dt")].slice(0, 12);
    return {
      kind: "graded",
      lab: main.dataset.lab || byTitle || byName,
      student: says("p.soft").replace(/^Feedback for /, ""),
      questions: [...main.querySelectorAll(":scope > table.summary > tbody > tr")].map(rowOfSummary),
      score: Number(score[1]),
      points: Number(score[2]),
      penalty: Number(score[3] ?? 0),
      origin: Object.fromEntries(terms.map((term) => [plain(term.textContent, 40), plain(term.nextElementSibling?.textContent)])),
      remarks: [
        "Its points add up.",
        "The page holds only the beginnings of its hashes, so nothing more can be verified here; your teacher’s grading folder has them whole.",
      ],
    };
  }

  function rowOfSummary(row) {
    const [, score, points] = /^([\d.]+|–) of ([\d.]+)$/.exec(plain(row.querySelector("td.points")?.textContent)) ?? [];
    return {
      name: plain(row.querySelector("th")?.textContent),
      state: STATES.find((each) => row.classList.contains(each.replaceAll(" ", "-"))) ?? "graded",
      points: Number(points),
      score: score === "–" ? null : Number(score),
    };
  }

  /** The grader's own file. Its hash is made anew from the notebook in it. */
  async function judgement(parsed) {
    if (parsed.state !== "graded") throw new Refused(`it holds no grade; its state is “${plain(parsed.state)}”`);
    const { submission, checks, environment, seed, sandbox } = parsed.receipt ?? {};
    const made = submission && parsed.notebook ? await sha256(new TextEncoder().encode(digestible(parsed.notebook))) : "";
    if (made && made !== submission) {
      throw new Refused("its hash does not belong to the notebook in it: one of the two was changed after grading");
    }
    const origin = { "Your file": submission, Checks: checks, Environment: environment, Seed: seed, Sandbox: sandbox };
    return {
      kind: "graded",
      lab: parsed.lab,
      student: plain(parsed.student),
      verified: made ? "hash" : "none",
      questions: parsed.questions.map((each) => ({
        name: plain(each?.name),
        state: plain(each?.state),
        points: each?.points,
        score: each?.score ?? null,
      })),
      origin: Object.fromEntries(Object.entries(origin).map(([key, value]) => [key, plain(value)])),
      remarks: [
        made ? "Its hash belongs to the notebook in it." : "Its hash could not be made anew here.",
        "That these points are the ones that the grader gave cannot be verified: nobody signs them.",
      ],
    };
  }

  /** The text whose SHA-256 names a submission, as labwright.grading.intake makes it with Python's json.dumps. */
  function digestible(notebook) {
    const unit = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    const ascii = (text) => JSON.stringify(text).replace(/[\u007f-\uffff]/g, unit);
    const cells = notebook.cells.map(({ cell_type, metadata, source }) => {
      const text = Array.isArray(source) ? source.join("") : source;
      const parts = [cell_type, metadata?.scratchlab?.role, metadata?.nbgrader?.grade_id ?? "", text];
      return `[${parts.map((part) => ascii(String(part))).join(", ")}]`;
    });
    return `[${cells.join(", ")}]`;
  }

  /** A learner's own notebook: what the checks in it said when it was last saved. */
  function notebook(parsed) {
    const join = (text) => (Array.isArray(text) ? text.join("") : String(text ?? ""));
    const started = parsed.cells.map((cell) => /scratchlab\.start\(\s*["']([a-z0-9-]+)["']/.exec(join(cell?.source)));
    const lab = started.find(Boolean)?.[1];
    if (!lab) throw new Refused("it is a notebook, but of no lab of this book");
    const reports = parsed.cells.flatMap((cell) => cell?.outputs ?? []).map((output) => output?.data?.[CHECK]);
    const last = new Map(reports.filter(Boolean).map((report) => [plain(report.task), report])); // checked twice counts as it ended
    if (!last.size)
      throw new Refused("no check in this notebook has been run and saved; run it from top to bottom, save it, and choose it again");
    return {
      kind: "checked",
      lab,
      questions: [...last].map(questionOf),
      origin: {},
      remarks: [
        "Its points follow from the properties that hold.",
        "You ran these checks yourself, so they are listed apart from grades; written answers are not among them.",
      ],
    };
  }

  function questionOf([name, report]) {
    const states = (Array.isArray(report.outcomes) ? report.outcomes : []).map((each) => each?.state);
    const held = states.filter((state) => state === "passed").length;
    const points = report.points ?? 1;
    if (!scratch.receipts.same(report.score, (held / states.length) * points)) {
      const said = `${plain(report.score)} of ${plain(points)} points`;
      throw new Refused(`in the task ${name}, ${held} of ${states.length} properties hold, which is not ${said}`);
    }
    const untouched = states.every((state) => state === "not attempted");
    return { name, state: held === states.length ? "passed" : untouched ? "not attempted" : "wrong", points, score: report.score };
  }

  /** SHA-256 in hexadecimal digits; empty where the browser offers none (a site served without encryption). */
  async function sha256(bytes) {
    if (!window.crypto?.subtle) return "";
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  scratch.receipts = { plain, feedback, judgement, notebook, digestible, sha256 };
})();
