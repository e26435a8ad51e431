-- The reference CMS's database. Instants are milliseconds since 1970 by the CMS's clock.

-- One row an operation that was ever heard of; a tombstone has no reservation.
CREATE TABLE operations (
  operation_id TEXT PRIMARY KEY,
  kiosk        TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('RESERVED', 'CONFIRMED', 'VOIDED', 'HELD')),
  expires_at   INTEGER CHECK ((state = 'RESERVED') = (expires_at IS NOT NULL)),
  changed_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX operations_due ON operations (expires_at) WHERE state = 'RESERVED';

-- The ratchet once more, where no code can go round it.
CREATE TRIGGER operations_never_back BEFORE UPDATE OF state ON operations
WHEN NOT (OLD.state = NEW.state OR OLD.state = 'RESERVED' OR (OLD.state = 'HELD' AND NEW.state IN ('CONFIRMED', 'VOIDED')))
BEGIN SELECT RAISE(ABORT, 'an operation never goes back'); END;
CREATE TRIGGER operations_stay BEFORE DELETE ON operations
BEGIN SELECT RAISE(ABORT, 'an operation is never deleted'); END;

CREATE TABLE contacts (
  contact_id   TEXT PRIMARY KEY,
  operation_id TEXT NOT NULL,
  kiosk        TEXT NOT NULL,
  channel      TEXT NOT NULL CHECK (channel IN ('email', 'sms')),
  value        TEXT NOT NULL,
  send         INTEGER NOT NULL,
  code_hash    BLOB NOT NULL,
  tries_left   INTEGER NOT NULL CHECK (tries_left >= 0),
  sent_at      INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  proved_at    INTEGER,
  UNIQUE (operation_id, send)
) STRICT, WITHOUT ROWID;

CREATE TABLE reservations (
  operation_id       TEXT PRIMARY KEY REFERENCES operations,
  contact_id         TEXT NOT NULL REFERENCES contacts,
  operator           TEXT NOT NULL,
  desk               TEXT NOT NULL,
  profile            TEXT NOT NULL,
  profile_version    TEXT NOT NULL,
  card_id            TEXT NOT NULL,
  certificate_digest TEXT NOT NULL,
  fiscal_code        TEXT NOT NULL,
  surname            TEXT NOT NULL,
  name               TEXT NOT NULL,
  birth_date         TEXT NOT NULL,
  document           TEXT NOT NULL,
  operator_assertion TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE codes (
  operation_id     TEXT NOT NULL REFERENCES reservations,
  position         INTEGER NOT NULL,
  label            TEXT NOT NULL,
  value            TEXT NOT NULL,
  paper_characters INTEGER NOT NULL CHECK (paper_characters > 0 AND paper_characters < length(value)),
  PRIMARY KEY (operation_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE releases (
  operation_id TEXT NOT NULL REFERENCES operations,
  attempt      INTEGER NOT NULL,
  at           INTEGER NOT NULL,
  PRIMARY KEY (operation_id, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX releases_by_day ON releases (at);

-- What kiosks said of the end, each word of it.
CREATE TABLE outcomes (
  id                 INTEGER PRIMARY KEY,
  operation_id       TEXT NOT NULL REFERENCES operations,
  attempt            INTEGER NOT NULL,
  outcome            TEXT NOT NULL,
  evidence           TEXT NOT NULL,
  raw                TEXT NOT NULL,
  exposed            INTEGER NOT NULL,
  reason             TEXT NOT NULL,
  operator_assertion TEXT,
  at                 INTEGER NOT NULL
) STRICT;

-- Gap-free: the sequence is counted inside the transaction that signs.
CREATE TABLE receipts (
  sequence     INTEGER PRIMARY KEY,
  operation_id TEXT NOT NULL REFERENCES operations,
  state        TEXT NOT NULL,
  at           INTEGER NOT NULL,
  jws          TEXT NOT NULL,
  UNIQUE (operation_id, state)
) STRICT;

-- The second part's way out: at most one row an operation, and only of a confirmed one.
CREATE TABLE second_parts (
  operation_id TEXT PRIMARY KEY REFERENCES reservations,
  queued_at    INTEGER NOT NULL,
  due_at       INTEGER NOT NULL,
  tries        INTEGER NOT NULL DEFAULT 0,
  -- Written before the conversation with the mail server, and after it: between the two it is not known whether it took the mail.
  begun_at     INTEGER,
  sent_at      INTEGER,
  given_up_at  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX second_parts_due ON second_parts (due_at) WHERE sent_at IS NULL AND given_up_at IS NULL;
CREATE TRIGGER second_parts_confirmed BEFORE INSERT ON second_parts
WHEN (SELECT state FROM operations WHERE operation_id = NEW.operation_id) IS NOT 'CONFIRMED'
BEGIN SELECT RAISE(ABORT, 'only a confirmed operation sends its second part'); END;

-- Stored answers, for the same Idempotency-Key. `digest` is keyed: a one-time code must not be guessed from it.
CREATE TABLE answers (
  kiosk      TEXT NOT NULL,
  key        TEXT NOT NULL,
  digest     BLOB NOT NULL,
  status     INTEGER NOT NULL,
  media_type TEXT NOT NULL,
  body       BLOB NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (kiosk, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_age ON answers (at);

-- The key that signs a kiosk's checkpoints: the one of its first.
CREATE TABLE device_keys (
  kiosk TEXT PRIMARY KEY,
  jwk   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The checkpoints of kiosks' journals that were countersigned. Each follows the one before.
CREATE TABLE checkpoints (
  kiosk            TEXT NOT NULL REFERENCES device_keys,
  sequence         INTEGER NOT NULL,
  digest           TEXT NOT NULL,
  countersignature TEXT NOT NULL,
  PRIMARY KEY (kiosk, sequence)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER checkpoints_go_on BEFORE INSERT ON checkpoints
WHEN NEW.sequence <= (SELECT max(sequence) FROM checkpoints WHERE kiosk = NEW.kiosk)
BEGIN SELECT RAISE(ABORT, 'a journal only grows'); END;
