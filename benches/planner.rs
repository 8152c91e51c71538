//! Plans by the million, judged on twins; and how fast plans are worked out for a whole network.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench prints, and ends at the first thing that goes wrong"
)]

#[path = "../tests/properties/dice.rs"]
mod dice;
#[path = "../tests/properties/planner/mod.rs"]
mod planner;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut cases, mut seed, mut shown) = (1_000_u64, 1_u64, 5);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--list" | "--test" => return,
            "--cases" => cases = arguments.next().unwrap().parse().unwrap(),
            "--shown" => shown = arguments.next().unwrap().parse().unwrap(),
            "--seed" => seed = arguments.next().unwrap().parse().unwrap(),
            _ => {}
        }
    }
    let mut wrong = 0;
    let (mut steps, mut temporary, mut notes) = (0, 0, 0);
    for number in seed..seed + cases {
        let mut dice = dice::Dice::seeded(number, 2_500);
        let case = planner::case::case(&mut dice);
        match planner::judge::judge(&case, planner::judge::Prefixes::All) {
            Ok(judged) => {
                steps += judged.steps;
                temporary += judged.temporary;
                notes += judged.notes;
            }
            Err(why) => {
                wrong += 1;
                if wrong <= shown {
                    println!("seed {number}: {why}");
                } else if wrong <= 200 {
                    println!("seed {number}: {}", why.lines().next().unwrap_or_default());
                }
            }
        }
    }
    println!("{cases} cases, {steps} steps, {temporary} temporary, {notes} notes, {wrong} wrong");
    assert_eq!(wrong, 0);
}
