//! Carries out a batch of edits: finds and opens the files, and collects the changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml_edit::Value;

use super::error::{EditError, Obstacle};
use super::index::Index;
use super::open_file::{OpenFile, parse};
use super::{Edit, FileChange, KeyOrder, KeyPath, Object};
use crate::authoring::format::Order;
use crate::inventory::{FileKind, PathKind, classify};

pub(super) struct Workspace<'a> {
    files: &'a BTreeMap<Arc<str>, Arc<str>>,
    order: KeyOrder<'a>,
    open: BTreeMap<Arc<str>, OpenFile<'a>>,
    /// Made for a kind when its first edit comes.
    indices: BTreeMap<FileKind, Index>,
}

impl<'a> Workspace<'a> {
    pub(super) fn new(files: &'a BTreeMap<Arc<str>, Arc<str>>, order: KeyOrder<'a>) -> Self {
        Self {
            files,
            order,
            open: BTreeMap::new(),
            indices: BTreeMap::new(),
        }
    }

    pub(super) fn carry_out(&mut self, edit: &Edit) -> Result<(), EditError> {
        match edit {
            Edit::Set { object, key, value } => self.change(object, |file, path, order| {
                let whole = [path, key.names()].concat();
                file.near(path, |file| file.set(path.len(), &whole, value, order))
                    .map(drop)
            }),
            Edit::Unset { object, key } => self.unset(object, key),
            Edit::Add {
                object,
                file,
                fields,
                comment,
            } => self.add(object, file.as_ref(), fields, comment.as_deref()),
            Edit::Remove { object } => self.remove(object),
            Edit::Rename {
                object,
                to,
                records_moved_from,
            } => self.rename(object, to, *records_moved_from),
            Edit::Move { object, to_file } => self.move_to(object, to_file),
        }
    }

    /// Returns the files whose text changed.
    pub(super) fn changes(self) -> Result<Vec<FileChange>, EditError> {
        let mut changes = Vec::new();
        for (path, mut file) in self.open {
            let before = self.files.get(&path).cloned();
            let after = file.text()?.map(Arc::from);
            if before != after {
                changes.push(FileChange {
                    path,
                    before,
                    after,
                });
            }
        }
        Ok(changes)
    }

    /// Edits the file that holds an object, and notes where the object belongs afterwards.
    fn change(
        &mut self,
        object: &Object,
        edit: impl FnOnce(&mut OpenFile<'a>, &[String], Order<'_>) -> Result<(), Obstacle>,
    ) -> Result<(), EditError> {
        let path = object.path()?;
        let home = self.locate(object)?;
        let order = self.order;
        let file = self.open_in_part(&home, object.kind())?;
        let before = file.device_of(&path);
        edit(file, &path, &|table| order(object.kind(), table))
            .map_err(|obstacle| obstacle.on(object, &home))?;
        let is_there = file.meaning.get(&path).is_some();
        let after = file.device_of(&path);
        if let Object::Named(kind, id) = object {
            let index = self.indices.entry(*kind).or_default();
            index.forget(&home, id, before.as_deref());
            if is_there {
                index.note(&home, id, after.as_deref());
            }
        }
        Ok(())
    }

    fn remove(&mut self, object: &Object) -> Result<(), EditError> {
        if let Object::Settings(_) = object {
            return Err(EditError::NoSuchKind(object.clone()));
        }
        self.change(object, |file, path, _| {
            file.join();
            file.remove(path)?;
            file.delete_if_hollow();
            Ok(())
        })
    }

    fn unset(&mut self, object: &Object, key: &KeyPath) -> Result<(), EditError> {
        self.change(object, |file, path, _| {
            if key.names().is_empty() {
                file.join();
                return Err(Obstacle::new(file.line_of(path), "no key is named"));
            }
            let whole = [path, key.names()].concat();
            file.near(path, |file| file.unset(path, &whole))
        })
    }

    fn add(
        &mut self,
        object: &Object,
        file: Option<&Arc<str>>,
        fields: &[(KeyPath, Value)],
        comment: Option<&str>,
    ) -> Result<(), EditError> {
        let path = object.path()?;
        let Object::Named(kind, id) = object else {
            return Err(EditError::NoSuchKind(object.clone()));
        };
        object.check_id()?;
        self.refuse_taken(object, &path)?;
        let device = fields.iter().find(|(key, _)| key.names() == ["device"]);
        let device = device.and_then(|(_, value)| value.as_str());
        let home = match file {
            Some(file) => Arc::clone(file),
            None => self.default_file(*kind, id, device)?,
        };
        check_file(object, &home)?;
        let order = self.order;
        self.open(&home, *kind)?
            .add(&path, fields, comment, &|table| order(*kind, table))
            .map_err(|obstacle| obstacle.on(object, &home))?;
        self.index(*kind)?.note(&home, id, device);
        Ok(())
    }

