#include "attention/page_parts.h"

namespace kinglet::host {

// Shades are one colour on paper, so that a theme or the printer changes both.
const char* const kPageStyle =
    R"css(:root { --ink: #1c2024; --paper: #fcfcfd; --quiet: #60646c; --line: #e0e1e6; --empty: #f0f1f5; --shade: 22 56 146; --on: #fff; --mark: #d6409f; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #edeef0; --paper: #111113; --quiet: #b0b4ba; --line: #363a3f; --empty: #1d1f24; --shade: 128 186 255; --on: #06101f; --mark: #ff8dcc; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 1.5rem auto; max-width: 96rem; padding: 0 1.5rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.3rem; margin: 0; } h2 { font-size: 1rem; margin: 0 0 .4rem; }
.texts { font-size: 1.05rem; margin: .2rem 0 1rem; max-height: 4.6em; overflow: auto; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); } p.quiet { font-size: .85rem; margin: .4rem 0; }
.note { border-left: 3px solid var(--mark); padding-left: .7rem; }
.controls { display: flex; flex-wrap: wrap; gap: .6rem 2rem; align-items: center; }
.controls label { display: flex; gap: .6rem; align-items: center; color: var(--quiet); }
select { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: .25rem .5rem; max-width: 100%; }
input[type=range] { accent-color: rgb(var(--shade)); }
*#legend { display: flex; align-items: center; gap: .5rem; font-size: .85rem; color: var(--quiet); margin-left: auto; font-variant-numeric: tabular-nums; }
*#legend span { width: 3.1rem; height: 1.35rem; text-align: center; line-height: 1.35rem; border: 1px solid var(--line); margin-left: -.55rem; }
*#heads { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0; max-height: 22rem; overflow: auto; padding: 3px; }
*#heads button { font: inherit; font-size: .85rem; color: inherit; background: none; border: 1px solid var(--line); border-radius: 8px; padding: .35rem; cursor: pointer; display: flex; flex-direction: column; align-items: center; gap: .3rem; min-width: 5.6rem; }
*#heads button:hover { border-color: var(--quiet); }
*#heads button[aria-pressed=true] { border-color: rgb(var(--shade)); box-shadow: 0 0 0 1px rgb(var(--shade)); font-weight: 600; }
*#heads canvas { image-rendering: pixelated; background: var(--empty); max-width: 10rem; }
:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
.view { display: flex; gap: 2.5rem; align-items: flex-start; }
figure { margin: 0; flex: 0 1 auto; min-width: 0; }
figcaption { font-weight: 600; margin-bottom: .4rem; } figcaption span { font-weight: 400; color: var(--quiet); }
*#map { overflow: auto; max-height: 85vh; width: fit-content; max-width: 100%; }
*#map svg { display: block; cursor: crosshair; outline-offset: -2px; }
*#map text { fill: var(--ink); font: 13px system-ui, sans-serif; }
*#map .cells rect, #map .shade { fill: rgb(var(--shade)); } #map .empty { fill: var(--empty); }
*#map .cells text { font-size: 11px; text-anchor: middle; dominant-baseline: central; font-variant-numeric: tabular-nums; pointer-events: none; }
*#map .cells text.on { fill: var(--on); }
*#map image { image-rendering: pixelated; }
*#map .paper { fill: var(--paper); } #map .axis { fill: var(--quiet); font-size: 12px; }
*#map .here { fill: none; stroke: var(--mark); stroke-width: 2; } #map .across { fill: var(--mark); opacity: .12; }
*#map text.now { font-weight: 600; }
*#tip { position: fixed; pointer-events: none; background: var(--paper); border: 1px solid var(--quiet); border-radius: 8px; padding: .4rem .7rem; box-shadow: 0 4px 16px rgb(0 0 0 / .25); max-width: 24rem; overflow-wrap: anywhere; z-index: 9; }
*#tip b { font-size: 1.15rem; font-variant-numeric: tabular-nums; } #tip div { font-size: .9rem; }
*#beside { flex: 0 0 auto; width: min(31rem, 45%); max-height: 85vh; overflow: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } caption { text-align: left; font-weight: 600; margin-bottom: .4rem; }
th, td { text-align: left; padding: .18rem .7rem .18rem 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
thead th { color: var(--quiet); font-weight: 600; position: sticky; top: 0; background: var(--paper); }
tbody th { font-weight: 600; max-width: 11rem; overflow-wrap: anywhere; } td.n { color: var(--quiet); font-variant-numeric: tabular-nums; width: 2.5rem; }
td.best { max-width: 12rem; overflow-wrap: anywhere; cursor: pointer; } td.best i { font-style: normal; color: var(--quiet); font-variant-numeric: tabular-nums; font-size: .88em; white-space: nowrap; }
td.best { background: linear-gradient(rgb(var(--shade) / .8), rgb(var(--shade) / .8)) no-repeat 0 100% / calc(var(--w) * (100% - .7rem)) 3px; }
tr.now > * { background-color: color-mix(in srgb, var(--mark) 14%, var(--paper)); }
@media (max-width: 60rem) { .view { flex-direction: column; } figure, #beside { flex: none; width: 100%; max-height: none; } #legend { margin-left: 0; } }
@media print {
  @page { margin: 12mm; }
  :root { --ink: #000; --paper: #fff; --quiet: #444; --line: #bbb; --empty: #f3f3f6; --shade: 16 40 110; --on: #fff; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { margin: 0; padding: 0; max-width: none; font-size: 10pt; } .screen, #heads, #tip, label { display: none !important; }
  .texts { max-height: none; } .view { display: block; } #legend { margin: 0 0 2mm; }
  *#map { overflow: visible; max-height: none; width: auto; } #map svg { width: auto; height: auto; max-width: 100%; max-height: 48vh; }
  *#map .here, #map .across, #map text.now { display: none; } tr.now > * { background-color: transparent; }
  *#beside { max-height: none; overflow: visible; margin-top: 4mm; } table { font-size: 8pt; } th, td { padding-top: 0; padding-bottom: 0; break-inside: avoid; }
  thead th { position: static; } #beside.long { columns: 2; column-gap: 8mm; } #beside.long { font-size: 7pt; } #beside.long table { font-size: inherit; } #beside.long .n { display: none; }
}
)css";

}  // namespace kinglet::host
