"use strict";
/* The reviewer's desk: a queue sorted by doubt, the log's page beside it, decisions by single keys. */
(function () {
  const byId = (id) => document.getElementById(id);
  const words = { accept: "✓ accepted", review: "? review", reject: "✗ rejected", return: "↩ returned" };
  const kind = { accept: "accept", reject: "reject", return: "review", review: "review" };
  const only = new URLSearchParams(location.search).get("log") || "";
  let rows = [], at = -1, log = null, asked = 0;

  function make(name, attributes, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    for (const child of children.flat(Infinity)) if (child !== null && child !== undefined && child !== "") node.append(child);
    return node;
  }
  const text = (value) => make("bdi", {}, String(value));
  const mark = (decision) => make("span", { class: "mark " + (kind[decision] || "none") }, words[decision] || decision);
  const figure = (value, digits) => typeof value === "number" ? value.toFixed(digits) : "–";

  async function ask(path, body) {
    const answer = await fetch(path, body === undefined ? {} : {
      method: "POST", headers: { "Content-Type": "application/json", "X-Veernet": "1" }, body: JSON.stringify(body) });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.message + " " + (said.remedy || ""));
    return said;
  }
  function say(words, good) {
    byId("message").textContent = words;
    byId("message").className = good ? "good" : "bad";
  }

  async function load() {
    const which = only ? "all" : byId("which").value;
    const found = await ask("/api/queue?which=" + which + "&log=" + encodeURIComponent(only));
    rows = found.rows;
    byId("total").textContent = found.total.toLocaleString("en") + (found.total === 1 ? " curve" : " curves") + (found.total > rows.length ? ", the first " + rows.length + " shown" : "");
    drawQueue();
    if (rows.length) await choose(0);
    else { at = -1; byId("about").replaceChildren(make("p", { class: "quiet" }, only ? ["This log has no curve to look at: depth, tracks or scales are missing. ", make("a", { href: "/correct?log=" + encodeURIComponent(only) }, "Set them on the scan")] : "Nothing left to look at.")); byId("page").src = "about:blank"; }
    document.documentElement.dataset.ready = "1";
  }

  function drawQueue() {
    byId("queue").replaceChildren(...rows.map((row, k) => {
      const item = make("div", { class: "item", role: "option", "aria-selected": k === at },
        mark(row.reviewed_decision || row.decision), " ", make("b", {}, text(row.mnemonic)), " ", text(row.well || row.uwi || row.log_id),
        make("small", {}, text(row.log_id), " · " + row.section_id + " " + row.track_id + " · R² at least " + figure(row.r2_lower, 2) + " · doubt " + figure(row.doubt, 2)));
      item.addEventListener("click", () => choose(k));
      return item;
    }));
  }

  async function choose(k) {
    at = Math.max(0, Math.min(rows.length - 1, k));
    const row = rows[at], mine = ++asked;
    [...byId("queue").children].forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
    if (byId("queue").children[at]) byId("queue").children[at].scrollIntoView({ block: "nearest" });
    byId("note").value = "";
    byId("editor").hidden = true;
    drawAbout(row);
    const spot = new URLSearchParams({ section: row.section_id, track: row.track_id, curve: row.mnemonic }).toString();
    const page = "/dashboard/logs/" + encodeURIComponent(row.log_id) + "/index.html";
    const here = byId("page").contentWindow;
    if (here && here.location.pathname === page) here.location.hash = spot;
    else if (here) here.location.replace(page + "#" + spot);
    log = null;
    const found = await ask("/api/log?log_id=" + encodeURIComponent(row.log_id)).catch((error) => { say(error.message, false); return null; });
    if (mine !== asked || !found) return;
    log = found;
    drawHistory();
    byId("on-scan").href = "/correct?log=" + encodeURIComponent(row.log_id);
    byId("edit").disabled = !found.can_correct;
    byId("edit").title = found.can_correct ? "" : "where the scan lies is not known here";
    document.documentElement.dataset.shown = row.log_id + "/" + row.mnemonic;
  }

  function drawAbout(row) {
    const unit = row.depth_unit;
    byId("about").replaceChildren(make("div", {},
      make("h2", {}, text(row.mnemonic + (row.unit ? " [" + row.unit + "]" : "")), " of ", text(row.well || row.uwi || row.log_id)),
      mark(row.decision), row.reviewed_decision ? [" by a person: ", mark(row.reviewed_decision), " ", text(row.reviewer || ""), row.reviewed_note ? [": ", text(row.reviewed_note)] : ""] : "",
      row.earlier_decision && !row.reviewed_decision ? [" before the curve changed: ", mark(row.earlier_decision), " by ", text(row.earlier_reviewer || ""), " on ", text(row.earlier_at || "")] : "",
      make("ul", { class: "facts" },
        [["R² at least", figure(row.r2_lower, 3) + " (estimate " + figure(row.r2_estimate, 3) + ", at most " + figure(row.r2_upper, 3) + ")"],
          ["R² measured", row.r2_reference === null ? "" : figure(row.r2_reference, 3)],
          ["coverage", figure(row.coverage === null ? null : 100 * row.coverage, 0) + " %"], ["longest gap", figure(row.longest_gap, 1) + " " + unit],
          ["depths", figure(row.depth_top, 1) + " to " + figure(row.depth_base, 1) + " " + unit], ["log", row.log_id],
          ["in doubt", (row.doubtful || []).map((d) => d.reason.replace("_", " ") + " " + figure(d.depth_from, 1) + " to " + figure(d.depth_to, 1) + " " + unit + (d.withheld ? " (no values)" : "")).join(", ")]]
          .filter(([, value]) => value).map(([name, value]) => make("li", {}, make("span", {}, name + " "), text(value)))),
      make("p", { class: "quiet" }, row.reasons.join(" "))));
  }

  function drawHistory() {
    byId("history").querySelector("div").replaceChildren(...log.history.map((said) =>
      make("p", {}, said.when + " ", text(said.reviewer), " ", mark(said.action), " ", text([said.section_id, said.track_id, said.mnemonic].filter(Boolean).join(" ")), said.note ? [": ", text(said.note)] : "")));
  }

  async function decide(action) {
    if (at < 0) return;
    const row = rows[at], note = byId("note").value.trim(), reviewer = byId("reviewer").value.trim();
    if (!reviewer) { say("Give your name first.", false); byId("reviewer").focus(); return; }
    if (action === "return" && !note) { say("Say what to look at, then press Enter.", false); byId("note").focus(); return; }
    if (!log || log.log_id !== row.log_id) { say("The log is still loading.", false); return; }
    const same = (item) => item.section_id === row.section_id && item.track_id === row.track_id && item.mnemonic === row.mnemonic;
    const curve = log.curves.find(same);
    if (!curve) { say("The log no longer has this curve: reload.", false); return; }
    try {
      await ask("/api/review", { log_id: row.log_id, section_id: row.section_id, track_id: row.track_id, mnemonic: row.mnemonic,
        curve_sha256: curve.curve_sha256, action, reviewer, note });
    } catch (error) { say(error.message, false); return; }
    say(row.mnemonic + " of " + row.log_id + ": " + (action === "withdraw" ? "withdrawn" : words[action]), true);
    row.reviewed_decision = action === "withdraw" ? null : action;
    row.reviewer = reviewer;
    row.reviewed_note = note;
    drawQueue();
    watch();
    if (at + 1 < rows.length) await choose(at + 1);
    else await choose(at);
  }

  let watching = 0;
  async function watch() {
    clearTimeout(watching);
    const work = await ask("/api/work");
    byId("state").textContent = work.busy ? work.busy + (work.waiting ? ", " + work.waiting + " waiting" : "") + "…" : "everything delivered" + (work.troubles.length ? "; last trouble: " + work.troubles[work.troubles.length - 1] : "");
    document.documentElement.dataset.busy = work.busy ? "1" : "0";
    if (work.busy || work.waiting) watching = setTimeout(watch, 700);
    else if (redoing) { redoing = false; if (!work.troubles.length) say("Digitised again.", true); const k = at; await load(); await choose(k); byId("page").contentWindow.location.reload(); }
  }
  let redoing = false;

  function edit() {
    if (!log) return;
    if (!log.can_correct) { say("Where this scan lies is not known here: correct its sidecar beside the scan and digitise it again.", false); return; }
    byId("editor").hidden = false;
    byId("source").textContent = log.source;
    byId("sidecar").value = log.sidecar === null ? "{\n \"sections\": []\n}" : log.sidecar;
    byId("sidecar").setSelectionRange(0, 0);
    byId("sidecar").scrollTop = 0;
    drawForm();
    (byId("form").querySelector("input") || byId("sidecar")).focus();
  }

  /* Fields for what is most often wrong; each writes into the text, which alone is sent. */
  function drawForm() {
    let sidecar;
    try { sidecar = JSON.parse(byId("sidecar").value); } catch (error) { byId("form").replaceChildren(make("p", { class: "quiet" }, "The text is no JSON: " + error.message)); return; }
    const write = () => { byId("sidecar").value = JSON.stringify(sidecar, null, 1); };
    function number(owner, key, label) {
      const input = make("input", { type: "number", step: "any", value: owner[key] === undefined ? "" : owner[key], "aria-label": label, title: label });
      input.addEventListener("change", () => { if (input.value === "") delete owner[key]; else owner[key] = Number(input.value); write(); });
      return input;
    }
    function choice(owner, key, values, label) {
      const input = make("select", { "aria-label": label, title: label }, values.map((value) => make("option", { value }, value || "–")));
      input.value = owner[key] === undefined ? "" : owner[key];
      input.addEventListener("change", () => { if (input.value === "") delete owner[key]; else owner[key] = input.value; write(); });
      return input;
    }
    const border = (track, key) => typeof track[key] === "number" ? number(track, key, key) : Array.isArray(track[key]) ? "drawn" : "–";
    const list = (value) => Array.isArray(value) ? value : [];
    byId("form").replaceChildren(...list(sidecar.sections).map((section, s) => make("div", {},
      make("h3", {}, "Section ", text(section.section_id || s + 1), " scan rows ", number(section, "row_top", "first scan row, px"), " to ", number(section, "row_bottom", "last scan row, px")),
      make("p", {}, "Depth anchors: ", list(section.depth && section.depth.anchors).map((anchor) => make("span", { class: "anchor" }, "row ", number(anchor, 0, "scan row, px"), " = ", number(anchor, 1, "depth"), " " + ((section.depth || {}).unit || "")))),
      make("table", {}, make("thead", {}, make("tr", {}, ["Track", "from px", "to px", "Curve", "left", "right", "scale", "line", "wrap"].map((head) => make("th", {}, head)))),
        make("tbody", {}, list(section.tracks).flatMap((track, t) => list(track.curves).map((curve, c) => make("tr", {},
          make("td", {}, c ? "" : text(track.track_id || t + 1)), make("td", {}, c ? "" : border(track, "left_px")), make("td", {}, c ? "" : border(track, "right_px")), make("td", {}, text(curve.mnemonic || "")),
          make("td", {}, number(curve, "left", curve.mnemonic + " at the left border")), make("td", {}, number(curve, "right", curve.mnemonic + " at the right border")),
          make("td", {}, choice(curve, "scale", ["", "linear", "log"], curve.mnemonic + " scale")), make("td", {}, choice(curve, "style", ["", "solid", "dashed", "dotted"], curve.mnemonic + " line")),
          make("td", {}, choice(curve, "wrap", ["", "none", "one", "all"], curve.mnemonic + " wrap"))))))))));
  }
  async function send(path) {
    const body = { log_id: rows[at].log_id, sidecar: byId("sidecar").value, reviewer: byId("reviewer").value.trim(), note: byId("note").value.trim() };
    try {
      const found = await ask(path, body);
      say(found.sections + " sections, " + found.tracks + " tracks, " + found.curves + " curves" + (path.endsWith("check") ? ": in order." : ": being digitised again."), true);
      return true;
    } catch (error) { say(error.message, false); return false; }
  }
  byId("edit").addEventListener("click", edit);
  byId("sidecar").addEventListener("change", drawForm);
  byId("check").addEventListener("click", () => send("/api/sidecar/check"));
  byId("again").addEventListener("click", async () => { if (await send("/api/sidecar")) { redoing = true; byId("editor").hidden = true; watch(); } });
  byId("close").addEventListener("click", () => { byId("editor").hidden = true; });

  const keys = { a: () => decide("accept"), r: () => decide("reject"), w: () => decide("withdraw"), e: edit, g: () => byId("on-scan").click(),
    n: () => byId("note").focus(), j: () => choose(at + 1), k: () => choose(at - 1), ArrowDown: () => choose(at + 1), ArrowUp: () => choose(at - 1),
    o: () => { if (at >= 0) window.open("/dashboard/logs/" + encodeURIComponent(rows[at].log_id) + "/index.html", "_blank", "noopener"); } };
  function pressed(event) {
    const field = event.target instanceof Element && event.target.closest("input, textarea, select");
    if (event.key === "Escape" && field) { field.blur(); byId("queue").focus(); return; }
    if (field || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  }
  document.addEventListener("keydown", pressed);
  window.addEventListener("message", (event) => {
    if (event.origin === location.origin && event.data && typeof event.data.veernetKey === "string" && event.data.veernetKey in keys) keys[event.data.veernetKey]();
  });
  byId("decide").addEventListener("submit", (event) => { event.preventDefault(); decide("return"); byId("queue").focus(); });
  for (const button of document.querySelectorAll("[data-action]")) button.addEventListener("click", () => decide(button.dataset.action));
  byId("which").addEventListener("change", load);
  try { byId("reviewer").value = localStorage.getItem("veernet-reviewer") || ""; } catch (error) { /* storage may be off */ }
  byId("reviewer").addEventListener("change", () => { try { localStorage.setItem("veernet-reviewer", byId("reviewer").value); } catch (error) { /* storage may be off */ } });
  byId("which").hidden = Boolean(only);
  load().then(watch).catch((error) => say(error.message, false));
})();
