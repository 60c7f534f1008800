// Turns a page of the site into an article for paper or an e-reader. Runs in an empty page, on a parsed copy: nothing is laid out.

const NAMELESS = "https://book/"; // stands for the site's root while links are resolved

function article({html, name, depth, names, form}) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const root = page.querySelector("article.bd-article");
  const slug = each => each.replaceAll("/", "-");
  const target = (to, id) => form === "pdf" ? `#${slug(to)}${id && "--" + id}` : `${slug(to)}.xhtml${id && "#" + id}`;
  const wrong = [];

  // What does something only on a screen with scripts; what stands in for it without scripts stays.
  for (const each of root.querySelectorAll("script, style, link, button, form, .headerlink, .d-print-none, .sd-summary-state-marker, .other-languages"))
    each.remove();
  for (const each of root.querySelectorAll("noscript")) each.replaceWith(...each.childNodes);
  for (const each of root.querySelectorAll("input[type=checkbox]")) each.replaceWith(each.checked ? "☑ " : "☐ ");

  // What is folded away on the site: an e-reader folds it too, paper shows it.
  for (const fold of root.querySelectorAll("details")) {
    fold.querySelector("summary .expanded")?.remove();
    const summary = fold.querySelector("summary");
    summary.removeAttribute("aria-label");
    const words = summary.textContent.trim().replace(/^Show (the|a) /, (_, word) => (word === "a" ? "A " : "The "));
    if (form === "epub") {
      if (!summary.querySelector(".math")) summary.textContent = words;
      for (const inner of summary.querySelectorAll("p")) inner.replaceWith(...inner.childNodes);
    } else {
      const shown = page.createElement("div"), heading = page.createElement("p");
      if (summary.querySelector(".math")) heading.append(...summary.childNodes); else heading.textContent = words;
      heading.className = "fold-title";
      summary.remove();
      shown.className = `fold ${fold.className}`;
      shown.append(heading, ...fold.childNodes);
      fold.replaceWith(shown);
    }
  }

  // Links lead to other articles of the same book, or out of it; a link to what is not in it becomes plain text.
  for (const link of root.querySelectorAll("a[href]")) {
    const url = new URL(link.getAttribute("href"), `${NAMELESS}${name}.html`);
    for (const each of ["target", "rel", "hreflang"]) link.removeAttribute(each);
    if (!url.href.startsWith(NAMELESS)) continue;
    const to = decodeURIComponent(url.pathname.slice(1)).replace(/\.html$/, "");
    if (names.includes(to)) link.setAttribute("href", target(to, url.hash.slice(1)));
    else link.replaceWith(...link.childNodes);
  }

  const pictures = [];
  for (const image of root.querySelectorAll("img")) {
    const url = new URL(image.getAttribute("src"), `${NAMELESS}${name}.html`);
    const path = decodeURIComponent(url.pathname.slice(1));
    pictures.push(path);
    image.setAttribute("src", form === "pdf" ? url.href.replace(NAMELESS, "../html/") : `images/${path.split("/").pop()}`);
    for (const each of ["loading", "class"]) image.removeAttribute(each);
  }

  const title = root.querySelector("h1")?.textContent.trim() ?? name;
  if (form === "pdf") {
    // One document: ids get their page's name in front, headings move down by their page's depth in the contents.
    for (const each of root.querySelectorAll("[id]")) if (!each.closest("svg")) each.id = `${slug(name)}--${each.id}`;
    for (const heading of root.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
      const level = Number(heading.tagName[1]);
      const moved = page.createElement(`h${Math.min(6, level + depth)}`);
      moved.className = `level-${level}`;
      if (heading.id) moved.id = heading.id;
      moved.append(...heading.childNodes);
      heading.replaceWith(moved);
    }
    return {title, body: root.innerHTML, pictures, wrong};
  }

  for (const formula of root.querySelectorAll(".math")) {
    const number = formula.querySelector(".eqno");
    number?.remove();
    const tex = formula.textContent.trim().replace(/^\\[([]/, "").replace(/\\[)\]]$/, "");
    const text = MathJax.tex2mml(tex, {display: formula.tagName === "DIV"});
    if (text.includes("<merror")) wrong.push(tex);
    const math = new DOMParser().parseFromString(text, "application/xml").documentElement;
    for (const each of [math, ...math.querySelectorAll("*")])
      for (const {name} of [...each.attributes]) if (name.startsWith("data-")) each.removeAttribute(name);
    math.setAttribute("alttext", tex.trim());
    formula.replaceChildren(...(number ? [number] : []), page.importNode(math, true));
  }
  for (const each of root.querySelectorAll("*"))
    for (const attribute of [...each.attributes]) if (attribute.name.startsWith("data-")) each.removeAttribute(attribute.name);
  const serializer = new XMLSerializer();
  return {title, body: [...root.childNodes].map(each => serializer.serializeToString(each)).join(""), pictures, wrong};
}
