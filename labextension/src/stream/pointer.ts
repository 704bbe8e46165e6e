// Mouse, pen and touch on the task stream: hover, click, drag, wheel. Knows pixels of the canvas only.

const CLICK_PX = 4;

export interface PointerEvents {
  hover(x: number, y: number): void; // -1 when it has left
  click(x: number, y: number): void;
  pan(dx: number): void;
  zoom(factor: number, x: number): void;
  all(): void;
}

/** `focus`: the element that takes the focus with a click; while it has it, the plain wheel zooms. */
export function followPointer(canvas: HTMLCanvasElement, focus: HTMLElement, events: PointerEvents): void {
  let from: { x: number; moved: boolean } | null = null;
  const place = (event: MouseEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    from = { x: event.clientX, moved: false };
    canvas.setPointerCapture(event.pointerId);
    focus.focus({ preventScroll: true });
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!from) return events.hover(...place(event));
    const dx = event.clientX - from.x;
    if (!from.moved && Math.abs(dx) < CLICK_PX) return;
    from = { x: event.clientX, moved: true };
    events.pan(dx);
  });
  canvas.addEventListener('pointerup', (event) => {
    if (from && !from.moved) events.click(...place(event));
    from = null;
  });
  canvas.addEventListener('pointercancel', () => (from = null));
  canvas.addEventListener('pointerleave', () => events.hover(-1, -1));
  canvas.addEventListener('dblclick', () => events.all());
  canvas.addEventListener(
    'wheel',
    (event) => {
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
      const zooms = event.ctrlKey || event.metaKey || focus.ownerDocument.activeElement === focus;
      if (!sideways && !zooms) return; // the plain wheel scrolls the notebook
      event.preventDefault();
      if (sideways) events.pan(-(event.deltaX || event.deltaY));
      else events.zoom(Math.exp(-event.deltaY / 300), place(event)[0]);
    },
    { passive: false },
  );
}
