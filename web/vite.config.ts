import { defineConfig } from "vitest/config";
import { demoServer } from "./test/demo_server.ts";

export default defineConfig({
  // The binary serves the page at any address, so it must not know its own.
  base: "./",
  plugins: [demoServer()],
  build: {
    target: "es2022",
    // Two scripts and a style sheet need no preloading.
    modulePreload: false,
    assetsInlineLimit: 0,
  },
  test: { include: ["test/**/*.test.ts"] },
});
