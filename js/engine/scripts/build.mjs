// Puts the module, with its glue and its types, where the wrapper looks for them, and compiles the wrapper.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = process.env.TRIPLINE_MODULE_DIR ?? join(here, "../../target/module");
const files = ["tripline.js", "tripline.d.ts", "tripline.core.wasm", "sha256"];

for (const file of files) {
  if (!existsSync(join(modules, file))) {
    console.error(`${join(modules, file)} is missing: run \`cargo xtask module\` first.`);
    process.exit(1);
  }
}

rmSync(join(here, "dist"), { recursive: true, force: true });
mkdirSync(join(here, "dist/module"), { recursive: true });
for (const file of files) copyFileSync(join(modules, file), join(here, "dist/module", file));
execFileSync("npx", ["--no-install", "tsc", "-p", "tsconfig.build.json"], { cwd: here, stdio: "inherit" });
