"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const words = { accept: "✓ accepted", review: "? review", reject: "✗ rejected" };
  const order = { reject: 0, review: 1, accept: 2 };
  const most = 500;
  const byId = (id) => document.getElementById(id);
  let sortKey = "state", ascending = true, chosen = null;

  /* Text only ever enters the page as text nodes and attributes, never as markup. */
  function make(name, attributes, ...children) {
    const svg = ["svg", "g", "path", "rect", "line", "text", "polyline", "title"].includes(name);
    const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    for (const child of children.flat()) if (child !== null && child !== undefined && child !== "") node.append(child);
    return node;
  }
  const text = (value) => make("bdi", {}, String(value));
  const mark = (decision) => make("span", { class: "mark " + decision }, words[decision]);
  const figure = (value, digits) => value === null || value === undefined ? "–" : value.toFixed(digits);
  const percent = (value) => value === null || value === undefined ? "–" : (100 * value).toFixed(value > 0.995 && value < 1 ? 1 : 0) + " %";

  function matches(log) {
    const state = byId("state").value, reason = byId("reason").value;
    if (state && log.state !== state) return false;
    if (reason && !log.reasons.includes(reason)) return false;
    const hay = [log.well, log.uwi, log.log_id, log.field, log.company, ...log.mnemonics].join("\n").toLowerCase();
    return byId("search").value.toLowerCase().split(/\s+/).every((word) => hay.includes(word));
  }

  function compare(a, b) {
    let x = a[sortKey], y = b[sortKey];
    if (sortKey === "state") { x = order[x]; y = order[y]; }
    if (sortKey === "well") { x = a.well || a.uwi; y = b.well || b.uwi; }
    if (x === null || y === null) return (x === null) - (y === null);
    const sign = typeof x === "number" ? x - y : x.localeCompare(y, "en", { numeric: true });
    return (ascending ? sign : -sign) || a.log_id.localeCompare(b.log_id, "en", { numeric: true });
  }

  function drawTable() {
    const found = data.logs.filter(matches).sort(compare);
    const rows = found.slice(0, most).map((log) => {
      const row = make("tr", { tabindex: 0, "aria-selected": log.log_id === chosen },
        make("td", {}, mark(log.state)),
        make("td", {}, text(log.well || log.uwi || "–"), make("small", {}, text(log.well ? log.uwi : ""))),
        make("td", {}, text(log.log_id)),
        ...["accept", "review", "reject"].map((key) => make("td", { class: "num" }, log[key] ? String(log[key]) : "")),
        make("td", { class: "num" }, figure(log.worst_r2, 2)));
      row.addEventListener("click", () => choose(log.log_id));
      row.addEventListener("keydown", (event) => { if (event.key === "Enter") choose(log.log_id); });
      return row;
    });
    document.querySelector("#wells tbody").replaceChildren(...rows);
    byId("count").textContent = found.length + " of " + data.logs.length + " logs" + (found.length > most ? ", the first " + most + " shown" : "");
    for (const head of document.querySelectorAll("#wells th")) {
      if (head.dataset.key === sortKey) head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    }
  }

  function choose(id) {
    chosen = id;
    history.replaceState(null, "", "#" + encodeURIComponent(id));
    drawTable();
    const log = data.logs.find((item) => item.log_id === id);
    if (data.details[id]) showDetail(data.details[id]);
    else if (log && log.detail) document.head.append(make("script", { src: log.detail }));
    else byId("detail").replaceChildren(make("p", { class: "quiet" }, "The files of this log are not in this folder."));
  }

  window.showDetail = function showDetail(log) {
    data.details[log.log_id] = log;
    if (log.log_id !== chosen) return;
    const well = log.well, made = log.provenance;
    const facts = [["UWI", well.uwi], ["Company", well.company], ["Field", well.field_name],
      ["Place", [well.county, well.state, well.country].filter(Boolean).join(", ")], ["Service", well.service_company], ["Date", well.date]];
    byId("detail").replaceChildren(
      make("h2", {}, text(well.name || well.uwi || log.log_id)),
      factList(facts),
      make("div", { class: "downloads" }, log.downloads.map((file) => make("a", { href: file.href, download: file.name }, text(file.name)))),
      ...log.sections.flatMap((section) => drawSection(log, section)),
      ...drawOverlays(log.overlays),
      ...drawFindings(log.findings),
      make("h3", {}, "Made with"),
      factList([["Model", made.model_id], ["Configuration", made.config_hash], ["Version", made.version], ["Scan SHA-256", made.scan_sha256]]));
  };

  function factList(facts) {
    return make("ul", { class: "facts" }, facts.filter(([, value]) => value).map(([name, value]) => make("li", {}, make("span", {}, name + " "), text(value))));
  }

  function drawSection(log, section) {
    const depth = section.depth;
    const fit = depth === null ? "depth unknown"
      : depth.anchors + " depth anchors (" + depth.source + "), scatter " + (depth.residual === null ? "not known" : figure(depth.residual, 2) + " " + depth.unit);
    const curves = log.curves.filter((curve) => curve.section_id === section.section_id);
    return [make("h3", {}, "Section ", text(section.section_id)), make("p", { class: "quiet" }, fit + " · scan rows " + section.rows.map(Math.round).join(" to ")),
      make("div", { class: "plots" }, curves.map(drawCurve))];
  }

  function drawCurve(curve) {
    const spec = curve.spec, quality = curve.quality;
    const measured = quality.r2_reference;
    const r2 = measured !== null ? "R² measured " + figure(measured, 3)
      : "R² " + figure(quality.r2_estimate, 2) + " [" + figure(quality.r2_lower, 2) + ", " + figure(quality.r2_upper, 2) + "]";
    const caption = make("figcaption", {}, make("b", {}, text(spec.mnemonic)), " ", text(curve.track_id), " ", mark(curve.decision), make("br"), r2, make("br"),
      "coverage " + percent(quality.coverage) + ", longest gap " + figure(quality.longest_gap, 1) + " " + curve.depth_unit,
      curve.reasons.length ? make("ul", { class: "reasons" }, curve.reasons.map((code) => make("li", { title: code }, text(data.reasons[code] || code)))) : "");
    return make("figure", {}, curve.plot ? plot(curve) : make("p", { class: "quiet" }, "No samples."), caption);
  }

  function niceStep(least) {
    const power = Math.pow(10, Math.floor(Math.log10(least)));
    return [1, 2, 5, 10].map((m) => m * power).find((step) => step >= least * 0.999999);
  }

  /* Where the paper has its lines: tenths of a linear track, decades of a logarithmic one. */
  function divisions(spec) {
    const lines = [0, 1000];
    if (spec.scale !== "log") for (let tenth = 1; tenth < 10; tenth++) lines.push(tenth * 100);
    else {
      const a = Math.log10(spec.left), b = Math.log10(spec.right);
      for (let k = Math.ceil(Math.min(a, b)); k <= Math.max(a, b); k++) lines.push(1000 * (k - a) / (b - a));
    }
    return lines;
  }

  function plot(curve) {
    const p = curve.plot, spec = curve.spec, unit = curve.depth_unit;
    const left = 46, top = 34, wide = 118, tall = 330, sureWide = 26, gap = 6, n = p.low.length;
    const known = p.low.concat(p.high).filter((value) => value !== null);
    const from = Math.min(0, ...known), to = Math.max(1000, ...known);
    const x = (value) => left + wide * (value - from) / (to - from);
    const y = (bin) => top + tall * bin / n;
    const svg = make("svg", { width: left + wide + gap + sureWide + 4, height: top + tall + 18, role: "img", "aria-label": spec.mnemonic + " against depth" });
    const add = (name, attributes, ...children) => svg.append(make(name, attributes, ...children));
    for (let i = 0; i < n; i++) {
      if (p.low[i] === null) add("rect", { class: "gap", x: left, y: y(i), width: wide, height: tall / n + 0.3 });
      else if (p.observed[i] < 50) add("rect", { class: "bridged", x: left, y: y(i), width: wide, height: tall / n + 0.3 });
    }
    for (const at of divisions(spec)) add("line", { class: at === 0 || at === 1000 ? "edge" : "grid", x1: x(at), x2: x(at), y1: top, y2: top + tall });
    const step = niceStep((p.base - p.top) / 8), digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    for (let k = Math.ceil(p.top / step); k * step <= p.base; k++) {
      const at = top + tall * (k * step - p.top) / (p.base - p.top);
      add("line", { class: "rule", x1: left - 4, x2: left + wide, y1: at, y2: at });
      add("text", { class: "tick", x: left - 6, y: at + 3.5, "text-anchor": "end" }, (k * step).toFixed(digits));
    }
    add("rect", { class: "frame", x: left, y: top, width: wide, height: tall });
    let run = [];
    const flush = () => { if (run.length) add("polyline", { class: "curve " + curve.decision, points: run.join(" ") }); run = []; };
    for (let i = 0; i < n; i++) {
      if (p.low[i] === null) { flush(); continue; }
      const pair = i > 0 && p.low[i - 1] !== null && Math.abs(p.high[i - 1] - p.low[i]) > Math.abs(p.high[i - 1] - p.high[i]) ? [p.high[i], p.low[i]] : [p.low[i], p.high[i]];
      if (p.low[i] === p.high[i]) run.push(x(p.low[i]).toFixed(1) + "," + y(i + 0.5).toFixed(1));
      else run.push(x(pair[0]).toFixed(1) + "," + y(i + 0.25).toFixed(1), x(pair[1]).toFixed(1) + "," + y(i + 0.75).toFixed(1));
    }
    flush();
    const sureLeft = left + wide + gap;
    let outline = "M" + sureLeft + "," + top;
    for (let i = 0; i < n; i++) outline += "H" + (sureLeft + sureWide * Math.max(p.confidence[i], 0) / 100).toFixed(1) + "V" + y(i + 1).toFixed(1);
    add("path", { class: "sure", d: outline + "H" + sureLeft + "Z" });
    add("rect", { class: "frame", x: sureLeft, y: top, width: sureWide, height: tall });
    add("text", { x: left, y: 12 }, spec.mnemonic + (spec.unit ? " " + spec.unit : "") + (spec.scale === "log" ? " (log)" : ""));
    add("text", { class: "tick", x: x(0), y: top - 6, "text-anchor": "middle" }, String(spec.left));
    add("text", { class: "tick", x: x(1000), y: top - 6, "text-anchor": "middle" }, String(spec.right));
    add("text", { class: "tick", x: left - 6, y: top + tall + 13, "text-anchor": "end" }, unit);
    add("text", { class: "tick", x: sureLeft + sureWide, y: top + tall + 13, "text-anchor": "end" }, "confidence");
    add("title", {}, "Grey: no value. Yellow: bridged. Right: confidence 0 to 1.");
    return svg;
  }

  function drawOverlays(overlays) {
    if (!overlays.length) return [];
    return [make("h3", {}, "Curves over the scan"), make("div", { class: "overlays" }, overlays.map((file) =>
      make("figure", {}, make("a", { class: "view", href: file.href, target: "_blank" }, make("img", { src: file.href, loading: "lazy", alt: "Overlay " + file.name })), make("figcaption", {}, text(file.name)))))];
  }

  function drawFindings(findings) {
    if (!findings.length) return [];
    return [make("h3", {}, "Findings"), make("ul", { class: "reasons" }, findings.map((finding) =>
      make("li", { title: finding.code }, finding.severity + ": ", text(finding.message), " ", make("b", {}, text(finding.remedy)),
        finding.rows ? " (scan rows " + finding.rows.join(" to ") + ")" : "")))];
  }

  for (const id of ["search", "state", "reason"]) byId(id).addEventListener("input", drawTable);
  for (const head of document.querySelectorAll("#wells th")) head.addEventListener("click", () => {
    ascending = head.dataset.key === sortKey ? !ascending : true;
    sortKey = head.dataset.key;
    drawTable();
  });
  let wanted = "";
  try { wanted = decodeURIComponent(location.hash.slice(1)); } catch (error) { wanted = ""; }
  const first = data.logs.filter(matches).sort(compare)[0];
  if (data.logs.some((log) => log.log_id === wanted)) choose(wanted);
  else if (first) choose(first.log_id);
  else drawTable();
})();
