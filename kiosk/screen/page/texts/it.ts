import type { ContactProblem, ServiceProblem, StopReason, OperatorStatus, CitizenScreen } from '../../../../flows/session/status.ts';
import type { EvidenceClass } from '../../../../devices/printer/contract.ts';
import type { ReprintProblem } from '../../../../flows/operations/activation.ts';
import type { HeldOperation } from '../../../../flows/operations/resolution.ts';
import type { FailedSlip, Finding } from '../../../../flows/ports/operators.ts';
import type { ClockFault } from '../../../../flows/ports/trust.ts';
import type { Operation } from '../../../../flows/procedures/vocabulary.ts';
import type { DocumentType } from '../../../../flows/people/identity-document.ts';

/** Of a stop: what happened, and what to do next. That nothing is lost, or what is, follows from the codes' state: `stopped.codes`. */
interface Stop {
  readonly main: string;
  readonly next: string;
}

/** All that the page says, in Italian. The other languages have the same shape, so a missing text is a type error. */
export const it = {
  language: 'Italiano',
  /** BCP 47. */
  tag: 'it',
  steps: { label: 'A che punto sei', names: ['Tessera', 'Documento', 'Contatto', 'Codici'] as readonly string[], done: 'fatto' },
  corner: { label: 'Sempre a portata', cancel: 'Annulla', help: 'Aiuto', language: 'Lingua', accessibility: 'Accessibilità' },
  close: 'Chiudi',
  back: 'Torna indietro',

  lost: {
    main: 'Un momento…',
    below: 'Mi sto ricollegando. Non hai perso nulla: se la tessera è inserita, lasciala dov’è.',
  },
  warning: {
    main: 'Sei ancora qui?',
    below: (seconds: number) =>
      seconds === 1 ? 'Tra 1 secondo chiudo e cancello tutto.' : `Tra ${seconds} secondi chiudo e cancello tutto.`,
    stay: 'Sono ancora qui',
  },
  cancel: {
    main: 'Vuoi interrompere?',
    below: 'Non perdi nulla: riprendi la tessera e puoi ricominciare quando vuoi.',
    yes: 'Sì, interrompi',
    no: 'No, continua',
  },
  help: {
    main: 'Come funziona',
    steps: [
      'Inserisci la tessera: leggo i dati che contiene.',
      'L’operatore controlla il tuo documento.',
      'Scrivi la tua e-mail e il codice di prova che ricevi.',
      'Prendi il foglio con la prima parte dei codici. La seconda arriva per e-mail.',
    ] as readonly string[],
    person: 'Hai bisogno di una mano? Chiedi all’operatore qui vicino, oppure chiama',
  },
  languageChoice: { main: 'Lingua' },
  accessibility: {
    main: 'Accessibilità',
    contrast: 'Contrasto alto',
    larger: 'Testo più grande',
    on: 'attivo',
    off: 'non attivo',
  },

  starting: { main: 'Un momento…', below: 'Lo sportello si sta preparando.' },
  welcome: {
    main: 'Attiva la tua tessera sanitaria',
    below: 'Inserisci la tessera dal lato del chip, con il chip verso l’alto.',
    needed: 'Cosa serve?',
    neededMain: 'Cosa serve',
  },
  bring: {
    forWhom: 'Per chi?',
    forWhat: 'Che cosa vuoi fare?',
    here: 'Si fa qui, a questo sportello.',
    elsewhere: (places: string) => `A questo sportello non si fa: si fa ${places}.`,
    picture: 'Codice QR con lo stesso elenco',
    telephone: 'Inquadra con il telefono: l’elenco resta a te.',
    print: 'Stampa l’elenco',
    paper: {
      printing: 'Stampo…',
      printed: 'Prendi il foglio.',
      'not-printed': 'Adesso non riesco a stampare. L’elenco resta qui sullo schermo.',
    },
  },
  reading: { main: 'Leggo la tessera…', below: 'Non toglierla. Ci vuole un secondo.' },
  recognised: {
    main: (greeting: string) => `Ciao ${greeting}`,
    below: 'Vuoi attivare la tua tessera e ricevere i codici?',
    code: 'Codice fiscale',
    yes: 'Sì, voglio attivarla',
  },
  notice: {
    main: 'Come usiamo i tuoi dati',
    lines: [
      'Leggiamo nome e codice fiscale dal chip.',
      'Del documento annotiamo quattro dati. Nessuna copia.',
      'L’e-mail serve solo per la seconda parte dei codici.',
      'Nessuno vede i codici interi, nemmeno l’operatore.',
      'Alla fine lo schermo cancella tutto.',
      'L’operazione resta registrata, come chiede la legge.',
    ] as readonly string[],
    whole: 'Leggi tutto',
    wholeMain: 'Informativa completa',
    read: 'Ho letto',
  },
  operator: {
    main: 'Un operatore controlla il tuo documento',
    below: 'Mostra all’operatore, qui allo sportello, il tuo documento d’identità.',
    time: 'Di solito ci vogliono due minuti. Lascia la tessera inserita.',
  },
  contact: {
    main: 'Dove ti mandiamo la seconda parte?',
    below: 'La seconda parte dei codici arriva per e-mail. Scrivi il tuo indirizzo.',
    label: 'La tua e-mail',
    complete: 'Indirizzo completo',
    send: 'Manda il codice',
    keyboard: 'Tastiera',
    erase: 'Cancella',
    byEmail: 'Per e-mail',
    bySms: 'Per SMS',
    belowMobile: 'La seconda parte dei codici arriva per SMS. Scrivi il tuo numero di cellulare.',
    mobileLabel: 'Il tuo cellulare',
    problems: {
      'not-a-mobile': 'Questo non sembra un cellulare italiano: comincia con 3 e ha nove o dieci cifre.',
      'not-an-address': 'Questo indirizzo non sembra completo. Controlla la chiocciola (@) e la fine, per esempio .it.',
      'not-accepted': 'Non possiamo scrivere a questo indirizzo. Usa un’altra e-mail, non una PEC.',
      unreachable: 'Non sono riuscito a mandare il codice. Non hai perso nulla: riprova o usa un’altra e-mail.',
    } satisfies Record<ContactProblem, string>,
  },
  contactCode: {
    main: 'Scrivi il codice che ti abbiamo mandato',
    below: (masked: string) => `L’abbiamo mandato a ${masked}`,
    label: 'Codice di sei cifre',
    keypad: 'Tastierino',
    erase: 'Cancella',
    confirm: 'Conferma',
    resend: 'Manda un altro codice',
    resendIn: (seconds: number) => `Un altro codice tra ${seconds} s`,
    change: 'Cambia recapito',
    wrong: (triesLeft: number) =>
      triesLeft === 1
        ? 'Il codice non è giusto. Puoi provare ancora una volta.'
        : `Il codice non è giusto. Puoi provare ancora ${triesLeft} volte.`,
  },
  issuing: {
    main: 'Preparo i tuoi codici',
    below: 'Non togliere la tessera: ci vuole meno di un minuto.',
    lastMain: 'Registro la consegna…',
    lastBelow: 'Ancora un momento, poi abbiamo finito.',
    stages: {
      reserving: 'Chiedo i codici',
      preparing: 'Preparo il foglio',
      printing: 'Stampo il foglio',
      recording: 'Registro la consegna',
    } satisfies Record<Extract<CitizenScreen, { screen: 'issuing' }>['stage'], string>,
    done: 'fatto',
    now: 'in corso',
    next: 'tra poco',
  },
  printFailed: {
    main: 'La stampa si è fermata',
    below: 'Il guasto è nostro. L’operatore sta arrivando: lascia la tessera dov’è.',
    piece: 'Se è uscito un pezzo di foglio, dallo all’operatore.',
  },
  collect: {
    main: 'Prendi il foglio',
    below: 'È qui sotto. Contiene la prima parte dei codici: non mostrarlo a nessuno.',
    taken: 'L’ho preso',
    thanks: 'Grazie. Aspetta che l’operatore lo confermi.',
    cardGone: 'La tessera l’hai già ripresa: conferma presto, o i codici si annullano.',
  },
  done: {
    main: 'Fatto',
    received: (masked: string) => `Hai la prima parte dei codici. La seconda arriva tra pochi minuti a ${masked}.`,
    pending: (masked: string, until: string | null) =>
      until === null
        ? `La seconda parte dei codici arriva a ${masked} appena il collegamento torna.`
        : `La seconda parte dei codici aspetta il collegamento. Arriva a ${masked} al più tardi il ${until}.`,
    missing: (number: string) => `Se non la ricevi, guarda nella posta indesiderata o chiama il ${number}.`,
    apart: 'Tieni il foglio lontano dalla tessera.',
    takeCard: 'Riprendi la tessera.',
  },

  stopped: {
    codes: {
      'not-issued': 'Non hai perso nulla: nessun codice è stato emesso.',
      void: 'I codici preparati sono annullati: se hai un foglio, non serve più. La tessera è a posto.',
      held: 'I codici sono bloccati: nessuno può usarli finché un operatore non ha controllato. La tessera è a posto.',
    } satisfies Record<Extract<CitizenScreen, { screen: 'stopped' }>['codes'], string>,
    takeCard: 'Riprendi la tessera',
    forOperator: 'Per l’operatore',
    reasons: {
      cancelled: { main: 'Hai interrotto', next: 'Quando vuoi ricominciare, inserisci di nuovo la tessera.' },
      'timed-out': {
        main: 'Il tempo è scaduto',
        next: 'Ho chiuso per proteggere i tuoi dati. Per ricominciare inserisci di nuovo la tessera.',
      },
      'card-removed': {
        main: 'La tessera è uscita',
        next: 'Senza tessera non posso continuare. Per ricominciare inseriscila e lasciala fino alla fine.',
      },
      'card-unreadable': {
        main: 'Non riesco a leggere la tessera',
        next: 'Controlla che il chip ci sia, pulito e rivolto verso l’alto, poi riprova. Se non va, chiedi all’operatore.',
      },
      'card-not-a-cns': {
        main: 'Non è una tessera sanitaria con il chip',
        next: 'Inserisci quella giusta. Se la tua non ha il chip, chiedi all’operatore come averne una.',
      },
      'card-unknown-series': {
        main: 'Non conosco ancora questo tipo di tessera',
        next: 'Può andare bene lo stesso, ma io non la so leggere. Chiedi all’operatore a quale sportello andare.',
      },
      'card-expired': {
        main: 'La tua tessera è scaduta',
        next: 'Quella nuova arriva a casa da sola. Se non l’hai ricevuta, chiedi alla tua azienda sanitaria.',
      },
      'card-revoked': {
        main: 'Questa tessera è revocata',
        next: 'Non si può più attivare. Se ne hai ricevuta una nuova, usa quella; se no chiedi all’operatore.',
      },
      'card-suspended': { main: 'Questa tessera è sospesa', next: 'Prima va riattivata. Chiedi all’operatore come si fa.' },
      'card-not-verifiable': {
        main: 'Non posso controllare la tessera',
        next: 'Mi mancano dati aggiornati: non dipende da te. Riprova più tardi o chiedi all’operatore.',
      },
      'not-an-adult': {
        main: 'Serve un genitore o un tutore',
        next: 'Per chi ha meno di 18 anni lo sportello non basta. Un genitore può chiedere all’operatore.',
      },
      'not-allowed-here': {
        main: 'Qui non posso attivarla',
        next: 'Questa tessera si attiva in un altro sportello. L’operatore ti dice quale.',
      },
      'operator-refused': {
        main: 'L’operatore non ha potuto confermare',
        next: 'Chiedi all’operatore che cosa manca, poi puoi ricominciare.',
      },
      'document-expired': {
        main: 'Il documento è scaduto',
        next: 'Torna con un documento d’identità valido: carta d’identità, passaporto o patente.',
      },
      'document-mismatch': {
        main: 'Documento e tessera non coincidono',
        next: 'I dati vanno corretti all’Agenzia delle Entrate. L’operatore ti spiega come.',
      },
      'contact-not-proved': {
        main: 'Non abbiamo confermato la tua e-mail',
        next: 'Controlla di poterla leggere dal telefono, poi ricomincia con la tessera.',
      },
      'cms-unreachable': {
        main: 'Il collegamento non risponde',
        next: 'Il guasto è nostro, non tuo. Riprova tra qualche minuto o chiedi all’operatore.',
      },
      'cms-refused': { main: 'Il sistema non ha dato i codici', next: 'Il motivo lo vede l’operatore: chiedi a lui come andare avanti.' },
      'printer-failed': {
        main: 'La stampante si è fermata',
        next: 'Il guasto è nostro, non tuo. Se è uscito un pezzo di foglio, dallo all’operatore.',
      },
      'slip-not-collected': {
        main: 'Il foglio non è stato ritirato',
        next: 'Se lo vedi, lascialo all’operatore. Per averne uno nuovo ricomincia con la tessera.',
      },
      'no-envelopes': {
        main: 'Non ci sono buste',
        next: 'Qui le buste con i codici sono finite, o il turno non è aperto. L’operatore ti dice dove andare.',
      },
      'pin-not-set': {
        main: 'Il PIN non è stato impostato',
        next: 'La busta letta non si usa più. Chiedi all’operatore: per averne una nuova si ricomincia con la tessera.',
      },
      'envelope-not-handed': {
        main: 'La busta non è stata consegnata',
        next: 'Il PIN vecchio non vale più. Per averne uno nuovo, in un’altra busta, ricomincia con la tessera.',
      },
      'records-unwritable': {
        main: 'Non posso registrare l’operazione',
        next: 'Il guasto è nostro, non tuo, e senza registro non vado avanti. Chiedi all’operatore.',
      },
    } satisfies Record<StopReason, Stop>,
  },
  cardForgotten: { main: 'Riprendi la tessera', below: 'È ancora nel lettore. Abbiamo finito: portala con te.' },
  outOfService: {
    main: 'Questo sportello è fermo',
    reasons: {
      'card-reader': 'Il lettore di tessere non risponde.',
      printer: 'La stampante non è pronta: forse manca la carta.',
      'printer-locked': 'La stampante va controllata da un operatore prima di stampare ancora.',
      records: 'Non posso registrare le operazioni.',
      recovering: 'Sto controllando che cosa era in corso. Riapro tra poco.',
    } satisfies Record<ServiceProblem, string>,
    nothingLost: 'La tua tessera è a posto e nessun codice va perso.',
    next: (number: string) => `Chiedi all’operatore o chiama il ${number}.`,
  },

  desk: {
    title: 'Operatore di sportello',
    signOn: 'Accedi',
    signOff: 'Esci',
    operatorId: 'Codice operatore',
    pin: 'PIN',
    signOnProblems: {
      'unknown-operator': 'Codice operatore non conosciuto. Controlla come è scritto.',
      'wrong-pin': (triesLeft: number) => `PIN non giusto. Tentativi rimasti: ${triesLeft}.`,
      locked: (until: string) => `Accesso bloccato fino alle ${until}. Nessun dato è perso.`,
    },
    unavailable: 'Lo sportello non ha risposto. Riprova.',
    lost: 'Collegamento interrotto, mi sto ricollegando…',
    citizenSees: 'Il cittadino vede',
    held: {
      title: 'Da decidere',
      below: 'Non si sa se il foglio è arrivato al titolare. Decidi solo ciò che hai visto o che ti è stato confermato.',
      operation: 'Operazione',
      opened: 'Iniziata',
      held: 'Sospesa',
      reasons: {
        'printer-failed': 'la stampante si è fermata',
        interrupted: 'lo sportello si è interrotto',
        'card-removed': 'tessera tolta durante la stampa',
        'timed-out': 'tempo scaduto',
      } as Readonly<Record<string, string>>,
      evidence: 'Prova',
      classes: {
        E0: 'nulla inviato alla stampante',
        E1: 'dati inviati, stampa non confermata',
        E2: 'stampa completa',
        E3: 'foglio visto dai sensori',
        E4: 'consegna attestata',
      } satisfies Record<EvidenceClass, string>,
      buffers: {
        needless: 'memoria mai usata',
        printed: 'memoria stampata',
        cleared: 'memoria svuotata',
        locked: 'memoria non svuotata',
      },
      raw: 'Risposte della stampante',
      nothing: 'nessuna',
      stages: { reporting: 'in comunicazione', held: 'da decidere', decided: 'decisa' } satisfies Record<HeldOperation['stage'], string>,
      reporting: 'Il sistema centrale non sa ancora che è sospesa. Potrai decidere quando il collegamento torna.',
      decided: (finding: string) => `Deciso: ${finding}. Si chiude quando il sistema centrale lo conferma.`,
      question: 'Che cosa hai accertato?',
      findings: {
        'handed-over': 'Il titolare ha il foglio intero',
        'not-handed-over': 'Il titolare non ha il foglio, e non so dov’è',
        destroyed: 'Il foglio non è uscito, oppure l’ho distrutto',
      } satisfies Record<Finding, string>,
      means: {
        'handed-over': 'I codici valgono e parte la seconda parte. Non si torna indietro.',
        'not-handed-over': 'I codici vengono annullati e il foglio risulta esposto. Non si torna indietro.',
        destroyed: 'I codici vengono annullati. Non si torna indietro.',
      } satisfies Record<Finding, string>,
      doubt: 'Nel dubbio non decidere: finché è sospesa, la seconda parte non parte.',
      sign: 'Firma la decisione',
    },
    revocation: {
      title: 'Liste di revoca',
      inShort: { fresh: 'aggiornate', stale: 'scadute', missing: 'assenti', clock: 'orologio non affidabile' },
      none: 'Non ce n’è nessuna: di una tessera non si può sapere se è stata revocata.',
      list: (since: string, until: string | null, stale: boolean) =>
        `del ${since}${until === null ? '' : stale ? `, scaduta: la successiva era attesa per il ${until}` : `, la successiva entro il ${until}`}`,
      clockFaults: {
        jumped: 'L’orologio di questa macchina ha fatto un salto: finché non è confermato, le liste non bastano.',
        'behind-crl': 'L’orologio di questa macchina è indietro rispetto alle liste: va regolato.',
        'crl-of-the-future': 'È arrivata una lista con una data futura: l’orologio di questa macchina va controllato.',
      } satisfies Record<ClockFault['kind'], string>,
      tableTitle: 'Se non si sa se la tessera è revocata',
      refused: 'si rifiuta',
      allowed: 'si procede lo stesso',
      allowedFor: (hours: number) => `si procede fino a ${hours} ore dopo la scadenza della lista`,
      operations: {
        activation: 'attivazione',
        reissue: 'riemissione dei codici',
        renewal: 'rinnovo con la tessera precedente',
        suspension: 'sospensione',
        reactivation: 'riattivazione',
        revocation: 'revoca',
        'interop-activation': 'attivazione in interoperabilità',
        'interop-duplicate': 'duplicato in interoperabilità',
        'interop-revocation': 'revoca in interoperabilità',
        'signature-certificate': 'certificato di firma',
        'reader-handout': 'consegna del lettore',
        'pin-unblock': 'sblocco del PIN',
        'validity-extension': 'proroga della validità',
      } satisfies Record<Operation, string>,
    },
    attention: 'Da controllare',
    attentionBelow: 'Avvisa l’assistenza e indica il numero di operazione. Nulla viene corretto da solo.',
    attentionKinds: {
      undelivered: 'Il sistema centrale non accetta l’esito',
      'cms-forgot': 'Il sistema centrale non conosce la prenotazione',
      'confirmed-without-hand-over': 'Risulta confermata, ma qui non è stata consegnata',
      'release-without-intent': 'Una parte dei codici è stata rilasciata senza una stampa',
      'slip-without-release': 'Un foglio è stato stampato senza un rilascio',
      'intent-without-evidence': 'Di una stampa non si sa com’è finita',
    },
    printer: 'Stampante',
    printerStates: {
      disconnected: 'scollegata',
      silent: 'non risponde',
      'cover-open': 'coperchio aperto',
      'paper-out': 'carta finita',
      'cutter-error': 'taglierina bloccata',
      'hardware-error': 'guasta',
      offline: 'non in linea',
      locked: 'bloccata: spegnila e riaccendila',
      'slip-in-output': 'un foglio è nell’uscita',
      'paper-near-end': 'carta quasi finita',
      ready: 'pronta',
    } satisfies Record<OperatorStatus['printer'], string>,
    screens: {
      starting: 'avvio',
      welcome: 'invito',
      reading: 'lettura tessera',
      recognised: 'benvenuto',
      notice: 'informativa',
      operator: 'attesa operatore',
      contact: 'e-mail',
      'contact-code': 'conferma e-mail',
      issuing: 'emissione',
      'print-failed': 'stampa fermata',
      collect: 'ritiro foglio',
      done: 'fine',
      stopped: 'fermo',
      'card-forgotten': 'tessera dimenticata',
      'out-of-service': 'fuori servizio',
    } satisfies Record<CitizenScreen['screen'], string>,
    nobody: 'Nessuno aspetta',
    nobodyBelow: 'Quando qualcuno ha bisogno di te, lo vedi qui.',
    identify: 'Identifica il titolare',
    card: 'Dati della tessera',
    document: 'Documento mostrato',
    surname: 'Cognome',
    name: 'Nome',
    birthDate: 'Data di nascita',
    sex: 'Sesso',
    fiscalCode: 'Codice fiscale',
    certificate: 'Certificato',
    certificateStates: {
      good: 'valido',
      revoked: 'revocato',
      suspended: 'sospeso',
      expired: 'scaduto',
      unknown: 'non verificabile',
    } as Readonly<Record<string, string>>,
    crlAge: (hours: number) => `lista di revoca di ${hours} h fa`,
    crlMissing: 'lista di revoca assente',
    type: 'Tipo di documento',
    number: 'Numero',
    issuingBody: 'Ente emittente',
    expires: 'Scadenza (GG/MM/AAAA)',
    expiresUnreadable: 'Scrivi la data come 31/12/2030.',
    expired: 'Scaduto: questo documento non può essere accettato.',
    problems: {
      'document-expired': 'Il documento è scaduto: chiedine un altro, oppure rifiuta.',
      'document-not-accepted': 'Questo tipo di documento non è accettato dalla procedura: chiedine un altro, oppure rifiuta.',
    },
    documentTypes: {
      'identity-card': 'Carta d’identità',
      passport: 'Passaporto',
      'driving-licence': 'Patente di guida',
      'boating-licence': 'Patente nautica',
      'pension-book': 'Libretto di pensione',
      'boiler-operator-licence': 'Patentino di impianti termici',
      'firearms-licence': 'Porto d’armi',
      'other-state-card': 'Altra tessera dello Stato con foto e timbro',
    } satisfies Record<DocumentType, string>,
    identified: 'Identificato: i dati coincidono',
    refuse: 'Rifiuta',
    refuseReasons: { 'document-mismatch': 'Dati diversi', 'document-expired': 'Documento scaduto', 'operator-refused': 'Altro motivo' },
    reprint: {
      title: 'La stampa si è fermata',
      tried: (attempt: number, attempts: number) => `Stampa ${attempt} di ${attempts} non riuscita.`,
      nothingSent: 'Alla stampante non è arrivato nulla: nessun foglio può essere uscito.',
      torn: 'Una parte del foglio può essere uscita: guarda nella stampante e nelle mani del titolare.',
      ready: 'Sistema la stampante: quando è pronta puoi ristampare.',
      slips: { 'nothing-out': 'Non è uscito nulla', destroyed: 'Ho distrutto quello che è uscito' } satisfies Record<FailedSlip, string>,
      again: 'Firma e ristampa',
      no: 'Non ristampare',
      noMeans: 'Senza ristampa non si consegna nulla: se una parte del foglio può essere uscita, l’operazione resta da decidere.',
      problems: {
        'printer-not-ready': 'La stampante non è ancora pronta.',
        'not-signed': 'La decisione non è stata firmata: accedi di nuovo.',
      } satisfies Record<ReprintProblem, string>,
    },
    handOver: 'Consegna del foglio',
    handOverBelow: 'Il foglio è nelle mani del titolare?',
    attempt: (attempt: number) => `Stampa n. ${attempt}`,
    citizenSaysTaken: 'Il cittadino dice di averlo preso.',
    citizenSilent: 'Il cittadino non ha ancora risposto.',
    handedOver: 'Sì, consegnato',
    notHandedOver: 'No, non consegnato',
    notHandedOverMeans: 'Con «No» i codici vengono annullati e il foglio va distrutto.',
    notAccepted: 'La situazione è cambiata nel frattempo: non ho fatto nulla.',
  },
};

export type Texts = typeof it;
