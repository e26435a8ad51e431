import { freshPrivateKey } from '../../kiosk/fresh-key.ts';

/** Makes keys and exports them, with litter of all sizes in between so that the collector comes at all places: `node many-keys.js COUNT`. */
for (let made = 0; made < Number(process.argv[2]); made += 1) {
  const key = freshPrivateKey('ed25519');
  new Array(20 + ((made * 7919) % 997)).fill(made);
  key.export({ format: 'jwk' });
}
