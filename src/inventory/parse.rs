//! Parses one inventory file into objects, with the findings of that file.

use std::sync::Arc;

use super::FileKind;
use super::misplaced::{strangers, wrong_table};
use super::raw_text::{
    TOO_COMPLEX, endless_line, hidden_characters, merge_conflicts, utf8, zero_bytes,
};
use super::record::{Fields, FileFindings, MISSING_KEY, UNKNOWN_KEY, WRONG_TYPE, text};
use super::rules::rules;
use super::similar_id::skeleton;
use super::source::Limits;
use super::text::{
    BillingText, CredentialsText, DeviceText, NetworkText, PolicyText, ServicePlanText,
    SubscriberText, check_credentials,
};
use super::tree::{self, Item, ProblemKind, TreeLimits};
use crate::model::billing::BillingName;
use crate::model::{CredentialsName, DeviceName, ServicePlanId, SubscriberId};

rules! {
    /// A text that is not TOML means nothing; what is left of the file cannot be trusted either.
    SYNTAX = "syntax", Error, "the text is not TOML",
    wrong: [("service-plans.toml", "[service_plan.home-100]\ndown = 100\nup = 100\ndescription = \"Home\n")],
    right: [("service-plans.toml", "[service_plan.home-100]\ndown = 100\nup = 100\ndescription = \"Home\"\n")];

    /// Of a key that is given twice only one can be meant, and gamctl does not choose.
    DUPLICATE_KEY_IN_FILE = "duplicate-key", Error, "a key or a table is given twice in one file",
    wrong: [("service-plans.toml", "[service_plan.home-100]\ndown = 100\nup = 100\nup = 50\n")],
    right: [("service-plans.toml", "[service_plan.home-100]\ndown = 100\nup = 100\n")];
}

/// An object as it is written, and where.
#[derive(Debug)]
pub struct Object<I, T> {
    pub id: I,
    /// Equal for ids that look alike.
    pub(in crate::inventory) skeleton: u64,
    pub text: T,
}

/// The objects of a file.
#[derive(Debug)]
pub(in crate::inventory) enum Content {
    Network(Box<NetworkText>),
    Policy(Box<PolicyText>),
    ServicePlans(Vec<Object<ServicePlanId, ServicePlanText>>),
    Credentials(Vec<Object<CredentialsName, CredentialsText>>),
    Billing(Vec<Object<BillingName, BillingText>>),
    Devices(Vec<Object<DeviceName, DeviceText>>),
    Subscribers(Vec<Object<SubscriberId, SubscriberText>>),
}

/// A file that was read.
#[derive(Debug)]
pub(in crate::inventory) struct ParsedFile {
    /// Kept to show lines and to find positions again.
    pub text: Arc<str>,
    pub content: Content,
    pub findings: Vec<super::record::FileFinding>,
    /// Part of the file could not be read: what is not in `content` may still be in the file.
    pub is_partial: bool,
    /// Kinds of which the file has something that is not a valid object: a bad id, a wrong table, a wrong file.
    pub unread_objects: Vec<FileKind>,
}

/// Parses one file; always returns what can be understood of it.
pub(in crate::inventory) fn parse_file(
    kind: FileKind,
    bytes: Vec<u8>,
    limits: &Limits,
) -> ParsedFile {
    let mut findings = FileFindings {
        is_confidential: kind == FileKind::Credentials,
        ..FileFindings::default()
    };
    let (text, is_utf8) = utf8(bytes, &mut findings);
    let mut is_partial = !is_utf8;
    hidden_characters(&text, &mut findings);
    is_partial |= merge_conflicts(&text, &mut findings);
    is_partial |= endless_line(&text, &mut findings);
    is_partial |= zero_bytes(&text, &mut findings);
    let limits = TreeLimits {
        depth: limits.toml_depth,
        keys: limits.keys,
    };
    let readable = if is_partial { "" } else { text.as_str() };
    let (mut tree, problems) = tree::parse(readable, limits);
    let problems = worth_saying(readable, problems);
    let is_bomb = problems.iter().any(|problem| is_bomb(problem.kind));
    if is_bomb {
        // The content of such a file is not checked.
        tree = tree::parse("", limits).0;
    }
    let broken_lines: Vec<u32> = problems
        .iter()
        .filter(|problem| problem.kind == ProblemKind::Syntax)
        .map(|problem| line_start(readable, problem.span.start))
        .collect();
    for problem in problems {
        is_partial |= !matches!(problem.kind, ProblemKind::Duplicate { .. });
        report(problem, &mut findings);
    }
    let before = findings.list.len();
    let content = read(kind, tree.root(), &mut findings);
    if is_partial {
        let mut index = 0;
        findings.list.retain(|finding| {
            index += 1;
            // A missing key may be in the part that could not be read, and an unknown key may be in another table than
            // intended: a bracket or a quote is missing before it.
            let line = || line_start(readable, finding.span.start);
            let is_astray = || {
                broken_lines
                    .first()
                    .is_some_and(|first| finding.span.start >= *first)
            };
            let is_doubtful = finding.rule == &MISSING_KEY
                || (finding.rule == &UNKNOWN_KEY && is_astray())
                || (finding.rule == &WRONG_TYPE && broken_lines.contains(&line()));
            index <= before || !is_doubtful
        });
    }
    ParsedFile {
        text: text.into(),
        content,
        findings: findings.list,
        is_partial,
        unread_objects: findings.unread_objects,
    }
}

