import { type ActorRefFrom, createActor } from 'xstate';
import { activationMachine } from '../../../flows/operations/activation.ts';
import type { DeskPorts } from '../../../flows/session/desk.ts';
import type { Front, World } from './kiosk.ts';
import { recovering } from './recovering.ts';

/** The operation's machine and recovery alone, as the desk starts them: most of what can go wrong goes wrong here, and it is quick. */
export function operationFront(ports: DeskPorts, world: World): Front {
  const { chance, time, operators, printer, site } = world;
  const recovery = recovering(ports, world);
  const machine = activationMachine(ports);
  let actor: ActorRefFrom<typeof machine> | null = null;
  let id: string | null = null;

  function begin(): string {
    id = ports.newId();
    const holder = 'a'.repeat(64);
    const running = createActor(machine, {
      clock: time,
      input: {
        handOverEvidence: site.handOverEvidence,
        printAttempts: site.printAttempts,
        opening: {
          operation: 'activation',
          case: 'adult',
          profile: 'emilia-romagna',
          profileVersion: '1.0',
          holder,
          card: 'b'.repeat(64),
          operator: 'op-1',
        },
        reserve: {
          operationId: id,
          operation: 'activation',
          case: 'adult',
          desk: 'health-authority',
          profile: { id: 'emilia-romagna', version: '1.0' },
          card: { cardId: '6080000000000001', certificateDigest: 'd1', chip: true },
          applicant: { relation: 'holder', fiscalCode: 'RSSMRA72L09H501S', surname: 'ROSSI', name: 'MARIO', birthDate: '1972-07-09' },
          document: { type: 'identity-card', number: 'CA00000AA', issuingBody: 'Comune di Bologna', expires: '2030-01-01' },
          proofOfContact: 'proof.of.contact',
          operatorAssertion: 'word.of.operator',
        },
        slip: { operationId: id, operation: 'activation', siteName: 'Sportello di prova', language: 'it', helpLine: '800 033 033' },
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
    return 'begins';
  }

  return {
    idle: () => recovery.done() && actor === null,
    serving: () => id,
    act(comes) {
      if (!recovery.done()) return 'waits';
      if (actor === null) return comes() ? begin() : 'waits';
      if (chance.happens(0.06)) {
        actor.send({ type: 'stop', reason: 'card-removed' });
        return 'card out';
      }
      if (chance.happens(0.05)) operators.signOff();
      if (actor.getSnapshot().matches('offering')) {
        const again = !chance.happens(0.2);
        actor.send(again ? { type: 'reprint', slip: 'destroyed' } : { type: 'no-reprint' });
        return again ? 'reprint' : 'no reprint';
      }
      if (!actor.getSnapshot().matches('collecting')) return 'waits';
      if (printer.take()) return 'takes the slip';
      actor.send({ type: 'hand-over', handedOver: !chance.happens(0.1) });
      return 'hand-over';
    },
    leave: () => actor?.send({ type: 'stop', reason: 'slip-not-collected' }),
    stop() {
      recovery.stop();
      const last = actor;
      actor = null;
      last?.stop();
    },
  };
}
