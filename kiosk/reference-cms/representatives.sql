-- The case of a reservation, and who stood there for the holder (JSON); the document is then theirs.
ALTER TABLE reservations ADD COLUMN holder_case TEXT NOT NULL DEFAULT 'adult';
ALTER TABLE reservations ADD COLUMN representative TEXT;
ALTER TABLE envelope_reservations ADD COLUMN holder_case TEXT NOT NULL DEFAULT 'adult';
ALTER TABLE envelope_reservations ADD COLUMN representative TEXT;
