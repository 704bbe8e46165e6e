// The look of the parts: workers, functions, tasks, failures, log, details. Each adapts to the width of its place.
export const PARTS_LOOK = `
.trd-section { padding: 8px 12px 10px; }
.trd-title { margin: 0 0 6px; font-size: 11.5px; font-weight: 600; letter-spacing: .04em; text-transform: uppercase; color: var(--trd-muted); }
.trd-rows { list-style: none; margin: 0; padding: 0; }
.trd-rows > li { margin: 0 0 8px; padding: 0; list-style: none; }
.trd-cards { display: grid; grid-template-columns: minmax(0, 1fr); gap: 9px 24px; margin-bottom: 8px; }
.trd-cards > li { margin: 0; min-width: 0; }
.trd-line { display: flex; align-items: baseline; gap: 7px; min-width: 0; }
.trd-name { font-weight: 550; color: var(--trd-text); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.trd-what { flex: 1; min-width: 0; text-align: right; color: var(--trd-muted); font-size: 12px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; font-variant-numeric: tabular-nums; }
.trd-muted { color: var(--trd-muted); font-size: 12px; }
p.trd-muted { margin: 4px 0; }
.trd-reason { margin: 1px 0 0 16px; overflow-wrap: anywhere; }
.trd-dot { flex: none; width: 9px; height: 9px; border-radius: 50%; border: 2px solid var(--trd-muted); align-self: center; }
[data-state="busy"] > .trd-line > .trd-dot { background: var(--trd-running); border-color: var(--trd-running); }
[data-state="gone"] > .trd-line > .trd-dot { border-radius: 0; border-color: var(--trd-muted); background: none; transform: rotate(45deg); }
[data-state="gone"] > .trd-line > .trd-name { color: var(--trd-muted); font-weight: 400; }
[data-state="gone"] .trd-meters { display: none; }
.trd-meters { display: grid; grid-template-columns: 1fr 1fr; gap: 1px 12px; margin-top: 2px; }
.trd-meter { display: flex; align-items: center; gap: 6px; font-size: 11px; color: var(--trd-muted); font-variant-numeric: tabular-nums; }
.trd-meter-label { min-width: 27px; }
.trd-meter-track { flex: 1; min-width: 18px; height: 6px; border-radius: 3px; background: var(--trd-border); overflow: hidden; }
.trd-meter-fill { display: block; height: 100%; width: 0; border-radius: 3px; background: var(--trd-running); transition: width .25s linear; }
.trd-meter[data-high=true][aria-label=mem] .trd-meter-fill, .trd-meter[data-high=true][aria-label=store] .trd-meter-fill { background: var(--trd-failed); }
.trd-meter-text { min-width: 47px; text-align: right; white-space: nowrap; }
.trd-section > .trd-meter, .trd-section > .trd-meter + .trd-cards { margin-top: 12px; }
.trd-section > .trd-meter { max-width: 420px; }
.trd-spark { display: block; width: 100%; height: 16px; align-self: center; }
.trd-spark-line { stroke: var(--trd-running); stroke-width: 1.4; vector-effect: non-scaling-stroke; }
.trd-spark-area { fill: var(--trd-running); opacity: .16; }
.trd-bar { display: flex; height: 7px; border-radius: 4px; overflow: hidden; background: var(--trd-border); margin-top: 3px; }
.trd-part { display: block; height: 100%; min-width: 0; transition: width .25s linear; }
.trd-hatched { background-image: repeating-linear-gradient(135deg, transparent 0 3px, var(--trd-card) 3px 5px); }

.trd-table { width: 100%; border-collapse: collapse; border: 0; font-size: 12.5px; color: var(--trd-text); font-variant-numeric: tabular-nums; }
.trd .trd-table :is(th, td) { padding: 4px 8px 4px 0; text-align: left; font-weight: 400; vertical-align: middle; border: 0; border-bottom: 1px solid color-mix(in srgb, var(--trd-border) 60%, transparent); background: none; white-space: nowrap; }
.trd .trd-table :is(.trd-number, th[data-column]:not([data-column=name])) { text-align: right; }
.trd .trd-table thead th { font-size: 11.5px; color: var(--trd-muted); border-bottom: 1px solid var(--trd-border); }
.trd .trd-table tbody tr { background: none; }
.trd .trd-table tbody tr:hover { background: color-mix(in srgb, var(--trd-border) 35%, transparent); }
.trd .trd-table :is(th, td):last-child { padding-right: 2px; }
.trd .trd-task-table .trd-now { width: 34%; padding-left: 24px; }
.trd-table tbody th { max-width: 0; width: 40%; overflow: hidden; }
.trd-sort { font: inherit; padding: 0; color: inherit; background: none; border: 0; cursor: pointer; }
.trd-sort:hover { color: var(--trd-text); text-decoration: underline; }
[aria-sort=ascending] .trd-sort::after { content: " ▲"; font-size: 9px; }
[aria-sort=descending] .trd-sort::after { content: " ▼"; font-size: 9px; }
.trd-functions .trd-name { display: block; max-width: 100%; }
.trd-functions .trd-name[aria-pressed=true] { color: var(--trd-focus); }
.trd-functions .trd-name[aria-pressed=true]::before { content: "▸ "; }
.trd-functions td[data-bad=true] { color: var(--trd-failed); font-weight: 600; }
.trd-share { display: block; width: 100%; min-width: 44px; height: 4px; margin-top: 2px; border-radius: 2px; background: var(--trd-border); overflow: hidden; }
.trd-share-fill { display: block; height: 100%; background: var(--trd-muted); }
.trd-task-table tbody tr:has([aria-current]) { background: color-mix(in srgb, var(--trd-focus) 14%, transparent); }
.trd-task-table .trd-link { display: block; max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.trd-task-table .trd-state { width: 1%; padding-right: 14px !important; }

.trd-failures > .trd-rows { container-type: inline-size; }
.trd-failure { position: relative; }
.trd-failure-head { display: flex; gap: 7px; width: 100%; font: inherit; text-align: left; padding: 5px 7px; color: var(--trd-text); background: none; border: 1px solid var(--trd-border); border-left: 4px solid var(--trd-failed); border-radius: 5px; cursor: pointer; }
.trd-failure[data-seen=true] .trd-failure-head { border-left-color: var(--trd-border); }
.trd-failure-head[aria-expanded=true] { background: color-mix(in srgb, var(--trd-failed) 10%, transparent); }
.trd-failure-head:hover { border-color: var(--trd-failed); }
.trd-failure-head .trd-sign { margin-top: 2px; }
.trd-failure > .trd-button { position: absolute; right: 6px; bottom: 6px; }
.trd-failure .trd-where { padding-right: 66px; min-height: 1.6em; }
.trd-two { display: flex; flex-direction: column; flex: 1; min-width: 0; }
.trd-error { overflow-wrap: anywhere; font-weight: 550; }
.trd-failure[data-seen=false] .trd-error { font-weight: 700; }
.trd-message { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; overflow-wrap: anywhere; font-size: 12.5px; }
.trd-where { color: var(--trd-muted); font-size: 12px; }

.trd-trace, .trd-log, .trd-tail { margin: 6px 0 0; padding: 8px 10px; overflow: auto; font: 11.5px/1.45 var(--jp-code-font-family, ui-monospace, "DejaVu Sans Mono", monospace); color: var(--trd-text); background: var(--trd-card); border: 1px solid var(--trd-border); border-radius: 5px; white-space: pre; }
.trd[data-part=log] .trd-tail { display: none; }
.trd-tail { border-style: dashed; white-space: pre-wrap; overflow-wrap: anywhere; }
.trd-log-section { display: flex; flex-direction: column; height: 100%; }
.trd-log { flex: 1; min-height: 60px; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.trd-log-section > .trd-button { align-self: flex-start; margin-top: 6px; }
.trd-stderr { color: var(--trd-failed); }

.trd-details { flex: none; max-height: 58%; overflow: auto; padding: 7px 12px 10px; color: var(--trd-text); border-top: 1px solid var(--trd-border); scrollbar-width: thin; }
.trd-details-head { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 8px; }
.trd-details-name { flex: 1 1 140px; font-weight: 600; overflow-wrap: anywhere; }
.trd-deeds { display: flex; flex-wrap: wrap; gap: 4px; order: 2; }
.trd-details-head > .trd-quiet { order: 3; }
.trd-said { margin-top: 3px; font-size: 12px; color: var(--trd-muted); }
.trd-said:empty { display: none; }
.trd-said[data-bad=true] { color: var(--trd-failed); }
.trd-said[data-bad=true]::before { content: "✕ "; }
.trd-copy { width: 100%; margin-top: 4px; padding: 6px 8px; font: 11.5px/1.45 var(--jp-code-font-family, ui-monospace, monospace); color: var(--trd-text); background: var(--trd-card); border: 1px solid var(--trd-focus); border-radius: 5px; }
.trd-facts { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 4px 0 0; font-size: 12px; }
.trd-facts div { display: flex; gap: 6px; } .trd-facts dt { color: var(--trd-muted); white-space: nowrap; } .trd-facts dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.trd-facts :is([data-fact=why], [data-fact=error], [data-fact="called with"]) { flex-basis: 100%; }
.trd-data-row { display: flex; gap: 6px; margin-top: 4px; font-size: 12px; }
.trd-inline { display: flex; flex-wrap: wrap; gap: 1px 14px; margin: 0; padding: 0; list-style: none; }
.trd-inline .trd-link { color: var(--trd-focus); }

@container (min-width: 560px) {
  .trd-cards { grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); }
}
@container (max-width: 520px) {
  .trd-functions :is([data-column=done], [data-column=total]) { display: none; }
  .trd-task-table :is(th, td):nth-child(n+4) { display: none; }
  .trd .trd-task-table tbody th { width: 99%; }
  .trd-task-table .trd-word { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .trd-deeds { order: 4; flex-basis: 100%; }
}
@container (max-width: 380px) {
  .trd-functions [data-column=p95] { display: none; }
  .trd-section { padding: 8px 10px; }
}
@container (max-width: 240px) {
  .trd-meters { grid-template-columns: 1fr; }
}
`;
