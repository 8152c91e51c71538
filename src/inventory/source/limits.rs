//! Limits the size of an inventory, so that a broken or hostile one cannot exhaust memory.

use std::fmt;

/// The maximum size of an inventory.
///
/// The largest one in sight, 10 000 devices and 250 000 subscribers, has 37 MB of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file: some 100 000 subscribers. More than that is spread over files, one for each building or device.
    pub file_bytes: u64,
    /// Bytes of all files: seven times the largest inventory in sight, and still read into memory at once without harm.
    pub total_bytes: u64,
    /// Names in the inventory's folders: a file per device and one for its subscribers, at 10 000 devices, twice over.
    pub files: usize,
    /// Folders above a file, its kind's folder included: region, city, building and floor leave four to spare.
    pub folder_depth: usize,
    /// Tables and arrays inside one another in a file: the format needs four; recursion stays far from the stack's end.
    pub toml_depth: u32,
    /// Keys in one file: some 70 000 subscribers with all that they usually have. The parser keeps 100 bytes for each.
    pub keys: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 16 << 20,
            total_bytes: 256 << 20,
            files: 50_000,
            folder_depth: 8,
            toml_depth: 16,
            keys: 500_000,
        }
    }
}

/// A number of bytes as people read it.
pub(super) struct Bytes(pub(super) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u32, &str); 3] = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
        for (shift, unit) in UNITS {
            if self.0 >> shift > 0 {
                // One decimal, cut off: what is too large by little must not look like the limit rounded up.
                let tenths = (self.0 >> (shift - 10)).saturating_mul(10) >> 10;
                return match (tenths / 10, tenths % 10) {
                    (whole, 0) => write!(formatter, "{whole} {unit}"),
                    (whole, tenth) => write!(formatter, "{whole}.{tenth} {unit}"),
                };
            }
        }
        write!(formatter, "{} bytes", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_as_people_say_them() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1536, "1.5 KiB"),
            (16 << 20, "16 MiB"),
            (3 << 30, "3 GiB"),
            (u64::MAX, "17179869183.9 GiB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
    }
}
