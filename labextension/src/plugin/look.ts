// The plugin's own style; the view brings its own. Colours are the page's.
export const LOOK = `
.trd-p { display: flex; flex-direction: column; min-width: 240px; background: var(--jp-layout-color1); color: var(--jp-ui-font-color1); font-size: var(--jp-ui-font-size1); }
.trd-p-head { flex: none; max-height: 35%; overflow: auto; border-bottom: 1px solid var(--jp-border-color2); }
.trd-p-hint { padding: 8px 12px; background: var(--jp-layout-color2); border-left: 4px solid var(--jp-warn-color0, var(--jp-border-color1)); overflow-wrap: anywhere; user-select: text; }
.trd-p-list { list-style: none; margin: 0; padding: 4px; }
.trd-p-row { display: flex; align-items: center; gap: 4px; border-radius: 4px; padding-right: 4px; }
.trd-p-row:hover { background: var(--jp-layout-color2); }
.trd-p-chosen { box-shadow: inset 3px 0 0 var(--jp-brand-color1); background: var(--jp-layout-color2); }
.trd-p-choose { flex: 1; min-width: 0; display: flex; flex-direction: column; gap: 1px; padding: 5px 8px 5px 11px; font: inherit; color: inherit; text-align: left; background: none; border: none; cursor: pointer; }
.trd-p-title { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.trd-p-words { font-size: var(--jp-ui-font-size0); color: var(--jp-ui-font-color1); opacity: .85; font-variant-numeric: tabular-nums; min-height: 1.3em; }
.trd-p-tool { flex: none; font: inherit; font-size: var(--jp-ui-font-size0); color: var(--jp-ui-font-color1); background: var(--jp-layout-color1); border: 1px solid var(--jp-border-color1); border-radius: 4px; padding: 2px 8px; cursor: pointer; }
.trd-p-tool:hover { background: var(--jp-layout-color3); }
.trd-p-choose:focus-visible, .trd-p-tool:focus-visible, .trd-p-status:focus-visible { outline: 2px solid var(--jp-brand-color1); outline-offset: -2px; border-radius: 4px; }
.trd-p-live { flex: 1; min-height: 0; display: flex; flex-direction: column; background: var(--jp-layout-color1); overflow: auto; }
.trd-p-live > .trd { flex: 1; min-height: 0; }
.trd-p-empty { padding: 16px 14px; color: var(--jp-ui-font-color1); opacity: .85; line-height: 1.5; }
.trd-p-empty[hidden], .trd-p-list[hidden], .trd-p-hint[hidden] { display: none; }
.trd-p-status { font: inherit; color: inherit; background: none; border: none; padding: 0 6px; cursor: pointer; height: 100%; white-space: nowrap; }
.trd-p-failed { font-weight: 600; }
.trd-p-form { display: grid; grid-template-columns: auto auto; gap: 6px 18px; align-items: center; min-width: 380px; }
.trd-p-form label, .trd-p-form legend { font-family: var(--jp-code-font-family); }
.trd-p-form .trd-p-wide { grid-column: 1 / -1; }
.trd-p-form .jp-select-wrapper { margin: 0; height: auto; }
.trd-p-form select, .trd-p-form input { width: 100%; box-sizing: border-box; height: 28px; margin: 0; }
.trd-p-preview { font-family: var(--jp-code-font-family); background: var(--jp-layout-color2); padding: 6px 8px; margin: 4px 0 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.trd-p-cancel { position: absolute; z-index: 1; font: inherit; font-family: var(--jp-ui-font-family); font-size: 12px; padding: 0 8px; margin: 0; line-height: 18px; color: var(--jp-ui-font-color1); background: var(--jp-layout-color1); border: 1px solid var(--jp-border-color1); border-radius: 4px; cursor: pointer; }
.trd-p-cancel:hover { background: var(--jp-layout-color3); }
.trd-p-cancel:focus-visible { outline: 2px solid var(--jp-brand-color1); }
@media (forced-colors: active) { .trd-p-chosen { outline: 2px solid Highlight; } }
`;
