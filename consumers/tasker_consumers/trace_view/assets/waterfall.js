"use strict";
{ // names of this script are its own
const [PARENT, TITLE, BEGIN, END, STATE, WAIT, CHAIN, ERRORS, DETAILS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const HEIGHT = 22, MOST = 16000000, OK = 0, FAILED = 1, RUNNING = 2;
const WORDS = ["complete", "failed", "running"];
const byId = (id) => document.getElementById(id);
const grid = byId("grid"), space = byId("space"), details = byId("details"), bars = byId("bars"), overview = byId("overview"), frame = byId("waterfall").parentElement;
const level = [], children = [], closed = new Set();
let rows = [], startMs = 0, last = 1, moment = 1, visible = [], selected = 0, view = [0, 1], colours = {}, asked = 0;

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
  return micros >= 1000 ? (micros / 1000).toPrecision(3) + " ms" : Math.round(micros) + " µs";
}

// The distance from the begin of the run, as the server writes it: +1.234, +10:24.180, +1:00:00.000.
function offset(micros) {
  const millis = Math.round(micros / 1000), seconds = Math.floor(millis / 1000), minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
  const two = (number) => String(number).padStart(2, "0"), fraction = "." + String(millis % 1000).padStart(3, "0");
  if (hours) return "+" + hours + ":" + two(minutes % 60) + ":" + two(seconds % 60) + fraction;
  return "+" + (minutes ? minutes + ":" + two(seconds % 60) : seconds) + fraction;
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
  drawOverview();
}

function draw() {
  const first = Math.max(0, Math.floor(grid.scrollTop / HEIGHT) - 5);
  const count = Math.ceil(grid.clientHeight / HEIGHT) + 10;
  space.replaceChildren(...visible.slice(first, first + count).map((index, at) => rowElement(index, first + at)));
  if (visible.length) grid.setAttribute("aria-activedescendant", "row-" + visible[selected]);
  drawBars();
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
  name.style.paddingLeft = 4 + 14 * Math.min(level[index] - 1, 12) + "px";
  name.append(element(row[CHAIN] ? "b" : "span", row[TITLE]));
  const time = element("div", duration(end - row[BEGIN]), "time"), track = element("div", undefined, "track");
  for (const cell of [name, time, track]) cell.setAttribute("role", "gridcell");
  track.setAttribute("aria-label", "begins after " + duration(row[BEGIN]) + ", " + WORDS[state]);
  made.append(name, time, track);
  made.addEventListener("click", (event) => {
    selected = position;
    const onArrow = children[index] && event.offsetX < 4 + 14 * level[index] && event.target !== time && event.target !== track;
    if (onArrow) toggle(index, closed.has(index));
    else draw();
    show();
  });
  return made;
}

// A canvas as sharp as the screen, cleared; returns its context, width and height in CSS pixels.
function prepared(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return context;
}

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["ok", "failed", "running", "chain", "line", "mark", "soft"]) colours[name] = style.getPropertyValue("--" + name).trim();
  colours.states = [colours.ok, colours.failed, colours.running];
}

function place(micros, width) { return ((micros - view[0]) / (view[1] - view[0])) * width; }

function drawBars() {
  const track = space.querySelector(".track"), left = track ? track.offsetLeft : 0;
  const width = grid.clientWidth - left, height = grid.clientHeight;
  Object.assign(bars.style, { left: left + "px", width: width + "px", height: height + "px" });
  const context = prepared(bars, width, height);
  context.fillStyle = colours.line;
  drawAxis(left, width).forEach((tick) => context.fillRect(place(tick, width), 0, 1, height));
  const first = Math.floor(grid.scrollTop / HEIGHT), count = Math.ceil(height / HEIGHT) + 1;
  visible.slice(first, first + count).forEach((index, at) => drawBar(context, rows[index], (first + at) * HEIGHT - grid.scrollTop, width));
}

