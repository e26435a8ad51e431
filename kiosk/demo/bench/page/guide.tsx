import type { ReactNode } from 'react';
import type { BenchState } from '../contract.ts';

interface Step {
  readonly title: string;
  readonly body: ReactNode;
  readonly state: 'done' | 'now' | 'later';
}

/** The way through, and where on it the demo stands, as far as the world outside the kiosk can see it. */
export function Guide({ state }: { readonly state: BenchState }) {
  const { reader, cards, kiosk } = state;
  const card = cards.find(({ id }) => id === reader.card);
  return (
    <section className="bench-panel bench-guide" aria-labelledby="guide">
      <h2 id="guide">Che cosa faccio ora?</h2>
      {kiosk === null && <p className="bench-note">Lo sportello si sta avviando…</p>}
      {card !== undefined && card.mark !== '' ? (
        <div className="bench-expect">
          <p>
            Nel lettore c’è una tessera <strong>{card.mark}</strong>.
          </p>
          <p>{card.expect}</p>
          <p>Guarda lo schermo del cittadino, poi togli la tessera e provane un’altra.</p>
        </div>
      ) : (
        <ol className="bench-steps">
          {stepsOf(state).map(({ title, body, state: where }) => (
            <li key={title} className={`is-${where}`} aria-current={where === 'now' ? 'step' : undefined}>
              <h3>{title}</h3>
              {where !== 'done' && <div>{body}</div>}
            </li>
          ))}
        </ol>
      )}
      <h3>E quando tutto va bene, guasta qualcosa</h3>
      <ul className="bench-ideas">
        <li>togli la tessera a metà strada;</li>
        <li>finisci la carta prima che esca il foglio, o apri il coperchio mentre esce;</li>
        <li>rendi irraggiungibile il CMS dopo la stampa, consegna il foglio, poi ricollegalo;</li>
        <li>non fare nulla: lo sportello avvisa, poi chiude senza lasciare codici in giro.</li>
      </ul>
    </section>
  );
}

function stepsOf({ reader, cards, envelopes, slips, mails, operator, kiosk }: BenchState): readonly Step[] {
  const since = reader.since;
  const during = <Dated extends { readonly at: string }>(all: readonly Dated[]): readonly Dated[] =>
    since === null || reader.card === null ? [] : all.filter(({ at }) => at >= since);
  const inserted = reader.card !== null;
  const letters = during(mails);
  const second = letters.some(isSecondPart);
  const code = letters.map(oneTimeCode).find((found) => found !== null) ?? null;
  const printed = during(slips).length > 0;
  const holder = cards.find(({ id }) => id === reader.card)?.holder ?? 'MARIO ROSSI';

  const reached = second ? 5 : printed ? 4 : code !== null ? 3 : inserted ? 1 : 0;
  const at = (from: number, to = from): Step['state'] => (reached > to ? 'done' : reached >= from ? 'now' : 'later');
  const screen = kiosk === null ? 'schermo del cittadino' : link(kiosk.screen, 'schermo del cittadino');
  const desk = kiosk === null ? 'pagina dell’operatore' : link(kiosk.operator, 'pagina dell’operatore');
  const beginning: readonly Step[] = [
    { title: 'Inserisci una tessera', state: at(0), body: <p>Scegli per esempio quella di {holder}, qui accanto.</p> },
    {
      title: 'Cittadino: voglio attivarla',
      state: at(1, 2),
      body: (
        <p>
          Sullo {screen} tocca <b>Sì, voglio attivarla</b>, poi leggi l’informativa.
        </p>
      ),
    },
    {
      title: 'Operatore: identifica',
      state: at(1, 2),
      body: (
        <>
          <p>
            Sulla {desk} entra con codice <code>{operator.id}</code> e PIN <code>{operator.pin}</code>.
          </p>
          {envelopes.length > 0 && <p>Apri il turno: arriva l’elenco delle buste.</p>}
          <p>
            Scrivi i quattro dati del documento, per esempio: <b>carta d’identità</b>, <code>CA00000AA</code>,{' '}
            <code>COMUNE DI BOLOGNA</code>, una scadenza futura.
          </p>
        </>
      ),
    },
  ];
  if (envelopes.length > 0) {
    return [
      ...beginning,
      {
        title: 'La busta',
        state: at(1, 3),
        body: <p>L’operatore legge quale busta prendere, estratta a sorte: toccala qui accanto, e lo scanner la legge.</p>,
      },
      {
        title: 'La consegna',
        state: at(1, 3),
        body: <p>Il CMS imposta il PIN della busta sulla tessera. L’operatore consegna la busta chiusa e lo conferma.</p>,
      },
    ];
  }
  return [
    ...beginning,
    {
      title: 'Cittadino: posta elettronica',
      state: at(1, 2),
      body: (
        <p>
          Un indirizzo qualunque, per esempio <code>mario.rossi@example.it</code>: nulla esce da questo computer.
        </p>
      ),
    },
    {
      title: 'Cittadino: il codice ricevuto',
      state: at(3),
      body:
        code === null ? (
          <p>Arriva nella posta, qui a destra.</p>
        ) : (
          <p>
            È arrivato per posta: <code className="bench-code">{code}</code>. Scrivilo sullo schermo.
          </p>
        ),
    },
    {
      title: 'Il foglio',
      state: at(4),
      body: (
        <p>
          Esce dalla stampante, qui a destra. Il cittadino tocca <b>L’ho preso</b>, l’operatore conferma la consegna.
        </p>
      ),
    },
    {
      title: 'La seconda parte',
      state: at(5),
      body: second ? (
        <p>
          È nella posta. Foglio e messaggio, insieme, fanno i codici: lo sportello la seconda parte non l’ha mai avuta. Ora togli la
          tessera.
        </p>
      ) : (
        <p>Il CMS la manda per posta solo dopo la consegna.</p>
      ),
    },
  ];
}

function link(href: string, words: string): ReactNode {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {words}
    </a>
  );
}

function isSecondPart({ subject }: { readonly subject: string }): boolean {
  return /seconda parte/i.test(subject);
}

function oneTimeCode(mail: { readonly subject: string; readonly text: string }): string | null {
  return isSecondPart(mail) ? null : (/\b\d{6}\b/.exec(mail.text)?.[0] ?? null);
}
