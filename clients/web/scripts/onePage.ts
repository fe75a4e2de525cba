/**
 * A Vite plugin: it builds the page as one file, with its script, styles and icon in it, and compresses that.
 *
 * Then nothing that a first visit needs depends on which node answers a second request, or on the path of the page
 * (docs/decisions, 33). The node computes the hashes for the Content-Security-Policy from the file. What is imported
 * later is a file in `parts/`, which takes what it shares with the page from the global object `hubbub.shared`.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin, Rollup } from "vite";

const icon = new URL("../src/favicon.svg", import.meta.url);

/** The chunk of all that the page imports at once: a group in `vite.config.ts`. */
const script = "page";

/** Vite's helper loads the styles of a part; here they are in the page. */
export function plainImports(): Plugin {
  return {
    name: "plain-imports",
    apply: "build",
    enforce: "pre",
    load: (id) =>
      id.endsWith("vite/preload-helper.js")
        ? "export const __vitePreload = (load) => load();"
        : null,
  };
}

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
      const files = Object.values(bundle).filter((file) => file !== page);
      for (const { fileName } of files) delete bundle[fileName];
      const parts = files.filter((file) => file.type === "chunk" && file.name !== script);
      const styles = new Map(
        parts.map((part) => [part, stylesOf(part as Rollup.OutputChunk, files)]),
      );
      const later = [...parts, ...[...styles.values()].flat()];
      const now = files.filter((file) => !later.includes(file));
      page.source = now.reduce(withPart, String(page.source));
      const build = createHash("sha256").update(String(page.source)).digest("hex").slice(0, 16);
      page.source = page.source.replace("<html", `<html data-build="${build}"`);
      this.emitFile({ type: "asset", fileName: "build.json", source: JSON.stringify({ build }) });
      for (const part of parts as Rollup.OutputChunk[])
        this.emitFile({
          type: "asset",
          fileName: inParts(part),
          source: withStyles(partCode(plain(part.code)), styles.get(part) ?? []),
        });
    },
    async writeBundle() {
      const below = existsSync(join(folder, "parts")) ? readdirSync(join(folder, "parts")) : [];
      const names = [...readdirSync(folder), ...below.map((name) => join("parts", name))];
      for (const name of names.filter((one) => /\.(html|js|json|svg|webmanifest)$/.test(one)))
        await compress(join(folder, name));
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
  if (part.type === "chunk")
    return `<script type="module">${safeScript(sharing(plain(part.code)))}</script>`;
  if (part.fileName.endsWith(".css")) return `<style>${String(part.source).trim()}</style>`;
  return iconLink();
}

function iconLink(): string {
  const data = readFileSync(icon).toString("base64");
  return `<link rel="icon" href="data:image/svg+xml;base64,${data}" type="image/svg+xml">`;
}

function inParts({ fileName }: Rollup.OutputChunk): string {
  return `parts/${fileName.replace(/^.*\//, "")}`;
}

/**
 * The script of the page: what it exports goes to its parts by a global object, and imports know where they are.
 *
 * The exports have an object of their own, because a build chooses their names: one may be that of a function of the
 * global object.
 */
export function sharing(code: string): string {
  const shared = code.replace(/export\s*\{([^}]*)\};?\s*$/, (_, names: string) => {
    const pairs = names.split(",").map((pair) => pair.trim().split(" as "));
    return `hubbub.shared={${pairs.map(([own, as = own]) => `${as}:${own}`)}};`;
  });
  return shared.replace(
    /import\("\.\/([^"]+)"\)/g,
    (_, name: string) => `import(hubbub.at("parts/${name}"))`,
  );
}

/** What Vite would fill in with the styles of a part. */
function plain(code: string): string {
  return code.replaceAll("__VITE_PRELOAD__", "void 0");
}

/** A part: in the place of imports from the script of the page, it reads the global object. */
export function partCode(code: string): string {
  return code.replace(
    /import\s*\{([^}]*)\}\s*from\s*"\.\/page-[^"]*";?/g,
    (_, names: string) => `const{${names.replaceAll(" as ", ":")}}=hubbub.shared;`,
  );
}

/** The styles that only this part needs. */
function stylesOf(
  { viteMetadata }: Rollup.OutputChunk,
  files: readonly Part[],
): Rollup.OutputAsset[] {
  const names = viteMetadata?.importedCss ?? new Set();
  return files.filter(
    (file) => file.type === "asset" && names.has(file.fileName),
  ) as Rollup.OutputAsset[];
}

/** A part brings its styles with it. Unlike a style element, an adopted sheet needs no permission in the policy. */
function withStyles(code: string, styles: readonly Rollup.OutputAsset[]): string {
  if (styles.length === 0) return code;
  const text = JSON.stringify(styles.map(({ source }) => String(source).trim()).join("\n"));
  const adopt = `{const s=new CSSStyleSheet();s.replaceSync(${text});document.adoptedStyleSheets.push(s)}`;
  return `${code}\n${adopt}`;
}

/** Escape what would end or change a script element; within strings and patterns it means the same. */
function safeScript(code: string): string {
  return code
    .trim()
    .replace(/<\/(?=script)/gi, "<\\/")
    .replaceAll("<!--", "<\\!--");
}
