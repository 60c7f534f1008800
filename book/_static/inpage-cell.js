/* One code cell of a page in which a lab is tried: its buttons, the reader's answer, and what a run shows. */
"use strict";
(() => {
  const { element, editor } = scratch;
  const KEPT = "from-scratch-to-scale/answers";
  const TAGS = ["DIV", "STRONG", "UL", "LI", "P"]; // what a check's report is made of

  /** The nodes of some HTML, made anew from these few elements, without attributes: nothing in it can act. */
  function harmless(html) {
    const copy = (node) =>
      [...node.childNodes].flatMap((child) => {
        if (child.nodeType === Node.TEXT_NODE) return [child.data];
        if (child.nodeType !== Node.ELEMENT_NODE) return [];
        return TAGS.includes(child.tagName) ? [element(child.tagName, {}, ...copy(child))] : copy(child);
      });
    return copy(new DOMParser().parseFromString(html, "text/html").body);
  }

  scratch.LabCell = class {
    constructor(page, told) {
      Object.assign(this, told, { page, key: `${KEPT}/${page.slug}/${told.id}/${told.version}`, hints: 0 });
      this.holder = document.querySelector(`.cell.tag_inpage-${CSS.escape(this.id)}`);
      this.text = this.kind === "answer" ? (page.kept(this.key) ?? this.source) : this.source;
      if (this.holder) this.dress();
    }

    dress() {
      this.bar = element("div", { class: "inpage-bar" });
      this.output = element("div", { class: "inpage-output", role: "group", "aria-label": "What this cell shows in the page", hidden: true });
      this.holder.classList.add("inpage-live");
      this.holder.querySelector(":scope > .cell_input, :scope > details").after(this.bar, this.output);
      if (this.lacks) {
        this.bar.append(element("span", {}, `In your notebook only: this needs ${this.lacks}, which the page does not have.`));
      } else if (this.kind !== "setup") {
        const words = { answer: "Run my answer", check: "Check my answer" }[this.kind] ?? "Run";
        this.go = element("button", { type: "button", click: () => (this.page.busy === this ? this.page.stop() : this.run()) }, words);
        this.go.dataset.words = words;
        this.hint = element("button", { type: "button", hidden: true, click: () => this.run(Math.min(3, this.hints + 1)) }, "A hint");
        this.bar.append(this.go, this.kind === "check" ? this.hint : "");
      }
      if (this.kind === "answer") this.open();
    }

    open() {
      const changed = (text) => this.page.keep(this, text);
      const own = editor({ label: `Your answer: ${this.id}`, text: this.text, changed, run: () => this.run() });
      this.holder.querySelector(".cell_input").replaceChildren(own.whole);
      this.bar.append(element("button", { type: "button", click: () => own.replace(this.source) }, "Start this answer over"));
    }

    run(hint = 0) {
      this.hints = hint;
      this.page.run(this, hint);
    }

    show(...nodes) {
      if (!this.output) return;
      this.output.hidden = false;
      this.output.append(...nodes);
    }

    clear() {
      this.output?.replaceChildren();
      if (this.output) this.output.hidden = true;
    }

    print(text, kind = "text") {
      const last = this.output?.lastElementChild;
      if (last?.className === kind) last.append(text);
      else this.show(element("pre", { class: kind, tabindex: "0" }, text));
    }

    report(html) {
      const nodes = element("div", { class: "scratchlab-check" }, ...harmless(html));
      this.show(nodes);
      if (this.hint) this.hint.hidden = this.hints === 3 || !/[✗○–]/.test(nodes.textContent);
      this.page.say(nodes.querySelector("strong")?.textContent ?? "");
    }
  };
})();
