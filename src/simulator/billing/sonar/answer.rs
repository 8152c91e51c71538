//! Makes the HTTP answers of the instance: JSON, errors that are not GraphQL, and pages for people.

use serde_json::{Value, json};

use crate::simulator::billing::http::HttpAnswer;
use crate::simulator::moment::Moment;

/// A JSON answer.
pub(super) fn json(status: u16, body: &Value, now: u64) -> HttpAnswer {
    dated(
        HttpAnswer::new(status, "application/json", body.to_string()),
        now,
    )
}

/// The page that a proxy or the web interface shows.
pub(super) fn html(status: u16, title: &str, now: u64) -> HttpAnswer {
    let page = format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    );
    dated(
        HttpAnswer::new(status, "text/html; charset=UTF-8", page),
        now,
    )
}

/// The answer to a token that is not known (its status is assumed).
pub(super) fn unauthenticated(now: u64) -> HttpAnswer {
    json(401, &json!({"message": "Unauthenticated."}), now)
}

/// The answer above the limit (429 is assumed).
pub(super) fn limited(status: u16, limit: u64, now: u64) -> HttpAnswer {
    let message = format!("Request limit of {limit}/min reached.");
    json(status, &json!({"error": message}), now)
}

/// Removes a part of the data of an answer and reports it in `errors`.
pub(super) fn in_part(body: &mut Value) {
    let Some(data) = body.get_mut("data").and_then(Value::as_object_mut) else {
        return;
    };
    let found = data.iter_mut().find_map(|(root, value)| {
        let entity = value.get_mut("entities")?.get_mut(0)?.as_object_mut()?;
        // A relation is lost rather than a number, where there is one.
        let is_relation = |value: &&mut Value| value.is_object() || value.is_array();
        let name = entity
            .iter_mut()
            .find(|(_, value)| is_relation(value))
            .map(|(name, _)| name.clone())
            .or_else(|| entity.keys().next().cloned())?;
        entity.insert(name.clone(), Value::Null);
        Some(json!([root, "entities", 0, name]))
    });
    let path = found.unwrap_or_else(|| {
        for value in data.values_mut() {
            *value = Value::Null;
        }
        json!(data.keys().take(1).collect::<Vec<_>>())
    });
    if let Some(body) = body.as_object_mut() {
        let errors = json!([{"message": "Internal server error", "path": path}]);
        body.insert("errors".to_owned(), errors);
    }
}

/// Adds the time of the instance.
fn dated(mut answer: HttpAnswer, now: u64) -> HttpAnswer {
    answer.headers.push(("date".to_owned(), http_date(now)));
    answer
}

/// Formats a time as `Fri, 20 Nov 2026 14:03:09 GMT`.
fn http_date(now: u64) -> String {
    // 1970 began on a Thursday.
    let weekday = match now / 86_400 % 7 {
        0 => "Thu",
        1 => "Fri",
        2 => "Sat",
        3 => "Sun",
        4 => "Mon",
        5 => "Tue",
        _ => "Wed",
    };
    let at = Moment::from_unix_millis(now.saturating_mul(1000));
    let (year, month, day, hour, minute, second) = at.civil();
    let month = match month {
        1 => "Jan",
        2 => "Feb",
        3 => "Mar",
        4 => "Apr",
        5 => "May",
        6 => "Jun",
        7 => "Jul",
        8 => "Aug",
        9 => "Sep",
        10 => "Oct",
        11 => "Nov",
        _ => "Dec",
    };
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_the_one_of_http() {
        assert_eq!(http_date(1_795_183_389), "Fri, 20 Nov 2026 14:03:09 GMT");
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
