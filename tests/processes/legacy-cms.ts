/**
 * A CMS as one may meet it: plain HTTP and Italian words, codes in clear, nothing sealed, signed or idempotent; it mails the second part
 * itself. Arguments: the port of its mail server. One JSON line says where it listens.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { createTransport } from 'nodemailer';

interface Pratica {
  readonly pin: string;
  readonly puk: string;
  readonly recapito: string;
  confermata: boolean;
}

const pratiche = new Map<string, Pratica>();
const posta = createTransport({ host: '127.0.0.1', port: Number(process.argv[2]), secure: false });
const cifre = (quante: number): string => Array.from({ length: quante }, () => String(randomInt(10))).join('');

const server = createServer((request, response) => {
  const [, , riferimento = '', azione = ''] = (request.url ?? '').split('/');
  const pratica = pratiche.get(riferimento);
  const servi = async (): Promise<[status: number, corpo: object]> => {
    if (request.method === 'POST' && azione === '') {
      const { recapito } = (await json(request)) as { recapito: string };
      // Twice the same reference would be two sets of codes: whoever asks must know what was asked before.
      if (pratica !== undefined) return [409, { errore: 'pratica esistente' }];
      pratiche.set(riferimento, { pin: cifre(5), puk: cifre(8), recapito, confermata: false });
      return [200, {}];
    }
    if (pratica === undefined) return [404, { errore: 'pratica inesistente' }];
    if (azione === '') return [200, { confermata: pratica.confermata }];
    if (azione === 'prima-parte') return [200, { pin: pratica.pin.slice(0, 2), puk: pratica.puk.slice(0, 4) }];
    if (azione !== 'conferma' || pratica.confermata) return [409, { errore: 'già confermata' }];
    pratica.confermata = true;
    await posta.sendMail({
      from: 'cms@legacy.example',
      to: pratica.recapito,
      subject: 'Seconda parte dei codici',
      text: `PIN ${pratica.pin.slice(2)} PUK ${pratica.puk.slice(4)}`,
      messageId: `<${riferimento}@legacy.example>`,
    });
    return [200, {}];
  };
  void servi()
    .catch((): [number, object] => [500, {}])
    .then(([status, corpo]) => response.writeHead(status).end(JSON.stringify(corpo)));
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })}\n`);
});
