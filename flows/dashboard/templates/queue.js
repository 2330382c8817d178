"use strict";
/* The reviewer's desk: a queue, what is settled soonest first, the log's page beside it, decisions by single keys. */
(function () {
  const byId = (id) => document.getElementById(id);
  const words = { accept: "✓ accepted", review: "? review", reject: "✗ rejected", return: "↩ returned" };
  const kind = { accept: "accept", reject: "reject", return: "review", review: "review" };
  const only = new URLSearchParams(location.search).get("log") || "";
  let rows = [], at = -1, log = null, asked = 0, redoing = false, warned = "";
  const desk = window.veernetQueue = {};

  function make(name, attributes, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    for (const child of children.flat(Infinity)) if (child !== null && child !== undefined && child !== "") node.append(child);
    return node;
  }
  const text = (value) => make("bdi", {}, String(value));
  const mark = (decision) => make("span", { class: "mark " + (kind[decision] || "none") }, words[decision] || decision);
  const isCurve = (row) => row && row.kind === "curve";
  /* Below 0 a curve explains less than its mean does; by how much says nothing. */
  const r2 = (value, digits) => typeof value === "number" && value < 0 ? "below 0" : figure(value, digits);
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
    byId("which").querySelector("[value=stuck]").textContent = "to be corrected first (" + found.stuck.toLocaleString("en") + ")";
    byId("total").textContent = found.total.toLocaleString("en") + (which === "stuck" || rows.length && !isCurve(rows[0]) ? (found.total === 1 ? " log" : " logs") : found.total === 1 ? " curve" : " curves") + (found.total > rows.length ? ", the first " + rows.length + " shown" : "");
    drawQueue();
    if (rows.length) await choose(0);
    else drawEmpty(found);
    document.documentElement.dataset.ready = "1";
  }

  function drawEmpty({ stuck, any }) {
    at = -1;
    log = null;
    window.veernetStretch.show(null, null);
    byId("decide").hidden = true;
    const link = make("button", { type: "button", "data-key": "s" }, make("kbd", {}, "s"), " show them");
    link.addEventListener("click", () => which("stuck"));
    byId("about").replaceChildren(make("p", {}, only ? ["This log has no curve to look at. ", make("a", { href: "/correct?log=" + encodeURIComponent(only) }, "Set what it lacks on the scan")] :
      [any ? "Nothing left to look at. " : "No curve is here yet: the queue fills while scans are digitised. Reload to look again. ", stuck ? [stuck.toLocaleString("en") + (stuck === 1 ? " log has" : " logs have") + " to be corrected before anybody can review it: ", link] : ""]));
    byId("page").src = "about:blank";
  }
  /* What is wrong with the address, and where to go. */
  function lost(error) {
    say(error.message, false);
    byId("decide").hidden = true;
    byId("about").replaceChildren(make("h2", {}, "There is nothing to review here"), make("p", {}, make("a", { href: "/review" }, "The whole review"), " · ", make("a", { href: "/dashboard/index.html" }, "All logs")));
  }
  async function which(value) { byId("which").value = value; await load(); }

  function drawQueue() {
    byId("queue").replaceChildren(...rows.map((row, k) => {
      const item = make("div", { class: "item", role: "option", "aria-selected": k === at }, isCurve(row) ? [
        mark(row.reviewed_decision || row.decision), " ", make("b", {}, text(row.mnemonic)), " ", text(row.well || row.uwi || row.log_id),
        make("small", {}, text(row.log_id), " · " + row.section_id + " " + row.track_id + " · R² at least " + r2(row.r2_lower, 2) + (row.proviso ? " " + row.proviso : "") + " · values on " + figure(row.coverage === null ? null : 100 * row.coverage, 0) + " % · in doubt " + figure(row.doubt === null ? null : 100 * row.doubt, 0) + " %")] : [
        make("span", { class: "mark none" }, row.kind === "scan" ? "✗ failed" : "✎ to correct"), " ", make("b", {}, text(row.well || row.log_id || row.uri.split("/").pop())), make("small", {}, text(row.needs))]);
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
    byId("decide").hidden = !isCurve(row);
    log = null;
    if (!isCurve(row)) {
      window.veernetStretch.show(null, null);
      showPage(row.log_id, "");
      byId("history").querySelector("div").replaceChildren();
      byId("on-scan").href = correction(row);
      document.documentElement.dataset.shown = row.log_id || row.uri;
      return;
    }
    const found = await logOf(row.log_id).catch((error) => { say(error.message, false); return null; });
    if (mine !== asked || !found) return;
    log = found;
    drawHistory();
    const curve = curveOf(row);
    drawAbout(row, curve);
    window.veernetStretch.show(row, curve);
    byId("edit").disabled = !found.can_correct;
    byId("edit").title = found.can_correct ? "" : "where the scan lies is not known here";
    document.documentElement.dataset.shown = row.log_id + "/" + row.mnemonic;
    if (isCurve(rows[at + 1])) logOf(rows[at + 1].log_id).catch(() => null);
  }
  const correction = (row) => "/correct?" + new URLSearchParams({ ...(row.log_id ? { log: row.log_id } : { scan: row.uri }), ...(row.tool ? { tool: row.tool } : {}) });

  /* What is known of a log; the next one is asked for while this one is looked at. */
  const logs = new Map();
  function logOf(logId) {
    if (!logs.has(logId)) logs.set(logId, ask("/api/log?log_id=" + encodeURIComponent(logId)));
    while (logs.size > 6) logs.delete(logs.keys().next().value);
    return logs.get(logId);
  }
  const curveOf = (row) => log && log.curves.find((item) => item.section_id === row.section_id && item.track_id === row.track_id && item.mnemonic === row.mnemonic);
  function showPage(logId, spot) {
    const here = byId("page").contentWindow;
    if (!logId) { byId("page").src = "about:blank"; return; }
    const page = "/dashboard/logs/" + encodeURIComponent(logId) + "/index.html";
    if (here && here.location.pathname === page) here.location.hash = spot;
    else if (here) here.location.replace(page + "#" + spot);
  }

  function drawAbout(row, curve) {
    if (!isCurve(row)) {
      byId("about").replaceChildren(make("h2", {}, text(row.well || row.log_id || row.uri)), make("p", {}, text(row.needs)), row.why ? make("p", { class: "quiet" }, text(row.why)) : "",
        make("p", {}, make("a", { class: "button", href: correction(row) }, make("kbd", {}, "g"), " correct it on the scan")));
      return;
    }
    const unit = row.depth_unit;
    byId("about").replaceChildren(make("div", {},
      make("h2", {}, text(row.mnemonic + (row.unit ? " [" + row.unit + "]" : "")), " of ", text(row.well || row.uwi || row.log_id)),
      mark(row.decision), row.reviewed_decision ? [" by a person: ", mark(row.reviewed_decision), " ", text(row.reviewer || ""), row.reviewed_note ? [": ", text(row.reviewed_note)] : ""] : "",
      row.earlier_decision && !row.reviewed_decision ? [" before the curve changed: ", mark(row.earlier_decision), " by ", text(row.earlier_reviewer || ""), " on ", text(row.earlier_at || "")] : "",
      make("ul", { class: "facts" },
        [["R² at least", r2(row.r2_lower, 3) + (row.proviso ? " " + row.proviso : "") + " (estimate " + r2(row.r2_estimate, 3) + ", at most " + r2(row.r2_upper, 3) + ")"],
          ["R² measured", row.r2_reference === null ? "" : figure(row.r2_reference, 3)],
          ["coverage", figure(row.coverage === null ? null : 100 * row.coverage, 0) + " %"], ["longest gap", figure(row.longest_gap, 1) + " " + unit],
          ["depths", figure(row.depth_top, 1) + " to " + figure(row.depth_base, 1) + " " + unit], ["log", row.log_id],
          ["on the ink of " + row.shared_with, row.shared_with && row.shared_ink >= 0.05 ? figure(100 * row.shared_ink, 0) + " %" : ""],
          ["in doubt", curve && curve.stretches.length ? curve.stretches.length + (curve.stretches.length === 1 ? " stretch" : " stretches") : ""]]
          .filter(([, value]) => value).map(([name, value]) => make("li", {}, make("span", {}, name + " "), text(value)))),
      ...why(row.reasons, curve ? [...new Set(curve.settle)].join(" ") : "", Boolean(curve && curve.stretches.length))));
  }
  /* The first reason, the others and what to do in a fold: the scan needs the room. */
  function why(reasons, todo, folded) {
    const rest = reasons.slice(1), settle = todo ? make("p", { class: "quiet" }, "To do: ", text(todo)) : "";
    if (!rest.length && todo) return [make("p", { id: "why" }, text(reasons[0] || ""), make("span", { class: "quiet" }, " To do: ", text(todo)))];
    if (!folded && !rest.length) return [make("p", {}, text(reasons.join(" "))), settle];
    if (!rest.length && !todo) return [make("p", {}, text(reasons.join(" ")))];
    return [make("details", { id: "why", ...(folded ? {} : { open: "" }) }, make("summary", {}, text(reasons[0] || "What to do"), rest.length ? make("span", { class: "quiet" }, " and " + rest.length + (rest.length === 1 ? " other reason" : " other reasons")) : ""),
      rest.length ? make("p", {}, text(rest.join(" "))) : "", settle)];
  }

  function drawHistory() {
    byId("history").querySelector("div").replaceChildren(...log.history.map((said) =>
      make("p", {}, said.when + " ", text(said.reviewer), " ", mark(said.action), " ", text([said.section_id, said.track_id, said.mnemonic].filter(Boolean).join(" ")), said.note ? [": ", text(said.note)] : "")));
  }

  async function decide(action) {
    if (at < 0) return;
    const row = rows[at], note = byId("note").value.trim();
    if (!isCurve(row)) { say("There is no curve to decide about: correct the log on its scan (g).", false); return; }
    const reviewer = whoIs();
    if (!reviewer) return;
    if (action === "return" && !note) { say("Say what to look at, then press Enter.", false); byId("note").focus(); return; }
    if (!log || log.log_id !== row.log_id) { say("The log is still loading.", false); return; }
    const curve = curveOf(row);
    if (!curve) { say("The log no longer has this curve: reload.", false); return; }
    if (action === "accept" && curve.codes.includes("scale_guess") && warned !== curve.curve_sha256) {
      warned = curve.curve_sha256;
      say("Its scale is a guess: " + curve.spec.left + " to " + curve.spec.right + " " + curve.spec.unit + (curve.spec.unit ? ", " : "") + (curve.spec.scale === "log" ? "logarithmic" : curve.spec.scale) + ". Press a again if it is printed so; g compares it with the print.", false);
      return;
    }
    try {
      await ask("/api/review", { log_id: row.log_id, section_id: row.section_id, track_id: row.track_id, mnemonic: row.mnemonic,
        curve_sha256: curve.curve_sha256, action, reviewer, note, ...(action === "accept" && window.veernetStretch.nulls().length ? { null: window.veernetStretch.nulls() } : {}) });
    } catch (error) { say(error.message, false); return; }
    say(row.mnemonic + " of " + row.log_id + ": " + (action === "withdraw" ? "withdrawn" : words[action]), true);
    logs.delete(row.log_id);
    row.reviewed_decision = action === "withdraw" ? null : action;
    row.reviewer = reviewer;
    row.reviewed_note = note;
    drawQueue();
    watch();
    if (at + 1 < rows.length) await choose(at + 1);
    else await choose(at);
  }

  function whoIs() {
    const reviewer = window.veernetReviewer.name();
    if (window.veernetServed && window.veernetServed.decide === false) say("You came in with the readers' token: you can look, not decide. Ask for a token of your own.", false);
    else if (!reviewer) { say("Give your name first.", false); byId("reviewer").focus(); }
    return reviewer;
  }
  Object.assign(desk, { byId, make, text, ask, say, showPage, log: () => log, row: () => rows[at], reviewer: whoIs, redone() { redoing = true; watch(); } });

  let watching = 0;
  async function watch() {
    clearTimeout(watching);
    const work = await ask("/api/work");
    byId("state").textContent = work.busy ? work.busy + (work.waiting ? ", " + work.waiting + " waiting" : "") + "…" : "everything delivered" + (work.troubles.length ? "; last trouble: " + work.troubles[work.troubles.length - 1] : "");
    document.documentElement.dataset.busy = work.busy ? "1" : "0";
    if (work.busy || work.waiting) watching = setTimeout(watch, 700);
    else if (redoing) { redoing = false; if (work.troubles.length) say(work.troubles[work.troubles.length - 1], false); else say("Digitised again.", true); const before = rows[at]; logs.clear(); await load(); await choose(Math.max(0, rows.findIndex((r) => before && r.log_id === before.log_id && r.mnemonic === before.mnemonic && r.track_id === before.track_id))); byId("page").contentWindow.location.reload(); }
  }

  const keys = { a: () => decide("accept"), r: () => decide("reject"), w: () => decide("withdraw"), e: () => desk.edit(), s: () => which(byId("which").value === "stuck" ? "open" : "stuck"), g: () => byId("on-scan").click(),
    n: () => byId("note").focus(), j: () => choose(at + 1), k: () => choose(at - 1), ArrowDown: () => choose(at + 1), ArrowUp: () => choose(at - 1),
    o: () => { if (at >= 0) window.open("/dashboard/logs/" + encodeURIComponent(rows[at].log_id) + "/index.html", "_blank", "noopener"); } };
  function pressed(event) {
    const field = event.target instanceof Element && event.target.closest("input, textarea, select");
    if (event.key === "Escape" && field) { field.blur(); byId("queue").focus(); return; }
    if (field || event.ctrlKey || event.metaKey || event.altKey || !act(event.key)) return;
    event.preventDefault();
  }
  function act(key) {
    const does = keys[key] || window.veernetStretch.keys[key];
    if (does) does();
    return Boolean(does);
  }
  document.addEventListener("keydown", pressed);
  window.addEventListener("message", (event) => {
    if (event.origin === location.origin && event.data && typeof event.data.veernetKey === "string") act(event.data.veernetKey);
  });
  byId("decide").addEventListener("submit", (event) => { event.preventDefault(); decide("return"); byId("queue").focus(); });
  for (const button of document.querySelectorAll("[data-action]")) button.addEventListener("click", () => decide(button.dataset.action));
  byId("which").addEventListener("change", load);
  byId("which").hidden = Boolean(only);
  if (new URLSearchParams(location.search).get("which")) byId("which").value = new URLSearchParams(location.search).get("which");
  addEventListener("DOMContentLoaded", () => load().then(watch).catch(lost));
})();
