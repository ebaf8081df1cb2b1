#include "attention/page_parts.h"

namespace kinglet::host {

const char* const kPageScript = R"js(
const state = {layer: data.start, head: -1, row: -1, column: -1, size: 0};  // head -1: the mean; size 0: as large as fits
let drawn = null;  // what drawMap returned

const layerNow = () => data.layers[state.layer];
const headName = (layer, head) => head < 0 ? 'Mean of heads' : layer.heads === 1 ? 'The only head' : `Head ${head + 1}`;

// Marks a cell in the map and in the table, and reads it out.
function mark(row, column) {
  const {svg, layer, map, size, left, top, step, down, across} = drawn, axis = axes[layer.kind];
  state.row = row;
  state.column = column;
  for (const old of document.querySelectorAll('.now')) old.tagName === 'text' ? old.remove() : old.classList.remove('now');
  const shown = row >= 0, here = svg.querySelector('.here'), bands = svg.querySelectorAll('.across');
  $('tip').hidden = !shown;
  here.setAttribute('visibility', shown ? 'visible' : 'hidden');
  const set = (node, box) => { for (const key in box) node.setAttribute(key, box[key]); };
  set(bands[0], {x: left, y: top + row * size, width: shown ? layer.columns * size : 0, height: size});
  set(bands[1], {x: left + column * size, y: top, width: shown ? size : 0, height: layer.rows * size});
  for (const node of [...down.querySelectorAll('text'), ...across.querySelectorAll('text')]) node.style.opacity = '';
  if (!shown) return;
  set(here, {x: left + column * size - 0.5, y: top + row * size - 0.5, width: size, height: size});

  // Where not every token has a label, the marked ones take the place of those around them.
  const fade = (group, index) => group.querySelectorAll('text').forEach((node, i) => { if (Math.abs(i * step - index) < (step > 1 ? 2 * step : 1)) node.style.opacity = 0; });
  fade(down, row);
  fade(across, column);
  drawn.downLabel(row, {class: 'now'});
  drawn.acrossLabel(column, {class: 'now'});
  const line = $('beside').querySelector(`tr[data-row="${row}"]`);
  if (line) {
    const table = $('beside'), box = line.getBoundingClientRect(), view = table.getBoundingClientRect();
    line.classList.add('now');
    if (box.top < view.top + 40) table.scrollTop += box.top - view.top - 40;
    if (box.bottom > view.bottom) table.scrollTop += box.bottom - view.bottom;
  }

  const tip = $('tip');
  tip.replaceChildren();
  const put = (tag, text) => tip.appendChild(document.createElement(tag)).textContent = text;
  put('b', weight(map.weights[row * layer.columns + column]));
  put('div', `${axis.down} ${place(row)}: ${short(name(axis.rows, row), 60)}`);
  put('div', `${axis.across} ${place(column)}: ${short(name(axis.columns, column), 60)}`);
  const box = here.getBoundingClientRect(), view = $('map').getBoundingClientRect();
  tip.hidden = box.right < view.left + left || box.left > view.right || box.bottom < view.top + top || box.top > view.bottom;
  const x = box.right + 12 + tip.offsetWidth > innerWidth ? box.left - 12 - tip.offsetWidth : box.right + 12;
  tip.style.left = Math.max(x, 4) + 'px';
  tip.style.top = Math.max(Math.min(box.bottom + 8, innerHeight - tip.offsetHeight - 4), 4) + 'px';
}

// Makes the marked cell visible in the scrolled map.
function reveal() {
  const {size, left, top} = drawn, view = $('map'), x = left + state.column * size, y = top + state.row * size;
  if (x - left < view.scrollLeft) view.scrollLeft = x - left;
  if (x + size + 8 > view.scrollLeft + view.clientWidth) view.scrollLeft = x + size + 8 - view.clientWidth;
  if (y - top < view.scrollTop) view.scrollTop = y - top;
  if (y + size + 8 > view.scrollTop + view.clientHeight) view.scrollTop = y + size + 8 - view.clientHeight;
}

function select(row, column) {
  const layer = layerNow(), within = (i, count) => Math.max(0, Math.min(i, count - 1));
  state.row = within(row, layer.rows);
  state.column = within(column, layer.columns);
  reveal();
  mark(state.row, state.column);
  drawn.svg.querySelector('.here').scrollIntoView({block: 'nearest', inline: 'nearest'});
  mark(state.row, state.column);
}

function listen(svg) {
  const {layer, size, left, top} = drawn;
  const point = event => {
    const box = svg.getBoundingClientRect(), view = $('map').getBoundingClientRect();
    const row = Math.floor((event.clientY - box.top - top) / size), column = Math.floor((event.clientX - box.left - left) / size);
    const covered = event.clientX - view.left < left || event.clientY - view.top < top;
    const inside = !covered && row >= 0 && row < layer.rows && column >= 0 && column < layer.columns;
    if (!inside) mark(-1, -1);
    else if (row !== state.row || column !== state.column) mark(row, column);
  };
  svg.addEventListener('pointermove', point);
  svg.addEventListener('pointerdown', point);
  svg.addEventListener('pointerleave', () => mark(-1, -1));
  svg.addEventListener('blur', () => mark(-1, -1));
  svg.addEventListener('focus', () => { if (svg.matches(':focus-visible') && state.row < 0) select(0, 0); });
  svg.addEventListener('keydown', event => {
    const moves = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -layer.columns], End: [0, layer.columns], PageUp: [-10, 0], PageDown: [10, 0]};
    const move = moves[event.key];
    if (event.key === 'Escape') mark(-1, -1);
    if (!move) return;
    event.preventDefault();
    state.row < 0 ? select(0, 0) : select(state.row + move[0], state.column + move[1]);
  });
}

