import { type ActorOptions, createActor, type InspectionEvent } from 'xstate';
import { heldOperation, type HeldOperation, resolve } from '../operations/resolution.ts';
import { countShift, receiveEnvelopes } from '../operations/shift.ts';
import { type UnansweredService, unansweredService } from '../operations/unanswered-service.ts';
import { citizenStatusOf } from './citizen-status.ts';
import { deskMachine, type DeskPorts } from './desk.ts';
import type { DeskRules } from './facts.ts';
import { operatorStatusOf } from './operator-status.ts';
import type { SessionSnapshot } from './session.ts';
import type { CitizenCommand, CitizenScreen, LastCount, OperatorCommand, SessionFacade } from './status.ts';

type Desk = ReturnType<typeof deskMachine>;
type DeskActorOptions = Pick<ActorOptions<Desk>, 'clock'>;

/** What the desk tells of itself, for the log: types and states only. */
export interface DeskObserver {
  readonly screen: (session: string | null, screen: CitizenScreen['screen']) => void;
  readonly event: (session: string | null, type: string) => void;
  readonly unexpected: (session: string | null, type: string) => void;
  readonly stopped: (session: string, reason: string) => void;
  readonly unresolved: (operationId: string, reason: string) => void;
}

export interface RunningDesk extends SessionFacade {
  /** Something that is shown changed outside the machines. */
  refresh(): void;
  /** The journal has a further row of this operation. */
  journalGrew(operationId: string): void;
  stop(): void;
}

/** How long a shift's beginning or end may wait for the CMS. */
const SHIFT_LIMIT_MS = 15_000;

const operatorCommands: readonly string[] = [
  'identified',
  'refuse',
  'reprint',
  'no-reprint',
  'hand-over',
  'envelope-typed',
  'envelope-missing',
  'begin',
  'begin-remote',
  'service',
  'remote-issue',
  'confirm',
  'back',
] satisfies readonly OperatorCommand['type'][];

/** Starts the desk and gives the outside its flat status and its commands; nobody else sees the machines. */
export function startDesk(ports: DeskPorts, rules: DeskRules, observer: DeskObserver, options: DeskActorOptions = {}): RunningDesk {
  const listeners = new Set<() => void>();
  let fitted = true;
  const machine = deskMachine(ports, rules, (type) => {
    fitted = false;
    observer.unexpected(sessionId(), type);
  });
  const desk = createActor(machine, { ...options, inspect: observe });
  const session = (): SessionSnapshot | null => desk.getSnapshot().children.session?.getSnapshot() ?? null;
  const sessionId = (): string | null => session()?.context.sessionId ?? null;

  function observe(inspected: InspectionEvent): void {
    if (inspected.type === '@xstate.event' && inspected.actorRef === desk && !inspected.event.type.startsWith('xstate.'))
      observer.event(sessionId(), inspected.event.type);
    if (inspected.type === '@xstate.snapshot') queueMicrotask(publish);
  }

  let lastCount: LastCount | null = null;
  let shown = '';
  let screen: CitizenScreen['screen'] | null = null;
  /** Tells the listeners once a change of either status is complete. */
  function publish(): void {
    const citizen = facade.citizen();
    const now = JSON.stringify([citizen, facade.operator()]);
    if (now === shown) return;
    shown = now;
    if (citizen.screen !== screen) {
      screen = citizen.screen;
      observer.screen(citizen.sessionId, screen);
      if (citizen.screen === 'stopped' && citizen.sessionId !== null) observer.stopped(citizen.sessionId, citizen.reason);
    }
    for (const listener of listeners) listener();
  }

  const held = new Map<string, HeldOperation>();
  const leftSlips = new Set<string>();
  const unanswered = new Map<string, UnansweredService>();
  function journalGrew(operationId: string): void {
    const rows = ports.journal.rowsOf(operationId);
    const now = heldOperation(operationId, rows);
    if (now === null) held.delete(operationId);
    else held.set(operationId, now);
    const service = unansweredService(operationId, rows);
    // Answered while its holder is here, or refused: they were told.
    if (service === null || (service.state !== 'waiting' && sessionId() === operationId)) unanswered.delete(operationId);
    else if (service.state === 'waiting' || unanswered.has(operationId)) unanswered.set(operationId, service);
    const last = rows.at(-1)?.row;
    if (last?.kind === 'OUTCOME' && last.outcome === 'not-handed-over' && last.exposed) leftSlips.add(operationId);
    queueMicrotask(publish);
  }

  const facade: RunningDesk = {
    citizen: () => citizenStatusOf(desk.getSnapshot(), session(), rules, ports.today()),
    operator() {
      const status = operatorStatusOf(desk.getSnapshot(), session(), ports, rules);
      return {
        ...status,
        envelopes: status.envelopes === null ? null : { ...status.envelopes, lastCount },
        held: [...held.values()],
        leftSlips: [...leftSlips],
        unanswered: [...unanswered.values()].filter(({ operationId }) => operationId !== status.sessionId),
      };
    },
    onStatus(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    send(command: CitizenCommand | OperatorCommand) {
      const from = operatorCommands.includes(command.type) ? 'operator' : 'citizen';
      fitted = true;
      desk.send({ ...command, type: `${from}.${command.type}` } as Parameters<typeof desk.send>[0]);
      return fitted;
    },
    async resolve(operationId, finding) {
      const resolved = await resolve(ports, operationId, finding);
      if (!resolved.ok) observer.unresolved(operationId, resolved.error.kind);
      return resolved.ok;
    },
    slipRemoved(operationId) {
      queueMicrotask(publish);
      return leftSlips.delete(operationId);
    },
    async shift(command) {
      const operator = ports.operators.signedOn();
      if (operator === null) return 'not-signed-on';
      const limit = AbortSignal.timeout(SHIFT_LIMIT_MS);
      if (command.type === 'receive') {
        const received = await receiveEnvelopes(ports.envelope, operator.id, rules.desk, limit);
        queueMicrotask(publish);
        return received.ok ? null : received.error.kind;
      }
      const ended = await countShift(ports.envelope, operator.id, command.counted, rules.desk, limit);
      if (!ended.ok) return ended.error.kind;
      const { count, differences } = ended.value;
      lastCount = { counted: count.counted, expected: count.expected, agrees: differences === null ? null : differences.length === 0 };
      queueMicrotask(publish);
      return null;
    },
    refresh: () => queueMicrotask(publish),
    journalGrew,
    stop: () => desk.stop(),
  };
  desk.start();
  for (const { operationId } of ports.journal.open()) journalGrew(operationId);
  return facade;
}
