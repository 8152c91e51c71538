-- A lease and a run say which process they belong to, a run until when its process is known to live, and a device since when it is
-- silent. The same changes are in schema/postgres.

-- The processes that hold leases: one row each, before its first lease.
create table lease_holder (
    id      text    primary key,
    who     text    not null,
    host    text    not null,
    process integer not null,
    at      integer not null
) strict;
create trigger lease_holder_is_kept before update on lease_holder begin select raise(abort, 'gamctl: append-only'); end;
create trigger lease_holder_stays before delete on lease_holder begin select raise(abort, 'gamctl: append-only'); end;

-- Null: before this schema.
alter table run add column holder text;
alter table run add column alive_until integer;

-- Devices that did not answer the last look; a row goes when the device answers.
create table silence (
    device text    primary key,
    since  integer not null,
    at     integer not null
) strict;

-- One row that `doctor` writes, to find out whether the store accepts writes.
create table write_check (
    id integer primary key check (id = 1),
    at integer not null
) strict;

-- How many objects an entry is about: those of an adoption are summed for each run.
alter table audit add column objects integer;
