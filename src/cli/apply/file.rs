//! A plan that was made before and looked at by somebody.

use std::path::Path;

use anyhow::{Context, ensure};

use crate::plan::Planned;
use crate::report::read_plan;

/// A plan out of a file.
#[derive(Debug)]
pub(in crate::cli) struct PlanFile {
    pub id: String,
    /// As it is in the file.
    pub text: String,
    pub planned: Planned,
}

impl PlanFile {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let bytes = std::fs::read(path).with_context(|| {
            format!("failed to read the plan {shown}; `gamctl plan --out FILE` writes one")
        })?;
        let (id, planned) =
            read_plan(&bytes).with_context(|| format!("{shown} cannot be applied"))?;
        ensure!(
            planned.against.is_none(),
            "{shown} compares two commits and no device was asked; make a plan without `--against`"
        );
        let text = String::from_utf8(bytes).context("a plan is UTF-8")?;
        Ok(Self { id, text, planned })
    }
}
