/** A card process with a virtual card in it, as fast as it can be: the card of CARD_PERSON, put in and taken out on the control socket CARD_CONTROL. */
import { readFileSync } from 'node:fs';
import { serveCardHost } from '../../devices/card/host.ts';
import { serveControl } from '../../devices/card/virtual/control.ts';
import { InProcessReader } from '../../devices/card/virtual/in-process.ts';
import { makeCard, person } from '../../devices/card/virtual/person.ts';

const { CARD_PERSON: personFile = '', CARD_CONTROL: control = '' } = process.env;
const card = await makeCard(person.parse(JSON.parse(readFileSync(personFile, 'utf8'))));
if (!card.ok) throw new Error(card.error);
const reader = new InProcessReader(card.value);
await serveControl(control, reader);
serveCardHost(reader);
