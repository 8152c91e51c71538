//! Tests windows on ordinary days, on days on which the clock changes, and against a search minute by minute.

use chrono::{NaiveDate, Weekday};
use proptest::prelude::*;

use super::*;

const MONTREAL: Tz = Tz::America__Montreal;

/// Zones with changes of an hour and of half an hour, on both hemispheres, and zones without any.
const ZONES: [Tz; 5] = [
    MONTREAL,
    Tz::Europe__Berlin,
    Tz::Australia__Lord_Howe,
    Tz::America__Sao_Paulo,
    Tz::Asia__Kathmandu,
];

fn minutes(time: &str) -> u16 {
    let (hours, minutes) = time.split_once(':').unwrap();
    hours.parse::<u16>().unwrap() * 60 + minutes.parse::<u16>().unwrap()
}

fn window_for(sites: &[&str], days: WeekdaySet, from: &str, to: &str, zone: Tz) -> Window {
    let sites: Vec<String> = sites.iter().map(ToString::to_string).collect();
    Window::new(&sites, days, minutes(from), minutes(to), zone).unwrap()
}

fn daily(from: &str, to: &str, zone: Tz) -> Window {
    window_for(&["*"], WeekdaySet::ALL, from, to, zone)
}

fn weekdays() -> WeekdaySet {
    use Weekday::{Fri, Mon, Thu, Tue, Wed};
    WeekdaySet::from_array([Mon, Tue, Wed, Thu, Fri])
}

/// Returns the seconds since 1970 of a time with its offset.
fn at(time: &str) -> u64 {
    let time = DateTime::parse_from_rfc3339(time).unwrap();
    u64::try_from(time.timestamp()).unwrap()
}

fn state(windows: &[Window], site: &str, now: &str) -> WindowState {
    Windows::new(windows.to_vec()).state(Some(site), at(now))
}

fn open(until: &str) -> WindowState {
    let until = Some(at(until));
    WindowState::Open { until }
}

fn closed(opens: &str) -> WindowState {
    let opens = Some(at(opens));
    WindowState::Closed { opens }
}

#[test]
fn without_any_window_every_site_is_open() {
    let windows = Windows::default();
    assert_eq!(windows.state(None, 0), WindowState::Open { until: None });
    assert!(windows.would_end_inside(Some("maple"), 0, u64::MAX));
}

#[test]
fn a_site_without_a_window_of_its_own_is_always_closed() {
    let windows = [window_for(
        &["oak-*"],
        WeekdaySet::ALL,
        "09:00",
        "16:00",
        MONTREAL,
    )];
    let now = "2026-07-01T10:00:00-04:00";
    assert_eq!(
        state(&windows, "oak-1", now),
        open("2026-07-01T16:00:00-04:00")
    );
    let never = WindowState::Closed { opens: None };
    assert_eq!(state(&windows, "maple", now), never);
    assert_eq!(Windows::new(windows.to_vec()).state(None, at(now)), never);
}

#[test]
fn a_window_on_weekdays_opens_on_monday_after_it_closed_on_friday() {
    let windows = [window_for(&["*"], weekdays(), "09:00", "16:00", MONTREAL)];
    // 2026-07-03 is a Friday.
    for (now, expected) in [
        (
            "2026-07-03T08:59:59-04:00",
            closed("2026-07-03T09:00:00-04:00"),
        ),
        (
            "2026-07-03T09:00:00-04:00",
            open("2026-07-03T16:00:00-04:00"),
        ),
        (
            "2026-07-03T15:59:59-04:00",
            open("2026-07-03T16:00:00-04:00"),
        ),
        (
            "2026-07-03T16:00:00-04:00",
            closed("2026-07-06T09:00:00-04:00"),
        ),
    ] {
        assert_eq!(state(&windows, "maple", now), expected, "{now}");
    }
}

#[test]
fn a_window_over_midnight_belongs_to_the_day_on_which_it_opens() {
    let friday = WeekdaySet::single(Weekday::Fri);
    let windows = [window_for(&["*"], friday, "22:00", "05:00", MONTREAL)];
    for (now, expected) in [
        (
            "2026-07-03T04:00:00-04:00",
            closed("2026-07-03T22:00:00-04:00"),
        ),
        (
            "2026-07-04T04:00:00-04:00",
            open("2026-07-04T05:00:00-04:00"),
        ),
        (
            "2026-07-04T22:30:00-04:00",
            closed("2026-07-10T22:00:00-04:00"),
        ),
    ] {
        assert_eq!(state(&windows, "maple", now), expected, "{now}");
    }
}

