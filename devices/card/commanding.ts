import { type Result, err, ok } from '../result.ts';
import type { Secret } from '../secret.ts';
import type { Transmit } from './apdu.ts';
import { type ChallengeToSign, signChallenge } from './authentication.ts';
import type { CardError, CodeError, CommandingCardReader, RelayCount, RelayError, RelayExchange, RelayPolicy } from './contract.ts';
import { CardDriver } from './driver.ts';
import { changePin, unblockPin, verifyPin } from './pin.ts';
import { recognise } from './recognition.ts';
import { relay } from './relay.ts';
import type { Series } from './series.ts';

/** The driver of a card that is commanded, not only read. */
export class CommandingDriver extends CardDriver implements CommandingCardReader {
  async verifyPin(codes: { readonly pin: Secret }, signal: AbortSignal): Promise<Result<void, CodeError>> {
    return await this.#withCodes(Object.values(codes), signal, (transmit, series) => verifyPin(transmit, series, codes));
  }

  async changePin(codes: { readonly pin: Secret; readonly newPin: Secret }, signal: AbortSignal): Promise<Result<void, CodeError>> {
    return await this.#withCodes(Object.values(codes), signal, (transmit, series) => changePin(transmit, series, codes));
  }

  async unblockPin(codes: { readonly puk: Secret; readonly newPin: Secret }, signal: AbortSignal): Promise<Result<void, CodeError>> {
    return await this.#withCodes(Object.values(codes), signal, (transmit, series) => unblockPin(transmit, series, codes));
  }

  async authenticate(request: ChallengeToSign, signal: AbortSignal): Promise<Result<Uint8Array, CodeError>> {
    return await this.#withCodes([request.pin], signal, (transmit, series) => signChallenge(transmit, series, request));
  }

  async relay(exchange: RelayExchange, policy: RelayPolicy, signal: AbortSignal): Promise<Result<RelayCount, RelayError>> {
    const count = { sent: 0, answered: 0 };
    const ended = await this.use(signal, (card) => relay(card, exchange, policy, count));
    const end = ended.ok ? ended.value : ended.error;
    return end.kind === 'end' ? ok(count) : err({ ...end, ...count });
  }

  async #withCodes<T>(
    codes: readonly Secret[],
    signal: AbortSignal,
    work: (transmit: Transmit<CardError>, series: Series) => Promise<Result<T, CodeError>>,
  ): Promise<Result<T, CodeError>> {
    const worked = await this.use<Result<T, CodeError>>(signal, async ({ transmit, atr, series }) => {
      const recognised = await recognise(transmit, atr, series);
      if (!recognised.ok) return recognised;
      const done = await work(transmit, recognised.value);
      // What the card has said of a code stands, though it goes the moment after.
      return done.ok || isAnswer(done.error) ? ok(done) : err(done.error);
    });
    for (const code of codes) code.wipe();
    return worked.ok ? worked.value : worked;
  }
}

function isAnswer(error: CodeError): error is Exclude<CodeError, CardError> {
  switch (error.kind) {
    case 'malformed-code':
    case 'wrong-pin':
    case 'wrong-puk':
    case 'pin-blocked':
    case 'puk-blocked':
    case 'not-activated':
    case 'new-pin-refused':
    case 'not-allowed':
      return true;
    default:
      return false;
  }
}
