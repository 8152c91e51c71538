//! Prints `show ghn bw-profile`.

use super::field;
use crate::simulator::gam::{Gam, Refusal};

pub(crate) fn profile(gam: &Gam, id: u16) -> Result<String, Refusal> {
    let profile = gam
        .running()
        .profiles
        .get(&id)
        .ok_or(Refusal::NoSuchProfile)?;
    let mut text = format!("Bandwidth profile {id}\n");
    field(&mut text, "Name", &profile.name);
    field(&mut text, "Description", &profile.description);
    field(
        &mut text,
        "Downstream",
        format_args!("{} Mbps", profile.down),
    );
    field(&mut text, "Upstream", format_args!("{} Mbps", profile.up));
    if let Some(level) = profile.service_limit_level {
        field(&mut text, "Service limit level", level);
    }
    Ok(text)
}
