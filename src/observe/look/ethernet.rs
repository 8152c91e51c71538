//! Reads the Ethernet ports of one endpoint, on request only: a look at every port of a full device is too long.

use super::Target;
use super::ask::Asker;
use crate::model::{EthernetPort, MacAddress};
use crate::observe::decode::{Grid, ethernet_ports};
use crate::observe::mib::{Object, ghn};
use crate::transport::snmp::Oid;

const COLUMNS: [&Object; 4] = [
    &ghn::ETHERNET_VALID,
    &ghn::ETHERNET_LINK,
    &ghn::ETHERNET_DUPLEX,
    &ghn::ETHERNET_SPEED,
];

/// Returns the Ethernet ports of an endpoint; none if the device does not report them, or does not hear the endpoint.
///
/// # Errors
///
/// Fails with a reason for the operator.
pub async fn look_at_ethernet(
    target: &Target<'_>,
    endpoint: MacAddress,
) -> Result<Vec<EthernetPort>, String> {
    let session = target.session().await;
    let session = session.map_err(|error| error.to_string())?;
    let asker = Asker::new(session, target.snmp_options.in_flight);
    let index = endpoint.octets().map(u32::from);
    let names: Vec<Oid> = COLUMNS.iter().map(|object| object.at(&index)).collect();
    let columns = asker.columns(&names).await;
    let columns = columns.map_err(|error| error.to_string())?;
    let mut grid = Grid::default();
    for (object, name) in COLUMNS.iter().zip(&names) {
        let cells = columns.iter().filter(|column| column.oid == *name);
        for cell in cells.flat_map(|column| &column.cells) {
            let row = grid.rows.entry(cell.index.clone()).or_default();
            row.set(object, Ok(cell.value.clone()));
        }
    }
    Ok(ethernet_ports(&grid))
}
