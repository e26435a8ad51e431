-- What the blind envelope needs: issued cards, envelopes, and the relays that set a card's PIN. Codes and keys of specimens stand here as they are.

CREATE TABLE cards (
  card_id            TEXT PRIMARY KEY,
  certificate_digest TEXT NOT NULL,
  issuer             TEXT NOT NULL,
  state              TEXT NOT NULL CHECK (state IN ('not-activated', 'activated', 'revoked')),
  puk                TEXT NOT NULL,
  -- No scheme: a series without secure messaging.
  scheme             TEXT,
  encryption_key     BLOB,
  mac_key            BLOB,
  certificate_path   TEXT NOT NULL,
  pin_reference      INTEGER NOT NULL,
  asking_tries       TEXT NOT NULL CHECK (asking_tries IN ('free', 'unknown')),
  CHECK ((scheme IS NULL) = (encryption_key IS NULL) AND (scheme IS NULL) = (mac_key IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE batches (
  batch     TEXT PRIMARY KEY,
  desk      TEXT NOT NULL,
  issued_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE envelopes (
  number       TEXT PRIMARY KEY,
  batch        TEXT NOT NULL REFERENCES batches,
  holder_kind  TEXT NOT NULL CHECK (holder_kind IN ('operator', 'magazine')),
  holder_id    TEXT NOT NULL,
  pin          TEXT NOT NULL,
  user_code    TEXT NOT NULL,
  state        TEXT NOT NULL DEFAULT 'free' CHECK (state IN ('free', 'bound', 'handed', 'withdrawn')),
  -- Kept for good: one envelope serves one operation, and one operation one envelope.
  operation_id TEXT UNIQUE REFERENCES operations,
  CHECK (state NOT IN ('bound', 'handed') OR operation_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER envelopes_never_back BEFORE UPDATE ON envelopes
WHEN NOT (OLD.state = NEW.state
  OR (OLD.state = 'free' AND NEW.state IN ('bound', 'withdrawn'))
  OR (OLD.state = 'bound' AND NEW.state IN ('handed', 'withdrawn')))
  OR (OLD.operation_id IS NOT NULL AND OLD.operation_id IS NOT NEW.operation_id)
BEGIN SELECT RAISE(ABORT, 'an envelope never goes back'); END;
CREATE TRIGGER envelopes_stay BEFORE DELETE ON envelopes
BEGIN SELECT RAISE(ABORT, 'an envelope is never deleted'); END;

CREATE TABLE envelope_reservations (
  operation_id       TEXT PRIMARY KEY REFERENCES operations,
  operator           TEXT NOT NULL,
  desk               TEXT NOT NULL,
  profile            TEXT NOT NULL,
  profile_version    TEXT NOT NULL,
  card_id            TEXT NOT NULL REFERENCES cards,
  fiscal_code        TEXT NOT NULL,
  surname            TEXT NOT NULL,
  name               TEXT NOT NULL,
  birth_date         TEXT NOT NULL,
  document           TEXT NOT NULL,
  operator_assertion TEXT NOT NULL,
  -- The card's PIN, as far as is known.
  pin                TEXT NOT NULL DEFAULT 'not-set' CHECK (pin IN ('not-set', 'unknown', 'set')),
  evidence           TEXT NOT NULL DEFAULT 'none' CHECK (evidence IN ('none', 'status-word', 'verified', 'proved'))
) STRICT, WITHOUT ROWID;

-- `nonce` and the card's answers are all that is kept of a relay: its commands are made from them anew.
CREATE TABLE relays (
  relay        TEXT PRIMARY KEY,
  operation_id TEXT NOT NULL REFERENCES envelope_reservations,
  nonce        BLOB NOT NULL,
  begun_at     INTEGER NOT NULL,
  ended        TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX relays_one_at_a_time ON relays (operation_id) WHERE ended IS NULL;

CREATE TABLE relay_answers (
  relay    TEXT NOT NULL REFERENCES relays,
  sequence INTEGER NOT NULL,
  answer   BLOB NOT NULL,
  PRIMARY KEY (relay, sequence)
) STRICT, WITHOUT ROWID;

-- Counts as they were answered. The seed of a shift's draws, once it is revealed, cannot become another one.
CREATE TABLE envelope_counts (
  shift   TEXT NOT NULL,
  batch   TEXT NOT NULL REFERENCES batches,
  attempt INTEGER NOT NULL,
  kiosk   TEXT NOT NULL,
  seed    TEXT NOT NULL,
  counted TEXT NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (shift, batch, attempt)
) STRICT, WITHOUT ROWID;

-- Challenges by which a PUK was fetched: each serves once.
CREATE TABLE puk_readings (
  challenge TEXT PRIMARY KEY,
  card_id   TEXT NOT NULL REFERENCES cards,
  at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
