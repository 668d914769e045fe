"use strict";
{ // names of this script are its own
// "/" searches, "g" and a letter open a page, "j" and "k" walk through the rows of a table, Enter opens one.
let before = "";

function rows() { return [...document.querySelectorAll("table[data-rows] tbody tr")].filter((row) => row.querySelector("a[href]")); }

function walk(by) {
  const all = rows(), at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))];
  if (next) {
    next.querySelector("a[href]").focus();
    next.scrollIntoView({ block: "nearest" });
  }
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, select, textarea, [role=treegrid]")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const page = before === "g" && document.querySelector(`a[data-go="${CSS.escape(event.key)}"]`);
  before = event.key;
  if (page) { page.click(); return; }
  if (event.key === "j") walk(1);
  else if (event.key === "k") walk(-1);
  else if (event.key === "/") document.getElementById("q")?.focus();
  else return;
  event.preventDefault();
});
}
