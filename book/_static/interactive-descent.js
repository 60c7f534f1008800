/* Gradient descent, step by step, on a loss of two parameters; every path was computed beforehand. */
"use strict";

interactive("descent", (live, data, { el, svg, choice, field, status }) => {
  const HEIGHT = 220, CHART = 96, LOW = -3, HIGH = 7; // the chart's axis: powers of ten of the loss above its least value
  const state = { which: 1, rate: data.cases[1].fastest, step: 0 };
  let running = null;

  const [caseRow, pressCase] = choice("The feature", data.cases.map(({ name }) => name), (which) => show({ which, rate: data.cases[which].fastest, step: 0 }));
  const rate = el("input", { type: "range", min: 0, max: data.cases[0].rates.length - 1, step: 1, oninput: () => show({ rate: Number(rate.value), step: 0 }) });
  const shown = el("span", { class: "value" });
  const button = (name, action) => el("button", { type: "button", onclick: () => { stop(); action(); } }, name);
  const back = button("Back", () => show({ step: state.step - 1 }));
  const step = button("Step", () => show({ step: state.step + 1 }));
  const again = button("Start over", () => show({ step: 0 }));
  const run = el("button", { type: "button", onclick: () => (running ? stop() : start()) }, "Run");
  const plane = svg("svg", { class: "plane", "aria-hidden": "true" });
  const chart = svg("svg", { class: "chart", "aria-hidden": "true" });
  const said = status();
  live.append(caseRow, el("div", { class: "fields" }, field("Learning rate", rate), shown), el("div", { class: "choice" }, step, back, run, again), plane, el("p", { class: "label" }, "Loss above the least possible"), chart, said);

  function start() {
    if (state.step >= data.steps) show({ step: 0 });
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return show({ step: data.steps });
    running = setInterval(() => (state.step < data.steps ? show({ step: state.step + 1 }) : stop()), 150);
    run.textContent = "Stop";
  }
  function stop() {
    clearInterval(running);
    running = null;
    run.textContent = "Run";
    show({});
  }

  function show(change) {
    if ("which" in change || "rate" in change) { clearInterval(running); running = null; run.textContent = "Run"; }
    Object.assign(state, change);
    const chosen = data.cases[state.which], path = chosen.paths[state.rate];
    const WIDTH = Math.max(280, Math.min(700, plane.clientWidth || 640)); // so that letters keep their size on a phone
    const [left, right, middle] = chosen.window, scale = WIDTH / (right - left);
    const far = (value) => Math.max(-1e5, Math.min(1e5, value));
    const x = (b) => far((b - left) * scale), y = (w) => far(HEIGHT / 2 - (w - middle) * scale);
    const above = ([w, b]) => { // half of d·H·d, what the loss has above its least value
      const [dw, db] = [w - chosen.best[0], b - chosen.best[1]], H = chosen.curvature;
      return (H[0][0] * dw * dw + 2 * H[0][1] * dw * db + H[1][1] * db * db) / 2;
    };
    const done = path.slice(0, state.step + 1), here = path[state.step];

    pressCase(state.which);
    rate.value = state.rate;
    const share = chosen.rates[state.rate] / chosen.limit;
    const meaning = state.rate === chosen.fastest ? "the fastest" : share > 1 ? "above the limit" : `${Math.round(100 * share)} % of the limit`;
    shown.textContent = `${chosen.rates[state.rate]} (${meaning})`;
    rate.setAttribute("aria-valuetext", shown.textContent);
    back.disabled = state.step === 0;
    step.disabled = state.step === data.steps;

    plane.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT + 22}`);
    chart.setAttribute("viewBox", `0 -10 ${WIDTH} ${CHART + 36}`);
    const [flat, steep] = chosen.eigenvalues, [cx, cy] = [x(chosen.best[1]), y(chosen.best[0])];
    plane.replaceChildren(
      svg("clipPath", { id: "descent-window" }, svg("rect", { width: WIDTH, height: HEIGHT })),
      svg("g", { "clip-path": "url(#descent-window)" },
        ...[3, 30, 300, 3000, 12000, 30000].map((excess) => svg("ellipse", { class: "contour", cx, cy, rx: Math.sqrt(2 * excess / flat) * scale, ry: Math.sqrt(2 * excess / steep) * scale, transform: `rotate(${-chosen.tilt} ${cx} ${cy})` })),
        svg("circle", { class: "goal", cx, cy, r: 5 }),
        svg("polyline", { class: "rest", points: path.map(([w, b]) => `${x(b).toFixed(1)},${y(w).toFixed(1)}`).join(" ") }),
        svg("polyline", { class: "path", points: done.map(([w, b]) => `${x(b).toFixed(1)},${y(w).toFixed(1)}`).join(" ") }),
        ...done.map(([w, b]) => svg("circle", { class: "step", cx: x(b).toFixed(1), cy: y(w).toFixed(1), r: 2.5 })),
        svg("circle", { class: "here", cx: x(here[1]).toFixed(1), cy: y(here[0]).toFixed(1), r: 6 })),
      svg("rect", { class: "window", x: 0.5, y: 0.5, width: WIDTH - 1, height: HEIGHT - 1 }),
      svg("text", { x: WIDTH, y: HEIGHT + 16, "text-anchor": "end" }, "b →"), svg("text", { x: 6, y: 16 }, "w ↑"));

    const across = (number) => 60 + (WIDTH - 66) * number / data.steps;
    const up = (value) => CHART * (1 - (Math.max(LOW, Math.min(HIGH, Math.log10(value + 1e-12))) - LOW) / (HIGH - LOW));
    chart.replaceChildren(
      ...[-2, 1, 4, 7].flatMap((power) => [svg("line", { class: "contour", x1: 60, x2: WIDTH, y1: up(10 ** power), y2: up(10 ** power) }), svg("text", { x: 54, y: up(10 ** power) + 5, "text-anchor": "end" }, power < 0 ? "0.01" : power === 1 ? "10" : power === 4 ? "10,000" : "10⁷")]),
      svg("polyline", { class: "rest", points: path.map((point, number) => `${across(number)},${up(above(point)).toFixed(1)}`).join(" ") }),
      svg("polyline", { class: "path", points: done.map((point, number) => `${across(number)},${up(above(point)).toFixed(1)}`).join(" ") }),
      svg("circle", { class: "here", cx: across(state.step), cy: up(above(here)), r: 5 }),
      svg("text", { x: WIDTH, y: CHART + 20, "text-anchor": "end" }, "steps →"));

    const number = (value) => Math.abs(value) >= 1e5 ? value.toExponential(1) : Number(value.toPrecision(4)).toLocaleString("en");
    if (!running) said.textContent = `Step ${state.step} of ${data.steps}: w = ${number(here[0])}, b = ${number(here[1])}, loss ${number(data.least + above(here))}; the least possible is ${data.least}, at w = ${chosen.best[0]}, b = ${chosen.best[1]}.`;
  }
  new ResizeObserver(() => show({})).observe(live);
  show({});
});