function drawBar(context, row, top, width) {
  const begin = place(row[BEGIN], width), end = place(Math.min(row[END], moment), width);
  if (end < 0 || begin > width) return;
  const left = Math.max(begin, -4), length = Math.max(2, Math.min(end, width + 4) - left), wait = place(row[BEGIN] - row[WAIT], width);
  if (row[WAIT] && begin - wait > 2) {
    context.fillStyle = colours.soft;
    context.fillRect(Math.max(wait, 0), top + 10.5, Math.max(0, begin - Math.max(wait, 0)), 1);
  }
  context.fillStyle = colours.states[stateOf(row)];
  context.beginPath();
  context.roundRect(left, top + 5, length, 12, 2);
  context.fill();
  if (row[CHAIN]) {
    context.strokeStyle = colours.chain;
    context.lineWidth = 1.5;
    context.stroke();
  }
}

function drawOverview() {
  const width = overview.clientWidth, height = overview.clientHeight, context = prepared(overview, width, height);
  const deepest = Math.max(1, ...level.slice(0, 2000)), line = Math.max(2, (height - 4) / Math.max(4, deepest + 1));
  for (const wanted of [OK, RUNNING, FAILED]) {
    context.fillStyle = colours.states[wanted];
    rows.forEach((row, index) => {
      if (row[BEGIN] > moment || stateOf(row) !== wanted) return;
      const end = Math.min(row[END], moment);
      context.fillRect((row[BEGIN] / last) * width, 2 + Math.min(height - line - 2, (level[index] - 1) * line), Math.max(1, ((end - row[BEGIN]) / last) * width), Math.max(1, line - 1));
    });
  }
  context.strokeStyle = colours.chain;
  context.lineWidth = 1;
  context.strokeRect((view[0] / last) * width + 0.5, 0.5, ((view[1] - view[0]) / last) * width - 1, height - 1);
}

// Draws the axis above the bars, and returns its moments: round distances, as many as have room.
function drawAxis(left, width) {
  const step = distance((view[1] - view[0]) / Math.max(2, Math.floor(width / 85))), ticks = [];
  for (let tick = Math.ceil(view[0] / step) * step; tick < view[1]; tick += step) ticks.push(tick);
  const marks = ticks.map((tick) => {
    const mark = element("span", "+" + tickText(tick, step));
    mark.style.left = place(tick, width) + "px";
    return mark;
  });
  Object.assign(byId("axis").style, { marginLeft: left + "px", width: width + "px" });
  byId("axis").replaceChildren(...marks);
  return ticks;
}

// The shortest round distance that is long enough, in microseconds.
function distance(least) {
  const [second, minute, hour, day] = [1000000, 60000000, 3600000000, 86400000000];
  const clock = [1, 2, 5, 10, 15, 30].map((n) => n * second).concat([1, 2, 5, 10, 15, 30].map((n) => n * minute), [1, 2, 3, 6, 12].map((n) => n * hour));
  const unit = least < second ? 1 : day, power = Math.pow(10, Math.max(0, Math.floor(Math.log10(least / unit))));
  const decimal = [1, 2, 5, 10].map((n) => n * power * unit);
  return (least >= second && clock.find((each) => each >= least)) || decimal.find((each) => each >= least) || decimal[3];
}

function tickText(micros, step) {
  if (step >= 1000000) return micros < 60000000 ? micros / 1000000 + " s" : duration(micros);
  if (micros < 1000000) return duration(micros);
  const minutes = Math.floor(micros / 60000000), seconds = ((micros % 60000000) / 1000000).toFixed(Math.ceil(-Math.log10(step / 1000000)));
  return (minutes ? minutes + "m " : "") + seconds + " s";
}

function look(from, to) {
  const length = Math.max(10, Math.min(to - from, last)), begin = Math.max(0, Math.min(from, last - length));
  view = [begin, begin + length];
  drawBars();
  drawOverview();
}

