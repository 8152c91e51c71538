//! Searches folders, git objects and stores for the people of a simulated ISP.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use gamctl::simulator::billing::people::People;

/// The first bytes of a text, by which it is found; no shorter text is searched for.
const BEGINNING: usize = 6;

/// The texts that identify people, in every form in which a program may write them.
pub(crate) struct PersonalData {
    by_beginning: HashMap<[u8; BEGINNING], Vec<Text>>,
    pub(crate) texts: usize,
}

/// A text in lower case, and what it is.
struct Text {
    bytes: Vec<u8>,
    what: &'static str,
}

/// The result of a search.
#[derive(Debug, Default)]
pub(crate) struct Searched {
    pub(crate) places: usize,
    pub(crate) bytes: usize,
    /// Place and kind of text; never the text.
    pub(crate) hits: Vec<String>,
}

impl PersonalData {
    /// Collects names, mail addresses, phone numbers and street addresses of these people.
    pub(crate) fn of(people: &People, numbers: Range<u64>) -> Self {
        let mut data = Self {
            by_beginning: HashMap::new(),
            texts: 0,
        };
        for person in numbers.map(|number| people.person(number)) {
            let (given, family) = (&person.given, &person.family);
            let street = &person.building.street;
            data.add("name", &person.listed_name());
            data.add("name", &format!("{given} {family}"));
            data.add("family name", family);
            data.add("given name", given);
            data.add("mail address", &person.email);
            data.add("phone number", &person.phone);
            data.add("street", street);
            data.add("address", &format!("{street}, {}", person.unit));
        }
        // Splynx keeps these beside its customers, and no reader may keep them.
        for kept in ["canary-portal", "canary-password", "canary-community"] {
            data.add("password", kept);
        }
        data
    }

    fn add(&mut self, what: &'static str, text: &str) {
        let json: String = text
            .chars()
            .map(|sign| match sign.is_ascii() {
                true => sign.to_string(),
                false => format!("\\u{:04x}", u32::from(sign)),
            })
            .collect();
        let escaped: String = text
            .bytes()
            .map(|byte| match byte {
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' => {
                    char::from(byte).to_string()
                }
                byte => format!("%{byte:02x}"),
            })
            .collect();
        let in_a_form = escaped.replace("%20", "+");
        for form in [text.to_owned(), json, escaped, in_a_form] {
            let bytes = form.to_ascii_lowercase().into_bytes();
            let Some(beginning) = bytes.first_chunk::<BEGINNING>() else {
                continue;
            };
            let known = self.by_beginning.entry(*beginning).or_default();
            if known.iter().all(|text| text.bytes != bytes) {
                known.push(Text { bytes, what });
                self.texts += 1;
            }
        }
    }

    /// Returns the kinds of texts that some bytes contain.
    pub(crate) fn search(&self, bytes: &[u8]) -> Vec<&'static str> {
        let bytes = bytes.to_ascii_lowercase();
        let mut found = Vec::new();
        for (at, window) in bytes.windows(BEGINNING).enumerate() {
            let Some(texts) = window
                .first_chunk()
                .and_then(|beginning| self.by_beginning.get(beginning))
            else {
                continue;
            };
            let here = bytes.get(at..).unwrap_or_default();
            let texts = texts.iter().filter(|text| here.starts_with(&text.bytes));
            found.extend(texts.map(|text| text.what));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Searches one place.
    pub(crate) fn search_in(&self, searched: &mut Searched, place: &str, bytes: &[u8]) {
        searched.places += 1;
        searched.bytes += bytes.len();
        let found = self.search(bytes);
        let hits = found.iter().map(|what| format!("{place}: {what}"));
        searched.hits.extend(hits);
    }

    /// Searches every file of a folder as it is on disk, and every object and message of each git repository in it.
    pub(crate) fn search_folder(&self, searched: &mut Searched, folder: &Path) {
        if is_repository(folder) {
            self.search_repository(searched, folder);
        }
        let entries = fs::read_dir(folder).unwrap();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let facts = fs::symlink_metadata(&path).unwrap();
            if facts.is_dir() {
                self.search_folder(searched, &path);
            } else if facts.is_file() {
                let bytes = fs::read(&path).unwrap();
                self.search_in(searched, &path.display().to_string(), &bytes);
            }
        }
    }

    fn search_repository(&self, searched: &mut Searched, folder: &Path) {
        let repository = git2::Repository::open(folder).unwrap();
        let objects = repository.odb().unwrap();
        let mut ids = Vec::new();
        objects
            .foreach(|id| {
                ids.push(*id);
                true
            })
            .unwrap();
        for id in ids {
            let object = objects.read(id).unwrap();
            let place = format!("{} object {id}", folder.display());
            self.search_in(searched, &place, object.data());
        }
    }

    /// Searches every column of every table of an SQLite store: long texts lie on disk in pieces.
    pub(crate) async fn search_store(&self, searched: &mut Searched, file: &Path) {
        use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut connection = options.read_only(true).connect().await.unwrap();
        let columns: Vec<(String, String)> = sqlx::query_as(
            "select tables.name, columns.name from sqlite_master as tables, pragma_table_info(tables.name) as columns where tables.type = 'table'",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        for (table, column) in columns {
            let sql = format!(
                "select cast(\"{column}\" as blob) from \"{table}\" where \"{column}\" is not null"
            );
            let values: Vec<Vec<u8>> = sqlx::query_scalar(AssertSqlSafe(sql))
                .fetch_all(&mut connection)
                .await
                .unwrap();
            // A byte between two values that no text has.
            self.search_in(searched, &format!("{table}.{column}"), &values.join(&0));
        }
        connection.close().await.unwrap();
    }
}

fn is_repository(folder: &Path) -> bool {
    folder.join("objects").is_dir() && folder.join("HEAD").is_file()
}
