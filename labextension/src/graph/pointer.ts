// What a mouse, a pen or a finger does on the canvas: drag to pan, wheel with Ctrl to zoom, click, double click, hover.

export interface PointerEvents {
  pan(dx: number, dy: number): void;
  zoom(factor: number, x: number, y: number): void;
  click(x: number, y: number): void;
  twice(x: number, y: number): void;
  hover(x: number, y: number): void;
  leave(): void;
}

const CLICK_PX = 4;

export function listenTo(canvas: HTMLCanvasElement, events: PointerEvents): void {
  let from: { x: number; y: number; moved: boolean } | null = null;
  const at = (event: MouseEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener('pointerdown', (event) => {
    from = { x: event.clientX, y: event.clientY, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!from) return events.hover(...at(event));
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (!from.moved && Math.hypot(dx, dy) < CLICK_PX) return;
    from = { x: event.clientX, y: event.clientY, moved: true };
    events.pan(dx, dy);
  });
  canvas.addEventListener('pointerup', (event) => {
    if (from && !from.moved) events.click(...at(event));
    from = null;
  });
  canvas.addEventListener('pointercancel', () => (from = null));
  canvas.addEventListener('pointerleave', () => events.leave());
  canvas.addEventListener('dblclick', (event) => events.twice(...at(event)));
  const onWheel = (event: WheelEvent): void => {
    if (!event.ctrlKey && !event.metaKey) return; // the plain wheel scrolls the notebook
    event.preventDefault();
    events.zoom(Math.exp(-event.deltaY / 300), ...at(event));
  };
  canvas.addEventListener('wheel', onWheel, { passive: false });
}
