//! Answers GET, GETNEXT, GETBULK and SET (RFC 3416 §4.2; RFC 3584 §4.4 for SNMPv1).

use std::collections::BTreeMap;

use super::ber::Writer;
use super::distortion::{Distortion, Lens};
use super::pdu::{Kind, Pdu, Reply};
use super::{Access, ErrorStatus, Oid, Value, View};

/// Everything besides the request that an answer depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) is_version_one: bool,
    pub(crate) access: Access,
    /// The number of bytes for bindings.
    pub(crate) room: usize,
    /// The highest number of bindings in the answer to a GETBULK.
    pub(crate) max_rows: usize,
    pub(crate) distortion: &'a Distortion,
}

/// The failure of a request: the status, and the binding's position counted from one.
type Failure = (ErrorStatus, usize);

/// Answers a request; `None` if the PDU is not a request.
pub(crate) fn perform(pdu: &Pdu<'_>, terms: &Terms<'_>, view: &mut dyn View) -> Option<Reply> {
    let limit = terms.distortion.too_big_above;
    let outcome = if limit.is_some_and(|limit| pdu.bindings.len() > limit) {
        Err((ErrorStatus::TooBig, 0))
    } else {
        match pdu.kind {
            Kind::Get => get(pdu, terms, view),
            Kind::GetNext => get_next(pdu, terms, view),
            // RFC 1157 has no GETBULK.
            Kind::GetBulk if !terms.is_version_one => get_bulk(pdu, terms, view),
            Kind::Set => set(pdu, terms, view),
            _ => return None,
        }
    };
    Some(match outcome {
        Ok(bindings) => Reply {
            status: ErrorStatus::NoError,
            index: 0,
            bindings,
        },
        Err((status, index)) => failure(pdu, terms, status, index),
    })
}

/// Returns an error response with the bindings of the request, or without them if they are too long. (RFC 3416 §4.2.1;
/// RFC 1157 §4.1.2 always sends them.)
pub(crate) fn failure(
    pdu: &Pdu<'_>,
    terms: &Terms<'_>,
    status: ErrorStatus,
    index: usize,
) -> Reply {
    let (status, index) = if terms.is_version_one {
        (in_version_one(status), index)
    } else if pdu.raw.len() > terms.room {
        (ErrorStatus::TooBig, 0)
    } else {
        (status, index)
    };
    let is_empty = status == ErrorStatus::TooBig && !terms.is_version_one;
    Reply {
        status,
        index,
        bindings: if is_empty {
            Vec::new()
        } else {
            pdu.raw.to_vec()
        },
    }
}

/// Translates a status to SNMPv1 (RFC 3584 §4.4).
fn in_version_one(status: ErrorStatus) -> ErrorStatus {
    match status {
        ErrorStatus::WrongType
        | ErrorStatus::WrongLength
        | ErrorStatus::WrongEncoding
        | ErrorStatus::WrongValue
        | ErrorStatus::InconsistentValue => ErrorStatus::BadValue,
        ErrorStatus::NoAccess
        | ErrorStatus::NotWritable
        | ErrorStatus::NoCreation
        | ErrorStatus::InconsistentName
        | ErrorStatus::AuthorizationError => ErrorStatus::NoSuchName,
        ErrorStatus::ResourceUnavailable | ErrorStatus::CommitFailed | ErrorStatus::UndoFailed => {
            ErrorStatus::GenErr
        }
        status => status,
    }
}

/// The values of an answer.
struct Answer {
    writer: Writer,
    room: usize,
}

/// There is no space for a binding.
struct Full;

impl Answer {
    fn new(terms: &Terms<'_>) -> Self {
        Self {
            writer: Writer::with_capacity(terms.room.min(1500)),
            room: terms.room,
        }
    }

