// Builds what people load, from one code base: the widget (one ES module, no imports) into the Python package, and the
// JupyterLab plugin into dist/, which the wheel puts into share/jupyter/labextensions/treadle. Both are committed.
// `--tests` builds test/*.ts into build/test for `node --test` instead.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const { version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
const shared = { absWorkingDir: here, bundle: true, define: { TREADLE_VERSION: JSON.stringify(version) }, format: 'esm', target: 'es2022', legalComments: 'none', logLevel: 'warning' };

if (process.argv.includes('--tests')) {
  const tests = readdirSync(join(here, 'test')).filter((name) => name.endsWith('.test.ts'));
  await build({ ...shared, entryPoints: tests.map((name) => `test/${name}`), outdir: 'build/test', platform: 'node' });
} else {
  const outfile = join(here, '..', 'kernel_ext', 'treadle', 'static', 'widget.js');
  await build({ ...shared, entryPoints: ['src/widget.ts'], outfile, minify: true, charset: 'utf8' });
  await buildPlugin();
}

/**
 * A federated extension as JupyterLab loads it: a script that puts a container into `_JUPYTERLAB`. What is imported from
 * @jupyterlab and @lumino comes from the page (its share scope); a package the page lacks is undefined. The hash
 * stands in the query, so that the file keeps its name and browsers still load the new one.
 */
async function buildPlugin() {
  const meta = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
  const { outputFiles, metafile } = await build({
    ...shared, entryPoints: ['src/plugin/index.ts'], format: 'cjs', minify: true, charset: 'utf8', external: ['@jupyterlab/*', '@lumino/*'], write: false, metafile: true,
  });
  const needs = new Set(Object.values(metafile.inputs).flatMap(({ imports }) => imports.filter((each) => each.external).map((each) => each.path)));
  const script = `(() => {
let scope;
const newest = (versions) => Object.values(versions).find((each) => each.loaded) ?? Object.entries(versions).sort(([a], [b]) => b.localeCompare(a, 'en', { numeric: true }))[0][1];
const load = async () => {
  const found = {};
  await Promise.all(${JSON.stringify([...needs].sort())}.map(async (name) => { if (scope[name]) found[name] = (await newest(scope[name]).get())(); }));
  const module = { exports: {} };
  ((module, exports, require) => {
${outputFiles[0].text.trim()}
  })(module, module.exports, (name) => found[name] ?? {});
  return () => module.exports;
};
const container = { init: (shared) => { scope = shared; }, get: (name) => (name === './extension' ? load() : Promise.reject(new Error(\`treadle has no module \${name}\`))) };
(window._JUPYTERLAB ??= {}).treadle = container;
})();
`;
  const hash = createHash('sha256').update(script).digest('hex').slice(0, 16);
  const dist = join(here, 'dist');
  const described = {
    name: 'treadle', version: meta.version, description: meta.description, license: meta.license,
    jupyterlab: { extension: true, schemaDir: 'schema', _build: { load: `static/remoteEntry.js?v=${hash}`, extension: './extension' } },
  };
  const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(join(dist, 'static'), { recursive: true });
  writeFileSync(join(dist, 'static', 'remoteEntry.js'), script);
  writeFileSync(join(dist, 'static', 'third-party-licenses.json'), json({ packages: [] })); // none: all of it is our own
  writeFileSync(join(dist, 'package.json'), json(described));
  cpSync(join(here, 'install.json'), join(dist, 'install.json'));
  cpSync(join(here, 'schema'), join(dist, 'schemas', 'treadle'), { recursive: true });
  writeFileSync(join(dist, 'schemas', 'treadle', 'package.json.orig'), json(described));
}
