/**
 * Bundles what runs as a process of its own into `dist/bundled/`: the commands and every process, each a file and few that they share, instead of some
 * hundred modules (docs/decisions/0105-bundled-processes.md). A module that looks for a file beside itself finds it where tsc puts that module.
 */
import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, 'dist', 'bundled');

/** By their sources, as `processEntry` of kiosk/project.ts is asked for them. */
const entries = [
  'kiosk/cli.ts',
  'kiosk/printing/worker.ts',
  'kiosk/reference-cms/main.ts',
  'kiosk/trust/crl/refresh-process.ts',
  'kiosk/demo/card-host.ts',
  'kiosk/demo/kiosk-process.ts',
  'kiosk/demo/world-process.ts',
  'devices/card/pcsc-host.ts',
  ...readdirSync(join(root, 'tests', 'processes')).map((name) => `tests/processes/${name}`),
];

const external = [
  ...['better-sqlite3', 'node-hid', 'pcsclite', 'serialport', '@resvg/resvg-js'],
  ...['bwip-js', 'ldapts', 'mailparser', 'nodemailer', 'smtp-server', 'vite', 'xml-crypto', '@xmldom/xmldom', 'xpath'],
];

/** @returns {string} where tsc puts the module, as seen from the bundle */
const placeOf = (/** @type {string} */ source) => relative(out, join(root, 'dist', relative(root, source))).replace(/\.ts$/, '.js');

await build({
  root,
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  // Everything comes in but native code, and what few processes need and is large.
  ssr: { noExternal: true, external },
  build: {
    ssr: true,
    outDir: out,
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    rolldownOptions: {
      input: Object.fromEntries(entries.map((source) => [source.replace(/\.ts$/, '').replaceAll('/', '.'), join(root, source)])),
      output: { entryFileNames: '[name].js', chunkFileNames: 'shared.[name]-[hash].js' },
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
