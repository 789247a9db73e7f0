import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

/** Everything in one file: it opens from a disk as from a server, and asks for nothing. */
function oneFile(): Plugin {
  return {
    name: "one-file",
    enforce: "post",
    generateBundle(_, bundle) {
      const page = Object.values(bundle).find((part) => part.fileName.endsWith(".html"));
      if (page?.type !== "asset") throw new Error("there is no page");
      let html = String(page.source);
      for (const [name, part] of Object.entries(bundle)) {
        if (part === page) continue;
        const text = part.type === "chunk" ? part.code : String(part.source);
        if (part.type === "chunk") {
          const script = `<script type="module">${text.replaceAll("</script", "<\\/script")}</script>`;
          html = html.replace(new RegExp(`\\s*<script[^>]*${name}"></script>`), "").replace("</body>", () => `${script}\n</body>`);
        } else html = html.replace(new RegExp(`<link[^>]*${name}">`), () => `<style>${text}</style>`);
        delete bundle[name];
      }
      page.source = html;
    },
  };
}

/** The compiled kernels as text inside the code. */
function wasmInline(): Plugin {
  return {
    name: "wasm-inline",
    enforce: "pre",
    load(id) {
      const [path, query] = id.split("?");
      if (!path!.endsWith(".wasm") || query !== "inline") return null;
      return `export default "data:application/wasm;base64,${readFileSync(path!).toString("base64")}"`;
    },
  };
}

/** One page at a time: `--mode pictures` builds pictures.html beside index.html. */
export default defineConfig(({ mode }) => ({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [wasmInline(), oneFile()],
  worker: { format: "iife", plugins: () => [wasmInline()] },
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: mode !== "pictures",
    rollupOptions: { input: mode === "pictures" ? "pictures.html" : "index.html" },
    assetsInlineLimit: 0,
    modulePreload: false,
    chunkSizeWarningLimit: 1000,
  },
}));
