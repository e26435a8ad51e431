import { connect } from 'node:net';

/** The question with which every client of pcscd begins, and which it answers before anything else (pcsc-lite, winscard_msg.h). */
const version = { command: 0x11, major: 4, minor: 4 } as const;

/**
 * Asks pcscd whether it lives: `undefined` if it answers, else why it does not. The library would wait for a hung one for ever, on whichever
 * thread calls it; this costs one short connection, and touches neither reader nor card. What the answer says is no matter here.
 */
export async function troubleWithPcscd(limitMs: number): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const socket = connect(process.env['PCSCLITE_CSOCK_NAME'] ?? '/run/pcscd/pcscd.comm');
    const finish = (trouble?: string): void => {
      clearTimeout(limit);
      socket.destroy();
      resolve(trouble);
    };
    // An answer that is waiting counts, however late this process comes to it.
    const limit = setTimeout(() => setImmediate(() => finish(`pcscd does not answer within ${limitMs} ms`)), limitMs);
    socket.on('error', (error) => finish(`pcscd cannot be reached: ${error.message}`));
    socket.on('end', () => finish('pcscd ends the connection without an answer'));
    socket.on('data', () => finish());
    socket.on('connect', () => socket.write(versionQuestion()));
  });
}

/** In the order of the machine's bytes, as the library sends its structures; all of ours are little-endian. */
function versionQuestion(): Buffer {
  const { command, major, minor } = version;
  return Buffer.from(Uint32Array.of(12, command, major, minor, 0).buffer);
}
