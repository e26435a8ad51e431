-- The number on the card's back, where the register knows it: a card that is seen on a copy is found by it.
ALTER TABLE registered_cards ADD COLUMN card_number TEXT;

-- Codes that were released at a distance, to somebody who was recognised by video; the service of the same id has the request and the receipt.
CREATE TABLE remote_codes (
  operation_id          TEXT NOT NULL REFERENCES services (operation_id),
  position              INTEGER NOT NULL,
  label                 TEXT NOT NULL,
  value                 TEXT NOT NULL,
  first_part_characters INTEGER NOT NULL CHECK (first_part_characters > 0 AND first_part_characters < length(value)),
  PRIMARY KEY (operation_id, position)
) STRICT, WITHOUT ROWID;

-- The way out of both parts: one row a part, and a channel for each (C13).
CREATE TABLE remote_parts (
  operation_id TEXT NOT NULL REFERENCES services (operation_id),
  part         TEXT NOT NULL CHECK (part IN ('first-part', 'second-part')),
  channel      TEXT NOT NULL CHECK (channel IN ('email', 'sms')),
  contact      TEXT NOT NULL,
  queued_at    INTEGER NOT NULL,
  due_at       INTEGER NOT NULL,
  tries        INTEGER NOT NULL DEFAULT 0,
  -- As of second_parts: between the two it is not known whether it was taken.
  begun_at     INTEGER,
  sent_at      INTEGER,
  given_up_at  INTEGER,
  PRIMARY KEY (operation_id, part),
  UNIQUE (operation_id, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX remote_parts_due ON remote_parts (due_at) WHERE sent_at IS NULL AND given_up_at IS NULL;
CREATE TRIGGER remote_parts_of_what_was_done BEFORE INSERT ON remote_parts
WHEN (SELECT state FROM services WHERE operation_id = NEW.operation_id) IS NOT 'DONE'
BEGIN SELECT RAISE(ABORT, 'only what was done sends its parts'); END;
