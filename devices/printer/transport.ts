import { type Result, unreachable } from '../result.ts';
import type { PrinterAddress } from './address.ts';
import { openSerial } from './serial.ts';
import { openTcp } from './tcp.ts';
import { openUsbLp } from './usb-lp.ts';

export type TransportError = { readonly kind: 'gone'; readonly detail: string } | { readonly kind: 'aborted' };

/** The bare line to a printer. One object a connection: once gone or closed it is never opened again, and what it had not sent is lost for good. */
export interface Transport {
  /**
   * Hands `bytes` to the operating system, without a copy of them; settles when it has taken them all, when `signal`
   * aborts or when the line is gone. That it took them says nothing about paper. Not called again before it settles.
   */
  write(bytes: Uint8Array, signal: AbortSignal): Promise<Result<void, TransportError>>;
  /** What the printer says, as it comes. One listener; what comes without one is lost. */
  listen(listener: (bytes: Uint8Array) => void): void;
  /** Throws away what the operating system still holds for the printer, where the line has a way to. */
  discard(): Promise<void>;
  /** Aborted once, when the line is gone for whatever reason; its `reason` is a string for a person. */
  readonly gone: AbortSignal;
  /** Ends the connection and drops what was not sent. Idempotent, bounded in time. */
  close(): Promise<void>;
}

export async function openTransport(address: PrinterAddress, signal: AbortSignal): Promise<Result<Transport, TransportError>> {
  switch (address.line) {
    case 'serial':
      return await openSerial(address.path, address.baudRate, signal);
    case 'usb':
      return await openUsbLp(address.path, signal);
    case 'tcp':
      return await openTcp(address.host, address.port, signal);
    default:
      return unreachable(address);
  }
}
