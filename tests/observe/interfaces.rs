//! Tests which interfaces a look takes for uplinks: never the management port, whatever their order.

use gamctl::model::{GamModel, Part, UplinkNumber};
use gamctl::simulator::gam::PortLayout;

use super::device::{Dice, expected, random, twin_of};
use super::look_at;

#[tokio::test]
async fn the_uplinks_are_the_same_whether_the_management_port_is_before_or_behind_them() {
    for model in [GamModel::Gam4Cx, GamModel::Gam24M] {
        for layout in [PortLayout::UplinksFirst, PortLayout::ManagementFirst] {
            let (hardware, configuration) = random(&mut Dice::new(3), model, 12);
            let intended = expected(&configuration);
            let twin = twin_of(hardware.with_layout(layout), configuration).await;
            let observation = look_at(&twin).await.unwrap();
            assert_eq!(observation.config, intended, "{model} {layout:?}");
            assert_eq!(observation.unread, [], "{model} {layout:?}");
            // Only a shut or dark uplink has no link; the management port of a twin never has one.
            let is_up =
                |number| observation.health.uplinks[&UplinkNumber::new(number).unwrap()].is_up;
            assert_eq!(is_up(1), Some(true), "{model} {layout:?}");
            assert_eq!(
                observation.health.uplinks.len(),
                observation.config.uplinks.len()
            );
        }
    }
}

#[tokio::test]
async fn interfaces_that_cannot_be_distinguished_leave_only_the_uplinks_unread() {
    let (hardware, configuration) = random(&mut Dice::new(3), GamModel::Gam24M, 12);
    let mut intended = expected(&configuration);
    intended.uplinks.clear();
    let twin = twin_of(hardware.with_layout(PortLayout::Alike), configuration).await;
    let observation = look_at(&twin).await.unwrap();
    assert_eq!(observation.config, intended);
    assert!(observation.health.uplinks.is_empty());
    let reason = observation.incomplete(Part::Uplinks).unwrap();
    assert!(
        reason.contains("the uplinks are unknown: no interface is an uplink"),
        "{reason}"
    );
    for part in Part::ALL.into_iter().filter(|part| *part != Part::Uplinks) {
        assert_eq!(observation.incomplete(part), None, "{part:?}");
    }
}
