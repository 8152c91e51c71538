//! What a manager asks for that takes time: whoever runs the twin takes it, and does it when the time is over.

use super::{CopyStatus, Gam};

/// Something to do after the answer has been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// Write the startup configuration: [`Gam::save`], or [`CopyStatus::Failed`].
    Save,
    /// Go away and [`Gam::boot`].
    Reboot,
    /// Go away and [`Gam::swap_images`].
    SwapFirmware,
    /// Replace the running configuration by the one as delivered, without a restart.
    ReloadDefaults,
}

/// A copy of a configuration as a manager prepares it, one object after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopyPlan {
    pub source: CopyEnd,
    pub destination: CopyEnd,
    /// Onto the running configuration, instead of in its place.
    pub merge: bool,
}

/// One end of a copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopyEnd {
    pub kind: ConfigurationKind,
    /// Only of a file; it may begin with `flash:`.
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

/// How many requests wait at most for somebody to take them.
const MOST_REQUESTS: usize = 100;

impl Gam {
    /// Asks for something that takes time.
    pub fn request(&mut self, request: Request) {
        if self.requests.len() >= MOST_REQUESTS {
            return;
        }
        if request == Request::Save {
            self.copy_status = CopyStatus::InProgress;
        }
        self.requests.push(request);
    }

    /// Returns and forgets what was asked for since the last call.
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

    /// Deletes `startup-config`: the next boot is as delivered.
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
    /// `GAMIcfgConfigStatus`; what fails is the writing of the destination.
    pub fn number(self) -> i32 {
        match self {
            Self::None => 0,
            Self::Success => 1,
            Self::InProgress => 2,
            Self::Failed => 8,
        }
    }
}
