import type { BenchCard, BenchCommand, BenchState } from '../contract.ts';

interface Props {
  readonly state: BenchState;
  readonly tell: (command: BenchCommand) => void;
}

export function Cards({ state: { cards, reader }, tell }: Props) {
  const inserted = cards.find(({ id }) => id === reader.card);
  return (
    <section className="bench-panel" aria-labelledby="cards">
      <h2 id="cards">
        Tessere <small>{reader.connected ? 'lettore collegato' : 'lettore non collegato'}</small>
      </h2>
      <div className={`bench-reader${inserted === undefined ? '' : ' is-full'}`} aria-live="polite">
        {inserted === undefined ? (
          <p>Il lettore è vuoto: scegli una tessera e inseriscila.</p>
        ) : (
          <>
            <Card card={inserted} />
            <div className="bench-reader-buttons">
              <button type="button" className="btn btn-primary" onClick={() => tell({ type: 'remove' })}>
                Togli la tessera
              </button>
              <button type="button" className="btn btn-outline-primary" disabled={reader.mute} onClick={() => tell({ type: 'mute' })}>
                {reader.mute ? 'Non risponde più' : 'Contatto sporco'}
              </button>
            </div>
          </>
        )}
      </div>
      <ul className="bench-wallet">
        {cards.map((card) => (
          <li key={card.id} className={card === inserted ? 'is-away' : undefined}>
            <button
              type="button"
              className="bench-card-button"
              disabled={inserted !== undefined}
              title={card.expect}
              onClick={() => tell({ type: 'insert', card: card.id })}
            >
              <span className="visually-hidden">Inserisci: </span>
              <Card card={card} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Card({ card: { holder, fiscalCode, birthDate, mark } }: { readonly card: BenchCard }) {
  return (
    <span className="bench-card">
      {mark === '' ? <span className="bench-card-title">Tessera sanitaria</span> : <span className="bench-card-mark">{mark}</span>}
      <Chip />
      <span className="bench-card-holder">{holder}</span>
      <span className="bench-card-line">{fiscalCode}</span>
      <span className="bench-card-line">{birthDate.split('-').reverse().join('.')}</span>
    </span>
  );
}

function Chip() {
  return (
    <svg className="bench-chip" viewBox="0 0 30 24" aria-hidden="true">
      <rect x="1" y="1" width="28" height="22" rx="4" />
      <path d="M1 9h9M1 15h9M20 9h9M20 15h9M10 1v22M20 1v22M10 12h10" />
    </svg>
  );
}
