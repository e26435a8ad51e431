import { useEffect, useState } from 'react';
import type { BenchCommand, BenchState } from '../contract.ts';

/** Tells the world what the person at the bench did; `null`: done, else the reason why not, for a person. */
export async function act(command: BenchCommand): Promise<string | null> {
  try {
    const response = await fetch('/command', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(command),
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) return 'Il banco non ha accettato il comando: ricarica la pagina.';
    const answer = (await response.json()) as { readonly problem: string | null };
    return answer.problem;
  } catch {
    return 'Il banco non risponde: la dimostrazione è ancora in esecuzione?';
  }
}

/** The state of the bench as it changes; `null` while the demo cannot be reached. After a restart of the demo the page loads itself anew. */
export function useBench(): BenchState | null {
  const [state, setState] = useState<BenchState | null>(null);
  useEffect(() => {
    const source = new EventSource('/events');
    let again: ReturnType<typeof setTimeout> | undefined;
    source.addEventListener('status', (event: MessageEvent<string>) => setState(JSON.parse(event.data) as BenchState));
    source.addEventListener('error', () => {
      setState(null);
      if (source.readyState !== EventSource.CLOSED) return;
      const retry = (): void => {
        fetch('/', { cache: 'no-store' }).then(
          () => location.reload(),
          () => (again = setTimeout(retry, 1000)),
        );
      };
      again = setTimeout(retry, 1000);
    });
    return () => {
      clearTimeout(again);
      source.close();
    };
  }, []);
  return state;
}