function zoom(factor) {
  const row = rows[visible[selected]], length = (view[1] - view[0]) * factor;
  const middle = row && row[END] >= view[0] && row[BEGIN] <= view[1] ? (Math.max(row[BEGIN], view[0]) + Math.min(row[END], view[1])) / 2 : (view[0] + view[1]) / 2;
  look(middle - length / 2, middle + length / 2);
  byId("spoken").textContent = "shows " + duration(view[1] - view[0]) + " from " + duration(view[0]);
}

function pan(part) { look(view[0] + (view[1] - view[0]) * part, view[1] + (view[1] - view[0]) * part); }

function lines(row) {
  const facts = [["begins", "+" + duration(row[BEGIN])], ["lasts", duration(Math.min(row[END], moment) - row[BEGIN])], ["state", WORDS[stateOf(row)]]];
  if (row[WAIT]) facts.push(["waited", duration(row[WAIT])]);
  if (row[CHAIN]) facts.push(["critical path", "yes"]);
  return facts;
}

async function show() {
  const row = rows[visible[selected]], number = (asked += 1);
  if (!row) return details.replaceChildren();
  const facts = lines(row), isOver = row[END] <= moment;
  const errors = isOver ? row[ERRORS].map((text) => ["error", text]) : [];
  byId("spoken").textContent = [row[TITLE], ...facts.map((fact) => fact.join(" ")), ...errors.map((fact) => fact[1])].join(", ");
  fill(row, [...facts, ...errors, ...(isOver && Array.isArray(row[DETAILS]) ? row[DETAILS] : [])]);
  const source = frame.dataset.details;
  if (!isOver || Array.isArray(row[DETAILS]) || !source) return;
  await new Promise((resume) => setTimeout(resume, 120)); // whoever walks on does not ask
  if (number !== asked) return;
  const answer = await fetch(source + encodeURIComponent(row[DETAILS])).catch(() => null);
  if (!answer || !answer.ok) return;
  row[DETAILS] = await answer.json();
  if (number === asked) fill(row, [...facts, ...errors, ...row[DETAILS]]);
}

function fill(row, facts) {
  const table = element("table"), body = element("tbody");
  for (const [name, text] of facts) {
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
  if (!children[index]) return draw();
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

function clock() {
  const date = new Date(startMs + moment / 1000);
  return "+" + duration(Math.round(moment)) + (isNaN(date) ? "" : ", " + date.toISOString());
}

function pressed(event) {
  const index = visible[selected], page = Math.max(1, Math.floor(grid.clientHeight / HEIGHT) - 1);
  const keys = {
    ArrowDown: () => go(selected + 1), ArrowUp: () => go(selected - 1), PageDown: () => go(selected + page), PageUp: () => go(selected - page),
    Home: () => go(0), End: () => go(visible.length - 1), Enter: show, e: nextFailure, "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), 0: () => look(0, last),
    "/": () => byId("search").focus(),
    ArrowLeft: () => (event.shiftKey ? pan(-0.25) : children[index] && !closed.has(index) ? toggle(index, false) : go(Math.max(0, visible.indexOf(rows[index][PARENT])))),
    ArrowRight: () => (event.shiftKey ? pan(0.25) : toggle(index, true)),
  };
  if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key] || !visible.length) return;
  event.preventDefault();
  keys[event.key]();
}

function chooseRange() {
  let begun = null;
  const at = (event) => Math.max(0, Math.min(1, event.offsetX / overview.clientWidth)) * last;
  overview.addEventListener("pointerdown", (event) => { begun = at(event); overview.setPointerCapture(event.pointerId); });
  overview.addEventListener("pointermove", (event) => { if (begun !== null && Math.abs(at(event) - begun) > last / 200) look(Math.min(begun, at(event)), Math.max(begun, at(event))); });
  overview.addEventListener("pointerup", (event) => { if (Math.abs(at(event) - begun) <= last / 200) look(0, last); begun = null; });
}

