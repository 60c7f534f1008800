/* Files on the page of progress: save a copy, read copies and receipts, forget. A file that is refused changes nothing. */
"use strict";
(() => {
  const { element, progress, count, number, longDate } = scratch;
  const $ = (id) => document.getElementById(id);
  const say = (text) => ($("import-said").textContent = text);
  const points = (each) => `${each.title}, ${number(each.score)} of ${number(each.points)} points`;

  async function take(file) {
    try {
      return added(file.name, await scratch.receipts.read(file));
    } catch (error) {
      const reason = error instanceof scratch.format.Refused ? error.message : `it could not be read (${error.message})`;
      return `${file.name} was not taken: ${reason}. What was here stays as it was.`;
    }
  }

  /** Put what a file holds to what is here; returns what to say about it. */
  function added(name, { document, receipt, remarks }) {
    const before = progress.read();
    const after = scratch.format.merge(before, document ?? { ...scratch.format.empty(), receipts: [receipt] });
    const grown = (part) => Object.keys(after[part]).length - Object.keys(before[part]).length;
    progress.change(() => after);
    if (receipt) return `${name} was read: ${points(receipt)}.${grown("receipts") ? "" : " It was here already."} ${remarks.join(" ")}`;
    const parts = [
      count(grown("done"), "new tick"),
      `hours of ${count(grown("hours"), "more week")}`,
      count(grown("receipts"), "new receipt"),
    ];
    return `${name} was added: ${parts.join(", ")}. Nothing was taken away.`;
  }

  function list(kept) {
    $("receipt-none").hidden = kept.receipts.length > 0;
    $("receipt-list").replaceChildren(
      ...kept.receipts.map((each) => {
        const what = `${points(each)}, ${each.kind === "graded" ? "graded" : "checked by you"}`;
        const remove = () => {
          const same = (one) => JSON.stringify(one) === JSON.stringify(each);
          progress.change((now) => ({ ...now, receipts: now.receipts.filter((one) => !same(one)) }));
          say(`Removed: ${what}.`);
          $("progress-import").focus(); // the button that had the focus is gone
        };
        const button = element("button", { type: "button", click: remove, "aria-label": `Remove ${what}` }, "Remove");
        return element("li", {}, `${what} (${each.name}, read on ${longDate(each.read)}) `, button);
      }),
    );
  }

  $("progress-export").addEventListener("click", () => {
    scratch.download(`progress-${scratch.today()}.json`, `${JSON.stringify(progress.read(), null, 1)}\n`, "application/json");
  });
  $("progress-import").addEventListener("change", async (event) => {
    const said = [];
    for (const file of event.target.files) said.push(await take(file));
    say(said.join(" "));
    event.target.value = ""; // so that the same file can be chosen again
  });
  $("progress-clear").addEventListener("click", () => {
    if (!window.confirm("Delete all ticks, hours, receipts and the plan from this browser? Save a copy first if you may want them back."))
      return;
    progress.change(() => scratch.format.empty());
    say("Everything was deleted.");
  });
  progress.watch(list);
})();
