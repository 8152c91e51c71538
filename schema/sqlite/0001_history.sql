-- What gamctl remembers, in SQLite. The same tables are in schema/postgres; tests/history runs on both.
-- Times are milliseconds since 1970 by this machine's clock, uuids are hyphenated text, documents are JSON.

create table run (
    id             text primary key,
    verb           text    not null,
    who            text    not null,
    inventory      text    not null,
    inventory_commit text,
    is_uncommitted integer not null check (is_uncommitted in (0, 1)),
    plan           text,
    version        text    not null,
    began          integer not null,
    ended          integer,
    exit           integer check (exit between 0 and 255),
    check ((ended is null) = (exit is null))
) strict;
create index run_by_time on run (began);

create table plan_document (
    plan     text primary key,
    document text not null
) strict;

-- Each time that a plan was made: the same state leads to the same plan again, and that is another one to apply.
create table plan_made (
    plan   text    not null references plan_document (plan),
    making integer not null check (making > 0),
    made   integer not null,
    primary key (plan, making)
) strict;

-- What was made is applied once: this is the constraint that says so.
create table plan_taken (
    plan   text    not null,
    making integer not null,
    run    text    not null unique references run (id),
    at     integer not null,
    primary key (plan, making),
    foreign key (plan, making) references plan_made (plan, making)
) strict;

create table lease (
    device      text primary key,
    holder      text    not null,
    epoch       integer not null check (epoch > 0),
    since       integer not null,
    until       integer not null,
    is_released integer not null check (is_released in (0, 1))
) strict;

create table entry (
    run     text    not null references run (id),
    device  text    not null,
    number  integer not null check (number > 0),
    epoch   integer not null,
    holder  text    not null,
    at      integer not null,
    kind    text    not null,
    digest  text    not null,
    content text    not null,
    primary key (run, device, number)
) strict, without rowid;

-- Who was touched by what: found by subject without reading every intent.
create table effect (
    device  text    not null,
    kind    text    not null,
    subject text    not null,
    run     text    not null,
    number  integer not null,
    step    integer not null,
    primary key (device, kind, subject, run, number, step),
    foreign key (run, device, number) references entry (run, device, number)
) strict, without rowid;

-- Devices with an intent and no end yet; a row goes when the end is known.
create table unfinished (
    run    text not null references run (id),
    device text not null,
    primary key (run, device)
) strict, without rowid;

create table outcome (
    run     text    not null references run (id),
    device  text    not null,
    at      integer not null,
    ended   text    not null,
    content text    not null,
    primary key (run, device)
) strict;
create index outcome_by_device on outcome (device, run);
create index outcome_by_time on outcome (at);
create index outcome_by_end on outcome (run, ended);

create table look (
    device      text    not null,
    sequence    integer not null check (sequence > 0),
    digest      text    not null,
    fingerprint text    not null,
    -- The sequence that the content is a difference to; null: the content is the whole.
    base        integer,
    content     text    not null,
    at          integer not null,
    primary key (device, sequence),
    unique (device, digest),
    foreign key (device, base) references look (device, sequence),
    check (base < sequence)
) strict;
create index look_by_fingerprint on look (device, fingerprint);

-- Which look a device last gave; it may be an old one, when the device is again as it was.
create table last_look (
    device   text primary key,
    sequence integer not null,
    foreign key (device, sequence) references look (device, sequence)
) strict;

create table ledger (
    device           text primary key,
    version          integer not null,
    inventory_commit text,
    at               integer not null,
    content          text    not null
) strict;

create table ledger_version (
    device           text    not null,
    version          integer not null check (version > 0),
    base             integer,
    inventory_commit text,
    run              text references run (id),
    at               integer not null,
    content          text    not null,
    primary key (device, version),
    foreign key (device, base) references ledger_version (device, version),
    check (base < version)
) strict;

create table unsaved (
    device text primary key,
    run    text    not null references run (id),
    at     integer not null
) strict;

create table audit (
    id         integer primary key autoincrement,
    at         integer not null,
    who        text    not null,
    verb       text    not null,
    subject    text,
    is_refused integer not null check (is_refused in (0, 1)),
    what       text    not null,
    run        text
) strict;
create index audit_by_time on audit (at);
create index audit_by_subject on audit (subject, id);
create index audit_by_run on audit (run, id);

