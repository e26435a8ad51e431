import { readMobile } from '../people/mobile.ts';
import type { Demand } from './demand.ts';
import type { OperationRule, Profile } from './profile.ts';
import type { ProcedureRequest } from './request.ts';

/** How the codes reach the holder; `channels` are those by which the second part may go. */
export interface Delivery {
  readonly scheme: 'envelope' | 'split' | 'none';
  readonly channels: readonly ('email' | 'sms')[];
}

export function deliveryOf({ remoteVideo }: Profile, { delivery }: OperationRule, { identification }: ProcedureRequest): Delivery {
  const { scheme, channels } = delivery;
  if (identification !== 'remote-video' || remoteVideo.absent === true || scheme !== 'split') return { scheme, channels };
  // The first part takes one channel: the second must go by another (C13).
  return { scheme, channels: remoteVideo.secondPartBy.filter((channel) => channel !== remoteVideo.firstPartBy) };
}

/** Where the parts that the CMS sends can go. */
export function contactDemands(profile: Profile, rule: OperationRule, request: ProcedureRequest): readonly Demand[] {
  const { scheme, channels } = deliveryOf(profile, rule, request);
  if (scheme !== 'split') return [];
  const { contact, identification } = request;
  const { citation, pec } = profile.contact;
  const given = {
    email: /^[^\s@]{1,64}@[^\s@]+\.[^\s@.]+$/.test(contact.email ?? ''),
    sms: readMobile(contact.mobile ?? '') !== null,
  };
  const names = {
    email: { name: 'email', it: 'un indirizzo e-mail', en: 'an e-mail address' },
    sms: { name: 'mobile', it: 'un numero di cellulare', en: 'a mobile number' },
  } as const;
  const it = channels.map((channel) => names[channel].it).join(' oppure ');
  const en = channels.map((channel) => names[channel].en).join(' or ');
  const video = identification === 'remote-video' && profile.remoteVideo.absent !== true;
  const demands: Demand[] = [
    {
      rule: video ? 'C13' : 'C14',
      text: video
        ? `La prima parte arriva per e-mail: per la seconda serve ${it}.`
        : `Serve ${it}, dove mandare la seconda parte dei codici.`,
      citation: video ? profile.remoteVideo.citation : citation,
      met: channels.some((channel) => given[channel]),
      item: { name: channels.map((channel) => names[channel].name).join(' or '), it, en },
    },
  ];
  if (video) {
    demands.push({
      rule: 'COD-17',
      text: 'Serve un indirizzo e-mail, dove mandare la prima parte dei codici.',
      citation: profile.remoteVideo.citation,
      met: given.email,
      item: names.email,
    });
  }
  if (pec === 'refused') {
    demands.push({ rule: 'C14', text: 'Un indirizzo PEC non è accettato.', citation, met: contact.pec !== true });
  }
  return demands;
}