    /// Adds a binding if it fits; a name that cannot be encoded is an error of the objects.
    fn add(
        &mut self,
        name: &[u32],
        value: &Value,
        index: usize,
    ) -> Result<Result<(), Full>, Failure> {
        let before = self.writer.len();
        if self.writer.binding(name, value).is_err() {
            return Err((ErrorStatus::GenErr, index));
        }
        if self.writer.len() > self.room {
            self.writer.truncate(before);
            return Ok(Err(Full));
        }
        Ok(Ok(()))
    }

    fn add_or_too_big(&mut self, name: &[u32], value: &Value, index: usize) -> Result<(), Failure> {
        self.add(name, value, index)?
            .map_err(|Full| (ErrorStatus::TooBig, 0))
    }

    fn into_bytes(self) -> Vec<u8> {
        self.writer.into_bytes()
    }
}

fn lens<'a>(terms: &Terms<'a>, view: &'a dyn View) -> Lens<'a> {
    Lens {
        view,
        distortion: terms.distortion,
    }
}

fn get(pdu: &Pdu<'_>, terms: &Terms<'_>, view: &dyn View) -> Result<Vec<u8>, Failure> {
    let lens = lens(terms, view);
    let mut answer = Answer::new(terms);
    for ((name, _), index) in pdu.bindings.iter().zip(1..) {
        let value = lens.get(name.arcs());
        let value = value.map_err(|_| (ErrorStatus::GenErr, index))?;
        let is_for_version_one = !matches!(
            value,
            Value::NoSuchObject | Value::NoSuchInstance | Value::Counter64(_)
        );
        if terms.is_version_one && !is_for_version_one {
            // RFC 3584 §4.2.2.1: objects of types unknown to SNMPv1 are hidden.
            return Err((ErrorStatus::NoSuchName, index));
        }
        answer.add_or_too_big(name.arcs(), &value, index)?;
    }
    Ok(answer.into_bytes())
}

fn get_next(pdu: &Pdu<'_>, terms: &Terms<'_>, view: &dyn View) -> Result<Vec<u8>, Failure> {
    let lens = lens(terms, view);
    let mut answer = Answer::new(terms);
    let mut skipped = terms.is_version_one.then(Skipped::default);
    for ((name, _), index) in pdu.bindings.iter().zip(1..) {
        match following(lens, skipped.as_mut(), name.arcs(), index)? {
            Some((name, value)) => answer.add_or_too_big(name.arcs(), &value, index)?,
            None if terms.is_version_one => return Err((ErrorStatus::NoSuchName, index)),
            None => answer.add_or_too_big(name.arcs(), &Value::EndOfMibView, index)?,
        }
    }
    Ok(answer.into_bytes())
}

/// The Counter64 objects skipped for SNMPv1 during one request. Each run of names has its first, its last, and the
/// object after it. A request that asks for thousands of counters a hundred times skips them once.
type Skipped = BTreeMap<Oid, (Oid, Option<(Oid, Value)>)>;

/// Returns the next object; SNMPv1 skips each Counter64 (RFC 3584 §4.2.2.1).
fn following(
    lens: Lens<'_>,
    skipped: Option<&mut Skipped>,
    after: &[u32],
    index: usize,
) -> Result<Option<(Oid, Value)>, Failure> {
    let next = |after: &[u32]| lens.next(after).map_err(|_| (ErrorStatus::GenErr, index));
    let mut found = next(after)?;
    let Some(skipped) = skipped else {
        return Ok(found);
    };
    let mut run: Option<(Oid, Oid)> = None;
    while let Some((name, Value::Counter64(_))) = &found {
        let known = skipped.range(..=name).next_back();
        if let Some((_, (_, beyond))) = known.filter(|(_, (last, _))| name <= last) {
            found = beyond.clone();
            break;
        }
        let further = next(name.arcs())?;
        // A walk that repeats an instance by a fault would be skipped forever.
        if further.as_ref().is_some_and(|(next, _)| next <= name) {
            return Err((ErrorStatus::GenErr, index));
        }
        let first = run.map_or_else(|| name.clone(), |(first, _)| first);
        run = Some((first, name.clone()));
        found = further;
    }
    if let Some((first, last)) = run {
        skipped.insert(first, (last, found.clone()));
    }
    Ok(found)
}

