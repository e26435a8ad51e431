-- What a reservation is for; each card's confirmed ones say whether it has had codes.
ALTER TABLE reservations ADD COLUMN operation TEXT NOT NULL DEFAULT 'activation';
ALTER TABLE envelope_reservations ADD COLUMN operation TEXT NOT NULL DEFAULT 'activation';
CREATE INDEX reservations_by_card ON reservations (card_id);
