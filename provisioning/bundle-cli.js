/**
 * Bundles the commands into `dist/cli/`: a file for each group and few that they share, instead of some hundred modules
 * (docs/decisions/0105-commands-are-bundled.md). A module that looks for a file beside itself finds it where tsc puts that module.
 */
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, 'dist', 'cli');

/** @returns {string} where tsc puts the module, as seen from the bundle */
const placeOf = (/** @type {string} */ source) => relative(out, join(root, 'dist', relative(root, source))).replace(/\.ts$/, '.js');

await build({
  root,
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  // What has many small files and no native code comes in; everything else that is installed stays outside.
  ssr: { noExternal: ['zod', 'commander'] },
  build: {
    ssr: true,
    outDir: out,
    target: 'node20',
    minify: false,
    rolldownOptions: {
      input: { cli: join(root, 'kiosk', 'cli.ts') },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
  plugins: [
    {
      name: 'own-place',
      enforce: 'pre',
      transform: (code, id) =>
        !id.startsWith(`${root}/`) || id.includes('/node_modules/')
          ? null
          : code.replaceAll('import.meta.url', `new URL(${JSON.stringify(placeOf(id))}, import.meta.url).href`),
    },
  ],
});
