import type { Demand } from './demand.ts';
import { rulesOfOperations } from './place.ts';
import type { OperationRule, Profile } from './profile.ts';
import type { ProcedureRequest } from './request.ts';
import { isRepresented } from './who.ts';

/** The card of the operation, and for a renewal the one before it. */
export function cardDemands(
  { referrals, remoteVideo }: Profile,
  { card: rule, places }: OperationRule,
  request: ProcedureRequest,
): readonly Demand[] {
  const { card, operation, case: holderCase, identification } = request;
  const { citation } = rule;
  const own = rulesOfOperations[operation];
  const demands: Demand[] = [];
  if (rule.shown) {
    const byVideo = identification === 'remote-video' && remoteVideo.absent !== true;
    demands.push(byVideo ? copyOfCard(remoteVideo.citation, card) : cardItself(citation, card));
  }
  if (operation === 'renewal') demands.push(...priorCardDemands(places, request));
  // A card that is not here (lost, stolen, or spoken of on the telephone) is the CMS's to know.
  if (card === undefined) return demands;
  if (rule.chip)
    demands.push({
      rule: 'OP-CRD',
      text: `Questa tessera non ha il chip. ${referrals.newCard.it}`,
      citation: referrals.newCard.citation,
      met: card.chip,
    });
  demands.push(statusDemand(rule, own, card.status));
  if (rule.region !== 'any') {
    demands.push({
      rule: rule.region === 'own' ? 'C23' : own,
      text: rule.region === 'own' ? 'La tessera è di un’altra regione.' : 'La tessera è di questa regione: non serve l’interoperabilità.',
      citation,
      met: card.ownRegion === (rule.region === 'own'),
    });
  }
  if (rule.codes === 'not-yet-given') {
    demands.push({ rule: own, text: 'La tessera è già attiva: puoi chiedere nuovi codici.', citation, met: card.activated !== true });
  }
  if (rule.codes === 'given') {
    demands.push({
      rule: own,
      text: 'La tessera non è ancora stata attivata: va prima attivata.',
      citation,
      met: card.activated !== false,
    });
  }
  if (!isRepresented(holderCase)) {
    demands.push({
      rule: 'OP-RDT',
      text: `I dati della tessera non corrispondono al documento. ${referrals.wrongData.it}`,
      citation: referrals.wrongData.citation,
      met: card.holderMatchesDocument !== false,
    });
  }
  return demands;
}

function cardItself(citation: string, card: ProcedureRequest['card']): Demand {
  return {
    rule: 'C8',
    text: 'Serve la tessera sanitaria del titolare, non una copia.',
    citation,
    met: card?.shown === true,
    item: { name: 'card', it: 'la tessera sanitaria del titolare', en: 'the health card of its holder' },
  };
}

/** Who is recognised by video shows the card on a copy (procedures.md, 1.7). */
function copyOfCard(citation: string, card: ProcedureRequest['card']): Demand {
  const it = 'la copia leggibile, fronte e retro, della tessera del titolare';
  const en = 'the copy of the card of its holder, front and back, easy to read';
  return { rule: 'C8', text: `Manca ${it}.`, citation, met: card?.shown === true, item: { name: 'card', it, en } };
}

function statusDemand(
  { statuses, citation }: OperationRule['card'],
  own: string,
  status: NonNullable<ProcedureRequest['card']>['status'],
): Demand {
  const met = status !== undefined && statuses.includes(status);
  switch (status) {
    case undefined:
      return { rule: own, text: 'Non si sa se la tessera è attiva.', citation, met };
    case 'active':
      return { rule: own, text: 'La tessera non è sospesa: non c’è nulla da riattivare.', citation, met };
    case 'suspended':
      return { rule: own, text: 'La tessera è sospesa: va prima riattivata.', citation, met };
    case 'revoked':
      return { rule: own, text: 'La tessera è revocata: la revoca è definitiva e serve una tessera nuova.', citation, met };
    case 'expired':
      return { rule: own, text: 'La tessera è scaduta: serve una tessera nuova.', citation, met };
  }
}

/** The successor's codes for whoever holds the old card and its PIN (OP-OLD; procedures.md, 2.1). */
function priorCardDemands(places: OperationRule['places'], { card, desk }: ProcedureRequest): readonly Demand[] {
  const prior = card?.priorCard;
  const citation = places[desk]?.citation ?? '[W] procedures.md 2.1';
  const demand = (met: boolean, text: string): Demand => ({ rule: 'OP-OLD', text, citation, met });
  return [
    {
      ...demand(prior?.status === 'active', 'Serve la tessera precedente, ancora valida e attiva.'),
      item: {
        name: 'prior-card',
        it: 'la tessera precedente, ancora valida, con il suo PIN',
        en: 'the card before, still valid, with its PIN',
      },
    },
    demand(prior?.sameIssuer === true, 'La tessera precedente deve essere della stessa regione.'),
    demand(prior?.activatedInPerson === true, 'La tessera precedente deve essere stata attivata di persona dal titolare.'),
    demand(prior?.pinVerified === true, 'Il PIN della tessera precedente deve essere stato verificato.'),
  ];
}
