-- What the billing sync keeps: the base, cursors, runs, classifications, what was held back, approvals, pauses, the outbox of
-- write-back and the use of the lane. It has no personal data. The same tables are in schema/sqlite.

-- The values of billing that were accepted last: replaced by compare-and-set on number and run.
create table billing_base (
    system           text        primary key,
    number           bigint      not null check (number > 0),
    run              uuid        not null,
    inventory_commit text        not null,
    at               timestamptz not null,
    content          jsonb       not null
);
create trigger billing_base_counts_up before update on billing_base for each row
    when (new.number <= old.number) execute function only_added_to();
-- Its services and claims of MAC addresses, and the memory of write-back: only what changed is written.
create table billing_base_part (
    system  text  not null,
    kind    text  not null check (kind in ('service', 'claim', 'written')),
    name    text  not null,
    content jsonb not null,
    primary key (system, kind, name)
);

create table billing_cursor (
    system  text        primary key,
    at      timestamptz not null,
    content jsonb       not null
);
-- The highest reserved number of signed requests.
create table billing_nonce (
    system text   primary key,
    number bigint not null check (number >= 0)
);
create trigger billing_nonce_counts_up before update on billing_nonce for each row
    when (new.number < old.number) execute function only_added_to();
create trigger billing_nonce_stays before delete on billing_nonce for each row execute function only_added_to();

-- One row for each run that pushed a commit. Of the others only the last is kept, for each scope and outcome, with the number
-- of such runs in sequence and the start of the first.
create table sync_run (
    id               uuid        primary key,
    system           text        not null,
    scope            text        not null check (scope in ('everything', 'accounts')),
    outcome          text        not null check (outcome in ('pushed', 'nothing', 'held-back', 'incomplete', 'failed')),
    began            timestamptz not null,
    ended            timestamptz not null,
    runs             bigint      not null check (runs > 0),
    first_began      timestamptz not null,
    digest           text,
    inventory_commit text,
    who              text        not null,
    content          jsonb       not null,
    check ((outcome = 'pushed') = (inventory_commit is not null))
);
create index sync_run_by_time on sync_run (system, ended);

-- The classification of each service as of the last run.
create table billing_service (
    system     text  not null,
    account    text  not null,
    service    text  not null,
    subscriber text,
    class      text  not null,
    content    jsonb not null,
    primary key (system, account, service)
);
create index billing_service_by_class on billing_service (system, class);
create index billing_service_by_subscriber on billing_service (subscriber);

-- What the gate held back in the last run.
create table billing_held (
    system  text        not null,
    digest  text        not null,
    since   timestamptz not null,
    content jsonb       not null,
    primary key (system, digest)
);
create table billing_approval (
    id     uuid        primary key,
    system text        not null,
    digest text        not null,
    who    text        not null,
    reason text        not null check (length(trim(reason)) > 0),
    at     timestamptz not null,
    until  timestamptz not null
);
create index billing_approval_by_digest on billing_approval (system, digest);
-- Each is used by one run.
create table billing_approval_use (
    approval uuid        primary key references billing_approval (id),
    run      uuid        not null,
    at       timestamptz not null
);
create index billing_approval_use_by_run on billing_approval_use (run);

create table billing_pause (
    system text        primary key,
    who    text        not null,
    reason text        not null check (length(trim(reason)) > 0),
    since  timestamptz not null,
    until  timestamptz not null check (until > since)
);

-- The outbox of write-back.
create table billing_write (
    id      uuid        primary key,
    system  text        not null,
    key     text        not null,
    state   text        not null check (state in ('queued', 'sent', 'proved', 'refused', 'given-up')),
    tries   bigint      not null check (tries >= 0),
    queued  timestamptz not null,
    due     timestamptz not null,
    at      timestamptz not null,
    because text,
    content jsonb       not null,
    unique (system, key)
);
create index billing_write_by_state on billing_write (system, state, due);

-- The changes of each run of the last hour, as the lane counts them.
create table lane_use (
    run         uuid        primary key,
    system      text        not null,
    at          timestamptz not null,
    additions   bigint      not null check (additions >= 0),
    changes     bigint      not null check (changes >= 0),
    suspensions bigint      not null check (suspensions >= 0),
    removals    bigint      not null check (removals >= 0),
    moves       bigint      not null check (moves >= 0)
);
create index lane_use_by_time on lane_use (system, at);

create trigger is_kept before update on sync_run for each row execute function only_added_to();
create trigger stays before delete on sync_run for each row when (old.outcome = 'pushed') execute function only_added_to();
create trigger stays_whole before truncate on sync_run for each statement execute function only_added_to();
create trigger is_kept before update on billing_approval for each row execute function only_added_to();
create trigger stays before delete on billing_approval for each row execute function only_added_to();
create trigger stays_whole before truncate on billing_approval for each statement execute function only_added_to();
