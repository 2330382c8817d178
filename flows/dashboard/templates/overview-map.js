"use strict";
/* Where and when: wells by county or coordinates on a plain frame, and logs by year. Both follow the filters. */
(function () {
  const page = window.veernetOverview, { byId, chosen } = page;
  const SHARES = 24, NONE = "fill-none";

  /* ---- the frame: degrees to pixels, north up, as wide as high on the ground ---- */

  function framed(bounds, width, height, pad) {
    const [west, south, east, north] = bounds, squeeze = Math.max(0.2, Math.cos((south + north) / 2 * Math.PI / 180));
    const scale = Math.min((width - 2 * pad) / Math.max((east - west) * squeeze, 0.1), (height - 2 * pad) / Math.max(north - south, 0.1));
    const left = (width - (east - west) * squeeze * scale) / 2, top = (height - (north - south) * scale) / 2;
    return { x: (lon) => left + (lon - west) * squeeze * scale, y: (lat) => top + (north - lat) * scale };
  }
  function boundsOf(points) {
    const out = [180, 90, -180, -90];
    for (const [lat, lon] of points) { out[0] = Math.min(out[0], lon); out[1] = Math.min(out[1], lat); out[2] = Math.max(out[2], lon); out[3] = Math.max(out[3], lat); }
    return out;
  }

  /* Logs that pass, counted by county and verdict; those with coordinates of their own by a cell of the frame. */
  function gather() {
    const { logs } = page, passes = page.passes(), { names, codes } = logs.label.county, own = logs.places.latitude;
    const counties = new Uint32Array(4 * names.length), exact = [];
    let without = 0;
    for (let i = 0; i < logs.count; i++) {
      if (!passes[i]) continue;
      if (own && (own[i] || logs.places.longitude[i])) exact.push(i);
      else if (names[codes[i]]) counties[4 * codes[i] + logs.state[i]]++;
      else without++;
    }
    return { counties, exact, without };
  }

  function drawMap() {
    const { logs, grouped, make } = page, { places } = logs, known = Object.entries(places.counties || {}), { counties, exact, without } = gather();
    const all = known.map(([, at]) => at);
    if (places.latitude) for (let i = 0; i < logs.count; i++) if (places.latitude[i] || places.longitude[i]) all.push([places.latitude[i] / 1e4, places.longitude[i] / 1e4]);
    byId("map-empty").hidden = all.length > 0;
    byId("map").hidden = !all.length;
    if (!all.length) return;
    const width = 560, height = 330, add = page.frame("map", width, height, "Logs by county or place of the well");
    const bounds = boundsOf(all), shapes = Object.entries(places.outlines || {});
    const at = framed([bounds[0] - 0.4, bounds[1] - 0.4, bounds[2] + 0.4, bounds[3] + 0.4], width, height, 14);
    for (const [state, rings] of shapes) for (const ring of rings) {
      let d = "";
      for (let k = 0; k < ring.length; k += 2) d += (k ? "L" : "M") + at.x(ring[k]).toFixed(1) + "," + at.y(ring[k + 1]).toFixed(1);
      add("path", { class: "outline", d: d + "z" }, make("title", {}, state));
    }
    if (exact.length) drawWells(add, at, exact);
    const { names } = logs.label.county, spots = [];
    names.forEach((name, code) => {
      const own = counties.subarray(4 * code, 4 * code + 4), total = own[0] + own[1] + own[2] + own[3];
      if (name && total && places.counties[name]) spots.push({ name, own, total });
    });
    const most = Math.max(1, ...spots.map((spot) => spot.total));
    spots.sort((a, b) => b.total - a.total);
    for (const spot of spots) {
      const [lat, lon] = places.counties[spot.name], button = add("g", { class: "spot" + (chosen.county === spot.name ? " chosen" : ""), role: "button", tabindex: 0, "aria-pressed": String(chosen.county === spot.name), "aria-label": spot.name + ", " + grouped(spot.total) + " logs", transform: "translate(" + at.x(lon).toFixed(1) + "," + at.y(lat).toFixed(1) + ")" });
      pie(button, spot, 3 + 11 * Math.sqrt(spot.total / most));
      button.append(make("title", {}, spot.name + ": " + grouped(spot.total) + " logs, " + [0, 1, 2, 3].filter((k) => spot.own[k]).map((k) => grouped(spot.own[k]) + " " + page.shown[k]).join(", ")));
      const toggle = () => { chosen.county = chosen.county === spot.name ? null : spot.name; page.update(); };
      button.addEventListener("click", toggle);
      button.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(); } });
    }
    byId("map-note").textContent = [spots.length ? grouped(spots.length) + (spots.length === 1 ? " county" : " counties") + "; click one to filter" : "", exact.length ? grouped(exact.length) + " logs at their wells' coordinates" : "", without ? grouped(without) + " logs without a known place" : ""].filter(Boolean).join("; ");
  }
  function pie(group, spot, radius) {
    let from = 0;
    for (let k = 0; k < 4; k++) {
      const share = spot.own[k] / spot.total, kind = k < 3 ? "fill-" + page.words[k] : NONE;
      if (!share) continue;
      if (share > 0.999) { group.append(page.make("circle", { class: kind, r: radius })); return; }
      const point = (turn) => (radius * Math.sin(turn * 2 * Math.PI)).toFixed(2) + "," + (-radius * Math.cos(turn * 2 * Math.PI)).toFixed(2);
      group.append(page.make("path", { class: kind, d: "M0,0L" + point(from) + "A" + radius + "," + radius + " 0 " + (share > 0.5 ? 1 : 0) + " 1 " + point(from + share) + "z" }));
      from += share;
    }
  }
  /* One dot for each place on the frame, in the colour that most of its logs have. */
  function drawWells(add, at, exact) {
    const { logs } = page, cells = new Map();
    for (const i of exact) {
      const key = Math.round(at.x(logs.places.longitude[i] / 1e4) / 2) * 4096 + Math.round(at.y(logs.places.latitude[i] / 1e4) / 2);
      if (!cells.has(key)) cells.set(key, [0, 0, 0, 0]);
      cells.get(key)[logs.state[i]]++;
    }
    const paths = ["", "", "", ""];
    for (const [key, own] of cells) paths[own.indexOf(Math.max(...own))] += "M" + (2 * Math.floor(key / 4096) - 1.5) + "," + (2 * (key % 4096) - 1.5) + "h3v3h-3z";
    paths.forEach((d, k) => { if (d) add("path", { class: k < 3 ? "fill-" + page.words[k] : NONE, d }); });
  }

  /* ---- logs by year ---- */

  function drawYears() {
    const { logs, grouped } = page, passes = page.passes(), counts = new Map();
    let dated = 0, without = 0;
    for (let i = 0; i < logs.count; i++) {
      if (logs.year[i]) dated++;
      if (!passes[i]) continue;
      if (!logs.year[i]) { without++; continue; }
      if (!counts.has(logs.year[i])) counts.set(logs.year[i], [0, 0, 0]);
      if (logs.state[i] < 3) counts.get(logs.year[i])[logs.state[i]]++;
    }
    byId("years-empty").hidden = dated > 0;
    byId("years").hidden = !dated;
    byId("years-note").textContent = (counts.size ? "click a year to filter" : "") + (without ? (counts.size ? "; " : "") + grouped(without) + " logs without a date" : "");
    if (!dated) return;
    const years = [...counts.keys()], low = years.length ? Math.min(...years) : 1950, high = Math.max(low + SHARES, ...years), many = high - low + 1;
    const box = { left: 56, top: 12, wide: 492, tall: 104 }, add = page.frame("years", 560, 156, "Logs by year and verdict");
    page.stacked(add, Array.from({ length: many }, (_, k) => counts.get(low + k) || [0, 0, 0]), box, (k) => String(low + k));
    const step = box.wide / many, every = [1, 2, 5, 10, 20].find((n) => n * step >= 38) || 50;
    for (let k = 0; k < many; k++) {
      const year = low + k;
      if (year % every === 0) add("text", { class: "tick", x: box.left + (k + 0.5) * step, y: 128, "text-anchor": "middle" }, String(year));
      if (!counts.has(year)) continue;
      const bar = add("rect", { class: "year" + (Number(chosen.year) === year ? " chosen" : ""), x: box.left + k * step, y: box.top, width: step, height: box.tall });
      bar.append(page.make("title", {}, year + ": " + grouped(counts.get(year).reduce((a, b) => a + b, 0)) + " logs"));
      bar.addEventListener("click", () => { chosen.year = Number(chosen.year) === year ? null : String(year); page.update(); });
    }
    add("text", { class: "tick", x: box.left + box.wide / 2, y: 148, "text-anchor": "middle" }, "year of the log; logs by verdict");
  }

  page.panels.push(drawMap, drawYears);
})();