function listen() {
  grid.addEventListener("keydown", pressed);
  grid.addEventListener("scroll", () => requestAnimationFrame(draw));
  grid.addEventListener("wheel", (event) => { if (event.ctrlKey) { event.preventDefault(); zoom(event.deltaY > 0 ? 1.25 : 0.8); } }, { passive: false });
  const redraw = () => { readColours(); list(); };
  new ResizeObserver(() => requestAnimationFrame(redraw)).observe(grid);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  byId("error").addEventListener("click", nextFailure);
  byId("nearer").addEventListener("click", () => zoom(0.5));
  byId("farther").addEventListener("click", () => zoom(2));
  byId("whole").addEventListener("click", () => look(0, last));
  byId("search").addEventListener("keydown", (event) => { if (event.key === "Enter") search(); if (event.key === "Escape") grid.focus(); });
  byId("moment").addEventListener("input", (event) => {
    moment = event.target.value === "1000" ? last : (last * event.target.value) / 1000;
    byId("clock").textContent = clock();
    list();
    show();
  });
  chooseRange();
}

function take(data) {
  ({ rows, startMs } = data);
  last = rows.reduce((most, row) => Math.max(most, row[END]), 1);
  moment = last;
  view = [0, last];
  level.length = children.length = 0;
  rows.forEach((row, index) => {
    level.push(row[PARENT] < 0 ? 1 : level[row[PARENT]] + 1);
    children.push(0);
    if (row[PARENT] >= 0) children[row[PARENT]] += 1;
  });
}

// All rows instead of the first ones: what was selected and closed stays so, the slider goes to the end.
function replaceAll(data) {
  const key = (row) => row[BEGIN] + " " + row[TITLE], chosen = rows[visible[selected]], shut = new Set([...closed].map((index) => key(rows[index])));
  take(data);
  closed.clear();
  rows.forEach((row, index) => { if (shut.size && shut.has(key(row))) closed.add(index); });
  byId("moment").value = "1000";
  byId("clock").textContent = clock();
  list();
  const position = chosen ? visible.findIndex((index) => key(rows[index]) === key(chosen)) : -1;
  if (position >= 0) selected = position;
  draw();
  showFailures();
  byId("reading").remove();
  byId("spoken").textContent = "all " + rows.length + " rows are here";
}

// The list of errors that a page has above the waterfall when all events were read before it was made.
function showFailures() {
  const failing = rows.filter((row) => row[ERRORS].length), most = 20;
  if (!failing.length) return;
  const section = element("section", undefined, "failures"), items = element("ul");
  section.setAttribute("aria-label", "Errors");
  for (const row of failing.slice(0, most)) {
    const item = element("li"), where = element("span", row[TITLE], "where");
    where.append(element("span", offset(row[BEGIN]), "id"));
    item.append(where, ...row[ERRORS].map((text) => element("pre", text)));
    items.append(item);
  }
  section.append(element("h2", failing.length + (failing.length === 1 ? " error" : " errors")), items);
  if (failing.length > most) section.append(element("p", "The first " + most + " are shown; e in the waterfall goes from one to the next."));
  byId("reading").before(section);
}

function begin(data) {
  take(data);
  for (const text of byId("tasks") ? data.tasks : []) byId("tasks").append(element("li", text));
  readColours();
  byId("clock").textContent = clock();
  listen();
  list();
  show();
  frame.dataset.ready = "true";
}

const inline = byId("data"), source = frame.dataset.source;
if (inline) { begin(JSON.parse(inline.textContent)); grid.focus(); }
else if (source) {
  const read = (address) => fetch(address).then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.status))));
  const { first } = frame.dataset;
  (first ? read(first).then(begin).then(() => read(source)).then(replaceAll) : read(source).then(begin)).then(() => { frame.dataset.whole = "true"; })
    .catch(() => { if (byId("reading")) byId("reading").remove(); byId("found").textContent = "The run cannot be read just now; load the page again."; });
}
}
