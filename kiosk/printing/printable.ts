/** The upper half of code page 858 (ESC t 19), 0x80 to 0xFE, in its order. */
const CP858 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■';
const upperHalf = new Set(CP858);

const near: Readonly<Record<string, string>> = {
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '‐': '-',
  '‑': '-',
  '–': '-',
  '—': '-',
  '…': '...',
  '•': '*',
  '\u00a0': ' ',
};

/**
 * The text as code page 858 can say it: what is outside becomes its nearest neighbour, or `?` where it has none (the encoder would do
 * so for all of it, in silence). Control characters go: nothing that came from outside may command the printer.
 */
export function printable(text: string): string {
  return [...text.normalize('NFC')].map(printableCharacter).join('');
}

function printableCharacter(character: string): string {
  if (character >= ' ' && character <= '~') return character;
  if (upperHalf.has(character)) return character;
  const neighbour = near[character];
  if (neighbour !== undefined) return neighbour;
  if (/\p{C}/u.test(character)) return '';
  const bare = character.normalize('NFKD').replace(/\p{M}/gu, '');
  return /^[ -~]+$/.test(bare) ? bare : '?';
}
