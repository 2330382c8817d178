"use strict";
/* Around the overview: the run under way (served form), saved views, and wells ticked to be seen side by side. */
(function () {
  const page = window.veernetOverview, { byId } = page;

  /* ---- wells to compare: logs by row, named in the address ---- */

  const MOST = 12, picked = new Set();
  const logsOf = (i) => {
    if (!page.wells()) return [i];
    const out = [];
    for (let k = 0; k < page.logs.count; k++) if (page.logs.well[k] === page.logs.well[i] && page.passes()[k]) out.push(k);
    return out;
  };
  page.picks = {
    has: (i) => picked.size > 0 && logsOf(i).every((k) => picked.has(page.logs.text.log_id[k])),
    names: () => [...picked],
    set: (names) => { picked.clear(); for (const name of names) picked.add(name); show(); },
    toggle: (i) => {
      const own = logsOf(i).map((k) => page.logs.text.log_id[k]), all = own.every((name) => picked.has(name));
      for (const name of own) if (all) picked.delete(name); else if (picked.size < MOST) picked.add(name);
      show();
      page.changed();
    },
  };
  function show() {
    const link = byId("compare"), names = [...picked];
    link.hidden = !names.length;
    link.textContent = "Side by side (" + names.length + (names.length === MOST ? ", the most" : "") + ")";
    link.href = "compare.html#logs=" + names.map(encodeURIComponent).join(",");
  }

  /* ---- saved views: this browser keeps them, the address carries them to others ---- */

  const KEY = "veernet views " + location.pathname;
  const read = () => { try { return JSON.parse(localStorage.getItem(KEY)) || {}; } catch (error) { return {}; } };
  function write(views) {
    try { localStorage.setItem(KEY, JSON.stringify(views)); return true; } catch (error) { say("This browser keeps nothing for this page; copy the link instead."); return false; }
  }
  const say = (words) => { byId("views-said").textContent = words; };
  function list() {
    const views = read(), names = Object.keys(views).sort();
    byId("views-list").replaceChildren(...names.map((name) => {
      const gone = page.make("button", { type: "button", "aria-label": "remove " + name, title: "remove" }, "×");
      gone.addEventListener("click", () => { const left = read(); delete left[name]; write(left); list(); });
      return page.make("li", {}, page.make("a", { href: "#" + views[name] }, page.text(name)), gone);
    }));
    byId("views-none").hidden = names.length > 0;
  }
  byId("views-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const name = byId("view-name").value.trim();
    if (!name) { say("Give the view a name first."); return; }
    if (write({ ...read(), [name]: page.address() })) { byId("view-name").value = ""; say("Kept in this browser."); }
    list();
  });
  byId("view-link").addEventListener("click", async () => {
    const link = location.href.split("#")[0] + "#" + page.address();
    try { await navigator.clipboard.writeText(link); say("Link copied."); } catch (error) { say(link); }
  });
  byId("views").addEventListener("toggle", () => { if (byId("views").open) list(); });
  byId("views-list").addEventListener("click", (event) => { if (event.target.closest("a")) byId("views").open = false; });

  /* ---- the run under way ---- */

  const EVERY_MS = 5000, QUIET_S = 900;
  let seen = null;
  const lasting = (seconds) => seconds < 90 ? Math.round(seconds) + " s" : seconds < 5400 ? Math.round(seconds / 60) + " min" : (seconds / 3600).toFixed(1) + " h";
  const counted = (value) => new Intl.NumberFormat("en").format(value);
  function shown(run) {
    const parts = [counted(run.finished) + " of " + counted(run.planned) + " logs"];
    if (run.failed) parts.push(counted(run.failed) + " without a result");
    if (run.done) parts.push(counted(run.accepted) + " curves accepted, " + counted(run.review) + " for review, " + counted(run.rejected) + " rejected");
    if (run.finished) parts.push(counted(Math.round(3600 * run.finished / Math.max(run.seconds, 1))) + " logs an hour");
    if (run.left_s !== null && run.finished < run.planned) parts.push("about " + lasting(run.left_s) + " left");
    if (run.silent_s > QUIET_S) parts.push("no sign for " + lasting(run.silent_s) + ": it may have been stopped; run veernet batch again to do the rest");
    return parts.join(" · ");
  }
  async function ask() {
    try {
      const answer = await fetch("/api/progress");
      if (!answer.ok) return;
      const { run } = await answer.json();
      byId("live").hidden = !run && !seen;
      if (run) {
        byId("live-title").textContent = "A run is under way since " + run.started.slice(0, 16).replace("T", " ") + " UTC";
        byId("live-bar").max = Math.max(run.planned, 1);
        byId("live-bar").value = run.finished;
        byId("live-text").textContent = shown(run);
      } else if (seen) {
        byId("live-title").textContent = "The run has ended";
        byId("live-bar").hidden = true;
        byId("live-text").textContent = "";
        byId("live-reload").hidden = false;
      }
      seen = run || seen;
      document.documentElement.dataset.live = run ? run.finished + "/" + run.planned : seen ? "ended" : "none";
    } catch (error) {
      byId("live-text").textContent = "The server does not answer.";
    }
  }
  byId("live-reload").addEventListener("click", () => location.reload());
  /* The server is still getting ready, and what is shown is of an earlier build: it is loaded again where it changed. */
  async function opening() {
    const note = byId("opening");
    note.hidden = false;
    try {
      const { ready, doing } = await (await fetch("/api/opening")).json();
      note.textContent = "These pages are of an earlier build. They are being brought up to date: " + (doing || "nearly ready").toLowerCase() + "…";
      if (!ready) { setTimeout(opening, 700); return; }
      const fresh = await (await fetch(location.pathname, { cache: "no-store" })).text(), own = [...document.querySelectorAll("script[src^='data/']")].map((node) => node.getAttribute("src"));
      if (own.some((name) => !fresh.includes(name))) location.reload();
      note.hidden = true;
      document.documentElement.dataset.opened = "1";
    } catch (error) { note.textContent = "The server does not answer."; }
  }
  if (window.veernetServed && window.veernetServed.opening) opening();
  if (window.veernetServed) {
    ask();
    setInterval(() => { if (!document.hidden) ask(); }, EVERY_MS);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  }
})();
