// The look. Colours come as --trd-* from theme.ts; layout depends on the width of the view, not of the window.
export const CSS = `
.trd {
  --trd-radius: 8px;
  box-sizing: border-box; position: relative; width: 100%; container-type: inline-size; margin: 4px 0;
  background: var(--jp-layout-color0, var(--vscode-editor-background, var(--colab-primary-surface-color, Canvas)));
  color: var(--jp-ui-font-color1, var(--vscode-editor-foreground, CanvasText));
  font: 13px/1.4 var(--jp-ui-font-family, system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif);
  border: 1px solid var(--trd-border); border-radius: var(--trd-radius); overflow: hidden;
}
.trd *, .trd *::before { box-sizing: border-box; }
.trd [hidden] { display: none !important; }
.trd-head { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 14px; padding: 7px 12px; border-bottom: 1px solid var(--trd-border); color: var(--trd-text); }
.trd-brand { font-weight: 650; letter-spacing: .01em; }
.trd-chips { display: flex; flex-wrap: wrap; gap: 2px 12px; flex: 1 1 auto; font-variant-numeric: tabular-nums; }
.trd-chip { display: inline-flex; align-items: center; gap: 4px; white-space: nowrap; }
.trd-sign { flex: none; vertical-align: -2px; }
.trd-status { color: var(--trd-muted); font-size: 12px; white-space: nowrap; }
.trd-body { display: flex; height: 440px; }
.trd-main { display: flex; flex-direction: column; flex: 1 1 auto; min-width: 0; }
.trd-graph { position: relative; flex: 1 1 0; min-height: 160px; }
.trd-canvas { display: block; position: absolute; inset: 0; width: 100%; height: 100%; touch-action: none; cursor: grab; }
.trd-canvas:active { cursor: grabbing; }
.trd-tools { position: absolute; right: 8px; bottom: 8px; display: flex; gap: 4px; }
.trd-button { font: inherit; font-size: 12px; line-height: 1; padding: 6px 9px; min-width: 28px; color: var(--trd-text); background: var(--trd-card); border: 1px solid var(--trd-border); border-radius: 6px; cursor: pointer; }
.trd-button:hover:not([aria-disabled=true]) { border-color: var(--trd-focus); }
.trd-button[aria-disabled=true] { opacity: .55; cursor: default; }
.trd-quiet { border-color: transparent; background: none; }
.trd :focus-visible { outline: 2px solid var(--trd-focus); outline-offset: 1px; }
.trd-empty { position: absolute; inset: 0; display: flex; align-items: center; justify-content: center; padding: 20px; text-align: center; color: var(--trd-muted); pointer-events: none; }
.trd-side { flex: 0 0 300px; overflow-y: auto; border-left: 1px solid var(--trd-border); padding: 2px 0 10px; scrollbar-width: thin; }
.trd-section { padding: 8px 12px 0; }
.trd-title { margin: 0 0 5px; font-size: 11.5px; font-weight: 600; letter-spacing: .04em; text-transform: uppercase; color: var(--trd-muted); }
.trd-rows { list-style: none; margin: 0; padding: 0; }
.trd-rows > li { margin: 0 0 8px; padding: 0; list-style: none; }
.trd-line { display: flex; align-items: baseline; gap: 7px; min-width: 0; }
.trd-name { font-weight: 550; color: var(--trd-text); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.trd-what { flex: 1; min-width: 0; text-align: right; color: var(--trd-muted); font-size: 12px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; font-variant-numeric: tabular-nums; }
.trd-muted { color: var(--trd-muted); font-size: 12px; }
.trd-dot { flex: none; width: 9px; height: 9px; border-radius: 50%; border: 2px solid var(--trd-muted); align-self: center; }
[data-state="busy"] > .trd-line > .trd-dot { background: var(--trd-running); border-color: var(--trd-running); }
[data-state="gone"] > .trd-line > .trd-dot { border-radius: 0; border-color: var(--trd-failed); background: var(--trd-failed); transform: rotate(45deg); }
[data-state="gone"] .trd-meters { display: none; }
.trd-meters { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; margin-top: 3px; }
.trd-meter { display: flex; align-items: center; gap: 6px; font-size: 11px; color: var(--trd-muted); font-variant-numeric: tabular-nums; }
.trd-meter-track { flex: 1; height: 6px; border-radius: 3px; background: var(--trd-border); overflow: hidden; }
.trd-meter-fill { display: block; height: 100%; width: 0; border-radius: 3px; background: var(--trd-running); transition: width .25s linear; }
.trd-meter-text { min-width: 42px; text-align: right; white-space: nowrap; }
.trd-bar { display: flex; height: 8px; border-radius: 4px; overflow: hidden; background: var(--trd-border); margin-top: 3px; }
.trd-part { display: block; height: 100%; min-width: 0; transition: width .25s linear; }
.trd-hatched { background-image: repeating-linear-gradient(135deg, transparent 0 3px, var(--trd-card) 3px 5px); }
.trd-failure-head { display: flex; gap: 7px; width: 100%; font: inherit; text-align: left; padding: 5px 7px; color: var(--trd-text); background: none; border: 1px solid var(--trd-border); border-left: 4px solid var(--trd-failed); border-radius: 5px; cursor: pointer; }
.trd-failure-head:hover { border-color: var(--trd-failed); }
.trd-failure-head .trd-sign { margin-top: 2px; }
.trd-two { display: flex; flex-direction: column; min-width: 0; }
.trd-error { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; overflow-wrap: anywhere; font-weight: 550; }
.trd-where { color: var(--trd-muted); font-size: 12px; }
.trd-trace { margin: 5px 0 0; padding: 8px 10px; overflow: auto; font: 11.5px/1.45 var(--jp-code-font-family, ui-monospace, "DejaVu Sans Mono", monospace); color: var(--trd-text); background: var(--trd-card); border: 1px solid var(--trd-border); border-radius: 5px; white-space: pre; }
.trd-details { flex: none; max-height: 58%; overflow: auto; padding: 8px 12px 10px; color: var(--trd-text); border-top: 1px solid var(--trd-border); scrollbar-width: thin; }
.trd-details-head { display: flex; align-items: center; gap: 6px; }
.trd-details-name { flex: 1; font-weight: 600; overflow-wrap: anywhere; }
.trd-facts { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 4px 0 0; font-size: 12px; }
.trd-facts div { display: flex; gap: 6px; } .trd-facts dt { color: var(--trd-muted); } .trd-facts dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.trd-unseen { position: absolute !important; width: 1px; height: 1px; margin: -1px; padding: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; border: 0; }
.trd-graph:has(.trd-tasks:focus-visible) { outline: 2px solid var(--trd-focus); outline-offset: -2px; }
.trd-sign[data-state="running"] { color: var(--trd-running); } .trd-part[data-state="running"] { background-color: var(--trd-running); }
.trd-sign[data-state="placed"] { color: var(--trd-placed); } .trd-part[data-state="placed"] { background-color: var(--trd-placed); }
.trd-sign[data-state="ready"] { color: var(--trd-ready); } .trd-part[data-state="ready"] { background-color: var(--trd-ready); opacity: .4; }
.trd-sign[data-state="waiting"] { color: var(--trd-waiting); } .trd-part[data-state="waiting"] { background-color: var(--trd-waiting); opacity: .3; }
.trd-sign[data-state="done"] { color: var(--trd-done); } .trd-part[data-state="done"] { background-color: var(--trd-done); }
.trd-sign[data-state="failed"] { color: var(--trd-failed); } .trd-part[data-state="failed"] { background-color: var(--trd-failed); }
.trd-sign[data-state="upstream"] { color: var(--trd-upstream); } .trd-part[data-state="upstream"] { background-color: var(--trd-upstream); }
.trd-sign[data-state="cancelled"] { color: var(--trd-cancelled); } .trd-part[data-state="cancelled"] { background-color: var(--trd-cancelled); }
@container (max-width: 680px) {
  .trd-body { flex-direction: column; height: auto; }
  .trd-graph { flex: none; height: 320px; }
  .trd-details { max-height: 300px; }
  .trd-side { flex: none; max-height: 300px; border-left: none; border-top: 1px solid var(--trd-border); }
}
@media (prefers-reduced-motion: reduce) { .trd * { transition: none !important; } }
@media (forced-colors: active) {
  .trd-meter-fill, .trd-part, .trd-dot { forced-color-adjust: none; }
  .trd-bar, .trd-meter-track { border: 1px solid CanvasText; }
}
`;