/// A name that GETBULK repeats.
struct Column {
    name: Oid,
    index: usize,
    is_at_end: bool,
}

/// Fills the answer row by row until it is full (RFC 3416 §4.2.3).
fn get_bulk(pdu: &Pdu<'_>, terms: &Terms<'_>, view: &dyn View) -> Result<Vec<u8>, Failure> {
    let lens = lens(terms, view);
    let single = usize::try_from(pdu.status).unwrap_or(0);
    let repetitions = usize::try_from(pdu.index).unwrap_or(0);
    let most = terms
        .max_rows
        .min(terms.distortion.max_rows.unwrap_or(usize::MAX));
    let mut columns: Vec<Column> = pdu
        .bindings
        .iter()
        .zip(1..)
        .map(|((name, _), index)| Column {
            name: name.clone(),
            index,
            is_at_end: false,
        })
        .collect();
    let mut repeated = columns.split_off(single.min(columns.len()));
    let mut answer = Answer::new(terms);
    let mut count = 0;
    let mut is_full = false;
    for column in &mut columns {
        is_full = is_full || count >= most || advance(lens, column, &mut answer)?.is_err();
        count += usize::from(!is_full);
    }
    for _ in 0..repetitions {
        if is_full || repeated.iter().all(|column| column.is_at_end) {
            break;
        }
        for column in &mut repeated {
            is_full = is_full || count >= most || advance(lens, column, &mut answer)?.is_err();
            count += usize::from(!is_full);
        }
    }
    if terms
        .distortion
        .too_big_above
        .is_some_and(|limit| count > limit)
    {
        return Err((ErrorStatus::TooBig, 0));
    }
    // An empty list would mean the end of the MIB, which is wrong here.
    if is_full && count == 0 {
        return Err((ErrorStatus::TooBig, 0));
    }
    Ok(answer.into_bytes())
}

/// Moves a column one row on and adds its value.
fn advance(
    lens: Lens<'_>,
    column: &mut Column,
    answer: &mut Answer,
) -> Result<Result<(), Full>, Failure> {
    let found = if column.is_at_end {
        None
    } else {
        let found = lens.next(column.name.arcs());
        found.map_err(|_| (ErrorStatus::GenErr, column.index))?
    };
    let value = match found {
        Some((name, value)) => {
            column.name = name;
            value
        }
        None => {
            column.is_at_end = true;
            Value::EndOfMibView
        }
    };
    answer.add(column.name.arcs(), &value, column.index)
}

fn set(pdu: &Pdu<'_>, terms: &Terms<'_>, view: &mut dyn View) -> Result<Vec<u8>, Failure> {
    if terms.access < Access::Write && !pdu.bindings.is_empty() {
        return Err((ErrorStatus::NoAccess, 1));
    }
    // The answer repeats the request, so its size is known. Check it before the SET: afterwards would be too late.
    if pdu.raw.len() > terms.room {
        return Err((ErrorStatus::TooBig, 0));
    }
    for ((name, value), index) in pdu.bindings.iter().zip(1..) {
        if terms.distortion.is_broken(name.arcs()) {
            return Err((ErrorStatus::GenErr, index));
        }
        let is_value = !matches!(
            value,
            Value::NoSuchObject | Value::NoSuchInstance | Value::EndOfMibView
        );
        if !is_value {
            return Err((ErrorStatus::WrongType, index));
        }
    }
    match view.set(&pdu.bindings) {
        Ok(()) => Ok(pdu.raw.to_vec()),
        Err(refused)
            if refused.status == ErrorStatus::NoError || refused.index > pdu.bindings.len() =>
        {
            Err((ErrorStatus::GenErr, 0))
        }
        Err(refused) => Err((refused.status, refused.index)),
    }
}
