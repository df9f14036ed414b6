import { defineConfig, loadEnv } from "vite";

/** `npm run dev`: the fixture pages under /dev/, with a relay that is only pretended. */
export default defineConfig({
  root: ".",
  appType: "mpa",
  server: {
    host: "127.0.0.1",
    port: Number(loadEnv("", ".", "PORT").PORT ?? 5199),
    strictPort: true,
  },
});
