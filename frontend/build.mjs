/**
 * Bundles the panel and the card for Home Assistant: one file each, the same bytes for the same source.
 *
 *   node build.mjs            writes them into the integration
 *   node build.mjs --check    fails when those that are there differ
 *   node build.mjs --watch    writes them after every change
 */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, context } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = resolve(HERE, "../custom_components/semantic_memory/frontend");
/** Every one of these that is there becomes `semantic-memory-<name>.js`. */
const ENTRIES = ["panel", "card"];

const options = {
  absWorkingDir: HERE,
  entryPoints: Object.fromEntries(
    ENTRIES.filter((name) => existsSync(join(HERE, `src/${name}.ts`))).map((name) => [
      `semantic-memory-${name}`,
      `src/${name}.ts`,
    ]),
  ),
  outdir: OUT,
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "esm",
  target: "es2022",
  legalComments: "none", // licences are in a file beside the bundle
  metafile: true,
  write: false,
  logLevel: "warning",
  plugins: [compactTemplates()],
};

/** Takes indentation out of the source, and with it out of its templates; and line ends out of styles. */
function compactTemplates() {
  return {
    name: "compact-templates",
    setup(build) {
      build.onLoad({ filter: /src[\\/].*\.ts$/ }, async ({ path }) => {
        const source = (await readFile(path, "utf8")).replace(/\n\s+/g, "\n");
        const contents = source.replace(/\bcss`[^`]*`/g, (template) =>
          template.replace(/\/\*[\s\S]*?\*\//g, "").replace(/([{};,])\n/g, "$1"),
        );
        return { contents, loader: "ts" };
      });
    },
  };
}

/** Returns the licences of the packages of which anything is in the bundles. */
async function licences(metafile) {
  const folders = new Set();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const found = bytesInOutput > 0 && /^(node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
      if (found) folders.add(found[1]);
    }
  }
  const texts = [];
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(join(HERE, folder, "package.json"), "utf8"));
    const file = (await readdir(join(HERE, folder))).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? await readFile(join(HERE, folder, file), "utf8") : `Licence: ${license}\n`;
    texts.push(`${name} ${version} (${license})\n\n${text.replace(/\r\n/g, "\n").trim()}\n`);
  }
  return `The bundles in this folder contain parts of these packages.\n\n${texts.join(`\n${"-".repeat(78)}\n\n`)}`;
}

/**
 * Returns a bundle that does nothing where the element of that name is there already: after an update of the integration
 * a page that is open gets the new bundle beside the old one, whose elements cannot be defined again.
 */
function once(path, contents) {
  const element = basename(path, ".js");
  return Buffer.concat([Buffer.from(`if(!customElements.get("${element}")){`), contents, Buffer.from("}\n")]);
}

/** Returns what belongs into the folder: path → content. */
async function made() {
  const { outputFiles, metafile } = await build(options);
  const files = new Map(outputFiles.map(({ path, contents }) => [path, once(path, contents)]));
  files.set(join(OUT, "LICENSES.txt"), Buffer.from(await licences(metafile)));
  return files;
}

function report(files) {
  for (const [path, contents] of files) {
    if (!path.endsWith(".js")) continue;
    const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
    process.stdout.write(
      `${path.slice(OUT.length + 1)}: ${kilobytes(contents.length)}, ${kilobytes(gzipSync(contents).length)} gzipped\n`,
    );
  }
}

async function write() {
  const files = await made();
  await mkdir(OUT, { recursive: true });
  for (const entry of await readdir(OUT)) {
    if (!files.has(join(OUT, entry))) await rm(join(OUT, entry), { recursive: true });
  }
  for (const [path, contents] of files) await writeFile(path, contents);
  report(files);
}

async function check() {
  const files = await made();
  const there = existsSync(OUT) ? await readdir(OUT) : [];
  const differ = [...files].filter(([path, contents]) => !existsSync(path) || !readFileSync(path).equals(contents));
  const stray = there.filter((entry) => !files.has(join(OUT, entry)));
  if (differ.length || stray.length) {
    const names = [...differ.map(([path]) => path.slice(OUT.length + 1)), ...stray].join(", ");
    process.stderr.write(`Not what the source gives: ${names}. Run scripts/build_frontend and commit the result.\n`);
    process.exit(1);
  }
  report(files);
}

if (process.argv.includes("--watch")) {
  const watching = await context({
    ...options,
    plugins: [...options.plugins, { name: "write", setup: ({ onEnd }) => onEnd(() => write().catch(() => undefined)) }],
  });
  await watching.watch();
} else {
  await (process.argv.includes("--check") ? check() : write());
}
