//! Reads from a CI job's variables who started it and on which forge, and makes web addresses there.

use std::fmt::Write;

/// The CI job that runs gamctl.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CiJob {
    /// The person that the forge names, for the history: `ada@git.example.net, run 4711`.
    pub who: Option<String>,
    /// The web pages of the repository; left out if their address is not a plain web address.
    pub forge: Option<Forge>,
}

/// The web pages of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forge {
    kind: ForgeKind,
    /// `https://github.com/example/network`, without a slash at the end.
    project: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ForgeKind {
    GitHub,
    GitLab,
    /// Gitea and Forgejo, which set the variables of GitHub and one of their own.
    Gitea,
}

impl CiJob {
    /// Returns the job that these variables describe; nothing outside of a forge's CI.
    pub fn of(variable: &impl Fn(&str) -> Option<String>) -> Option<Self> {
        let is_true = |name: &str| variable(name).is_some_and(|value| value == "true");
        let [gitea, github, gitlab] = [
            is_true("GITEA_ACTIONS") || is_true("FORGEJO_ACTIONS"),
            is_true("GITHUB_ACTIONS"),
            is_true("GITLAB_CI"),
        ];
        let (kind, project, user, run) = if gitlab {
            let run = variable("CI_PIPELINE_ID").map(|id| format!("pipeline {id}"));
            (
                ForgeKind::GitLab,
                variable("CI_PROJECT_URL"),
                variable("GITLAB_USER_LOGIN"),
                run,
            )
        } else if gitea || github {
            let server = variable("GITHUB_SERVER_URL")?;
            let server = server.trim_end_matches('/').to_owned();
            let project = variable("GITHUB_REPOSITORY").map(|name| format!("{server}/{name}"));
            let kind = match gitea {
                true => ForgeKind::Gitea,
                false => ForgeKind::GitHub,
            };
            let run = variable("GITHUB_RUN_ID").map(|id| format!("run {id}"));
            (kind, project, variable("GITHUB_ACTOR"), run)
        } else {
            return None;
        };
        let forge = project.and_then(|project| Forge::of(kind, &project));
        let host = forge.as_ref().map_or("ci", Forge::host);
        let who = user.map(|user| {
            let run = run.map(|run| format!(", {run}")).unwrap_or_default();
            format!("{user}@{host}{run}")
        });
        Some(Self { who, forge })
    }
}

impl Forge {
    /// Returns nothing for an address with a login or with characters that would end a link.
    fn of(kind: ForgeKind, project: &str) -> Option<Self> {
        let project = project.trim_end_matches('/');
        let rest = ["https://", "http://"]
            .iter()
            .find_map(|scheme| project.strip_prefix(scheme))?;
        let is_plain = !rest.is_empty()
            && project.len() <= 300
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/".contains(&byte));
        is_plain.then(|| Self {
            kind,
            project: project.to_owned(),
        })
    }

    fn host(&self) -> &str {
        let (_, rest) = self.project.split_once("://").unwrap_or_default();
        rest.split(['/', ':']).next().unwrap_or_default()
    }

    /// Returns the page of a commit.
    pub fn commit(&self, id: &str) -> String {
        self.page(&["commit", id])
    }

    /// Returns the page of the changes from `base` to `head`.
    pub fn comparison(&self, base: &str, head: &str) -> String {
        self.page(&["compare", &format!("{base}...{head}")])
    }

    /// Returns the page of a line in a file, whose path is relative to the root of the repository.
    pub fn line(&self, commit: &str, path: &str, line: u32) -> String {
        let folder = match self.kind {
            ForgeKind::GitHub | ForgeKind::GitLab => "blob",
            ForgeKind::Gitea => "src/commit",
        };
        let page = self.page(&[folder, commit, &url_path(path)]);
        match line {
            0 => page,
            line => format!("{page}#L{line}"),
        }
    }

    fn page(&self, parts: &[&str]) -> String {
        let between = match self.kind {
            ForgeKind::GitLab => "/-/",
            ForgeKind::GitHub | ForgeKind::Gitea => "/",
        };
        format!("{}{between}{}", self.project, parts.join("/"))
    }
}

/// Returns a path as a relative reference: a `:` in it must not look like the end of a scheme.
pub fn url_path(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(char::from(byte));
            }
            _ => {
                let _infallible = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(variables: &[(&str, &str)]) -> Option<CiJob> {
        CiJob::of(&|name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    const GITHUB: [(&str, &str); 5] = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "example/network"),
        ("GITHUB_ACTOR", "ada"),
        ("GITHUB_RUN_ID", "4711"),
    ];

    #[test]
    fn the_history_names_the_person_who_started_the_job_and_its_run() {
        assert_eq!(
            job(&GITHUB).unwrap().who.unwrap(),
            "ada@github.com, run 4711"
        );
        let gitlab = job(&[
            ("GITLAB_CI", "true"),
            ("CI_PROJECT_URL", "https://git.example.net:8443/isp/network"),
            ("GITLAB_USER_LOGIN", "ada"),
            ("CI_PIPELINE_ID", "99"),
        ]);
        assert_eq!(
            gitlab.unwrap().who.unwrap(),
            "ada@git.example.net, pipeline 99"
        );
        let nameless = job(&[("GITLAB_CI", "true")]).unwrap();
        assert_eq!((nameless.who, nameless.forge), (None, None));
        assert_eq!(job(&[("CI", "true")]), None);
        assert_eq!(job(&[("GITHUB_ACTIONS", "false")]), None);
    }

    #[test]
    fn each_forge_has_its_own_pages_of_commits_comparisons_and_lines() {
        let github = job(&GITHUB).unwrap().forge.unwrap();
        let base = "https://github.com/example/network";
        assert_eq!(github.commit("abc"), format!("{base}/commit/abc"));
        assert_eq!(
            github.comparison("abc", "def"),
            format!("{base}/compare/abc...def")
        );
        assert_eq!(
            github.line("abc", "devices/a b.toml", 5),
            format!("{base}/blob/abc/devices/a%20b.toml#L5")
        );
        let forgejo = [&GITHUB[..], &[("FORGEJO_ACTIONS", "true")]].concat();
        let forgejo = job(&forgejo).unwrap().forge.unwrap();
        assert_eq!(
            forgejo.line("abc", "x.toml", 0),
            format!("{base}/src/commit/abc/x.toml")
        );
        let gitlab = Forge::of(ForgeKind::GitLab, "https://git.example.net/isp/network/").unwrap();
        assert_eq!(
            gitlab.commit("abc"),
            "https://git.example.net/isp/network/-/commit/abc"
        );
    }

    #[test]
    fn an_address_with_a_login_or_with_markdown_in_it_is_never_a_link() {
        for address in [
            "https://ci:token@git.example.net/isp/network",
            "https://git.example.net/x)[y](https://evil",
            "javascript:alert(1)",
            "https://",
            "git.example.net/isp/network",
        ] {
            assert_eq!(Forge::of(ForgeKind::GitLab, address), None, "{address}");
        }
    }

    #[test]
    fn a_path_is_encoded_and_stays_relative() {
        assert_eq!(url_path("a b/č:%?#.toml"), "a%20b/%C4%8D%3A%25%3F%23.toml");
    }
}
