// What a mouse, a pen or a finger does on a canvas: hover, click, drag, wheel. Knows pixels of the canvas only.

export interface PointerEvents {
  hover(x: number, y: number): void;
  leave(): void;
  click(x: number, y: number): void;
  twice(x: number, y: number): void;
  pan(dx: number, dy: number): void;
  zoom(factor: number, x: number, y: number): void;
}

const CLICK_PX = 4;

/** `focus`: an element that takes the focus with a click; while it has it, the plain wheel zooms. Else it scrolls the page. */
export function followPointer(canvas: HTMLCanvasElement, events: PointerEvents, focus?: HTMLElement): void {
  let from: { x: number; y: number; moved: boolean } | null = null;
  const place = (event: MouseEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return; // the others have the page's menus
    from = { x: event.clientX, y: event.clientY, moved: false };
    canvas.setPointerCapture(event.pointerId);
    focus?.focus({ preventScroll: true });
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!from) return events.hover(...place(event));
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (!from.moved && Math.hypot(dx, dy) < CLICK_PX) return;
    from = { x: event.clientX, y: event.clientY, moved: true };
    events.pan(dx, dy);
  });
  canvas.addEventListener('pointerup', (event) => {
    if (from && !from.moved) events.click(...place(event));
    from = null;
  });
  canvas.addEventListener('pointercancel', () => (from = null));
  canvas.addEventListener('pointerleave', () => events.leave());
  canvas.addEventListener('dblclick', (event) => events.twice(...place(event)));
  const onWheel = (event: WheelEvent): void => {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
    const zooms = event.ctrlKey || event.metaKey || (focus && focus.ownerDocument.activeElement === focus);
    if (!sideways && !zooms) return; // the plain wheel scrolls the notebook
    event.preventDefault();
    if (sideways) events.pan(-(event.deltaX || event.deltaY), 0);
    else events.zoom(Math.exp(-event.deltaY / 300), ...place(event));
  };
  canvas.addEventListener('wheel', onWheel, { passive: false });
}
