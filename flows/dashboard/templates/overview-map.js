"use strict";
/* Where and when: wells by county or coordinates on a plain frame, and logs by year. Both follow the filters. */
(function () {
  const page = window.veernetOverview, { byId, chosen } = page;
  const SHARES = 24, NONE = "fill-none";

  /* ---- the frame: degrees to pixels, north up, as wide as high on the ground ---- */

  function framed(bounds, width, height, pad) {
    const [west, south, east, north] = bounds, squeeze = Math.max(0.2, Math.cos((south + north) / 2 * Math.PI / 180));
    const scale = Math.min((width - 2 * pad) / Math.max((east - west) * squeeze, 0.01), (height - 2 * pad) / Math.max(north - south, 0.01));
    const left = (width - (east - west) * squeeze * scale) / 2, top = (height - (north - south) * scale) / 2;
    return { x: (lon) => left + (lon - west) * squeeze * scale, y: (lat) => top + (north - lat) * scale, lon: (x) => west + (x - left) / squeeze / scale, lat: (y) => north - (y - top) / scale, squeeze };
  }
  function boundsOf(points) {
    const out = [360, 90, -180, -90];
    for (const [lat, lon] of points) { out[0] = Math.min(out[0], lon); out[1] = Math.min(out[1], lat); out[2] = Math.max(out[2], lon); out[3] = Math.max(out[3], lat); }
    return out;
  }
  /* Bounds that take in the outlines around them, but not islands at the other end of the world. */
  function whole(bounds, shapes, shifted) {
    const far = 30, out = bounds.slice(), [west, south, east, north] = bounds;
    for (const [, rings] of shapes) for (const ring of rings) for (let k = 0; k < ring.length; k += 2) {
      const lon = shifted(ring[k]), lat = ring[k + 1];
      if (lon < west - far || lon > east + far || lat < south - far || lat > north + far) continue;
      out[0] = Math.min(out[0], lon); out[1] = Math.min(out[1], lat); out[2] = Math.max(out[2], lon); out[3] = Math.max(out[3], lat);
    }
    return out;
  }
  /* Wells on both sides of 180 degrees lie side by side: where that makes the frame narrower, the west counts on. */
  function seam(points) {
    let plain = [180, -180], round = [360, 0];
    for (const [, lon] of points) { const on = lon < 0 ? lon + 360 : lon; plain = [Math.min(plain[0], lon), Math.max(plain[1], lon)]; round = [Math.min(round[0], on), Math.max(round[1], on)]; }
    return round[1] - round[0] < plain[1] - plain[0] - 1e-9;
  }
  const degrees = (value, plus, minus) => { const v = ((value + 180) % 360 + 360) % 360 - 180; return Number(Math.abs(v).toFixed(4)) + "°" + (v === 0 ? "" : v > 0 ? plus : minus); };
  /* Lines of latitude and longitude, so that a place is known where no outline is drawn. */
  function graticule(add, at, width, height) {
    const span = Math.max(at.lon(width) - at.lon(0), at.lat(0) - at.lat(height)), every = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60].find((step) => span / step <= 7) || 90;
    for (let k = Math.ceil(at.lon(0) / every); k * every <= at.lon(width); k++) {
      const x = at.x(k * every);
      add("line", { class: "graticule", x1: x, x2: x, y1: 0, y2: height });
      if (x > 24 && x < width - 24) add("text", { class: "tick", x, y: height - 3, "text-anchor": "middle" }, degrees(k * every, "E", "W"));
    }
    for (let k = Math.ceil(at.lat(height) / every); k * every <= at.lat(0); k++) {
      const y = at.y(k * every);
      add("line", { class: "graticule", x1: 0, x2: width, y1: y, y2: y });
      if (y > 14 && y < height - 20) add("text", { class: "tick", x: 2, y: y - 2 }, degrees(k * every, "N", "S"));
    }
  }

  /* Logs that pass, counted by county and verdict; those with coordinates of their own; why others are not here. */
  function gather() {
    const { logs } = page, passes = page.passes(), { names, codes } = logs.label.county, own = logs.places.latitude, { names: reasons, codes: why } = logs.label.nowhere;
    const counties = new Uint32Array(4 * names.length), exact = [], without = new Uint32Array(reasons.length);
    for (let i = 0; i < logs.count; i++) {
      if (!passes[i]) continue;
      if (own && logs.places.own[i]) exact.push(i);
      else if (reasons[why[i]]) without[why[i]]++;
      else counties[4 * codes[i] + logs.state[i]]++;
    }
    return { counties, exact, without };
  }

  function drawMap() {
    const { logs, grouped, make } = page, { places } = logs, known = Object.entries(places.counties || {}), { counties, exact, without } = gather();
    const all = known.map(([, at]) => at);
    if (places.own) for (let i = 0; i < logs.count; i++) if (places.own[i]) all.push([places.latitude[i] / 1e4, places.longitude[i] / 1e4]);
    drawNowhere(without);
    byId("map-empty").hidden = all.length > 0;
    byId("map").hidden = !all.length;
    if (!all.length) return;
    const width = 560, height = 330, add = page.frame("map", width, height, "Logs by county or place of the well"), round = seam(all);
    const shifted = (lon) => round && lon < 0 ? lon + 360 : lon, near = page.near(), shapes = Object.entries(places.outlines || {});
    const bounds = near ? [shifted(near.lon) - near.half / near.squeeze, near.lat - near.half, shifted(near.lon) + near.half / near.squeeze, near.lat + near.half] : whole(boundsOf(all.map(([lat, lon]) => [lat, shifted(lon)])), known.length ? shapes : [], shifted);
    const margin = near ? 0 : Math.max(0.05, Math.min(0.4, Math.max(bounds[2] - bounds[0], bounds[3] - bounds[1]) / 8));
    const flat = framed([bounds[0] - margin, bounds[1] - margin, bounds[2] + margin, bounds[3] + margin], width, height, 14), at = { ...flat, x: (lon) => flat.x(shifted(lon)) };
    graticule(add, flat, width, height);
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
      button.addEventListener("click", (event) => { event.stopPropagation(); toggle(); });
      button.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(); } });
    }
    if (exact.length) pointing(at, exact, width, height, near);
    byId("map-note").textContent = [spots.length ? grouped(spots.length) + (spots.length === 1 ? " county" : " counties") + "; click one to filter" : "", exact.length ? grouped(exact.length) + (exact.length === 1 ? " log at its well's coordinates" : " logs at their wells' coordinates") + "; click the map to look closer" : ""].filter(Boolean).join("; ");
  }
  /* Why logs are not on the map; each reason filters. */
  function drawNowhere(counts) {
    const MOST = 8, { names } = page.logs.label.nowhere, order = names.map((_, k) => k).filter((k) => names[k] && (counts[k] || chosen.nowhere === names[k])).sort((a, b) => counts[b] - counts[a]);
    byId("map-without").replaceChildren(...order.slice(0, MOST).map((k) => {
      const button = page.make("button", { type: "button", "aria-pressed": String(chosen.nowhere === names[k]), title: "Show these logs alone" }, page.grouped(counts[k]) + (counts[k] === 1 ? " log" : " logs") + " not on the map: " + names[k]);
      button.addEventListener("click", () => { chosen.nowhere = chosen.nowhere === names[k] ? null : names[k]; page.update(); });
      return page.make("li", {}, button);
    }), ...(order.length > MOST ? [page.make("li", {}, "and " + (order.length - MOST) + " other reasons")] : []));
  }
  /* What lies under the pointer is named; a click shows the wells round it, and only those. */
  function pointing(at, exact, width, height, near) {
    const { logs } = page, svg = byId("map").querySelector("svg"), names = page.make("title", {}, "");
    svg.append(names);
    const place = (event) => { const box = svg.getBoundingClientRect(); return [(event.clientX - box.left) * width / box.width, (event.clientY - box.top) * height / box.height]; };
    svg.addEventListener("mousemove", (event) => {
      const [x, y] = place(event), here = [];
      for (const i of exact) {
        if (here.length < 6 && Math.abs(at.x(logs.places.longitude[i] / 1e4) - x) < 5 && Math.abs(at.y(logs.places.latitude[i] / 1e4) - y) < 5) { const name = logs.text.well[i] || logs.text.uwi[i] || logs.text.log_id[i]; if (!here.includes(name)) here.push(name); }
      }
      names.textContent = here.slice(0, 5).join(", ") + (here.length > 5 ? " …" : "") || degrees(at.lat(y), "N", "S") + " " + degrees(at.lon(x), "E", "W");
    });
    svg.addEventListener("click", (event) => {
      const [x, y] = place(event), half = near ? near.half / 3 : (at.lat(0) - at.lat(height)) / 8, lat = at.lat(y), lon = ((at.lon(x) + 180) % 360 + 360) % 360 - 180;
      if (half < 2e-3) return;
      const before = chosen.near;
      chosen.near = [lat, lon, half].map((v) => Number(v.toFixed(4))).join(" ");
      if (!exact.some((i) => page.isNear(i, page.near()))) { chosen.near = before; return; }
      page.update();
    });
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
    const side = cells.size < 300 ? 6 : 3;
    for (const [key, own] of cells) paths[own.indexOf(Math.max(...own))] += "M" + (2 * Math.floor(key / 4096) - side / 2) + "," + (2 * (key % 4096) - side / 2) + "h" + side + "v" + side + "h-" + side + "z";
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
    const years = [...counts.keys()], high = years.length ? Math.max(...years) : 1974, low = Math.min(high - SHARES, ...years), many = high - low + 1;
    const box = { left: 56, top: 12, wide: 492, tall: 104 }, add = page.frame("years", 560, 164, "Logs by year and verdict");
    page.stacked(add, Array.from({ length: many }, (_, k) => counts.get(low + k) || [0, 0, 0]), box, (k) => String(low + k));
    const step = box.wide / many, every = [1, 2, 5, 10, 20].find((n) => n * step >= 38) || 50;
    for (let k = 0; k < many; k++) {
      const year = low + k;
      if (year % every === 0) add("text", { class: "tick", x: box.left + (k + 0.5) * step, y: 136, "text-anchor": "middle" }, String(year));
      if (!counts.has(year)) continue;
      const bar = add("rect", { class: "year" + (Number(chosen.year) === year ? " chosen" : ""), x: box.left + k * step, y: box.top, width: step, height: box.tall });
      bar.append(page.make("title", {}, year + ": " + grouped(counts.get(year).reduce((a, b) => a + b, 0)) + " logs"));
      bar.addEventListener("click", () => { chosen.year = Number(chosen.year) === year ? null : String(year); page.update(); });
    }
    add("text", { class: "tick", x: box.left + box.wide / 2, y: 156, "text-anchor": "middle" }, "year of the log; logs by verdict");
  }

  page.panels.push(drawMap, drawYears);
})();
