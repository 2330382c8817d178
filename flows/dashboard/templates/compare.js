"use strict";
/* Several logs side by side on one depth axis. The samples are those of the logs' own pages
   (logs/<id>/data.js); what is shown stands in the address. */
(function () {
  const MOST = 12, HEIGHT = 640, DEPTH_WIDTH = 64, LEAST_LANE = 150, APART = 0.02, FT = 0.3048;
  const COLOURS = ["#0072b2", "#c24600", "#00775a", "#a3467f", "#2b7bb9", "#8a6100"], DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3]];
  const byId = (id) => document.getElementById(id);
  const state = { logs: [], curves: [], over: false, from: null, to: null, shift: {} };
  let logs = [], lanes = [], unit = "ft", range = [0, 1], whole = [0, 1], frame = 0;

  /* Text only ever enters the page as text nodes and attributes. */
  function make(name, attributes, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    for (const child of children.flat()) if (child !== null && child !== "") node.append(child);
    return node;
  }
  const text = (value) => make("bdi", {}, String(value));

  /* ---- the address ---- */

  const list = (words) => (words || "").split(",").filter(Boolean).map(decodeURIComponent);
  function recall() {
    const place = Object.fromEntries(location.hash.slice(1).split("&").map((part) => [part.split("=")[0], part.slice(part.indexOf("=") + 1)]));
    state.logs = [...new Set(list(place.logs))].slice(0, MOST);
    state.curves = list(place.curves);
    state.over = place.over === "1";
    state.from = place.from === undefined || isNaN(place.from) ? null : Number(place.from);
    state.to = place.to === undefined || isNaN(place.to) ? null : Number(place.to);
    state.shift = {};
    for (const part of list(place.shift)) { const at = part.lastIndexOf(":"); if (at > 0 && !isNaN(part.slice(at + 1))) state.shift[part.slice(0, at)] = Number(part.slice(at + 1)); }
  }
  function remember() {
    const joined = (values) => values.map(encodeURIComponent).join(","), round = (value) => Math.round(value * 10) / 10;
    const parts = ["logs=" + joined(state.logs), "curves=" + joined(state.curves)];
    if (state.over) parts.push("over=1");
    if (range[0] !== whole[0] || range[1] !== whole[1]) parts.push("from=" + round(range[0]), "to=" + round(range[1]));
    const shifted = Object.entries(state.shift).filter(([, by]) => by).map(([id, by]) => id + ":" + by);
    if (shifted.length) parts.push("shift=" + joined(shifted));
    try { history.replaceState(null, "", "#" + parts.join("&")); } catch (error) { frame = 0; }
  }

  /* ---- data ---- */

  function bytes(packed) {
    const raw = atob(packed), out = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
    return out;
  }
  function fraction(curve, value) {
    if (curve.scale !== "log") return (value - curve.left) / (curve.right - curve.left);
    return value > 0 ? Math.log(value / curve.left) / Math.log(curve.right / curve.left) : NaN;
  }
  function load(id) {
    return new Promise((done) => {
      const log = { id, name: id, uwi: "", curves: [], missing: false };
      window.veernetWell = (data) => {
        Object.assign(log, { name: data.name || data.uwi || id, uwi: data.uwi || "" });
        for (const section of data.sections) for (const track of section.tracks) for (const curve of track.curves) {
          if (!curve.samples || !section.unit) continue;
          log.curves.push({ ...curve, section: section.id, unitOfDepth: section.unit, value: delivered(curve) });
        }
      };
      const script = make("script", { src: "logs/" + encodeURIComponent(id) + "/data.js" });
      script.onload = () => done(log);
      script.onerror = () => done({ ...log, missing: true });
      document.head.append(script);
    });
  }
  const scaleOfDepth = (curve) => curve.unitOfDepth === unit ? 1 : unit === "ft" ? 1 / FT : FT;
  /* Values without those that a person accepted the curve without. */
  function delivered(curve) {
    const { first, step } = curve.samples, value = new Float32Array(bytes(curve.samples.value).buffer);
    for (const [from, to] of curve.without) value.fill(NaN, Math.max(0, Math.ceil((from - first) / step - 1e-6)), Math.max(0, Math.floor((to - first) / step + 1e-6) + 1));
    return value;
  }
  const depthOf = (curve, i) => (curve.samples.first + i * curve.samples.step) * scaleOfDepth(curve) + curve.by;
  function ends(curve) {
    let first = 0, last = curve.value.length - 1;
    while (first < last && isNaN(curve.value[first])) first++;
    while (last > first && isNaN(curve.value[last])) last--;
    return [depthOf(curve, first), depthOf(curve, last)];
  }

  /* A lane is a log, or all logs of a well. Its curves are those with a chosen name. */
  function arrange() {
    const key = (log) => state.over && log.uwi ? "w:" + log.uwi : "l:" + log.id, groups = new Map();
    for (const log of logs) groups.set(key(log), [...(groups.get(key(log)) || []), log]);
    lanes = [...groups.values()].map((own) => ({ logs: own, curves: own.flatMap((log, k) => log.curves.filter((curve) => state.curves.includes(curve.mnemonic)).map((curve) => ({ ...curve, log, by: state.shift[log.id] || 0, dash: DASHES[k % DASHES.length] }))) }));
    const reach = lanes.flatMap((lane) => lane.curves.map(ends));
    whole = reach.length ? [Math.floor(Math.min(...reach.map((r) => r[0]))), Math.ceil(Math.max(...reach.map((r) => r[1])))] : [0, 100];
    if (whole[1] - whole[0] < 1) whole[1] = whole[0] + 1;
  }
  function setRange(from, to) {
    const least = Math.min(5, whole[1] - whole[0]), span = Math.min(Math.max(to - from, least), whole[1] - whole[0]);
    const top = Math.min(Math.max(from, whole[0]), whole[1] - span);
    range = [top, top + span];
    byId("from").value = range[0].toFixed(1);
    byId("to").value = range[1].toFixed(1);
    remember();
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(draw);
  }

  /* ---- drawing ---- */

  function context(canvas, width) {
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(HEIGHT * ratio);
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, width, HEIGHT);
    return pen;
  }
  const rowOf = (depth) => (depth - range[0]) / (range[1] - range[0]) * HEIGHT;
  function ticks() {
    const wanted = (range[1] - range[0]) / 8, power = 10 ** Math.floor(Math.log10(wanted));
    const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= wanted), out = [];
    for (let d = Math.ceil(range[0] / step) * step; d <= range[1]; d += step) out.push(Math.round(d * 1000) / 1000);
    return out;
  }
  function drawDepths() {
    const pen = context(byId("depths"), DEPTH_WIDTH);
    pen.fillStyle = "#1d2733";
    pen.font = "12px system-ui, sans-serif";
    pen.textAlign = "center";
    for (const depth of ticks()) pen.fillText(depth.toLocaleString("en"), DEPTH_WIDTH / 2, Math.min(Math.max(rowOf(depth) + 4, 12), HEIGHT - 3));
  }
  function drawLane(lane) {
    const width = lane.canvas.clientWidth || LEAST_LANE, pen = context(lane.canvas, width);
    pen.strokeStyle = "#e2e7eb";
    pen.beginPath();
    for (let k = 1; k < 10; k++) { pen.moveTo(width * k / 10, 0); pen.lineTo(width * k / 10, HEIGHT); }
    for (const depth of ticks()) { pen.moveTo(0, rowOf(depth)); pen.lineTo(width, rowOf(depth)); }
    pen.stroke();
    pen.fillStyle = "rgba(213, 94, 0, 0.22)";
    for (const [top, base] of lane.apart) if (base >= range[0] && top <= range[1]) pen.fillRect(0, rowOf(top) - 1, width, Math.max(rowOf(base) - rowOf(top) + 2, 2));
    for (const curve of lane.curves) drawCurve(pen, curve, width);
  }
  /* Far out, the two extremes of all samples of a screen row are drawn; off-scale values come in on the other side. */
  function drawCurve(pen, curve, width) {
    const step = curve.samples.step * scaleOfDepth(curve), top = depthOf(curve, 0);
    const first = Math.max(0, Math.floor((range[0] - top) / step) - 1), last = Math.min(curve.value.length - 1, Math.ceil((range[1] - top) / step) + 1);
    const every = Math.max(1, Math.floor((last - first) / (HEIGHT * 2)));
    pen.strokeStyle = curve.colour;
    pen.lineWidth = 1.4;
    pen.setLineDash(curve.dash);
    pen.beginPath();
    let lap = null, open = false;
    const go = (i) => {
      const at = fraction(curve, curve.value[i]);
      if (!isFinite(at)) { open = false; return; }
      const now = curve.wrap === "none" ? 0 : Math.floor(Math.min(Math.max(at, -20), 20)), x = (at - now) * width, y = rowOf(depthOf(curve, i));
      if (open && now === lap) pen.lineTo(x, y); else pen.moveTo(x, y);
      open = true;
      lap = now;
    };
    for (let i = first; i <= last; i += every) {
      let low = i, high = i;
      for (let k = i; k < Math.min(i + every, last + 1); k++) { if (!(curve.value[k] >= curve.value[low])) low = k; if (!(curve.value[k] <= curve.value[high])) high = k; }
      if (every === 1) go(i); else { go(Math.min(low, high)); go(Math.max(low, high)); }
    }
    pen.stroke();
    pen.setLineDash([]);
  }
  function draw() {
    drawDepths();
    lanes.forEach(drawLane);
    document.documentElement.dataset.drawn = String(Number(document.documentElement.dataset.drawn || 0) + 1);
  }

  /* Depths at which two logs of one well have the same curve more than a fiftieth of the track apart. */
  function apart(curves) {
    const out = [];
    curves.forEach((a, k) => curves.slice(k + 1).forEach((b) => {
      if (a.mnemonic !== b.mnemonic || (a.log === b.log && a.section === b.section) || !a.log.uwi || a.log.uwi !== b.log.uwi) return;
      const step = b.samples.step * scaleOfDepth(b), top = depthOf(b, 0);
      let open = null;
      for (let i = 0; i < a.value.length; i++) {
        const depth = depthOf(a, i), at = (depth - top) / step, j = Math.floor(at);
        const there = j < 0 || j >= b.value.length ? NaN : at === j || j + 1 >= b.value.length ? b.value[j] : b.value[j] + (at - j) * (b.value[j + 1] - b.value[j]);
        const off = Math.abs(fraction(a, a.value[i]) - fraction(a, there));
        if (!isFinite(off)) continue;
        if (off <= APART) open = null; else if (open) open[1] = depth; else out.push(open = [depth, depth]);
      }
    }));
    return out;
  }

  function heads() {
    const box = byId("lanes"), sides = lanes.length, wide = Math.max(LEAST_LANE, Math.floor((box.parentElement.clientWidth - DEPTH_WIDTH - 6 * sides) / Math.max(sides, 1)));
    box.style.gridTemplateColumns = DEPTH_WIDTH + "px " + lanes.map(() => wide + "px").join(" ");
    const colour = new Map(state.curves.map((name, k) => [name, COLOURS[k % COLOURS.length]]));
    const top = [make("div", { class: "lane-head" }, "depth, " + unit)], low = [make("canvas", { id: "depths", height: HEIGHT, "aria-hidden": "true" })];
    low[0].style.height = HEIGHT + "px";
    for (const lane of lanes) {
      const head = make("div", { class: "lane-head" });
      for (const log of lane.logs) {
        const shift = make("input", { inputmode: "decimal", "aria-label": "shift of " + log.id, value: String(state.shift[log.id] || 0) });
        shift.addEventListener("change", () => { state.shift[log.id] = Number(shift.value.replace(",", ".")) || 0; rebuild(); });
        head.append(make("a", { href: "logs/" + encodeURIComponent(log.id) + "/index.html" }, text(log.name)), make("small", {}, text(log.id), log.missing ? " has no page yet: open the dashboard with --serve" : ""), make("label", {}, "shift, " + unit + " ", shift));
      }
      for (const curve of lane.curves) {
        curve.colour = colour.get(curve.mnemonic);
        const line = make("i", {});
        line.style.borderColor = curve.colour;
        line.style.borderTopStyle = curve.dash.length ? "dashed" : "solid";
        head.append(make("div", { class: "scale" }, line, make("span", {}, String(curve.left)), make("b", { title: curve.section }, text(curve.mnemonic + " " + curve.unit)), make("span", {}, String(curve.right))));
      }
      if (!lane.curves.length && !lane.logs.every((log) => log.missing)) head.append(make("small", {}, "none of these curves; has " + ([...new Set(lane.logs.flatMap((log) => log.curves.map((c) => c.mnemonic)))].join(", ") || "no curve")));
      lane.apart = apart(lane.curves);
      lane.canvas = make("canvas", { role: "img", "aria-label": lane.curves.map((c) => c.mnemonic).join(", ") + " of " + lane.logs.map((log) => log.name).join(", ") });
      lane.canvas.style.height = HEIGHT + "px";
      top.push(head);
      low.push(lane.canvas);
    }
    box.replaceChildren(...top, ...low);
    const parts = lanes.reduce((sum, lane) => sum + lane.apart.length, 0);
    byId("note").textContent = (state.over ? "Logs of one well differ by their dashes; shaded: two of them are more than 2 % of the track apart (" + parts + (parts === 1 ? " stretch). " : " stretches). ") : "") + "Wheel scrolls, Ctrl and wheel zooms. Curves that go off scale come in on the other side. A shift moves a log down.";
  }
  function names() {
    const many = new Map();
    for (const log of logs) for (const name of new Set(log.curves.map((c) => c.mnemonic))) many.set(name, (many.get(name) || 0) + 1);
    const order = [...many.keys()].sort((a, b) => many.get(b) - many.get(a) || (a < b ? -1 : 1));
    state.curves = state.curves.filter((name) => many.has(name));
    if (!state.curves.length && order.length) state.curves = [many.get("GR") === many.get(order[0]) ? "GR" : order[0]];
    byId("names").replaceChildren(...order.map((name) => {
      const button = make("button", { type: "button", "aria-pressed": String(state.curves.includes(name)), title: "in " + many.get(name) + " of " + logs.length + " logs" }, text(name));
      button.addEventListener("click", () => { state.curves = state.curves.includes(name) ? state.curves.filter((n) => n !== name) : [...state.curves, name]; rebuild(); });
      return button;
    }));
  }
  function rebuild() {
    names();
    arrange();
    heads();
    setRange(...(range[1] > range[0] && state.kept ? range : whole));
  }

  async function start() {
    recall();
    byId("over").checked = state.over;
    logs = [];
    for (const id of state.logs) logs.push(await load(id));
    const units = logs.flatMap((log) => log.curves.map((curve) => curve.unitOfDepth));
    unit = units.length && units.every((u) => u === "m") ? "m" : "ft";
    byId("unit").textContent = unit;
    byId("empty").hidden = logs.length > 0;
    byId("logs").hidden = !logs.length;
    if (logs.length) {
      state.kept = state.from !== null && state.to > state.from;
      if (state.kept) { const part = Math.max(10, state.to - state.from); range = [state.from - part / 2, state.to + part / 2]; if (state.to - state.from > 20) range = [state.from, state.to]; }
      rebuild();
      state.kept = true;
    }
    document.documentElement.dataset.ready = "1";
  }

  const move = (share) => { const by = (range[1] - range[0]) * share; setRange(range[0] + by, range[1] + by); };
  function zoom(factor, at) {
    const fixed = at === undefined ? (range[0] + range[1]) / 2 : at, low = (fixed - range[0]) * factor, high = (range[1] - fixed) * factor;
    setRange(fixed - low, fixed + high);
  }
  const under = (event) => range[0] + (range[1] - range[0]) * (event.clientY - byId("depths").getBoundingClientRect().top) / HEIGHT;
  byId("lanes").addEventListener("wheel", (event) => {
    if (event.target.tagName !== "CANVAS") return;
    event.preventDefault();
    if (event.ctrlKey) zoom(event.deltaY > 0 ? 1.25 : 0.8, under(event)); else move(event.deltaY / HEIGHT);
  }, { passive: false });
  byId("lanes").addEventListener("pointermove", (event) => {
    const lane = lanes.find((l) => l.canvas === event.target);
    if (!lane && event.target.id !== "depths") return;
    const depth = under(event), said = (lane ? lane.curves : []).map((curve) => { const i = Math.round(((depth - curve.by) / scaleOfDepth(curve) - curve.samples.first) / curve.samples.step), value = curve.value[i]; return value === undefined || isNaN(value) ? null : curve.mnemonic + " " + Number(value.toPrecision(3)) + " " + curve.unit; });
    byId("readout").textContent = [depth.toFixed(1) + " " + unit, ...said.filter(Boolean)].join(" · ");
  });
  byId("lanes").addEventListener("keydown", (event) => {
    if (event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey) return;
    const acts = { ArrowDown: () => move(0.1), ArrowUp: () => move(-0.1), PageDown: () => move(0.9), PageUp: () => move(-0.9), Home: () => move(-1e6), End: () => move(1e6), "+": () => zoom(0.7), "-": () => zoom(1.4), 0: () => setRange(...whole) };
    if (acts[event.key]) { event.preventDefault(); acts[event.key](); }
  });
  byId("in").addEventListener("click", () => zoom(0.7));
  byId("out").addEventListener("click", () => zoom(1.4));
  byId("all").addEventListener("click", () => setRange(...whole));
  byId("over").addEventListener("change", () => { state.over = byId("over").checked; rebuild(); });
  for (const id of ["from", "to"]) byId(id).addEventListener("change", () => { const a = Number(byId("from").value.replace(",", ".")), b = Number(byId("to").value.replace(",", ".")); setRange(...(b > a ? [a, b] : range)); });
  let resized = 0;
  addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(() => { if (logs.length) { heads(); draw(); } }, 150); });
  addEventListener("hashchange", start);
  start();
})();
