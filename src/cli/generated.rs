//! Generates shell completions and manual pages from the command-line arguments.

use std::io::Write as _;

use clap::CommandFactory;

use super::Arguments;

/// Returns the completions of a shell.
pub(super) fn completions(shell: clap_complete::Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "gamctl", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Returns every manual page with its file name, the program's own first.
pub fn manual() -> Vec<(String, String)> {
    let mut command = Arguments::command();
    command.build();
    let mut pages = Vec::new();
    add_pages(&command, "gamctl", &mut pages);
    pages
}

/// Adds the page of a command, then those of the commands inside it.
fn add_pages(command: &clap::Command, name: &str, pages: &mut Vec<(String, String)>) {
    pages.push(page(command, name));
    for inner in command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help" && !inner.is_hide_set())
    {
        add_pages(inner, &format!("{name}-{}", inner.get_name()), pages);
    }
}

fn page(command: &clap::Command, name: &str) -> (String, String) {
    let named = command
        .clone()
        .name(name.to_owned())
        .bin_name(name.to_owned());
    let man = clap_mangen::Man::new(named)
        .title(name)
        .source(concat!("gamctl ", env!("CARGO_PKG_VERSION")))
        .manual("Manual of gamctl");
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let written = write_page(command, name, &man, &mut text);
    debug_assert!(written.is_ok());
    // Each section begins with the same definition of an apostrophe; one is enough.
    let text = String::from_utf8_lossy(&text).replace(APOSTROPHE, "");
    (format!("{name}.1"), format!("{APOSTROPHE}{text}"))
}

const APOSTROPHE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

fn write_page(
    command: &clap::Command,
    name: &str,
    man: &clap_mangen::Man,
    text: &mut Vec<u8>,
) -> std::io::Result<()> {
    man.render_title(text)?;
    man.render_name_section(text)?;
    let usage = command.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage:").unwrap_or(&usage);
    writeln!(text, ".SH SYNOPSIS\n.nf")?;
    for line in usage.lines() {
        writeln!(text, "{}", roff(line.trim()))?;
    }
    writeln!(text, ".fi")?;
    man.render_description_section(text)?;
    if command.get_subcommands().any(|inner| !inner.is_hide_set()) {
        man.render_subcommands_section(text)?;
    }
    man.render_options_section(text)?;
    write_after_help(command, text)?;
    if let Some((parent, _)) = name.rsplit_once('-') {
        writeln!(text, ".SH \"SEE ALSO\"\n{}(1)", roff(parent))?;
    }
    Ok(())
}

/// Writes what the help has at its end: examples as they are typed, then other paragraphs.
fn write_after_help(command: &clap::Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    let after = command
        .get_after_long_help()
        .or_else(|| command.get_after_help());
    let Some(after) = after.map(ToString::to_string) else {
        return Ok(());
    };
    for part in after.split("\n\n") {
        match part.split_once('\n') {
            Some((title, lines)) if title.ends_with(':') && lines.starts_with(' ') => {
                let title = title.trim_end_matches(':').to_uppercase();
                writeln!(text, ".SH \"{}\"\n.nf", roff(&title))?;
                for line in lines.lines() {
                    writeln!(text, "{}", roff(line.trim_start()))?;
                }
                writeln!(text, ".fi")?;
            }
            _ => writeln!(text, ".PP\n{}", roff(part))?,
        }
    }
    Ok(())
}

/// Escapes a text for roff: a hyphen would become a dash, and a dot or a quote at the beginning a command.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    match text.starts_with(['.', '\'']) {
        true => format!("\\&{text}"),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(name: &str) -> String {
        let file = format!("{name}.1");
        let mut pages = manual().into_iter();
        pages.find(|(page, _)| *page == file).unwrap().1
    }

    #[test]
    fn a_page_shows_the_command_as_it_is_typed() {
        let page = page_of("gamctl-plan");
        assert!(
            page.contains(".SH SYNOPSIS\n.nf\ngamctl plan [OPTIONS]\n"),
            "{page}"
        );
        let page = page_of("gamctl-twin-ctl-unplug");
        assert!(page.contains("\ngamctl twin ctl unplug [OPTIONS] <DEVICE> <MAC>\n"));
        assert!(page.contains(".SH \"SEE ALSO\"\ngamctl\\-twin\\-ctl(1)\n"));
    }

    #[test]
    fn a_page_defines_its_apostrophe_once_and_at_the_beginning() {
        let page = page_of("gamctl-plan");
        assert_eq!(page.matches(".ds Aq").count(), 2, "{page}");
        assert!(page.starts_with(".ie "));
    }

    #[test]
    fn examples_are_a_section_with_a_line_for_each() {
        let page = page_of("gamctl-observe");
        let (_, examples) = page.split_once(".SH \"EXAMPLES\"\n.nf\n").unwrap();
        assert!(examples.starts_with("gamctl observe "), "{examples}");
        assert!(
            examples.contains("\ngamctl observe maple\\-court\\-a "),
            "{examples}"
        );
    }
}
