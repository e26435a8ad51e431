-- Version 3. CRLs by who signed them and what they speak of; the exact index of a list's serials is the file index-ID.db beside this one.

create table issuers (
  id integer primary key,
  -- The name in the form in which names are compared, and as people read it.
  name text not null,
  name_text text not null,
  -- SHA-256 of its SubjectPublicKeyInfo, hexadecimal.
  key text not null check (length(key) = 64),
  certificate blob not null,
  unique (name, key)
) strict;

create table lists (
  -- Never used twice: the index of a list that is gone is not another's.
  id integer primary key autoincrement,
  issuer integer not null references issuers (id),
  scope text not null check (json_valid(scope)),
  delta integer not null check (delta in (0, 1)),
  -- CRL numbers in hexadecimal, null where there is none; the base only for a delta.
  number text,
  base text check ((base is not null) = (delta = 1)),
  -- Seconds since 1970.
  this_update integer not null,
  next_update integer,
  entries integer not null check (entries >= 0),
  bytes integer not null check (bytes > 0),
  buckets integer not null check (buckets between 1 and 65536),
  -- The signature: what tells two CRLs of one number apart.
  signature blob not null,
  imported_at text not null,
  unique (issuer, scope, delta)
) strict;

-- Distribution points: what the last good answer was, so that the next question is a conditional one.
create table points (
  url text primary key,
  etag text,
  last_modified text,
  checked_at integer not null,
  failures integer not null default 0
) strict;
