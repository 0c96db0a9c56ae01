-- The desk, version 1. Times are RFC 3339 in UTC; digests are lower-case hex.
create table meta (key text primary key, value text not null) strict;

-- Append-only and hash-chained. The payload stands beside the event and may be erased without breaking the chain.
create table events (
  seq integer primary key,
  at text not null,
  kind text not null,
  actor text not null,
  subject text not null,
  payload_digest text not null,
  prev text not null,
  hash text not null unique
) strict;
create table event_payloads (
  seq integer primary key references events (seq),
  payload text not null
) strict;
create trigger events_no_update before update on events begin select raise(abort, 'events are append-only'); end;
create trigger events_no_delete before delete on events begin select raise(abort, 'events are append-only'); end;

create table messages (
  id integer primary key,
  message_id text not null,
  digest text not null unique,
  thread text not null,
  refs text not null,
  list text not null,
  sender text not null,
  sender_name text not null,
  subject text not null,
  arrived text not null,
  size integer not null,
  source text not null,
  seen text not null,
  fate text not null,
  word text not null,
  tracker text
) strict;
create index messages_by_id on messages (message_id);
create index messages_by_thread on messages (thread);
create index messages_by_sender on messages (sender collate nocase);
create index messages_by_word on messages (word, arrived, thread);
create index messages_by_tracker on messages (tracker) where tracker is not null;
create table raw (
  id integer primary key references messages (id),
  bytes blob not null
) strict;

create table journal (
  key text primary key,
  subject text not null,
  effect text not null,
  state text not null check (state in ('intended', 'done')),
  receipt text,
  plan text not null,
  actor text not null,
  intended_at text not null,
  done_at text
) strict;

create table ledger (
  subject text not null,
  event text not null,
  artifact text not null,
  state text not null check (state in ('drafted', 'sent', 'discarded', 'unknown')),
  message_id text not null,
  thread text not null,
  recipient text not null,
  asked_credit integer not null default 0,
  at text not null,
  primary key (subject, event, artifact)
) strict;
create index ledger_by_thread on ledger (thread);

create table trackers (
  key text primary key,
  number integer not null unique,
  title text not null,
  body text not null,
  open integer not null,
  reason text,
  milestone text references milestones (name),
  board_column text,
  archived integer not null default 0,
  created text not null,
  updated text not null,
  closed text,
  revision integer not null default 0,
  received text not null,
  thread text not null,
  reporter text not null,
  reporter_name text not null,
  via_forwarder integer not null default 0
) strict;
create index trackers_by_thread on trackers (thread);
create table milestones (
  name text primary key,
  due text,
  open integer not null default 1
) strict;
create table labels (
  tracker text not null references trackers (key),
  label text not null,
  primary key (tracker, label)
) strict;
create table assignees (
  tracker text not null references trackers (key),
  handle text not null,
  primary key (tracker, handle)
) strict;
create table comments (
  id integer primary key,
  tracker text not null references trackers (key),
  author text not null,
  at text not null,
  updated text not null,
  body text not null,
  kind text not null check (kind in ('comment', 'rollup', 'marked'))
) strict;
create index comments_by_tracker on comments (tracker, id);

-- The desk as its own CVE authority. `attached` is the copy beside the tracker, `json` what the authority took.
create table records (
  cve text primary key,
  tracker text not null references trackers (key),
  state text not null check (state in ('allocated', 'review-ready', 'publish-ready', 'public', 'retracted')),
  attached text,
  json text,
  version integer not null default 0,
  pushed_at text not null
) strict;
create index records_by_tracker on records (tracker);

create table rejections (
  message text primary key,
  at text not null,
  reporter text not null,
  reply text not null,
  thread text not null,
  summary text not null
) strict;

create table people (
  email text primary key,
  name text not null,
  handle text not null,
  first_seen text not null,
  last_seen text not null
) strict;

create table plans (
  digest text primary key,
  kind text not null,
  made text not null,
  plan text not null,
  approval text,
  state text not null check (state in ('proposed', 'approved', 'applied', 'superseded'))
) strict;

create table sources (
  path text primary key,
  fingerprint text not null,
  messages integer not null,
  at text not null
) strict;

-- Words a person said no to: the item stays away until its facts change.
create table declined (
  subject text not null,
  rule text not null,
  facts text not null,
  actor text not null,
  at text not null,
  primary key (subject, rule)
) strict;

-- Which message holds which word. The words come folded and distinct (words.rs), so that the index needs neither
-- text, places nor columns. A batch is written as one run; runs are merged by the 32, for a search of many runs is
-- still quick, and merging them by the four took a third of the time of an import.
create virtual table search using fts5 (words, content='', contentless_delete=1, detail=none, tokenize='ascii');
insert into search (search, rank) values ('hashsize', 33554432);
insert into search (search, rank) values ('automerge', 32);
insert into search (search, rank) values ('crisismerge', 64);
