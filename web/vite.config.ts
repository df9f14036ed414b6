import { defineConfig } from "vitest/config";

/**
 * Production build: no HTML, since the gateway renders every page's head and skeleton. It finds the
 * hashed names in `manifest.json`, by the keys `src/pages/home.ts` and `src/pages/broadcast.ts`.
 */
export default defineConfig({
  // Relative, so that the files work under whatever path the gateway or a CDN serves them.
  base: "./",
  build: {
    outDir: "../relay/gateway/static",
    emptyOutDir: true,
    manifest: "manifest.json",
    // Hashed files are cached for ever; inlined ones would be parsed on every page.
    assetsInlineLimit: 0,
    target: "es2022",
    cssTarget: ["chrome111", "firefox113", "safari16.4"],
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ["src/pages/home.ts", "src/pages/broadcast.ts"],
    },
  },
  test: {
    include: ["tests/**/*.test.ts"],
    environment: "node",
  },
});
