/** Bundles the unit tests and lets Node run them. */
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const tests = (await readdir(join(HERE, "test"))).filter((name) => name.endsWith(".test.ts"));
const outdir = await mkdtemp(join(HERE, "node_modules/.tests-"));
try {
  await build({
    absWorkingDir: HERE,
    entryPoints: tests.map((name) => `test/${name}`),
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    sourcemap: "inline",
    logLevel: "warning",
  });
  const files = tests.map((name) => join(outdir, name.replace(/\.ts$/, ".mjs")));
  process.exitCode =
    spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=dot", ...files], {
      stdio: "inherit",
    }).status ?? 1;
} finally {
  await rm(outdir, { recursive: true });
}
