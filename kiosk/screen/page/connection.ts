import { useEffect, useRef, useState } from 'react';
import type { CitizenStatus, OperatorCommand, OperatorStatus } from '../../../flows/session/status.ts';
import type { Operation } from '../../../flows/procedures/vocabulary.ts';
import type { Site } from '../site.ts';

/** Commands as they travel: codes are text here for as long as the request takes. */
export type CitizenRequest =
  | { readonly type: 'wish'; readonly operation?: Operation }
  | { readonly type: 'menu' | 'cancel' | 'notice-read' | 'resend-code' | 'change-contact' | 'taken' | 'stay' }
  | { readonly type: 'contact'; readonly email: string; readonly language: string }
  | { readonly type: 'contact-mobile'; readonly mobile: string; readonly language: string }
  | { readonly type: 'contact-code'; readonly code: string }
  | { readonly type: 'unblock'; readonly puk: string; readonly newPin: string }
  | { readonly type: 'no-puk' }
  | { readonly type: 'prior-pin'; readonly pin: string };

/** Posts JSON to the kiosk; `null` when it could not be reached or turned the request away. */
export async function post<Answer>(path: string, body: unknown, limitMs = 15_000): Promise<Answer | null> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(limitMs),
    });
    return response.ok ? ((await response.json()) as Answer) : null;
  } catch {
    return null;
  }
}

/** Asks the kiosk; `null` when it could not be reached or turned the request away. */
export async function get<Answer>(path: string): Promise<Answer | null> {
  try {
    const response = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(15_000) });
    return response.ok ? ((await response.json()) as Answer) : null;
  } catch {
    return null;
  }
}

/** Sends a command for the session that was on the screen; `false`: it did not fit, or did not arrive. */
export async function command(
  path: '/session/command' | '/operator/command',
  sessionId: string | null,
  wanted: CitizenRequest | OperatorCommand,
): Promise<boolean> {
  const answer = await post<{ readonly accepted: boolean }>(path, { sessionId, command: wanted });
  return answer?.accepted === true;
}

export interface Heard<Status> {
  readonly connected: boolean;
  readonly site: Site | null;
  readonly status: Status | null;
}

/**
 * Listens to the kiosk. The browser reconnects by itself after a break; where the kiosk turns the stream away (it was restarted: another
 * page cookie), the page waits until it is served again and starts afresh.
 */
export function useKiosk<Status extends CitizenStatus | OperatorStatus>(path: string | null, onSignedOff?: () => void): Heard<Status> {
  const [heard, setHeard] = useState<Heard<Status>>({ connected: false, site: null, status: null });
  const signedOff = useRef(onSignedOff);
  useEffect(() => {
    signedOff.current = onSignedOff;
  });
  useEffect(() => {
    if (path === null) return;
    const source = new EventSource(path);
    let again: ReturnType<typeof setTimeout> | undefined;
    source.addEventListener('site', (event: MessageEvent<string>) =>
      setHeard((before) => ({ ...before, site: JSON.parse(event.data) as Site })),
    );
    source.addEventListener('status', (event: MessageEvent<string>) =>
      setHeard((before) => ({ ...before, connected: true, status: JSON.parse(event.data) as Status })),
    );
    source.addEventListener('signed-off', () => {
      source.close();
      signedOff.current?.();
    });
    source.addEventListener('error', () => {
      setHeard((before) => ({ ...before, connected: false, status: null }));
      if (source.readyState !== EventSource.CLOSED) return;
      const startAfresh = (): void => {
        fetch(location.pathname, { cache: 'no-store' }).then(
          (response) => (response.ok ? location.reload() : (again = setTimeout(startAfresh, 1000))),
          () => (again = setTimeout(startAfresh, 1000)),
        );
      };
      again = setTimeout(startAfresh, 1000);
    });
    return () => {
      clearTimeout(again);
      source.close();
      setHeard((before) => ({ ...before, connected: false, status: null }));
    };
  }, [path]);
  return heard;
}
