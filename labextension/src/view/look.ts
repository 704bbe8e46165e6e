// The look: the frame of the view, and what all parts share. Colours come as --trd-* from theme.ts; layout depends on the
// width of the view, not of the window.
import { GRAPH_LOOK } from '../graph/look.ts';
import { STREAM_LOOK } from '../stream/look.ts';
import type { TaskState } from '../feed/reducer.ts';
import { STATES } from '../words/states.ts';
import { PARTS_LOOK } from './parts_look.ts';

const FRAME = `
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
.trd :is(.trd-button, .trd-failure-head) { border-radius: 6px; } .trd .trd-chip { border-radius: 11px; } .trd .trd-tab { border-radius: 0; } /* not JupyterLab's */
.trd :focus-visible { outline: 2px solid var(--trd-focus); outline-offset: 1px; }
.trd-head { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 14px; padding: 7px 12px 5px; color: var(--trd-text); }
.trd-brand { font-weight: 650; letter-spacing: .01em; }
.trd-chips { display: flex; flex-wrap: wrap; gap: 2px 4px; flex: 1 1 auto; font-variant-numeric: tabular-nums; }
.trd-chip { display: inline-flex; align-items: center; gap: 4px; padding: 1px 7px 1px 5px; font: inherit; color: var(--trd-text); background: none; border: 1px solid transparent; border-radius: 11px; white-space: nowrap; cursor: pointer; }
.trd-chip:hover { border-color: var(--trd-border); }
.trd-chip[aria-pressed=true] { border-color: var(--trd-focus); background: color-mix(in srgb, var(--trd-focus) 14%, transparent); font-weight: 600; }
.trd-sign { flex: none; vertical-align: -2px; }
.trd-status { color: var(--trd-muted); font-size: 12px; max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.trd-nav { display: flex; flex-wrap: wrap; align-items: flex-end; gap: 4px 10px; padding: 0 12px; border-bottom: 1px solid var(--trd-border); }
.trd-tabs { display: flex; flex-wrap: wrap; flex: 1 1 auto; margin: 0 0 -1px -9px; }
.trd-tab { display: inline-flex; align-items: center; gap: 5px; padding: 5px 9px 6px; font: inherit; color: var(--trd-muted); background: none; border: 0; border-bottom: 2px solid transparent; cursor: pointer; }
.trd-tab:hover { color: var(--trd-text); }
.trd-tab[aria-selected=true] { color: var(--trd-text); border-bottom-color: var(--trd-focus); font-weight: 600; }
.trd :is(.trd-tab, .trd-chip):focus-visible { outline-offset: -2px; }
.trd-badge { min-width: 16px; padding: 0 4px; font-size: 10.5px; font-weight: 650; line-height: 16px; text-align: center; color: var(--trd-onState); background: var(--trd-failed); border-radius: 8px; }
.trd-filter { display: flex; flex: 0 1 430px; gap: 4px; align-items: center; padding-bottom: 4px; min-width: 0; }
.trd-search { flex: 1 1 120px; min-width: 80px; height: 26px; padding: 0 8px; font: inherit; font-size: 12px; color: var(--trd-text); background: var(--trd-card); border: 1px solid var(--trd-border); border-radius: 6px; }
.trd-search::placeholder { color: var(--trd-muted); opacity: 1; }
.trd-filter .trd-select { flex: 0 1 auto; min-width: 0; max-width: 130px; }
.trd-body { display: flex; height: 440px; }
.trd-main { display: flex; flex-direction: column; flex: 1 1 auto; min-width: 0; }
.trd-panels { position: relative; flex: 1 1 0; min-height: 150px; }
.trd-panel { position: absolute; inset: 0; overflow: auto; container-type: inline-size; scrollbar-width: thin; }
.trd-panel > * { min-height: 100%; }
.trd-button { font: inherit; font-size: 12px; line-height: 1; padding: 6px 9px; min-width: 28px; color: var(--trd-text); background: var(--trd-card); border: 1px solid var(--trd-border); border-radius: 6px; white-space: nowrap; cursor: pointer; }
.trd-button:hover:not([aria-disabled=true]) { border-color: var(--trd-focus); }
.trd-button[aria-disabled=true] { color: var(--trd-muted); border-style: dashed; cursor: default; }
.trd-button[aria-pressed=true] { border-color: var(--trd-focus); background: color-mix(in srgb, var(--trd-focus) 14%, var(--trd-card)); }
.trd-small { padding: 4px 7px; font-size: 11.5px; }
.trd-quiet { border-color: transparent; background: none; }
.trd-select { font: inherit; font-size: 12px; line-height: 1; height: 26px; padding: 0 4px; color: var(--trd-text); background: var(--trd-card); border: 1px solid var(--trd-border); border-radius: 6px; }
.trd-link { font: inherit; padding: 0; text-align: inherit; color: var(--trd-text); background: none; border: 0; border-radius: 3px; overflow-wrap: anywhere; cursor: pointer; }
.trd-link:hover:not(:disabled), .trd-link:focus-visible { text-decoration: underline; text-underline-offset: 2px; }
.trd-link:disabled { cursor: default; }
.trd-empty { position: absolute; inset: 0; display: flex; align-items: center; justify-content: center; padding: 20px; text-align: center; color: var(--trd-muted); pointer-events: none; }
.trd-side { flex: 0 0 320px; overflow-y: auto; border-left: 1px solid var(--trd-border); padding: 2px 0 10px; container-type: inline-size; scrollbar-width: thin; }
.trd-side .trd-failures[data-any=false] { display: none; }
.trd-unseen { position: absolute !important; width: 1px; height: 1px; margin: -1px; padding: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; border: 0; }
.trd-fills { display: flex; flex-direction: column; }
.trd-fills > .trd { flex: 1; min-height: 0; display: flex; flex-direction: column; margin: 0; border: 0; border-radius: 0; }
.trd-fills > .trd > .trd-body { flex: 1; height: auto; min-height: 300px; }
@container (max-width: 759px) {
  .trd-head { padding: 6px 10px 4px; }
  .trd-nav { padding: 0 8px; }
  .trd-tabs { flex-basis: 100%; order: 2; }
  .trd-filter { flex-basis: 100%; order: 1; flex-wrap: wrap; }
  .trd-filter .trd-select { flex: 1 1 90px; max-width: none; }
  .trd-filter > .trd-search { flex: 1 1 140px; }
  .trd-tab { padding: 4px 7px 5px; }
  .trd-tabs { margin-left: -5px; }
}
@container (max-width: 420px) {
  .trd-head { gap: 0 8px; }
  .trd-chips { order: 3; flex-basis: 100%; gap: 0; }
  .trd-chip { padding: 1px 6px 1px 3px; }
  .trd-chip .trd-word { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .trd-status { margin-left: auto; }
  .trd-filter:not(:focus-within, [data-on=true]) .trd-select { display: none; }
  .trd-filter > .trd-search { flex-basis: 100%; }
  .trd-tab { padding: 3px 6px 4px; }
  .trd-deeds { order: 4; flex-basis: 100%; }
  .trd-details { max-height: 68% !important; }
}
`;

