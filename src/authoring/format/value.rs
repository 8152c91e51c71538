//! Writes a value: scalars unchanged, arrays and inline tables with even spacing.

use super::Order;
use super::arrange::key_rank;
use super::spacing::{BEFORE_COMMENT, key};
use crate::authoring::layout::{Entry, Node, Shape};

const INDENTATION: &str = "    ";

/// Returns the value in `text`, which is at `path`.
pub(super) fn write(text: &str, path: &[&str], order: Order<'_>) -> String {
    match Node::parse(text) {
        Ok(node) => {
            let mut pen = Pen {
                source: text,
                order,
                out: String::new(),
            };
            pen.node(&node, path, 0);
            pen.out
        }
        // It was read as part of the file; should it not read alone, it stays as it is.
        Err(_) => text.to_owned(),
    }
}

struct Pen<'a> {
    source: &'a str,
    order: Order<'a>,
    out: String,
}

impl Pen<'_> {
    fn node(&mut self, node: &Node<'_>, path: &[&str], depth: usize) {
        let (open, close, padding) = match node.shape {
            Shape::Scalar => {
                let text = self.source.get(node.place.clone());
                self.out.push_str(text.unwrap_or_default());
                return;
            }
            Shape::Array => ("[", "]", ""),
            Shape::InlineTable => ("{", "}", " "),
        };
        self.out.push_str(open);
        // An inline table on several lines is new in TOML 1.1 and many tools stumble over it, so only a comment keeps it so.
        let on_lines = node.has_own_comments()
            || (node.shape == Shape::Array && node.is_multi_line && !node.entries.is_empty());
        if on_lines {
            for entry in &node.entries {
                self.entry_on_lines(entry, path, depth + 1);
            }
            for comment in &node.end_comments {
                self.new_line(depth + 1);
                self.comment(comment.clone());
            }
            self.new_line(depth);
        } else if !node.entries.is_empty() {
            self.out.push_str(padding);
            for (index, entry) in self.sorted(node, path).into_iter().enumerate() {
                if index > 0 {
                    self.out.push_str(", ");
                }
                self.entry(entry, path, depth);
            }
            self.out.push_str(padding);
        }
        self.out.push_str(close);
    }

    fn sorted<'n, 'k>(&self, node: &'n Node<'k>, path: &[&str]) -> Vec<&'n Entry<'k>> {
        let mut entries: Vec<&Entry<'_>> = node.entries.iter().collect();
        if node.shape == Shape::InlineTable {
            let own = (self.order)(path);
            entries
                .sort_by_cached_key(|entry| key_rank(own.as_deref(), path, &entry.key, self.order));
        }
        entries
    }

    fn entry_on_lines(&mut self, entry: &Entry<'_>, path: &[&str], depth: usize) {
        for comment in &entry.comments_above {
            self.new_line(depth);
            self.comment(comment.clone());
        }
        self.new_line(depth);
        self.entry(entry, path, depth);
        self.out.push(',');
        if let Some(comment) = entry.comment_behind.clone() {
            self.out.push_str(BEFORE_COMMENT);
            self.comment(comment);
        }
    }

    fn entry(&mut self, entry: &Entry<'_>, path: &[&str], depth: usize) {
        let mut inner = path.to_vec();
        if !entry.key.is_empty() {
            self.out.push_str(&key(self.source, &entry.key));
            self.out.push_str(" = ");
            inner.extend(entry.key.iter().map(|part| part.name.as_ref()));
        }
        self.node(&entry.value, &inner, depth);
    }

    fn new_line(&mut self, depth: usize) {
        self.out.push('\n');
        self.out.push_str(&INDENTATION.repeat(depth));
    }

    fn comment(&mut self, place: std::ops::Range<usize>) {
        let comment = self.source.get(place).unwrap_or_default();
        self.out.push_str(comment.trim_end_matches([' ', '\t']));
    }
}
