import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** The tests of the page that need no browser. Those that need one: vitest.e2e.config.ts. */
export default defineConfig({
  plugins: [react()],
  test: {
    name: "page",
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}", "scripts/**/*.test.ts"],
    setupFiles: ["./vitest.setup.ts"],
    testTimeout: 30_000,
  },
});
