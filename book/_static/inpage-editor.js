/* A text area in which one can write Python: Tab, Shift+Tab and Enter indent, Shift+Enter runs. Tab after Escape leaves it, as a page must let
   people who use the keyboard alone. Changes are made through the browser's own editing, so that they can be undone. */
"use strict";
scratch.editor = ({ label, text, changed, run }) => {
  const STEP = "    ";
  const { element } = scratch;
  const area = element("textarea", { class: "inpage-editor", spellcheck: "false", autocapitalize: "off", autocomplete: "off", wrap: "off" });
  let leaving = false;

  const fit = () => (area.rows = Math.max(4, area.value.split("\n").length + 1));
  const lineStart = () => area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;

  function insert(words) {
    if (!document.execCommand("insertText", false, words)) area.setRangeText(words, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input"));
  }

  /** Rewrite all lines that the selection touches. */
  function shift(change) {
    const [from, single] = [lineStart(), area.selectionStart === area.selectionEnd];
    area.setSelectionRange(from, Math.max(area.selectionEnd, from));
    const end = area.value.indexOf("\n", area.selectionEnd);
    area.setSelectionRange(from, end < 0 ? area.value.length : end);
    const lines = area.value.slice(from, area.selectionEnd).split("\n").map(change).join("\n");
    insert(lines);
    if (!single) area.setSelectionRange(from, from + lines.length);
  }

  function press(event) {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey)) run();
    else if (event.key === "Enter" && plain) {
      const line = area.value.slice(lineStart(), area.selectionStart);
      insert(`\n${line.match(/^ */)[0]}${/:\s*$/.test(line) ? STEP : ""}`);
    } else if (event.key === "Tab" && plain && !leaving) {
      if (event.shiftKey) shift((line) => line.replace(/^ {1,4}/, ""));
      else if (area.selectionStart === area.selectionEnd) insert(STEP.slice((area.selectionStart - lineStart()) % STEP.length));
      else shift((line) => (line ? STEP + line : line));
    } else {
      leaving = event.key === "Escape" || (leaving && event.key === "Shift");
      return;
    }
    event.preventDefault();
  }

  area.value = text;
  area.addEventListener("keydown", press);
  area.addEventListener("input", () => (fit(), changed(area.value)));
  fit();
  const keys = "Tab indents, Shift+Enter runs; Escape, then Tab, leaves.";
  const whole = element("div", { class: "inpage-writing" }, element("label", {}, element("span", {}, label), area), element("small", {}, keys));
  /** Put another text in the place of all of it; Ctrl+Z takes it back. */
  const replace = (words) => (area.focus(), area.select(), insert(words));
  return { whole, area, replace };
};
