import { defineConfig } from "vitest/config";

/** The tests in a browser, against a real node: all in Chromium, and in Firefox those that depend on the engine. */
export default defineConfig({
  test: {
    environment: "node",
    globalSetup: ["e2e/setup.ts"],
    // One browser at a time: scroll and timing are measured, so the browsers must not compete for a core.
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["e2e/*.test.ts"],
          provide: { browser: "chromium" },
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "firefox",
          include: ["e2e/movement.test.ts", "e2e/firefox/*.test.ts"],
          provide: { browser: "firefox" },
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
