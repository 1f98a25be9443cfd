/* SPDX-License-Identifier: GPL-2.0-only */
/* What the HTML form of a timeline looks like and does. */
#include "replay/trace_html.h"

namespace daxrace::replay {

const char kTimelineStyle[] = R"css(
:root { --bg: #fff; --fg: #1b1f24; --dim: #667080; --line: #d8dde3; --sel: #e3efff; --op: #eef1f4;
  --bad: #b3261e; --badbg: #fdebea; --h0: #2f6fdd; --h1: #2f9e5b; --h2: #c77c11; --h3: #8a4fd0; --h4: #0f8f99; }
@media (prefers-color-scheme: dark) { :root:not([data-theme=light]) { --bg: #14171b; --fg: #e3e6ea; --dim: #929cab;
  --line: #2c333b; --sel: #1d3350; --op: #1e242b; --bad: #ff8a80; --badbg: #3a1d1b; --h0: #6ea4ff; --h1: #5ecb8a;
  --h2: #e8a74a; --h3: #b98cf0; --h4: #46c3cc; } }
:root[data-theme=dark] { --bg: #14171b; --fg: #e3e6ea; --dim: #929cab; --line: #2c333b; --sel: #1d3350; --op: #1e242b;
  --bad: #ff8a80; --badbg: #3a1d1b; --h0: #6ea4ff; --h1: #5ecb8a; --h2: #e8a74a; --h3: #b98cf0; --h4: #46c3cc; }
:root { color-scheme: light dark; } :root[data-theme=dark] { color-scheme: dark; }
:root[data-theme=light] { color-scheme: light; } a { color: var(--h0); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--fg); font: 14px/1.45 system-ui, sans-serif; }
header { padding: 14px 20px 10px; border-bottom: 1px solid var(--line); }
h1 { font-size: 18px; margin: 0 0 4px; } h1 b { color: var(--bad); }
header p { margin: 2px 0; max-width: 100ch; } .dim { color: var(--dim); }
.controls { display: flex; gap: 14px; align-items: center; flex-wrap: wrap; margin-top: 8px; }
.controls input[type=search], .controls button { font: inherit; color: inherit; background: var(--bg);
  border: 1px solid var(--line); border-radius: 5px; padding: 3px 8px; }
html:not(.js) .needs-js { display: none; }
main { display: grid; grid-template-columns: minmax(0, 1fr) 300px; }
@media (max-width: 900px) { main { grid-template-columns: 1fr; } aside { position: static !important; } }
#steps { position: relative; padding: 0 0 60px 12px; }
table { border-collapse: collapse; width: 100%; font: 12.5px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
thead th { position: sticky; top: 0; background: var(--bg); text-align: left; padding: 6px 8px; z-index: 2;
  border-bottom: 1px solid var(--line); }
td { vertical-align: top; padding: 1px 8px; position: relative; overflow-wrap: anywhere; }
td.n { width: 56px; text-align: right; color: var(--dim); } td.n a { color: inherit; text-decoration: none; }
tr.op td.own { background: var(--op); font-weight: 600; }
tr.ret td.own { color: var(--dim); }
tr.switch td { color: var(--dim); border-top: 1px dashed var(--line); font-style: italic; padding-top: 3px; }
tr.guilty td.own { background: var(--badbg); box-shadow: inset 3px 0 var(--bad); }
tr.selected td { background: var(--sel); }
#steps table { table-layout: fixed; } #steps th:first-child { width: 60px; }
td.own > * { margin-left: 34px; } tr.step td.own > * { margin-left: 50px; }
.many td.own > * { margin-left: 24px; } .many tr.step td.own > * { margin-left: 26px; } .many summary .state {
  padding-left: 1ch; }
summary { cursor: pointer; overflow-wrap: normal; } summary .state { display: block; padding-left: 2ch; }
details ol { list-style: none; margin: 2px 0 4px; padding-left: 2ch; border-left: 1px solid var(--line);
  color: var(--dim); } details ol .bad { color: var(--bad); }
.chain { margin: 2px 0 2px 2ch; color: var(--dim); }
.from { font-size: 11px; color: var(--dim); margin-left: 1ch; }
.bar { position: absolute; top: 0; bottom: 0; width: 4px; margin: 0 !important; opacity: .8; }
body:not(:has(#all:checked)) tr.quiet { display: none; }
tr.filtered { display: none; }
aside { position: sticky; top: 0; align-self: start; padding: 10px 16px; border-left: 1px solid var(--line);
  max-height: 100vh; overflow: auto; }
aside h2 { font-size: 13px; margin: 8px 0 4px; } aside td { padding: 1px 6px 1px 0; } aside tr.now td { color: var(--bad); }
aside td:first-child { white-space: nowrap; color: var(--dim); }
footer { grid-column: 1 / -1; padding: 8px 20px 20px; }
kbd { border: 1px solid var(--line); border-radius: 3px; padding: 0 4px; font-size: 11px; }
#arrows { position: absolute; inset: 0; pointer-events: none; width: 100%; height: 100%; z-index: 1; }
#arrows path { fill: none; stroke: var(--bad); stroke-width: 1.5; opacity: .75; }
.odds { display: flex; align-items: flex-end; height: 44px; gap: 1px; margin: 6px 0; }
.odds a { flex: 1; background: var(--h0); min-height: 1px; } .odds a.jump { background: var(--bad); }
)css";

const char kTimelineScript[] = R"js(
'use strict';
(() => {
  const root = document.documentElement;
  root.classList.add('js');
  const data = JSON.parse(document.getElementById('data').textContent);
  const rows = [...document.querySelectorAll('#steps tbody tr[data-step]')];
  const filter = document.getElementById('filter');
  const all = document.getElementById('all');
  const svg = document.getElementById('arrows');
  let selected = null;
  const visible = () => rows.filter(row => row.offsetParent !== null);
  const rowOf = step => rows.find(row => +row.dataset.step <= step && step <= +row.dataset.last);

  function inspect(row) {
    const last = +row.dataset.last, first = +row.dataset.step;
    const state = new Map();
    for (const [step, key, value] of data.changes)
      if (step <= last) state.set(key, [value, step >= first]);
    const body = document.querySelector('#state tbody');
    body.replaceChildren(...[...state].map(([key, [value, now]]) => {
      const tr = document.createElement('tr');
      if (now) tr.className = 'now';
      for (const text of [key, value]) tr.append(Object.assign(document.createElement('td'), { textContent: text }));
      return tr;
    }));
    document.getElementById('at').textContent = 'after step ' + last;
    const held = data.holds.filter(hold => hold.from <= last && last < hold.to);
    document.getElementById('held').replaceChildren(...held.map(hold =>
      Object.assign(document.createElement('div'), { textContent: hold.task + ': ' + hold.object })));
  }

  function arrows() {
    svg.replaceChildren();
    if (!selected) return;
    const box = document.getElementById('steps').getBoundingClientRect();
    const place = step => {
      /* A step that is not shown stands for the one before it. */
      let at = rows.indexOf(rowOf(step));
      while (at > 0 && rows[at].offsetParent === null) --at;
      const row = rows[at];
      if (!row || row.offsetParent === null) return null;
      const cell = row.querySelector('td.own').getBoundingClientRect();
      return [cell.left - box.left + 30, cell.top - box.top + 10];
    };
    const first = +selected.dataset.step, last = +selected.dataset.last;
    for (const [writer, reader] of data.readsFrom) {
      const touches = step => first <= step && step <= last;
      if (!touches(writer) && !touches(reader)) continue;
      const a = place(writer), b = place(reader);
      if (!a || !b) continue;
      const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
      const middle = (a[0] + b[0]) / 2;
      path.setAttribute('d', `M${a[0]},${a[1]} C${middle},${a[1]} ${middle},${b[1]} ${b[0]},${b[1]}` +
        ` m-6,-4 l6,4 l-6,4`);
      svg.append(path);
    }
  }

  function select(row, scroll = true) {
    if (!row) return;
    if (selected) selected.classList.remove('selected');
    selected = row;
    row.classList.add('selected');
    if (scroll) row.scrollIntoView({ block: 'nearest' });
    inspect(row);
    arrows();
  }

  function move(by) {
    const list = visible();
    const at = list.indexOf(selected);
    select(list[Math.max(0, Math.min(list.length - 1, at < 0 ? 0 : at + by))]);
  }

  function applyFilter() {
    const word = filter.value.toLowerCase();
    for (const row of rows) row.classList.toggle('filtered', word !== '' && !row.textContent.toLowerCase().includes(word));
    const left = visible().length;
    document.getElementById('count').textContent = word === '' ? '' : left + (left === 1 ? ' row' : ' rows');
    if (selected && selected.offsetParent === null) select(visible()[0]);
    arrows();
  }

  function theme() {
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
  }

  function guilty() {
    const list = visible().filter(row => row.classList.contains('guilty'));
    if (list.length) select(list[(list.indexOf(selected) + 1) % list.length]);
  }

  const toggle = () => { const details = selected && selected.querySelector('details');
    if (details) details.open = !details.open; };
  const keys = { j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1),
    Enter: toggle, ' ': toggle, g: guilty, t: theme, a: () => { all.checked = !all.checked; arrows(); },
    '/': () => filter.focus(), Home: () => select(visible()[0]), End: () => select(visible().at(-1)) };
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === filter) {
      if (event.key === 'Escape') { filter.value = ''; applyFilter(); filter.blur(); }
      return;
    }
    if (!(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
  for (const row of rows) row.addEventListener('click', () => select(row, false));
  document.addEventListener('toggle', arrows, true);
  filter.addEventListener('input', applyFilter);
  all.addEventListener('change', arrows);
  addEventListener('resize', arrows);
  addEventListener('hashchange', () => select(rowOf(+location.hash.slice(2))));
  document.getElementById('theme').addEventListener('click', theme);
  const start = location.hash ? rowOf(+location.hash.slice(2)) : document.querySelector('tr.guilty');
  select(start || rows[0]);
})();
)js";

}  // namespace daxrace::replay
