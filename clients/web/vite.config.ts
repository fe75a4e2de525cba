import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { onePage } from "./scripts/onePage.ts";

// Where `vite dev` finds the node. Host stays the browser's, for the node allows only its own origin.
const node = { target: process.env.DEV_NODE_URL ?? "http://127.0.0.1:8000", changeOrigin: false };

export default defineConfig({
  plugins: [react(), onePage()],
  // With the workspace's packages: the sources may be mounted read-only (compose.yaml).
  cacheDir: "../node_modules/.vite",
  build: {
    // The plugin finds each file by its tag.
    assetsInlineLimit: 0,
    // Every browser that supports the page's CSS supports modulepreload.
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      "/ws": { ...node, ws: true },
      "/api": node,
      "/health": node,
    },
  },
});
