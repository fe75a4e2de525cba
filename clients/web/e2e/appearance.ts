/** How the page looks, in a browser test: screenshots, and the checks of axe. */
import type * as Axe from "axe-core";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { Browser } from "./browser.ts";

const sizes = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
  narrow: { width: 320, height: 568 },
};

/** Return what breaks a rule, with the elements. */
export async function violationsOf(page: Page): Promise<string[]> {
  await animationsEnd(page);
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof Axe }).axe.run(),
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

/** Wait for animations that end: a text that is still fading in has too little contrast. */
async function animationsEnd(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const all = document.getAnimations();
    const ending = all.filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map(({ finished }) => finished));
  });
}

/** Check the page in three sizes and both themes, and save screenshots of them. */
export async function looksRight({ page, screenshot }: Browser, name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.setViewportSize(viewport);
      await screenshot(`${name}-${size}-${colorScheme}`);
      expect(await violationsOf(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
    }
  }
  await page.setViewportSize(sizes.desktop);
}

/** How much wider the page is than its window. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}