#[test]
fn windows_that_follow_each_other_close_once() {
    let windows = [
        daily("09:00", "12:00", MONTREAL),
        daily("12:00", "16:00", MONTREAL),
        daily("15:00", "17:00", MONTREAL),
    ];
    assert_eq!(
        state(&windows, "maple", "2026-07-03T10:00:00-04:00"),
        open("2026-07-03T17:00:00-04:00")
    );
    let whole_days = [daily("00:00", "24:00", MONTREAL)];
    assert_eq!(
        state(&whole_days, "maple", "2026-07-03T10:00:00-04:00"),
        WindowState::Open { until: None }
    );
}

#[test]
fn a_skipped_time_counts_as_the_moment_at_which_the_clock_is_set_forward() {
    // In Montreal on 2027-03-14, 02:00 is followed by 03:00.
    let opens = [daily("02:30", "05:00", MONTREAL)];
    assert_eq!(
        state(&opens, "maple", "2027-03-14T01:00:00-05:00"),
        closed("2027-03-14T03:00:00-04:00")
    );
    let closes = [daily("01:00", "02:30", MONTREAL)];
    assert_eq!(
        state(&closes, "maple", "2027-03-14T01:00:00-05:00"),
        open("2027-03-14T03:00:00-04:00")
    );
    let within = [daily("02:10", "02:40", MONTREAL)];
    assert_eq!(
        state(&within, "maple", "2027-03-14T01:00:00-05:00"),
        closed("2027-03-15T02:10:00-04:00"),
        "it does not open on that day"
    );
}

#[test]
fn a_time_that_exists_twice_counts_the_first_time() {
    // In Montreal on 2026-11-01, 01:59 is followed by 01:00.
    let opens = [daily("01:30", "05:00", MONTREAL)];
    assert_eq!(
        state(&opens, "maple", "2026-11-01T00:00:00-04:00"),
        closed("2026-11-01T01:30:00-04:00")
    );
    assert_eq!(
        state(&opens, "maple", "2026-11-01T01:15:00-05:00"),
        open("2026-11-01T05:00:00-05:00"),
        "it stays open while the clock shows 01:15 again"
    );
    let closes = [daily("22:00", "01:30", MONTREAL)];
    assert_eq!(
        state(&closes, "maple", "2026-11-01T00:00:00-04:00"),
        open("2026-11-01T01:30:00-04:00")
    );
}

#[test]
fn half_an_hour_of_change_is_respected_on_lord_howe() {
    // On 2026-10-04, 02:00 (+10:30) is followed by 02:30 (+11:00).
    let zone = Tz::Australia__Lord_Howe;
    assert_eq!(
        state(
            &[daily("02:15", "04:00", zone)],
            "x",
            "2026-10-04T01:00:00+10:30"
        ),
        closed("2026-10-04T02:30:00+11:00")
    );
    // On 2027-04-04, 02:00 (+11:00) is followed by 01:30 (+10:30).
    assert_eq!(
        state(
            &[daily("01:45", "04:00", zone)],
            "x",
            "2027-04-04T01:00:00+11:00"
        ),
        closed("2027-04-04T01:45:00+11:00")
    );
}

#[test]
fn a_wave_must_end_before_the_window_closes() {
    let windows = Windows::new(vec![daily("09:00", "16:00", MONTREAL)]);
    let now = at("2026-07-03T15:50:00-04:00");
    assert!(windows.would_end_inside(Some("maple"), now, 600));
    assert!(!windows.would_end_inside(Some("maple"), now, 601));
    assert!(!windows.would_end_inside(Some("maple"), at("2026-07-03T17:00:00-04:00"), 0));
}

#[test]
fn a_window_that_can_never_open_is_refused() {
    let all = ["*".to_owned()];
    let new = |sites: &[String], days, from, to| {
        Window::new(sites, days, from, to, MONTREAL).unwrap_err()
    };
    let days = WeekdaySet::ALL;
    assert_eq!(new(&all, WeekdaySet::EMPTY, 0, 60), WindowError::NoDays);
    assert_eq!(new(&[], days, 0, 60), WindowError::NoSites);
    assert_eq!(new(&all, days, 60, 60), WindowError::Empty);
    for (from, to) in [(1440, 60), (60, 1441), (60, 0)] {
        assert_eq!(new(&all, days, from, to), WindowError::NotATime);
    }
    assert!(matches!(
        new(&["a[".to_owned()], days, 0, 60),
        WindowError::Site(_)
    ));
}

