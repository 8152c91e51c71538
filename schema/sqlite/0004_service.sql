-- What the service keeps: the target commit, rollouts and approvals (history), and the state of devices, instances and leader
-- tasks (replaced). The same tables are in schema/postgres.

-- The commit that devices are brought to: one row, moved by compare-and-set.
create table target (
    id               integer primary key check (id = 1),
    number           integer not null check (number > 0),
    inventory_commit text    not null,
    at               integer not null
) strict;
-- Each move of the target, with the reason; an accepted rewrite of history names both commits.
create table target_change (
    number           integer primary key check (number > 0),
    inventory_commit text    not null,
    before           text,
    who              text    not null,
    at               integer not null,
    content          text    not null
) strict;
create trigger target_counts_up before update on target when new.number <= old.number
begin select raise(abort, 'gamctl: append-only'); end;

-- The newest commit of the branch, and what keeps it from becoming the target: one row.
create table candidate (
    id               integer primary key check (id = 1),
    inventory_commit text,
    at               integer not null,
    content          text    not null
) strict;

create table rollout (
    id               text    primary key,
    plan             text    not null references plan_document (plan),
    inventory_commit text    not null,
    at               integer not null,
    content          text    not null
) strict;
create index rollout_by_time on rollout (at);
-- The last step is the state of a rollout. The number is the compare-and-set of two writers.
create table rollout_step (
    rollout text    not null references rollout (id),
    number  integer not null check (number > 0),
    state   text    not null,
    who     text    not null,
    at      integer not null,
    content text    not null,
    primary key (rollout, number)
) strict;
create table approval (
    id               text    primary key,
    plan             text    not null references plan_document (plan),
    inventory_commit text    not null,
    policy           text    not null,
    who              text    not null,
    reason           text    not null check (length(trim(reason)) > 0),
    at               integer not null,
    content          text    not null
) strict;
create index approval_by_plan on approval (plan, at);

create table device_status (
    device  text    primary key,
    number  integer not null check (number > 0),
    word    text    not null,
    at      integer not null,
    content text    not null
) strict;
create index device_status_by_word on device_status (word);

create table instance (
    id      text    primary key,
    who     text    not null,
    host    text    not null,
    process integer not null,
    version text    not null,
    began   integer not null,
    seen    integer not null,
    content text    not null
) strict;

create table leader (
    task   text    primary key,
    holder text    not null,
    epoch  integer not null check (epoch > 0),
    until  integer not null
) strict;
create trigger leader_counts_up before update on leader
when new.epoch < old.epoch or (new.holder <> old.holder and new.epoch <= old.epoch)
begin select raise(abort, 'gamctl: append-only'); end;

create trigger target_change_is_kept before update on target_change begin select raise(abort, 'gamctl: append-only'); end;
create trigger target_change_stays before delete on target_change begin select raise(abort, 'gamctl: append-only'); end;
create trigger rollout_is_kept before update on rollout begin select raise(abort, 'gamctl: append-only'); end;
create trigger rollout_stays before delete on rollout begin select raise(abort, 'gamctl: append-only'); end;
create trigger rollout_step_is_kept before update on rollout_step begin select raise(abort, 'gamctl: append-only'); end;
create trigger rollout_step_stays before delete on rollout_step begin select raise(abort, 'gamctl: append-only'); end;
create trigger approval_is_kept before update on approval begin select raise(abort, 'gamctl: append-only'); end;
create trigger approval_stays before delete on approval begin select raise(abort, 'gamctl: append-only'); end;
