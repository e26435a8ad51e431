import { Alert, Button } from 'design-react-kit';
import { type FormEvent, type ReactElement, StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import type { SignOnError, SignedOnOperator } from '../../../flows/ports/operators.ts';
import type { OperatorCommand, OperatorStatus } from '../../../flows/session/status.ts';
import { type Language, languages } from '../site.ts';
import { command, post, useKiosk } from './connection.ts';
import { isoDateTime } from './dates.ts';
import { HandEnvelope, TakeEnvelope } from './envelope.tsx';
import { Held, shortNumber } from './held.tsx';
import { Identify } from './identify.tsx';
import { ReferralWords } from './referral.tsx';
import { PrintForm } from './print-form.tsx';
import { BeginRemotely } from './remote-issue.tsx';
import { Reprint } from './reprint.tsx';
import { Begin, Service } from './service.tsx';
import { Shift } from './shift.tsx';
import { Revocation, revocationInShort, revocationIsKnown } from './revocation.tsx';
import './styles/kit.ts';
import './styles/operator.css';
import { type Texts, texts } from './texts/texts.ts';

function OperatorPage(): ReactElement {
  const [language, setLanguage] = useState<Language>('it');
  /** `undefined`: not asked yet. */
  const [operator, setOperator] = useState<SignedOnOperator | null | undefined>(undefined);
  const t = texts[language];
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  useEffect(() => {
    const ask = async (): Promise<void> => {
      const response = await fetch('/operator/session').catch(() => null);
      const answer = response?.ok ? ((await response.json()) as { readonly signedOn: SignedOnOperator | null }) : null;
      setOperator(answer?.signedOn ?? null);
    };
    void ask();
  }, []);
  return (
    <>
      {operator === null && <SignOn t={t} signedOn={setOperator} />}
      {operator != null && <Desk t={t} operator={operator} signedOff={() => setOperator(null)} />}
      <nav className="tongues" aria-label={t.languageChoice.main}>
        {languages.map((one) => (
          <button key={one} type="button" lang={one} aria-pressed={one === language} onClick={() => setLanguage(one)}>
            {texts[one].language}
          </button>
        ))}
      </nav>
    </>
  );
}

interface SignOnAnswer {
  readonly signedOn: SignedOnOperator | null;
  readonly problem: SignOnError | null;
}

function SignOn({ t, signedOn }: { readonly t: Texts; readonly signedOn: (operator: SignedOnOperator) => void }): ReactElement {
  const [problem, setProblem] = useState<SignOnError | 'no-answer' | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const entered = new FormData(form);
    // The PIN leaves the page with the request; the field is emptied at once.
    form.querySelectorAll<HTMLInputElement>('[type=password]').forEach((field) => (field.value = ''));
    setBusy(true);
    void post<SignOnAnswer>('/operator/sign-on', { operatorId: entered.get('operatorId'), pin: entered.get('pin') }).then((answer) => {
      setBusy(false);
      if (answer?.signedOn != null) signedOn(answer.signedOn);
      else setProblem(answer?.problem ?? 'no-answer');
    });
  };
  return (
    <main className="sign-on">
      <h1>{t.desk.title}</h1>
      <form onSubmit={submit}>
        <label htmlFor="operator-id">{t.desk.operatorId}</label>
        <input
          id="operator-id"
          name="operatorId"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={64}
          required
          autoFocus
        />
        <label htmlFor="operator-pin">{t.desk.pin}</label>
        <input id="operator-pin" name="pin" type="password" autoComplete="off" minLength={4} maxLength={64} required />
        <div role="alert">{problem !== null && <Alert color="danger">{signOnProblem(problem, t)}</Alert>}</div>
        <Button color="primary" type="submit" disabled={busy}>
          {t.desk.signOn}
        </Button>
      </form>
    </main>
  );
}

function signOnProblem(problem: SignOnError | 'no-answer', t: Texts): string {
  if (problem === 'no-answer') return t.desk.unavailable;
  switch (problem.kind) {
    case 'aborted':
    case 'unavailable':
      return t.desk.unavailable;
    case 'unknown-operator':
      return t.desk.signOnProblems['unknown-operator'];
    case 'wrong-pin':
      return t.desk.signOnProblems['wrong-pin'](problem.triesLeft);
    case 'locked':
      return t.desk.signOnProblems.locked(
        new Intl.DateTimeFormat('it', { hour: '2-digit', minute: '2-digit' }).format(new Date(problem.until)),
      );
  }
}