const FAINT: { [state in TaskState]?: number } = { ready: 0.4, waiting: 0.3 };
const COLOURS = STATES.map((state) => {
  const faint = FAINT[state] === undefined ? '' : ` opacity: ${FAINT[state]};`;
  return `.trd-sign[data-state=${state}] { color: var(--trd-${state}); } .trd-part[data-state=${state}] { background-color: var(--trd-${state});${faint} }`;
}).join('\n');

const COMFORT = `
@media (prefers-reduced-motion: reduce) { .trd * { transition: none !important; scroll-behavior: auto !important; } }
@media (forced-colors: active) {
  .trd-meter-fill, .trd-part, .trd-dot, .trd-legend-dot, .trd-share-fill, .trd-stream-canvas, .trd-canvas { forced-color-adjust: none; }
  .trd-bar, .trd-meter-track, .trd-share { border: 1px solid CanvasText; }
  .trd-tab { border-bottom-color: Canvas; } /* transparent would be drawn */
  .trd-tab[aria-selected=true] { border-bottom-color: Highlight; }
  .trd-chip[aria-pressed=true], .trd-button[aria-pressed=true] { outline: 2px solid Highlight; }
}
`;

export const LOOK = [FRAME, GRAPH_LOOK, STREAM_LOOK, PARTS_LOOK, COLOURS, COMFORT].join('');
