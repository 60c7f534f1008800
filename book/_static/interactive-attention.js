/* Whom does a word read? Choose a head and a word; the shading of the words, and a row of the matrix, say how much of it comes from where. */
"use strict";

interactive("attention", (live, data, { el, svg, choice, field, status }) => {
  const sentences = data.sentences.map((sentence) => ({ tokens: sentence.tokens, weights: Uint8Array.from(atob(sentence.weights), (each) => each.charCodeAt(0)) }));
  const state = { sentence: 0, layer: data.picks[2].layer, head: data.picks[2].head, token: sentences[0].tokens.indexOf(data.start) };

  const [sentenceRow, pressSentence] = choice("Sentence", data.sentences.map(({ tokens }) => `… ${tokens.slice(-5, -2).join(" ")}`), (sentence) => show({ sentence }));
  const [pickRow, pressPick] = choice("Heads found by a question", data.picks.map(({ what }) => what), (number) => {
    const { layer, head } = data.picks[number];
    show({ layer, head });
  });
  const numbers = (n) => Array.from({ length: n }, (_, each) => el("option", { value: each + 1 }, String(each + 1)));
  const layer = el("select", { onchange: () => show({ layer: Number(layer.value) }) }, ...numbers(data.layers));
  const head = el("select", { onchange: () => show({ head: Number(head.value) }) }, ...numbers(data.heads));
  const words = el("div", { class: "words", role: "group", "aria-label": "Words of the sentence: choose one to see what it reads", onkeydown: (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = words.children[state.token + step];
    if (next) { event.preventDefault(); next.focus(); }
  } });
  const matrix = svg("svg", { class: "matrix", "aria-hidden": "true" });
  const said = status();
  live.append(sentenceRow, pickRow, el("div", { class: "fields" }, field("Layer", layer), field("Head", head)), words, said, matrix);

  function show(change) {
    Object.assign(state, change);
    const { tokens, weights } = sentences[state.sentence];
    const n = tokens.length;
    const start = ((state.layer - 1) * data.heads + state.head - 1) * n * n;
    const weight = (query, key) => weights[start + query * n + key] / 255;
    layer.value = state.layer;
    head.value = state.head;
    pressSentence(state.sentence);
    pressPick(data.picks.findIndex((pick) => pick.layer === state.layer && pick.head === state.head));

    if (words.children.length !== n || change.sentence !== undefined) {
      words.replaceChildren(...tokens.map((_, token) => {
        const choose = () => state.token !== token && show({ token });
        return el("button", { type: "button", onfocus: choose, onmouseenter: choose, onclick: choose }, el("span", {}), el("small", {}));
      }));
    }
    tokens.forEach((token, key) => {
      const button = words.children[key], share = weight(state.token, key);
      button.firstChild.textContent = token;
      button.lastChild.textContent = `${Math.round(100 * share)} %`;
      button.style.setProperty("--share", `${Math.round(70 * share)}%`);
      button.setAttribute("aria-pressed", String(key === state.token));
      button.tabIndex = key === state.token ? 0 : -1;
    });

    const cell = 17;
    matrix.setAttribute("viewBox", `-92 -4 ${92 + n * cell + 4} ${n * cell + 8}`);
    matrix.replaceChildren(...tokens.flatMap((token, query) => [
      svg("text", { x: -6, y: query * cell + 13, "text-anchor": "end", class: query === state.token ? "chosen" : "" }, token),
      ...tokens.map((_, key) => svg("rect", { x: key * cell, y: query * cell, width: cell - 1, height: cell - 1, "fill-opacity": Math.max(0.04, weight(query, key)).toFixed(3), onmouseenter: () => query !== state.token && show({ token: query }) })),
    ]), svg("rect", { class: "frame", x: -2, y: state.token * cell - 2, width: n * cell + 3, height: cell + 3 }));

    const most = tokens.map((token, key) => [weight(state.token, key), token]).sort((a, b) => b[0] - a[0]).slice(0, 3);
    said.textContent = `Layer ${state.layer}, head ${state.head}: “${tokens[state.token]}” reads ${most.map(([share, token]) => `“${token}” ${Math.round(100 * share)} %`).join(", ")}.`;
  }
  show({});
});
