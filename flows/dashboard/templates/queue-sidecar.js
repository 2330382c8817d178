"use strict";
/* The sidecar of the log in sight as text, with fields for what is most often wrong. */
(function () {
  const desk = window.veernetQueue, { byId, make, text, ask, say } = desk;

  function edit() {
    const log = desk.log();
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
    const body = { log_id: desk.row().log_id, sidecar: byId("sidecar").value, reviewer: window.veernetReviewer.name(), note: byId("note").value.trim() };
    try {
      const found = await ask(path, body);
      say(found.sections + " sections, " + found.tracks + " tracks, " + found.curves + " curves" + (path.endsWith("check") ? ": in order." : ": being digitised again."), true);
      return true;
    } catch (error) { say(error.message, false); return false; }
  }
  byId("edit").addEventListener("click", edit);
  byId("sidecar").addEventListener("change", drawForm);
  byId("check").addEventListener("click", () => send("/api/sidecar/check"));
  byId("again").addEventListener("click", async () => { if (await send("/api/sidecar")) { byId("editor").hidden = true; desk.redone(); } });
  byId("close").addEventListener("click", () => { byId("editor").hidden = true; });

  desk.edit = edit;
})();
