-- Signature certificates, which are loaded by a relay; and relays no longer of envelopes alone.

CREATE TABLE signature_requests (
  operation_id TEXT PRIMARY KEY,
  kiosk        TEXT NOT NULL,
  card_id      TEXT NOT NULL REFERENCES registered_cards,
  operator     TEXT NOT NULL,
  request      TEXT NOT NULL,
  -- What came of it stands in `services`; silence until then voids it.
  expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX signature_requests_by_card ON signature_requests (card_id);

-- Which card got which certificate: one an operation.
CREATE TABLE signature_certificates (
  serial       TEXT PRIMARY KEY,
  operation_id TEXT NOT NULL UNIQUE REFERENCES signature_requests,
  -- The relay in which the key was made.
  relay        TEXT NOT NULL,
  certificate  BLOB NOT NULL,
  state        TEXT NOT NULL DEFAULT 'issued' CHECK (state IN ('issued', 'loaded', 'revoked')),
  changed_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER signature_certificates_never_back BEFORE UPDATE ON signature_certificates
WHEN NOT (OLD.serial = NEW.serial AND OLD.certificate = NEW.certificate AND OLD.operation_id = NEW.operation_id
  AND (OLD.state = NEW.state OR OLD.state = 'issued' OR (OLD.state = 'loaded' AND NEW.state = 'revoked')))
BEGIN SELECT RAISE(ABORT, 'a certificate never goes back'); END;
CREATE TRIGGER signature_certificates_stay BEFORE DELETE ON signature_certificates
BEGIN SELECT RAISE(ABORT, 'a certificate is never deleted'); END;

CREATE TABLE relays_of_any (
  relay        TEXT PRIMARY KEY,
  operation_id TEXT NOT NULL,
  nonce        BLOB NOT NULL,
  begun_at     INTEGER NOT NULL,
  ended        TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO relays_of_any SELECT relay, operation_id, nonce, begun_at, ended FROM relays;
CREATE TABLE answers_of_any (
  relay    TEXT NOT NULL REFERENCES relays_of_any,
  sequence INTEGER NOT NULL,
  answer   BLOB NOT NULL,
  PRIMARY KEY (relay, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO answers_of_any SELECT relay, sequence, answer FROM relay_answers;
DROP TABLE relay_answers;
DROP TABLE relays;
ALTER TABLE relays_of_any RENAME TO relays;
ALTER TABLE answers_of_any RENAME TO relay_answers;
CREATE UNIQUE INDEX relays_one_at_a_time ON relays (operation_id) WHERE ended IS NULL;
