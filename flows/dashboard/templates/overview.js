"use strict";
/* One look at the archive. Columns arrive packed, one value per log or curve; every filter and chart
   is one pass over typed arrays, and the list of logs draws only the rows in sight. */
(function () {
  const parts = {}, expected = ["facts", "logs", "curves"], numbers = new Intl.NumberFormat("en"), panels = [], once = [];
  const words = ["accept", "review", "reject", "none"];
  const shown = ["✓ accepted", "? review", "✗ rejected", "– no curves"];
  const scale = 1e-4, missing = -32768, rowHeight = 38;
  const byId = (id) => document.getElementById(id);
  let facts, logs, curves;                       /* unpacked data */
  let passes, listed = new Uint32Array(0), kept; /* per log: passes the filters; rows in order; per curve */
  let sortKey = "state", ascending = true, active = 0, pending = 0, waiting = [], wells = null;
  const chosen = { mnemonic: null, decade: null, year: null, county: null, near: null, nowhere: null, service: null, folder: null, run: null, well: null };
  const page = window.veernetOverview = { chosen, byId, panels: [] };
  const ranks = {}, haystacks = { list: null }, groupLogs = new Map();

  window.veernetData = function veernetData(name, data) {
    parts[name] = data;
    if (expected.every((key) => parts[key])) start();
  };

  /* ---- unpacking ---- */

  const kinds = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i2: Int16Array, i4: Int32Array };
  function unpack(value) {
    const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(value.data)
      : Uint8Array.from(atob(value.data), (letter) => letter.charCodeAt(0));
    return new kinds[value.kind](bytes.buffer);
  }
  function unpackAll(part) {
    const out = {};
    for (const [key, value] of Object.entries(part)) {
      if (value && value.kind) out[key] = unpack(value);
      else if (value && value.codes) out[key] = { names: value.names, codes: unpack(value.codes) };
      else if (key === "label" || key === "places") out[key] = unpackAll(value);
      else if (key === "text") out[key] = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, v.split("\n")]));
      else out[key] = value;
    }
    return out;
  }

  /* ---- drawing helpers: text only ever enters as text nodes and attributes ---- */

  const drawn = new Set(["svg", "g", "path", "rect", "line", "text", "title", "polyline", "circle"]);
  function make(name, attributes, ...children) {
    const node = drawn.has(name) ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    for (const child of children.flat(Infinity)) if (child !== null && child !== undefined && child !== "") node.append(child);
    return node;
  }
  const text = (value) => make("bdi", {}, String(value));
  const grouped = (value) => numbers.format(Math.round(value));
  const percent = (part, whole, digits) => whole ? (100 * part / whole).toFixed(digits === undefined ? 0 : digits) + " %" : "–";

  /* ---- filters ---- */

  function search() {
    const wanted = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!wanted.length) return null;
    if (!haystacks.list) buildHaystacks();
    const out = new Uint8Array(logs.count), list = haystacks.list;
    for (let i = 0; i < logs.count; i++) out[i] = wanted.every((word) => list[i].includes(word)) ? 1 : 0;
    return out;
  }

  function buildHaystacks() {
    const t = logs.text, { field, company, county } = logs.label;
    haystacks.list = t.log_id.map((id, i) => (id + "\n" + t.well[i] + "\n" + t.uwi[i] + "\n" + field.names[field.codes[i]] + "\n" + company.names[company.codes[i]] + "\n" + county.names[county.codes[i]]).toLowerCase());
  }

  /* Logs that have a curve with this mnemonic or this reason. */
  function logsWith(column, test, key) {
    if (!groupLogs.has(key)) {
      const good = column.names.map(test), out = new Uint8Array(logs.count);
      for (let c = 0; c < curves.count; c++) if (good[column.codes[c]]) out[curves.log[c]] = 1;
      groupLogs.set(key, out);
    }
    return groupLogs.get(key);
  }

  function applyFilters() {
    const masks = [search()];
    const state = byId("state").value, reason = byId("reason").value;
    if (reason) masks.push(logsWith(curves.reasons, (codes) => codes.includes(reason), "r:" + reason));
    if (chosen.mnemonic) masks.push(logsWith(curves.mnemonic, (name) => name === chosen.mnemonic, "m:" + chosen.mnemonic));
    const equal = ["decade", "county", "nowhere", "service", "folder", "run"].filter((key) => chosen[key] !== null)
      .map((key) => [logs.label[key].codes, logs.label[key].names.indexOf(chosen[key])]);
    if (state !== "") equal.push([logs.state, Number(state)]);
    if (chosen.year !== null) equal.push([logs.year, Number(chosen.year)]);
    if (chosen.well !== null) equal.push([logs.well, wellOf(chosen.well)]);
    passes = new Uint8Array(logs.count).fill(1);
    const at = near();
    if (chosen.near !== null) for (let i = 0; i < logs.count; i++) passes[i] = isNear(i, at) ? 1 : 0;
    for (const mask of masks) if (mask) for (let i = 0; i < logs.count; i++) passes[i] &= mask[i];
    for (const [codes, code] of equal) for (let i = 0; i < logs.count; i++) if (codes[i] !== code) passes[i] = 0;
    const only = chosen.mnemonic === null ? -1 : curves.mnemonic.names.indexOf(chosen.mnemonic);
    kept = new Uint8Array(curves.count);
    for (let c = 0; c < curves.count; c++) kept[c] = passes[curves.log[c]] && (only < 0 || curves.mnemonic.codes[c] === only) ? 1 : 0;
  }

  /* A part of the map: "latitude longitude half", degrees; wells with coordinates of their own lie in it or not. */
  function near() {
    const [lat, lon, half] = (chosen.near || "").split(" ").map(Number);
    return half > 0 && isFinite(lat + lon) ? { lat, lon, half, squeeze: Math.max(0.2, Math.cos(lat * Math.PI / 180)) } : null;
  }
  function isNear(i, at) {
    const { own, latitude, longitude } = logs.places;
    if (!at || !own || !own[i]) return false;
    const east = Math.abs(longitude[i] / 1e4 - at.lon);
    return Math.abs(latitude[i] / 1e4 - at.lat) <= at.half && Math.min(east, 360 - east) <= at.half / at.squeeze;
  }

  /* A well is named by its UWI, where it has none by its only log. */
  const nameOfWell = (i) => logs.text.uwi[i] || logs.text.log_id[i];
  function wellOf(name) {
    const i = logs.text.log_id.findIndex((_, k) => nameOfWell(k) === name);
    return i < 0 ? -1 : logs.well[i];
  }

  function update() {
    const began = performance.now(), mark = document.documentElement.dataset;
    applyFilters();
    sortRows();
    drawRows();
    drawCards();
    drawChips();
    page.changed();
    mark.updateMs = (performance.now() - began).toFixed(1);
    mark.settled = "no";
    waiting = [...panels];
    clearTimeout(pending);
    pending = setTimeout(settle, 0);
  }
  /* The list is there at once; the panels below it follow, one a task, so that a key pressed meanwhile is not kept waiting. */
  function settle() {
    const next = waiting.shift() || once.shift();
    if (next) { next(); pending = setTimeout(settle, 0); return; }
    if (!haystacks.list) buildHaystacks();
    document.documentElement.dataset.settled = performance.now().toFixed(0);
  }
  const settleNow = () => { clearTimeout(pending); for (const list of [waiting, once]) while (list.length) list.shift()(); };

  /* ---- list of logs ---- */

  function sortValues(key) {
    const state = [2, 1, 0, 3];
    if (key === "state") return (i) => state[cell("state", i)];
    if (key === "well") return (i) => logs.rank_well[i];
    if (key === "log") return (i) => logs.rank_log[i];
    if (key === "worst") return (i) => cell("worst", i) === missing ? (ascending ? 1e6 : -1e6) : cell("worst", i);
    if (key === "service" || key === "decade") {
      if (!ranks[key]) {
        const names = logs.label[key].names, order = names.map((_, k) => k).sort((a, b) => names[a] < names[b] ? -1 : 1);
        ranks[key] = new Uint32Array(names.length);
        order.forEach((code, rank) => { ranks[key][code] = rank; });
      }
      return (i) => ranks[key][logs.label[key].codes[i]];
    }
    return (i) => cell(key, i);
  }

  /* Counts, verdict and lowest R² of each well, of the logs that pass. */
  function gatherWells() {
    let many = 0;
    for (let i = 0; i < logs.count; i++) if (logs.well[i] >= many) many = logs.well[i] + 1;
    wells = { logs: new Uint32Array(many), accept: new Uint32Array(many), review: new Uint32Array(many), reject: new Uint32Array(many), worst: new Int16Array(many).fill(missing), first: new Int32Array(many).fill(-1), state: new Uint8Array(many) };
    const { accept, review, reject } = wells;
    for (let i = 0; i < logs.count; i++) {
      if (!passes[i]) continue;
      const w = logs.well[i];
      if (wells.first[w] < 0) wells.first[w] = i;
      wells.logs[w]++;
      accept[w] += logs.accept[i];
      review[w] += logs.review[i];
      reject[w] += logs.reject[i];
      if (logs.worst[i] !== missing && (wells.worst[w] === missing || logs.worst[i] < wells.worst[w])) wells.worst[w] = logs.worst[i];
    }
    for (let w = 0; w < many; w++) {
      const total = wells.accept[w] + wells.review[w] + wells.reject[w];
      wells.state[w] = !total ? 3 : wells.accept[w] === total ? 0 : wells.reject[w] === total ? 2 : 1;
    }
  }
  const byWell = () => byId("per").value === "wells";
  /* A value of the row that begins with log ``i``: of the log, or of its well. */
  const cell = (key, i) => wells ? wells[key][logs.well[i]] : logs[key][i];

  /* Key and row in one number, so that the engine's own numeric sort does the work. */
  function sortRows() {
    if (byWell()) gatherWells(); else wells = null;
    const value = sortValues(sortKey), n = logs.count, sign = ascending ? 1 : -1;
    const keys = new Float64Array(n);
    let m = 0;
    for (let i = 0; i < n; i++) if (passes[i] && (!wells || wells.first[logs.well[i]] === i)) keys[m++] = sign * value(i) * 4194304 + logs.rank_log[i];
    const sorted = keys.subarray(0, m).sort();
    if (!ranks.back) {
      ranks.back = new Uint32Array(n);
      for (let i = 0; i < n; i++) ranks.back[logs.rank_log[i]] = i;
    }
    listed = new Uint32Array(m);
    for (let k = 0; k < m; k++) listed[k] = ranks.back[((sorted[k] % 4194304) + 4194304) % 4194304];
    active = Math.min(active, Math.max(m - 1, 0));
    for (const button of document.querySelectorAll("#grid [data-key]")) {
      const head = button.parentElement;
      if (button.dataset.key === sortKey) head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    }
  }

  /* A log without a page of its own leads to its folder; the served form makes every page. */
  const pageOf = (i) => (window.veernetServed || logs.page[i] ? "logs/" : "../logs/") + encodeURIComponent(logs.text.log_id[i]) + (window.veernetServed || logs.page[i] ? "/index.html" : "/");

  /* Open the log of a row; a well with several logs shows them. */
  function open(k) {
    const i = listed[k], many = wells && wells.logs[logs.well[i]] > 1;
    if (!many) { location.href = pageOf(i); return; }
    chosen.well = nameOfWell(i);
    byId("per").value = "logs";
    active = 0;
    update();
  }

  function drawRow(k) {
    const i = listed[k], t = logs.text, name = t.well[i] || t.uwi[i] || t.log_id[i], many = wells ? wells.logs[logs.well[i]] : 1;
    const number = (value) => make("span", { class: "num", role: "cell" }, value ? String(value) : "");
    const state = cell("state", i), worst = cell("worst", i);
    const tick = make("input", { type: "checkbox", tabindex: -1, "aria-label": "compare " + name, class: "tick" });
    tick.checked = page.picks.has(i);
    const cells = [
      make("span", { role: "cell" }, tick),
      make("span", { role: "cell" }, make("span", { class: "mark " + words[state] }, shown[state])),
      make("span", { role: "cell" }, many > 1 ? text(name) : make("a", { href: pageOf(i), tabindex: -1 }, text(name)), make("small", {}, text(t.well[i] ? t.uwi[i] : ""))),
      make("span", { role: "cell" }, many > 1 ? make("b", {}, grouped(many) + " logs") : text(t.log_id[i])),
      make("span", { role: "cell", class: "wide" }, text(logs.label.service.names[logs.label.service.codes[i]])),
      make("span", { role: "cell", class: "wide" }, text(logs.label.decade.names[logs.label.decade.codes[i]])),
      number(cell("accept", i)), number(cell("review", i)), number(cell("reject", i)),
      make("span", { class: "num", role: "cell" }, worst === missing ? "–" : worst < 0 ? "below 0" : (worst * scale).toFixed(2)),
    ];
    const row = make("div", { class: "row" + (k === active ? " active" : ""), role: "row" }, cells);
    row.dataset.k = k;
    row.style.transform = "translateY(" + k * rowHeight + "px)";
    return row;
  }

  function drawRows() {
    const box = byId("rows"), first = Math.max(0, Math.floor(box.scrollTop / rowHeight) - 4);
    const last = Math.min(listed.length, first + Math.ceil(box.clientHeight / rowHeight) + 9);
    byId("spacer").style.height = listed.length * rowHeight + "px";
    const rows = [];
    for (let k = first; k < last; k++) rows.push(drawRow(k));
    byId("spacer").replaceChildren(...rows);
    box.style.height = Math.max(2, Math.min(11, listed.length)) * rowHeight + "px";
    let passing = 0;
    for (let i = 0; i < logs.count; i++) passing += passes[i];
    byId("count").textContent = (wells ? grouped(listed.length) + (listed.length === 1 ? " well, " : " wells, ") : "") + grouped(passing) + " of " + grouped(logs.count) + " logs";
    byId("empty").hidden = listed.length > 0;
    byId("grid").hidden = !listed.length;
  }

  /* Numbers at the head and reasons follow the filters like everything else. */
  function drawCards() {
    const seen = new Uint8Array(logs.count), decided = [0, 0, 0], counts = { logs: 0, wells: 0 };
    for (let i = 0; i < logs.count; i++) if (passes[i]) { counts.logs++; counts.wells += 1 - seen[logs.well[i]]; seen[logs.well[i]] = 1; }
    for (let c = 0; c < curves.count; c++) if (kept[c]) decided[curves.final[c]]++;
    decided.forEach((value, d) => { counts[words[d]] = value; });
    counts.curves = decided[0] + decided[1] + decided[2];
    for (const [key, value] of Object.entries(counts)) { const card = document.querySelector("[data-card=" + key + "] b"); if (card) card.textContent = grouped(value); }
    byId("cards").classList.toggle("filtered", counts.logs < logs.count);
  }
  function drawReasons() {
    const counts = {}, groups = curves.reasons.names, flat = new Uint32Array(3 * groups.length);
    for (let c = 0; c < curves.count; c++) if (kept[c]) flat[3 * curves.reasons.codes[c] + curves.final[c]]++;
    groups.forEach((codes, k) => codes.forEach((code) => { const own = counts[code] = counts[code] || [0, 0, 0]; for (let d = 0; d < 3; d++) own[d] += flat[3 * k + d]; }));
    for (const row of document.querySelectorAll("#reasons tbody tr")) {
      const own = counts[row.dataset.code] || [0, 0, 0];
      own.forEach((value, d) => { row.cells[d + 1].textContent = value ? String(value) : ""; });
      row.hidden = !(own[0] + own[1] + own[2]);
    }
  }

  function move(to) {
    active = Math.max(0, Math.min(listed.length - 1, to));
    const box = byId("rows"), top = active * rowHeight;
    if (top < box.scrollTop) box.scrollTop = top;
    if (top + rowHeight > box.scrollTop + box.clientHeight) box.scrollTop = top + rowHeight - box.clientHeight;
    drawRows();
  }

  /* ---- charts ---- */

  function frame(id, width, height, label) {
    const svg = make("svg", { viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": label });
    byId(id).replaceChildren(svg);
    const shrunk = svg.getBoundingClientRect().width / width;  // its text is kept at 11 px or more
    if (shrunk > 0) svg.style.setProperty("--chart-text", Math.max(11, Math.ceil(110 / Math.min(shrunk, 1)) / 10) + "px");
    return (name, attributes, ...children) => { const node = make(name, attributes, ...children); svg.append(node); return node; };
  }
  const triples = (counts) => Array.from({ length: counts.length / 3 }, (_, k) => counts.subarray(3 * k, 3 * k + 3));
  const best = (c) => curves.measured[c] !== missing ? curves.measured[c] : curves.estimate[c];

  function stacked(add, columns, box, title) {
    const highest = Math.max(1, ...columns.map((column) => column[0] + column[1] + column[2]));
    for (const share of [0, 0.5, 1]) {
      const y = box.top + box.tall * (1 - share);
      add("line", { class: "rule", x1: box.left - 3, x2: box.left + box.wide, y1: y, y2: y });
      if (share !== 0.5 || highest % 2 === 0) add("text", { class: "tick", x: box.left - 5, y: y + 3.5, "text-anchor": "end" }, grouped(highest * share));
    }
    const step = box.wide / columns.length;
    columns.forEach((column, k) => {
      let base = box.top + box.tall;
      for (let d = 0; d < 3; d++) {
        if (!column[d]) continue;
        const height = box.tall * column[d] / highest;
        base -= height;
        add("rect", { class: "fill-" + words[d], x: (box.left + k * step + 1).toFixed(2), y: base.toFixed(2), width: Math.max(step - 2, 0.5).toFixed(2), height: height.toFixed(2) },
          make("title", {}, grouped(column[d]) + " " + shown[d] + ", " + title(k)));
      }
    });
  }

  function drawHistogram() {
    const bins = 26, counts = new Uint32Array(3 * bins);
    let unknown = 0;
    for (let c = 0; c < curves.count; c++) {
      if (!kept[c]) continue;
      const value = best(c);
      if (value === missing) { unknown++; continue; }
      const bin = value < 0 ? 0 : 1 + Math.min(bins - 2, Math.floor((value + 0.5) * (bins - 1) / 10000));
      counts[3 * bin + curves.final[c]]++;
    }
    const columns = triples(counts), box = { left: 56, top: 12, wide: 396, tall: 100 }, add = frame("histogram", 470, 158, "Histogram of R² by verdict");
    const step = box.wide / bins, at = (r2) => box.left + step * (1 + r2 * (bins - 1));
    stacked(add, columns, box, (k) => k ? "R² " + ((k - 1) / (bins - 1)).toFixed(2) + " to " + (k / (bins - 1)).toFixed(2) : "R² below 0");
    add("text", { class: "tick", x: box.left - 1, y: 132, "text-anchor": "end" }, "<0");
    for (let tenth = 0; tenth <= 10; tenth += 2) add("text", { class: "tick", x: at(tenth / 10), y: 132, "text-anchor": "middle" }, (tenth / 10).toFixed(1));
    add("text", { class: "tick", x: box.left + box.wide / 2, y: 151, "text-anchor": "middle" }, "R² (measured, else estimated); curves per bin" + (unknown ? "; " + grouped(unknown) + " without" : ""));
    add("line", { class: "threshold", x1: at(facts.min_r2), x2: at(facts.min_r2), y1: 2, y2: 112 }, make("title", {}, "threshold of these results"));
    add("line", { class: "moved", id: "moved", x1: 0, x2: 0, y1: 2, y2: 112 }, make("title", {}, "what if"));
    placeThreshold(at);
  }
  let placeThreshold = (at) => {
    placeThreshold.at = at;
    const x = at(Number(byId("threshold").value));
    byId("moved").setAttribute("x1", x);
    byId("moved").setAttribute("x2", x);
  };

  /* P(R² < t) of one curve: its unexplained variance 1 - R² is log-logistic, with its median at the
     estimate and its tail at the lower bound. */
  const odds = () => Math.log(facts.interval / (1 - facts.interval));
  const unexplained = (r2) => Math.log(Math.max(1 - r2, 1e-4));
  /* By R² as it is packed, so that no logarithm is taken twice. */
  const logarithms = new Float64Array(65536).fill(NaN);
  function logUnexplained(packed) {
    const known = logarithms[packed + 32768];
    return known === known ? known : (logarithms[packed + 32768] = unexplained(packed * scale));
  }
  function chanceBad(c, logT, level) {
    if (curves.measured[c] !== missing) return logUnexplained(curves.measured[c]) > logT ? 1 : 0;
    const middle = logUnexplained(curves.estimate[c]), tail = logUnexplained(curves.lower[c]);
    const spread = Math.max(tail - middle, 1e-3) / level;
    return 1 / (1 + Math.exp((logT - middle) / spread));
  }
  function wouldPass(c, limit) {
    const reasons = curves.reasons.codes[c];
    if (facts.flat[reasons]) return curves.machine[c] === 0;
    if (facts.blocking[reasons]) return false;
    if (curves.measured[c] !== missing) return curves.measured[c] >= limit;
    return curves.lower[c] !== missing && curves.lower[c] >= limit;
  }
  function gate(threshold, each) {
    const logT = unexplained(threshold), level = odds(), limit = Math.round(threshold / scale);
    const out = { total: 0, passing: 0, bad: 0, judged: 0 };
    for (let c = 0; c < curves.count; c += each.step || 1) {
      if (!kept[c]) continue;
      out.total++;
      const good = wouldPass(c, limit);
      if (each.curve) each.curve(c, good);
      if (!good) continue;
      out.passing++;
      if (facts.flat[curves.reasons.codes[c]] || best(c) === missing) continue;
      out.judged++;
      out.bad += chanceBad(c, logT, level);
    }
    return out;
  }

  function whatIf() {
    const threshold = Number(byId("threshold").value), seen = new Uint8Array(logs.count);
    const found = gate(threshold, { curve: (c, good) => { seen[logs.well[curves.log[c]]] |= good ? 1 : 2; } });
    let now = 0, wells = 0, any = 0, whole = 0;
    for (const well of seen) if (well) { wells++; if (well & 1) any++; if (well === 1) whole++; }
    for (let c = 0; c < curves.count; c++) if (kept[c] && curves.machine[c] === 0) now++;
    byId("threshold-value").textContent = threshold.toFixed(2);
    const fact = (name, value) => make("li", {}, make("span", {}, name + " "), make("b", {}, value));
    byId("whatif").replaceChildren(make("ul", { class: "facts" },
      fact("curves that pass", grouped(found.passing) + " of " + grouped(found.total) + " (" + percent(found.passing, found.total) + ")"),
      fact("now accepted by the machine", grouped(now)),
      fact("wells with a curve that passes", grouped(any) + " of " + grouped(wells)),
      fact("wells that pass whole", grouped(whole)),
      fact("expected share of bad ones among them", percent(found.bad, found.judged, 1))),
      make("p", { class: "quiet" }, "Bad: true R² below " + threshold.toFixed(2) + ". Expected from each curve's estimate and its lower bound (taken at " + percent(facts.interval, 1) + "), so it is as good as the calibration; it counts the machine's verdicts, not people's."));
    if (placeThreshold.at) placeThreshold(placeThreshold.at);
    page.threshold(threshold);
  }

  /* Share passing and expected share of bad ones over the threshold, on a sample of the curves. */
  function drawTrade() {
    const box = { left: 44, top: 12, wide: 300, tall: 92 }, add = frame("trade", 400, 150, "Share of curves that pass, and expected share of bad ones, by threshold");
    const step = Math.max(1, Math.floor(curves.count / 15000)), points = [];
    for (let k = 0; k <= 16; k++) { const t = Math.min(0.5 + k * 0.03, 0.98); points.push([t, gate(t, { step })]); }
    const x = (t) => box.left + box.wide * (t - 0.5) / 0.48, y = (share) => box.top + box.tall * (1 - share);
    for (const share of [0, 0.5, 1]) {
      add("line", { class: "rule", x1: box.left - 3, x2: box.left + box.wide, y1: y(share), y2: y(share) });
      add("text", { class: "tick", x: box.left - 5, y: y(share) + 3.5, "text-anchor": "end" }, 100 * share + " %");
    }
    const line = (kind, value) => add("polyline", { class: "series " + kind, points: points.filter(([, g]) => g.total && value(g) !== null).map(([t, g]) => x(t).toFixed(1) + "," + y(value(g)).toFixed(1)).join(" ") });
    line("one", (g) => g.passing / g.total);
    line("two", (g) => g.judged ? Math.min(1, g.bad / g.judged) : null);
    for (const t of [0.5, 0.6, 0.7, 0.8, 0.9]) add("text", { class: "tick", x: x(t), y: 122, "text-anchor": "middle" }, t.toFixed(1));
    add("text", { class: "tick", x: box.left + box.wide / 2, y: 141, "text-anchor": "middle" }, "R² threshold");
    byId("trade-note").textContent = "Solid: share of curves that pass; dashed: expected share of bad ones among them" + (step > 1 ? "; from every " + step + "th curve." : ".");
  }

  function drawCoverage() {
    const counts = new Uint32Array(60);
    for (let c = 0; c < curves.count; c++) if (kept[c] && curves.coverage[c] <= 100) counts[3 * Math.min(19, Math.floor(curves.coverage[c] / 5)) + curves.final[c]]++;
    const columns = triples(counts);
    const box = { left: 56, top: 12, wide: 328, tall: 62 }, add = frame("coverage", 400, 120, "Histogram of coverage by verdict");
    stacked(add, columns, box, (k) => "coverage " + 5 * k + " to " + 5 * (k + 1) + " %");
    for (let k = 0; k <= 100; k += 20) add("text", { class: "tick", x: box.left + box.wide * k / 100, y: 92, "text-anchor": "middle" }, String(k));
    add("text", { class: "tick", x: box.left + box.wide / 2, y: 111, "text-anchor": "middle" }, "% of a curve's depth range with a value; curves per bin");
  }

  function drawFacet(key) {
    const own = key === "mnemonic", column = own ? curves.mnemonic : logs.label[key];
    const names = column.names, codes = column.codes, flat = new Uint32Array(3 * names.length);
    for (let c = 0; c < curves.count; c++) if (kept[c]) flat[3 * codes[own ? c : curves.log[c]] + curves.final[c]]++;
    const counts = triples(flat), total = (k) => counts[k][0] + counts[k][1] + counts[k][2];
    const order = names.map((_, k) => k).filter((k) => total(k)).sort((a, b) => key === "decade" ? (names[a] < names[b] ? -1 : 1) : total(b) - total(a)).slice(0, 60);
    const most = Math.max(1, ...order.map(total));
    byId("facet-" + key).replaceChildren(...order.map((k) => {
      const bars = [0, 1, 2].filter((d) => counts[k][d]).map((d) => { const bar = make("i", { class: "fill-" + words[d] }); bar.style.width = 100 * counts[k][d] / most + "%"; return bar; });
      const about = [0, 1, 2].map((d) => grouped(counts[k][d]) + " " + shown[d]).join(", ");
      const button = make("button", { type: "button", title: about, "aria-pressed": chosen[key] === names[k] },
        make("span", { class: "name" }, text(names[k])), make("span", { class: "bars" }, bars), make("span", { class: "num" }, grouped(total(k)), make("small", {}, " " + percent(counts[k][0], total(k)))));
      button.addEventListener("click", () => { chosen[key] = chosen[key] === names[k] ? null : names[k]; update(); });
      return button;
    }));
  }

  function drawChips() {
    const chips = Object.keys(chosen).filter((key) => chosen[key] !== null).map((key) => {
      const chip = make("button", { type: "button", class: "chip", title: "remove" }, key + ": ", text(chosen[key]), " ×");
      chip.addEventListener("click", () => { chosen[key] = null; update(); });
      return chip;
    });
    byId("chips").replaceChildren(...chips);
    byId("clear").hidden = !(chips.length || byId("search").value || byId("state").value || byId("reason").value);
  }

  /* ---- runs and canary ---- */

  function drawRuns() {
    if (!byId("runs-chart") || !facts.runs.length) return;
    const runs = facts.runs.slice(-60), box = { left: 56, top: 12, wide: 532, tall: 90 }, add = frame("runs-chart", 600, 140, "Curves by verdict, per run");
    stacked(add, runs.map((run) => [run.accepted, run.review, run.rejected]), box, (k) => runs[k].started);
    const every = Math.ceil(runs.length / 6), step = box.wide / runs.length;
    runs.forEach((run, k) => { if (k % every === 0) add("text", { class: "tick", x: box.left + step * (k + 0.5), y: 113, "text-anchor": "middle" }, run.started.slice(0, 10)); });
    add("text", { class: "tick", x: box.left + box.wide / 2, y: 133, "text-anchor": "middle" }, "run (start, UTC); curves digitised by verdict of the machine");
  }

  /* One chart a figure: a line for each pen style, its limit dashed in the same colour. */
  function drawCanary() {
    const place = byId("canary"), rows = facts.canary;
    if (!place || !rows.length) return;
    const styles = ["solid", "dashed", "dotted"].filter((style) => rows.some((row) => row.figures[style]));
    const latest = rows[rows.length - 1];
    for (const [key, label] of [["r2", "R² (the verdict)"], ["iou", "IoU (an instrument reading)"], ["f1", "F1 (an instrument reading)"]]) {
      const id = "canary-" + key, box = { left: 40, top: 20, wide: 340, tall: 90 };
      place.append(make("figure", {}, make("figcaption", {}, label), make("div", { id, class: "chart" })));
      const add = frame(id, 400, 150, label + " of the canary, run by run");
      const value = (row, style) => row.figures[style] && typeof row.figures[style][key] === "number" ? row.figures[style][key] : null;
      const limit = (style) => latest.limits[style + "/" + key];
      const all = styles.flatMap((style) => [...rows.map((row) => value(row, style)), limit(style)]).filter((v) => typeof v === "number");
      const low = Math.max(-1, Math.min(0.9, ...all) - 0.03);
      const y = (v) => box.top + box.tall * (1 - (Math.max(v, low) - low) / (1 - low)), x = (k) => box.left + box.wide * (k + 0.5) / rows.length;
      for (const v of [low, (low + 1) / 2, 1]) {
        add("line", { class: "rule", x1: box.left - 3, x2: box.left + box.wide, y1: y(v), y2: y(v) });
        add("text", { class: "tick", x: box.left - 5, y: y(v) + 3.5, "text-anchor": "end" }, v.toFixed(2));
      }
      styles.forEach((style, s) => {
        const name = "style-" + s, floor = limit(style);
        add("text", { class: "label " + name, x: box.left + 90 * s, y: 11 }, ["●", "■", "▲"][s] + " " + style);
        if (typeof floor === "number") add("line", { class: "limit " + name, x1: box.left, x2: box.left + box.wide, y1: y(floor), y2: y(floor) }, make("title", {}, style + ": limit " + floor.toFixed(3)));
        add("polyline", { class: "series " + name, points: rows.map((row, k) => [value(row, style), k]).filter(([v]) => v !== null).map(([v, k]) => x(k).toFixed(1) + "," + y(v).toFixed(1)).join(" ") });
        rows.forEach((row, k) => {
          const v = value(row, style);
          if (v === null) return;
          const broken = row.broken.includes(style + "/" + key), title = make("title", {}, style + " " + v.toFixed(3) + (broken ? ", beyond its limit" : "") + ", run " + row.run);
          if (s === 0) add("circle", { class: "point " + name + (broken ? " bad" : ""), cx: x(k), cy: y(v), r: 3.2 }, title);
          else add("path", { class: "point " + name + (broken ? " bad" : ""), d: "M" + x(k) + "," + y(v) + (s === 1 ? "m-3,-3h6v6h-6z" : "m0,-4l4,7h-8z") }, title);
        });
      });
      add("text", { class: "tick", x: box.left + box.wide / 2, y: 143, "text-anchor": "middle" }, "run, oldest left; " + { r2: "R²", iou: "IoU", f1: "F1" }[key] + ", at most 1; dashed: limit in force");
    }
    const broken = latest.broken.length ? "The last run broke its limits: " + latest.broken.join(", ") + ". Its curves are held for review." : "The last run kept all its limits.";
    place.before(make("p", { class: latest.broken.length ? "warning" : "quiet" }, broken));
  }

  /* ---- start ---- */

  function start() {
    facts = parts.facts;
    logs = unpackAll(parts.logs);
    curves = unpackAll(parts.curves);
    for (const key of expected) delete parts[key];
    Object.assign(page, { facts, logs, curves, kept: () => kept, listed: () => listed, wells: () => wells, passes: () => passes, cell, make, text, grouped, percent, pageOf, wouldPass, best, scale, missing, words, shown, update, near, isNear, frame, stacked, drawRows, nameOfWell,
      sort: () => [sortKey, ascending], setSort: (key, up) => { if (document.querySelector('#grid [data-key="' + key + '"]')) { sortKey = key; ascending = up; } } });
    once.push(drawRuns, drawCanary);
    if (!curves.count) for (const id of ["histogram", "trade", "coverage", "facet-mnemonic", "facet-decade", "facet-service", "facet-folder"]) byId(id).append(make("p", { class: "quiet" }, "Curves appear here when logs have been digitised."));
    else panels.push(drawHistogram, whatIf, drawReasons, drawCoverage, ...["mnemonic", "decade", "service", "folder"].map((key) => () => drawFacet(key)), drawTrade);
    panels.push(...page.panels);
    page.recall();
    for (const id of ["search", "state", "reason", "per"]) byId(id).addEventListener("input", () => { active = 0; byId("rows").scrollTop = 0; update(); });
    byId("threshold").addEventListener("input", whatIf);
    byId("clear").addEventListener("click", () => {
      for (const id of ["search", "state", "reason"]) byId(id).value = "";
      active = 0;
      for (const key of Object.keys(chosen)) chosen[key] = null;
      update();
    });
    for (const button of document.querySelectorAll("#grid [data-key]")) button.addEventListener("click", () => {
      ascending = button.dataset.key === sortKey ? !ascending : true;
      sortKey = button.dataset.key;
      sortRows(); drawRows(); page.changed();
    });
    for (const row of document.querySelectorAll("#reasons tbody tr")) row.addEventListener("click", () => {
      byId("reason").value = byId("reason").value === row.dataset.code ? "" : row.dataset.code;
      update();
    });
    for (const row of document.querySelectorAll("#runs tbody tr")) row.addEventListener("click", () => {
      chosen.run = chosen.run === row.dataset.run ? null : row.dataset.run;
      update();
    });
    const box = byId("rows");
    box.addEventListener("scroll", () => requestAnimationFrame(drawRows));
    box.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (!row) return;
      const tick = event.target.closest(".tick, .row > :first-child");
      if (tick) page.picks.toggle(listed[Number(row.dataset.k)]);
      move(Number(row.dataset.k));
      if (!tick && !event.target.closest("a")) open(active);
    });
    box.addEventListener("keydown", (event) => {
      const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -1e9, End: 1e9 };
      if (event.key in steps) { event.preventDefault(); move(active + steps[event.key]); }
      if (event.key === "Enter" && listed.length) open(active);
      if (event.key === " " && listed.length) { event.preventDefault(); page.picks.toggle(listed[active]); drawRows(); }
    });
    let resized = 0;
    window.addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(() => { update(); drawRuns(); }, 150); });
    window.addEventListener("beforeprint", settleNow);
    if (window.veernetServed && window.veernetServed.review) {
      byId("review-link").hidden = false;
      for (const name of document.querySelectorAll("#failures td.path"))
        name.append(" ", make("a", { href: "/correct?scan=" + encodeURIComponent(name.textContent.trim()) }, "correct on the scan"));
    }
    update();
    document.documentElement.dataset.ready = performance.now().toFixed(0);
  }
})();
