//! Queues long SNMP operations (save, reboot) for the twin's server task.

use super::{CopyStatus, Gam};

/// An operation to run after the SNMP answer has been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// Write the startup configuration: [`Gam::save`], or [`CopyStatus::Failed`].
    Save,
    /// Go down and [`Gam::boot`].
    Reboot,
    /// Go down and [`Gam::swap_images`].
    SwapFirmware,
    /// Replace the running-config by the factory one, without a restart.
    ReloadDefaults,
}

/// A copy of a configuration as a manager prepares it, one object after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopyPlan {
    pub source: CopyEnd,
    pub destination: CopyEnd,
    /// Merge into the running-config instead of replacing it.
    pub merge: bool,
}

/// One end of a copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopyEnd {
    pub kind: ConfigurationKind,
    /// Only for a file; it may start with `flash:`.
    pub file: String,
}

/// `GAMIcfgConfigType`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConfigurationKind {
    #[default]
    None,
    Running,
    Startup,
    File,
}

/// The highest number of requests that wait to be taken.
const MOST_REQUESTS: usize = 100;

impl Gam {
    /// Requests an operation that needs time.
    pub fn request(&mut self, request: Request) {
        if self.requests.len() >= MOST_REQUESTS {
            return;
        }
        if request == Request::Save {
            self.copy_status = CopyStatus::InProgress;
        }
        self.requests.push(request);
    }

    /// Returns and clears the requests since the last call.
    pub fn take_requests(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.requests)
    }

    pub fn copy_plan(&self) -> &CopyPlan {
        &self.copy_plan
    }

    /// Prepares a copy; nothing is copied yet.
    pub fn plan_copy(&mut self, change: impl FnOnce(&mut CopyPlan)) {
        change(&mut self.copy_plan);
    }

    /// Deletes `startup-config`: the next boot is with the factory configuration.
    pub fn delete_startup(&mut self) {
        self.startup = None;
    }
}

impl ConfigurationKind {
    pub const ALL: [Self; 4] = [Self::None, Self::Running, Self::Startup, Self::File];

    pub fn number(self) -> i32 {
        match self {
            Self::None => 0,
            Self::Running => 1,
            Self::Startup => 2,
            Self::File => 3,
        }
    }
}

impl CopyStatus {
    /// `GAMIcfgConfigStatus`; the failing part is the writing of the destination.
    pub fn number(self) -> i32 {
        match self {
            Self::None => 0,
            Self::Success => 1,
            Self::InProgress => 2,
            Self::Failed => 8,
        }
    }
}