// For each row the three columns of the largest weights.
function drawTable(layer, map) {
  const axis = axes[layer.kind], table = document.createElement('table'), most = Math.min(3, layer.columns);
  const put = (parent, tag, text = '') => { const node = parent.appendChild(document.createElement(tag)); node.textContent = text; return node; };
  put(table, 'caption', `Most attended ${axis.across} tokens`);
  const head = put(put(table, 'thead'), 'tr');
  for (const text of ['', axis.down, '1st', '2nd', '3rd'].slice(0, 2 + most)) put(head, 'th', text).scope = 'col';
  head.firstChild.className = 'n';
  const body = put(table, 'tbody');
  for (let row = 0; row < layer.rows; row++) {
    const line = put(body, 'tr');
    line.dataset.row = row;
    put(line, 'td', place(row)).className = 'n';
    put(line, 'th', short(name(axis.rows, row), 40)).scope = 'row';
    const best = [];
    for (let column = 0; column < layer.columns; column++) {
      const w = map.weights[row * layer.columns + column];
      if (best.length < most || w > best[most - 1].w) {
        best.push({w, column});
        best.sort((a, b) => b.w - a.w || a.column - b.column);
        best.length = Math.min(best.length, most);
      }
    }
    for (const {w, column} of best) {
      const cell = put(line, 'td', short(name(axis.columns, column), 40) + ' ');
      cell.className = 'best';
      cell.style.setProperty('--w', Math.min(w, 1));
      cell.title = `${axis.across} ${place(column)}`;
      put(cell, 'i', weight(w));
      cell.addEventListener('click', () => { drawn.svg.focus(); select(row, column); });
    }
  }
  $('beside').replaceChildren(table);
  $('beside').className = layer.rows > 24 ? 'long' : '';
}

function drawHeads(layer) {
  const heads = layer.heads === 1 ? [0] : [-1, ...layer.maps.keys()];
  const side = Math.max(layer.rows, layer.columns), scale = 84 / side;
  $('heads').replaceChildren(...heads.map(head => {
    const button = document.createElement('button'), canvas = pixels(document.createElement('canvas'), head < 0 ? layer.mean : layer.maps[head], layer, 168);
    canvas.style.width = Math.max(layer.columns * scale, 4) + 'px';
    canvas.style.height = Math.max(layer.rows * scale, 4) + 'px';
    button.setAttribute('aria-pressed', head === state.head);
    button.append(canvas, headName(layer, head));
    button.addEventListener('click', () => { state.head = head; show(false); });
    return button;
  }));
}