function Desk({
  t,
  operator,
  signedOff,
}: {
  readonly t: Texts;
  readonly operator: SignedOnOperator;
  readonly signedOff: () => void;
}): ReactElement {
  const { connected, status } = useKiosk<OperatorStatus>('/operator/events', signedOff);
  const [stale, setStale] = useState(false);
  const send = (wanted: OperatorCommand): void => {
    void command('/operator/command', status?.sessionId ?? null, wanted).then((accepted) => setStale(!accepted));
  };
  const waitsFor = status === null ? null : `${status.sessionId} ${status.waiting?.task}`;
  useEffect(() => setStale(false), [waitsFor]);
  return (
    <>
      <header className="bar">
        <p className="who">
          {t.desk.title} · <strong>{operator.displayName}</strong>
        </p>
        {status !== null && (
          <dl>
            <div>
              <dt>{t.desk.citizenSees}</dt>
              <dd>{t.desk.screens[status.citizenScreen]}</dd>
            </div>
            {status.held.length > 0 && (
              <div className="wrong">
                <dt>{t.desk.held.title}</dt>
                <dd>{status.held.length}</dd>
              </div>
            )}
            {status.attention.length > 0 && (
              <div className="wrong">
                <dt>{t.desk.attention}</dt>
                <dd>{status.attention.length}</dd>
              </div>
            )}
            <div className={revocationIsKnown(status.revocation) ? '' : 'wrong'}>
              <dt>{t.desk.revocation.title}</dt>
              <dd>{revocationInShort(status.revocation, t)}</dd>
            </div>
            <div className={status.printer === 'ready' ? '' : 'wrong'}>
              <dt>{t.desk.printer}</dt>
              <dd>{t.desk.printerStates[status.printer]}</dd>
            </div>
          </dl>
        )}
        <button type="button" onClick={() => void post('/operator/sign-off', {}).then(signedOff)}>
          {t.desk.signOff}
        </button>
      </header>
      <main className="desk">
        <div role="alert">{stale && <Alert color="warning">{t.desk.notAccepted}</Alert>}</div>
        {status?.leftSlips.map((operationId) => (
          <LeftSlip key={operationId} t={t} operationId={operationId} />
        ))}
        {!connected || status === null ? (
          <p className="nobody">{t.desk.lost}</p>
        ) : status.waiting === null ? (
          <div className="nobody">
            {status.referral !== null && <Referred t={t} referral={status.referral} />}
            <h1>{t.desk.nobody}</h1>
            <p>{t.desk.nobodyBelow}</p>
            {status.envelopes !== null && <Shift t={t} envelopes={status.envelopes} />}
            <Begin t={t} begins={status.begins} send={send} />
            <BeginRemotely t={t} begins={status.beginsRemotely} send={send} />
            <Held t={t} operations={status.held} />
            {status.unanswered.length > 0 && <Unanswered t={t} services={status.unanswered} />}
            {status.attention.length > 0 && <ToBeLookedAt t={t} attention={status.attention} />}
            <Revocation t={t} status={status.revocation} />
          </div>
        ) : status.waiting.task === 'identify' ? (
          <Identify key={waitsFor} t={t} waiting={status.waiting} send={send} />
        ) : status.waiting.task === 'service' ? (
          <Service key={waitsFor} t={t} waiting={status.waiting} send={send} />
        ) : status.waiting.task === 'envelope' ? (
          <TakeEnvelope key={waitsFor} t={t} waiting={status.waiting} send={send} />
        ) : status.waiting.task === 'hand-envelope' ? (
          <HandEnvelope key={waitsFor} t={t} waiting={status.waiting} send={send} />
        ) : status.waiting.task === 'reprint' ? (
          <Reprint key={waitsFor} t={t} waiting={status.waiting} ready={status.printer === 'ready'} send={send} />
        ) : (
          <HandOver t={t} waiting={status.waiting} send={send} />
        )}
      </main>
    </>
  );
}

