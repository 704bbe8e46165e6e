// The look of the stream: what stands around its canvas.
export const STREAM_LOOK = `
.trd-stream { position: absolute; inset: 0; display: flex; flex-direction: column; }
.trd-bar-of-tools { display: flex; flex-wrap: wrap; align-items: center; gap: 4px; padding: 6px 10px; }
.trd-legend { display: flex; flex-wrap: wrap; gap: 1px 12px; margin: 0 0 0 8px; padding: 0; list-style: none; font-size: 12px; color: var(--trd-text); max-height: 2.9em; overflow: hidden; }
.trd-legend li { display: inline-flex; align-items: center; gap: 5px; max-width: 180px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.trd-legend-dot { flex: none; width: 11px; height: 11px; border-radius: 3px; }
.trd-stream-sheet { position: relative; flex: 1; min-height: 60px; }
.trd-stream-scroll { position: absolute; inset: 0; overflow-x: hidden; overflow-y: auto; }
.trd .trd-stream-scroll:focus-visible { outline-offset: -2px; }
.trd-stream-canvas { display: block; width: 100%; touch-action: pan-y; }
.trd-stream-said { flex: none; min-height: 24px; padding: 3px 12px 5px; font-size: 12px; color: var(--trd-text); border-top: 1px solid color-mix(in srgb, var(--trd-border) 60%, transparent); overflow-wrap: anywhere; }
.trd-stream-said:empty { visibility: hidden; }
`;
