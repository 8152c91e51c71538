//! Renders the services of one class for 80 columns: by rule, each with its reason, and the next step of the rule.

use std::collections::{BTreeMap, BTreeSet};

use super::description::ListedLine;
use crate::report::{Paint, counted, visible};

/// Returns all services; the next step is printed once for each rule, and not at all for services without one.
pub fn services_text(services: &[ListedLine], paint: Paint) -> String {
    let mut by_rule: BTreeMap<&str, Vec<&ListedLine>> = BTreeMap::new();
    for line in services {
        by_rule.entry(line.rule).or_default().push(line);
    }
    let parts = by_rule.into_iter().map(|(rule, lines)| {
        let mut text = String::new();
        if !rule.is_empty() {
            let services: BTreeSet<&str> = lines.iter().map(|line| line.service.as_str()).collect();
            let title = format!("{rule}: {}", counted(services.len(), "service"));
            text.push_str(&format!("{}\n", paint.bold(&title)));
        }
        text.push_str(&service_lines(&lines, lines.len()));
        text
    });
    parts.collect::<Vec<_>>().join("\n")
}

/// Returns a line for each of the first services of one rule, the number of the others, and the next step.
pub(super) fn service_lines(lines: &[&ListedLine], shown: usize) -> String {
    let mut text = String::new();
    for line in lines.iter().take(shown) {
        let who = match &line.subscriber {
            Some(subscriber) => format!("{} ({subscriber})", line.service),
            None => line.service.clone(),
        };
        let why = match line.because.as_str() {
            "" => String::new(),
            because => format!(": {}", visible(because)),
        };
        text.push_str(&format!("  {}{why}\n", visible(&who)));
    }
    if lines.len() > shown {
        text.push_str(&format!("  and {} more\n", lines.len() - shown));
    }
    if let Some(line) = lines.first().filter(|line| !line.rule.is_empty()) {
        text.push_str(&format!("  next: {}\n", line.next_step));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(service: &str, rule: &'static str, because: &str) -> ListedLine {
        ListedLine {
            service: service.to_owned(),
            subscriber: (rule != "not-heard").then(|| format!("acct-{service}")),
            class: "waiting",
            rule,
            because: because.to_owned(),
            next_step: "look there",
            since: String::new(),
        }
    }

    #[test]
    fn the_next_step_is_printed_once_for_each_rule() {
        let lines = [
            line("2/8", "port-taken", "port 3 of maple-a is taken"),
            line("1/7", "not-heard", "00:0e:d8:00:00:07 is not heard"),
            line("3/9", "not-heard", "00:0e:d8:00:00:09 is not heard"),
        ];
        assert_eq!(
            services_text(&lines, Paint::Plain),
            "not-heard: 2 services\n  \
               1/7: 00:0e:d8:00:00:07 is not heard\n  \
               3/9: 00:0e:d8:00:00:09 is not heard\n  \
               next: look there\n\n\
             port-taken: 1 service\n  \
               2/8 (acct-2/8): port 3 of maple-a is taken\n  \
               next: look there\n"
        );
    }

    #[test]
    fn services_that_need_nothing_are_a_plain_list() {
        let lines = [line("1/7", "", ""), line("2/8", "", "")];
        assert_eq!(
            services_text(&lines, Paint::Plain),
            "  1/7 (acct-1/7)\n  2/8 (acct-2/8)\n"
        );
        assert_eq!(services_text(&[], Paint::Plain), "");
    }
}