#[test]
fn validate_finds_times_that_do_not_exist_or_exist_twice_within_a_year() {
    let now = at("2026-07-01T00:00:00Z");
    let found = irregular_times(&daily("02:30", "01:30", MONTREAL), now);
    let sentences: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        sentences,
        [
            "the local time 01:30 exists twice on 2026-11-01 in America/Montreal; the window closes the first time",
            "the local time 02:30 does not exist on 2027-03-14 in America/Montreal; the window opens when the clock is set forward",
        ]
    );
    // The clock changes on Sundays.
    let on_weekdays = window_for(&["*"], weekdays(), "02:30", "03:30", MONTREAL);
    assert_eq!(irregular_times(&on_weekdays, now), []);
    for zone in [Tz::America__Sao_Paulo, Tz::Asia__Kathmandu] {
        assert_eq!(irregular_times(&daily("02:30", "01:30", zone), now), []);
    }
}

/// Returns the first minute at which the clock shows a local time or a later one, by looking at each minute of two days.
fn searched(zone: Tz, date: NaiveDate, minute: u16) -> i64 {
    let local = at_minute(date, minute).unwrap();
    let near = local.and_utc().timestamp();
    let mut minutes = (near - DAY_SECONDS..near + DAY_SECONDS).step_by(60);
    minutes
        .find(|moment| local_time(zone, *moment).unwrap() >= local)
        .unwrap()
}

fn is_open_by_search(window: &Window, now: i64) -> bool {
    let today = local_time(window.zone, now).unwrap().date();
    [today.pred_opt().unwrap(), today].into_iter().any(|date| {
        let closes_on = if window.to < window.from {
            date.succ_opt().unwrap()
        } else {
            date
        };
        window.days.contains(date.weekday())
            && searched(window.zone, date, window.from) <= now
            && now < searched(window.zone, closes_on, window.to)
    })
}

/// Days around changes of the clock in the zones, and an ordinary one.
const DAYS: [(i32, u32, u32); 7] = [
    (2026, 10, 4),
    (2026, 10, 25),
    (2026, 11, 1),
    (2027, 3, 14),
    (2027, 3, 28),
    (2027, 4, 4),
    (2027, 6, 1),
];

prop_compose! {
    fn any_window()(
        zone in prop::sample::select(&ZONES[..]),
        days in prop::collection::vec(any::<bool>(), 7),
        from in 0_u16..48, to in 1_u16..=48,
    ) -> Window {
        let all = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
        let mut set: WeekdaySet = all.into_iter().zip(days).filter(|(_, is_in)| *is_in).map(|(day, _)| day).collect();
        if set.is_empty() {
            set = WeekdaySet::ALL;
        }
        let to = if to == from { to % 48 + 1 } else { to };
        Window::new(&["*".to_owned()], set, from * 30, to * 30, zone).unwrap()
    }
}

prop_compose! {
    fn any_moment()(day in prop::sample::select(&DAYS[..]), minutes in -2160_i64..2160) -> i64 {
        let (year, month, day) = day;
        let date = NaiveDate::from_ymd_opt(year, month, day).unwrap();
        date.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp() + minutes * 60
    }
}

proptest! {
    #[test]
    fn the_state_is_the_same_as_by_searching_each_minute(
        windows in prop::collection::vec(any_window(), 1..3),
        now in any_moment(),
    ) {
        let is_open = windows.iter().any(|window| is_open_by_search(window, now));
        let state = Windows::new(windows).state(None, u64::try_from(now).unwrap());
        prop_assert_eq!(matches!(state, WindowState::Open { .. }), is_open);
    }

    #[test]
    fn the_state_changes_at_the_moment_it_names_and_not_before(
        windows in prop::collection::vec(any_window(), 1..4),
        now in any_moment(),
        share in 0_u64..100,
    ) {
        let windows = Windows::new(windows);
        let now = u64::try_from(now).unwrap();
        let is_open = |moment| matches!(windows.state(None, moment), WindowState::Open { .. });
        let (was_open, change) = match windows.state(None, now) {
            WindowState::Open { until } => (true, until),
            WindowState::Closed { opens } => (false, opens),
        };
        if let Some(change) = change {
            prop_assert!(now < change);
            prop_assert_eq!(is_open(change), !was_open);
            prop_assert_eq!(is_open(change - 1), was_open);
            prop_assert_eq!(is_open(now + (change - 1 - now) * share / 100), was_open);
        } else {
            prop_assert!(was_open, "each of these windows opens within two weeks");
        }
    }

    #[test]
    fn work_that_ends_inside_is_never_outside_while_it_runs(
        window in any_window(), now in any_moment(), seconds in 1_u64..40_000, share in 0_u64..100,
    ) {
        let windows = Windows::new(vec![window]);
        let now = u64::try_from(now).unwrap();
        if windows.would_end_inside(None, now, seconds) {
            let during = now + (seconds - 1) * share / 100;
            prop_assert!(matches!(windows.state(None, during), WindowState::Open { .. }), "{}", during);
        }
    }
}
