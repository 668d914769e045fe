"use strict";
const { startMs, tasks, rows } = JSON.parse(document.getElementById("data").textContent);
const [PARENT, TITLE, BEGIN, END, STATE, WAIT, CHAIN, ERRORS, DETAILS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const HEIGHT = 22, MOST = 16000000, OK = 0, FAILED = 1, RUNNING = 2;
const WORDS = ["complete", "failed", "running"];
const byId = (id) => document.getElementById(id);
const grid = byId("grid"), space = byId("space"), details = byId("details");
const last = rows.reduce((most, row) => Math.max(most, row[END]), 1);
const level = [], children = [];
rows.forEach((row, index) => {
  level.push(row[PARENT] < 0 ? 1 : level[row[PARENT]] + 1);
  children.push(0);
  if (row[PARENT] >= 0) children[row[PARENT]] += 1;
});
const closed = new Set();
let moment = last, visible = [], selected = 0;

function element(tag, text, name) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}

function duration(micros) {
  if (micros >= 3600000000) return Math.floor(micros / 3600000000) + "h " + String(Math.floor(micros / 60000000) % 60).padStart(2, "0") + "m";
  if (micros >= 60000000) return Math.floor(micros / 60000000) + "m " + String(Math.floor(micros / 1000000) % 60).padStart(2, "0") + "s";
  if (micros >= 1000000) return (micros / 1000000).toPrecision(3) + " s";
  return micros >= 1000 ? (micros / 1000).toPrecision(3) + " ms" : micros + " µs";
}

// As the run was known at the moment: later spans are hidden, and what ended later is still running.
function stateOf(row) { return row[END] > moment ? RUNNING : row[STATE]; }

function list() {
  visible = [];
  const hidden = new Uint8Array(rows.length);
  rows.forEach((row, index) => {
    const above = row[PARENT];
    hidden[index] = row[BEGIN] > moment || (above >= 0 && (hidden[above] || closed.has(above))) ? 1 : 0;
    if (!hidden[index]) visible.push(index);
  });
  space.style.height = Math.min(MOST, visible.length * HEIGHT) + "px";
  grid.setAttribute("aria-rowcount", visible.length);
  selected = Math.max(0, Math.min(selected, visible.length - 1));
  draw();
}

function draw() {
  const first = Math.max(0, Math.floor(grid.scrollTop / HEIGHT) - 5);
  const count = Math.ceil(grid.clientHeight / HEIGHT) + 10;
  space.replaceChildren(...visible.slice(first, first + count).map((index, at) => rowElement(index, first + at)));
  grid.setAttribute("aria-activedescendant", "row-" + visible[selected]);
}

function rowElement(index, position) {
  const row = rows[index], state = stateOf(row), end = Math.min(row[END], moment);
  const made = element("div", undefined, "row s" + state + (position === selected ? " selected" : ""));
  made.id = "row-" + index;
  made.style.top = position * HEIGHT + "px";
  const attributes = { role: "row", "aria-level": level[index], "aria-rowindex": position + 1, "aria-selected": position === selected };
  if (children[index]) attributes["aria-expanded"] = !closed.has(index);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  const arrow = children[index] ? (closed.has(index) ? "▸ " : "▾ ") : "   ";
  const name = element("div", arrow, "name");
  name.style.paddingLeft = 8 + 14 * (level[index] - 1) + "px";
  name.append(element(row[CHAIN] ? "b" : "span", row[TITLE]));
  const time = element("div", duration(end - row[BEGIN]), "time");
  const track = element("div", undefined, "track"), bar = element("div", undefined, "bar s" + state + (row[CHAIN] ? " chain" : ""));
  bar.style.left = (100 * row[BEGIN]) / last + "%";
  bar.style.width = (100 * (end - row[BEGIN])) / last + "%";
  track.append(bar);
  name.setAttribute("role", "gridcell");
  time.setAttribute("role", "gridcell");
  track.setAttribute("role", "gridcell");
  track.setAttribute("aria-label", "begins after " + duration(row[BEGIN]) + ", " + WORDS[state]);
  made.append(name, time, track);
  made.addEventListener("click", () => { selected = position; toggle(index, undefined); show(); });
  return made;
}

