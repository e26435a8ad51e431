/** Who may know whom: docs/architecture and the six rules; sees static, type-only and dynamic imports. */
const virtualParts = '^devices/[^/]+/virtual(/|[-.])';
const referenceCms = '^kiosk/reference-cms/';
const dynamicImportsOfTheCli = '^kiosk/cli\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'devices-know-nobody',
      severity: 'error',
      from: { path: '^devices/' },
      to: { path: '^(flows|kiosk|provisioning|tests|bin)/' },
    },
    {
      name: 'a-device-knows-no-other-device',
      comment: 'Each device is usable on its own; what they share lies in devices/ itself.',
      severity: 'error',
      from: { path: '^devices/([^/]+)/' },
      to: { path: '^devices/[^/]+/', pathNot: '^devices/$1/' },
    },
    {
      name: 'flows-know-contracts-only',
      severity: 'error',
      from: { path: '^flows/' },
      to: { path: '^(devices|kiosk|provisioning|tests|bin)/', pathNot: '^devices/([^/]+/contract|result|secret)\\.ts$' },
    },
    {
      name: 'flows-do-no-io',
      comment: 'No I/O, clock, driver or HTTP: a flow is given what it needs.',
      severity: 'error',
      from: { path: '^flows/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'flows-bring-few-packages',
      severity: 'error',
      from: { path: '^flows/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-no-pkg'], pathNot: '^node_modules/(xstate|zod)/' },
    },
    {
      name: 'the-product-knows-no-stand-in',
      comment: 'Only the demo, the reference CMS itself, tests, and commands by name may reach the reference CMS.',
      severity: 'error',
      from: { path: '^(devices|flows|kiosk|provisioning)/', pathNot: [referenceCms, '^kiosk/demo/', dynamicImportsOfTheCli] },
      to: { path: referenceCms },
    },
    {
      name: 'the-product-knows-no-virtual-part',
      comment: 'A device has its virtual part beside it and its commands start it; no driver and nothing in the product does.',
      severity: 'error',
      from: {
        path: '^(devices|flows|kiosk|provisioning)/',
        pathNot: [virtualParts, '^devices/[^/]+/commands\\.ts$', '^kiosk/demo/', referenceCms],
      },
      to: { path: virtualParts },
    },
    {
      name: 'main-reaches-no-stand-in',
      comment: 'Not by any chain of imports: main.ts cannot start a virtual part, a reference CMS or a demo.',
      severity: 'error',
      from: { path: '^kiosk/main\\.ts$' },
      to: { path: ['^kiosk/(reference-cms|demo)/', virtualParts], reachable: true },
    },
    {
      name: 'the-cli-dispatches-only',
      comment: 'cli.ts reaches everything, but by dynamic import, so that a command loads what it needs and no more.',
      severity: 'error',
      from: { path: dynamicImportsOfTheCli },
      to: {
        path: '^(devices|flows|kiosk|provisioning)/',
        pathNot: ['^devices/command\\.ts$', '^kiosk/command-group\\.ts$'],
        dynamic: false,
      },
    },
    {
      name: 'nobody-imports-the-cli-or-the-demo',
      severity: 'error',
      from: { path: '^(devices|flows|kiosk|provisioning)/', pathNot: ['^kiosk/demo/', dynamicImportsOfTheCli] },
      to: { path: '^kiosk/(cli\\.ts|demo/)' },
    },
    {
      name: 'provisioning-is-known-to-the-cli-alone',
      severity: 'error',
      from: { path: '^(devices|flows|kiosk)/', pathNot: dynamicImportsOfTheCli },
      to: { path: '^provisioning/' },
    },
    {
      name: 'pages-run-in-a-browser',
      severity: 'error',
      from: { path: '/page/', pathNot: '^tests/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { pathNot: '^tests/' },
      to: { path: '^tests/' },
    },
    {
      name: 'no-circles',
      comment: 'Types alone make no circle: they are gone when it runs.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-development-package-in-the-product',
      severity: 'error',
      from: { path: '^(devices|flows|kiosk|provisioning)/', pathNot: ['/page/', '\\.js$'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
