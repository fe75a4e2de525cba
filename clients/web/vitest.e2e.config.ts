import { defineConfig } from "vitest/config";

/** The tests in a browser, against a real node. */
export default defineConfig({
  test: {
    name: "e2e",
    environment: "node",
    include: ["e2e/**/*.test.ts"],
    globalSetup: ["e2e/setup.ts"],
    // One browser at a time: scroll and timing are measured, so the browsers must not compete for a core.
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
