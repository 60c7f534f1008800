/* What the interactive figures share. A figure's own script calls
     interactive("NAME", (live, data, tools) => { ... })
   and fills `live`, which takes the place of the still picture. Without scripts, in print, or if a script fails, the still picture stays. */
"use strict";

{
  const make = (node, attributes, children) => {
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children);
    return node;
  };
  const el = (tag, attributes, ...children) => make(document.createElement(tag), attributes, children);
  const svg = (tag, attributes, ...children) => make(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

  /* A row of buttons of which one is pressed; returns the row and a function that presses the button with a number (or none). */
  const choice = (label, names, chosen) => {
    const buttons = names.map((name, number) => el("button", { type: "button", "aria-pressed": "false", onclick: () => chosen(number) }, name));
    const row = el("div", { class: "choice", role: "group", "aria-label": label }, el("span", { class: "label", "aria-hidden": "true" }, label), ...buttons);
    return [row, (number) => buttons.forEach((button, each) => button.setAttribute("aria-pressed", String(each === number)))];
  };

  let count = 0;
  /* A label and its field. */
  const field = (label, input) => {
    input.id = `interactive-${(count += 1)}`;
    return el("div", { class: "field" }, el("label", { for: input.id }, label), input);
  };

  /* A line that screen readers speak when it changes. */
  const status = () => el("p", { class: "status", role: "status" });

  window.interactive = (name, build) => {
    for (const holder of document.querySelectorAll(`.interactive-${name}`)) {
      const data = JSON.parse(holder.querySelector("script[type='application/json']").textContent);
      const caption = holder.querySelector("figcaption");
      caption.id ||= `interactive-caption-${name}`;
      const live = el("div", { class: "live", role: "group", "aria-label": "Interactive figure", "aria-describedby": caption.id });
      holder.querySelector("figure").prepend(live);
      try {
        build(live, data, { el, svg, choice, field, status });
        holder.classList.add("is-live");
      } catch (error) {
        live.remove();
        console.error(error);
      }
    }
  };
}