/** What the citizen's last screen says, for the operator to tell. */
function Referred({ t, referral }: { readonly t: Texts; readonly referral: NonNullable<OperatorStatus['referral']> }): ReactElement {
  return (
    <section className="referred" aria-labelledby="referred-title">
      <h2 id="referred-title">{t.desk.referral(referral.rule)}</h2>
      <p>
        <ReferralWords referral={referral} t={t} /> <cite lang="it">{referral.citation}</cite>
      </p>
    </section>
  );
}

/** Nobody took it: whoever comes next must not find it. It stays on the page, whoever is there, until it is gone. */
function LeftSlip({ t, operationId }: { readonly t: Texts; readonly operationId: string }): ReactElement {
  return (
    <section className="left-slip" aria-labelledby={`left-${operationId}`}>
      <div>
        <h2 id={`left-${operationId}`}>{t.desk.leftSlip.title}</h2>
        <p>
          {t.desk.leftSlip.below} <code>{shortNumber(operationId)}</code>
        </p>
      </div>
      <Button color="primary" outline onClick={() => void post('/operator/slip-removed', { operationId })}>
        {t.desk.leftSlip.removed}
      </Button>
    </section>
  );
}

/** As many as fit. */
const mostShown = 5;

function ToBeLookedAt({ t, attention }: { readonly t: Texts; readonly attention: OperatorStatus['attention'] }): ReactElement {
  return (
    <section className="attention" aria-labelledby="attention-title">
      <h2 id="attention-title">{t.desk.attention}</h2>
      <ul>
        {attention.slice(0, mostShown).map(({ operationId, why }) => (
          <li key={`${operationId} ${why}`}>
            {t.desk.attentionKinds[why]} <code>{operationId}</code>
          </li>
        ))}
      </ul>
      <p className="hint">{t.desk.attentionBelow}</p>
    </section>
  );
}

/** Who comes back to ask is told what became of it. */
function Unanswered({ t, services }: { readonly t: Texts; readonly services: OperatorStatus['unanswered'] }): ReactElement {
  return (
    <section className="attention" aria-labelledby="unanswered-title">
      <h2 id="unanswered-title">{t.desk.unanswered.title}</h2>
      <ul>
        {services.slice(-mostShown).map(({ operationId, operation, openedAt, state }) => (
          <li key={operationId}>
            {t.menu.operations[operation]} · <code>{shortNumber(operationId)}</code> · {isoDateTime(openedAt)}:{' '}
            <strong>{t.desk.unanswered.states[state]}</strong>
          </li>
        ))}
      </ul>
      <p className="hint">{t.desk.unanswered.below}</p>
    </section>
  );
}

type Waiting<Task> = Extract<OperatorStatus['waiting'], { task: Task }>;

function HandOver({
  t,
  waiting,
  send,
}: {
  readonly t: Texts;
  readonly waiting: Waiting<'hand-over'>;
  readonly send: (command: OperatorCommand) => void;
}): ReactElement {
  return (
    <section className="hand-over" aria-labelledby="hand-over-title">
      <h1 id="hand-over-title">{t.desk.handOver}</h1>
      <p className="question">{t.desk.handOverBelow}</p>
      {waiting.signed !== null && (
        <p>
          <span lang="it">{waiting.signed.text}</span> <cite lang="it">{waiting.signed.citation}</cite>{' '}
          <PrintForm form="delegate-receipt" t={t} />
        </p>
      )}
      <p role="status">
        {waiting.citizenSaysTaken ? t.desk.citizenSaysTaken : t.desk.citizenSilent} {waiting.attempt > 1 && t.desk.attempt(waiting.attempt)}
      </p>
      <div className="decisions">
        <Button color="primary" onClick={() => send({ type: 'hand-over', handedOver: true })}>
          {t.desk.handedOver}
        </Button>
        <Button color="danger" outline onClick={() => send({ type: 'hand-over', handedOver: false })}>
          {t.desk.notHandedOver}
        </Button>
      </div>
      <p className="hint">{t.desk.notHandedOverMeans}</p>
    </section>
  );
}

const page = document.getElementById('page');
if (page !== null) {
  createRoot(page).render(
    <StrictMode>
      <OperatorPage />
    </StrictMode>,
  );
}
