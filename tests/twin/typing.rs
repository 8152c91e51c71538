//! Runs a twin's CLI without a network: lines in, answers out.

use gamctl::model::GamModel;
use gamctl::simulator::commands::{Outcome, Session, write_startup};
use gamctl::simulator::gam::{Build, Configuration, FirmwareProfile, Gam, Hardware};
use gamctl::simulator::moment::Moment;

pub(super) const NOW: Moment = Moment::from_unix_millis(1_795_253_544_000);

pub(super) fn gam(model: GamModel, configuration: Option<Configuration>) -> Gam {
    let build = Build {
        hardware: Hardware::of(model, 7),
        firmware: FirmwareProfile::V1_8,
        seed: 7,
        configuration,
    };
    Gam::new(build, NOW)
}

/// Enters lines of configuration mode and returns the answer to each.
pub(super) fn configure(gam: &mut Gam, lines: &[String]) -> Vec<String> {
    let mut session = Session::open(gam, 0, 0);
    session.type_keys(b"terminal width 0\rterminal length 0\rconfigure terminal\r");
    run(&mut session, gam);
    lines
        .iter()
        .map(|line| {
            session.take_output();
            session.type_keys(format!("{line}\r").as_bytes());
            run(&mut session, gam);
            let screen = String::from_utf8(session.take_output()).unwrap();
            let (_, answer) = screen.split_once("\r\n").unwrap_or_default();
            let end = answer.rfind("\r\n").map_or(0, |end| end);
            answer[..end].to_owned()
        })
        .collect()
}

fn run(session: &mut Session, gam: &mut Gam) {
    while let Some(line) = session.next_line(gam) {
        match session.run(&line, gam, NOW) {
            Outcome::Save => session.finish_save(Ok(write_startup(gam, NOW)), gam),
            Outcome::Reload | Outcome::SwapFirmware => gam.boot(NOW),
            Outcome::Prompt | Outcome::Close => {}
        }
    }
}
