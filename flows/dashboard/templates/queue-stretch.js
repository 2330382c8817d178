"use strict";
/* The stretch of a curve that is looked at: where, why, what settles it, and what can be done about it. */
window.veernetStretch = (function () {
  const desk = window.veernetQueue, { byId, make, text, ask, say } = desk;
  const words = (value) => Number(value.toFixed(2)).toLocaleString("en");
  let row = null, curve = null, at = 0, nulls = [];
  const stretches = () => (curve && curve.stretches) || [];
  const span = (s) => words(s.depth_from) + " to " + words(s.depth_to) + " " + row.depth_unit;
  const isNull = (s) => nulls.some(([from, to]) => from === s.depth_from && to === s.depth_to);
  const button = (key, label, act) => { const node = make("button", { type: "button", "data-key": key }, make("kbd", {}, key), " ", label); node.addEventListener("click", act); return node; };

  /* Other curves of the track: one of them may have changed places with this one. */
  const others = () => desk.log().curves.filter((c) => c.section_id === row.section_id && c.track_id === row.track_id && c.mnemonic !== row.mnemonic);

  const middle = (s) => Math.round(50 * (s.depth_from + s.depth_to)) / 100;
  function draw() {
    const all = stretches(), s = all[at];
    byId("stretch").hidden = !s;
    byId("accept-words").textContent = nulls.length ? "accept, " + nulls.length + (nulls.length === 1 ? " stretch" : " stretches") + " without values" : "accept";
    document.documentElement.dataset.stretch = s ? s.depth_from + "/" + s.depth_to : "";
    if (!s) return;
    const rivals = others(), choice = rivals.length > 1 ? make("select", { "aria-label": "The other curve", id: "rival" }, rivals.map((c) => make("option", { value: c.mnemonic }, c.mnemonic))) : "";
    byId("stretch").replaceChildren(
      make("p", { class: "where" }, make("b", {}, "Stretch " + (at + 1) + " of " + all.length), " · ", text(span(s)), s.withheld ? make("span", { class: "mark none" }, "delivered without values") : "", isNull(s) ? make("span", { class: "mark reject" }, "to be without values") : ""),
      make("p", {}, text(s.why)),
      s.settle ? make("p", {}, make("span", { class: "quiet" }, "What settles it: "), text(s.settle)) : "",
      make("p", { class: "acts" }, button("[", "previous", () => move(-1)), button("]", "next", () => move(1)),
        s.withheld ? "" : button("z", isNull(s) ? "keep its values" : "no values here", toggle),
        rivals.length ? [button("x", "changed places" + (rivals.length === 1 ? " with " + rivals[0].mnemonic : " with"), () => exchange(false)), choice, make("label", {}, "from ", make("input", { id: "swap-from", type: "number", step: "any", value: middle(s), title: "Depth from which on the two are in each other's places" }), " " + row.depth_unit + " down"), button("X", "only in this stretch", () => exchange(true))] : ""));
  }

  function move(by) {
    if (!stretches().length) return;
    at = (at + by + stretches().length) % stretches().length;
    draw();
    point();
  }
  function toggle() {
    const s = stretches()[at];
    if (!s || s.withheld) return;
    nulls = isNull(s) ? nulls.filter(([from]) => from !== s.depth_from) : [...nulls, [s.depth_from, s.depth_to]].sort((p, q) => p[0] - q[0]);
    draw();
  }
  async function exchange(only) {
    const s = stretches()[at], rivals = s ? others() : [];
    if (!rivals.length) { say("No other curve lies in this track.", false); return; }
    const reviewer = desk.reviewer();
    if (!reviewer) return;
    const other = rivals.length > 1 ? byId("rival").value : rivals[0].mnemonic;
    const typed = byId("swap-from").value, depth = only ? s.depth_from : Number(typed);
    if (!only && (typed === "" || !isFinite(depth))) { say("Type the depth from which on the two are in each other's places.", false); return; }
    try {
      await ask("/api/correct/exchange", { log_id: row.log_id, section_id: row.section_id, track_id: row.track_id, mnemonic: row.mnemonic, other, depth, ...(only ? { depth_to: s.depth_to } : {}), reviewer });
    } catch (error) { say(error.message, false); return; }
    say(row.mnemonic + " and " + other + " change places " + (only ? "in this stretch" : "from " + words(depth) + " " + row.depth_unit + " down") + ": being digitised again. The correction page undoes it.", true);
    desk.redone();
  }

  /* Show the curve's place in the log's page; with a stretch at a zoom at which its ink can be read. */
  function point() {
    const spot = new URLSearchParams({ section: row.section_id, track: row.track_id, curve: row.mnemonic }), s = stretches()[at];
    if (s) { spot.set("from", s.depth_from); spot.set("to", s.depth_to); }
    desk.showPage(row.log_id, spot.toString());
    byId("on-scan").href = "/correct?" + new URLSearchParams({ log: row.log_id, section: row.section_id, track: row.track_id, curve: row.mnemonic, ...(s ? { depth: (s.depth_from + s.depth_to) / 2 } : {}) });
  }

  return {
    show(nextRow, nextCurve) { row = nextRow; curve = nextCurve; at = 0; nulls = []; draw(); if (row && curve) point(); },
    nulls: () => nulls,
    keys: { "[": () => move(-1), "]": () => move(1), z: toggle, x: () => exchange(false), X: () => exchange(true) },
  };
})();
