"use strict";
/* Confirming a suggestion: the lines of its track are shown on the scan, and a person says which one it is. */
window.veernetConfirm = (function () {
  const doc = window.veernetDesk, view = window.veernetView, panel = window.veernetPanel, make = panel.make;
  const byId = (id) => document.getElementById(id);
  const SAME = 0.007;  // share of the track's width within which two traces follow one line
  const LOOKS = 60;    // rows that are tried for the place where the lines are furthest apart
  const GREY = 48;     // spread of red, green and blue below which a pen has no colour of its own
  let help = {}, asked = null, print = null, left = [];  // ``left``: what a person has left open
  const part = {};
  part.use = (given) => { help = given; };

  /* ---- what is open ---- */
  const alike = (a, b) => (a.style || "solid") === (b.style || "solid") && (a.colour || "") === (b.colour || "");
  const judged = (section, track, curve) => panel.state.curves.find((c) => c.section_id === section.section_id && c.track_id === track.track_id && c.mnemonic === curve.mnemonic);
  /* Whether it must be said which line a curve is: it may be another one of its style, or it has none. */
  function isUnnamed(section, track, curve) {
    const found = judged(section, track, curve), codes = (found && found.codes) || [];
    if ((curve.points || []).length || (curve.redrawn || []).length) return false;
    if (codes.includes("nothing_recovered")) return true;
    return codes.includes("identity_ambiguous") && !track.curves.some((other) => alike(other, curve) && (other.points || []).length);
  }
  part.open = () => doc.value.sections.flatMap((section, s) => section.skip ? [] : [
    ...(doc.isGuess(section.depth || {}) && (section.depth.anchors || []).length > 1 ? [{ kind: "depth", section: s, track: -1, curve: -1 }] : []),
    ...(section.tracks || []).flatMap((track, t) => (track.curves || []).flatMap((curve, c) => {
      const kind = doc.isGuess(curve) ? "scale" : isUnnamed(section, track, curve) ? "identity" : "";
      return kind ? [{ kind, section: s, track: t, curve: c }] : [];
    }))]);

  /* ---- the lines of a track ---- */
  const points = (trace) => trace.path.filter(Boolean);
  function pxAt(line, row) {
    let low = 0, high = line.length - 1;
    while (high - low > 1) { const mid = (low + high) >> 1; if (line[mid][0] <= row) low = mid; else high = mid; }
    const near = Math.abs(line[low][0] - row) <= Math.abs(line[high][0] - row) ? line[low] : line[high];
    return Math.abs(near[0] - row) <= 6 ? near[1] : NaN;
  }
  const median = (values) => values.length ? values.sort((a, b) => a - b)[values.length >> 1] : Infinity;
  function isOneLine(a, b, width) {
    const step = Math.max(1, a.length >> 7);
    const away = a.filter((p, i) => i % step === 0).map(([row, px]) => Math.abs(pxAt(b, row) - px)).filter((v) => v >= 0);
    return median(away) < SAME * width;
  }
  function lines(section, track) {
    const found = [], row = doc.rows(section, view.page.height)[0], width = doc.at(track.right_px, row) - doc.at(track.left_px, row);
    for (const trace of view.traces.filter((t) => t.section_id === section.section_id && t.track_id === track.track_id)) {
      const line = points(trace);
      if (line.length < 5) continue;
      const same = found.find((other) => isOneLine(other.line, line, width) || isOneLine(line, other.line, width));
      if (same) same.names.push(trace.mnemonic); else found.push({ names: [trace.mnemonic], line, colour: view.colourOf(section.section_id, track.track_id, trace.mnemonic) });
    }
    return found;
  }
  /* The other curve of the track that a person has set on a line. */
  const ownerOf = (line, track, curve) => track.curves.find((c) => c !== curve && c.mnemonic !== curve.mnemonic && (c.points || []).some(([row, px]) => Math.abs(pxAt(line, row) - px) < 2 * SAME * (doc.at(track.right_px, row) - doc.at(track.left_px, row))));
  /* The row at which most lines are seen, and furthest apart. */
  function placeOf(section, found, chosen) {
    const [top, bottom] = doc.rows(section, view.page.height), own = (found.find((l) => l.names.includes(chosen)) || found[0] || {}).line;
    if (!own) return top;
    let best = [-1, -1], at = own[0][0];
    for (let k = 0; k < LOOKS; k++) {
      const row = own[Math.min(own.length - 1, Math.floor((k + 0.5) * own.length / LOOKS))][0];
      const there = found.map((l) => pxAt(l.line, row)).filter(isFinite).sort((a, b) => a - b);
      const apart = there.length > 1 ? Math.min(...there.slice(1).map((px, i) => px - there[i])) : 0;
      if (row >= top && row <= bottom && (there.length > best[0] || (there.length === best[0] && apart > best[1]))) { best = [there.length, apart]; at = row; }
    }
    return at;
  }
  const depthAt = (section, row) => { const a = (section.depth || {}).anchors || []; return a.length > 1 ? doc.at(a, row) : NaN; };
  const words = (value) => String(Number(value.toPrecision(4)));
  function reads(said, track, row, px) {
    const left = doc.at(track.left_px, row), frac = (px - left) / (doc.at(track.right_px, row) - left), a = Number(said.left), b = Number(said.right);
    if (said.left === "" || said.right === "" || a === b || !isFinite(frac)) return "";
    return words(said.scale === "log" && a > 0 && b > 0 ? a * (b / a) ** frac : a + frac * (b - a)) + " " + said.unit;
  }

  /* ---- the question ---- */
  /* A question about something that has been changed meanwhile is taken back. */
  part.check = () => {
    if (!asked) return;
    const track = (doc.value.sections[asked.at.section] || { tracks: [] }).tracks[asked.at.track], now = track && track.curves[asked.at.curve];
    if (JSON.stringify(now) !== JSON.stringify(asked.was)) part.close();
  };
  part.close = () => {
    asked = null;
    view.lines = null;
    if (print) { print.destroy(); print = null; }
    byId("which").hidden = true;
    byId("which").replaceChildren();
    if (view.viewer) view.draw();
  };
  /* The next suggestion: shown first where it is not in sight, a scale always with the lines it may be. */
  part.next = () => {
    if (asked) return help.say("Press the number of its line.");
    const first = part.following();
    if (!first) return undefined;
    return first.kind === "depth" ? confirmDepth(first) : part.ask(first);
  };
  const nameOf = (at) => [at.section, at.track, at.curve].join("/");
  /* The first suggestion that was not left open; all of them again once each was. */
  part.following = () => {
    const all = part.open(), fresh = all.find((at) => !left.includes(nameOf(at)));
    if (!fresh) left = [];
    return fresh || all[0];
  };
  function confirmDepth(at) {
    const section = doc.value.sections[at.section], box = byId("scan").getBoundingClientRect(), [top] = view.scanAt(box.left, box.top), [bottom] = view.scanAt(box.left, box.bottom);
    panel.choose(at);
    if (!section.depth.anchors.some(([row]) => row > top && row < bottom)) { view.goTo(section.depth.anchors[0][0]); return help.say("Compare these depths with what is printed; then c confirms them."); }
    if (help.change("depth of section " + section.section_id + " confirmed", (next) => doc.confirm(next.sections[at.section].depth))) after();
    return undefined;
  }
  const curveOf = (value, at) => value.sections[at.section].tracks[at.track].curves[at.curve];
  part.ask = (at) => {
    part.close();
    const section = doc.value.sections[at.section], track = section.tracks[at.track], curve = curveOf(doc.value, at), found = lines(section, track);
    const row = placeOf(section, found, curve.mnemonic), width = doc.at(track.right_px, row) - doc.at(track.left_px, row);
    found.forEach((line) => { line.px = pxAt(line.line, row); });
    asked = { at, found, row, was: curve };
    panel.choose(at);
    help.choose("move");
    view.lines = { section_id: section.section_id, track_id: track.track_id, row, found };
    draw(section, track, curve);
    view.showMiddle(row, doc.at(track.left_px, row) + width / 2, Math.max(2.2 * width, 240));
    showPrint(section, track);
    help.say(found.length ? "The lines of track " + track.track_id + " are shown with what they are called now." : "No line of this track is traced yet: click the one that is meant.");
  };
  function draw(section, track, curve) {
    const at = asked.at, all = part.open(), unread = curve.mnemonic.startsWith("UNREAD"), known = !unread || curve.unit !== "FRAC", inputs = {};
    const field = (name, label, kind, value, values) => {
      inputs[name] = values ? make("select", { name }, values.map((v) => make("option", { value: v }, v))) : make("input", { name, type: kind, step: "any", value: value === undefined ? "" : value });
      if (values) inputs[name].value = value || values[0];
      if (!label) inputs[name].setAttribute("aria-label", name === "scale" ? "linear or logarithmic" : "line style");
      inputs[name].addEventListener("input", () => redraw());
      return make("label", {}, label + " ", inputs[name]);
    };
    const list = make("div", { class: "lines" }), where = depthAt(section, asked.row);
    asked.inputs = inputs;
    const redraw = () => list.replaceChildren(...asked.found.map((line, k) => choice(k + 1, line, track)), pick(asked.found.length ? "none of these: click its line on the scan" : "click its line on the scan"));
    const order = all.findIndex((q) => q.section === at.section && q.track === at.track && q.curve === at.curve);
    byId("which").replaceChildren(
      make("b", {}, (order < 0 ? "" : order + 1 + " of " + all.length + ": ") + (unread ? "a scale of track " : "is this the scale of ") , make("bdi", {}, unread ? track.track_id + " that was not read" : curve.mnemonic), unread ? "" : "?"),
      make("div", { class: "print", title: "The page above the track; drag to move, wheel to zoom" }),
      make("div", { class: "row" }, field("mnemonic", "name", "text", unread ? "" : curve.mnemonic), field("unit", "unit", "text", known ? curve.unit : "")),
      make("div", { class: "row" }, field("left", "left", "number", known ? curve.left : ""), field("right", "right", "number", known ? curve.right : ""), field("scale", "", "", curve.scale, ["linear", "log"]), field("style", "", "", curve.style, ["solid", "dashed", "dotted"]), field("wrap", "wraps", "", curve.wrap, ["none", "one", "all"])),
      make("b", {}, "Which line is it?"), isFinite(where) ? make("span", { class: "quiet" }, " What it reads at " + words(where) + " " + ((section.depth || {}).unit || "") + " by these ends:") : "",
      list,
      make("p", {}, make("button", { type: "button", onclick: leave }, make("kbd", {}, "Esc"), " leave it a suggestion"), " ", make("button", { type: "button", id: "which-off", title: "No such line is on the scan", onclick: takeOff }, make("kbd", {}, "Del"), " no such line: take it off")));
    redraw();
    byId("which").onsubmit = (event) => { event.preventDefault(); help.say("Press the number of its line."); document.activeElement.blur(); };
    byId("which").hidden = false;
    if (unread) inputs.mnemonic.focus();
  }
  const said = () => Object.fromEntries(Object.entries(asked.inputs).map(([key, node]) => [key, node.value.trim()]));
  function choice(number, line, track) {
    const owner = ownerOf(line.line, track, curveOf(doc.value, asked.at));
    const swatch = make("span", { class: "swatch" }), value = reads(said(), track, asked.row, line.px), named = line.names.includes(asked.was.mnemonic);
    swatch.style.background = line.colour;
    if (owner) return make("button", { type: "button", "data-line": number, disabled: "" }, swatch, " ", make("bdi", {}, value || "this line"), make("span", { class: "quiet" }, " is " + owner.mnemonic + "'s"));
    return make("button", { type: "button", "data-line": number, onclick: () => answer(number - 1) }, make("kbd", {}, number), " ", swatch, pen(line, track), " ", make("bdi", {}, value || "this line"),
      make("span", { class: "quiet" }, named && line.names.length === 1 ? (named && asked.was.mnemonic.startsWith("UNREAD") ? " traced without a name" : " traced for it now") : " now called ", named && line.names.length === 1 ? "" : make("bdi", {}, line.names.join(" and ")), named && line.names.length > 1 ? ", which share it" : ""));
  }
  /* The colour in which a line is printed, where it has one. */
  function pen(line, track) {
    const colour = (track.curves.find((c) => line.names.includes(c.mnemonic) && c.colour) || {}).colour;
    if (!colour) return "";
    const node = make("span", { class: "swatch pen", title: "printed in this colour" });
    node.style.background = colour;
    return [" on ", node];
  }
  const pick = (label) => make("button", { type: "button", "data-line": 0, onclick: () => answer(-1) }, make("kbd", {}, "0"), " " + label);
  function showPrint(section, track) {
    const element = document.querySelector("#which .print"), top = doc.rows(section, view.page.height)[0], left = doc.at(track.left_px, top), width = doc.at(track.right_px, top) - left, wide = view.page.width;
    print = window.OpenSeadragon({ element, tileSources: [view.source()], showNavigationControl: false, drawer: "canvas", immediateRender: true, maxZoomPixelRatio: 6, visibilityRatio: 0.1, gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: false } });
    view.awaitPicture(print, element);
    print.addOnceHandler("open", () => { if (!print) return; const high = 1.15 * width * element.clientHeight / element.clientWidth; print.viewport.fitBounds(new window.OpenSeadragon.Rect((left - 0.075 * width) / wide, Math.max(0, top + 0.01 * width - high) / wide, 1.15 * width / wide, high / wide), true); });
  }

  /* ---- the answer ---- */
  /* What was typed, checked; throws an Error in words. */
  part.checked = (fields, others) => {
    const [a, b] = [Number(fields.left), Number(fields.right)];
    if (!fields.mnemonic || /^UNREAD(_\d+)?$/.test(fields.mnemonic)) throw new Error("Type the curve's name as it is printed.");
    if (fields.left === "" || fields.right === "" || a === b) throw new Error("Type the two ends of the scale; they must differ.");
    if (fields.scale === "log" && (a <= 0 || b <= 0)) throw new Error("Both ends of a logarithmic scale must be above 0.");
    if (others.includes(fields.mnemonic)) throw new Error("Another curve of the track has this name already.");
    return { mnemonic: fields.mnemonic, unit: fields.unit, left: a, right: b, scale: fields.scale, style: fields.style, wrap: fields.wrap };
  };
  function typed() {
    const { at, was } = asked, others = doc.value.sections[at.section].tracks[at.track].curves.filter((c, k) => k !== at.curve && c.mnemonic !== was.mnemonic).map((c) => c.mnemonic);
    return part.checked(said(), others);
  }
  function answer(k) {
    let values;
    try { values = typed(); } catch (error) { help.refuse(error.message); return; }
    if (k < 0) { asked.picking = values; help.say("Click the line that is " + values.mnemonic + " on the scan."); return; }
    const line = asked.found[k], point = isFinite(line.px) ? [Math.round(asked.row * 10) / 10, Math.round(line.px * 10) / 10] : null;
    settle(values, point, (track, curve) => takeLine(track, curve, line, values.style === (asked.was.style || "solid")));
  }
  /* A curve takes the line that another one has: their pens change places, and the other one is a suggestion again. */
  function takeLine(track, curve, { names, line }, mayChangeStyle) {
    const held = ownerOf(line, track, curve);
    if (held) throw new Error("This line is " + held.mnemonic + "'s: take its point off in the list first, or choose another line.");
    const others = track.curves.filter((c) => c !== curve && c.mnemonic !== curve.mnemonic && names.includes(c.mnemonic));
    if (!names.includes(asked.was.mnemonic) && others.length) {
      const [other] = others, pen = { style: other.style, colour: other.colour };
      if (mayChangeStyle) { other.style = curve.style; curve.style = pen.style; }
      for (const [owner, colour] of [[other, curve.colour], [curve, pen.colour]]) if (colour) owner.colour = colour; else delete owner.colour;
    }
    for (const other of others) if (!(other.points || []).length) other.source = "guess";
  }
  function settle(values, point, act) {
    const at = asked.at, section = doc.value.sections[at.section], depth = point ? depthAt(section, point[0]) : NaN;
    const note = values.mnemonic + " confirmed on its line" + (isFinite(depth) ? " at " + words(depth) + " " + (section.depth.unit || "") : "");
    const done = help.change(note, (next) => {
      const track = next.sections[at.section].tracks[at.track], curve = track.curves[at.curve];
      const ends = [values.left, values.right];
      // what is printed in one head alike was guessed alike: what was typed for one is suggested for the others
      for (const other of track.curves) if (other !== curve && doc.isGuess(other) && [asked.was.left, asked.was.right].every((v, i) => [other.left, other.right][i] === v && v === ends[i])) {
        other.scale = values.scale;
        if (!other.unit && values.unit) other.unit = values.unit;
      }
      Object.assign(curve, values);
      act(track, curve);
      doc.confirm(curve);
      if (point) curve.points = [...(curve.points || []).filter(([row]) => Math.abs(row - point[0]) > 3), point].sort((a, b) => a[0] - b[0]);
    });
    if (done) after();
  }
  /* What has no line on the scan is no curve. */
  function takeOff() {
    const at = asked.at, name = asked.was.mnemonic;
    if (help.change(name + " taken off", (next) => next.sections[at.section].tracks[at.track].curves.splice(at.curve, 1))) after();
  }
  function leave() {
    left.push(nameOf(asked.at));
    part.close();
    const more = part.open().some((at) => !left.includes(nameOf(at)));
    help.say("It stays a suggestion." + (more ? " c shows the next one." : ""));
  }
  /* A click on the scan while the line is asked for; whether it was taken. */
  part.takes = (row, col, x, y) => {
    if (!asked || !asked.picking) return false;
    const values = asked.picking;
    help.follow([[row, col]], 5).then(([point]) => {
      const colour = help.pickColour(x, y), parts = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)), grey = Math.max(...parts) - Math.min(...parts) < GREY;
      settle(values, point.map((v) => Math.round(v * 10) / 10), (track, curve) => { if (grey) delete curve.colour; else curve.colour = colour; });
    }).catch((error) => help.refuse(error.message));
    return true;
  };
  function after() {
    part.close();
    const all = part.open(), fresh = all.find((at) => !left.includes(nameOf(at)));
    if (fresh && fresh.kind !== "depth") part.ask(fresh);
    else help.settled();
  }
  addEventListener("keydown", (event) => {
    if (!asked) return;
    const field = event.target instanceof Element && event.target.closest("input, select, textarea");
    if (event.key === "Escape") { leave(); event.stopPropagation(); }
    else if (!field && event.key === "Delete") takeOff();
    else if (!field && !event.ctrlKey && !event.metaKey && !event.altKey && /^[0-9]$/.test(event.key) && Number(event.key) <= asked.found.length) { event.preventDefault(); answer(Number(event.key) - 1); }
  }, true);
  return part;
})();
