//! GAM-FIRMWARE-MIB: the images in flash, the running one, and the swap of the two.

use compact_str::{CompactString, format_compact};

use super::interface_rows::{numbered, physical_count};
use super::rows::Rows;
use super::sysutil::{FLASH_MODEL, MANAGEMENT_CHIP, UNIT};
use super::table::{Object, Scalars, Table, clipped, column, is_true};
use crate::simulator::gam::{Gam, Image, Request};
use crate::simulator::snmp::Value;

const FIRMWARE: [u32; 10] = [1, 3, 6, 1, 4, 1, 20095, 2001, 28, 1];

/// `GAMFirmwareStatusImageEnum`, which is also the order of the rows.
const BOOTLOADER: u32 = 0;
const ACTIVE: u32 = 1;
const ALTERNATIVE: u32 = 2;

/// `GAMFirmwareUploadStatusEnum` and `GAMFirmwareUploadImageEnum`.
const NO_UPLOAD: i32 = 0;
const FIRMWARE_IMAGE: i32 = 1;

/// Longest texts.
const IMAGE_NAME: usize = 127;
const LONG_TEXT: usize = 255;
const SHORT_TEXT: usize = 63;

/// The version of the bootloader; that of a real one is unknown.
const BOOTLOADER_VERSION: &str = "1.0";
const BOOTLOADER_BUILT: &str = "2019-05-02T11:00:00-04:00";

static IMAGES: Rows = Rows {
    next: |_, after| numbered(after, BOOTLOADER, ALTERNATIVE),
    has: |_, index| matches!(index, [BOOTLOADER..=ALTERNATIVE]),
};

static IMAGE: Table = Table {
    base: &FIRMWARE,
    entry: &[3, 1, 1],
    rows: &IMAGES,
    needs: None,
    columns: &[
        column(2, |_, index, _| match index {
            [BOOTLOADER] => Value::Integer(0),
            [ACTIVE] => Value::Integer(1),
            _ => Value::Integer(2),
        }),
        // The names of the partitions, as a switch of this family has them [icli].
        column(3, |_, index, _| {
            let name = match index {
                [BOOTLOADER] => "RedBoot",
                [ACTIVE] => "linux",
                _ => "linux.bk",
            };
            clipped(name, IMAGE_NAME)
        }),
        column(4, |gam, index, _| {
            let version = image(gam, index).map(|image| image.version.as_str());
            clipped(version.unwrap_or(BOOTLOADER_VERSION), LONG_TEXT)
        }),
        column(5, |gam, index, _| {
            let built = image(gam, index).map(|image| image.built);
            clipped(built.unwrap_or(BOOTLOADER_BUILT), LONG_TEXT)
        }),
        column(6, |gam, index, _| {
            let revision = image(gam, index).map(|image| image.code_revision);
            clipped(revision.unwrap_or_default(), IMAGE_NAME)
        }),
        column(7, |_, _, _| Value::text(FLASH_MODEL)),
        column(8, |_, _, _| Value::text(MANAGEMENT_CHIP)),
    ],
};

static UPLOAD_STATUS: Scalars = Scalars {
    base: &FIRMWARE,
    group: &[3, 2],
    needs: None,
    scalars: &[column(1, |_, _, _| Value::Integer(NO_UPLOAD))],
};

static SWITCH: Table = Table {
    base: &FIRMWARE,
    entry: &[3, 3, 1],
    rows: &UNIT,
    needs: None,
    columns: &[
        column(2, |_, _, _| Value::text("Twin switch chip")),
        column(3, |gam, _, _| {
            clipped(&gam.hardware().model.to_string(), SHORT_TEXT)
        }),
        column(4, |gam, _, _| Value::Gauge32(physical_count(gam))),
        column(5, |gam, _, _| clipped(&product(gam), SHORT_TEXT)),
        column(6, |gam, _, _| {
            clipped(&gam.firmware().active.version, LONG_TEXT)
        }),
        column(7, |gam, _, _| {
            clipped(gam.firmware().active.built, LONG_TEXT)
        }),
        column(8, |_, _, _| Value::text(FLASH_MODEL)),
        column(9, |_, _, _| Value::text(MANAGEMENT_CHIP)),
    ],
};

static SWAP: Scalars = Scalars {
    base: &FIRMWARE,
    group: &[4, 1],
    needs: None,
    scalars: &[
        column(1, |_, _, _| Value::truth(false)).trigger(|gam, _, value, _| {
            if is_true(value) {
                gam.request(Request::SwapFirmware);
            }
            Ok(())
        }),
    ],
};

/// Images are installed over the CLI; a SET never downloads anything, so these are notWritable.
static UPLOAD: Scalars = Scalars {
    base: &FIRMWARE,
    group: &[4, 2],
    needs: None,
    scalars: &[
        column(1, |_, _, _| Value::truth(false)),
        column(2, |_, _, _| Value::Integer(FIRMWARE_IMAGE)),
        column(3, |_, _, _| Value::text("")),
    ],
};

pub(super) fn objects() -> Vec<Object> {
    IMAGE
        .objects()
        .chain(SWITCH.objects())
        .chain(
            [&UPLOAD_STATUS, &SWAP, &UPLOAD]
                .into_iter()
                .flat_map(Scalars::objects),
        )
        .collect()
}

/// Returns the image of a row; the bootloader is not one.
fn image<'g>(gam: &'g Gam, index: &[u32]) -> Option<&'g Image> {
    match index {
        [ACTIVE] => Some(&gam.firmware().active),
        [ALTERNATIVE] => Some(&gam.firmware().alternative),
        _ => None,
    }
}

/// Returns the product name in `show version` (seen).
fn product(gam: &Gam) -> CompactString {
    format_compact!("Positron {} Switch", gam.hardware().family())
}
