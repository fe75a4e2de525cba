/** Start one node for all browser tests, unless HUBBUB_E2E_URL names a running one. */
import type { TestProject } from "vitest/node";
import { missing, Node } from "./node.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The URL of the page, or why there is none. */
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
