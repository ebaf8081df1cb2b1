#include "attention/page_parts.h"

namespace kinglet::host {

const char* const kPageMap = R"js(
const data = JSON.parse(document.getElementById('data').textContent);
const $ = id => document.getElementById(id);
const svgSpace = 'http://www.w3.org/2000/svg';
const mostRects = 12000;  // with more cells a map is one image
const labelSize = 16;     // characters of a token beside the map
let printing = false;

// What rows and columns are, and the tokens' names.
const axes = {
  cross: {title: 'Cross-attention', down: 'output', across: 'source', rows: data.target, columns: data.source},
  alignment: {title: 'Alignment', down: 'output', across: 'source', rows: data.target, columns: data.source},
  self: {title: 'Decoder self-attention', down: 'decoder input', across: 'decoder input', rows: data.decoder_input, columns: data.decoder_input},
  encoder: {title: 'Encoder self-attention', down: 'source', across: 'source', rows: data.source, columns: data.source},
};
const name = (tokens, i) => i < tokens.length ? tokens[i] : '#' + (i * data.block + 1);
const place = i => data.block === 1 ? `${i + 1}` : `${i * data.block + 1}–${(i + 1) * data.block}`;
const short = (text, most = labelSize) => { const all = [...text]; return all.length > most ? all.slice(0, most - 1).join('') + '…' : text; };
const weight = (w, digits = 4) => w.toFixed(digits);

// A layer's maps {weights, most}, one for each head and `mean`; one shade means one weight in all heads, the mean has a scale of its own.
// Numbers below 128 in a byte, others in two; up to 10000 a weight, above it a run of zeros.
function unpack(layer) {
  if (layer.maps) return;
  const text = atob(layer.weights), size = layer.rows * layer.columns, all = new Float32Array(layer.heads * size);
  for (let from = 0, to = 0; from < text.length;) {
    let n = text.charCodeAt(from++);
    if (n > 127) n += 128 * text.charCodeAt(from++) - 128;
    if (n > 10000) to += n - 10000;
    else all[to++] = n / 10000;
  }
  const mean = new Float32Array(size), largest = weights => weights.reduce((most, w) => Math.max(most, w), 0.0001);
  for (let i = 0; i < all.length; i++) mean[i % size] += all[i] / layer.heads;
  const most = largest(all);
  layer.maps = Array.from({length: layer.heads}, (_, head) => ({weights: all.subarray(head * size, (head + 1) * size), most}));
  layer.mean = {weights: mean, most: largest(mean)};
}

// Small weights are lifted so that they are seen.
const shade = (w, map) => Math.pow(Math.min(w / map.most, 1), 0.6);

function element(parent, tag, attributes = {}, text = '') {
  const node = document.createElementNS(svgSpace, tag);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  if (text !== '') node.textContent = text;
  parent.append(node);
  return node;
}

// One pixel for each cell of a map; of a map larger than `most` the largest weight of some.
function pixels(canvas, map, layer, most = Infinity) {
  const step = Math.max(1, Math.ceil(Math.max(layer.rows, layer.columns) / most));
  canvas.width = Math.ceil(layer.columns / step);
  canvas.height = Math.ceil(layer.rows / step);
  const ink = printing ? [16, 40, 110] : getComputedStyle(document.documentElement).getPropertyValue('--shade').trim().split(' ').map(Number);
  const context = canvas.getContext('2d'), image = context.createImageData(canvas.width, canvas.height);
  for (let i = 0, row = 0; row < layer.rows; row++) {
    for (let column = 0; column < layer.columns; column++, i++) {
      const at = 4 * (Math.floor(row / step) * canvas.width + Math.floor(column / step)), alpha = Math.round(255 * shade(map.weights[i], map));
      image.data.set(ink, at);
      if (alpha > image.data[at + 3]) image.data[at + 3] = alpha;
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

const ruler = document.createElement('canvas').getContext('2d');
function longest(names, count) {
  ruler.font = '13px system-ui, sans-serif';
  let most = 0;
  for (let i = 0; i < count; i++) most = Math.max(most, ruler.measureText(short(name(names, i))).width);
  return Math.ceil(most);
}

// The width that a map may have: all of the page but the table, where that is beside it.
function roomFor(parent) {
  const view = parent.closest('.view'), style = getComputedStyle(view), table = $('beside');
  return view.clientWidth - (style.flexDirection === 'row' ? table.offsetWidth + parseFloat(style.columnGap) : 0);
}

// The map in `parent` with cells of `size` pixels, or as large as fits; returns where its cells are.
function drawMap(parent, layer, map, size) {
  const axis = axes[layer.kind], {rows, columns} = layer, slope = Math.PI / 3;
  const above = longest(axis.columns, columns), left = Math.max(longest(axis.rows, rows) + 10, 112);
  const top = Math.max(Math.ceil(above * Math.sin(slope)) + 16, 44), right = Math.ceil(above * Math.cos(slope)) + 8;
  const room = (printing ? 960 : roomFor(parent)) - left - right;
  if (!size) size = Math.max(Math.min(Math.floor(room / columns), 48), printing ? 1 : 2);
  const step = Math.ceil(14 / size), gap = size >= 8 ? 1 : 0, width = left + columns * size + right, height = top + rows * size + 4;
  const svg = document.createElementNS(svgSpace, 'svg');
  for (const [key, value] of Object.entries({width, height, viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: 'application', 'aria-roledescription': 'attention map', 'aria-describedby': 'tip', 'aria-label': `${axis.title}: ${axis.across} tokens across, ${axis.down} tokens down. Arrow keys move, the weight is read out.`}))
    svg.setAttribute(key, value);

  const cells = element(svg, 'g', {class: 'cells', transform: `translate(${left} ${top})`});
  if (rows * columns > mostRects) {
    element(cells, 'rect', {class: 'empty', width: columns * size, height: rows * size, style: 'fill: var(--empty)'});
    element(cells, 'image', {width: columns * size, height: rows * size, preserveAspectRatio: 'none', href: pixels(document.createElement('canvas'), map, layer).toDataURL()});
  } else {
    for (let row = 0, i = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, i++) {
        const box = {x: column * size, y: row * size, width: size - gap, height: size - gap}, dark = shade(map.weights[i], map);
        element(cells, 'rect', {...box, style: 'fill: var(--empty)'});
        if (map.weights[i] > 0) element(cells, 'rect', {...box, 'fill-opacity': dark.toFixed(3)});
        if (size >= 30 && map.weights[i] >= 0.005) element(cells, 'text', {x: box.x + box.width / 2, y: box.y + box.height / 2, class: dark > 0.6 ? 'on' : ''}, weight(map.weights[i], 2));
      }
    }
  }
  element(svg, 'rect', {class: 'across', height: 0});
  element(svg, 'rect', {class: 'across', height: 0});
  element(svg, 'rect', {class: 'here', rx: 2, visibility: 'hidden'});

  // Labels stay in sight when the map is scrolled.
  const down = element(svg, 'g'), across = element(svg, 'g'), corner = element(svg, 'g');
  element(down, 'rect', {class: 'paper', width: left - 1, height});
  const downLabel = (row, more) => element(down, 'text', {x: left - 8, y: top + (row + 0.5) * size, 'text-anchor': 'end', 'dominant-baseline': 'central', ...more}, short(name(axis.rows, row)));
  for (let row = 0; row < rows; row += step) downLabel(row, {});
  element(across, 'rect', {class: 'paper', width, height: top - 1});
  const acrossLabel = (column, more) => element(across, 'text', {transform: `translate(${left + (column + 0.5) * size + 3} ${top - 6}) rotate(-60)`, 'dominant-baseline': 'central', ...more}, short(name(axis.columns, column)));
  for (let column = 0; column < columns; column += step) acrossLabel(column, {});
  element(corner, 'rect', {class: 'paper', width: left - 1, height: top - 7});
  element(corner, 'text', {class: 'axis', x: left - 12, y: top - 28, 'text-anchor': 'end'}, axis.across + ' →');
  element(corner, 'text', {class: 'axis', x: left - 12, y: top - 10, 'text-anchor': 'end'}, axis.down + ' ↓');
  parent.replaceChildren(svg);
  return {svg, layer, map, size, left, top, width, height, step, down, across, corner, downLabel, acrossLabel};
}
)js";

}  // namespace kinglet::host
