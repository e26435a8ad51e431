import { useState } from 'react';
import type { BenchCommand } from '../contract.ts';
import { Cards } from './cards.tsx';
import { act, useBench } from './connection.ts';
import { Envelopes } from './envelopes.tsx';
import { Guide } from './guide.tsx';
import { Link, Printer } from './faults.tsx';
import { Mailbox, Slips } from './output.tsx';

/** The bench: what a person does with their hands at a real desk, and what comes out of it. */
export function Bench() {
  const state = useBench();
  const [problem, setProblem] = useState<string | null>(null);
  const tell = (command: BenchCommand): void => {
    void act(command).then(setProblem);
  };
  return (
    <>
      <header className="bench-head">
        <div>
          <h1>Banco di prova</h1>
          <p>Tessere, stampante, CMS e posta della dimostrazione. Qui è tutto finto: persone, tessere e codici.</p>
        </div>
        {state?.kiosk && (
          <nav aria-label="Pagine dello sportello">
            <a className="btn btn-light" href={state.kiosk.screen} target="_blank" rel="noopener noreferrer">
              Schermo del cittadino ↗
            </a>
            <a className="btn btn-outline-light" href={state.kiosk.operator} target="_blank" rel="noopener noreferrer">
              Pagina dell’operatore ↗
            </a>
          </nav>
        )}
      </header>
      {problem !== null && (
        <div className="bench-problem" role="alert">
          <span>{problem}</span>
          <button type="button" className="btn btn-sm btn-outline-danger" onClick={() => setProblem(null)}>
            Ho capito
          </button>
        </div>
      )}
      {state === null ? (
        <p className="bench-waiting" role="status">
          Cerco la dimostrazione…
        </p>
      ) : (
        <main className="bench-columns">
          <Guide state={state} />
          <div className="bench-column">
            <Cards state={state} tell={tell} />
            {state.envelopes.length > 0 && <Envelopes envelopes={state.envelopes} tell={tell} />}
            <Printer printer={state.printer} tell={tell} />
            <Link behaviour={state.cms} tell={tell} />
          </div>
          <div className="bench-column">
            <Slips slips={state.slips} />
            <Mailbox mails={state.mails} />
          </div>
        </main>
      )}
    </>
  );
}
