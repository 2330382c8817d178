"use strict";
(function () {
  const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7b7b86", "currentColor", "#8c6d1f", "#7b3294", "#1b7837", "#b2182b"];
  const CLASSES = ["background", "solid", "dashed", "dotted"];
  const SHAPES = ["circle", "square", "diamond", "up", "down", "cross"];
  const byId = (id) => document.getElementById(id);
  const known = (value) => typeof value === "number" && isFinite(value);
  const show = (value, digits) => known(value) ? value.toFixed(digits === undefined ? 2 : digits) : "–";
  const percent = (value, digits) => known(value) ? (100 * value).toFixed(digits || 0) + " %" : "–";
  let data = null;

  /* Text only ever enters the page as text nodes and attributes, never as markup. */
  function svg(name, attributes, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
    return node;
  }
  function cell(value, kind) {
    const node = document.createElement("td");
    if (kind) node.className = kind;
    node.textContent = value;
    return node;
  }
  function options(select, values, change) {
    select.replaceChildren(...values.map((value) => { const node = document.createElement("option"); node.value = node.textContent = value; return node; }));
    select.addEventListener("change", change);
  }
  function pressed(attribute, change) {
    const buttons = [...document.querySelectorAll(`button[data-${attribute}]`)];
    for (const button of buttons) button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      change(button.dataset[attribute]);
    });
  }

  /* ---- axes ------------------------------------------------------------------------------- */

  const linear = (low, high) => ({ low, high, at: (v) => (v - low) / (high - low) });
  const logarithmic = (low, high) => ({ low, high, at: (v) => Math.log(v / low) / Math.log(high / low) });

  /* A frame with ticks and titles; returns the functions that place values in it. */
  function frame(host, across, up, box) {
    const [left, top, right, bottom] = box;
    const x = (v) => left + across.scale.at(v) * (right - left), y = (v) => bottom - up.scale.at(v) * (bottom - top);
    const parts = [];
    for (const [v, label] of across.ticks) parts.push(svg("line", { class: "rule", x1: x(v), x2: x(v), y1: top, y2: bottom }), svg("text", { class: "tick", x: x(v), y: bottom + 14, "text-anchor": "middle" }, label));
    for (const [v, label] of up.ticks) parts.push(svg("line", { class: "rule", x1: left, x2: right, y1: y(v), y2: y(v) }), svg("text", { class: "tick", x: left - 5, y: y(v) + 4, "text-anchor": "end" }, label));
    parts.push(svg("rect", { class: "frame", x: left, y: top, width: right - left, height: bottom - top }));
    if (across.title) parts.push(svg("text", { class: "tick", x: (left + right) / 2, y: bottom + 29, "text-anchor": "middle" }, across.title));
    if (up.title) parts.push(svg("text", { class: "tick", x: 11, y: (top + bottom) / 2, "text-anchor": "middle", transform: `rotate(-90 11 ${(top + bottom) / 2})` }, up.title));
    host.replaceChildren(...parts);
    return { x, y, add: (...nodes) => host.append(...nodes) };
  }
  /* A chart as wide as the page, in fewer units on a narrow one, so that its text stays readable. */
  function wideChart(id, tall) {
    const host = byId(id);
    host.setAttribute("viewBox", `0 0 ${host.clientWidth && host.clientWidth < 900 ? 780 : 1100} ${tall}`);
    return host;
  }
  const rightOf = (id) => byId(id).viewBox.baseVal.width - 12;
  const ticks = (values, unit) => values.map((v) => [v, String(v) + (unit || "")]);
  const share = (values) => values.map((v) => [v, String(Math.round(100 * v))]);

  function decades(low, high) {
    const out = [];
    for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); p++)
      for (const m of [1, 2, 5]) { const v = m * 10 ** p; if (v >= low && v <= high) out.push([v, String(Number(v.toPrecision(2)))]); }
    return out;
  }

  function point(kind, x, y, size, attributes) {
    const d = size;
    const paths = {
      square: `M${x - d},${y - d}h${2 * d}v${2 * d}h${-2 * d}z`, diamond: `M${x},${y - 1.3 * d}l${1.3 * d},${1.3 * d}l${-1.3 * d},${1.3 * d}l${-1.3 * d},${-1.3 * d}z`,
      up: `M${x},${y - 1.2 * d}l${1.2 * d},${2.2 * d}h${-2.4 * d}z`, down: `M${x},${y + 1.2 * d}l${1.2 * d},${-2.2 * d}h${-2.4 * d}z`,
      cross: `M${x - d},${y - d}l${2 * d},${2 * d}M${x - d},${y + d}l${2 * d},${-2 * d}`,
    };
    if (kind === "circle") return svg("circle", { cx: x, cy: y, r: d, ...attributes });
    return svg("path", { d: paths[kind], ...attributes, ...(kind === "cross" ? { stroke: attributes.fill, "stroke-width": 2 } : {}) });
  }
  const titled = (node, words) => { node.append(svg("title", {}, words)); return node; };

  /* ---- overlap ---------------------------------------------------------------------------- */

  const ratio = (top, bottom) => bottom ? top / bottom : NaN;
  function overlapsOf(set) {
    return data.evaluation.overlaps.filter((o) => o.set === set && o.method === "veernet").sort((a, b) => a.label - b.label).map((o) => {
      const tp = o.true_positive, fp = o.false_positive, fn = o.false_negative;
      return { name: CLASSES[o.label] || "class " + o.label, label: o.label, pixels: tp + fn, precision: ratio(tp, tp + fp), recall: ratio(tp, tp + fn), F1: ratio(2 * tp, 2 * tp + fp + fn), IoU: ratio(tp, tp + fp + fn) };
    });
  }

  function drawOverlap() {
    const classes = overlapsOf(byId("overlap-set").value), names = ["precision", "recall", "F1", "IoU"];
    const chart = frame(byId("overlap-chart"), { scale: linear(0, classes.length), ticks: [] }, { scale: linear(0, 1.09), ticks: ticks([0, 0.25, 0.5, 0.75, 1]) }, [40, 26, 512, 196]);
    names.forEach((name, k) => chart.add(svg("rect", { x: 44 + k * 100, y: 6, width: 11, height: 11, fill: COLOURS[k] }), svg("text", { x: 60 + k * 100, y: 16 }, name)));
    classes.forEach((c, i) => {
      names.forEach((name, k) => {
        if (!known(c[name])) return;
        const x0 = chart.x(i + 0.04 + 0.23 * k), x1 = chart.x(i + 0.04 + 0.23 * (k + 1)) - 2;
        chart.add(titled(svg("rect", { x: x0, y: chart.y(c[name]), width: x1 - x0, height: chart.y(0) - chart.y(c[name]), fill: COLOURS[k] }), `${c.name}: ${name} ${show(c[name], 3)}`));
        chart.add(svg("text", { class: "tick", x: (x0 + x1) / 2, y: chart.y(c[name]) - 3, "text-anchor": "middle" }, show(c[name])));
      });
      chart.add(svg("text", { x: chart.x(i + 0.5), y: 213, "text-anchor": "middle" }, c.name));
    });
    drawPools(classes);
  }

  function drawPools(classes) {
    const curves = classes.filter((c) => c.label > 0 && known(c.IoU)), ground = classes.find((c) => c.label === 0);
    if (!ground || !curves.length) return;
    const mean = curves.reduce((sum, c) => sum + c.IoU, 0) / curves.length, total = classes.reduce((sum, c) => sum + c.pixels, 0);
    /* Weights of the curve classes keep their proportion: equal among them. */
    const pooled = (w) => w * ground.IoU + (1 - w) * mean;
    const weighted = classes.filter((c) => known(c.IoU)).reduce((sum, c) => sum + c.IoU * c.pixels / total, 0);
    const chart = frame(byId("pool-chart"), { scale: linear(0, 1), ticks: share([0, 0.25, 0.5, 0.75, 1]), title: "weight of the background, %" }, { scale: linear(0, 1), ticks: ticks([0, 0.25, 0.5, 0.75, 1]), title: "pooled IoU" }, [48, 14, 508, 190]);
    chart.add(svg("line", { class: "line", stroke: COLOURS[0], x1: chart.x(0), y1: chart.y(pooled(0)), x2: chart.x(1), y2: chart.y(pooled(1)) }));
    const marks = [[0, mean, "curves only", "start"], [1 / (curves.length + 1), pooled(1 / (curves.length + 1)), "all classes equal", "start"], [ground.pixels / total, weighted, "by pixels", "end"]];
    for (const [w, value, label, anchor] of marks) {
      chart.add(titled(point("diamond", chart.x(w), chart.y(value), 4, { fill: COLOURS[1] }), `${label}: ${show(value, 3)}`));
      chart.add(svg("text", { x: chart.x(w) + (anchor === "end" ? -9 : 9), y: chart.y(value) + (anchor === "end" ? 30 : 16), "text-anchor": anchor }, `${label} ${show(value)}`));
    }
    const weight = byId("pool-weight").value / 100;
    chart.add(point("circle", chart.x(weight), chart.y(pooled(weight)), 6, { fill: "none", stroke: "currentColor", "stroke-width": 2 }));
    byId("pool-text").textContent = `${percent(weight)} → IoU ${show(pooled(weight), 3)}`;
    byId("overlap-note").textContent = `Background is ${percent(ground.pixels / total, 2)} of the pixels: weighted by pixels, an IoU of ${show(weighted, 3)} hides curves at ${show(mean, 3)}. ${madeBy()}`;
  }
  const madeBy = () => `${data.evaluation.strips} strips a set, seed ${data.evaluation.seed}, model ${data.evaluation.model_id}.`;

  /* ---- class weight ----------------------------------------------------------------------- */

  function measuredShare() {
    if (!data.evaluation) return null;
    const set = overlapSets()[0], classes = set ? overlapsOf(set) : [], total = classes.reduce((sum, c) => sum + c.pixels, 0);
    return total ? classes[0].pixels / total : null;
  }

  function drawWeight() {
    const share = byId("share").value / 1000, balance = share / (1 - share), own = measuredShare();
    const chart = frame(wideChart("weight-chart", 270), { scale: linear(0.5, 1), ticks: [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1].map((v) => [v, String(100 * v)]), title: "background, % of the pixels" }, { scale: logarithmic(1, 1000), ticks: decades(1, 1000).filter(([v]) => String(v)[0] === "1"), title: "weight" }, [56, 12, rightOf("weight-chart"), 230]);
    const line = (weight, colour, dash) => {
      let path = "";
      for (let s = 0.5; s <= 0.999; s += 0.001) path += (path ? "L" : "M") + chart.x(s).toFixed(1) + "," + chart.y(weight(s)).toFixed(1);
      chart.add(svg("path", { class: "line", d: path, stroke: colour, "stroke-dasharray": dash }));
    };
    line((s) => s / (1 - s), COLOURS[0], "none");
    line((s) => Math.sqrt(s / (1 - s)), COLOURS[2], "6 4");
    chart.add(svg("text", { x: chart.x(0.86), y: chart.y(11), "text-anchor": "end", fill: COLOURS[0] }, "balance: background / curves"));
    chart.add(svg("text", { x: chart.x(0.995), y: chart.y(1.5), "text-anchor": "end", fill: COLOURS[2] }, "its square root: what the product uses"));
    const published = data.published;
    const named = (kind, s, weight, colour, words, up) => chart.add(svg("line", { class: "bar", x1: chart.x(s), y1: chart.y(weight), x2: chart.x(s) - 40, y2: up }), point(kind, chart.x(s), chart.y(weight), 5, { fill: colour }), svg("text", { x: chart.x(s) - 44, y: up + 4, "text-anchor": "end" }, words));
    named("square", published.share, published.weight, COLOURS[1], `published: ${published.weight} at ${100 * published.share} %`, 68);
    if (own) named("diamond", own, own / (1 - own), "currentColor", `measured: ${percent(own, 2)} background`, 36);
    chart.add(svg("line", { class: "limit", x1: chart.x(share), x2: chart.x(share), y1: 12, y2: 230 }), point("circle", chart.x(share), chart.y(balance), 5, { fill: "none", stroke: "currentColor", "stroke-width": 2 }));
    byId("share-text").textContent = `${percent(share, 1)} → ${show(balance, 1)} balances; square root ${show(Math.sqrt(balance), 1)}`;
    const implied = published.weight / (1 + published.weight);
    byId("weight-note").textContent = `A weight of ${published.weight} balances a background of ${percent(implied, 1)}, not the ${percent(published.share)} it was quoted with: that balances at ${show(published.share / (1 - published.share), 1)}. ` + (own ? `On the drawn strips measured here the background is ${percent(own, 2)}: balance would take ${show(own / (1 - own), 0)}.` : `The measured split comes from veernet evaluate.`);
  }

  /* ---- losses ----------------------------------------------------------------------------- */

  let criterion = "mae";
  const family = (loss) => loss === "dice" || /^tversky\b/.test(loss) ? "tversky" : "";
  const average = (rows, name) => { const values = rows.map((r) => r[name]).filter(known); return values.length ? values.reduce((a, b) => a + b, 0) / values.length : NaN; };

  function matrix(stage) {
    const rows = data.losses.rows.filter((r) => r.stage === stage), names = [...new Set(rows.map((r) => r.loss))];
    const table = names.map((loss, k) => {
      const own = rows.filter((r) => r.loss === loss), out = { loss, colour: COLOURS[k % COLOURS.length], shape: SHAPES[k % SHAPES.length] };
      for (const name of ["mae", "recall", "precision", "iou"]) out[name] = average(own, name);
      out.asymmetry = out.recall - out.precision;
      return out;
    });
    for (const row of table) {
      const group = family(row.loss) ? table.filter((r) => family(r.loss) === family(row.loss) && known(r.asymmetry)).map((r) => r.asymmetry) : [];
      row.knob = group.length > 1 ? Math.max(...group) - Math.min(...group) : NaN;
    }
    const better = criterion === "mae" ? (a, b) => a.mae - b.mae : (a, b) => b[criterion] - a[criterion] || a.mae - b.mae;
    return [...table.filter((r) => known(r[criterion])).sort(better), ...table.filter((r) => !known(r[criterion]))];
  }

  function drawLosses() {
    const stage = byId("loss-stage").value, table = matrix(stage), at = { mae: 2, recall: 3, precision: 4, iou: 5, knob: 7 }[criterion];
    byId("loss-table").tBodies[0].replaceChildren(...table.map((row, k) => {
      const tr = document.createElement("tr");
      tr.append(cell(known(row[criterion]) ? k + 1 : "–", "num"), cell(row.loss), cell(show(100 * row.mae), "num"), cell(show(row.recall), "num"), cell(show(row.precision), "num"), cell(show(row.iou), "num"), cell(known(row.asymmetry) ? (row.asymmetry >= 0 ? "+" : "") + show(row.asymmetry) : "–", "num"), cell(show(row.knob), "num"));
      tr.children[at].classList.add("chosen");
      return tr;
    }));
    [...byId("loss-table").tHead.rows[0].cells].forEach((th, k) => k === at ? th.setAttribute("aria-sort", criterion === "mae" ? "ascending" : "descending") : th.removeAttribute("aria-sort"));
    drawPlane(table, stage);
  }

  function drawPlane(table, stage) {
    const curve = byId("plane-curve").value, rows = data.losses.rows.filter((r) => r.stage === stage && r.curve === curve && r.mae > 0 && r.mse > 0);
    if (!rows.length) { byId("plane-chart").replaceChildren(); return; }
    const range = (values) => logarithmic(Math.min(...values) / 1.4, Math.max(...values) * 1.4);
    const across = range(rows.map((r) => 100 * r.mae)), up = range(rows.map((r) => r.mse));
    const chart = frame(byId("plane-chart"), { scale: across, ticks: decades(across.low, across.high), title: "mean absolute error, % of track width" }, { scale: up, ticks: decades(up.low, up.high), title: "mean squared error, widths²" }, [62, 10, 350, 318]);
    table.forEach((loss, k) => {
      const row = rows.find((r) => r.loss === loss.loss), y = 18 + 17 * k;
      chart.add(point(loss.shape, 366, y - 4, 4, { fill: loss.colour }), svg("text", { class: "tick", x: 376, y }, loss.loss));
      if (!row) return;
      const low = (v, s, least) => Math.max(v - (s || 0), least);
      if (row.mae_sd) chart.add(svg("line", { class: "bar", x1: chart.x(low(100 * row.mae, 100 * row.mae_sd, across.low)), x2: chart.x(Math.min(100 * (row.mae + row.mae_sd), across.high)), y1: chart.y(row.mse), y2: chart.y(row.mse) }));
      if (row.mse_sd) chart.add(svg("line", { class: "bar", x1: chart.x(100 * row.mae), x2: chart.x(100 * row.mae), y1: chart.y(low(row.mse, row.mse_sd, up.low)), y2: chart.y(Math.min(row.mse + row.mse_sd, up.high)) }));
      chart.add(titled(point(loss.shape, chart.x(100 * row.mae), chart.y(row.mse), 5, { fill: loss.colour }), `${loss.loss}: MAE ${show(100 * row.mae)} %, MSE ${row.mse.toPrecision(3)}`));
    });
  }

  function startLosses() {
    const stages = [...new Set(data.losses.rows.map((r) => r.stage))];
    const curves = () => { const now = [...new Set(data.losses.rows.filter((r) => r.stage === byId("loss-stage").value).map((r) => r.curve))]; byId("plane-curve").replaceChildren(...now.map((value) => { const node = document.createElement("option"); node.value = node.textContent = value; return node; })); };
    options(byId("loss-stage"), stages, () => { curves(); drawLosses(); });
    curves();
    byId("plane-curve").addEventListener("change", drawLosses);
    pressed("criterion", (name) => { criterion = name; drawLosses(); });
    byId("loss-note").replaceChildren(...(data.losses.against_published || []).map((line) => { const node = document.createElement("li"); node.textContent = line; return node; }));
    drawLosses();
  }

  /* ---- reliability ------------------------------------------------------------------------ */

  function drawReliability() {
    const trust = byId("trust").value / 100, words = [];
    byId("reliability").replaceChildren(...data.styles.filter((style) => data.reliability[style]).map((style) => {
      const host = svg("svg", { viewBox: "0 0 346 300", role: "img", "aria-label": `Reliability of ${style} curves before and after calibration` }), both = data.reliability[style];
      const chart = frame(host, { scale: linear(0, 1), ticks: share([0, 0.25, 0.5, 0.75, 1]), title: "confidence, %" }, { scale: linear(0, 1), ticks: share([0, 0.25, 0.5, 0.75, 1]), title: "within 1 % of the width, %" }, [50, 44, 330, 262]);
      chart.add(svg("line", { class: "limit", x1: chart.x(0), y1: chart.y(0), x2: chart.x(1), y2: chart.y(1) }));
      chart.add(svg("rect", { x: chart.x(trust), y: 44, width: chart.x(1) - chart.x(trust), height: 218, fill: "#0072b2", opacity: 0.07 }));
      [["before", COLOURS[1], "none"], ["after", COLOURS[0], COLOURS[0]]].forEach(([when, colour, fill], k) => {
        const bins = both[when].bins, most = Math.max(...bins.map((b) => b[2]));
        chart.add(svg("path", { class: "line", fill: "none", stroke: colour, "stroke-dasharray": k ? "none" : "5 4", d: bins.map(([p, s], i) => (i ? "L" : "M") + chart.x(p).toFixed(1) + "," + chart.y(s).toFixed(1)).join("") }));
        for (const [p, s, n] of bins) chart.add(titled(svg("circle", { cx: chart.x(p), cy: chart.y(s), r: 2 + 6 * Math.sqrt(n / most), fill, "fill-opacity": 0.7, stroke: colour, "stroke-width": 1.5 }), `${when}: says ${percent(p, 1)}, is ${percent(s, 1)}; ${n} samples`));
        chart.add(point("circle", 58, 12 + 17 * k, 4.5, { fill, stroke: colour, "stroke-width": 1.5 }), svg("text", { x: 70, y: 16 + 17 * k }, `${when}: ECE ${show(both[when].ece_mass, 3)} [${both[when].interval.map((v) => show(v, 3)).join(", ")}]`));
      });
      const over = both.after.bins.filter((b) => b[0] >= trust), n = over.reduce((sum, b) => sum + b[2], 0), all = both.after.bins.reduce((sum, b) => sum + b[2], 0);
      words.push(`${style}: keeps ${percent(ratio(n, all))}, ${percent(ratio(over.reduce((sum, b) => sum + b[1] * b[2], 0), n))} of them near the truth`);
      const figure = document.createElement("figure"), caption = document.createElement("figcaption");
      caption.textContent = style;
      figure.append(host, caption);
      return figure;
    }));
    byId("trust-text").textContent = `${percent(trust)} → ${words.join("; ")}`;
  }

  /* ---- recall and recovery ---------------------------------------------------------------- */

  let acrossName = "mask_recall";
  function curvesOf(set) {
    const c = data.evaluation.curves;
    return c.method.map((method, i) => ({ method, set: c.set[i], style: c.style[i], visible: c.visible[i], span: c.span[i], coverage: c.coverage[i], r2: c.r2[i], mask_recall: c.mask_recall[i] }))
      .filter((r) => r.method === "veernet" && r.set === set && r.visible >= 0.1);
  }

  function drawRecall() {
    const curves = curvesOf(byId("recall-set").value).filter((r) => known(r[acrossName])), least = byId("recall-least").value / 100;
    const chart = frame(wideChart("recall-chart", 340), { scale: linear(0, 1), ticks: share([0, 0.2, 0.4, 0.6, 0.8, 1]), title: acrossName === "coverage" ? "share of the curve's rows that got a value, %" : "pixel recall of the curve's class on its strip, %" }, { scale: linear(-0.55, 1.05), ticks: ticks([-0.5, 0, 0.5, 0.85, 1]), title: "recovered R²" }, [58, 26, rightOf("recall-chart"), 300]);
    chart.add(svg("rect", { x: chart.x(least), y: 26, width: chart.x(1) - chart.x(least), height: 274, fill: "#0072b2", opacity: 0.07 }), svg("line", { class: "limit", x1: 58, x2: rightOf("recall-chart"), y1: chart.y(0.85), y2: chart.y(0.85) }));
    data.styles.forEach((style, k) => chart.add(point(SHAPES[k], 66 + 90 * k, 12, 4.5, { fill: COLOURS[k] }), svg("text", { x: 76 + 90 * k, y: 16 }, style)));
    for (const r of curves) chart.add(titled(point(SHAPES[data.styles.indexOf(r.style)] || "cross", chart.x(r[acrossName]), chart.y(Math.max(known(r.r2) ? r.r2 : -0.5, -0.5)), 4, { fill: COLOURS[data.styles.indexOf(r.style)] || "#000", "fill-opacity": 0.75 }), `${r.style}: ${percent(r[acrossName], 1)}, R² ${show(r.r2)}`));
    const over = curves.filter((r) => r[acrossName] >= least), good = over.filter((r) => r.r2 > 0.85 && r.coverage >= 0.5);
    byId("recall-text").textContent = `${percent(least)} → ${over.length} of ${curves.length} curves; ${good.length} of those (${percent(ratio(good.length, over.length))}) recovered with R² above 0.85`;
    byId("recall-note").textContent = curves.length ? `A miss is a hole; a stray pixel can be pruned; but a recalled pixel does not say which curve it belongs to. ${madeBy()}` : "Masks have truth on the training generator's own strips only: choose that set, or coverage.";
  }

  /* ---- training --------------------------------------------------------------------------- */

  function drawHistory() {
    const history = data.history.filter((h) => known(h.step)), names = data.styles.map((s) => "dx_" + s).filter((name) => history.some((h) => h[name] > 0));
    if (!history.length || !names.length) { byId("history-note").textContent = "The bundle holds no training record."; return; }
    const values = names.flatMap((name) => history.map((h) => h[name]).filter((v) => v > 0)), last = Math.max(...history.map((h) => h.step));
    const up = logarithmic(Math.min(...values) / 1.2, Math.max(...values) * 1.2), step = last > 20000 ? 10000 : last > 5000 ? 2000 : 500, marks = [];
    for (let s = 0; s <= last; s += step) marks.push(s);
    const chart = frame(wideChart("history-chart", 250), { scale: linear(0, last), ticks: ticks(marks), title: "optimiser steps" }, { scale: up, ticks: decades(up.low, up.high), title: "|Δx|, px" }, [58, 26, rightOf("history-chart"), 210]);
    names.forEach((name, k) => {
      const points = history.filter((h) => h[name] > 0);
      chart.add(svg("path", { class: "line", stroke: COLOURS[k], d: points.map((h, i) => (i ? "L" : "M") + chart.x(h.step).toFixed(1) + "," + chart.y(h[name]).toFixed(1)).join("") }));
      for (const h of points) chart.add(titled(point(SHAPES[k], chart.x(h.step), chart.y(h[name]), 3.5, { fill: COLOURS[k] }), `${name.slice(3)}, step ${h.step}: ${show(h[name])} px`));
      chart.add(point(SHAPES[k], 66 + 90 * k, 12, 4.5, { fill: COLOURS[k] }), svg("text", { x: 76 + 90 * k, y: 16 }, name.slice(3)));
    });
  }

  const sets = (rows) => [...new Set(rows)];
  const overlapSets = () => sets(data.evaluation.overlaps.filter((o) => o.method === "veernet").map((o) => o.set));

  function startEvaluation() {
    if (overlapSets().length) {
      options(byId("overlap-set"), overlapSets(), drawOverlap);
      byId("pool-weight").addEventListener("input", drawOverlap);
      drawOverlap();
    }
    options(byId("recall-set"), sets(data.evaluation.curves.set), drawRecall);
    byId("recall-least").addEventListener("input", drawRecall);
    pressed("across", (name) => { acrossName = name; drawRecall(); });
    drawRecall();
  }

  window.veernetMethod = (given) => {
    data = given;
    if (data.evaluation) startEvaluation();
    byId("share").addEventListener("input", drawWeight);
    drawWeight();
    if (data.losses) startLosses();
    if (data.reliability) { byId("trust").addEventListener("input", drawReliability); drawReliability(); }
    drawHistory();
    let resized = 0;
    const again = () => { drawWeight(); drawHistory(); if (data.evaluation) drawRecall(); };
    window.addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(again, 150); });
    document.body.dataset.ready = "yes";
  };
})();
