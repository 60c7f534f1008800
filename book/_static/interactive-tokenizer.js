/* Byte-pair encoding of a text that you type, merge by merge, with merges learned beforehand. */
"use strict";

interactive("tokenizer", (live, data, { el, field, status }) => {
  const WORDS = / ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
  const rank = new Map(data.merges.map(([left, right], number) => [`${left} ${right}`, number]));
  const bytes = Array.from({ length: 256 }, (_, byte) => [byte]);
  data.merges.forEach(([left, right]) => bytes.push([...bytes[left], ...bytes[right]]));
  const strict = new TextDecoder("utf-8", { fatal: true });
  const spelled = (token) => { // a token as text; bytes that are no whole character as hexadecimal numbers
    try {
      return strict.decode(Uint8Array.from(bytes[token])).replaceAll(" ", "␣").replaceAll("\n", "⏎").replaceAll("\t", "⇥");
    } catch {
      return bytes[token].map((byte) => `‹${byte.toString(16)}›`).join("");
    }
  };

  const written = el("textarea", { rows: 2, spellcheck: "false", maxlength: 400, oninput: () => { steps = encode(); show(steps.length - 1); } }, data.example);
  const slider = el("input", { type: "range", min: 0, step: 1, oninput: () => show(Number(slider.value)) });
  const button = (name, action) => el("button", { type: "button", onclick: action }, name);
  const next = button("Next merge", () => show(at + 1));
  const back = button("Undo a merge", () => show(at - 1));
  const tokens = el("div", { class: "tokens" });
  const said = status();
  live.append(field("Your text", written), el("div", { class: "fields" }, field("Merges applied", slider), next, back), tokens, said);

  /* All states of the text: its words as lists of tokens, and the number of the merge that led there. Only merges that change it count. */
  function encode() {
    let words = (written.value.match(WORDS) ?? []).map((word) => [...new TextEncoder().encode(word)]);
    const states = [{ words, merge: -1 }];
    for (;;) {
      let first = Infinity;
      for (const word of words) for (let i = 0; i + 1 < word.length; i += 1) first = Math.min(first, rank.get(`${word[i]} ${word[i + 1]}`) ?? Infinity);
      if (first === Infinity) return states;
      const [left, right] = data.merges[first];
      words = words.map((word) => {
        const out = [];
        for (let i = 0; i < word.length; i += 1) {
          if (word[i] === left && word[i + 1] === right) { out.push(256 + first); i += 1; } else out.push(word[i]);
        }
        return out;
      });
      states.push({ words, merge: first });
    }
  }

  let steps = encode(), at = 0;
  function show(number) {
    at = Math.max(0, Math.min(number, steps.length - 1));
    const { words, merge } = steps[at];
    slider.max = steps.length - 1;
    slider.value = at;
    slider.setAttribute("aria-valuetext", `${at} of ${steps.length - 1}`);
    next.disabled = at === steps.length - 1;
    back.disabled = at === 0;
    tokens.replaceChildren(...words.flat().map((token, each) => el("span", { class: `token c${each % 4}${token === 256 + merge ? " new" : ""}` }, spelled(token))));
    const count = words.flat().length, size = new TextEncoder().encode(written.value).length;
    const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
    const totals = `${plural(size, "byte")}, ${plural(count, "token")}${count ? `: ${(size / count).toFixed(1)} bytes a token` : ""}.`;
    const [left, right, seen] = data.merges[merge] ?? [];
    said.textContent = merge < 0
      ? `${totals} No merge applied yet: every byte is a token.`
      : `${totals} Last merge, number ${(merge + 1).toLocaleString("en")} of ${data.merges.length.toLocaleString("en")}: ${spelled(left)} and ${spelled(right)} become ${spelled(256 + merge)}; the pair stood ${plural(seen, "time")} in the novel when it was learned.`;
  }
  show(0);
});
