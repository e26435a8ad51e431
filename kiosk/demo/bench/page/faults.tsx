import type { BenchCommand, BenchState, CmsBehaviour, Paper } from '../contract.ts';

type Tell = (command: BenchCommand) => void;

const papers: Readonly<Record<Paper, string>> = {
  full: 'c’è',
  'near-end': 'sta finendo',
  out: 'finita',
  'ends-soon': 'finirà a metà foglio',
};
const behaviours: Readonly<Record<CmsBehaviour, readonly [string, string]>> = {
  normal: ['normale', 'Risponde subito.'],
  slow: ['lento', 'Risponde dopo qualche secondo.'],
  unreachable: [
    'irraggiungibile',
    'Non si riesce a collegarsi: chi ha consegnato il foglio non perde nulla, la conferma parte quando torna.',
  ],
  'lost-answer': ['perde la risposta', 'Fa quanto chiesto, ma la risposta non arriva: lo sportello richiede, e nulla accade due volte.'],
};

export function Printer({
  printer: { paper, coverOpen, plugged, hanging },
  tell,
}: {
  readonly printer: BenchState['printer'];
  readonly tell: Tell;
}) {
  return (
    <section className="bench-panel" aria-labelledby="printer">
      <h2 id="printer">Stampante</h2>
      <div className="bench-controls">
        <Choice label="Carta" options={papers} chosen={paper} choose={(chosen) => tell({ type: 'paper', paper: chosen })} />
        <Choice
          label="Coperchio"
          options={{ closed: 'chiuso', open: 'aperto' }}
          chosen={coverOpen ? 'open' : 'closed'}
          choose={(chosen) => tell({ type: 'cover', open: chosen === 'open' })}
        />
        <Choice
          label="Cavo"
          options={{ in: 'collegato', out: 'staccato' }}
          chosen={plugged ? 'in' : 'out'}
          choose={(chosen) => tell({ type: 'cable', plugged: chosen === 'in' })}
        />
        <button type="button" className="btn btn-sm btn-outline-primary" disabled={!plugged} onClick={() => tell({ type: 'power-cycle' })}>
          Spegni e riaccendi
        </button>
      </div>
      {hanging.trim() !== '' && (
        <div className="bench-hanging">
          <p>Dalla stampante pende carta non tagliata:</p>
          <pre>{hanging}</pre>
          <button type="button" className="btn btn-sm btn-outline-primary" onClick={() => tell({ type: 'tear-off' })}>
            Strappa
          </button>
        </div>
      )}
    </section>
  );
}

export function Link({ behaviour, tell }: { readonly behaviour: CmsBehaviour; readonly tell: Tell }) {
  const options = Object.fromEntries(Object.entries(behaviours).map(([key, [words]]) => [key, words])) as Record<CmsBehaviour, string>;
  return (
    <section className="bench-panel" aria-labelledby="cms">
      <h2 id="cms">Collegamento al CMS</h2>
      <Choice label="Il CMS è" options={options} chosen={behaviour} choose={(chosen) => tell({ type: 'cms', behaviour: chosen })} />
      <p className="bench-note">{behaviours[behaviour][1]}</p>
    </section>
  );
}

interface ChoiceProps<Key extends string> {
  readonly label: string;
  readonly options: Readonly<Record<Key, string>>;
  readonly chosen: Key;
  readonly choose: (key: Key) => void;
}

function Choice<Key extends string>({ label, options, chosen, choose }: ChoiceProps<Key>) {
  return (
    <div className="bench-choice" role="group" aria-label={label}>
      <span className="bench-choice-label">{label}</span>
      {(Object.entries(options) as [Key, string][]).map(([key, words]) => (
        <button key={key} type="button" aria-pressed={key === chosen} onClick={() => choose(key)}>
          {words}
        </button>
      ))}
    </div>
  );
}
