/* Try a lab in its page. Until the button is pressed nothing is loaded; then the cells of the page become live: answers can be written and kept,
   cells run in a worker (inpage-worker.js), which also runs the cells above that they need. */
"use strict";
(() => {
  const { element, href, download, LabCell } = scratch;
  const FILES = new URL("inpage/", document.currentScript.src).href;
  const WORKER = new URL("inpage-worker.js", document.currentScript.src).href;

  class Page {
    constructor(place) {
      Object.assign(this, { place, slug: place.dataset.lab, busy: null, cells: new Map() });
      this.status = element("p", { class: "inpage-status", role: "status" });
      this.open = element("button", { type: "button", click: () => this.begin() }, "Try it here");
      const size = `${place.dataset.megabytes} MB are loaded, once`;
      this.words = element("p", {}, `Python and NumPy run in this page, on your machine (${size}); nothing is installed and nothing is sent.`);
      place.append(...(location.protocol === "file:" ? [Page.fromFolder()] : [this.open, this.words, this.status]));
      place.hidden = false;
    }

    static fromFolder() {
      const words = "This lab can be tried in its page, but not from a folder: a browser runs Python only in a page that comes from a server. ";
      return element("p", {}, words, element("code", {}, "make serve"), " in the book's folder starts one.");
    }

    say(text) {
      this.status.textContent = text;
    }

    async begin() {
      this.open.disabled = true;
      try {
        const reply = await fetch(`${FILES}labs/${this.slug}.json`, { cache: "no-cache" });
        if (!reply.ok) throw new Error(String(reply.status));
        this.lab = await reply.json();
      } catch (error) {
        this.open.disabled = false;
        return this.say(`The lab could not be loaded (${error.message}). Try again.`);
      }
      this.open.remove();
      this.words.textContent = "Write and run below. What you write is kept in this browser; a cell runs together with what it needs from above.";
      const save = element("button", { type: "button", click: () => this.download() }, "Download as a notebook");
      this.words.after(save);
      for (const told of this.lab.cells) this.cells.set(told.id, new LabCell(this, told));
      this.boot("Python is being loaded …");
    }

    boot(words) {
      this.say(words);
      this.worker = new Worker(`${WORKER}?${this.lab.version}`);
      this.worker.onmessage = ({ data }) => this.hear(data);
      this.worker.onerror = (event) => this.hear({ kind: "broken", text: event.message ?? "it could not be loaded" });
      this.worker.postMessage({ files: FILES, lab: this.lab });
      this.ready = false;
    }

    run(cell, hint) {
      if (this.busy) return;
      this.setBusy(cell);
      cell.clear();
      const answers = [...this.cells.values()].filter((each) => each.kind === "answer").map((each) => [each.id, each.text]);
      this.wanted = { id: cell.id, answers: Object.fromEntries(answers), hint };
      if (this.ready) this.worker.postMessage(this.wanted);
      this.say(this.ready ? "Running …" : "Python is being loaded; then it runs.");
    }

    setBusy(cell) {
      this.busy = cell;
      for (const each of this.cells.values()) {
        if (!each.go) continue;
        each.go.disabled = Boolean(cell) && each !== cell;
        each.hint.disabled = Boolean(cell);
        each.go.textContent = each === cell ? "Stop" : each.go.dataset.words;
      }
    }

    stop() {
      this.end();
      this.busy.print("Stopped.", "note");
      this.setBusy(null);
      this.boot("Stopped. Python starts anew; your answers are still here …");
    }

    end() {
      this.worker.onmessage = this.worker.onerror = null; // what is still on its way belongs to nobody
      this.worker.terminate();
    }

    hear({ kind, id, text }) {
      const cell = this.cells.get(id);
      if (kind === "ready") {
        this.ready = true;
        if (this.busy) this.worker.postMessage(this.wanted);
        else this.say("Python is ready.");
      } else if (kind === "broken") {
        this.end();
        this.busy?.print(`Python broke down: ${text}`, "error");
        this.setBusy(null);
        if (this.ready) this.boot("Python broke down and starts anew …");
        else this.fail(text);
      } else if (kind === "running") cell.clear();
      else if (kind === "text") cell.print(text);
      else if (kind === "error") cell.print(text, "error");
      else if (kind === "report") cell.report(text);
      else if (kind === "blocked") this.blocked(this.cells.get(text));
      else if (cell === this.busy) this.finish(kind, text);
    }

    finish(kind, text) {
      const cell = this.busy;
      this.setBusy(null);
      if (kind === "failed") this.say(`The cell stopped with ${text}.`);
      else if (cell.output.hidden) cell.print("Done: it shows nothing.", "note");
      if (kind === "done" && cell.kind !== "check") this.say("Done.");
    }

    blocked(above) {
      const lead = element("a", { href: "#" }, "a cell above that this one needs");
      lead.addEventListener("click", (event) => (event.preventDefault(), above.go?.focus(), above.holder?.scrollIntoView({ block: "center" })));
      this.busy.show(element("p", { class: "note" }, "Not run: ", lead, " stopped with an error."));
      this.setBusy(null);
      this.say("Not run: a cell above that this one needs stopped with an error.");
    }

    fail(text) {
      this.say(`Python could not be started (${text}). `);
      this.status.append(element("button", { type: "button", click: () => this.boot("Python is being loaded …") }, "Try again"));
    }

    // What is written

    kept(key) {
      try {
        return localStorage.getItem(key);
      } catch {
        return null;
      }
    }

    keep(cell, text) {
      cell.text = text;
      try {
        if (text === cell.source) localStorage.removeItem(cell.key);
        else localStorage.setItem(cell.key, text);
      } catch {
        this.say("This browser keeps nothing: download your notebook before you leave the page.");
      }
    }

    /** The learner's copy with these answers in it, for a grader or to go on with. */
    async download() {
      try {
        const notebook = await (await fetch(href(`_sources/labs/${this.slug}/${this.slug}.ipynb`))).json();
        for (const cell of notebook.cells) {
          const own = this.cells.get(cell.id);
          if (own?.kind === "answer") cell.source = own.text;
        }
        download(`${this.slug}.ipynb`, `${JSON.stringify(notebook, null, 1)}\n`, "application/x-ipynb+json");
        this.say(`Your copy is ${this.slug}.ipynb, among your downloads.`);
      } catch (error) {
        this.say(`The notebook could not be made (${error.message}).`);
      }
    }
  }

  for (const place of document.querySelectorAll(".inpage")) new Page(place);
})();
