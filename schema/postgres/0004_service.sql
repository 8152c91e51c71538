-- What the service keeps: the target commit, rollouts and approvals (history), and the state of devices, instances and leader
-- tasks (replaced). The same tables are in schema/sqlite.

-- The commit that devices are brought to: one row, moved by compare-and-set.
create table target (
    id               integer     primary key check (id = 1),
    number           bigint      not null check (number > 0),
    inventory_commit text        not null,
    at               timestamptz not null
);
-- Each move of the target, with the reason; an accepted rewrite of history names both commits.
create table target_change (
    number           bigint      primary key check (number > 0),
    inventory_commit text        not null,
    before           text,
    who              text        not null,
    at               timestamptz not null,
    content          jsonb       not null
);
create trigger target_counts_up before update on target for each row
    when (new.number <= old.number) execute function only_added_to();

-- The newest commit of the branch, and what keeps it from becoming the target: one row.
create table candidate (
    id               integer     primary key check (id = 1),
    inventory_commit text,
    at               timestamptz not null,
    content          jsonb       not null
);

create table rollout (
    id               uuid        primary key,
    plan             text        not null references plan_document (plan),
    inventory_commit text        not null,
    at               timestamptz not null,
    content          jsonb       not null
);
create index rollout_by_time on rollout (at);
-- The last step is the state of a rollout. The number is the compare-and-set of two writers.
create table rollout_step (
    rollout uuid        not null references rollout (id),
    number  bigint      not null check (number > 0),
    state   text        not null,
    who     text        not null,
    at      timestamptz not null,
    content jsonb       not null,
    primary key (rollout, number)
);
create table approval (
    id               uuid        primary key,
    plan             text        not null references plan_document (plan),
    inventory_commit text        not null,
    policy           text        not null,
    who              text        not null,
    reason           text        not null check (length(trim(reason)) > 0),
    at               timestamptz not null,
    content          jsonb       not null
);
create index approval_by_plan on approval (plan, at);

create table device_status (
    device  text        primary key,
    number  bigint      not null check (number > 0),
    word    text        not null,
    at      timestamptz not null,
    content jsonb       not null
);
create index device_status_by_word on device_status (word);

create table instance (
    id      uuid        primary key,
    who     text        not null,
    host    text        not null,
    process bigint      not null,
    version text        not null,
    began   timestamptz not null,
    seen    timestamptz not null,
    content jsonb       not null
);

create table leader (
    task   text        primary key,
    holder uuid        not null,
    epoch  bigint      not null check (epoch > 0),
    until  timestamptz not null
);
create trigger leader_counts_up before update on leader for each row
    when (new.epoch < old.epoch or (new.holder <> old.holder and new.epoch <= old.epoch))
    execute function only_added_to();

do $$
declare kept text;
begin
    foreach kept in array array['target_change', 'rollout', 'rollout_step', 'approval'] loop
        execute format('create trigger is_kept before update on %I for each row execute function only_added_to()', kept);
        execute format('create trigger stays before delete on %I for each row execute function only_added_to()', kept);
        execute format('create trigger stays_whole before truncate on %I for each statement execute function only_added_to()', kept);
    end loop;
end $$;
