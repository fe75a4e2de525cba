import { createHash } from "node:crypto";
import { relative } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { onePage, plainImports } from "./scripts/onePage.ts";

// Where `vite dev` finds the node. Host stays the browser's, for the node allows only its own origin.
const node = { target: process.env.DEV_NODE_URL ?? "http://127.0.0.1:8000", changeOrigin: false };

export default defineConfig(({ command }) => ({
  plugins: [react(), plainImports(), onePage()],
  // With the workspace's packages: the sources may be mounted read-only (compose.yaml).
  cacheDir: "../node_modules/.vite",
  // In a build the names of classes are short, for each is in the script and in the styles.
  css: { modules: command === "build" ? { generateScopedName: shortName } : {} },
  build: {
    // Its scripts are some kB smaller, and the page has a budget (scripts/budget.js).
    minify: "terser",
    terserOptions: { module: true, compress: { passes: 3 } },
    // The plugin finds each file by its tag.
    assetsInlineLimit: 0,
    // The parts are below the page's own path, which a preload would not know.
    modulePreload: false,
    rolldownOptions: {
      // `make run` prints what the build prints: which plugin takes long is no news to its user.
      checks: { pluginTimings: false },
      output: {
        // One script for the page: all that it imports at once, also what its parts share with it.
        codeSplitting: { groups: [{ name: "page", test: /\/src\/main\.tsx$/ }] },
      },
    },
  },
  server: {
    proxy: {
      "/ws": { ...node, ws: true },
      "/api": node,
      "/files": node,
      "/health": node,
    },
  },
}));

function shortName(name: string, file: string): string {
  const place = relative(import.meta.dirname, file);
  return `c${createHash("sha256").update(`${place} ${name}`).digest("base64url").slice(0, 5)}`;
}
