import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  build: {
    // The server sends `default-src 'self'`: an asset inlined as a data: address would be refused.
    assetsInlineLimit: 0,
    // Every browser that speaks the page's CSS also knows modulepreload.
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      // Spelt out, because the short form rewrites Host, and the node allows only its own origin.
      "/ws": { target: "http://localhost:8000", ws: true, changeOrigin: false },
    },
  },
});
