import type { BenchCommand, BenchState } from '../contract.ts';

interface Props {
  readonly envelopes: BenchState['envelopes'];
  readonly tell: (command: BenchCommand) => void;
}

/** The operator's pile, from the top; the scanner reads the one that is touched. */
export function Envelopes({ envelopes, tell }: Props) {
  return (
    <section className="bench-panel" aria-labelledby="envelopes">
      <h2 id="envelopes">
        Buste chiuse <small>{envelopes.length}</small>
      </h2>
      <p className="bench-note">L’operatore legge quale prendere: toccala, e lo scanner ne legge il numero.</p>
      <div className="bench-pile" role="group" aria-label="Buste">
        {envelopes.map((envelope) => (
          <button key={envelope} type="button" className="btn btn-sm btn-outline-primary" onClick={() => tell({ type: 'scan', envelope })}>
            {envelope}
          </button>
        ))}
      </div>
    </section>
  );
}
