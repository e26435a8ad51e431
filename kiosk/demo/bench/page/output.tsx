import { useState } from 'react';
import type { BenchMail, BenchSlip } from '../contract.ts';

export function Slips({ slips }: { readonly slips: readonly BenchSlip[] }) {
  const [newest] = slips;
  return (
    <section className="bench-panel" aria-labelledby="slips">
      <h2 id="slips">
        Fogli usciti <small>{slips.length}</small>
      </h2>
      <div className="bench-slot" aria-hidden="true" />
      {newest === undefined ? (
        <p className="bench-note">La stampante non ha ancora stampato nulla.</p>
      ) : (
        <>
          <Slip key={newest.number} slip={newest} open />
          {slips.slice(1).map((slip) => (
            <Slip key={slip.number} slip={slip} open={false} />
          ))}
        </>
      )}
    </section>
  );
}

function Slip({ slip: { number, at, text }, open }: { readonly slip: BenchSlip; readonly open: boolean }) {
  const [asText, setAsText] = useState(false);
  return (
    <details className="bench-slip" open={open}>
      <summary>
        Foglio {number}, ore {timeOf(at)}
      </summary>
      {asText ? <pre>{text}</pre> : <img src={`/slips/${number}.png`} alt={`Foglio ${number} come è uscito dalla stampante`} />}
      <button type="button" className="btn btn-sm btn-outline-primary" onClick={() => setAsText(!asText)}>
        {asText ? 'Mostra come stampato' : 'Mostra come testo'}
      </button>
    </details>
  );
}

export function Mailbox({ mails }: { readonly mails: readonly BenchMail[] }) {
  return (
    <section className="bench-panel" aria-labelledby="mails">
      <h2 id="mails">
        Posta del cittadino <small>{mails.length}</small>
      </h2>
      {mails.length === 0 && (
        <p className="bench-note">Nessun messaggio. Tutto ciò che il CMS spedisce arriva qui, a chiunque sia indirizzato.</p>
      )}
      {mails.map(({ number, at, to, subject, text }, index) => (
        <details key={number} className="bench-mail" open={index === 0}>
          <summary>
            <span className="bench-mail-subject">{subject}</span>
            <span className="bench-mail-to">
              a {to}, ore {timeOf(at)}
            </span>
          </summary>
          <pre>{text}</pre>
        </details>
      ))}
    </section>
  );
}

function timeOf(at: string): string {
  return new Date(at).toLocaleTimeString('it-IT');
}
