-- What gamctl remembers, in Postgres. The same tables are in schema/sqlite; tests/history runs on both.

create table run (
    id               uuid primary key,
    verb             text        not null,
    who              text        not null,
    inventory        jsonb       not null,
    inventory_commit text,
    is_uncommitted   boolean     not null,
    plan             text,
    version          text        not null,
    began            timestamptz not null,
    ended            timestamptz,
    exit             bigint check (exit between 0 and 255),
    check ((ended is null) = (exit is null))
);
create index run_by_time on run (began);

create table plan_document (
    plan     text primary key,
    document jsonb not null
);

-- Each time that a plan was made: the same state leads to the same plan again, and that is another one to apply.
create table plan_made (
    plan   text    not null references plan_document (plan),
    making bigint      not null check (making > 0),
    made   timestamptz not null,
    primary key (plan, making)
);

-- What was made is applied once: this is the constraint that says so.
create table plan_taken (
    plan   text    not null,
    making bigint not null,
    run    uuid    not null unique references run (id),
    at     timestamptz not null,
    primary key (plan, making),
    foreign key (plan, making) references plan_made (plan, making)
);

create table lease (
    device      text primary key,
    holder      uuid        not null,
    epoch       bigint      not null check (epoch > 0),
    since       timestamptz not null,
    until       timestamptz not null,
    is_released boolean     not null
);

create table entry (
    run     uuid        not null references run (id),
    device  text        not null,
    number  bigint      not null check (number > 0),
    epoch   bigint      not null,
    holder  uuid        not null,
    at      timestamptz not null,
    kind    text        not null,
    digest  text        not null,
    content jsonb       not null,
    primary key (run, device, number)
);

-- Who was touched by what: found by subject without reading every intent.
create table effect (
    device  text   not null,
    kind    text   not null,
    subject text   not null,
    run     uuid   not null,
    number  bigint not null,
    step    bigint not null,
    primary key (device, kind, subject, run, number, step),
    foreign key (run, device, number) references entry (run, device, number)
);

-- Devices with an intent and no end yet; a row goes when the end is known.
create table unfinished (
    run    uuid not null references run (id),
    device text not null,
    primary key (run, device)
);

create table outcome (
    run     uuid        not null references run (id),
    device  text        not null,
    at      timestamptz not null,
    ended   text        not null,
    content jsonb       not null,
    primary key (run, device)
);
create index outcome_by_device on outcome (device, run);
create index outcome_by_time on outcome (at);
create index outcome_by_end on outcome (run, ended);

create table look (
    device      text        not null,
    sequence    bigint      not null check (sequence > 0),
    digest      text        not null,
    fingerprint text        not null,
    -- The sequence that the content is a difference to; null: the content is the whole.
    base        bigint,
    content     jsonb       not null,
    at          timestamptz not null,
    primary key (device, sequence),
    unique (device, digest),
    foreign key (device, base) references look (device, sequence),
    check (base < sequence)
);
create index look_by_fingerprint on look (device, fingerprint);

-- Which look a device last gave; it may be an old one, when the device is again as it was.
create table last_look (
    device   text primary key,
    sequence bigint not null,
    foreign key (device, sequence) references look (device, sequence)
);

create table ledger (
    device           text primary key,
    version          bigint      not null,
    inventory_commit text,
    at               timestamptz not null,
    content          jsonb       not null
);

create table ledger_version (
    device           text        not null,
    version          bigint      not null check (version > 0),
    base             bigint,
    inventory_commit text,
    run              uuid references run (id),
    at               timestamptz not null,
    content          jsonb       not null,
    primary key (device, version),
    foreign key (device, base) references ledger_version (device, version),
    check (base < version)
);

create table unsaved (
    device text primary key,
    run    uuid        not null references run (id),
    at     timestamptz not null
);

create table audit (
    id         bigint generated always as identity primary key,
    at         timestamptz not null,
    who        text        not null,
    verb       text        not null,
    subject    text,
    is_refused boolean     not null,
    what       text        not null,
    run        uuid
);
create index audit_by_time on audit (at);
create index audit_by_subject on audit (subject, id);
create index audit_by_run on audit (run, id);

create table frozen (
    id     uuid primary key,
    scope  jsonb       not null,
    reason text        not null check (length(trim(reason)) > 0),
    who    text        not null,
    since  timestamptz not null,
    until  timestamptz not null,
    check (until > since)
);
create index frozen_by_end on frozen (until);

create table thaw (
    frozen uuid primary key references frozen (id),
    who    text        not null,
    at     timestamptz not null
);

-- A late writer is rejected here and not only in the program: whoever writes names the lease that it writes under.
-- The share lock lets nobody take the device over before this transaction is through.
create function entry_needs_its_lease() returns trigger language plpgsql as $$
begin
    perform 1 from lease where device = new.device and epoch = new.epoch and holder = new.holder for share;
    if not found then
        raise exception 'gamctl: fenced';
    end if;
    if new.number <> 1 + coalesce((select max(number) from entry where run = new.run and device = new.device), 0) then
        raise exception 'gamctl: rewound';
    end if;
    return new;
end $$;
create trigger entry_needs_its_lease before insert on entry
    for each row execute function entry_needs_its_lease();

-- History is only added to. A run ends once; an interrupted device gets one more end.
create function only_added_to() returns trigger language plpgsql as $$
begin
    raise exception 'gamctl: append-only';
end $$;
create trigger run_ends_once before update on run for each row
    when (old.ended is not null
        or (new.id, new.verb, new.who, new.inventory, new.is_uncommitted, new.version, new.began)
            <> (old.id, old.verb, old.who, old.inventory, old.is_uncommitted, old.version, old.began)
        or new.plan is distinct from old.plan)
    execute function only_added_to();
create trigger outcome_is_kept before update on outcome for each row
    when (old.ended <> 'interrupted') execute function only_added_to();
-- A lease's epoch is only counted up.
create trigger lease_counts_up before update on lease for each row
    when (new.epoch < old.epoch or (new.holder <> old.holder and new.epoch <= old.epoch))
    execute function only_added_to();

do $$
declare kept text;
begin
    foreach kept in array array['plan_document', 'plan_made', 'plan_taken', 'entry', 'effect', 'look', 'ledger_version', 'audit', 'frozen', 'thaw'] loop
        execute format('create trigger is_kept before update on %I for each row execute function only_added_to()', kept);
    end loop;
    foreach kept in array array['run', 'outcome', 'lease', 'plan_document', 'plan_made', 'plan_taken', 'entry', 'effect', 'look', 'ledger_version', 'audit', 'frozen', 'thaw'] loop
        execute format('create trigger stays before delete on %I for each row execute function only_added_to()', kept);
        execute format('create trigger stays_whole before truncate on %I for each statement execute function only_added_to()', kept);
    end loop;
end $$;
