-- A lease and a run say which process they belong to, a run until when its process is known to live, and a device since when it is
-- silent. The same changes are in schema/sqlite.

-- The processes that hold leases: one row each, before its first lease.
create table lease_holder (
    id      uuid        primary key,
    who     text        not null,
    host    text        not null,
    process bigint      not null,
    at      timestamptz not null
);
create trigger is_kept before update on lease_holder for each row execute function only_added_to();
create trigger stays before delete on lease_holder for each row execute function only_added_to();
create trigger stays_whole before truncate on lease_holder for each statement execute function only_added_to();

-- Null: before this schema.
alter table run add column holder uuid;
alter table run add column alive_until timestamptz;

-- Devices that did not answer the last look; a row goes when the device answers.
create table silence (
    device text        primary key,
    since  timestamptz not null,
    at     timestamptz not null
);

-- One row that `doctor` writes, to find out whether the store accepts writes.
create table write_check (
    id integer     primary key check (id = 1),
    at timestamptz not null
);

-- How many objects an entry is about: those of an adoption are summed for each run.
alter table audit add column objects bigint;
