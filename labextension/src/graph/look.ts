// The look of the graph's canvas, and of what lies over and beside it.
export const GRAPH_LOOK = `
.trd-graph { position: absolute; inset: 0; overflow: hidden; }
.trd-canvas { display: block; position: absolute; inset: 0; width: 100%; height: 100%; touch-action: none; cursor: grab; }
.trd-canvas:active { cursor: grabbing; }
.trd-graph:has(.trd-tasks:focus-visible) { outline: 2px solid var(--trd-focus); outline-offset: -2px; }
.trd-tools { position: absolute; right: 8px; bottom: 8px; left: 8px; display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 4px; pointer-events: none; }
.trd-tools > * { pointer-events: auto; }
.trd-menu { position: relative; }
.trd-menu-items { position: absolute; right: 0; bottom: calc(100% + 4px); min-width: 210px; margin: 0; padding: 4px; display: flex; flex-direction: column; background: var(--trd-card); color: var(--trd-text); border: 1px solid var(--trd-border); border-radius: 8px; box-shadow: 0 4px 16px rgba(0, 0, 0, .22); z-index: 2; }
.trd-menu-items button { font: inherit; font-size: 12.5px; text-align: left; padding: 6px 8px; color: inherit; background: none; border: 0; border-radius: 5px; cursor: pointer; }
.trd-menu-items button:hover, .trd-menu-items button:focus { background: color-mix(in srgb, var(--trd-focus) 14%, transparent); }
.trd-heads { position: absolute; inset: 0; pointer-events: none; overflow: hidden; }
.trd-frame-head { position: absolute; left: 0; top: 0; display: flex; align-items: center; gap: 6px; padding: 1px 2px 1px 9px; font-size: 12px; white-space: nowrap; color: var(--trd-text); background: var(--trd-card); border: 1px solid var(--trd-focus); border-radius: 7px; pointer-events: auto; }
.trd-frame-head .trd-button { padding: 4px 6px; min-width: 22px; }
.trd-note { position: absolute; left: 8px; bottom: 42px; max-width: 80%; padding: 5px 9px; font-size: 12px; color: var(--trd-text); background: var(--trd-card); border: 1px solid var(--trd-failed); border-radius: 6px; }
@container (max-width: 420px) {
  .trd-tools { right: 4px; left: 4px; gap: 2px; }
  .trd-tools .trd-button { padding: 6px 5px; min-width: 22px; }
  .trd-tools .trd-select { max-width: 94px; }
}
@media (forced-colors: active) {
  .trd-frame-head, .trd-menu-items, .trd-note { border-color: CanvasText; }
}
`;