fn is_bomb(kind: ProblemKind) -> bool {
    matches!(kind, ProblemKind::TooDeep | ProblemKind::TooManyKeys)
}

/// Leaves out what only follows from another problem: all beside the first bomb, and a line's second fault of syntax.
fn worth_saying(text: &str, mut problems: Vec<tree::Problem>) -> Vec<tree::Problem> {
    if let Some(bomb) = problems.iter().position(|problem| is_bomb(problem.kind)) {
        return vec![problems.swap_remove(bomb)];
    }
    let mut last_line = None;
    problems.retain(|problem| {
        if problem.kind != ProblemKind::Syntax {
            return true;
        }
        let line = Some(line_start(text, problem.span.start));
        std::mem::replace(&mut last_line, line) != line
    });
    problems
}

/// Returns where the line begins that has this byte.
fn line_start(text: &str, at: u32) -> u32 {
    let end = usize::try_from(at).unwrap_or(usize::MAX).min(text.len());
    let before = text.as_bytes().get(..end).unwrap_or_default();
    let start = before.iter().rposition(|byte| *byte == b'\n');
    u32::try_from(start.map_or(0, |newline| newline + 1)).unwrap_or(u32::MAX)
}

fn report(problem: tree::Problem, findings: &mut FileFindings) {
    let tree::Problem {
        kind,
        span,
        message,
    } = problem;
    match kind {
        ProblemKind::Syntax => {
            findings.add(&SYNTAX, span, message);
        }
        ProblemKind::Duplicate { first } => {
            let message = if findings.is_confidential {
                "this is given twice".to_owned()
            } else {
                message
            };
            findings
                .add(&DUPLICATE_KEY_IN_FILE, span, message)
                .hint("keep one of the two")
                .related(first, "first given here");
        }
        ProblemKind::TooDeep => {
            findings.add(&TOO_COMPLEX, span, message);
        }
        ProblemKind::TooManyKeys => {
            findings
                .add(&TOO_COMPLEX, span, message)
                .hint("split the file");
        }
    }
}

fn read(kind: FileKind, root: Item<'_, '_>, findings: &mut FileFindings) -> Content {
    match kind {
        FileKind::Network => {
            let text = NetworkText::read_fields(root, findings);
            strangers(kind, root, &NetworkText::shape(), findings);
            Content::Network(Box::new(text))
        }
        FileKind::Policy => {
            let text = PolicyText::read_fields(root, findings);
            strangers(kind, root, &PolicyText::shape(), findings);
            Content::Policy(Box::new(text))
        }
        FileKind::ServicePlans => {
            Content::ServicePlans(objects(kind, root, ServicePlanId::new, findings))
        }
        FileKind::Credentials => {
            let list = objects(kind, root, CredentialsName::new, findings);
            check_all_credentials(&list, root, findings);
            Content::Credentials(list)
        }
        FileKind::Billing => Content::Billing(objects(kind, root, BillingName::new, findings)),
        FileKind::Devices => Content::Devices(objects(kind, root, DeviceName::new, findings)),
        FileKind::Subscribers => {
            Content::Subscribers(objects(kind, root, SubscriberId::new, findings))
        }
    }
}

fn check_all_credentials(
    list: &[Object<CredentialsName, CredentialsText>],
    root: Item<'_, '_>,
    findings: &mut FileFindings,
) {
    let table = root.get("credentials");
    for object in list {
        if let Some(item) = table.and_then(|table| table.get(object.id.as_str())) {
            check_credentials(&object.text, item, findings);
        }
    }
}

/// Reads every object of a file that holds objects.
fn objects<I, T: Fields>(
    kind: FileKind,
    root: Item<'_, '_>,
    make: impl Fn(&str) -> Result<I, crate::model::NameError>,
    findings: &mut FileFindings,
) -> Vec<Object<I, T>> {
    let table = kind.object_table().unwrap_or_default();
    let mut list = Vec::new();
    for top in root.children() {
        if top.key() != table {
            wrong_table(kind, table, top, findings);
            continue;
        }
        if !top.is_table() {
            findings.unread_objects.push(kind);
            super::record::wrong_type(top, "a table", findings);
            continue;
        }
        for item in top.children() {
            let what = if findings.is_confidential {
                "this name".to_owned()
            } else {
                format!("the {} of `[{table}.…]`", "name")
            };
            let id = text(item.key(), item.key_span(), &what, &make, findings);
            let record = super::record::read_keys::<T>(item, findings);
            if let (Some(id), Some(record)) = (id, record) {
                list.push(Object {
                    id,
                    skeleton: skeleton(item.key()),
                    text: record,
                });
            } else {
                findings.unread_objects.push(kind);
            }
        }
    }
    list
}
