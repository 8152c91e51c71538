-- The result of a run is a word, the scope of a freeze is data, a lease has a length and a claim, what was asked twice is one row,
-- and what a device was like is known for any time.
-- The same changes are in schema/sqlite.

alter table run disable trigger run_ends_once;
-- A word of `RunResult` in src/apply/run_result.rs.
alter table run add column result text;
update run set result = case
    when exit = 0 then 'done'
    when exit = 4 then 'refused'
    when exit = 5 then 'device-failed'
    when exit = 6 then 'not-observed'
    when exit = 7 then 'stale'
    when exit = 8 then 'interrupted'
    else 'failed'
end where ended is not null;
-- Its checks go with it.
alter table run drop column exit;
alter table run add check ((ended is null) = (result is null));
alter table run enable trigger run_ends_once;

-- How many milliseconds a lease lasts: no process waits longer for one whose end is further away than that.
-- The length of a lease from before is not known; it is no longer than this.
alter table lease add column lasts bigint not null default 120000 check (lasts >= 0);
update lease set lasts = greatest(floor(extract(epoch from until - since) * 1000)::bigint, 0);
-- Which request the lease was given to: only that one may ask again and get the same epoch.
alter table lease add column claim uuid;
drop trigger lease_counts_up on lease;
create trigger lease_counts_up before update on lease for each row
    when (new.epoch < old.epoch
        or ((new.holder <> old.holder or new.claim is distinct from old.claim) and new.epoch <= old.epoch))
    execute function only_added_to();

-- A scope was the words of a command line. One with a word that cannot be read froze everything, and still does.
alter table frozen disable trigger is_kept;
update frozen set scope = case
    when exists (
        select 1 from jsonb_array_elements_text(frozen.scope) as words (word) where not (
            starts_with(word, '--device=') or starts_with(word, '--site=') or starts_with(word, '--exclude=')
            or (starts_with(word, '--label=') and strpos(substr(word, 9), '=') > 0)
        )
    ) then jsonb_build_object('version', 1)
    else jsonb_build_object(
        'version', 1,
        'devices', coalesce((
            select jsonb_agg(substr(word, 10) order by place)
            from jsonb_array_elements_text(frozen.scope) with ordinality as words (word, place)
            where starts_with(word, '--device=')
        ), '[]'),
        'sites', coalesce((
            select jsonb_agg(substr(word, 8) order by place)
            from jsonb_array_elements_text(frozen.scope) with ordinality as words (word, place)
            where starts_with(word, '--site=')
        ), '[]'),
        'labels', coalesce((
            select jsonb_agg(jsonb_build_array(
                left(substr(word, 9), strpos(substr(word, 9), '=') - 1),
                substr(word, 9 + strpos(substr(word, 9), '='))
            ) order by place)
            from jsonb_array_elements_text(frozen.scope) with ordinality as words (word, place)
            where starts_with(word, '--label=')
        ), '[]'),
        'excluded', coalesce((
            select jsonb_agg(substr(word, 11) order by place)
            from jsonb_array_elements_text(frozen.scope) with ordinality as words (word, place)
            where starts_with(word, '--exclude=')
        ), '[]')
    )
end;
alter table frozen enable trigger is_kept;

-- Names the request that a row came from: a request that is sent again after its answer was lost adds no second row.
alter table audit add column request uuid;
create unique index audit_by_request on audit (request);
alter table plan_made add column request uuid;
create unique index plan_made_by_request on plan_made (request);

-- A commit that needed no change anywhere: what is applied next must descend from it. It has no run, because nothing was done.
create table converged (
    id               bigint generated always as identity primary key,
    inventory_commit text        not null,
    who              text        not null,
    at               timestamptz not null
);
create trigger is_kept before update on converged for each row execute function only_added_to();
create trigger stays before delete on converged for each row execute function only_added_to();
create trigger stays_whole before truncate on converged for each statement execute function only_added_to();

-- When a device was last looked at, and how it was doing then: one row a device, replaced by each look. Null: before this schema.
alter table last_look add column at timestamptz;
alter table last_look add column status jsonb;

-- Each time that the last look at a device became another one: what a device was like at any time is found here.
create table look_change (
    device   text        not null,
    number   bigint      not null check (number > 0),
    sequence bigint      not null,
    at       timestamptz not null,
    primary key (device, number),
    foreign key (device, sequence) references look (device, sequence)
);
create trigger is_kept before update on look_change for each row execute function only_added_to();
create trigger stays before delete on look_change for each row execute function only_added_to();
create trigger stays_whole before truncate on look_change for each statement execute function only_added_to();
insert into look_change (device, number, sequence, at) select device, sequence, sequence, at from look;
-- A device that was again as it was before: since when is not known, so it counts from now on.
insert into look_change (device, number, sequence, at)
    select last_look.device, newest.sequence + 1, last_look.sequence, clock_timestamp()
    from last_look join (select device, max(sequence) as sequence from look group by device) as newest
        on newest.device = last_look.device
    where newest.sequence <> last_look.sequence;
