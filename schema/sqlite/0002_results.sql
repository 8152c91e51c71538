-- The result of a run is a word, the scope of a freeze is data, a lease has a length and a claim, what was asked twice is one row,
-- and what a device was like is known for any time.
-- The same changes are in schema/postgres.

-- A table whose check names a column cannot lose that column, so `run` is made again. Its rows are missing for a moment.
pragma defer_foreign_keys = on;
-- Without an index every run would search all versions.
create index ledger_version_by_run on ledger_version (run);
create table run_before as select * from run;
drop table run;
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
    -- A word of `RunResult` in src/apply/run_result.rs.
    result         text,
    check ((ended is null) = (result is null))
) strict;
insert into run (id, verb, who, inventory, inventory_commit, is_uncommitted, plan, version, began, ended, result)
    select id, verb, who, inventory, inventory_commit, is_uncommitted, plan, version, began, ended,
        case
            when ended is null then null
            when exit = 0 then 'done'
            when exit = 4 then 'refused'
            when exit = 5 then 'device-failed'
            when exit = 6 then 'not-observed'
            when exit = 7 then 'stale'
            when exit = 8 then 'interrupted'
            else 'failed'
        end
    from run_before;
drop table run_before;
drop index ledger_version_by_run;
create index run_by_time on run (began);
create trigger run_ends_once before update on run
when old.ended is not null or new.id <> old.id or new.verb <> old.verb or new.who <> old.who
    or new.inventory <> old.inventory or new.is_uncommitted <> old.is_uncommitted or new.plan is not old.plan
    or new.version <> old.version or new.began <> old.began
begin select raise(abort, 'gamctl: append-only'); end;
create trigger run_stays before delete on run begin select raise(abort, 'gamctl: append-only'); end;

-- How many milliseconds a lease lasts: no process waits longer for one whose holder's clock is ahead.
-- The length of a lease from before is not known; it is no longer than this.
alter table lease add column lasts integer not null default 120000 check (lasts >= 0);
update lease set lasts = max(until - since, 0);
-- Which request the lease was given to: only that one may ask again and get the same epoch.
alter table lease add column claim text;
drop trigger lease_counts_up;
create trigger lease_counts_up before update on lease
when new.epoch < old.epoch or ((new.holder <> old.holder or new.claim is not old.claim) and new.epoch <= old.epoch)
begin select raise(abort, 'gamctl: append-only'); end;

-- A scope was the words of a command line. One with a word that cannot be read froze everything, and still does.
drop trigger frozen_is_kept;
update frozen set scope = case
    when exists (
        select 1 from json_each(frozen.scope) as word where not (
            substr(word.value, 1, 9) = '--device=' or substr(word.value, 1, 7) = '--site=' or substr(word.value, 1, 10) = '--exclude='
            or (substr(word.value, 1, 8) = '--label=' and instr(substr(word.value, 9), '=') > 0)
        )
    ) then json_object('version', 1)
    else json_object(
        'version', 1,
        'devices', json((
            select json_group_array(substr(word.value, 10)) from json_each(frozen.scope) as word
            where substr(word.value, 1, 9) = '--device='
        )),
        'sites', json((
            select json_group_array(substr(word.value, 8)) from json_each(frozen.scope) as word
            where substr(word.value, 1, 7) = '--site='
        )),
        'labels', json((
            select json_group_array(json_array(
                substr(word.value, 9, instr(substr(word.value, 9), '=') - 1),
                substr(word.value, 9 + instr(substr(word.value, 9), '='))
            )) from json_each(frozen.scope) as word
            where substr(word.value, 1, 8) = '--label='
        )),
        'excluded', json((
            select json_group_array(substr(word.value, 11)) from json_each(frozen.scope) as word
            where substr(word.value, 1, 10) = '--exclude='
        ))
    )
end;
create trigger frozen_is_kept before update on frozen begin select raise(abort, 'gamctl: append-only'); end;

-- Names the request that a row came from: a request that is sent again after its answer was lost adds no second row.
alter table audit add column request text;
create unique index audit_by_request on audit (request);
alter table plan_made add column request text;
create unique index plan_made_by_request on plan_made (request);

-- A commit that needed no change anywhere: what is applied next must descend from it. It has no run, because nothing was done.
create table converged (
    id               integer primary key autoincrement,
    inventory_commit text    not null,
    who              text    not null,
    at               integer not null
) strict;
create trigger converged_is_kept before update on converged begin select raise(abort, 'gamctl: append-only'); end;
create trigger converged_stays before delete on converged begin select raise(abort, 'gamctl: append-only'); end;

-- When a device was last looked at, and how it was doing then: one row a device, replaced by each look. Null: before this schema.
alter table last_look add column at integer;
alter table last_look add column status text;

-- Each time that the last look at a device became another one: what a device was like at any time is found here.
create table look_change (
    device   text    not null,
    number   integer not null check (number > 0),
    sequence integer not null,
    at       integer not null,
    primary key (device, number),
    foreign key (device, sequence) references look (device, sequence)
) strict;
create trigger look_change_is_kept before update on look_change begin select raise(abort, 'gamctl: append-only'); end;
create trigger look_change_stays before delete on look_change begin select raise(abort, 'gamctl: append-only'); end;
insert into look_change (device, number, sequence, at) select device, sequence, sequence, at from look;
-- A device that was again as it was before: since when is not known, so it counts from now on.
insert into look_change (device, number, sequence, at)
    select last_look.device, newest.sequence + 1, last_look.sequence, cast(unixepoch('subsec') * 1000 as integer)
    from last_look join (select device, max(sequence) as sequence from look group by device) as newest
        on newest.device = last_look.device
    where newest.sequence <> last_look.sequence;
