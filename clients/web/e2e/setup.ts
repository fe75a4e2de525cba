/** Starts one node for all browser tests, unless HUBBUB_E2E_URL names one that runs already. */
import type { TestProject } from "vitest/node";
import { missing, Node } from "./node.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the page is, or why there's none. */
    page: { readonly url: string } | { readonly missing: string };
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | void> {
  const running = process.env.HUBBUB_E2E_URL;
  const reason = missing();
  if (running !== undefined) return project.provide("page", { url: running });
  if (reason !== null) return project.provide("page", { missing: reason });
  const node = await Node.start();
  project.provide("page", { url: node.url });
  return () => node.stop();
}
