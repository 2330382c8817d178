"use strict";
/* What surrounds the list: the view in the address, what a threshold adds and loses, export, cost. */
(function () {
  const page = window.veernetOverview, { byId, chosen } = page;
  const LISTED = 200;
  let later = 0;

  /* ---- the view in the address ---- */

  const FIELDS = { q: "search", state: "state", reason: "reason", per: "per", threshold: "threshold", price: "price" };
  const DEFAULTS = { per: "wells" };
  page.recall = () => {
    const place = new URLSearchParams(location.hash.slice(1));
    DEFAULTS.threshold = byId("threshold").value;
    for (const [name, id] of Object.entries(FIELDS)) if (byId(id)) byId(id).value = place.get(name) || DEFAULTS[name] || "";
    for (const key of Object.keys(chosen)) chosen[key] = place.get(key);
    page.picks.set((place.get("pick") || "").split(",").filter(Boolean).map(decodeURIComponent));
    const sort = (place.get("sort") || "").split(" ");
    if (sort[0]) page.setSort(sort[0], sort[1] !== "down");
    drawCost();
  };
  page.address = () => {
    const place = new URLSearchParams();
    for (const [name, id] of Object.entries(FIELDS)) if (byId(id) && byId(id).value && byId(id).value !== DEFAULTS[name]) place.set(name, byId(id).value);
    for (const [key, value] of Object.entries(chosen)) if (value !== null) place.set(key, value);
    const [key, up] = page.sort();
    if (key !== "state" || !up) place.set("sort", key + (up ? "" : " down"));
    if (page.picks.names().length) place.set("pick", page.picks.names().map(encodeURIComponent).join(","));
    return place.toString();
  };
  function remember() {
    clearTimeout(later);
    later = setTimeout(() => { const place = page.address(); try { history.replaceState(null, "", place ? "#" + place : location.pathname + location.search); } catch (error) { later = 0; } document.documentElement.dataset.place = place; }, 150);
  }
  page.changed = remember;
  addEventListener("hashchange", () => { page.recall(); page.update(); });

  /* ---- what a threshold adds and loses ---- */

  page.threshold = (threshold) => {
    remember();
    const { curves, logs } = page, kept = page.kept(), limit = Math.round(threshold / page.scale), added = [], lost = [];
    for (let c = 0; c < curves.count; c++) {
      if (!kept[c]) continue;
      const passes = page.wouldPass(c, limit), now = curves.machine[c] === 0;
      if (passes !== now) (passes ? added : lost).push(c);
    }
    const list = (title, found) => page.make("details", {}, page.make("summary", {}, title + " " + page.grouped(found.length) + (found.length === 1 ? " curve" : " curves")),
      page.make("ul", { class: "changes" }, found.slice(0, LISTED).map((c) => { const i = curves.log[c], value = page.best(c);
        return page.make("li", {}, page.make("a", { href: page.pageOf(i) }, page.text(curves.mnemonic.names[curves.mnemonic.codes[c]] + " of " + (logs.text.well[i] || logs.text.log_id[i]))), page.make("small", {}, " R² " + (value === page.missing ? "–" : (value * page.scale).toFixed(3)) + ", at least " + (curves.lower[c] === page.missing ? "–" : (curves.lower[c] * page.scale).toFixed(3))));
      })), found.length > LISTED ? page.make("p", { class: "quiet" }, "The first " + LISTED + "; narrow the filters to see the others.") : "");
    const open = [...document.querySelectorAll("#changes details")].map((node) => node.open);
    byId("changes").replaceChildren(list("adds", added), list("loses", lost));
    document.querySelectorAll("#changes details").forEach((node, k) => { node.open = Boolean(open[k]); });
  };

  /* ---- export: what the list shows, in its order ---- */

  const quoted = (value) => /[",\n\r]/.test(value) ? '"' + value.replace(/"/g, '""') + '"' : value;
  /* A spreadsheet must not take a name for a formula. */
  const safe = (value) => quoted(/^[=+\-@\t\r]/.test(value) && !/^-?\d+(\.\d+)?$/.test(value) ? "'" + value : value);
  page.csv = () => {
    const { logs } = page, wells = page.wells(), label = (key, i) => logs.label[key].names[logs.label[key].codes[i]], number = (value) => value === page.missing ? "" : (value * page.scale).toFixed(4);
    const head = wells ? ["verdict", "well", "uwi", "logs", "accepted", "review", "rejected", "r2_min"] : ["verdict", "well", "uwi", "log_id", "company", "field", "service_company", "decade", "folder", "accepted", "review", "rejected", "r2_min"];
    const rows = Array.from(page.listed(), (i) => {
      const state = page.words[page.cell("state", i)], t = logs.text, counts = ["accept", "review", "reject"].map((key) => String(page.cell(key, i)));
      return wells ? [state, t.well[i], t.uwi[i], String(wells.logs[logs.well[i]]), ...counts, number(page.cell("worst", i))]
        : [state, t.well[i], t.uwi[i], t.log_id[i], label("company", i), label("field", i), label("service", i), label("decade", i), label("folder", i), ...counts, number(page.cell("worst", i))];
    });
    return [head, ...rows].map((row) => row.map(safe).join(",")).join("\r\n") + "\r\n";
  };
  byId("export").addEventListener("click", () => {
    const link = page.make("a", { href: URL.createObjectURL(new Blob(["\ufeff" + page.csv()], { type: "text/csv" })), download: byId("per").value + ".csv" });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });

  /* ---- cost, with a price that a person sets ---- */

  function drawCost() {
    if (!byId("price")) return;
    const price = Number(byId("price").value);
    for (const row of document.querySelectorAll("#runs tbody tr")) {
      const seconds = Number(row.dataset.secondsPerLog), cell = row.querySelector(".cost");
      cell.textContent = price > 0 && seconds > 0 ? (price * seconds * 1000 / 3600).toFixed(2) : "–";
    }
  }
  if (byId("price")) byId("price").addEventListener("input", () => { drawCost(); remember(); });
})();
