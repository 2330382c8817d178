"use strict";
/* The list beside the scan: sections, depths, tracks and curves in fields; every text is set as text. */
window.veernetPanel = (function () {
  const doc = window.veernetDesk, view = window.veernetView;
  const panel = { chosen: { section: 0, track: -1, curve: -1 }, state: null, refuse: () => {} };

  function make(name, attributes, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) if (key.startsWith("on")) node.addEventListener(key.slice(2), value); else if (value !== false) node.setAttribute(key, value);
    for (const child of children.flat(Infinity)) if (child !== null && child !== undefined && child !== "") node.append(child);
    return node;
  }
  panel.make = make;
  const button = (words, title, act) => make("button", { type: "button", title, onclick: act }, words);
  const same = (at) => panel.chosen.section === at.section && panel.chosen.track === at.track && panel.chosen.curve === at.curve;
  panel.choose = (at) => { panel.chosen = at; view.section = at.section; panel.draw(); view.draw(); };
  const tryTo = (what, change) => { try { doc.change(what, change); } catch (error) { panel.refuse(error.message); panel.draw(); } };

  function field(value, kind, label, what, set, more) {
    const input = make("input", { type: kind, value: value === undefined || value === null ? "" : value, "aria-label": label, title: label, step: "any", ...(more || {}) });
    input.addEventListener("change", () => tryTo(what, (next) => set(next, kind === "number" ? (input.value === "" ? undefined : Number(input.value)) : input.value)));
    return input;
  }
  function choice(value, values, label, what, set) {
    const node = make("select", { "aria-label": label, title: label }, values.map((v) => make("option", { value: v }, v || "–")));
    node.value = value || values[0];
    node.addEventListener("change", () => tryTo(what, (next) => set(next, node.value)));
    return node;
  }
  const put = (owner, key, value) => { if (value === undefined || value === "") delete owner[key]; else owner[key] = value; };

  const tenth = (value) => value === undefined ? value : Math.round(10 * value) / 10;
  function depthPart(section, s) {
    const depth = section.depth || {}, read = depth.source && depth.source !== "sidecar", guess = doc.isGuess(depth), of = (next) => (next.sections[s].depth = next.sections[s].depth || {});
    return make("div", { class: guess ? "guess" : "" },
      make("h3", {}, "Depth ", guess ? make("span", { class: "suggestion" }, "suggested: a guess ") : read ? make("span", { class: "quiet" }, "read on the page ") : "", guess ? button("Confirm", "The depths are right", () => tryTo("depth confirmed", (next) => doc.confirm(of(next)))) : ""),
      make("div", { class: "row" }, "unit ", choice(depth.unit, ["", "ft", "m"], "unit of depth", "unit of depth", (next, v) => put(of(next), "unit", v)),
        !(depth.anchors || []).length ? make("span", { class: "quiet" }, "No depth: choose the depth tool and click two or more depth lines.") : ""),
      folded(depth.anchors || [], depth.unit || "", (depth.anchors || []).map(([row, value], i) => make("span", { class: "anchor", title: read && !doc.ownAnchors(depth).some((a) => a[0] === row) ? "suggested" : "set" },
        button("row " + Math.round(row), "Show", () => view.goTo(row)), field(value, "number", "depth at row " + Math.round(row), "depth corrected", (next, v) => {
          doc.setAnchor(next.sections[s], i, v);
        }, { class: "depth" }), button("×", "Remove this depth", () => tryTo("depth removed", (next) => doc.removeAnchor(next.sections[s], i)))))));
  }
  /* Many depths are folded away: the tracks below them need no scrolling. */
  const FEW = 12;
  function folded(anchors, unit, nodes) {
    const list = make("div", { class: "row" }, nodes), values = anchors.map(([, value]) => value), [low, high] = [Math.min(...values), Math.max(...values)];
    if (nodes.length <= FEW) return list;
    return make("details", { class: "depths" }, make("summary", {}, nodes.length + " depths, " + low.toLocaleString("en") + " to " + high.toLocaleString("en") + " " + unit), list);
  }
  const WELL = [["name", "well"], ["uwi", "UWI or API"], ["company", "company"], ["field", "field"], ["county", "county"], ["state", "state"], ["country", "country"], ["service_company", "logged by"], ["date", "date"]];
  function wellPart() {
    const well = doc.value.well || {};
    return make("details", { class: "well" }, make("summary", {}, "Well: ", make("bdi", {}, well.name || well.uwi || "not known")), WELL.map(([key, words]) =>
      make("label", { class: "row" }, words, field(well[key], "text", words, "header", (next, v) => put(next.well = next.well || {}, key, v.trim()), { maxlength: 200 }))));
  }
  function swatch(at) {
    const node = make("span", { class: "swatch", title: "The colour of its trace" });
    node.style.background = view.colour(at.track, at.curve);
    return node;
  }
  function curvePart(curve, at) {
    const of = (next) => next.sections[at.section].tracks[at.track].curves[at.curve], name = curve.mnemonic;
    const set = (key) => (next, v) => { put(of(next), key, v); if (!doc.isGuess(of(next))) doc.confirm(of(next)); };  // what was guessed is confirmed on its line
    const guess = doc.isGuess(curve), read = curve.source && curve.source !== "sidecar";
    const judged = panel.state.curves.find((c) => c.mnemonic === name && c.track_id === doc.value.sections[at.section].tracks[at.track].track_id && c.section_id === doc.value.sections[at.section].section_id);
    return make("div", { class: "curve" + (guess ? " guess" : ""), "aria-current": String(same(at)), onclick: () => { if (!same(at)) panel.choose(at); } },
      make("div", { class: "row" }, swatch(at), field(name, "text", "name", "name", set("mnemonic"), { class: "name", maxlength: 64 }), field(curve.unit, "text", "unit of " + name, "unit", set("unit"), { class: "short" }),
        guess ? make("span", { class: "suggestion" }, "suggested: a guess") : read ? make("span", { class: "quiet" }, "read on the page") : "", guess ? button("Confirm…", "Its lines are shown on the scan; say which one it is", (event) => { event.stopPropagation(); window.veernetConfirm.ask(at); }) : "",
        judged ? make("span", { class: "mark " + judged.decision }, judged.decision) : "", button("×", "Remove this curve", () => tryTo(name + " removed", (next) => next.sections[at.section].tracks[at.track].curves.splice(at.curve, 1)))),
      make("div", { class: "row" }, field(curve.left, "number", name + " at the left border", "scale of " + name, set("left"), { class: "short" }), "to", field(curve.right, "number", name + " at the right border", "scale of " + name, set("right"), { class: "short" }),
        choice(curve.scale, ["linear", "log"], name + " scale", "scale of " + name, set("scale")), choice(curve.style, ["solid", "dashed", "dotted"], name + " line", "line of " + name, set("style"))),
      make("div", { class: "row" }, "wrap ", choice(curve.wrap, ["none", "one", "all"], name + " wraps", "wrap of " + name, set("wrap")), "begins in wrap ", field(curve.wrap_start, "number", name + " wrap at the first row", "wrap of " + name, set("wrap_start"), { class: "short" }),
        "pen ", field(curve.colour || "#000000", "color", name + " colour", "colour of " + name, set("colour")), curve.colour ? button("no colour", "The pen is black, or its colour is not needed", () => tryTo("colour of " + name, (next) => { delete of(next).colour; })) : ""),
      make("div", { class: "row" }, [["points", "points"], ["redrawn", "redrawn path"], ["null_rows", "stretches without values"]].filter(([key]) => (curve[key] || []).length).map(([key, words]) =>
        make("span", {}, curve[key].length + " " + words + " ", button("×", "Remove", () => tryTo(words + " of " + name + " removed", (next) => { delete of(next)[key]; }))))),
      judged && judged.reasons.length ? make("p", { class: "quiet" }, judged.reasons.join(" ")) : "");
  }
  /* Borders beside their printed lines, which keep the track's curves from being accepted; none once they are moved. */
  const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1);
  panel.bordersOff = (section, track) => {
    const was = (panel.state.sidecar.sections || []).find((q) => q.section_id === section.section_id), own = was && (was.tracks || []).find((q) => q.track_id === track.track_id);
    const here = (item) => item.section_id === section.section_id && item.track_id === track.track_id;
    if (track.borders_confirmed || !own || ["left_px", "right_px"].some((side) => JSON.stringify(own[side]) !== JSON.stringify(track[side]))) return [];
    return panel.state.curves.some((c) => here(c) && (c.codes || []).includes("borders_off")) ? panel.state.findings.filter((f) => f.code === "borders_off" && here(f)).map((f) => ({ ...f, message: sentence(f.message) })) : [];
  };
  function bordersPart(section, track, s, t) {
    const off = panel.bordersOff(section, track);
    if (!off.length) return "";
    return make("p", { class: "guess off" }, off.map((f) => f.message + ". "), "Its curves wait until you drag it onto the line, or: ",
      button("It is right as it is", "The line beside the border is another one", () => tryTo("borders of " + track.track_id + " confirmed", (next) => { next.sections[s].tracks[t].borders_confirmed = true; })));
  }
  panel.draw = () => {
    if (!panel.state) return;
    const open = Boolean(document.querySelector("#panel details.well[open]")), unfolded = Boolean(document.querySelector("#panel details.depths[open]"));
    const active = document.activeElement && document.activeElement.closest("#panel") ? document.activeElement.getAttribute("aria-label") : null;
    document.getElementById("panel").replaceChildren(
      wellPart(),
      ...(doc.value.sections.length ? [] : [make("p", {}, "Nothing is known of this page. Choose the section tool and drag from the first to the last row of the log, then add its tracks.")]),
      ...doc.value.sections.map((section, s) => make("div", {},
        make("h2", {}, button("section " + section.section_id, "Show and choose", () => { panel.choose({ section: s, track: -1, curve: -1 }); view.goTo(doc.rows(section, view.page.height)[0]); }), s === panel.chosen.section ? make("span", { class: "quiet" }, "chosen") : "",
          make("label", {}, make("input", { type: "checkbox", ...(section.skip ? { checked: "" } : {}), onchange: (event) => { const on = event.target.checked; tryTo(on ? "section skipped" : "section not skipped", (next) => { if (on) next.sections[s].skip = true; else delete next.sections[s].skip; }); } }), "skip")),
        make("div", { class: "row" }, "rows ", field(tenth(section.row_top), "number", "first row", "rows of section", (next, v) => put(next.sections[s], "row_top", v)), " to ", field(tenth(section.row_bottom), "number", "last row", "rows of section", (next, v) => put(next.sections[s], "row_bottom", v))),
        depthPart(section, s),
        (section.tracks || []).map((track, t) => make("div", {},
          make("h3", {}, button(track.track_id, "Choose this track", () => panel.choose({ section: s, track: t, curve: -1 })), " ", panel.chosen.section === s && panel.chosen.track === t ? make("span", { class: "quiet" }, "chosen ") : "",
            button("+ curve", "A curve with a scale that you type", () => tryTo("curve added", (next) => { const own = next.sections[s].tracks[t]; own.curves = [...(own.curves || []), { mnemonic: doc.freeName("C", (own.curves || []).map((c) => c.mnemonic)), unit: "", left: 0, right: 1, scale: "linear", style: "solid", wrap: "none", source: "guess" }]; })), " ",
            track.borders_confirmed ? make("span", { class: "quiet" }, "borders confirmed ") : "",
            button("× track", "Remove this track", () => tryTo("track " + track.track_id + " removed", (next) => next.sections[s].tracks.splice(t, 1)))),
          bordersPart(section, track, s, t),
          (track.curves || []).map((curve, c) => curvePart(curve, { section: s, track: t, curve: c })))))),
      make("h2", {}, "What was noticed"), ...(panel.state.findings.length ? panel.state.findings.slice(0, 30).map((f) => make("p", { class: "quiet" }, make("bdi", {}, f.message), f.rows ? [" ", button("Show", "Go to these rows", () => view.goTo(f.rows[0]))] : "")) : [make("p", { class: "quiet" }, "Nothing.")]),
      make("h2", {}, "Corrections so far"), ...(panel.state.history.length ? panel.state.history.map((h) => make("p", { class: "quiet" }, make("bdi", {}, h.when + " " + h.who + ": " + h.what))) : [make("p", { class: "quiet" }, "None.")]));
    if (open) document.querySelector("#panel details.well").open = true;
    if (unfolded) for (const node of document.querySelectorAll("#panel details.depths")) node.open = true;
    if (active) { const again = [...document.querySelectorAll("#panel [aria-label]")].find((n) => n.getAttribute("aria-label") === active); if (again) again.focus(); }
  };
  return panel;
})();