    fn rename(&mut self, object: &Object, to: &str, record: bool) -> Result<(), EditError> {
        let Object::Named(kind, id) = object else {
            return Err(EditError::NoSuchKind(object.clone()));
        };
        let home = self.locate(object)?;
        if id == to {
            return Ok(());
        }
        let renamed = Object::Named(*kind, to.to_owned());
        renamed.check_id()?;
        let path = renamed.path()?;
        self.refuse_taken(&renamed, &path)?;
        self.change(object, |file, path, _| {
            file.join();
            file.rename(path, to)
        })?;
        let device = self.open(&home, *kind)?.device_of(&path);
        let index = self.index(*kind)?;
        index.note(&home, to, device.as_deref());
        if record && *kind == FileKind::Subscribers {
            let old = id.as_str().into();
            self.change(&renamed, |file, path, order| {
                let whole = [path, &["moved_from".to_owned()]].concat();
                file.set(path.len(), &whole, &old, order).map(drop)
            })?;
        }
        Ok(())
    }

    fn move_to(&mut self, object: &Object, to_file: &Arc<str>) -> Result<(), EditError> {
        let path = object.path()?;
        let Object::Named(kind, id) = object else {
            return Err(EditError::NoSuchKind(object.clone()));
        };
        check_file(object, to_file)?;
        let home = self.locate(object)?;
        if home == *to_file {
            return Ok(());
        }
        let file = self.open(&home, *kind)?;
        let device = file.device_of(&path);
        let block = file
            .take_object(&path)
            .map_err(|obstacle| obstacle.on(object, &home))?;
        let Some(item) = file.meaning.remove(&path) else {
            return Ok(());
        };
        file.forget_vanished(&path);
        file.delete_if_hollow();
        let target = self.open(to_file, *kind)?;
        if let [table, id] = path.as_slice() {
            let at = target.object_place(table, id);
            target.insert_block(at, block);
        }
        if !target.meaning.set(&path, item) {
            return Err(EditError::WouldChangeMore {
                file: Arc::clone(to_file),
            });
        }
        let index = self.index(*kind)?;
        index.forget(&home, id, device.as_deref());
        index.note(to_file, id, device.as_deref());
        Ok(())
    }

    fn refuse_taken(&mut self, object: &Object, path: &[String]) -> Result<(), EditError> {
        // Not by `locate`: its error lists similar ids, so that every new id would be compared with every other one.
        if let Object::Named(kind, id) = object
            && self.index(*kind)?.holders(id).is_empty()
        {
            return Ok(());
        }
        match self.locate(object) {
            Err(other) => Err(other),
            Ok(file) => Err(EditError::AlreadyThere {
                object: object.clone(),
                line: self.open(&file, object.kind())?.line_of(path).unwrap_or(1),
                file,
            }),
        }
    }

    /// Returns the one file that holds an object.
    fn locate(&mut self, object: &Object) -> Result<Arc<str>, EditError> {
        let Object::Named(kind, id) = object else {
            return Ok(format!("{}.toml", object.kind()).into());
        };
        let index = self.index(*kind)?;
        let holders = index.holders(id);
        match holders.as_slice() {
            [only] => Ok(Arc::clone(only)),
            [] => Err(EditError::UnknownObject {
                object: object.clone(),
                nearest: index.nearest(id),
            }),
            _ => Err(EditError::SpreadOverFiles {
                object: object.clone(),
                files: holders,
            }),
        }
    }

    fn index(&mut self, kind: FileKind) -> Result<&mut Index, EditError> {
        if !self.indices.contains_key(&kind) {
            let mut index = Index::default();
            for (path, text) in self.files {
                if classify(path) == PathKind::Inventory(kind) {
                    index.note_file(kind, path, &parse(path, text)?);
                }
            }
            self.indices.insert(kind, index);
        }
        Ok(self.indices.entry(kind).or_default())
    }

    fn open(&mut self, path: &Arc<str>, kind: FileKind) -> Result<&mut OpenFile<'a>, EditError> {
        let file = self.open_in_part(path, kind)?;
        file.join();
        Ok(file)
    }

    /// Opens a file of which perhaps only a part is in sight.
    fn open_in_part(
        &mut self,
        path: &Arc<str>,
        kind: FileKind,
    ) -> Result<&mut OpenFile<'a>, EditError> {
        if !self.open.contains_key(path) {
            let text = self.files.get(path).map(AsRef::as_ref);
            let file = OpenFile::open(path, kind, text)?;
            self.open.insert(Arc::clone(path), file);
        }
        match self.open.get_mut(path) {
            Some(file) => Ok(file),
            None => Err(EditError::WouldChangeMore {
                file: Arc::clone(path),
            }),
        }
    }

    fn exists(&self, path: &str) -> bool {
        match self.open.get(path) {
            Some(file) => file.exists,
            None => self.files.contains_key(path),
        }
    }

    fn default_file(
        &mut self,
        kind: FileKind,
        id: &str,
        device: Option<&str>,
    ) -> Result<Arc<str>, EditError> {
        let home = device.and_then(|device| self.indices.get(&kind)?.home_of(device));
        if let Some(home) = home {
            return Ok(home);
        }
        let whole = format!("{kind}.toml");
        if self.exists(&whole) {
            return Ok(whole.into());
        }
        Ok(format!("{kind}/{}.toml", device.unwrap_or(id)).into())
    }
}

fn check_file(object: &Object, file: &Arc<str>) -> Result<(), EditError> {
    if classify(file) == PathKind::Inventory(object.kind()) {
        return Ok(());
    }
    Err(EditError::WrongFile {
        object: object.clone(),
        file: Arc::clone(file),
        kind: object.kind(),
    })
}
