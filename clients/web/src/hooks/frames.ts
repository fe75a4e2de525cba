/**
 * Notify a listener at most once per frame: at once for the first change, in the next frame for all others.
 *
 * Without it, a burst of messages makes React render for each one, until it gives up (error 185).
 */
export function oncePerFrame(listener: () => void): () => void {
  let changed = false;
  let waiting = false;
  const nextFrame = () => {
    waiting = false;
    if (changed) notify();
  };
  const notify = () => {
    changed = false;
    waiting = true;
    onNextFrame(nextFrame);
    listener();
  };
  return () => {
    changed = true;
    if (!waiting) notify();
  };
}

/** Longer than a frame: it runs only where there are no frames, as in a hidden tab. */
const hidden = 250;

function onNextFrame(act: () => void): void {
  let done = false;
  const once = () => {
    if (done) return;
    done = true;
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    act();
  };
  const frame = requestAnimationFrame(once);
  const timer = setTimeout(once, hidden);
}