function show() {
  const row = rows[visible[selected]];
  if (!row) return details.replaceChildren();
  const table = element("table"), body = element("tbody");
  const lines = [["begins", "+" + duration(row[BEGIN])], ["lasts", duration(Math.min(row[END], moment) - row[BEGIN])], ["state", WORDS[stateOf(row)]]];
  if (row[WAIT]) lines.push(["waited", duration(row[WAIT])]);
  if (row[CHAIN]) lines.push(["critical path", "yes"]);
  const known = row[END] > moment ? [] : [...row[ERRORS].map((text) => ["error", text]), ...row[DETAILS]];
  for (const [name, text] of [...lines, ...known]) {
    const line = element("tr", undefined, name === "error" ? "error" : "");
    line.append(element("th", name), element("td", text));
    body.append(line);
  }
  table.append(body);
  details.replaceChildren(element("strong", row[TITLE]), table);
}

function go(position) {
  selected = Math.max(0, Math.min(position, visible.length - 1));
  const top = selected * HEIGHT;
  if (top < grid.scrollTop) grid.scrollTop = top;
  else if (top + HEIGHT > grid.scrollTop + grid.clientHeight) grid.scrollTop = top + HEIGHT - grid.clientHeight;
  draw();
  show();
}

function toggle(index, open) {
  if (!children[index] || open === undefined) return draw();
  open ? closed.delete(index) : closed.add(index);
  list();
}

function find(test) {
  for (let step = 1; step <= visible.length; step += 1) {
    const position = (selected + step) % visible.length;
    if (test(rows[visible[position]])) return go(position), true;
  }
  return false;
}

function nextFailure() {
  byId("found").textContent = find((row) => stateOf(row) === FAILED) ? "" : "no failure";
}

function search() {
  const text = byId("search").value.toLowerCase();
  if (text) byId("found").textContent = find((row) => row[TITLE].toLowerCase().includes(text)) ? "" : "not found";
}

grid.addEventListener("keydown", (event) => {
  const index = visible[selected], page = Math.max(1, Math.floor(grid.clientHeight / HEIGHT) - 1);
  const keys = {
    ArrowDown: () => go(selected + 1), ArrowUp: () => go(selected - 1), PageDown: () => go(selected + page), PageUp: () => go(selected - page),
    Home: () => go(0), End: () => go(visible.length - 1), Enter: show, e: nextFailure,
    "/": () => byId("search").focus(),
    ArrowLeft: () => (children[index] && !closed.has(index) ? toggle(index, false) : go(Math.max(0, visible.indexOf(rows[index][PARENT])))),
    ArrowRight: () => toggle(index, true),
  };
  if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key] || !visible.length) return;
  event.preventDefault();
  keys[event.key]();
});
grid.addEventListener("scroll", () => requestAnimationFrame(draw));
addEventListener("resize", draw);
byId("error").addEventListener("click", nextFailure);
byId("search").addEventListener("keydown", (event) => { if (event.key === "Enter") search(); if (event.key === "Escape") grid.focus(); });
byId("moment").addEventListener("input", (event) => {
  moment = event.target.value === "1000" ? last : (last * event.target.value) / 1000;
  byId("clock").textContent = clock();
  list();
  show();
});

function clock() {
  const date = new Date(startMs + moment / 1000);
  return "+" + duration(Math.round(moment)) + (isNaN(date) ? "" : ", " + date.toISOString());
}

for (const text of tasks) byId("tasks").append(element("li", text));
for (let tick = 0; tick < 5; tick += 1) {
  const mark = element("span", "+" + duration(Math.round((last * tick) / 5)));
  mark.style.left = tick * 20 + "%";
  byId("axis").append(mark);
}
byId("clock").textContent = clock();
list();
show();
grid.focus();
