// Builds static/dist from static/src and the packages: hashed bundles, a manifest, and the
// folders that are served (or, for the fonts, read by the server) as they are.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const pack = promisify(gzip);
const here = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(here, "..", "node_modules");
const dist = path.join(here, "dist");
const fresh = path.join(here, `dist.${process.pid}`);

const common = {
  bundle: true,
  minify: true,
  legalComments: "linked",
  entryNames: "[name]-[hash]",
  outdir: fresh,
  metafile: true,
  logLevel: "warning",
  target: ["es2022", "chrome123", "firefox120", "safari17.5"],
};

/** Bundles entry points and returns { "app.css": "app-HASH.css", … }. */
async function bundle(entryPoints, format) {
  const result = await build({
    ...common,
    format,
    entryPoints: entryPoints.map((name) => path.join(here, "src", name)),
    // htmx keeps an eval for features that the page configuration switches off.
    logOverride: { "direct-eval": "silent" },
  });
  const names = {};
  for (const [file, output] of Object.entries(result.metafile.outputs)) {
    if (output.entryPoint) {
      names[path.basename(output.entryPoint)] = path.basename(file);
    }
  }
  return names;
}

/** Copies one file under a name that carries the hash of its content. */
async function copyHashed(source, name) {
  const bytes = await readFile(source);
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8).toUpperCase();
  const { name: stem, ext } = path.parse(name);
  const hashed = `${stem}-${hash}${ext}`;
  await writeFile(path.join(fresh, hashed), bytes);
  return { [name]: hashed };
}

/** The version of an installed package. */
async function versionOf(name) {
  return JSON.parse(await readFile(path.join(modules, name, "package.json"), "utf8")).version;
}

/** Copies the files of a package folder whose names match, keeping those names. */
async function copyFolder(source, target, wanted = /./) {
  await mkdir(path.join(fresh, target), { recursive: true });
  const names = (await readdir(path.join(modules, source))).filter((name) => wanted.test(name));
  await Promise.all(
    names.map((name) => cp(path.join(modules, source, name), path.join(fresh, target, name))),
  );
}

/** Puts a compressed twin beside each text file that a browser asks for. */
async function packAll() {
  const entries = await readdir(fresh, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.(js|css|svg)$/.test(entry.name));
  await Promise.all(
    files.map(async ({ parentPath, path: olderName, name }) => {
      const file = path.join(parentPath ?? olderName, name);
      await writeFile(`${file}.gz`, await pack(await readFile(file), { level: 9 }));
    }),
  );
}

await rm(fresh, { recursive: true, force: true });
await mkdir(fresh, { recursive: true });

const parts = await Promise.all([
  bundle(["js/app.js", "css/app.css", "css/viewer.css", "css/assistant.css"], "iife"),
  bundle(["js/assistant.js", "js/upload.js", "js/viewer.js", "js/docs.js", "js/player.js"], "esm"),
  // Served as .js: some servers know no media type for .mjs, and a module needs one.
  copyHashed(path.join(modules, "pdfjs-dist/legacy/build/pdf.worker.min.mjs"), "pdf.worker.js"),
  copyHashed(path.join(here, "src/img/icon.svg"), "icon.svg"),
]);

// Browsers keep what they have under a name, so names without a hash carry a version.
const pdfjs = `pdfjs/${await versionOf("pdfjs-dist")}/`;
const swagger = `swagger/${await versionOf("swagger-ui-dist")}/`;
await Promise.all([
  copyFolder("pdfjs-dist/cmaps", `${pdfjs}cmaps`),
  copyFolder("pdfjs-dist/standard_fonts", `${pdfjs}standard_fonts`),
  copyFolder("pdfjs-dist/iccs", `${pdfjs}iccs`),
  // The content security policy allows no WebAssembly, so only the plain decoders are needed.
  copyFolder("pdfjs-dist/wasm", `${pdfjs}wasm`, /nowasm_fallback\.js$|^LICENSE/),
  copyFolder("dejavu-fonts-ttf/ttf", "fonts", /^DejaVuSans(-Bold)?\.ttf$/),
  copyFolder("dejavu-fonts-ttf", "fonts", /^LICENSE$/),
  copyFolder("swagger-ui-dist", swagger, /^(swagger-ui\.css|swagger-ui-bundle\.js|LICENSE|NOTICE)$/),
]);
const manifest = Object.assign({}, ...parts, {
  "pdfjs/": pdfjs,
  "swagger-ui.css": `${swagger}swagger-ui.css`,
  "swagger-ui-bundle.js": `${swagger}swagger-ui-bundle.js`,
});
await writeFile(path.join(fresh, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
await packAll();

// Swapped in whole, so that a running server never sees a half-written folder.
await rm(dist, { recursive: true, force: true });
await rename(fresh, dist);
