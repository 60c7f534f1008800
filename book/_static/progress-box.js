/* The box beside the card of a week or a lab. */
"use strict";
for (const place of document.querySelectorAll(".progress-box")) {
  const { element, progress, longDate, href } = scratch;
  const { key, what } = place.dataset;
  const box = element("input", { type: "checkbox", change: () => progress.tick(key, box.checked) });
  const since = element("span", { class: "progress-since" });
  place.append(
    element("label", {}, box, ` I have done this ${what}`),
    since,
    element("a", { href: href("book/progress.html") }, "Your progress"),
  );
  place.hidden = false;
  progress.watch((document, trouble) => {
    box.checked = Object.hasOwn(document.done, key);
    since.textContent = trouble || (box.checked ? `since ${longDate(document.done[key])}` : "");
  });
}
