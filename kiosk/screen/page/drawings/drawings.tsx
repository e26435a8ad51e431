import type { ReactElement, ReactNode } from 'react';
import type { CitizenScreen, ServiceProblem, StopReason } from '../../../../flows/session/status.ts';

/** Our own pictures: one field of 480 × 320, one line weight, one accent. They repeat what the words say, so they are silent to a reader aloud. */
function Drawing({ children }: { readonly children: ReactNode }): ReactElement {
  return (
    <svg className="drawing" viewBox="0 0 480 320" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

const at = (x: number, y: number, scale = 1): string => `translate(${x} ${y}) scale(${scale})`;

/** The card on its short edge, chip towards the reader: 124 × 190. */
function UprightCard({ chip = true }: { readonly chip?: boolean }): ReactElement {
  return (
    <>
      <rect className="soft" width="124" height="190" rx="14" />
      <path className="accent" d="M0 30V14A14 14 0 0 1 14 0h96a14 14 0 0 1 14 14v16z" />
      <rect className="none line" width="124" height="190" rx="14" />
      <path className="line" d="M26 56h72M26 78h44" />
      <rect className={chip ? 'paper line' : 'none line dashed'} x="40" y="118" width="44" height="44" rx="8" />
      {chip && <path className="line thin" d="M40 140h44M62 118v44" />}
    </>
  );
}

/** The card on its long edge: 230 × 144. */
function Card({ chip = true }: { readonly chip?: boolean }): ReactElement {
  return (
    <>
      <rect className="soft" width="230" height="144" rx="16" />
      <path className="accent" d="M0 36V16A16 16 0 0 1 16 0h198a16 16 0 0 1 16 16v20z" />
      <rect className="none line" width="230" height="144" rx="16" />
      <rect className={chip ? 'paper line' : 'none line dashed'} x="28" y="62" width="52" height="44" rx="8" />
      {chip && <path className="line thin" d="M28 84h52M54 62v44" />}
      <path className="line" d="M108 72h88M108 98h56" />
    </>
  );
}

function Reader(): ReactElement {
  return (
    <>
      <rect className="paper line" x="90" y="206" width="300" height="86" rx="20" />
      <path className="slot" d="M160 207h160" />
    </>
  );
}

function Check({ x, y, r = 44 }: { readonly x: number; readonly y: number; readonly r?: number }): ReactElement {
  return (
    <g transform={at(x, y, r / 44)}>
      <circle className="accent ring" r="44" />
      <path className="mark" d="M-20 2l14 15L21-14" />
    </g>
  );
}

function Attention({ x, y }: { readonly x: number; readonly y: number }): ReactElement {
  return (
    <g transform={at(x, y)}>
      <circle className="ink ring" r="44" />
      <path className="mark" d="M0-22V6M0 22v1" />
    </g>
  );
}

function Clock({ x, y, scale = 1 }: { readonly x: number; readonly y: number; readonly scale?: number }): ReactElement {
  return (
    <g transform={at(x, y, scale)}>
      <circle className="soft line" r="110" />
      <path className="line" d="M0-62V0l40 30M0-92v6M0 86v6M-92 0h6M86 0h6" />
    </g>
  );
}

function Person({ small = false }: { readonly small?: boolean }): ReactElement {
  return (
    <g transform={small ? at(38, 92, 0.62) : undefined}>
      <circle className="soft line" cx="80" cy="60" r="44" />
      <path className="soft line" d="M6 216v-24a52 52 0 0 1 52-52h44a52 52 0 0 1 52 52v24z" />
    </g>
  );
}

/** An identity document with its photograph: 190 × 134. */
function IdentityDocument(): ReactElement {
  return (
    <>
      <rect className="paper line" width="190" height="134" rx="14" />
      <rect className="soft line thin" x="22" y="28" width="56" height="72" rx="6" />
      <circle className="line thin none" cx="50" cy="56" r="13" />
      <path className="line thin none" d="M30 98c2-16 10-22 20-22s18 6 20 22" />
      <path className="line" d="M102 44h64M102 70h64M102 96h36" />
    </>
  );
}

function Envelope(): ReactElement {
  return (
    <>
      <rect className="soft line" width="260" height="176" rx="16" />
      <path className="line none" d="M8 14l108 92a22 22 0 0 0 28 0L252 14" />
    </>
  );
}

function Printer({ children }: { readonly children?: ReactNode }): ReactElement {
  return (
    <>
      <path className="paper line" d="M160 130V34h160v96" />
      <rect className="soft line" x="90" y="112" width="300" height="128" rx="20" />
      <path className="slot" d="M150 206h180" />
      <circle className="accent" cx="346" cy="150" r="12" />
      {children}
    </>
  );
}

function Slip({ length = 120 }: { readonly length?: number }): ReactElement {
  return <path className="paper line" d={`M0 0v${length}l20-14 20 14 20-14 20 14 20-14 20 14 20-14 20 14V0`} />;
}

const ArrowDown = ({ x, y }: { readonly x: number; readonly y: number }): ReactElement => (
  <path className="arrow nudge-down" d={`M${x} ${y}v84m-34-36l34 36 34-36`} />
);
const ArrowUp = ({ x, y }: { readonly x: number; readonly y: number }): ReactElement => (
  <path className="arrow nudge-up" d={`M${x} ${y}v-84m-34 36l34-36 34 36`} />
);

const insertCard = (
  <Drawing>
    <g className="nudge-down">
      <g transform={at(178, 36)}>
        <UprightCard />
      </g>
    </g>
    <Reader />
    <ArrowDown x={392} y={70} />
  </Drawing>
);

const takeCard = (
  <Drawing>
    <g className="nudge-up">
      <g transform={at(178, 52)}>
        <UprightCard />
      </g>
    </g>
    <Reader />
    <ArrowUp x={392} y={160} />
  </Drawing>
);

const cardWithin = (
  <Drawing>
    <g transform={at(178, 96)}>
      <UprightCard />
    </g>
    <Reader />
    <g className="dots">
      <circle className="accent" cx="196" cy="252" r="12" />
      <circle className="accent" cx="240" cy="252" r="12" />
      <circle className="accent" cx="284" cy="252" r="12" />
    </g>
  </Drawing>
);

const cardWith = (sign: ReactNode, chip = true): ReactElement => (
  <Drawing>
    <g transform={at(92, 56, 1.28)}>
      <Card chip={chip} />
    </g>
    {sign}
  </Drawing>
);

const documentWith = (sign: ReactNode): ReactElement => (
  <Drawing>
    <g transform={at(96, 58, 1.5)}>
      <IdentityDocument />
    </g>
    {sign}
  </Drawing>
);

const notice = (
  <Drawing>
    <rect className="soft line" x="118" y="24" width="200" height="272" rx="16" />
    <path className="line" d="M150 76h136M150 116h136M150 156h100M150 196h60" />
    <path className="paper line" d="M330 138l64 22v50c0 42-28 70-64 86-36-16-64-44-64-86v-50z" />
    <path className="line accent-line none" d="M302 214l20 22 38-46" />
  </Drawing>
);

const operator = (
  <Drawing>
    <g transform={at(48, 64)}>
      <Person />
    </g>
    <g transform={at(248, 66)}>
      <IdentityDocument />
    </g>
    <Check x={414} y={214} r={38} />
    <path className="line" d="M24 282h432" />
  </Drawing>
);

const envelope = (sign: ReactNode): ReactElement => (
  <Drawing>
    <g transform={at(86, 54, 1.18)}>
      <Envelope />
    </g>
    {sign}
  </Drawing>
);

const codeOnPhone = (
  <Drawing>
    <rect className="soft line" x="60" y="16" width="160" height="288" rx="26" />
    <path className="line" d="M120 44h40" />
    <g transform={at(92, 112, 0.37)}>
      <Envelope />
    </g>
    <path className="line" d="M92 208h96M92 234h60" />
    <path className="arrow nudge-right" d="M252 160h60m-24-24l24 24-24 24" />
    <g className="paper line">
      <rect x="336" y="84" width="48" height="64" rx="8" />
      <rect x="396" y="84" width="48" height="64" rx="8" />
      <rect x="336" y="172" width="48" height="64" rx="8" />
      <rect x="396" y="172" width="48" height="64" rx="8" />
    </g>
    <path className="line accent-line" d="M350 132h20M410 132h20M350 220h20M410 220h20" />
  </Drawing>
);

const printing = (
  <Drawing>
    <Printer>
      <g className="nudge-down">
        <g transform={at(160, 208)}>
          <Slip length={92} />
          <path className="line" d="M28 26h104M28 50h64" />
        </g>
      </g>
    </Printer>
  </Drawing>
);

const takeSlip = (
  <Drawing>
    <rect className="soft line" x="60" y="20" width="360" height="72" rx="20" />
    <path className="slot" d="M130 90h220" />
    <g className="nudge-down">
      <g transform={at(160, 92)}>
        <Slip length={190} />
        <path className="line" d="M30 34h100M30 66h60M30 98h100" />
      </g>
    </g>
    <ArrowDown x={384} y={150} />
  </Drawing>
);

const done = (
  <Drawing>
    <g transform={at(52, 108)}>
      <Card />
    </g>
    <g transform={at(268, 40)}>
      <path className="paper line" d="M0 0h160v212l-20-14-20 14l-20-14-20 14l-20-14-20 14l-20-14-20 14z" />
      <path className="line" d="M30 44h100M30 78h60M30 112h100" />
    </g>
    <Check x={240} y={244} r={54} />
  </Drawing>
);

const clock = (
  <Drawing>
    <Clock x={240} y={160} scale={1.2} />
  </Drawing>
);

const adultAndChild = (
  <Drawing>
    <g transform={at(90, 54)}>
      <Person />
    </g>
    <g transform={at(232, 54)}>
      <Person small />
    </g>
    <path className="line" d="M54 270h372" />
  </Drawing>
);

const brokenLink = (
  <Drawing>
    <rect className="soft line" x="40" y="70" width="110" height="180" rx="16" />
    <rect className="paper line thin" x="62" y="94" width="66" height="70" rx="6" />
    <rect className="soft line" x="330" y="90" width="110" height="140" rx="16" />
    <path className="line" d="M354 126h62M354 160h62M354 194h24M158 160h44M278 160h44" />
    <path className="line accent-line" d="M222 138l36 44M258 138l-36 44" />
  </Drawing>
);

const printerTrouble = (
  <Drawing>
    <Printer />
    <Attention x={376} y={232} />
  </Drawing>
);

const slipLeft = (
  <Drawing>
    <rect className="soft line" x="60" y="20" width="360" height="72" rx="20" />
    <path className="slot" d="M130 90h220" />
    <g transform={at(160, 92)}>
      <Slip length={170} />
      <path className="line" d="M30 34h100M30 66h60" />
    </g>
    <g className="ring-clock">
      <Clock x={352} y={222} scale={0.55} />
    </g>
  </Drawing>
);

const desk = (sign: ReactNode): ReactElement => (
  <Drawing>
    <path className="soft line" d="M150 292l12-64h156l12 64z" />
    <rect className="soft line" x="96" y="24" width="288" height="204" rx="20" />
    <rect className="paper line thin" x="122" y="50" width="236" height="152" rx="8" />
    {sign}
  </Drawing>
);

const waiting = desk(
  <g className="dots">
    <circle className="accent" cx="188" cy="126" r="15" />
    <circle className="accent" cx="240" cy="126" r="15" />
    <circle className="accent" cx="292" cy="126" r="15" />
  </g>,
);
const deskTrouble = desk(<Attention x={240} y={126} />);

const attention = <Attention x={394} y={234} />;

const stops: Readonly<Record<StopReason, ReactElement>> = {
  cancelled: takeCard,
  'timed-out': clock,
  'card-removed': insertCard,
  'card-unreadable': cardWith(attention),
  'card-not-a-cns': cardWith(attention, false),
  'card-unknown-series': cardWith(attention),
  'card-expired': cardWith(<Clock x={394} y={226} scale={0.5} />),
  'card-revoked': cardWith(attention),
  'card-suspended': cardWith(attention),
  'card-not-verifiable': brokenLink,
  'not-an-adult': adultAndChild,
  'card-of-another-region': cardWith(attention),
  'not-allowed-here': cardWith(attention),
  'operator-refused': documentWith(attention),
  'document-expired': documentWith(<Clock x={394} y={232} scale={0.5} />),
  'document-mismatch': documentWith(attention),
  'contact-not-proved': envelope(attention),
  'cms-unreachable': brokenLink,
  'cms-refused': brokenLink,
  'printer-failed': printerTrouble,
  'slip-not-collected': slipLeft,
  'no-envelopes': envelope(attention),
  'pin-not-set': cardWith(attention),
  'envelope-not-handed': envelope(<Clock x={394} y={232} scale={0.5} />),
  'card-activated': cardWith(<Check x={394} y={234} r={48} />),
  'card-not-activated': cardWith(attention),
  'prior-pin-blocked': cardWith(attention),
  'prior-card-refused': cardWith(attention),
  'puk-blocked': cardWith(attention),
  'pin-not-changeable': cardWith(attention),
  'pin-unknown': insertCard,
  'no-puk': cardWith(attention),
  'service-refused': cardWith(attention),
  'certificate-not-loaded': cardWith(attention),
  'service-unknown': waiting,
  'records-unwritable': deskTrouble,
};

const outOfService: Readonly<Record<ServiceProblem, ReactElement>> = {
  'card-reader': deskTrouble,
  printer: printerTrouble,
  'printer-locked': printerTrouble,
  records: deskTrouble,
  recovering: waiting,
};

/** The picture of each screen; `stopped` and `out-of-service` have one a reason. */
export function drawingOf(screen: CitizenScreen | { readonly screen: 'lost' }): ReactElement {
  switch (screen.screen) {
    case 'starting':
    case 'lost':
      return waiting;
    case 'welcome':
      return insertCard;
    case 'reading':
      return cardWithin;
    case 'recognised':
      return cardWith(<Check x={394} y={234} r={48} />);
    case 'menu':
      return screen.notActivated === null ? cardWith(<Check x={394} y={234} r={48} />) : stops[screen.notActivated];
    case 'notice':
      return notice;
    case 'operator':
      return operator;
    case 'contact':
      return envelope(null);
    case 'contact-code':
      return codeOnPhone;
    case 'issuing':
      return printing;
    case 'envelope':
      return screen.stage === 'setting' ? cardWithin : envelope(null);
    case 'envelope-done':
      return done;
    case 'service':
      return waiting;
    case 'swap-cards':
      return screen.cardIn ? takeCard : insertCard;
    case 'prior-pin':
    case 'unblock':
    case 'unblocking':
      return cardWithin;
    case 'unblock-done':
    case 'service-done':
      return cardWith(<Check x={394} y={234} r={48} />);
    case 'print-failed':
      return printerTrouble;
    case 'collect':
      return takeSlip;
    case 'done':
      return done;
    case 'stopped':
      return stops[screen.reason];
    case 'card-forgotten':
      return takeCard;
    case 'out-of-service':
      return outOfService[screen.reason];
  }
}
