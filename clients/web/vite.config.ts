import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  build: {
    // The server sends `default-src 'self'`: the browser would block assets inlined as data: URLs.
    assetsInlineLimit: 0,
    // Every browser that supports the page's CSS supports modulepreload.
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      // Not the short form, which rewrites Host: the node allows only its own origin.
      "/ws": { target: "http://localhost:8000", ws: true, changeOrigin: false },
    },
  },
});
