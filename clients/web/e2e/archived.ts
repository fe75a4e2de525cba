/** A test with a node that keeps an archive. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "./browser.ts";
import { Node, unlimited } from "./node.ts";
import { tokenSettings } from "./tokens.ts";

export const archivedTest = test.extend<{ archived: Node }>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures from it
  archived: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "hubbub-archive-"));
    const node = await Node.start({
      ...unlimited,
      ...tokenSettings,
      ARCHIVE_URL: `sqlite:///${folder}/archive.db`,
    });
    await use(node);
    await node.stop();
    await rm(folder, { recursive: true, force: true });
  },
});
