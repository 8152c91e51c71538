//! Reads processor time, memory, file descriptors and the start of this process from `/proc`.

use std::fs;

/// Ticks of `/proc/self/stat` in a second: USER_HZ, which is 100 on every processor that gamctl is built for.
const TICKS_PER_SECOND: f64 = 100.0;

/// The state of this process; none where `/proc` does not have a value.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ProcessReading {
    pub cpu_seconds: Option<f64>,
    pub resident_bytes: Option<f64>,
    pub open_files: Option<f64>,
    pub max_files: Option<f64>,
    /// In seconds since 1970.
    pub start_time: Option<f64>,
}

/// The texts of `/proc` that a reading is made from.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessFiles<'t> {
    /// `/proc/self/stat`
    pub stat: &'t str,
    /// `/proc/self/status`
    pub status: &'t str,
    /// `/proc/self/limits`
    pub limits: &'t str,
    /// `/proc/stat`
    pub system: &'t str,
    /// The number of entries in `/proc/self/fd`.
    pub open_files: Option<usize>,
}

/// Reads five small files, which needs no more than a millisecond.
pub fn read_process() -> ProcessReading {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    // The folder is itself open while it is listed.
    let files = fs::read_dir("/proc/self/fd").ok();
    ProcessReading::of(&ProcessFiles {
        stat: &read("/proc/self/stat"),
        status: &read("/proc/self/status"),
        limits: &read("/proc/self/limits"),
        system: &read("/proc/stat"),
        open_files: files.map(|files| files.count().saturating_sub(1)),
    })
}

impl ProcessReading {
    pub fn of(files: &ProcessFiles<'_>) -> Self {
        let (user, system) = (stat(files.stat, UTIME), stat(files.stat, STIME));
        let seconds = user.zip(system).map(|(a, b)| (a + b) / TICKS_PER_SECOND);
        let boot = value_after(files.system, "btime");
        let start = stat(files.stat, START).zip(boot);
        Self {
            cpu_seconds: seconds,
            resident_bytes: value_after(files.status, "VmRSS:").map(|kilobytes| kilobytes * 1024.0),
            open_files: files.open_files.map(|count| count as f64),
            max_files: value_after(files.limits, "Max open files"),
            start_time: start.map(|(ticks, boot)| boot + ticks / TICKS_PER_SECOND),
        }
    }
}

/// Fields of `/proc/self/stat`, counted from the one after the name of the program.
const UTIME: usize = 11;
const STIME: usize = 12;
const START: usize = 19;

/// Returns a field of `/proc/self/stat`. The name of the program before them may contain blanks and brackets.
fn stat(text: &str, field: usize) -> Option<f64> {
    let (_, fields) = text.rsplit_once(')')?;
    fields.split_whitespace().nth(field)?.parse().ok()
}

/// Returns the number after a name at the start of a line; `unlimited` is none.
fn value_after(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let value: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(value as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "4711 (gam) ctl (x) S 1 4711 4711 0 -1 4194560 1000 0 5 0 1234 66 0 0 20 0 9 0 50000 123456789 8000 \
                        18446744073709551615 1 1 0 0 0 0 0 4096 17663 0 0 0 17 1 0 0 0 0 0\n";

    #[test]
    fn a_reading_is_made_from_the_texts_of_proc() {
        let files = ProcessFiles {
            stat: STAT,
            status: "Name:\tgamctl\nVmPeak:\t 9 kB\nVmRSS:\t   20480 kB\n",
            limits: "Limit                     Soft Limit           Hard Limit           Units     \n\
                     Max open files            1024                 524288               files     \n",
            system: "cpu  1 2 3\nbtime 1700000000\nprocesses 9\n",
            open_files: Some(12),
        };
        let expected = ProcessReading {
            cpu_seconds: Some(13.0),
            resident_bytes: Some(20_971_520.0),
            open_files: Some(12.0),
            max_files: Some(1024.0),
            start_time: Some(1_700_000_500.0),
        };
        assert_eq!(ProcessReading::of(&files), expected);
    }

    #[test]
    fn what_proc_does_not_have_is_absent() {
        let nothing = ProcessReading::default();
        assert_eq!(ProcessReading::of(&ProcessFiles::default()), nothing);
        let odd = ProcessFiles {
            stat: "4711 (gamctl) S 1",
            status: "VmRSS:",
            limits: "Max open files            unlimited            unlimited            files\n",
            system: "btime x",
            open_files: None,
        };
        assert_eq!(ProcessReading::of(&odd), nothing);
    }

    #[test]
    fn this_process_has_all_of_them_on_linux() {
        let read = read_process();
        assert!(read.cpu_seconds.is_some() && read.start_time.is_some_and(|time| time > 1e9));
        assert!(read.resident_bytes.is_some_and(|bytes| bytes > 100_000.0));
        assert!(read.open_files.is_some_and(|files| files >= 1.0));
    }
}
