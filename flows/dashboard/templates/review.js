"use strict";
/* On a log's page in the served form: what people decided, and the way to the desk. From disk: nothing. */
(function () {
  const id = document.body.dataset.logId;
  if (!window.veernetServed || !window.veernetServed.review || !id) return;
  if (window.parent !== window) {
    const forwarded = new Set(["a", "r", "n", "w", "e", "j", "k", "o", "g", "s", "z", "x", "X", "[", "]"]);
    document.addEventListener("keydown", (event) => {
      const field = event.target instanceof Element && event.target.closest("input, textarea, select");
      if (!field && forwarded.has(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) { window.parent.postMessage({ veernetKey: event.key }, location.origin); event.stopPropagation(); }
    }, true);
    return;
  }
  const bar = document.createElement("p"), link = document.createElement("a");
  link.href = "/review?log=" + encodeURIComponent(id);
  link.textContent = "Review this log";
  bar.className = "review-bar";
  const correct = document.createElement("a");
  correct.href = "/correct?log=" + encodeURIComponent(id);
  correct.textContent = "Correct it on the scan";
  bar.append(link, " · ", correct);
  document.body.prepend(bar);
  fetch("/api/log?log_id=" + encodeURIComponent(id)).then((answer) => answer.ok ? answer.json() : null).then((log) => {
    const said = log ? log.curves.filter((curve) => curve.review) : [];
    const words = said.map((curve) => curve.mnemonic + " (" + curve.track_id + "): " + curve.review.action + " by " + curve.review.reviewer + ", " + curve.review.when + (curve.review.note ? ": " + curve.review.note : ""));
    bar.append(words.length ? " · decided by people: " + words.join("; ") : " · nobody has decided about its curves");
  });
})();
