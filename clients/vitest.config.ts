import { defineConfig } from "vitest/config";

/** The SDK and the page in one run, for one report of coverage. The browser tests have a run of their own. */
export default defineConfig({
  test: {
    projects: ["js", "web"],
    coverage: {
      provider: "v8",
      include: ["js/src/**/*.ts", "web/src/**/*.{ts,tsx}"],
      exclude: ["web/src/main.tsx", "**/*.test.{ts,tsx}"],
    },
  },
});
