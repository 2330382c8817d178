"use strict";
/* Where the page opens: at the first thing that keeps the log from being accepted, with words on what to do there. */
window.veernetOpening = (function () {
  const doc = window.veernetDesk, view = window.veernetView;
  const READABLE_PX = 900;  // columns in sight at which print of most scans can be read
  const guessed = doc.isGuess;
  const lacksDepth = (section) => !section.depth || (section.depth.anchors || []).length < 2;

  /* The widest gap between two tracks is where depths are printed; without one they stand beside the first track. */
  function depthColumn(section) {
    const row = section.row_top || 0, spans = (section.tracks || []).map((t) => [doc.at(t.left_px, row), doc.at(t.right_px, row)]).sort((a, b) => a[0] - b[0]);
    let best = null;
    spans.forEach(([, right], i) => { const next = spans[i + 1]; if (next && next[0] > right && (!best || next[0] - right > best[1] - best[0])) best = [right, next[0]]; });
    return best ? (best[0] + best[1]) / 2 : spans.length ? spans[0][0] : view.page.width / 2;
  }
  const middle = (track, row) => (doc.at(track.left_px, row) + doc.at(track.right_px, row)) / 2;

  function needs(state) {
    const found = [], sections = doc.value.sections;
    const add = (tool, s, row, col, words, at) => found.push({ tool, row, col, words, at: { section: s, track: -1, curve: -1, ...(at || {}) }, blocks: tool !== "move" });
    if (!sections.some((section) => !section.skip)) add("section", 0, 0, view.page.width / 2, "Nothing is known of this page: click the first and the last row of the log, then add its tracks. If the page lies on its side, turn it first (Turn page).");
    sections.forEach((section, s) => {
      if (section.skip) return;
      const top = section.row_top || 0, name = section.section_id;
      if (!(section.tracks || []).length) add("track", s, top, view.page.width / 2, "Section " + name + " has no track: drag from the left to the right border of one.");
      if (lacksDepth(section)) add("depth", s, top, depthColumn(section), "Section " + name + " has no depth: click two or more depth lines and type the depths that are printed there.");
      else if (guessed(section.depth)) add("depth", s, section.depth.anchors[0][0], depthColumn(section), "The depth of section " + name + " is a guess: compare it with what is printed, then confirm it (c), or click depth lines and type their depths.");
      (section.tracks || []).forEach((track, t) => window.veernetPanel.bordersOff(section, track).forEach((f) => {
        const row = Math.max(top, f.rows ? f.rows[0] : top), side = f.message.includes("right border") ? "right_px" : "left_px";
        add("border", s, row, doc.at(track[side], row), f.message + ": drag it onto the line, or say in the list that it is right as it is.", { track: t });
      }));
      const unnamed = window.veernetConfirm.open().filter((q) => q.section === s && q.kind === "identity");
      (section.tracks || []).forEach((track, t) => (track.curves || []).forEach((curve, c) => {
        if (unnamed.some((q) => q.track === t && q.curve === c)) found.push({ tool: "move", row: top, col: middle(track, top), words: "Which line of track " + track.track_id + " is " + curve.mnemonic + "? Press c to see them and to say.", at: { section: s, track: t, curve: c }, blocks: true });
        if (guessed(curve)) add("scale", s, top - view.page.width / 8, middle(track, top), (curve.mnemonic === "UNREAD" ? "A scale of track " + track.track_id + " was not read" : "The scale of " + curve.mnemonic + " in track " + track.track_id + " is a guess") + ": press c to compare it with what is printed and to say which line it is.", { track: t, curve: c });
      }));
    });
    return found.concat(doubts(state));
  }
  /* Stretches of curves that are for review. */
  function doubts(state) {
    return state.curves.filter((curve) => curve.decision === "review" && curve.doubtful.length).map((curve) => {
      const s = doc.value.sections.findIndex((q) => q.section_id === curve.section_id), section = doc.value.sections[s];
      const t = section ? (section.tracks || []).findIndex((q) => q.track_id === curve.track_id) : -1;
      if (t < 0 || lacksDepth(section)) return null;
      const depth = curve.doubtful[0].depth_from, row = doc.at(section.depth.anchors.map(([r, d]) => [d, r]), depth), track = section.tracks[t];
      return { tool: "move", row, col: middle(track, row), words: curve.mnemonic + " is in doubt from " + Math.round(depth * 10) / 10 + " on: " + curve.reasons.join(" "), at: { section: s, track: t, curve: (track.curves || []).findIndex((c) => c.mnemonic === curve.mnemonic) }, blocks: false };
    }).filter(Boolean);
  }
  /* The first need, of one tool where the address names one; the top of the first section where there is none. */
  function first(state, tool) {
    const all = needs(state), own = tool ? all.filter((need) => need.tool === tool) : all;
    if (own.length) return own[0];
    const s = doc.value.sections.findIndex((section) => !section.skip), section = doc.value.sections[s];
    return { tool: tool || "move", row: section ? section.row_top || 0 : 0, col: view.page.width / 2, words: "", at: { section: Math.max(0, s), track: -1, curve: -1 }, blocks: false };
  }
  return { first, show: (need) => view.showAt(need.row, need.col, need.tool === "section" ? view.page.width * 1.02 : Math.min(view.page.width * 1.02, READABLE_PX)) };
})();
