// Builds the widget (one ES module, no imports) into the Python package, where the wheel picks it up.
// `--tests` builds test/*.ts into build/test for `node --test` instead.
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const shared = { absWorkingDir: here, bundle: true, format: 'esm', target: 'es2022', legalComments: 'none', logLevel: 'warning' };

if (process.argv.includes('--tests')) {
  const tests = readdirSync(join(here, 'test')).filter((name) => name.endsWith('.test.ts'));
  await build({ ...shared, entryPoints: tests.map((name) => `test/${name}`), outdir: 'build/test', platform: 'node' });
} else {
  const outfile = join(here, '..', 'kernel_ext', 'treadle', 'static', 'widget.js');
  await build({ ...shared, entryPoints: ['src/widget.ts'], outfile, minify: true, charset: 'utf8' });
}
