"use strict";
/* The scan, deep-zoomed in its own colours (OpenSeadragon), with what is known drawn over it. */
window.veernetView = (function () {
  const NS = "http://www.w3.org/2000/svg", doc = window.veernetDesk;
  const view = { viewer: null, page: null, traces: [], curve: null, section: 0, draft: null, lines: null, references: {} };
  let svg = null;
  /* A picture that is replaced while its tiles are on their way, as when the page is turned, is no trouble. */
  const late = (words) => String(words[0]).startsWith("Ignoring tile");
  OpenSeadragon.console = { log: (...w) => console.log(...w), debug: (...w) => console.debug(...w), info: (...w) => console.info(...w), error: (...w) => console.error(...w), assert: (...w) => console.assert(...w), warn: (...w) => { if (!late(w)) console.warn(...w); } };

  view.open = (state) => {
    view.page = state.page;
    view.traces = state.traces;
    view.references = state.references || {};
    if (view.viewer) view.viewer.destroy();
    view.source = () => {
      const source = new OpenSeadragon.TileSource({ width: state.page.width, height: state.page.height, tileSize: 512, minLevel: 0, maxLevel: state.page.levels - 1 });
      source.getTileUrl = (z, x, y) => "/api/tile?" + new URLSearchParams({ log_id: state.log_id, turn: state.page.turn, z, x, y });
      return source;
    };
    view.viewer = OpenSeadragon({ element: document.getElementById("scan"), tileSources: [view.source()], showNavigationControl: false, drawer: "canvas", immediateRender: true, animationTime: 0.25,
      visibilityRatio: 0.3, maxZoomPixelRatio: 6, minZoomImageRatio: 0.8, gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: false }, showNavigator: false });
    view.awaitPicture(view.viewer, document.getElementById("scan"));
    svg = document.createElementNS(NS, "svg");
    document.getElementById("scan").append(svg);
    for (const event of ["update-viewport", "open", "resize", "animation"]) view.viewer.addHandler(event, view.draw);
    view.viewer.addHandler("open", () => { view.fitWidth(); document.getElementById("scan").dataset.ready = "1"; });
  };
  /* Words over a viewer until the first piece of its picture is there, or cannot be read. */
  view.awaitPicture = (viewer, host) => {
    for (const old of host.querySelectorAll(":scope > .waiting")) old.remove();
    const words = document.createElement("p");
    words.className = "waiting";
    words.setAttribute("role", "status");
    words.textContent = "The picture of the page is being read. A long scan takes some seconds.";
    host.append(words);
    viewer.addOnceHandler("tile-loaded", () => { words.remove(); awaitRest(viewer, host); });
    viewer.addHandler("tile-load-failed", () => { words.classList.add("failed"); words.textContent = "The picture of the page could not be read. Reload the page to try again."; });
  };
  /* A word in the corner while parts in sight are on their way. */
  function awaitRest(viewer, host) {
    const words = document.createElement("p"), picture = viewer.world.getItemAt(0);
    words.className = "waiting rest";
    words.setAttribute("role", "status");
    host.append(words);
    let later = 0;
    const tell = (whole) => { clearTimeout(later); words.textContent = ""; if (!whole) later = setTimeout(() => { words.textContent = "More of the picture is being read…"; }, 400); };
    if (!picture) return;
    picture.addHandler("fully-loaded-change", (event) => tell(event.fullyLoaded));
    tell(picture.getFullyLoaded());
  }
  view.fitWidth = (row) => {
    const box = view.viewer.viewport.getContainerSize(), high = Math.min(1, box.y / box.x * 1.02 * view.page.width / view.page.height);
    const top = row === undefined ? 0 : Math.max(0, row / view.page.width - 0.2);
    view.viewer.viewport.fitBounds(new OpenSeadragon.Rect(-0.01, top, 1.02, Math.max(high * view.page.height / view.page.width, 1.02 * box.y / box.x)), true);
  };
  /* Scan [row, px] under a place in the window, and back. */
  view.scanAt = (x, y) => {
    const box = document.getElementById("scan").getBoundingClientRect();
    const point = view.viewer.viewport.viewerElementToViewportCoordinates(new OpenSeadragon.Point(x - box.left, y - box.top));
    return [point.y * view.page.width - 0.5, point.x * view.page.width - 0.5];
  };
  view.inView = (row, col) => {
    const point = view.viewer.viewport.viewportToViewerElementCoordinates(new OpenSeadragon.Point((col + 0.5) / view.page.width, (row + 0.5) / view.page.width));
    return [point.x, point.y];
  };
  view.screenOf = (row, col) => {
    const box = document.getElementById("scan").getBoundingClientRect(), [x, y] = view.inView(row, col);
    return [x + box.left, y + box.top];
  };
  view.pxPerScreen = () => { const [a] = view.inView(0, 0), [b] = view.inView(0, 100); return 100 / (b - a); };
  view.goTo = (row) => view.fitWidth(row);
  /* A place of the scan, a little below the top of the window, with so many columns in sight. */
  view.showAt = (row, col, cols) => {
    const box = view.viewer.viewport.getContainerSize(), wide = cols / view.page.width, high = wide * box.y / box.x;
    const left = cols >= view.page.width ? -0.01 : Math.max(0, Math.min(1 - wide, (col + 0.5) / view.page.width - wide / 2));
    view.viewer.viewport.fitBounds(new OpenSeadragon.Rect(left, Math.max(0, row / view.page.width - 0.2 * high), wide, high), true);
  };
  /* The same in the middle of the window. */
  view.showMiddle = (row, col, cols) => { const box = view.viewer.viewport.getContainerSize(); view.showAt(row - 0.3 * cols * box.y / box.x, col, cols); };
  view.scrollTo = (row) => { const box = view.viewer.viewport.getBounds(true); box.y = row / view.page.width; view.viewer.viewport.fitBounds(box, true); };

  function line(points, colour, width, extra) {
    const node = document.createElementNS(NS, "polyline");
    node.setAttribute("points", points.map(([row, col]) => view.inView(row, col).map((v) => v.toFixed(1)).join(",")).join(" "));
    for (const [name, value] of Object.entries({ fill: "none", stroke: colour, "stroke-width": width, ...extra })) node.setAttribute(name, value);
    svg.append(node);
  }
  function label(row, col, words, colour, dy) {
    const node = document.createElementNS(NS, "text"), [x, y] = view.inView(row, col);
    node.setAttribute("x", x); node.setAttribute("y", y + (dy || 0)); node.setAttribute("fill", colour);
    node.textContent = words;
    svg.append(node);
  }
  /* A numbered place on a line, and its name beside it. */
  function badge(row, col, number, words, colour, dy) {
    const [x, y] = view.inView(row, col);
    const put = (name, attributes, inner) => { const node = document.createElementNS(NS, name); for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value); if (inner) node.textContent = inner; svg.append(node); };
    const at = [x + 46, y + dy];
    put("line", { x1: x, y1: y, x2: at[0], y2: at[1], stroke: colour, "stroke-width": 1.5 });
    put("circle", { cx: x, cy: y, r: 4, fill: "#fff", stroke: colour, "stroke-width": 2 });
    put("circle", { cx: at[0], cy: at[1], r: 9, fill: colour });
    put("text", { x: at[0], y: at[1] + 4, fill: "#fff", class: "number", "text-anchor": "middle" }, String(number));
    put("text", { x: at[0] + 13, y: at[1] + 4, fill: colour }, words);
  }
  function border(track, name, top, bottom) {
    const knots = track[name], rows = typeof knots === "number" ? [] : (knots || []).map(([row]) => row).filter((row) => row > top && row < bottom);
    return [top, ...rows, bottom].map((row) => [row, doc.at(knots, row)]);
  }
  /* One colour for a curve in list, points and trace; the curves of a track differ in theirs. */
  view.colourOf = (sectionId, trackId, mnemonic) => {
    const section = doc.value.sections.find((q) => q.section_id === sectionId) || {}, t = (section.tracks || []).findIndex((q) => q.track_id === trackId);
    const c = t < 0 ? -1 : (section.tracks[t].curves || []).findIndex((q) => q.mnemonic === mnemonic);
    return view.colour(Math.max(0, t), Math.max(0, c));
  };
  view.colour = (t, c) => COLOURS[(t * 3 + c) % COLOURS.length];
  const COLOURS = ["#d1007a", "#0072b2", "#009e73", "#d55e00", "#6a3d9a", "#7a5c00"];

  /* The column for which depths of a section are kept: the middle of its depth column, else its first border. */
  view.middleOf = (section, row) => {
    const known = view.references[section.section_id], first = (section.tracks || [])[0];
    return known ? doc.at(known, row) : first && first.left_px !== undefined ? doc.at(first.left_px, row) : 0;
  };
  view.depthLine = (section, row) => [0, view.page.width].map((col) => [row + doc.tilt(section) * (col - view.middleOf(section, row)), col]);
  view.draw = () => {
    if (!svg || !view.page || !view.viewer.world.getItemCount()) return;
    svg.replaceChildren();
    doc.value.sections.forEach((section, s) => {
      const [top, bottom] = doc.rows(section, view.page.height), chosen = s === view.section;
      const quiet = section.skip ? { "stroke-dasharray": "2 6" } : {};
      line([[top, 0], [top, view.page.width], [bottom, view.page.width], [bottom, 0], [top, 0]], chosen ? "#14212e" : "#667585", chosen ? 2 : 1, quiet);
      label(top, 4, "section " + section.section_id + (section.skip ? " (skipped)" : ""), "#14212e", -4);
      (section.tracks || []).forEach((track, t) => {
        if (track.left_px === undefined || track.right_px === undefined) return;
        line(border(track, "left_px", top, bottom), "#0072b2", 2.5, { "stroke-opacity": 0.8 });
        line(border(track, "right_px", top, bottom), "#0072b2", 2.5, { "stroke-opacity": 0.8, "stroke-dasharray": "9 4" });
        const [, visibleTop] = [0, Math.max(top, view.scanAt(0, document.getElementById("scan").getBoundingClientRect().top + 4)[0])];
        if (visibleTop < bottom) label(visibleTop, doc.at(track.left_px, visibleTop) + 4, track.track_id, "#00527f", 14);
        (track.curves || []).forEach((curve, c) => {
          const colour = view.colour(t, c);
          for (const [row, px] of curve.points || []) { const r = 4 * view.pxPerScreen(); line([[row - r, px], [row, px + r], [row + r, px], [row, px - r], [row - r, px]], colour, 2); }
          if (curve.redrawn) line(curve.redrawn, colour, 2.5, { "stroke-dasharray": "6 2" });
          for (const [a, b] of curve.null_rows || []) line([[a, doc.at(track.right_px, a) - 4], [b, doc.at(track.right_px, b) - 4]], colour, 6, { "stroke-opacity": 0.5 });
        });
      });
      const depth = section.depth || {}, sure = !depth.source || depth.source === "sidecar", first = (section.tracks || [])[0];
      let above = -1e9;
      for (const [row, value] of depth.anchors || []) {
        line(view.depthLine(section, row), sure ? "#009e73" : "#b87700", 1.5, sure ? {} : { "stroke-dasharray": "4 4" });
        const y = view.inView(row, 0)[1];
        if (y - above < 15) continue;  // numbers must not lie over each other
        above = y;
        label(row, first && first.left_px !== undefined ? Math.max(2, doc.at(first.left_px, row) - 70 * view.pxPerScreen()) : 8, value + " " + (depth.unit || ""), sure ? "#00694d" : "#7a4f00", -3);
      }
    });
    const shown = view.lines, isShown = (trace) => shown && trace.section_id === shown.section_id && trace.track_id === shown.track_id;
    view.traces.forEach((trace) => {
      const colour = view.colourOf(trace.section_id, trace.track_id, trace.mnemonic), weight = isShown(trace) ? 4 : 1.6, strength = isShown(trace) ? 0.6 : shown ? 0.15 : 0.75;
      const runs = [[]];
      for (const point of trace.path) if (point) runs[runs.length - 1].push(point); else if (runs[runs.length - 1].length) runs.push([]);
      for (const run of runs) {
        const parts = [[]];  // a wrap is no line across the track
        run.forEach((point, i) => { if (i && Math.abs(point[1] - run[i - 1][1]) > view.page.width / 12) parts.push([]); parts[parts.length - 1].push(point); });
        for (const part of parts) if (part.length > 1) line(part, colour, weight, { "stroke-opacity": strength });
      }
    });
    if (shown) shown.found.forEach((found, k) => { if (isFinite(found.px)) badge(shown.row, found.px, k + 1, found.names.join(", "), found.colour, k * 20 - 10 * (shown.found.length - 1)); });
    if (view.draft) line(view.draft, "#d1007a", 2, { "stroke-dasharray": "5 3" });
  };
  return view;
})();
