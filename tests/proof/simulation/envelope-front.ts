import { type ActorRefFrom, createActor } from 'xstate';
import type { Scan } from '../../../devices/barcode/contract.ts';
import { usualRelayPolicy } from '../../../devices/card/relay.ts';
import { type Result, err, ok } from '../../../devices/result.ts';
import type { EnvelopeNumberRule } from '../../../flows/envelopes/envelope-number.ts';
import type { Pile } from '../../../flows/envelopes/envelope.ts';
import { deliveryMachine } from '../../../flows/operations/envelope-delivery.ts';
import type { DeskPorts } from '../../../flows/session/desk.ts';
import type { Front, World } from './kiosk.ts';
import { recovering } from './recovering.ts';

const pile: Pile = 'operator:op-1';
const numbers: EnvelopeNumberRule = { pattern: String.raw`^2\d{11}$`, check: 'luhn', symbologies: ['code-39'] };
/** A pile with fewer gets a new list. */
const FEW = 4;
const MANY = 8;

/** Deliveries of blind envelopes, one after the other, and between them the shift: the operation's machine and recovery, as the desk starts them. */
export function envelopeFront(ports: DeskPorts, world: World): Front {
  const { chance, operators, cms } = world;
  const { envelopes } = ports.envelope;
  const recovery = recovering(ports, world);
  let expected: ((scan: Result<Scan, { kind: 'aborted' }>) => void) | null = null;
  const machine = deliveryMachine({
    ...ports,
    ...ports.envelope,
    scanner: {
      next: (signal) =>
        new Promise((resolve) => {
          expected = resolve;
          signal.addEventListener('abort', () => resolve(err({ kind: 'aborted' })), { once: true });
        }),
      onStatus: () => () => undefined,
      status: () => ({ state: 'ready' }),
    },
  });
  let actor: ActorRefFrom<typeof machine> | null = null;
  let id: string | null = null;
  /** The envelope that the operator has taken from the pile. */
  let inHand: string | null = null;

  /** A seed is announced, and a list comes in, where that is needed. */
  function keepShop(): void {
    if (envelopes.shift() === null) envelopes.openShift('op-1');
    // The disk may be full, and the kiosk dead.
    if (envelopes.shift() === null) return;
    const lying = envelopes.all().filter(({ state }) => state === 'assigned').length;
    if (lying >= FEW) return;
    const known = envelopes.all().length;
    const list = cms.envelopes.list(known, MANY);
    const received = envelopes.receive({ batch: `lotto-${known}`, digest: known.toString(16).padStart(64, '0'), numbers: list });
    if (received.ok) envelopes.assign(pile, list);
  }

  function begin(): string {
    keepShop();
    if (envelopes.shift() === null) return 'no shift';
    const operationId = ports.newId();
    id = operationId;
    inHand = null;
    const running = createActor(machine, {
      clock: world.time,
      input: {
        pile,
        numbers,
        relayPolicy: usualRelayPolicy,
        opening: {
          operation: 'activation',
          case: 'adult',
          profile: 'sardegna',
          profileVersion: '1.0',
          holder: 'a'.repeat(64),
          card: 'b'.repeat(64),
          operator: 'op-1',
        },
        reserve: {
          operationId,
          delivery: 'envelope',
          operation: 'activation',
          case: 'adult',
          desk: 'health-authority',
          profile: { id: 'sardegna', version: '1.0' },
          card: { cardId: '6200000000000001', certificateDigest: 'd1', chip: true },
          applicant: { relation: 'holder', fiscalCode: 'RSSMRA72L09H501S', surname: 'ROSSI', name: 'MARIO', birthDate: '1972-07-09' },
          document: { type: 'identity-card', number: 'CA00000AA', issuingBody: 'Comune di Bologna', expires: '2030-01-01' },
          operatorAssertion: 'word.of.operator',
        },
      },
    });
    actor = running;
    running.subscribe({
      complete: () => {
        if (actor !== running) return;
        actor = null;
        id = null;
        const output = running.getSnapshot().output;
        if (output !== undefined && 'reason' in output && output.reason === 'records-unwritable') void recovery.again();
      },
    });
    running.start();
    return 'an envelope is wanted';
  }

  /** The operator at the pile: mostly the envelope that was drawn, sometimes another one of the list. */
  function take(running: NonNullable<typeof actor>): string {
    const number = running.getSnapshot().context.draw?.number ?? '';
    if (envelopes.find(number)?.state !== 'drawn') world.violate('B1: an envelope was drawn, and no row says so');
    if (chance.happens(0.05)) {
      running.send({ type: 'operator.envelope-missing' });
      return `envelope ${number} is missing`;
    }
    const all = envelopes.all();
    const read = chance.happens(0.25) ? (all[Math.floor(chance.next() * all.length)]?.number ?? number) : number;
    inHand = read;
    if (chance.happens(0.2)) running.send({ type: 'operator.envelope-typed', text: read });
    else expected?.(ok({ text: read, symbology: 'code-39' }));
    return `reads ${read}`;
  }

  function handOver(running: NonNullable<typeof actor>, operationId: string): string {
    const { number } = running.getSnapshot().context.draw ?? { number: '' };
    const handedOver = !chance.happens(0.15);
    if (handedOver) world.handedOut(operationId, number);
    running.send({ type: 'operator.hand-over', handedOver });
    return handedOver ? `hands ${number} over` : 'hands nothing over';
  }

  return {
    idle: () => recovery.done() && actor === null,
    serving: () => id,
    act(comes) {
      if (!recovery.done()) return 'waits';
      if (actor === null || id === null) {
        if (chance.happens(0.1)) envelopes.count('op-1', envelopes.all().length);
        return comes() ? begin() : 'waits';
      }
      if (chance.happens(0.04)) {
        actor.send({ type: 'stop', reason: 'card-removed' });
        return 'card out';
      }
      if (chance.happens(0.04)) operators.signOff();
      const at = actor.getSnapshot();
      if (at.matches('scanning')) return take(actor);
      if (at.context.step === 'bound' && inHand !== at.context.draw?.number)
        world.violate('B3: another envelope was taken than the one that the lot fell on');
      if (!at.matches('handing') || operators.operator === null) return 'waits';
      return handOver(actor, id);
    },
    leave: () => actor?.send({ type: 'stop', reason: 'envelope-not-handed' }),
    stop() {
      recovery.stop();
      const last = actor;
      actor = null;
      last?.stop();
    },
  };
}
