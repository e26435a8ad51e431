/**
 * The card process of the demo's kiosk, in the place of `devices/card/pcsc-host.ts`: the same driver, over virtual cards in this process.
 * A card's PIN and counters lie beside the file of the cards: they outlive this process, which is ended when a command hangs.
 * What is in the reader is the world's to say (`reader-line.ts`): it calls in there, and again whenever the line breaks.
 */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { serveCardHost } from '../../devices/card/host.ts';
import type { VirtualCnsCard } from '../../devices/card/virtual/card.ts';
import { InProcessReader } from '../../devices/card/virtual/in-process.ts';
import { makeCard } from '../../devices/card/virtual/person.ts';
import { realTiming } from '../../devices/card/virtual/slot.ts';
import { stateFile } from '../../devices/card/virtual/state-file.ts';
import { readCards } from './cards.ts';

const { SPORTELLO_DEMO_CARDS: cardsFile, SPORTELLO_DEMO_READER: line } = z
  .object({ SPORTELLO_DEMO_CARDS: z.string(), SPORTELLO_DEMO_READER: z.string() })
  .parse(process.env);
const callAgainMs = 200;

const cards = new Map<string, VirtualCnsCard>();
for (const { id, person, atr } of (await readCards(cardsFile))?.cards ?? []) {
  const memory = stateFile(`${cardsFile}.${id}`, person.cardId);
  const made = await makeCard(person, { ...(atr === undefined ? {} : { atr }), ...(memory.ok ? { memory: memory.value } : {}) });
  if (made.ok) cards.set(id, made.value);
}
const [anyCard] = cards.values();
if (anyCard === undefined) throw new Error(`${cardsFile} holds no card`);
const reader = new InProcessReader(anyCard, { reader: 'Lettore virtuale 00 00', timing: realTiming });

async function obey(command: string): Promise<string> {
  const [word, id = ''] = command.split(' ');
  switch (word) {
    case 'insert': {
      const card = cards.get(id);
      if (card === undefined) return `error no card ${id}`;
      await reader.insert(card);
      return 'ok';
    }
    case 'mute':
      await reader.mute();
      return 'ok';
    case 'remove':
      await reader.remove();
      return 'ok';
    default:
      return 'error unknown command';
  }
}

function callIn(): void {
  const socket = connect(line);
  socket.on('error', () => undefined);
  socket.on('close', () => setTimeout(callIn, callAgainMs));
  createInterface({ input: socket }).on('line', (command) => void obey(command).then((answer) => socket.write(`${answer}\n`)));
}

callIn();
serveCardHost(reader);
