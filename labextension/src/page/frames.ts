// When a canvas is painted, and how fine: at most once a frame, in the screen's own pixels.

/** What has `act` done in the next frame, however often it is asked until then. */
export function onceAFrame(act: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      act();
    });
  };
}

/** How many pixels of the screen a pixel of the page has; `canvas` has so many after this, and is as it was if it had. */
export function fine(canvas: HTMLCanvasElement, width: number, height: number): number {
  const ratio = devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  return ratio;
}
