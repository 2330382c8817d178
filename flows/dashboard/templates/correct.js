"use strict";
/* What clicks and keys on the scan do, and how a correction is saved. */
(function () {
  const doc = window.veernetDesk, view = window.veernetView, panel = window.veernetPanel, make = panel.make;
  const served = window.veernetServed || {};
  const byId = (id) => document.getElementById(id), query = new URLSearchParams(location.search);
  const TOOLS = [["move", "v", "Move"], ["depth", "d", "Depth"], ["border", "b", "Borders"], ["track", "t", "Track"], ["scale", "s", "Scale"],
    ["section", "x", "Section"], ["colour", "k", "Colour"], ["points", "p", "Points"], ["redraw", "r", "Redraw"], ["swap", "w", "Swap"], ["null", "n", "No values"]];
  const HINTS = { move: "Drag to move, wheel to zoom.", depth: "Click a depth line, then type its depth. ", border: "Drag a blue border; with Shift only near this row. ", track: "Drag from the left to the right border of the new track.",
    scale: "Draw a box round a printed scale, then type what it says.", section: "Click the first row of the section, then its last one (or drag); Page Down moves on. With Shift a new section is begun.", colour: "Choose a curve in the list, then click its pen.",
    points: "Choose a curve, then click places it goes through (they snap to ink).", redraw: "Choose a curve, click along it from the top down, then press Enter.", swap: "Choose one of two curves that changed places, then click where they did.", null: "Choose a curve, then click the first and the last row that must have no values (or drag)." };
  let tool = "move", state = null, drag = null, path = [], firstRow = null;

  function say(words, kind, ...buttons) { byId("message").className = kind || ""; byId("message").replaceChildren(words, ...buttons); }
  const doing = (words) => { byId("state").textContent = byId("state").title = words; };
  const refuse = (words) => say(words, "bad");
  panel.refuse = refuse;
  async function ask(where, body) {
    const answer = await fetch(where, body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json", "X-Veernet": "1" }, body: JSON.stringify(body) });
    const said = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(said.message + " " + (said.remedy || "")), { code: said.code });
    return said;
  }
  const lines = window.veernetConfirm;
  const change = (what, act) => { try { doc.change(what, act); say(""); return true; } catch (error) { refuse(error.message); return false; } };
  const height = () => view.page.height;

  /* ---- tools ---- */
  function choose(name) {
    tool = name; path = []; firstRow = null; view.draft = null; closeAsk();
    for (const node of byId("tools").children) node.setAttribute("aria-pressed", String(node.dataset.tool === name));
    view.viewer.setMouseNavEnabled(true);
    view.viewer.panHorizontal = view.viewer.panVertical = !["border", "track", "scale", "section", "null"].includes(name);
    hint();
    view.draw();
  }
  const hint = () => say(HINTS[tool], "", ...(["border", "depth"].includes(tool) ? [make("button", { type: "button", id: "snap", "aria-pressed": String(snaps()), title: "A border or a depth within a few pixels of a printed line is put onto it", onclick: toggleSnap }, "Snap to printed lines: " + (snaps() ? "on " : "off "), make("kbd", {}, "m"))] : []));
  const SNAP = "veernet-snap-off";
  function snaps() { try { return localStorage.getItem(SNAP) === null; } catch (error) { return true; } }
  function toggleSnap() {
    try { if (snaps()) localStorage.setItem(SNAP, "1"); else localStorage.removeItem(SNAP); } catch (error) { /* storage may be off */ }
    hint();
  }
  function sectionFor(row) {
    const s = doc.sectionAt(doc.value, row, height());
    return s >= 0 ? s : panel.chosen.section < doc.value.sections.length ? panel.chosen.section : doc.value.sections.length - 1;
  }
  function curveOf(value) {
    const at = panel.chosen, track = value.sections[at.section] && (value.sections[at.section].tracks || [])[at.track];
    return track && (track.curves || [])[at.curve];
  }
  function needCurve() {
    if (curveOf(doc.value)) return true;
    refuse("Choose the curve in the list first.");
    return false;
  }
  function nearestBorder(row, col) {
    const s = doc.sectionAt(doc.value, row, height());
    if (s < 0) return null;
    let best = null;
    (doc.value.sections[s].tracks || []).forEach((track, t) => ["left_px", "right_px"].forEach((side) => {
      const away = Math.abs(doc.at(track[side], row) - col) / view.pxPerScreen();
      if (away < 9 && (!best || away < best.away)) best = { s, t, side, away, from: track[side] };
    }));
    return best;
  }

  function openAsk(x, y, title, fields, done) {
    const inputs = {};
    byId("ask").replaceChildren(make("b", {}, title), ...fields.map(([key, label, kind, value, values]) => {
      inputs[key] = values ? make("select", { name: key }, values.map((v) => make("option", { value: v }, v))) : make("input", { name: key, type: kind, step: "any", value: value === undefined ? "" : value });
      if (values && value) inputs[key].value = value;
      return make("label", {}, label + " ", inputs[key]);
    }), make("div", { class: "row" }, make("button", { type: "submit" }, "Set"), make("button", { type: "button", onclick: closeAsk }, "Cancel")));
    byId("ask").hidden = false;
    byId("ask").style.left = Math.max(8, Math.min(innerWidth - 350, x + 14)) + "px";
    byId("ask").style.top = Math.max(8, Math.min(innerHeight - 60 - 30 * fields.length, y + 10)) + "px";
    byId("ask").onsubmit = (event) => { event.preventDefault(); if (done(Object.fromEntries(Object.entries(inputs).map(([k, n]) => [k, n.value]))) !== false) closeAsk(); };
    const first = Object.values(inputs)[0];
    first.focus();
    // the picture takes the focus once the click is over
    setTimeout(() => { if (!byId("ask").hidden && !byId("ask").contains(document.activeElement)) first.focus(); }, 0);
  }
  function closeAsk() { byId("ask").hidden = true; byId("ask").replaceChildren(); if (tool !== "redraw") { view.draft = null; if (view.viewer) view.draw(); } }

  async function follow(points, reach) { return (await ask("/api/correct/follow", { log_id: state.log_id, turn: state.page.turn, points, reach: (reach || 14) * Math.max(1, view.pxPerScreen()) })).path; }

  async function click(x, y) {
    const [row, col] = view.scanAt(x, y);
    if (row < 0 || row >= height() || lines.takes(row, col, x, y)) return;
    if (tool === "depth") {
      const s = sectionFor(row);
      if (s < 0) return refuse("Set the section's rows first: choose the section tool and drag.");
      await depthAsked(x, y, s, row, col);
    } else if (tool === "swap" && needCurve()) {
      swap(x, y, row);
    } else if (tool === "colour" && needCurve()) {
      const picked = await pickColour(x, y);
      change("colour of " + curveOf(doc.value).mnemonic, (next) => { curveOf(next).colour = picked; if (!doc.isGuess(curveOf(next))) doc.confirm(curveOf(next)); });
    } else if (tool === "points" && needCurve()) {
      try {
        const [point] = await follow([[row, col]]);
        change("point on " + curveOf(doc.value).mnemonic, (next) => { const curve = curveOf(next); curve.points = [...(curve.points || []), point.map((v) => Math.round(v * 10) / 10)].sort((a, b) => a[0] - b[0]); });
      } catch (error) { refuse(error.message); }
    } else if (tool === "redraw" && needCurve()) {
      if (path.length && row - path[path.length - 1][0] < 1) return refuse("Click from the top down: this point lies above the last one, or in its row.");
      path.push([row, col]);
      view.draft = path.length > 1 ? path : [[row, col - 6], [row, col + 6]]; view.draw();
      say(path.length + " points. Enter follows the ink through them, Escape forgets them.");
    }
  }
  /* How far a depth line is printed from a click; null where none is within a few pixels. */
  async function depthLineBeside(section, row, col, tilt) {
    const spans = (section.tracks || []).map((t) => [doc.at(t.left_px, row), doc.at(t.right_px, row)]).filter(([a, b]) => b > a);
    spans.sort((p, q) => Math.max(p[0] - col, col - p[1]) - Math.max(q[0] - col, col - q[1]));
    const asked = { log_id: state.log_id, turn: state.page.turn, row, col, tilt, columns: spans[0] || [col - 150, col + 150], reach: Math.max(2, 4 * view.pxPerScreen()) };
    try { return (await ask("/api/correct/depth-line", asked)).off; } catch (error) { return null; }
  }
  /* A depth is kept for the row at which its line meets the middle of the depth column, wherever it was clicked. */
  async function depthAsked(x, y, s, clicked, col) {
    const section = doc.value.sections[s], tilt = doc.tilt(section), off = snaps() ? await depthLineBeside(section, clicked, col, tilt) : null;
    const row = Math.round(10 * (clicked + (off || 0) - tilt * (col - view.middleOf(section, clicked)))) / 10;
    const near = doc.ownAnchors(section.depth || {}).find(([r]) => Math.abs(r - row) < 3);
    if (near) return refuse("A depth is set in this row already (" + near[1] + "). Click another depth line, or correct that depth in the list.");
    view.draft = view.depthLine(section, row); view.draw();
    openAsk(x, y, "Depth at row " + Math.round(row) + (off === null ? "" : ", on its line"), [["depth", "depth", "number"], ["unit", "unit", "", (section.depth || {}).unit || "ft", ["ft", "m"]]], (said) => {
      if (said.depth === "") { refuse("Type the depth that is printed at this line."); return false; }
      const done = change("depth set", (next) => { next.sections[s].depth = { ...(next.sections[s].depth || {}), unit: said.unit }; doc.addAnchor(next.sections[s], row, Number(said.depth)); });
      const set = doc.ownAnchors(doc.value.sections[s].depth || {}).length;
      if (done) say(set < 2 ? "One depth is set. Click another depth line, far from this one. " : set + " depths are set. " + (lines.open().length ? "c shows the suggestions that are left; " : "") + "Save digitises the log with them.", set < 2 ? "" : "good");
      return done;
    });
  }
  /* Two curves in each other's places, from the row that was clicked down or to a depth: a change as any other. */
  function swap(x, y, row) {
    const at = panel.chosen, section = doc.value.sections[at.section], track = section.tracks[at.track], own = curveOf(doc.value).mnemonic;
    const traced = view.traces.filter((t) => t.section_id === section.section_id && t.track_id === track.track_id).map((t) => t.mnemonic), others = traced.filter((name) => name !== own);
    if (!traced.includes(own) || !others.length) return refuse("Two traced curves of one track can change places; " + (traced.includes(own) ? "no other curve of this track is traced." : own + " is not traced yet: save first."));
    const anchors = (section.depth || {}).anchors || [], depth = Math.round(100 * doc.at(anchors, row)) / 100;
    view.draft = [[row, 0], [row, view.page.width]]; view.draw();
    openAsk(x, y, own + " changed places", [["other", "with", "", others[0], others], ["depth", "from depth", "number", depth], ["to", "to depth (empty: to the foot)", "number", ""]], (said) => {
      if (said.depth === "") { refuse("Type the depth from which on the two are in each other's places."); return false; }
      if (said.to !== "" && Number(said.to) <= Number(said.depth)) { refuse("The last depth lies above the first: type the upper one first."); return false; }
      let sidecar;
      try { sidecar = doc.forServer(); } catch (error) { refuse(error.message); return false; }
      const wanted = { log_id: state.log_id, sidecar, section_id: section.section_id, track_id: track.track_id, mnemonic: own, other: said.other, depth: Number(said.depth), ...(said.to === "" ? {} : { depth_to: Number(said.to) }) };
      ask("/api/correct/exchanged", wanted).then((found) => { if (change(found.note, (next) => { next.sections = found.sidecar.sections; })) say(found.note + ". Save, and the overlay shows it."); }).catch((error) => refuse(error.message));
      return true;
    });
  }
  async function finishRedraw() {
    if (path.length < 2) return refuse("Click two or more places on the curve first.");
    const drawn = path.slice(); path = [];
    try {
      const found = await follow(drawn);
      change("stretch of " + curveOf(doc.value).mnemonic + " redrawn", (next) => { curveOf(next).redrawn = found; });
    } catch (error) { refuse(error.message); }
    view.draft = null; view.draw();
  }
  function pickColour(x, y) {
    const canvas = document.querySelector("#scan canvas"), box = canvas.getBoundingClientRect(), k = canvas.width / box.width;
    const side = 5, small = make("canvas", { width: side, height: side }), pixels = small.getContext("2d", { willReadFrequently: true });
    pixels.drawImage(canvas, (x - box.left) * k - 2, (y - box.top) * k - 2, side, side, 0, 0, side, side);
    const data = pixels.getImageData(0, 0, side, side).data;
    let best = [0, 0, 0], most = -1;  // the pen is the pixel furthest from grey, else the darkest
    for (let i = 0; i < data.length; i += 4) {
      const [r, g, b] = data.slice(i, i + 3), vivid = Math.max(r, g, b) - Math.min(r, g, b) + (255 - Math.max(r, g, b)) / 4;
      if (vivid > most) { most = vivid; best = [r, g, b]; }
    }
    return "#" + best.map((v) => v.toString(16).padStart(2, "0")).join("");
  }

  /* ---- drags ---- */
  function begin(x, y, shift) {
    const [row, col] = view.scanAt(x, y);
    if (tool === "border") {
      const hit = nearestBorder(row, col);
      if (!hit) return refuse("No border is here: begin on a blue line.");
      drag = { ...hit, row, col, shift };
    } else if (["track", "scale", "section", "null"].includes(tool)) {
      if (tool === "null" && !needCurve()) return;
      drag = { row, col, shift };
    }
  }
  function moved(x, y) {
    if (!drag) return;
    const [row, col] = view.scanAt(x, y);
    if (tool === "border") view.draft = [[drag.row - 1e5, col], [drag.row + 1e5, col]];
    else if (tool === "section" || tool === "null") view.draft = [[drag.row, 0], [drag.row, view.page.width], [row, view.page.width], [row, 0], [drag.row, 0]];
    else view.draft = [[drag.row, drag.col], [drag.row, col], [row, col], [row, drag.col], [drag.row, drag.col]];
    view.draw();
  }
  /* Two clicks give a range of rows: what is too tall for the window cannot be dragged over. */
  function rowClicked(x, y) {
    if (firstRow) { drag = firstRow; firstRow = null; end(x, y); return; }
    firstRow = drag; drag = null;
    view.draft = [[firstRow.row, 0], [firstRow.row, view.page.width]];
    view.draw();
    say("First row " + Math.round(firstRow.row) + ". Now click the last row; Escape forgets it.");
  }
  function end(x, y) {
    if (!drag) return;
    const [row, col] = view.scanAt(x, y), began = drag;
    drag = null; view.draft = null;
    const [top, bottom] = [Math.min(began.row, row), Math.max(began.row, row)].map((v) => Math.round(Math.max(0, Math.min(height(), v)))), [left, right] = [Math.min(began.col, col), Math.max(began.col, col)].map((v) => Math.round(v * 10) / 10);
    if (tool === "border") moveBorder(began, row, col);
    else if (tool === "track" && right - left > 8) {
      const s = sectionFor(began.row);
      if (s < 0) return refuse("Set the section's rows first: choose the section tool and drag.");
      change("track added", (next) => {
        const section = next.sections[s];
        section.tracks = [...(section.tracks || []), { track_id: doc.freeName("T", (section.tracks || []).map((t) => t.track_id)), left_px: left, right_px: right, curves: [] }];
        doc.checkBorders(section, height(), doc.value.sections[s]);
      });
    } else if (tool === "section" && bottom - top > 2) {
      change("rows of section", (next) => {
        const s = began.shift || !next.sections.length ? -1 : panel.chosen.section;
        if (s >= 0 && next.sections[s]) Object.assign(next.sections[s], { row_top: top, row_bottom: bottom });
        else next.sections.push({ section_id: doc.freeName("S", next.sections.map((q) => q.section_id)), row_top: top, row_bottom: bottom, tracks: [] });
      });
    } else if (tool === "null" && bottom > top) {
      change("no values from row " + top + " to " + bottom, (next) => { const curve = curveOf(next); curve.null_rows = [...(curve.null_rows || []), [top, bottom]].sort((a, b) => a[0] - b[0]); });
    } else if (tool === "scale" && right - left > 4) scaleBox(x, y, (top + bottom) / 2, left, right);
    view.draw();
  }
  /* A border let go at a place, put onto the printed line that is within a few pixels of it. */
  async function moveBorder(began, row, col) {
    const before = doc.value.sections[began.s], own = before.tracks[began.t], rows = doc.rows(before, height()), knots = own[began.side];
    const width = doc.at(own.right_px, began.row) - doc.at(own.left_px, began.row), reach = Math.max(3, Math.min(6 * view.pxPerScreen(), 0.03 * width));
    const asked = began.shift ? { border: col, rows: [Math.max(rows[0], began.row - 150), Math.min(rows[1], began.row + 150)] } : { border: doc.shifted(knots, col - began.col), rows };
    let off = null;
    if (snaps()) try { ({ off } = await ask("/api/correct/line", { log_id: state.log_id, turn: state.page.turn, reach, ...asked })); } catch (error) { off = null; }
    const to = Math.round((col + (off || 0)) * 10) / 10;
    const done = change("border of " + own.track_id, (next) => {
      const section = next.sections[began.s], track = section.tracks[began.t];
      if (began.shift) {
        const list = typeof knots === "number" ? [[rows[0], knots], [rows[1], knots]] : knots.slice();
        track[began.side] = [...list.filter(([r]) => Math.abs(r - began.row) > 20), [Math.round(began.row), to]].sort((p, q) => p[0] - q[0]);
      } else track[began.side] = doc.shifted(knots, to - began.col);
      delete track.borders_confirmed;
      doc.checkBorders(section, height(), doc.value.sections[began.s]);
    });
    document.documentElement.dataset.borders = String(Number(document.documentElement.dataset.borders || 0) + 1);
    if (done) say(off === null ? (snaps() ? "The border stands where it was let go: no printed line is within a few pixels. " : "The border stands where it was let go. ") : "The border lies on the printed line, " + Math.abs(off).toFixed(1) + " px " + (off < 0 ? "left" : "right") + " of where it was let go. ");
  }
  function scaleBox(x, y, row, left, right) {
    const s = sectionFor(row), section = doc.value.sections[s];
    if (!section || !(section.tracks || []).length) return refuse("Add the track first: its scale belongs to it.");
    const rows = doc.rows(section, height()), at = Math.max(rows[0], Math.min(rows[1], row));
    const shared = section.tracks.map((t) => Math.min(right, doc.at(t.right_px, at)) - Math.max(left, doc.at(t.left_px, at)));
    const t = shared.indexOf(Math.max(...shared));
    if (!(shared[t] > 0)) return refuse("The box lies over no track.");
    const own = section.tracks[t].curves || [], guess = own.find((c) => c.source && c.source !== "sidecar") || {};
    const unread = guess.mnemonic === "UNREAD" ? {} : guess;
    openAsk(x, y, "Scale in track " + section.tracks[t].track_id, [["mnemonic", "name", "text", unread.mnemonic], ["unit", "unit", "text", unread.unit], ["left", "at the left", "number", unread.left], ["right", "at the right", "number", unread.right],
      ["scale", "scale", "", unread.scale || "linear", ["linear", "log"]], ["style", "line", "", unread.style || "solid", ["solid", "dashed", "dotted"]], ["wrap", "wraps", "", unread.wrap || "none", ["none", "one", "all"]]], (said) => {
      let values;
      try { values = lines.checked(Object.fromEntries(Object.entries(said).map(([k, v]) => [k, v.trim()])), []); } catch (error) { refuse(error.message); return false; }
      const name = values.mnemonic, several = own.length > 1 || view.traces.some((q) => q.section_id === section.section_id && q.track_id === section.tracks[t].track_id) || (own.length === 1 && own[0].mnemonic !== name && own[0].mnemonic !== "UNREAD");
      const done = change("scale of " + name, (next) => {
        // where more than one line may be meant, the scale stays a suggestion until a person has said which
        const track = next.sections[s].tracks[t], curve = { ...values, ...(several ? { source: "guess" } : {}) };
        const k = (track.curves || []).findIndex((c) => c.mnemonic === name || c.mnemonic === "UNREAD");
        track.curves = track.curves || [];
        if (k >= 0) track.curves[k] = { ...curve, ...(track.curves[k].colour ? { colour: track.curves[k].colour } : {}) }; else track.curves.push(curve);
        panel.chosen = { section: s, track: t, curve: k >= 0 ? k : track.curves.length - 1 };
      });
      if (done && several) setTimeout(() => lines.ask(panel.chosen), 0);  // once this question is closed
      return done;
    });
  }

  /* A turned page has other rows and columns: what was set on it is taken off, and undo brings it back. */
  function turn() {
    change("page turned", (next) => { next.turn_deg = ((next.turn_deg || 0) + 90) % 360; if (!next.turn_deg) delete next.turn_deg; next.sections = []; });
    say("The page is turned; its sections are taken off, since they were set on the page as it stood. Undo brings both back.");
  }
  function turnedPage() {
    const wanted = doc.value.turn_deg || 0, page = view.page;
    if (!page || wanted === page.turn) return;
    const across = (wanted - page.turn) % 180 !== 0;
    state.page = { ...page, turn: wanted, width: across ? page.height : page.width, height: across ? page.width : page.height };
    view.open({ ...state, traces: wanted === state.turned ? state.traces : [] });
  }

  /* ---- saving ---- */
  function askName(then) {
    say("A correction is kept with the name of who made it.");
    openAsk(innerWidth / 2 - 170, 120, "Who are you?", [["name", "your name", "text"]], (said) => {
      if (!said.name.trim()) { refuse("Type your name: a correction is kept with it."); return false; }
      window.veernetReviewer.set(said.name.trim());
      setTimeout(then, 0);  // once the question is closed
      return true;
    });
  }
  async function save(sidecar, note) {
    const reviewer = window.veernetReviewer.name();
    if (served.decide === false) { refuse("You came in with the readers' token: you can look, not save. Ask for a token of your own."); return; }
    if (!reviewer) { askName(() => save(sidecar, note)); return; }
    try {
      const sent = sidecar || doc.forServer();
      const said = await ask("/api/correct", { log_id: state.log_id, sidecar: sent, version: doc.begunFrom === undefined ? doc.version : doc.begunFrom, reviewer, note: note || doc.summary() });
      if (said.stale) { chooseOne(said.stale, said.state, () => save(sidecar, note)); return; }
      say("Being digitised again…", "good");
      await settle(said.edit, () => save(sidecar, note));
    } catch (error) { refuse(error.message); }
  }
  /* Somebody else saved the log: nothing of either is lost until a person has chosen. */
  function chooseOne(words, theirs, again) {
    say(words, "bad", make("button", { type: "button", onclick: () => { doc.version = theirs.version; doc.begunFrom = undefined; again(); } }, "Save mine over it"),
      make("button", { type: "button", onclick: () => { doc.discard(theirs); doc.begunFrom = undefined; show(theirs); say("This is the other person's state.", "good"); } }, "Take theirs, drop mine"));
  }
  async function settle(edit, again) {
    byId("save").disabled = true;
    let work = await ask("/api/work");
    while (work.busy || work.waiting) {
      doing(work.busy + "…");
      await new Promise((done) => setTimeout(done, 500));
      work = await ask("/api/work");
    }
    byId("save").disabled = false;
    doing("");
    const trouble = work.troubles[work.troubles.length - 1], fresh = await ask("/api/correct/state?log_id=" + encodeURIComponent(state.log_id));
    const mine = (fresh.sidecar.edited || []).some((e) => ["who", "when", "what"].every((key) => e[key] === edit[key]));
    if (!mine && fresh.version !== state.version) return chooseOne("Somebody saved the log while yours was waiting; your work is kept here.", fresh, again);
    if (!mine) return refuse("It could not be digitised so; your work is kept here. " + (trouble || ""));
    doc.discard(fresh);
    doc.begunFrom = undefined;
    show(fresh, true);
    const by = (decision) => fresh.curves.filter((c) => c.decision === decision).length;
    const need = veernetOpening.first(fresh), off = fresh.findings.filter((f) => f.code === "borders_off").map((f) => f.message);
    say(fresh.curves.length + (fresh.curves.length === 1 ? " curve: " : " curves: ") + by("accept") + " accepted, " + by("review") + " for review, " + by("reject") + " rejected." + (off.length ? " But look at the borders again: " + off.join("; ") + "." : ""), off.length ? "bad" : "good",
      ...(need.words ? [make("button", { type: "button", id: "next-need", title: need.words, onclick: () => goTo(need) }, "Next: what is left to do")] : []));
    document.documentElement.dataset.saved = fresh.version;
  }
  function show(fresh, keepView) {
    state = panel.state = fresh;
    state.turned = fresh.page.turn;
    byId("title").textContent = "Correct " + fresh.title;
    document.title = "veernet: correct " + fresh.log_id;
    byId("to-log").href = "/dashboard/logs/" + encodeURIComponent(fresh.log_id) + "/index.html";
    byId("back").disabled = !fresh.history.length || fresh.history[fresh.history.length - 1].before === null;
    if (!keepView) view.open(fresh); else { view.traces = fresh.traces; view.references = fresh.references || {}; view.draw(); }
    panel.draw();
  }
  function refresh() {
    if (view.viewer) turnedPage();
    lines.check();
    const open = panel.state ? lines.open().length : 0;
    byId("confirm").disabled = !open;
    byId("confirm").firstChild.textContent = open ? "Confirm " + open + (open === 1 ? " suggestion " : " suggestions ") : "No suggestions ";
    byId("undo").disabled = !doc.done.length; byId("redo").disabled = !doc.undone.length;
    document.documentElement.dataset.changed = doc.changed() ? "1" : "0";
    panel.draw();
    if (view.viewer) view.draw();
  }

  /* ---- wiring ---- */
  byId("tools").append(...TOOLS.map(([name, key, words]) => make("button", { type: "button", "data-tool": name, "aria-pressed": "false", title: HINTS[name] + " (" + key + ")", onclick: () => choose(name) }, words, " ", make("kbd", {}, key))));
  byId("turn").addEventListener("click", turn);
  byId("undo").addEventListener("click", doc.undo);
  byId("redo").addEventListener("click", doc.redo);
  lines.use({ say, refuse, change, choose, follow, pickColour, settled: () => {
    if (lines.open().length) return goTo(veernetOpening.first(state));
    const need = veernetOpening.first(state);
    return say(need.blocks && need.words ? need.words : "Nothing is left to confirm: Save digitises the log with it.", need.blocks ? "" : "good");
  } });
  byId("confirm").addEventListener("click", () => lines.next());
  byId("save").addEventListener("click", () => save());
  byId("back").addEventListener("click", () => { const last = state.history[state.history.length - 1]; save(JSON.parse(last.before), "undone: " + last.what); });
  const scan = byId("scan");
  let down = null;
  scan.addEventListener("pointerdown", (event) => { if (event.button) return; down = [event.clientX, event.clientY]; begin(event.clientX, event.clientY, event.shiftKey); }, true);
  addEventListener("pointermove", (event) => moved(event.clientX, event.clientY), true);
  addEventListener("pointerup", (event) => {
    if (!down) return;
    const still = Math.hypot(event.clientX - down[0], event.clientY - down[1]) < 5;
    down = null;
    if (drag && still && (tool === "section" || tool === "null")) rowClicked(event.clientX, event.clientY);
    else if (drag) end(event.clientX, event.clientY);
    else if (still) click(event.clientX, event.clientY);
  }, true);
  addEventListener("keydown", (event) => {
    const field = event.target instanceof Element && event.target.closest("input, select, textarea");
    if (event.key === "Escape") { path = []; firstRow = null; closeAsk(); view.draft = null; view.draw(); if (field) field.blur(); return; }
    if (field) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "z") { event.preventDefault(); doc.undo(); return; }
    if ((event.ctrlKey || event.metaKey) && event.key === "y") { event.preventDefault(); doc.redo(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const named = TOOLS.find(([, key]) => key === event.key);
    if (named) choose(named[0]);
    else if (["PageDown", "PageUp", "Home", "End"].includes(event.key)) { event.preventDefault(); view.page && scroll(event.key); }
    else if (event.key === "c") { event.preventDefault(); byId("confirm").click(); }
    else if (event.key === "m" && ["border", "depth"].includes(tool)) toggleSnap();
    else if (event.key === "Enter" && tool === "redraw") finishRedraw();
  });
  function scroll(key) {
    const box = scan.getBoundingClientRect(), [top] = view.scanAt(box.left, box.top), [bottom] = view.scanAt(box.left, box.bottom);
    const tall = bottom - top, to = key === "Home" ? 0 : key === "End" ? height() - tall : Math.max(0, Math.min(height() - tall / 2, top + (key === "PageDown" ? 0.9 : -0.9) * tall));
    view.scrollTo(to);
  }
  doc.listeners.push(refresh);

  /* Go where something is to be done, with its tool and words. */
  function goTo(need) {
    panel.choose(need.at);
    choose(need.tool);
    if (need.words) say(need.words);
    veernetOpening.show(need);
  }

  /* The curve that the address names is chosen; gives the scan row of its depth. */
  function chooseAsked(fresh) {
    const section = fresh.sidecar.sections.findIndex((s) => s.section_id === query.get("section"));
    if (section < 0) return NaN;
    const own = fresh.sidecar.sections[section], track = (own.tracks || []).findIndex((t) => t.track_id === query.get("track"));
    const curve = track < 0 ? -1 : (own.tracks[track].curves || []).findIndex((c) => c.mnemonic === query.get("curve"));
    panel.choose({ section, track, curve });
    const anchors = (own.depth && own.depth.anchors) || [], depth = query.get("depth") ? Number(query.get("depth")) : NaN;
    return anchors.length > 1 ? doc.at(anchors.map(([row, value]) => [value, row]), depth) : NaN;
  }

  function sayKept(kept, fresh) {
    say("Your unsaved work of " + kept.when.slice(0, 16).replace("T", " ") + " is here again." + (kept.version !== fresh.version ? " Somebody saved the log since: saving will ask." : ""), "good",
      make("button", { type: "button", onclick: () => { doc.discard(state); doc.begunFrom = undefined; say("Dropped."); } }, "Drop it"));
  }

  async function start() {
    let logId = query.get("log");
    if (!logId && query.get("scan")) logId = (await ask("/api/correct/failed?uri=" + encodeURIComponent(query.get("scan")))).log_id;
    const fresh = await ask("/api/correct/state?log_id=" + encodeURIComponent(logId || ""));
    state = panel.state = fresh;
    const kept = doc.load(fresh);
    show(fresh);
    const named = chooseAsked(fresh), asked = query.get("row") ? Number(query.get("row")) : named;
    refresh();
    view.viewer.addOnceHandler("open", () => {
      const wanted = TOOLS.some(([name]) => name === query.get("tool")) ? query.get("tool") : "";
      if (isFinite(asked)) { view.goTo(asked); choose(wanted || "move"); }
      else goTo(veernetOpening.first(fresh, wanted));
      if (kept) sayKept(kept, fresh);
      document.documentElement.dataset.ready = "1";
    });
    if (served.decide === false) return;
    if (doc.lacks() && !fresh.whole) await suggest(fresh);
    else document.documentElement.dataset.suggested = "1";
    if (!fresh.sidecar.sections.length) return;  // what is set first changes all of it, and a turn must not wait
    // what does not change is computed while the person is at work, so that a save takes seconds
    const warm = await ask("/api/correct/warm", { log_id: fresh.log_id }).catch(() => ({}));
    if (warm.begun) await whileBusy(fresh.log_id);
  }
  /* The page is read for what the log lacks; what a person has set in the meantime stays. */
  async function suggest(fresh) {
    doing("reading the page for suggestions…");
    try {
      const found = await ask("/api/correct/suggest", { log_id: fresh.log_id });
      if (doc.suggest(found) && !doc.done.length) { const need = veernetOpening.first(fresh, tool); if (need.words) say(need.words); }
    } catch (error) { say("The page could not be read for suggestions: " + error.message); }
    doing("");
    document.documentElement.dataset.suggested = "1";
  }
  async function whileBusy(logId) {
    for (let k = 0; k < 900; k++) {
      const { busy } = await ask("/api/correct/ready?log_id=" + encodeURIComponent(logId)).catch(() => ({}));
      if (byId("save").disabled) return;
      doing(busy ? "getting ready: the page is read once, then a save takes seconds…" : "");
      if (!busy) return;
      await new Promise((done) => setTimeout(done, 1500));
    }
  }
  /* What is wrong with the address, and where to go. */
  function lost(error) {
    refuse(error.message);
    const link = (href, words) => make("p", {}, make("a", { href }, words));
    scan.replaceChildren(make("div", { class: "empty" }, make("h2", {}, "There is nothing to correct here"), make("p", {}, make("bdi", {}, error.message)), link("/review?which=stuck", "Logs that are to be corrected"), link("/review", "The review"), link("/dashboard/index.html", "All logs")));
    for (const node of document.querySelectorAll(".bar button, #back")) node.disabled = true;
  }
  start().catch(lost);
})();
