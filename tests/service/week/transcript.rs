//! Writes the transcript of the week: prose, commands with their output, and names instead of values that vary.

use std::fmt::Write as _;

use crate::cli::reshaped;

/// The longest line of an explanation, and of a command or its output.
const PROSE_WIDTH: usize = 100;
const WIDTH: usize = 110;

/// The indentation of what does not fit into a line of output.
const HANG: usize = 4;

/// Shapes of values that vary: `#` is a digit, any other character itself.
const SHAPES: [(&str, &str); 21] = [
    // Sentences name the day only if it is another one, so what they are about may be before midnight or after.
    ("until ####-##-## ##:## UTC", "until TIME"),
    ("heard since ####-##-## ##:## UTC", "heard since TIME"),
    ("last look ####-##-## ##:## UTC", "last look TIME"),
    (" at ####-##-## ##:## UTC (", " at TIME ("),
    // In a table the column stays as wide as it was.
    ("####-##-## ##:## UTC  ", "MOMENT                "),
    ("####-##-##T##:##:##+00:00", "MOMENT"),
    ("####-##-## ##:##:## UTC", "MOMENT"),
    ("####-##-## ##:## UTC", "MOMENT"),
    ("####-##-##", "DAY"),
    ("##:## UTC", "TIME"),
    (" # s ago", " N s ago"),
    (" ## s ago", " N s ago"),
    (" in # s", " in N s"),
    (" in ## s", " in N s"),
    (" #.# s", " N s"),
    (" ##.# s", " N s"),
    ("127.0.0.1:#####", "127.0.0.1:PORT"),
    ("127.0.0.1:####", "127.0.0.1:PORT"),
    (" in # min", " in N min"),
    (" try now", " try in N s"),
    (" again now", " again in N s"),
];

/// The text so far, and what it names.
#[derive(Default)]
pub(super) struct Transcript {
    pub(super) text: String,
    /// The commits, oldest first: each one has its number as a name.
    commits: Vec<String>,
    /// Texts that vary, with their replacements.
    pub(super) replaced: Vec<(String, &'static str)>,
}

impl Transcript {
    pub(super) fn heading(&mut self, text: &str) {
        let _ = writeln!(self.text, "\n{text}\n{}", "=".repeat(text.chars().count()));
    }

    /// Adds an explanation, folded.
    pub(super) fn prose(&mut self, text: &str) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = writeln!(self.text, "\n{}\n", folded(&text, PROSE_WIDTH, 0));
    }

    /// Adds a command behind the name of who enters it; a long one goes on behind a `\`, as the shell reads it.
    pub(super) fn command(&mut self, who: &str, command: &str) {
        let mut command = format!("{who}$ {command}");
        if command.chars().count() > WIDTH {
            command = command.replace(" && ", " && \\\n    ");
            command = command.replace(" --assign", " \\\n    --assign");
        }
        let _ = writeln!(self.text, "{command}");
    }

    /// Adds what a command printed; messages are behind `! `.
    pub(super) fn output(&mut self, stdout: &str, stderr: &str) {
        for line in self.steady(stdout).lines().filter(|line| is_stable(line)) {
            let _ = writeln!(self.text, "{}", folded(line, WIDTH, HANG));
        }
        for line in self.steady(stderr).lines() {
            let line = format!("! {line}");
            let _ = writeln!(self.text, "{}", folded(line.trim_end(), WIDTH, HANG));
        }
    }

    /// Gives a commit its number, unless it has one.
    pub(super) fn name_commit(&mut self, commit: &str) {
        if !self.commits.iter().any(|known| known == commit) {
            self.commits.push(commit.to_owned());
        }
    }

    /// Replaces what varies.
    pub(super) fn steady(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (varies, name) in &self.replaced {
            text = text.replace(varies, name);
        }
        for (shape, name) in SHAPES {
            text = reshaped(&text, shape, name);
        }
        let mut steady: Vec<String> = Vec::new();
        for line in text.lines() {
            // Which instance leads, how the devices are divided, and for how long a killed one was not heard, vary.
            let line = match line.starts_with("  Service ") {
                true => "  Service    (the instances)".to_owned(),
                false => self.without_ids(line),
            };
            if !line.starts_with("  Service ") || steady.last() != Some(&line) {
                steady.push(line);
            }
        }
        steady.join("\n")
    }

    fn without_ids(&self, line: &str) -> String {
        let mut steady = String::new();
        let mut rest = line;
        while !rest.is_empty() {
            let is_of_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
            let end = rest
                .find(|letter| !is_of_word(letter))
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let name = self.name_of(word);
            steady.push_str(&name);
            // In a table the column stays as wide as it was.
            if name != word && after.starts_with("  ") {
                steady.push_str(&" ".repeat(word.len().saturating_sub(name.len())));
            }
            let next = after.find(is_of_word).unwrap_or(after.len());
            let (between, later) = after.split_at(next);
            steady.push_str(between);
            rest = later;
        }
        steady
    }

    /// Returns the name of a commit or of another id, or the word itself.
    fn name_of(&self, word: &str) -> String {
        let is_hex = word
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if !is_hex || ![7, 12, 36, 40].contains(&word.len()) {
            return word.to_owned();
        }
        let mut commits = self.commits.iter();
        match commits.position(|commit| commit.starts_with(word)) {
            Some(index) => format!("COMMIT{}", index + 1),
            None if word.len() >= 12 => "ID".to_owned(),
            None => word.to_owned(),
        }
    }
}

/// Returns whether a line of output is the same each time. How often a gate is checked is up to chance.
fn is_stable(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    !matches!(words[..], [_, "gate", _, _, _, ..])
}

/// Folds a line at words; the rest is indented further.
fn folded(line: &str, width: usize, hang: usize) -> String {
    let indent = line.chars().take_while(|letter| *letter == ' ').count();
    let mut folded = " ".repeat(indent);
    let mut length = indent;
    for (index, word) in line.trim_start().split(' ').enumerate() {
        let size = word.chars().count();
        if index > 0 && length + 1 + size > width {
            folded = format!("{}\n{}", folded.trim_end(), " ".repeat(indent + hang));
            length = indent + hang;
        } else if index > 0 {
            folded.push(' ');
            length += 1;
        }
        folded.push_str(word);
        length += size;
    }
    folded
}
