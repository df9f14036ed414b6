import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/**
 * Leaves a `.gz` beside every script and style: the gateway sends it to browsers that take it, and
 * compresses nothing itself.
 */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    generateBundle: {
      order: "post", // after Vite's own, which still change what they import
      async handler(_options, bundle) {
        for (const [fileName, made] of Object.entries(bundle)) {
          if (/\.(?:js|css)$/.test(fileName)) {
            const source = await gzipped(made.type === "chunk" ? made.code : made.source);
            this.emitFile({ type: "asset", fileName: `${fileName}.gz`, source });
          }
        }
      },
    },
  };
}

async function gzipped(raw: string | Uint8Array): Promise<Uint8Array> {
  const packed = new Blob([raw as BlobPart]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/**
 * Production build: no HTML, since the gateway renders every page's head and skeleton. It finds the
 * hashed names in `manifest.json`, by the keys `src/pages/home.ts` and `src/pages/broadcast.ts`.
 */
export default defineConfig({
  // Relative, so that the files work under whatever path the gateway or a CDN serves them.
  base: "./",
  plugins: [compressed()],
  build: {
    outDir: "../relay/gateway/static",
    emptyOutDir: true,
    manifest: "manifest.json",
    // Hashed files are cached for ever; inlined ones would be parsed on every page.
    assetsInlineLimit: 0,
    target: "es2022",
    // The first with light-dark(). Written out for older ones it no longer follows a color-scheme
    // that is set inside a component, and the player would take the light theme's colours.
    cssTarget: ["chrome123", "edge123", "firefox120", "safari17.5"],
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: [
        "src/pages/home.ts",
        "src/pages/broadcast.ts",
        "src/pages/embed.ts",
        "src/pages/embed-docs.ts",
        "src/embed/loader.ts",
      ],
      output: {
        // Partners' pages name it, so its name never changes.
        entryFileNames: ({ name }) => (name === "loader" ? "embed.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  test: {
    include: ["tests/**/*.test.ts"],
    environment: "node",
    // The state machine's random walks share their cores with whatever else the machine does.
    testTimeout: 30_000,
  },
});
