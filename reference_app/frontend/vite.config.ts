import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` passes what the pods own on to a running stack: its address as HMB_URL.
const stack = process.env.HMB_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    target: "es2022",
    // Its name must not begin with a dot: nginx hands out the whole folder.
    manifest: "manifest.json",
    // A script in the page itself is what the policy forbids.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: {
    proxy: { "/api": stack, "/ws": { target: stack, ws: true } },
  },
});
