import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Three kinds of test: the SDK needs no page, the page needs no browser, and e2e needs both and a node. */
export default defineConfig({
  plugins: [react()],
  test: {
    projects: [
      {
        extends: true,
        test: { name: "sdk", environment: "node", include: ["src/sdk/**/*.test.ts"] },
      },
      {
        extends: true,
        test: {
          name: "page",
          environment: "jsdom",
          include: ["src/{app,features,ui}/**/*.test.{ts,tsx}"],
          setupFiles: ["./vitest.setup.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          environment: "node",
          include: ["e2e/**/*.test.ts"],
          globalSetup: ["e2e/setup.ts"],
          // One browser at a time: scroll and timing are measured, so they must not compete for a core.
          fileParallelism: false,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
    coverage: {
      provider: "v8",
      include: ["src/**/*.{ts,tsx}"],
      exclude: ["src/main.tsx", "**/*.test.{ts,tsx}"],
    },
  },
});
