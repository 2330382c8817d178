"use strict";
/* The sidecar that is being corrected: changes with undo, kept in the browser until they are saved. */
window.veernetDesk = (function () {
  const MOST = 60;
  const copy = (value) => JSON.parse(JSON.stringify(value));
  const doc = { value: { sections: [] }, version: "", logId: "", listeners: [], done: [], undone: [], notes: [], saved: "" };
  const key = () => "veernet.correct." + doc.logId;

  function keep() {
    try {
      if (doc.changed()) localStorage.setItem(key(), JSON.stringify({ version: doc.version, value: doc.value, done: doc.done, notes: doc.notes, when: new Date().toISOString() }));
      else localStorage.removeItem(key());
    } catch (error) { doc.full = true; }
  }
  function tell() { keep(); doc.listeners.forEach((listen) => listen()); }

  doc.changed = () => JSON.stringify(doc.value) !== doc.saved;
  doc.load = (state) => {
    Object.assign(doc, { logId: state.log_id, version: state.version, value: copy(state.sidecar), saved: JSON.stringify(state.sidecar), done: [], undone: [], notes: [] });
    doc.value.sections = doc.value.sections || [];
    doc.saved = JSON.stringify(doc.value);
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(key()) || "null"); } catch (error) { kept = null; }
    if (kept && kept.value) Object.assign(doc, { value: kept.value, done: kept.done || [], notes: kept.notes || [], begunFrom: kept.version });
    doc.listeners.forEach((listen) => listen());
    return kept && kept.value ? kept : null;
  };
  doc.discard = (state) => { localStorage.removeItem("veernet.correct." + state.log_id); doc.load(state); };
  /* One change; ``change`` gets a copy and throws an Error to refuse. */
  doc.change = (what, change) => {
    const next = copy(doc.value);
    change(next);
    doc.done = [...doc.done.slice(1 - MOST), doc.value];
    doc.undone = [];
    doc.notes = [...doc.notes, what].slice(-MOST);
    doc.value = next;
    tell();
  };
  doc.undo = () => { if (!doc.done.length) return; doc.undone.push(doc.value); doc.value = doc.done.pop(); doc.notes.pop(); tell(); };
  doc.redo = () => { if (!doc.undone.length) return; doc.done.push(doc.value); doc.value = doc.undone.pop(); tell(); };
  doc.summary = () => [...new Set(doc.notes)].join("; ").slice(0, 1000);

  /* ---- geometry of a sidecar: borders are a number or [row, px] knots ---- */
  doc.at = (border, row) => {
    if (typeof border === "number") return border;
    if (!Array.isArray(border) || !border.length) return NaN;
    if (row <= border[0][0]) return border[0][1];
    for (let i = 1; i < border.length; i++) {
      const [r0, x0] = border[i - 1], [r1, x1] = border[i];
      if (row <= r1) return x0 + (x1 - x0) * (row - r0) / (r1 - r0);
    }
    return border[border.length - 1][1];
  };
  doc.shifted = (border, dx) => typeof border === "number" ? Math.round((border + dx) * 100) / 100 : border.map(([row, px]) => [row, Math.round((px + dx) * 100) / 100]);
  /* Rows that depth lines fall per column: they stand square on the borders. */
  doc.tilt = (section) => {
    const drifts = (section.tracks || []).flatMap((t) => [t.left_px, t.right_px]).filter((b) => Array.isArray(b) && b.length > 1).map((b) => (b[b.length - 1][1] - b[0][1]) / (b[b.length - 1][0] - b[0][0])).sort((a, b) => a - b);
    return drifts.length ? -drifts[drifts.length >> 1] : 0;
  };
  doc.rows = (section, height) => [section.row_top === undefined ? 0 : section.row_top, section.row_bottom === undefined ? height : section.row_bottom];
  doc.sectionAt = (value, row, height) => value.sections.findIndex((section) => { const [a, b] = doc.rows(section, height); return row >= a && row <= b; });
  doc.trackAt = (section, row, col) => (section.tracks || []).findIndex((track) => col >= doc.at(track.left_px, row) && col <= doc.at(track.right_px, row));

  /* Share of the narrower track that two neighbours have in common; throws where a track has no width. */
  doc.overlaps = (section, height) => {
    const [top, bottom] = doc.rows(section, height), tracks = section.tracks || [], found = {};
    for (const row of [top, (top + bottom) / 2, bottom]) {
      const spans = tracks.filter((t) => t.left_px !== undefined && t.right_px !== undefined).map((t) => [doc.at(t.left_px, row), doc.at(t.right_px, row), t.track_id]).sort((a, b) => a[0] - b[0]);
      spans.forEach(([left, right, name], i) => {
        if (right - left < 8) throw new Error("The right border of " + name + " must lie right of its left one.");
        const next = spans[i + 1];
        if (next) { const pair = [name, next[2]].sort().join(" and "); found[pair] = Math.max(found[pair] || 0, (right - next[0]) / Math.min(right - left, next[1] - next[0])); }
      });
    }
    return found;
  };
  /* Refuses that a change puts tracks over each other; those that lay so before may stay. */
  doc.checkBorders = (section, height, before) => {
    let known = {};
    try { known = before ? doc.overlaps(before, height) : {}; } catch (error) { known = {}; }
    for (const [pair, share] of Object.entries(doc.overlaps(section, height)))
      if (share > Math.max(0.02, (known[pair] || 0) + 0.02)) throw new Error("The border lies over another: " + pair + " would share ink. Drag it back, or move the other one first.");
  };
  const guessed = (depth) => Boolean(depth.source && depth.source !== "sidecar");
  doc.guessed = guessed;
  /* Depths of a section that a person set: all of them, but for suggestions that stand beside the first one. */
  doc.ownAnchors = (depth) => guessed(depth) ? depth.set || [] : depth.anchors || [];
  const same = (a) => (b) => a[0] === b[0] && a[1] === b[1];
  function checkGrowth(anchors) {
    for (let i = 1; i < anchors.length; i++)
      if (anchors[i][1] <= anchors[i - 1][1]) throw new Error("Depths must grow down the page: " + anchors[i - 1][1] + " lies above " + anchors[i][1] + ". Correct the number.");
  }
  /* A depth that a person set. Suggestions go once two are set, or where they contradict the first. */
  doc.addAnchor = (section, row, depth) => {
    const old = section.depth || {}, own = doc.ownAnchors(old), at = [Math.round(row * 10) / 10, depth];
    const near = own.find(([r]) => Math.abs(r - row) < 3);
    if (near) throw new Error("A depth is set in this row already (" + near[1] + "). Click another depth line, or correct that depth in the list.");
    const next = [...own, at].sort((a, b) => a[0] - b[0]);
    checkGrowth(next);
    const others = guessed(old) && next.length < 2 ? (old.anchors || []).filter((a) => !own.some(same(a)) && Math.abs(a[0] - row) >= 3 && (a[0] < row) === (a[1] < depth) && a[1] !== depth) : [];
    section.depth = { ...old, anchors: [...others, ...next].sort((a, b) => a[0] - b[0]) };
    if (others.length) section.depth.set = next;
    else for (const name of ["source", "confidence", "residual", "set"]) delete section.depth[name];
  };
  /* Another number for a depth in the list; the other ones stay as they are, suggested or set. */
  doc.setAnchor = (section, i, depth) => {
    const old = section.depth, [row] = old.anchors[i], own = doc.ownAnchors(old).filter((a) => !same(a)(old.anchors[i]));
    const anchors = old.anchors.map((a, k) => k === i ? [row, depth] : a);
    if (depth === undefined || !isFinite(depth)) throw new Error("Type the depth that is printed at this line.");
    checkGrowth(anchors);
    section.depth = { ...old, anchors };
    if (!guessed(old)) return;
    section.depth.set = [...own, [row, depth]];
    if (section.depth.set.length === anchors.length) for (const name of ["source", "confidence", "residual", "set"]) delete section.depth[name];
  };
  doc.removeAnchor = (section, i) => {
    const gone = section.depth.anchors[i];
    section.depth.anchors = section.depth.anchors.filter((a, k) => k !== i);
    if (section.depth.set) section.depth.set = section.depth.set.filter((a) => !same(a)(gone));
  };
  /* What was read with too little evidence; what was read with enough of it stands unless it is changed. */
  doc.isGuess = (item) => ["guess", "template"].includes(item.source);
  /* What a reading of the page offers for what is missing: a depth, scales, or all sections. No change of a person's. */
  doc.suggest = (offer) => {
    const untouched = !doc.changed(), next = copy(doc.value), before = JSON.stringify(next);
    if (!next.sections.length) next.sections = copy(offer.sections || []);
    else for (const section of next.sections) {
      const found = (offer.sections || []).find((s) => s.section_id === section.section_id);
      if (!found || section.skip) continue;
      if (!((section.depth || {}).anchors || []).length && ((found.depth || {}).anchors || []).length) section.depth = { ...(section.depth || {}), ...found.depth };
      for (const track of section.tracks || []) {
        const own = (found.tracks || []).find((t) => t.track_id === track.track_id);
        if (track.curves === undefined && own && (own.curves || []).length) track.curves = own.curves;
      }
    }
    if (JSON.stringify(next) === before) return false;
    doc.value = next;
    if (untouched) doc.saved = JSON.stringify(next);
    tell();
    return true;
  };
  doc.lacks = () => !doc.value.sections.length || doc.value.sections.some((section) => !section.skip && (((section.depth || {}).anchors || []).length < 2 || (section.tracks || []).some((track) => track.curves === undefined)));
  doc.confirm = (item) => { for (const name of ["source", "confidence", "residual", "set"]) delete item[name]; };
  /* What is sent: a lone anchor is no axis yet. */
  doc.forServer = () => {
    const value = copy(doc.value);
    for (const section of value.sections) if (section.depth) delete section.depth.set;  // the page's own notes
    for (const section of value.sections) if (section.depth && section.depth.anchors && section.depth.anchors.length < 2)
      throw new Error("Section " + section.section_id + " has one depth; an axis needs two or more. Click a second depth line.");
    return value;
  };
  doc.freeName = (prefix, taken) => { let k = 1; while (taken.includes(prefix + k)) k++; return prefix + k; };
  return doc;
})();
