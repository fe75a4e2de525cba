/** Start one node for all browser tests, unless HUBBUB_E2E_URL names a running one. */
import type { TestProject } from "vitest/node";
import { missing, Node } from "./node.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The URL of the page, or why there is none. */
    page: { readonly url: string } | { readonly missing: string };
    browser: "chromium" | "firefox";
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | void> {
  const running = process.env.HUBBUB_E2E_URL;
  const reason = missing();
  if (running !== undefined) return project.provide("page", { url: running });
  if (reason !== null) return project.provide("page", { missing: reason });
  // All tests come from one address, and each has rooms and names of its own.
  const node = await Node.start({
    HUBBUB_NEW_ROOMS_PER_HOUR: "100000",
    HUBBUB_NAMES_PER_ADDRESS: "100000",
  });
  project.provide("page", { url: node.url });
  return () => node.stop();
}
