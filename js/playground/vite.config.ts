import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

export default defineConfig({
  // Relative addresses: the page works in any folder, and from the binary.
  base: "./",
  build: {
    target: ["chrome123", "firefox120", "safari17.5"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // The examples are part of the page; all of it is a third of this when compressed.
    chunkSizeWarningLimit: 800,
  },
  worker: { format: "es" },
  // The examples are at the root of the repository.
  server: { host: "127.0.0.1", fs: { allow: [fileURLToPath(new URL("../..", import.meta.url))] } },
});