create table frozen (
    id     text primary key,
    scope  text    not null,
    reason text    not null check (length(trim(reason)) > 0),
    who    text    not null,
    since  integer not null,
    until  integer not null,
    check (until > since)
) strict;
create index frozen_by_end on frozen (until);

create table thaw (
    frozen text primary key references frozen (id),
    who    text    not null,
    at     integer not null
) strict;

-- A late writer is rejected here and not only in the program: whoever writes names the lease that it writes under.
create trigger entry_needs_its_lease before insert on entry
begin
    select case
        when not exists (select 1 from lease where device = new.device and epoch = new.epoch and holder = new.holder)
            then raise(abort, 'gamctl: fenced')
        when new.number <> 1 + coalesce((select max(number) from entry where run = new.run and device = new.device), 0)
            then raise(abort, 'gamctl: rewound')
    end;
end;

-- History is only added to. A run ends once; an interrupted device gets one more end.
create trigger run_ends_once before update on run
when old.ended is not null or new.id <> old.id or new.verb <> old.verb or new.who <> old.who
    or new.inventory <> old.inventory or new.is_uncommitted <> old.is_uncommitted or new.plan is not old.plan
    or new.version <> old.version or new.began <> old.began
begin select raise(abort, 'gamctl: append-only'); end;
create trigger outcome_is_kept before update on outcome when old.ended <> 'interrupted'
begin select raise(abort, 'gamctl: append-only'); end;
create trigger plan_document_is_kept before update on plan_document begin select raise(abort, 'gamctl: append-only'); end;
create trigger plan_made_is_kept before update on plan_made begin select raise(abort, 'gamctl: append-only'); end;
create trigger plan_taken_is_kept before update on plan_taken begin select raise(abort, 'gamctl: append-only'); end;
create trigger entry_is_kept before update on entry begin select raise(abort, 'gamctl: append-only'); end;
create trigger effect_is_kept before update on effect begin select raise(abort, 'gamctl: append-only'); end;
create trigger look_is_kept before update on look begin select raise(abort, 'gamctl: append-only'); end;
create trigger ledger_version_is_kept before update on ledger_version begin select raise(abort, 'gamctl: append-only'); end;
create trigger audit_is_kept before update on audit begin select raise(abort, 'gamctl: append-only'); end;
create trigger frozen_is_kept before update on frozen begin select raise(abort, 'gamctl: append-only'); end;
create trigger thaw_is_kept before update on thaw begin select raise(abort, 'gamctl: append-only'); end;
create trigger run_stays before delete on run begin select raise(abort, 'gamctl: append-only'); end;
create trigger outcome_stays before delete on outcome begin select raise(abort, 'gamctl: append-only'); end;
create trigger plan_document_stays before delete on plan_document begin select raise(abort, 'gamctl: append-only'); end;
create trigger plan_made_stays before delete on plan_made begin select raise(abort, 'gamctl: append-only'); end;
create trigger plan_taken_stays before delete on plan_taken begin select raise(abort, 'gamctl: append-only'); end;
create trigger entry_stays before delete on entry begin select raise(abort, 'gamctl: append-only'); end;
create trigger effect_stays before delete on effect begin select raise(abort, 'gamctl: append-only'); end;
create trigger look_stays before delete on look begin select raise(abort, 'gamctl: append-only'); end;
create trigger ledger_version_stays before delete on ledger_version begin select raise(abort, 'gamctl: append-only'); end;
create trigger audit_stays before delete on audit begin select raise(abort, 'gamctl: append-only'); end;
create trigger frozen_stays before delete on frozen begin select raise(abort, 'gamctl: append-only'); end;
create trigger thaw_stays before delete on thaw begin select raise(abort, 'gamctl: append-only'); end;
-- A lease's epoch is only counted up: a device's row goes away never.
create trigger lease_stays before delete on lease begin select raise(abort, 'gamctl: append-only'); end;
create trigger lease_counts_up before update on lease
when new.epoch < old.epoch or (new.holder <> old.holder and new.epoch <= old.epoch)
begin select raise(abort, 'gamctl: append-only'); end;
