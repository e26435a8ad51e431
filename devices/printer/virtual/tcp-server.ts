import { createServer, type Socket } from 'node:net';

/** A raw TCP port of the virtual printer, on loopback. */
export interface PrinterPort {
  readonly port: number;
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1; port 0 chooses a free one. What the printer says goes to every host that is connected. */
export async function openPrinterPort(port: number, received: (bytes: Uint8Array) => void): Promise<PrinterPort> {
  const hosts = new Set<Socket>();
  const server = createServer((host) => {
    hosts.add(host);
    host.setNoDelay(true);
    host.on('data', received);
    host.on('error', () => undefined);
    host.on('close', () => hosts.delete(host));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return {
    port: address.port,
    write: (bytes) => {
      for (const host of hosts) host.write(bytes);
    },
    close: async () => {
      for (const host of hosts) host.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
