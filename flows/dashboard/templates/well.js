"use strict";
/* The viewer of one log. Its vertical axis is the strip's rows, so that pixels stay pixels and the
   log plot beside lies row by row on the scan; depths are marked where the anchors put them. */
(function () {
  const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"];
  const MARKS = { accept: "✓", review: "?", reject: "✗" };
  const MOST_ZOOM = 32, FAR = 0.22, DOT_ROWS = 9, READABLE = 0.5, CACHE = 24, NARROW = 900;
  const FACTORS = [512, 128, 32];
  const INK = "#1d2733", QUIET = "#56616d", RULE = "#c3ccd5", FAINT = "#e9edf1";
  const byId = (id) => document.getElementById(id);
  const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));

  /* Text only ever enters the page as text nodes and attributes, never as markup. */
  function make(name, attributes, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
    return node;
  }
  const text = (value) => make("bdi", {}, String(value));

  /* ---- data ------------------------------------------------------------------------------- */

  function bytes(packed) {
    const raw = atob(packed), out = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
    return out;
  }

  function interpolate(x, from, to, points) {
    let k = 0;
    while (k < points.length - 2 && x >= points[k + 1][from]) k++;
    const a = points[k], b = points[k + 1];
    return a[to] + (x - a[from]) * (b[to] - a[to]) / (b[from] - a[from]);
  }

  function rowOfDepth(section, depth) {
    return (interpolate(depth, 1, 0, section.anchors) - section.scan_row) / section.pace;
  }

  function depthOfRow(section, row) {
    return interpolate(section.scan_row + row * section.pace, 0, 1, section.anchors);
  }

  function fraction(curve, value) {
    if (curve.scale !== "log") return (value - curve.left) / (curve.right - curve.left);
    return value > 0 ? Math.log(value / curve.left) / Math.log(curve.right / curve.left) : NaN;
  }

  /* Sample i of a curve: value[i], track position frac[i], strip row row[i], sure[i] in per cent. */
  function unpack(curve, section) {
    const packed = curve.samples;
    curve.count = packed && section.anchors.length > 1 ? packed.count : 0;
    if (!curve.count) return;
    curve.value = new Float32Array(bytes(packed.value).buffer);
    curve.state = bytes(packed.state);
    curve.frac = new Float64Array(curve.count);
    curve.row = new Float64Array(curve.count);
    for (let i = 0, k = 0; i < curve.count; i++) {
      const depth = packed.first + i * packed.step, a = section.anchors;
      while (k < a.length - 2 && depth >= a[k + 1][1]) k++;
      const scanRow = a[k][0] + (depth - a[k][1]) * (a[k + 1][0] - a[k][0]) / (a[k + 1][1] - a[k][1]);
      curve.row[i] = (scanRow - section.scan_row) / section.pace;
      curve.frac[i] = fraction(curve, curve.value[i]);
    }
    curve.sure = (i) => (curve.state[i] & 127) === 127 ? NaN : curve.state[i] & 127;
    curve.bridged = (i) => curve.state[i] > 127;
    curve.depth = (i) => Math.round((packed.first + i * packed.step) * 1e6) / 1e6;
    curve.without = curve.without.map((depths) => depths.map((depth) => rowOfDepth(section, depth)));
    curve.isWithout = (i) => curve.without.some(([a, b]) => curve.row[i] >= a - 1e-6 && curve.row[i] <= b + 1e-6);
    curve.runs = runs(curve);
  }

  /* The curve with the two extremes of every ``factor`` samples, for the far view. A block counts as
     a gap where it has no value, as bridged where nothing in it was observed; confidence: the least. */
  function reduced(curve, factor) {
    const size = 2 * Math.ceil(curve.count / factor);
    const out = { count: size, wrap: curve.wrap, frac: new Float64Array(size), row: new Float64Array(size), sureOf: new Float64Array(size), flag: new Uint8Array(size) };
    for (let at = 0, start = 0; start < curve.count; at += 2, start += factor) {
      let low = -1, high = -1, worst = NaN, observed = false;
      for (let i = start; i < Math.min(start + factor, curve.count); i++) {
        const frac = curve.frac[i], state = curve.state[i] & 127;
        if (isNaN(frac)) continue;
        if (low < 0 || frac < curve.frac[low]) low = i;
        if (high < 0 || frac > curve.frac[high]) high = i;
        if (state < 127 && !(state >= worst)) worst = state;
        observed = observed || curve.state[i] < 128;
      }
      [Math.min(low, high), Math.max(low, high)].forEach((i, k) => {
        out.row[at + k] = curve.row[i < 0 ? start : i];
        out.frac[at + k] = i < 0 ? NaN : curve.frac[i];
        out.sureOf[at + k] = worst;
        out.flag[at + k] = i >= 0 && !observed ? 1 : 0;
      });
    }
    out.sure = (i) => out.sureOf[i];
    out.bridged = (i) => out.flag[i] === 1;
    return out;
  }

  /* The coarsest form of a curve that still has two points or more for every screen row. */
  function atZoom(curve) {
    const dense = curve.count / Math.max((curve.row[curve.count - 1] - curve.row[0]) * view.zoom, 1);
    const factor = FACTORS.find((f) => dense > f / 4);
    if (!factor) return curve;
    curve.reduced = curve.reduced || {};
    return curve.reduced[factor] = curve.reduced[factor] || reduced(curve, factor);
  }

  /* Stretches that are bridged or without a value between the first and last sample that has one. */
  function runs(curve) {
    const out = [], kind = (i) => isNaN(curve.value[i]) || curve.isWithout(i) ? "gap" : curve.bridged(i) ? "bridged" : "observed";
    let first = 0, last = curve.count - 1;
    while (first <= last && isNaN(curve.value[first])) first++;
    while (last >= first && isNaN(curve.value[last])) last--;
    for (let i = first; i <= last; i++) {
      const now = kind(i), run = out[out.length - 1];
      if (run && run.kind === now) run.last = i; else out.push({ kind: now, first: i, last: i });
    }
    return out;
  }

  /* Runs of samples without a value or below half confidence; weight: doubt summed over depth. */
  function doubtful(section, trackIndex, curve) {
    const out = [];
    if (!curve.runs || !curve.runs.length) return out;
    const end = curve.runs[curve.runs.length - 1].last;
    for (let i = curve.runs[0].first, run = null, good = 9; i <= end; i++) {
      const gap = isNaN(curve.value[i]), sure = gap ? 0 : curve.sure(i);
      if (!gap && !(sure < 50)) { good++; continue; }
      if (!run || good > 4) out.push(run = { section, trackIndex, curve, first: i, weight: 0, gaps: 0, bridged: 0, count: 0, sum: 0 });
      good = 0;
      run.last = i; run.count++; run.weight += 1 - sure / 100; run.sum += sure;
      if (gap) run.gaps++; else if (curve.bridged(i)) run.bridged++;
    }
    for (const run of out) run.weight *= curve.samples.step;
    return out;
  }

  /* ---- state ------------------------------------------------------------------------------ */

  let sections = [], section = null, panels = [], doubt = [], doubtAt = -1, frame = 0;
  const view = { zoom: 1, top: 0, across: 0.5, focus: null, curve: "", height: 600, stretch: null };
  const stage = byId("stage");

  const fitZoom = () => view.height / section.rows;
  const rowAt = (y) => view.top + y / view.zoom;
  const yOfRow = (row) => (row + 0.5 - view.top) * view.zoom;

  function settle() {
    view.zoom = clamp(view.zoom, fitZoom(), MOST_ZOOM);
    view.top = clamp(view.top, 0, section.rows - view.height / view.zoom);
    view.across = clamp(view.across, 0, 1);
    if (!frame) frame = requestAnimationFrame(() => { frame = 0; draw(); });
  }

  /* Strips fill their panels until their pixels would be taller than wide; from there on pixels are
     square and the strip is moved across. */
  const acrossOf = (panel) => Math.max(panel.width / panel.track.strip.cols, view.zoom);
  const overOf = (panel) => panel.track.strip.cols * acrossOf(panel) - panel.width;

  /* Zoom about a point: the pixel under it stays there, down and (over a strip) across. */
  function zoomBy(factor, y, panel, x) {
    const at = y === undefined ? view.height / 2 : y, row = rowAt(at);
    const strip = panel && panel.kind === "strip" && panel.track.strip, first = panels.find((p) => p.kind === "strip" && p.track.strip);
    const whole = first && overOf(first) <= 1;
    const col = strip ? (x + view.across * overOf(panel)) / acrossOf(panel) : 0;
    view.zoom = clamp(view.zoom * factor, fitZoom(), MOST_ZOOM);
    view.top = row - at / view.zoom;
    if (strip && overOf(panel) > 1) view.across = (col * acrossOf(panel) - x) / overOf(panel);
    else if (!strip && whole) centreCurve(row);
    settle();
  }

  /* Bring a track position into the middle of the strips, where they are wider than their panels. */
  function centre(frac) {
    const panel = panels.find((p) => p.kind === "strip" && p.track.strip);
    if (!panel || !isFinite(frac) || overOf(panel) <= 1) return;
    const strip = panel.track.strip, col = strip.left + (frac - Math.floor(frac)) * (strip.right - strip.left);
    view.across = (col * acrossOf(panel) - panel.width / 2) / overOf(panel);
  }

  /* The same for the curve under review, or the first one shown, at a row. */
  function centreCurve(row) {
    const shown = shownTracks().flatMap(({ track }) => track.curves).filter((c) => !c.hidden && nearest(c, row) >= 0);
    const curve = shown.find((c) => c.mnemonic === view.curve) || shown[0];
    if (curve) centre(curve.frac[nearest(curve, row)]);
  }

  function showRows(first, last) {
    view.zoom = clamp(view.height / Math.max(last - first, 8), fitZoom(), MOST_ZOOM);
    view.top = (first + last) / 2 - view.height / view.zoom / 2;
    settle();
  }

  /* ---- pictures --------------------------------------------------------------------------- */

  const cache = new Map();
  function picture(slab) {
    let image = cache.get(slab.href);
    if (image) cache.delete(slab.href);
    else {
      image = new Image();
      image.onload = settle;
      image.onerror = () => { image.failed = true; settle(); };
      image.src = slab.href;
    }
    cache.set(slab.href, image);
    if (cache.size > CACHE) cache.delete(cache.keys().next().value);
    return image;
  }

  /* Draw the slabs in sight; returns whether all of them were there. */
  function drawSlabs(ctx, strip, reduction, left, across, down, top, height) {
    let whole = true;
    for (const slab of strip.slabs) {
      if (slab.reduction !== reduction) continue;
      const y = (slab.first - top) * down, tall = slab.rows * down;
      if (y + tall < 0 || y > height) continue;
      const image = picture(slab);
      if (!image.complete || !image.naturalWidth) { whole = whole && Boolean(image.failed); continue; }
      ctx.drawImage(image, left, y, image.naturalWidth * reduction * across, image.naturalHeight * reduction * down);
    }
    return whole;
  }

  /* ---- curves ----------------------------------------------------------------------------- */

  function firstIn(curve, row) {
    let low = 0, high = curve.count;
    while (low < high) { const mid = (low + high) >> 1; if (curve.row[mid] < row) low = mid + 1; else high = mid; }
    return low;
  }

  /* Paths of the samples in sight. Samples of one screen row are drawn as their extent, so that no
     peak is lost however many there are; a path breaks at gaps and where the curve wraps. */
  function paths(curve, xOf, pixel) {
    const seen = new Path2D(), bridged = new Path2D();
    const first = Math.max(firstIn(curve, view.top) - 2, 0);
    const last = Math.min(firstIn(curve, view.top + view.height / view.zoom) + 2, curve.count);
    let path = null, run = null, x = 0, y = 0, lap = 0, wasBridged = false;
    const flush = () => {
      if (!run) return;
      path.lineTo(run.from, run.y);
      if (run.low < run.high) { path.lineTo(run.low, run.y); path.lineTo(run.high, run.y); path.lineTo(run.to, run.y); }
      run = null;
    };
    for (let i = first; i < last; i++) {
      const frac = curve.frac[i];
      if (!isFinite(frac)) { flush(); path = null; continue; }
      const nowLap = curve.wrap === "none" ? 0 : Math.floor(frac);
      const nowX = xOf(frac - nowLap), nowY = yOfRow(curve.row[i]), nowBridged = curve.bridged(i);
      const wanted = path && (nowBridged || wasBridged) || nowBridged ? bridged : seen;
      const joined = path !== null && nowLap === lap;
      if (!joined || wanted !== path) {
        flush();
        if (joined) wanted.moveTo(x, y); else { wanted.moveTo(nowX, nowY); wanted.lineTo(nowX + 0.01, nowY); }
        path = wanted;
      }
      const key = Math.floor(nowY * pixel);
      if (run && run.key === key) { run.low = Math.min(run.low, nowX); run.high = Math.max(run.high, nowX); run.to = nowX; }
      else { flush(); run = { key, y: nowY, from: nowX, to: nowX, low: nowX, high: nowX }; }
      x = nowX; y = nowY; lap = nowLap; wasBridged = nowBridged;
    }
    flush();
    return { seen, bridged, first, last };
  }

  function drawCurve(ctx, curve, xOf, wide) {
    const found = paths(atZoom(curve), xOf, devicePixelRatio || 1);
    ctx.globalAlpha = view.curve && curve.mnemonic !== view.curve ? 0.35 : 1;
    ctx.strokeStyle = ctx.fillStyle = curve.colour;
    ctx.lineJoin = ctx.lineCap = "round";
    ctx.save();
    if (curve.without.length) band(ctx, curve, false);
    ctx.lineWidth = wide;
    ctx.setLineDash([]);
    ctx.stroke(found.seen);
    ctx.setLineDash([3, 4]);
    ctx.stroke(found.bridged);
    ctx.restore();
    if (curve.without.length) drawWithout(ctx, curve, found);
    if (curve.count > 1 && (curve.row[1] - curve.row[0]) * view.zoom >= DOT_ROWS) drawDots(ctx, curve, found, xOf, wide);
    ctx.globalAlpha = 1;
  }

  /* Rows that a person accepted the curve without are no part of what is delivered: thin, grey and dotted. */
  function band(ctx, curve, inside) {
    ctx.beginPath();
    if (!inside) ctx.rect(-9, -9, 1e5, view.height + 18);
    for (const [first, last] of curve.without) ctx.rect(-9, yOfRow(first), 1e5, Math.max(yOfRow(last) - yOfRow(first), 1));
    ctx.clip("evenodd");
  }

  function drawWithout(ctx, curve, found) {
    ctx.save();
    band(ctx, curve, true);
    ctx.strokeStyle = QUIET;
    ctx.lineWidth = 1;
    ctx.setLineDash([1, 4]);
    ctx.stroke(found.seen);
    ctx.stroke(found.bridged);
    ctx.restore();
  }

  /* Delivered samples as dots, hollow where bridged, once they lie apart. */
  function drawDots(ctx, curve, found, xOf, wide) {
    for (let i = found.first; i < found.last; i++) {
      if (!isFinite(curve.frac[i]) || curve.isWithout(i)) continue;
      const lap = curve.wrap === "none" ? 0 : Math.floor(curve.frac[i]);
      ctx.beginPath();
      ctx.arc(xOf(curve.frac[i] - lap), yOfRow(curve.row[i]), wide + 1.2, 0, 7);
      if (curve.bridged(i)) { ctx.lineWidth = 1; ctx.stroke(); } else ctx.fill();
    }
  }

  /* ---- depth ------------------------------------------------------------------------------ */

  function niceStep(least) {
    const power = 10 ** Math.floor(Math.log10(least));
    return [1, 2, 5, 10].map((m) => m * power).find((step) => step >= least * 0.999);
  }

  /* Depth ticks in sight: [y, label or ""]; scan rows where there is no depth. */
  function ticks(apart) {
    const has = section.anchors.length > 1;
    const value = (row) => has ? depthOfRow(section, row) : section.scan_row + row * section.pace;
    const place = (v) => has ? rowOfDepth(section, v) : (v - section.scan_row) / section.pace;
    const low = value(view.top - 0.5), high = value(rowAt(view.height) - 0.5);
    const major = niceStep(apart * (high - low) / view.height);
    const parts = Math.round(major / 10 ** Math.floor(Math.log10(major) + 1e-9)) === 2 ? 4 : 5;
    const digits = Math.max(0, -Math.floor(Math.log10(major) + 1e-9)), out = [];
    for (let k = Math.ceil(low / major * parts - 1e-9); k <= high / major * parts + 1e-9; k++) {
      const at = k * major / parts;
      out.push([yOfRow(place(at)), k % parts ? "" : at.toFixed(digits)]);
    }
    return out;
  }

  /* ---- panels ----------------------------------------------------------------------------- */

  function drawRules(ctx, width, marks, colour) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (const [y, label] of marks) if (label) { ctx.moveTo(0, Math.round(y) + 0.5); ctx.lineTo(width, Math.round(y) + 0.5); }
    ctx.stroke();
  }

  function drawStrip(panel, ctx, marks) {
    const strip = panel.track.strip, width = panel.width;
    if (!strip) { words(ctx, "no strip picture", width / 2, 40, "center"); return; }
    const across = acrossOf(panel), left = -view.across * overOf(panel), pixel = devicePixelRatio || 1;
    ctx.save();
    ctx.globalAlpha = byId("ink").value / 100;
    ctx.imageSmoothingEnabled = view.zoom < 3;
    ctx.imageSmoothingQuality = "high";
    const far = view.zoom * pixel < FAR;
    const known = strip.slabs.every((slab) => slab.reduction > 1 || cache.has(slab.href) && cache.get(slab.href).naturalWidth);
    if (far || !known) drawSlabs(ctx, strip, 8, left, across, view.zoom, view.top, view.height);
    if (!far) {
      if (!known) { ctx.save(); ctx.globalAlpha = 1; }
      drawNear(ctx, strip, left, across);
      if (!known) ctx.restore();
    }
    ctx.restore();
    if (strip.slabs.some((slab) => cache.has(slab.href) && !cache.get(slab.href).complete) && !strip.slabs.some((slab) => cache.has(slab.href) && cache.get(slab.href).naturalWidth)) words(ctx, "the picture is on its way…", width / 2, 40, "center");
    drawRules(ctx, width, marks, "rgba(86,97,109,0.25)");
    const xOf = (frac) => left + (strip.left + frac * (strip.right - strip.left) + 0.5) * across;
    ctx.strokeStyle = "#8a97a5";
    ctx.lineWidth = 1;
    for (const edge of [0, 1]) { ctx.beginPath(); ctx.moveTo(xOf(edge), 0); ctx.lineTo(xOf(edge), view.height); ctx.stroke(); }
    if (view.zoom >= 12) drawPixels(ctx, left, across, width);
    if (byId("curves-shown").checked) for (const curve of panel.track.curves) if (curve.count && !curve.hidden) drawCurve(ctx, curve, xOf, 1.3);
  }

  /* Full-size slabs; what has come covers the far view that stood in for it. */
  function drawNear(ctx, strip, left, across) {
    for (const slab of strip.slabs) {
      if (slab.reduction !== 1) continue;
      const y = (slab.first - view.top) * view.zoom, tall = slab.rows * view.zoom;
      if (y + tall < 0 || y > view.height) continue;
      const image = picture(slab);
      if (!image.complete || !image.naturalWidth) continue;
      ctx.fillStyle = "#fff";
      ctx.globalAlpha = 1;
      ctx.fillRect(left, y, strip.cols * across, tall);
      ctx.globalAlpha = byId("ink").value / 100;
      ctx.drawImage(image, left, y, image.naturalWidth * across, image.naturalHeight * view.zoom);
    }
  }

  function drawPixels(ctx, left, across, width) {
    ctx.strokeStyle = "rgba(86,97,109,0.18)";
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (let x = ((left % across) + across) % across; x < width; x += across) { ctx.moveTo(x, 0); ctx.lineTo(x, view.height); }
    for (let row = Math.ceil(view.top); row < rowAt(view.height); row++) { const y = (row - view.top) * view.zoom; ctx.moveTo(0, y); ctx.lineTo(width, y); }
    ctx.stroke();
  }

  function drawPlot(panel, ctx, marks) {
    const lane = Math.min(52, panel.width * 0.24), ribbon = 7, shown = panel.track.curves.filter((c) => c.count && !c.hidden);
    const ribbons = ribbon * shown.length, width = panel.width - lane - ribbons - 6, xOf = (frac) => frac * width;
    drawGrid(ctx, panel.track.curves, width);
    drawRules(ctx, panel.width, marks, RULE);
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, 0, width, view.height);
    ctx.clip();
    for (const curve of shown) drawCurve(ctx, curve, xOf, 1.4);
    ctx.restore();
    shown.forEach((curve, k) => drawRibbon(ctx, curve, width + 3 + k * ribbon, ribbon - 2));
    drawConfidence(ctx, shown, panel.width - lane, lane - 1);
    ctx.strokeStyle = "#8a97a5";
    ctx.strokeRect(0.5, -1, width, view.height + 2);
  }

  function drawGrid(ctx, curves, width) {
    const log = curves.find((c) => c.scale === "log");
    ctx.lineWidth = 1;
    const line = (frac, strong) => {
      ctx.strokeStyle = strong ? RULE : FAINT;
      ctx.beginPath(); ctx.moveTo(Math.round(frac * width) + 0.5, 0); ctx.lineTo(Math.round(frac * width) + 0.5, view.height); ctx.stroke();
    };
    if (!log) { for (let k = 1; k < 10; k++) line(k / 10, k === 5); return; }
    const low = Math.min(log.left, log.right), high = Math.max(log.left, log.right);
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
      for (let m = 1; m < 10; m++) { const v = m * 10 ** power; if (v > low && v < high) line(fraction(log, v), m === 1); }
  }

  /* One column a curve: filled where observed, dashed where bridged, empty and framed at gaps. */
  function drawRibbon(ctx, curve, x, width) {
    for (const run of curve.runs || []) {
      const half = curve.count > 1 ? (curve.row[1] - curve.row[0]) / 2 : 0.5;
      const y0 = yOfRow(curve.row[run.first] - half), y1 = yOfRow(curve.row[run.last] + half);
      if (y1 < 0 || y0 > view.height) continue;
      const top = Math.max(y0, -5), tall = Math.max(Math.min(y1, view.height + 5) - top, run.kind === "observed" ? 0 : 2);
      ribbonBox(ctx, run.kind, curve.colour, x, top, width, tall);
    }
  }

  function ribbonBox(ctx, kind, colour, x, y, width, tall) {
    if (kind === "observed") { ctx.fillStyle = colour; ctx.globalAlpha = 0.45; ctx.fillRect(x, y, width, tall); ctx.globalAlpha = 1; return; }
    ctx.fillStyle = "#fff";
    ctx.fillRect(x - 1, y, width + 2, tall);
    if (kind === "gap") { ctx.strokeStyle = INK; ctx.lineWidth = 1; ctx.strokeRect(x + 0.5, y + 0.5, width - 1, Math.max(tall - 1, 1)); return; }
    ctx.fillStyle = INK;
    for (let at = 0; at < tall; at += 4) ctx.fillRect(x, y + at, width, Math.min(2, tall - at));
  }

  function drawConfidence(ctx, curves, x, width) {
    ctx.fillStyle = "#f6f8fa";
    ctx.fillRect(x, 0, width, view.height);
    ctx.strokeStyle = RULE;
    ctx.lineWidth = 1;
    for (const share of [0, 0.5, 1]) { const at = Math.round(x + share * width) + 0.5; ctx.beginPath(); ctx.moveTo(at, 0); ctx.lineTo(at, view.height); ctx.stroke(); }
    for (const whole of curves) {
      const path = new Path2D(), curve = atZoom(whole);
      const first = Math.max(firstIn(curve, view.top) - 1, 0), last = Math.min(firstIn(curve, rowAt(view.height)) + 1, curve.count);
      let open = false, key = null, worst = 101, y = 0;
      const flush = () => { if (key === null) return; const at = x + worst / 100 * width; if (open) path.lineTo(at, y); else { path.moveTo(at, y); path.lineTo(at, y + 0.5); } open = true; key = null; worst = 101; };
      for (let i = first; i < last; i++) {
        const sure = isNaN(curve.frac[i]) ? NaN : curve.sure(i);
        if (isNaN(sure)) { flush(); open = false; continue; }
        const now = Math.floor(yOfRow(curve.row[i]));
        if (now !== key) { flush(); key = now; y = yOfRow(curve.row[i]); }
        worst = Math.min(worst, sure);
      }
      flush();
      ctx.strokeStyle = whole.colour;
      ctx.lineWidth = 1;
      ctx.stroke(path);
    }
  }

  function words(ctx, line, x, y, align) {
    ctx.fillStyle = QUIET;
    ctx.font = "12px system-ui, 'Segoe UI', 'Noto Sans', Arial, sans-serif";
    ctx.textAlign = align;
    ctx.fillText(line, x, y);
  }

  function drawDepth(panel, ctx, marks) {
    ctx.strokeStyle = INK;
    ctx.lineWidth = 1;
    for (const [y, label] of marks) {
      const reach = label ? 9 : 4, at = Math.round(y) + 0.5;
      ctx.beginPath(); ctx.moveTo(0, at); ctx.lineTo(reach, at); ctx.moveTo(panel.width - reach, at); ctx.lineTo(panel.width, at); ctx.stroke();
      if (label) { ctx.fillStyle = "#fff"; words(ctx, label, panel.width / 2, y + 4, "center"); }
    }
    ctx.fillStyle = INK;
    for (const [scanRow] of section.anchors) {
      const y = yOfRow((scanRow - section.scan_row) / section.pace);
      if (y < -6 || y > view.height + 6) continue;
      ctx.beginPath(); ctx.moveTo(0, y); ctx.lineTo(5, y - 5); ctx.lineTo(10, y); ctx.lineTo(5, y + 5); ctx.fill();
    }
  }

  function drawMap(panel, ctx) {
    const down = view.height / section.rows, shown = section.tracks.find((t) => t.strip) || {};
    ctx.globalAlpha = 0.7;
    ctx.imageSmoothingQuality = "high";
    if (shown.strip) drawSlabs(ctx, shown.strip, 8, 0, (panel.width - 8) / shown.strip.cols, down, 0, view.height);
    ctx.globalAlpha = 1;
    for (const run of doubt) {
      if (run.section !== section) continue;
      const y = run.curve.row[run.first] * down, tall = Math.max((run.curve.row[run.last] - run.curve.row[run.first]) * down, 2);
      ctx.fillStyle = run.gaps ? INK : "#d55e00";
      ctx.fillRect(panel.width - 7, y, 6, tall);
    }
    const y = view.top * down, tall = Math.max(view.height / view.zoom * down, 4);
    ctx.fillStyle = "rgba(0,114,178,0.16)";
    ctx.fillRect(0, y, panel.width, tall);
    ctx.strokeStyle = "#0072b2";
    ctx.lineWidth = 1.5;
    ctx.strokeRect(0.75, y + 0.75, panel.width - 1.5, tall - 1.5);
  }

  const DRAW = { strip: drawStrip, plot: drawPlot, depth: drawDepth, map: drawMap };

  function draw() {
    const marks = ticks(56), pixel = devicePixelRatio || 1;
    for (const panel of panels) {
      const ctx = panel.canvas.getContext("2d");
      ctx.setTransform(pixel, 0, 0, pixel, 0, 0);
      ctx.fillStyle = "#fff";
      ctx.fillRect(0, 0, panel.width, view.height);
      DRAW[panel.kind](panel, ctx, marks);
      if (panel.kind !== "map") drawStretch(ctx, panel.width);
    }
    byId("zoom").textContent = view.zoom >= 1 ? view.zoom.toFixed(1) + ":1" : "1:" + (1 / view.zoom).toFixed(1);
    stage.dataset.zoom = view.zoom.toFixed(4);
    stage.dataset.top = view.top.toFixed(2);
    stage.dataset.waiting = String([...cache.values()].filter((image) => !image.complete).length);
    remember();
  }

  /* ---- layout ----------------------------------------------------------------------------- */

  function shownTracks() {
    const useful = section.tracks.map((track, index) => ({ track, index })).filter(({ track }) => track.strip || track.curves.length);
    return view.focus === null ? useful : useful.filter(({ index }) => index === view.focus);
  }

  function plan() {
    const room = stage.clientWidth, tracks = shownTracks(), gap = 5, map = 44, depth = 66;
    const strips = tracks.filter(({ track }) => track.strip || !track.curves.length), plots = tracks.filter(({ track }) => track.curves.length);
    const left = room - map - depth - gap * (1 + strips.length + plots.length);
    const unit = left / (strips.length * 1.15 + plots.length || 1), out = [{ kind: "map", width: map }];
    for (const { track } of strips) out.push({ kind: "strip", track, width: unit * (strips.length ? 1.15 : 0) });
    out.push({ kind: "depth", width: depth });
    for (const { track } of plots) out.push({ kind: "plot", track, width: unit });
    for (const panel of out) panel.width = Math.max(Math.floor(panel.width), 24);
    return out;
  }

  function build() {
    for (const node of [...stage.children]) if (node !== byId("cursor")) node.remove();
    panels = plan();
    stage.style.gridTemplateColumns = panels.map((panel) => panel.width + "px").join(" ");
    for (const panel of panels) stage.append(head(panel));
    const framed = document.body.classList.contains("framed"), heads = Math.max(...[...stage.children].map((node) => node.offsetHeight));
    view.height = framed ? Math.max(220, innerHeight - stage.getBoundingClientRect().top - scrollY - heads - 10) : Math.max(360, Math.min(1100, innerHeight - 250));
    const pixel = devicePixelRatio || 1;
    for (const panel of panels) {
      panel.canvas = make("canvas", { class: "panel-" + panel.kind, width: Math.round(panel.width * pixel), height: Math.round(view.height * pixel) });
      panel.canvas.style.width = panel.width + "px";
      panel.canvas.style.height = view.height + "px";
      stage.append(panel.canvas);
    }
    settle();
  }

  function head(panel) {
    if (panel.kind === "map") return make("div", { class: "head" });
    if (panel.kind === "depth") return make("div", { class: "head depth" }, make("b", {}, section.anchors.length ? "Depth" : "Scan row"), make("small", {}, section.unit || "px"));
    const name = make("div", { class: "track" }, make("b", {}, text(panel.track.id)), make("small", {}, panel.kind === "strip" ? "scan" : "log plot"), panel.kind === "plot" ? make("small", { class: "lane", title: "confidence from 0 to 100 %" }, "conf. %") : null);
    const framed = document.body.classList.contains("framed"), own = panel.track.curves.find((curve) => curve.mnemonic === view.curve);
    // in the review the scan has little room: the scale of the curve under review is whole, the others are names
    const whole = (curve) => panel.kind === "plot" && !(framed && own && curve !== own && panel.track.curves.length > 2);
    const keys = panel.track.curves.map((curve) => whole(curve) ? scaleHead(curve) : stripKey(curve));
    return make("div", { class: "head " + panel.kind + (keys.some((key) => key.classList.contains("key")) ? " keyed" : "") }, name, keys);
  }

  function toggle(curve, node) {
    node.setAttribute("aria-pressed", String(!curve.hidden));
    node.addEventListener("click", () => { curve.hidden = !curve.hidden; build(); });
    return node;
  }

  function swatch(curve) {
    const line = make("i", { class: "swatch" });
    line.style.background = curve.colour;
    return line;
  }

  const mark = (curve) => make("span", { class: "tick " + curve.decision, title: curve.decision }, MARKS[curve.decision] || "");
  const number = (value) => String(Number(value.toPrecision(5)));

  function stripKey(curve) {
    return toggle(curve, make("button", { type: "button", class: "key" }, swatch(curve), text(curve.mnemonic), mark(curve)));
  }

  /* As the heading of a log: value at the left edge, name and unit, value at the right edge. */
  function scaleHead(curve) {
    const note = [curve.scale === "log" ? "log" : "", curve.wrap === "none" ? "" : "wraps"].filter(Boolean).join(", ");
    return toggle(curve, make("button", { type: "button", class: "scale" },
      make("span", {}, number(curve.left)),
      make("span", {}, make("b", {}, text(curve.mnemonic)), " ", text(curve.unit), note ? make("small", {}, " " + note) : null, " ", mark(curve)),
      make("span", {}, number(curve.right)), swatch(curve)));
  }

  function choices(host, entries, chosen, choose) {
    host.replaceChildren(...entries.map(([label, value]) => {
      const node = make("button", { type: "button", "aria-pressed": String(value === chosen) }, text(label));
      node.addEventListener("click", () => choose(value));
      return node;
    }));
    host.hidden = entries.length < 2;
  }

  function openSection(next, keep) {
    section = next;
    byId("unit").textContent = section.unit || "scan row";
    if (!keep) { view.focus = null; view.top = 0; view.zoom = 0; }
    choices(byId("sections"), sections.length > 1 ? sections.map((s) => [s.id, s]) : [], section, (s) => openSection(s));
    focusTrack(view.focus);
    if (!keep) { view.zoom = Math.max(fitZoom(), 0.25); settle(); }
  }

  function focusTrack(index) {
    if (view.focus !== index) view.curve = "";
    view.focus = index;
    const useful = section.tracks.map((t, k) => [t.id, k]).filter(([, k]) => section.tracks[k].strip || section.tracks[k].curves.length);
    choices(byId("tracks"), useful.length > 1 ? [["All tracks", null], ...useful] : [], index, focusTrack);
    build();
  }

  /* ---- doubtful stretches ----------------------------------------------------------------- */

  function listDoubt() {
    doubt.sort((a, b) => b.weight - a.weight);
    doubt = doubt.slice(0, 40);
    byId("doubt").tBodies[0].replaceChildren(...doubt.map((run, k) => {
      const go = make("button", { type: "button" }, "Show");
      go.addEventListener("click", () => showDoubt(k));
      const what = [];
      if (run.gaps) what.push((run.gaps * run.curve.samples.step).toFixed(1) + " " + run.section.unit + " without a value");
      if (run.bridged) what.push((run.bridged * run.curve.samples.step).toFixed(1) + " " + run.section.unit + " bridged");
      if (run.count > run.gaps) what.push("mean confidence " + (run.sum / (run.count - run.gaps)).toFixed(0) + " %");
      return make("tr", {}, make("td", {}, text(run.curve.mnemonic), make("small", {}, " ", text(run.section.id))),
        make("td", { class: "num" }, run.curve.depth(run.first) + " to " + run.curve.depth(run.last) + " " + run.section.unit),
        make("td", {}, what.join(", ")), make("td", {}, go));
    }));
    if (!doubt.length) byId("doubt").replaceWith(make("p", { class: "quiet" }, "None."));
  }

  function showDoubt(k) {
    if (!doubt.length) return;
    doubtAt = (k + doubt.length) % doubt.length;
    const run = doubt[doubtAt], first = run.curve.row[run.first], last = run.curve.row[run.last];
    if (section !== run.section) openSection(run.section);
    if (view.focus !== run.trackIndex) focusTrack(run.trackIndex);
    const pad = Math.max((last - first) * 0.6, 60);
    showRows(first - pad, last + pad);
    const near = run.curve.frac.slice(Math.max(run.first - 1, 0), run.last + 2).find((frac) => isFinite(frac));
    centre(near);
    setCursor(yOfRow((first + last) / 2));
    stage.scrollIntoView({ block: "nearest" });
  }

  /* The next stretch of the curve under review, of any curve where none is. */
  function nextDoubt(by) {
    const wanted = (run) => !view.curve || run.section === section && run.trackIndex === view.focus && run.curve.mnemonic === view.curve;
    for (let k = doubtAt + by, left = doubt.length; left > 0; k += by, left--) {
      const at = (k + 2 * doubt.length) % doubt.length;
      if (wanted(doubt[at])) { showDoubt(at); return; }
    }
  }

  /* ---- pointer, keys, address ------------------------------------------------------------- */

  function nearest(curve, row) {
    if (!curve.count) return -1;
    const k = firstIn(curve, row), half = curve.count > 1 ? (curve.row[1] - curve.row[0]) / 2 : 1;
    const i = k > 0 && (k === curve.count || row - curve.row[k - 1] < curve.row[k] - row) ? k - 1 : k;
    return Math.abs(curve.row[i] - row) <= half + 0.5 ? i : -1;
  }

  function reading(curve, row) {
    const i = nearest(curve, row);
    if (i < 0) return null;
    const value = curve.value[i];
    const parts = [swatch(curve), text(curve.mnemonic), " "];
    if (isNaN(value)) parts.push("no value");
    else if (curve.isWithout(i)) parts.push("accepted without a value here");
    else {
      const sure = curve.sure(i);
      parts.push(make("b", {}, number(value)), " ", text(curve.unit), ` (${curve.bridged(i) ? "bridged" : "observed"}${isNaN(sure) ? "" : ", confidence " + sure + " %"})`);
    }
    return make("span", { class: "value" }, parts);
  }

  function setCursor(y) {
    const line = byId("cursor"), canvas = panels[0].canvas, row = rowAt(y) - 0.5;
    line.hidden = false;
    line.style.top = canvas.offsetTop + y + "px";
    const at = section.anchors.length > 1 ? `Depth ${depthOfRow(section, row).toFixed(2)} ${section.unit}` : `Scan row ${(section.scan_row + row * section.pace).toFixed(0)}`;
    const values = shownTracks().flatMap(({ track }) => track.curves.map((curve) => curve.hidden ? null : reading(curve, row)));
    byId("readout").replaceChildren(make("b", {}, at), ...values.filter(Boolean));
  }

  const pointers = new Map();
  let pinch = null, dragged = null;

  function panelAt(event) {
    return panels.find((panel) => panel.canvas === event.target);
  }

  function yIn(event) {
    return event.clientY - panels[0].canvas.getBoundingClientRect().top;
  }

  function slide(panel, by) {
    if (panel.kind === "strip" && panel.track.strip && overOf(panel) > 1) view.across += by / overOf(panel);
  }

  function mapTo(y) {
    view.top = y / view.height * section.rows - view.height / view.zoom / 2;
    settle();
  }

  function pointerDown(event) {
    const panel = panelAt(event);
    if (!panel || event.button > 0) return;
    event.target.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
    dragged = panel;
    pinch = null;
    if (panel.kind === "map") mapTo(yIn(event));
    stage.focus({ preventScroll: true });
  }

  function pointerMove(event) {
    const before = pointers.get(event.pointerId);
    if (!before) { if (panelAt(event)) setCursor(yIn(event)); return; }
    pointers.set(event.pointerId, event);
    if (dragged.kind === "map") mapTo(yIn(event));
    else if (pointers.size === 2) pinchMove();
    else {
      view.top -= (event.clientY - before.clientY) / view.zoom;
      slide(dragged, before.clientX - event.clientX);
      settle();
    }
  }

  function pinchMove() {
    const [a, b] = [...pointers.values()], apart = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
    const middle = (yIn(a) + yIn(b)) / 2;
    if (pinch) { view.top -= (middle - pinch.middle) / view.zoom; zoomBy(apart / pinch.apart, middle, dragged, (a.clientX + b.clientX) / 2 - dragged.canvas.getBoundingClientRect().left); }
    pinch = { apart: Math.max(apart, 1), middle };
  }

  function pointerUp(event) {
    pointers.delete(event.pointerId);
    pinch = null;
  }

  function wheel(event) {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), yIn(event), panelAt(event), event.offsetX);
    else {
      view.top += event.deltaY * (event.deltaMode ? 30 : 1) / view.zoom;
      const panel = panelAt(event);
      if (panel) slide(panel, event.deltaX);
      settle();
    }
  }

  const page = () => 0.9 * view.height / view.zoom;
  const KEYS = {
    ArrowDown: () => { view.top += 60 / view.zoom; }, ArrowUp: () => { view.top -= 60 / view.zoom; },
    ArrowRight: () => { view.across += 0.1; }, ArrowLeft: () => { view.across -= 0.1; },
    PageDown: () => { view.top += page(); }, PageUp: () => { view.top -= page(); },
    Home: () => { view.top = 0; }, End: () => { view.top = section.rows; },
    "+": () => zoomBy(1.5), "=": () => zoomBy(1.5), "-": () => zoomBy(1 / 1.5),
    0: () => { view.zoom = 0; }, 1: () => zoomBy(1 / view.zoom), 8: () => zoomBy(8 / view.zoom),
    "]": () => nextDoubt(1), "[": () => nextDoubt(-1),
  };

  function key(event) {
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
    settle();
  }

  function goTo(value) {
    if (!isFinite(value)) return;
    const row = section.anchors.length > 1 ? rowOfDepth(section, value) : (value - section.scan_row) / section.pace;
    view.top = row - view.height / view.zoom / 2;
    centreCurve(row);
    settle();
    setCursor(clamp(yOfRow(row), 0, view.height));
  }

  /* The address names the place in sight, so that a link opens there. */
  function remember() {
    const middle = rowAt(view.height / 2) - 0.5, place = new URLSearchParams({ section: section.id });
    if (view.focus !== null) place.set("track", section.tracks[view.focus].id);
    if (view.curve) place.set("curve", view.curve);
    place.set(section.anchors.length > 1 ? "depth" : "row", (section.anchors.length > 1 ? depthOfRow(section, middle) : section.scan_row + middle * section.pace).toFixed(2));
    place.set("zoom", view.zoom.toFixed(3));
    clearTimeout(remember.later);
    remember.later = setTimeout(() => { try { history.replaceState(null, "", "#" + place); } catch (error) { remember.later = 0; } }, 300);
  }

  function recall() {
    const place = new URLSearchParams(location.hash.slice(1));
    const wanted = sections.find((s) => s.id === place.get("section"));
    openSection(wanted || sections[0]);
    if (stage.clientWidth < NARROW && shownTracks().length > 2) focusTrack(shownTracks()[0].index);
    const track = section.tracks.findIndex((t) => t.id === place.get("track"));
    if (track >= 0) focusTrack(track);
    const zoom = parseFloat(place.get("zoom")), at = parseFloat(place.get("depth") || place.get("row"));
    const before = view.curve;
    view.curve = track >= 0 ? place.get("curve") || "" : "";
    if (view.curve !== before && document.body.classList.contains("framed")) build();
    doubtAt = -1;
    if (zoom > 0 || view.curve) { view.zoom = zoom || 0; settle(); }
    if (isFinite(at)) goTo(at);
    showStretch(parseFloat(place.get("from")), parseFloat(place.get("to")));
  }

  /* A stretch at a zoom at which its ink can be read: whole if it is short, else from its first row on. */
  function showStretch(from, to) {
    view.stretch = null;
    if (!isFinite(from) || !isFinite(to) || section.anchors.length < 2) return;
    const first = rowOfDepth(section, from), last = rowOfDepth(section, to), pad = Math.max(0.3 * (last - first), 40);
    view.stretch = [first, last];
    const strip = panels.find((p) => p.kind === "strip" && p.track.strip), whole = strip ? strip.width / strip.track.strip.cols : 1;
    view.zoom = clamp(view.height / (last - first + 2 * pad), Math.max(READABLE, fitZoom()), Math.max(whole, READABLE));
    view.top = Math.max(first - pad, (first + last) / 2 - view.height / view.zoom / 2 - Math.max(0, (last - first + 2 * pad - view.height / view.zoom) / 2));
    centreCurve((first + last) / 2);
    settle();
    setCursor(clamp(yOfRow((first + last) / 2), 0, view.height));
  }

  function drawStretch(ctx, width) {
    if (!view.stretch) return;
    const [y0, y1] = view.stretch.map(yOfRow);
    ctx.fillStyle = "rgba(230,159,0,0.13)";
    ctx.fillRect(0, y0, width, Math.max(y1 - y0, 2));
    ctx.fillStyle = "#b87700";
    ctx.fillRect(0, y0 - 1, width, 1.5);
    ctx.fillRect(0, y1, width, 1.5);
  }

  function listen() {
    stage.addEventListener("pointerdown", pointerDown);
    stage.addEventListener("pointermove", pointerMove);
    for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, pointerUp);
    stage.addEventListener("wheel", wheel, { passive: false });
    stage.addEventListener("keydown", key);
    byId("in").addEventListener("click", () => zoomBy(1.5));
    byId("out").addEventListener("click", () => zoomBy(1 / 1.5));
    byId("fit").addEventListener("click", () => { view.zoom = 0; settle(); });
    byId("one").addEventListener("click", () => zoomBy(1 / view.zoom));
    byId("pixels").addEventListener("click", () => zoomBy(8 / view.zoom));
    byId("ink").addEventListener("input", settle);
    byId("curves-shown").addEventListener("change", settle);
    byId("goto").addEventListener("change", (event) => goTo(parseFloat(event.target.value.replace(",", "."))));
    let wide = innerWidth, tall = innerHeight;
    addEventListener("resize", () => { if (innerWidth !== wide || Math.abs(innerHeight - tall) > 80) { wide = innerWidth; tall = innerHeight; build(); } });
    addEventListener("hashchange", recall);
  }

  function prepare(data) {
    sections = data.sections.filter((s) => s.tracks.length);
    for (const each of sections)
      each.tracks.forEach((track, index) => track.curves.forEach((curve, k) => {
        curve.colour = COLOURS[k % COLOURS.length];
        unpack(curve, each);
        doubt.push(...doubtful(each, index, curve));
      }));
  }

  window.veernetWell = (data) => {
    document.body.classList.toggle("framed", window.parent !== window);
    prepare(data);
    listDoubt();
    if (!sections.length) return;
    byId("viewer").hidden = false;
    listen();
    recall();
    document.body.dataset.ready = "yes";
  };
})();
