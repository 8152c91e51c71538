-- What the billing sync keeps: the base, cursors, runs, classifications, what was held back, approvals, pauses, the outbox of
-- write-back and the use of the lane. It has no personal data. The same tables are in schema/postgres.

-- The values of billing that were accepted last: replaced by compare-and-set on number and run.
create table billing_base (
    system           text    primary key,
    number           integer not null check (number > 0),
    run              text    not null,
    inventory_commit text    not null,
    at               integer not null,
    content          text    not null
) strict;
create trigger billing_base_counts_up before update on billing_base when new.number <= old.number
begin select raise(abort, 'gamctl: append-only'); end;
-- Its services and claims of MAC addresses, and the memory of write-back: only what changed is written.
create table billing_base_part (
    system  text not null,
    kind    text not null check (kind in ('service', 'claim', 'written')),
    name    text not null,
    content text not null,
    primary key (system, kind, name)
) strict;

create table billing_cursor (
    system  text    primary key,
    at      integer not null,
    content text    not null
) strict;
-- The highest reserved number of signed requests.
create table billing_nonce (
    system text    primary key,
    number integer not null check (number >= 0)
) strict;
create trigger billing_nonce_counts_up before update on billing_nonce when new.number < old.number
begin select raise(abort, 'gamctl: append-only'); end;
create trigger billing_nonce_stays before delete on billing_nonce begin select raise(abort, 'gamctl: append-only'); end;

-- One row for each run that pushed a commit. Of the others only the last is kept, for each scope and outcome, with the number
-- of such runs in sequence and the start of the first.
create table sync_run (
    id               text    primary key,
    system           text    not null,
    scope            text    not null check (scope in ('everything', 'accounts')),
    outcome          text    not null check (outcome in ('pushed', 'nothing', 'held-back', 'incomplete', 'failed')),
    began            integer not null,
    ended            integer not null,
    runs             integer not null check (runs > 0),
    first_began      integer not null,
    digest           text,
    inventory_commit text,
    who              text    not null,
    content          text    not null,
    check ((outcome = 'pushed') = (inventory_commit is not null))
) strict;
create index sync_run_by_time on sync_run (system, ended);

-- The classification of each service as of the last run.
create table billing_service (
    system     text not null,
    account    text not null,
    service    text not null,
    subscriber text,
    class      text not null,
    content    text not null,
    primary key (system, account, service)
) strict;
create index billing_service_by_class on billing_service (system, class);
create index billing_service_by_subscriber on billing_service (subscriber);

-- What the gate held back in the last run.
create table billing_held (
    system  text    not null,
    digest  text    not null,
    since   integer not null,
    content text    not null,
    primary key (system, digest)
) strict;
create table billing_approval (
    id     text    primary key,
    system text    not null,
    digest text    not null,
    who    text    not null,
    reason text    not null check (length(trim(reason)) > 0),
    at     integer not null,
    until  integer not null
) strict;
create index billing_approval_by_digest on billing_approval (system, digest);
-- Each is used by one run.
create table billing_approval_use (
    approval text    primary key references billing_approval (id),
    run      text    not null,
    at       integer not null
) strict;
create index billing_approval_use_by_run on billing_approval_use (run);

create table billing_pause (
    system text    primary key,
    who    text    not null,
    reason text    not null check (length(trim(reason)) > 0),
    since  integer not null,
    until  integer not null check (until > since)
) strict;

-- The outbox of write-back.
create table billing_write (
    id      text    primary key,
    system  text    not null,
    key     text    not null,
    state   text    not null check (state in ('queued', 'sent', 'proved', 'refused', 'given-up')),
    tries   integer not null check (tries >= 0),
    queued  integer not null,
    due     integer not null,
    at      integer not null,
    because text,
    content text    not null,
    unique (system, key)
) strict;
create index billing_write_by_state on billing_write (system, state, due);

-- The changes of each run of the last hour, as the lane counts them.
create table lane_use (
    run         text    primary key,
    system      text    not null,
    at          integer not null,
    additions   integer not null check (additions >= 0),
    changes     integer not null check (changes >= 0),
    suspensions integer not null check (suspensions >= 0),
    removals    integer not null check (removals >= 0),
    moves       integer not null check (moves >= 0)
) strict;
create index lane_use_by_time on lane_use (system, at);

create trigger sync_run_is_kept before update on sync_run begin select raise(abort, 'gamctl: append-only'); end;
create trigger sync_run_stays before delete on sync_run when old.outcome = 'pushed' begin select raise(abort, 'gamctl: append-only'); end;
create trigger billing_approval_is_kept before update on billing_approval begin select raise(abort, 'gamctl: append-only'); end;
create trigger billing_approval_stays before delete on billing_approval begin select raise(abort, 'gamctl: append-only'); end;
