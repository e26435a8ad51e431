-- How many codes went to one address within a day is asked at each send.
CREATE INDEX contacts_by_value ON contacts (value COLLATE NOCASE, sent_at);
