-- Cards and their holders: those of this region as its register has them, and, apart, those of others as the national system has them.
CREATE TABLE registered_cards (
  card_id            TEXT PRIMARY KEY,
  register           TEXT NOT NULL CHECK (register IN ('regional', 'national')),
  certificate_digest TEXT NOT NULL,
  -- Hexadecimal, where this CMS's own authority issued the certificate: then its CRL says how the card stands.
  certificate_serial TEXT,
  fiscal_code        TEXT NOT NULL,
  surname            TEXT NOT NULL,
  name               TEXT NOT NULL,
  birth_date         TEXT NOT NULL,
  expires_on         TEXT NOT NULL,
  status             TEXT NOT NULL CHECK (status IN ('active', 'suspended', 'revoked')),
  reason             TEXT,
  changed_at         INTEGER NOT NULL,
  activated          INTEGER NOT NULL CHECK (activated IN (0, 1)),
  -- Keyed digest: who lives together must be told apart, and not be read here.
  household          BLOB,
  -- The national system knows of no suspension.
  CHECK (register = 'regional' OR status <> 'suspended')
) STRICT, WITHOUT ROWID;
CREATE INDEX registered_cards_by_holder ON registered_cards (fiscal_code);

-- The ratchet once more, where no code can go round it.
CREATE TRIGGER cards_revoked_for_good BEFORE UPDATE OF status ON registered_cards
WHEN OLD.status = 'revoked' AND NEW.status <> 'revoked'
BEGIN SELECT RAISE(ABORT, 'a revoked card stays revoked'); END;
CREATE TRIGGER registered_cards_stay BEFORE DELETE ON registered_cards
BEGIN SELECT RAISE(ABORT, 'a card is never deleted'); END;

-- One row a service that was done or that will never be (then there is no request), with its receipt. Gap-free by `sequence`.
CREATE TABLE services (
  sequence     INTEGER PRIMARY KEY,
  operation_id TEXT NOT NULL UNIQUE,
  kiosk        TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('DONE', 'VOIDED')),
  card_id      TEXT REFERENCES registered_cards,
  operation    TEXT,
  operator     TEXT,
  request      TEXT,
  card_status  TEXT,
  at           INTEGER NOT NULL,
  jws          TEXT NOT NULL,
  CHECK ((state = 'DONE') = (request IS NOT NULL AND card_id IS NOT NULL AND operation IS NOT NULL AND card_status IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX services_one_signature ON services (card_id) WHERE operation = 'signature-certificate';
CREATE TRIGGER services_are_not_changed BEFORE UPDATE ON services
BEGIN SELECT RAISE(ABORT, 'a service is not changed'); END;
CREATE TRIGGER services_stay BEFORE DELETE ON services
BEGIN SELECT RAISE(ABORT, 'a service is never deleted'); END;

-- One reader a household.
CREATE TABLE readers (
  household    BLOB PRIMARY KEY,
  operation_id TEXT NOT NULL UNIQUE REFERENCES services (operation_id)
) STRICT, WITHOUT ROWID;
