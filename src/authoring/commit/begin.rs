//! Makes a repository where there is none, and commits files from its work tree.

use std::path::Path;

use git2::{ErrorCode, Index, Repository, RepositoryInitOptions};

use crate::authoring::commit::{CommitError, CommitId, CommitTime, Person, person};

fn failed(action: &'static str) -> impl Fn(git2::Error) -> CommitError {
    move |source| CommitError::Git { action, source }
}

/// Makes a repository in a folder, with the branch `main`, where the folder itself is none yet.
///
/// Templates of this machine, and the hooks in them, stay out.
pub fn create_repository(folder: &Path) -> Result<(), CommitError> {
    match Repository::open(folder) {
        Ok(_) => return Ok(()),
        Err(error) if error.code() == ErrorCode::NotFound => {}
        Err(error) => return Err(failed("open the repository")(error)),
    }
    let mut options = RepositoryInitOptions::new();
    options.initial_head("main").external_template(false);
    Repository::init_opts(folder, &options)
        .map(drop)
        .map_err(failed("create a repository"))
}

/// Sets the person who commits in this repository.
pub fn remember_person(folder: &Path, person: &Person) -> Result<(), CommitError> {
    let git = failed("write the repository's settings");
    let repository = Repository::open(folder).map_err(&git)?;
    let mut config = repository
        .config()
        .and_then(|config| config.open_level(git2::ConfigLevel::Local))
        .map_err(&git)?;
    config.set_str("user.name", &person.name).map_err(&git)?;
    config.set_str("user.email", &person.email).map_err(&git)
}

/// Commits these files as they are on disk, and what became of every file that is known already.
///
/// Returns the earlier commit if nothing changes.
pub fn commit_files(
    folder: &Path,
    paths: &[String],
    author: &Person,
    time: CommitTime,
    message: &str,
) -> Result<CommitId, CommitError> {
    let signature = person::signature("author", author, time)?;
    let repository = Repository::open(folder).map_err(failed("open the repository"))?;
    let tree = staged(&repository, paths).map_err(failed("add the files"))?;
    let parent = match repository.head() {
        Ok(head) => Some(head.peel_to_commit().map_err(failed("read the branch"))?),
        Err(error) if error.code() == ErrorCode::UnbornBranch => None,
        Err(error) => return Err(failed("read the branch")(error)),
    };
    if let Some(parent) = parent.as_ref().filter(|parent| parent.tree_id() == tree) {
        return Ok(CommitId(parent.id().to_string()));
    }
    let parents: Vec<_> = parent.iter().collect();
    repository
        .find_tree(tree)
        .and_then(|tree| {
            repository.commit(
                Some("HEAD"),
                &signature,
                &signature,
                message,
                &tree,
                &parents,
            )
        })
        .map(|id| CommitId(id.to_string()))
        .map_err(failed("write the commit"))
}

fn staged(repository: &Repository, paths: &[String]) -> Result<git2::Oid, git2::Error> {
    let mut index: Index = repository.index()?;
    index.update_all(["*"], None)?;
    for path in paths {
        index.add_path(Path::new(path))?;
    }
    index.write()?;
    index.write_tree()
}