// Steps of a map's scale with their weights.
function drawLegend(map) {
  const steps = [0, 0.1, 0.25, 0.5, 0.75, 1].map(part => part * map.most);
  $('legend').setAttribute('aria-label', `Shades from 0 to ${weight(map.most)}, the largest weight`);
  $('legend').replaceChildren('weight', ...steps.map((w, i) => {
    const box = document.createElement('span'), part = shade(w, map);
    box.textContent = map.most < 0.2 ? weight(w, 3) : weight(w, 2);
    box.style.background = `linear-gradient(rgb(var(--shade) / ${part}), rgb(var(--shade) / ${part})) var(--empty)`;
    box.style.color = part > 0.6 ? 'var(--on)' : 'var(--ink)';
    if (i === 0) box.style.marginLeft = 0;
    return box;
  }));
}

// The whole page anew, or of the same layer only the map and the table.
function show(all) {
  const layer = layerNow();
  unpack(layer);
  if (layer.heads === 1) state.head = 0;
  else if (state.head >= layer.heads) state.head = -1;
  const map = state.head < 0 ? layer.mean : layer.maps[state.head];
  if (all) drawHeads(layer);
  else [...$('heads').children].forEach((button, i) => button.setAttribute('aria-pressed', i === (layer.heads === 1 ? 0 : state.head + 1)));
  const about = document.createElement('span');
  about.textContent = ` ${layer.name}, ${axes[layer.kind].title.toLowerCase()}, ${layer.rows} × ${layer.columns}`;
  $('caption').replaceChildren(headName(layer, state.head), about);
  drawLegend(map);
  drawTable(layer, map);
  redraw();
}

function redraw() {
  const layer = layerNow(), view = $('map'), {scrollLeft, scrollTop} = view;
  drawn = drawMap(view, layer, state.head < 0 ? layer.mean : layer.maps[state.head], printing ? 0 : state.size);
  state.row = state.column = -1;
  $('tip').hidden = true;
  if (!printing) $('size').value = drawn.size;
  listen(drawn.svg);
  view.scrollTo(scrollLeft, scrollTop);
  follow();
}

function follow() {
  const x = printing ? 0 : $('map').scrollLeft, y = printing ? 0 : $('map').scrollTop;
  drawn.down.setAttribute('transform', `translate(${x} 0)`);
  drawn.across.setAttribute('transform', `translate(0 ${y})`);
  drawn.corner.setAttribute('transform', `translate(${x} ${y})`);
}

const usable = data.layers.filter(layer => layer.heads * layer.rows * layer.columns > 0);
if (usable.length === 0) {
  $('empty').hidden = false;
} else {
  if (!usable.includes(layerNow())) state.layer = data.layers.indexOf(usable[usable.length - 1]);
  for (const kind of ['cross', 'alignment', 'self', 'encoder']) {
    const group = document.createElement('optgroup');
    group.label = axes[kind].title;
    data.layers.forEach((layer, i) => { if (layer.kind === kind && usable.includes(layer)) group.append(new Option(layer.name, i, false, i === state.layer)); });
    if (group.children.length) $('layer').append(group);
  }
  $('work').hidden = false;
  $('layer').addEventListener('change', event => { state.layer = Number(event.target.value); state.size = 0; show(true); });
  $('size').addEventListener('input', event => { state.size = Number(event.target.value); redraw(); });
  $('map').addEventListener('scroll', () => { follow(); mark(state.row, state.column); });
  let width = innerWidth;
  addEventListener('resize', () => { if (width !== innerWidth) width = innerWidth, redraw(); });
  addEventListener('beforeprint', () => { printing = true; redraw(); });
  addEventListener('afterprint', () => { printing = false; redraw(); });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => show(true));
  show(true);
}
)js";

}  // namespace kinglet::host
