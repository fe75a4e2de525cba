/** How far rows move on the screen, in px, measured after each frame was painted. */
import type { JSHandle, Page } from "playwright-core";
import { messages } from "./users.ts";

/** Ends the measuring, and returns the maximum. */
export type Worst = () => Promise<number>;

/** The distance of the last row from the bottom of the list. */
export async function fromEnd(page: Page): Promise<number> {
  return messages(page).evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
}

/** Measure how far the end of the list is out of view. */
export function watchEnd(page: Page): Promise<Worst> {
  return measure(
    messages(page).evaluateHandle((box) => box.lastElementChild ?? box),
    "bottom",
  );
}

/** Measure how far this text moves. */
export function watch(page: Page, text: string): Promise<Worst> {
  const shown = messages(page).getByText(text, { exact: true });
  return measure(
    shown.evaluateHandle((element) => element),
    "top",
  );
}

/** Scroll to this distance from the top, and measure the text that is then the first. */
export function watchFrom(page: Page, top: number): Promise<Worst> {
  return measure(
    messages(page).evaluateHandle((box, to) => {
      box.scrollTo(0, to);
      const edge = box.getBoundingClientRect().top;
      const texts = Array.from(box.querySelectorAll("[data-row] > [dir]"));
      return texts.find((text) => text.getBoundingClientRect().bottom > edge) ?? box;
    }, top),
    "top",
  );
}

/** Follow an edge of an element, against the same edge of the list. */
async function measure(
  watched: Promise<JSHandle<Element>>,
  edge: "top" | "bottom",
): Promise<Worst> {
  const element = await watched;
  const seen = await element.evaluateHandle((one, edge) => {
    const root = one.closest("[role=log]");
    const seen = { places: [] as number[], going: true };
    const note = ({ boundingClientRect, rootBounds }: IntersectionObserverEntry) =>
      seen.places.push(boundingClientRect[edge] - (rootBounds ?? boundingClientRect)[edge]);
    // It reports the places of a frame that was painted, after what observers of sizes have moved.
    const sample = () => {
      const observer = new IntersectionObserver(
        (entries) => {
          observer.disconnect();
          entries.forEach(note);
          if (seen.going) requestAnimationFrame(sample);
        },
        { root },
      );
      observer.observe(one);
    };
    sample();
    return seen;
  }, edge);
  // What comes from now on is measured.
  await seen.evaluate(async ({ places }) => {
    while (places.length === 0) await new Promise(requestAnimationFrame);
  });
  return () =>
    seen.evaluate((all) => {
      all.going = false;
      const [first = Number.NaN] = all.places;
      return Math.max(...all.places.map((place) => Math.abs(place - first)));
    });
}

/** Measure how far the texts in view jump: against a wheel that turns up, or by more than it turns in a frame. */
export async function watchWheel(page: Page): Promise<Worst> {
  const seen = await messages(page).evaluateHandle((box) => {
    const mostPerFrame = 1_000;
    const topOf = (text: Element) => text.getBoundingClientRect().top;
    const visible = () => {
      const { top, bottom } = box.getBoundingClientRect();
      const texts = Array.from(box.querySelectorAll("[data-row] > [dir]"));
      const tops = texts.map((text) => ({ text, before: topOf(text) }));
      return tops.filter(({ before }) => before >= top && before <= bottom);
    };
    let shown = visible();
    const seen = { worst: 0, going: true };
    const { port1, port2 } = new MessageChannel();
    const frame = () => port2.postMessage(null);
    port1.onmessage = () => {
      const moved = shown.filter(({ text }) => text.isConnected);
      const down = moved.map(({ text, before }) => topOf(text) - before);
      seen.worst = Math.max(seen.worst, ...down.flatMap((px) => [-px, px - mostPerFrame]));
      shown = visible();
      if (seen.going) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    return seen;
  });
  return () =>
    seen.evaluate((all) => {
      all.going = false;
      return all.worst;
    });
}
