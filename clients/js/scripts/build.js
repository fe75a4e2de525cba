/** Build the package for npm in `dist/`: JavaScript, declarations, README and licence. Without TypeScript sources. */
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const most = 30_000;
const folder = fileURLToPath(new URL("..", import.meta.url));
const path = (name) => `${folder}${name}`;

rmSync(path("dist"), { recursive: true, force: true });
execFileSync("npx", ["tsc", "--project", path("tsconfig.build.json")], { stdio: "inherit" });

const {
  private: _,
  scripts,
  devDependencies,
  files,
  ...manifest
} = JSON.parse(readFileSync(path("package.json"), "utf8"));
const built = (name) => ({ types: `./src/${name}.d.ts`, default: `./src/${name}.js` });
manifest.exports = { ".": built("index"), "./react": built("react") };
manifest.types = "./src/index.d.ts";
writeFileSync(path("dist/package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
cpSync(path("README.md"), path("dist/README.md"));
cpSync(path("../../LICENSE"), path("dist/LICENSE"));

const listed = execFileSync("npm", ["pack", "--json", "--dry-run", path("dist")]).toString();
const [{ files: packed }] = JSON.parse(listed);
const scriptsOfIt = packed.filter(({ path: name }) => name.endsWith(".js"));
const weight = gzipSync(
  scriptsOfIt.map(({ path: name }) => readFileSync(path(`dist/${name}`))).join("\n"),
).length;
process.stdout.write(`script, gzip: ${weight} of ${most} bytes\n`);
if (weight > most) process.exitCode = 1;
