/**
 * A Vite plugin: it builds the page as one file, with its script, styles and icon in it, and compresses that.
 *
 * Then no second request depends on which node answers it, or on the path of the page (docs/decisions, 33). The
 * node computes the hashes for the Content-Security-Policy from the file.
 */
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin, Rollup } from "vite";

const icon = new URL("../src/favicon.svg", import.meta.url);

export function onePage(): Plugin {
  let folder = "";
  return {
    name: "one-page",
    apply: "build",
    enforce: "post",
    configResolved(config) {
      folder = config.build.outDir;
    },
    generateBundle(_, bundle) {
      const page = bundle["index.html"];
      if (page?.type !== "asset") return this.error("the build has no index.html");
      const parts = Object.values(bundle).filter((part) => part !== page);
      page.source = parts.reduce(withPart, String(page.source));
      for (const { fileName } of parts) delete bundle[fileName];
    },
    async writeBundle() {
      const names = readdirSync(folder).filter((name) => /\.(html|json)$/.test(name));
      for (const name of names) await compress(join(folder, name));
    },
  };
}

async function compress(file: string): Promise<void> {
  const whole = readFileSync(file);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  await writeFile(`${file}.br`, await promisify(brotliCompress)(whole, quality));
  await writeFile(`${file}.gz`, await promisify(gzip)(whole, { level: 9 }));
}

type Part = Rollup.OutputAsset | Rollup.OutputChunk;

/** Put a part in the place of the tag that Vite wrote for it. */
function withPart(html: string, part: Part): string {
  const tag = new RegExp(`<(script|link)[^>]*${part.fileName}"[^>]*>(</script>)?`);
  if (!tag.test(html)) throw new Error(`index.html has no tag for ${part.fileName}`);
  // A function, because `$` is special in a replacement.
  return html.replace(tag, () => element(part));
}

function element(part: Part): string {
  if (part.type === "chunk") return `<script type="module">${safeScript(part.code)}</script>`;
  if (part.fileName.endsWith(".css")) return `<style>${String(part.source).trim()}</style>`;
  return iconLink();
}

function iconLink(): string {
  const data = readFileSync(icon).toString("base64");
  return `<link rel="icon" href="data:image/svg+xml;base64,${data}" type="image/svg+xml">`;
}

/** Escape what would end or change a script element; within strings and patterns it means the same. */
function safeScript(code: string): string {
  return code
    .trim()
    .replace(/<\/(?=script)/gi, "<\\/")
    .replaceAll("<!--", "<\\!--");
}
