use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use bytes::Bytes;
use kit_core::{Code, Error};
use prost::Message;
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto};

/// What is in which file.
#[derive(Debug, Default)]
pub(super) struct Index {
    files: Vec<File>,
    by_name: HashMap<String, usize>,
    /// Every thing that has a name, by its whole name.
    symbols: HashMap<String, usize>,
    /// The numbers that extend a message, each with its file.
    extensions: HashMap<String, BTreeMap<i32, usize>>,
    services: BTreeSet<String>,
}

#[derive(Debug)]
struct File {
    /// As it came: to encode it again would lose the options that nobody here knows.
    bytes: Bytes,
    dependencies: Vec<String>,
}

/// `google.protobuf.FileDescriptorSet`, its files as they are.
#[derive(Clone, PartialEq, Message)]
struct Set {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    files: Vec<Bytes>,
}

impl Index {
    /// Adds the files of a `FileDescriptorSet`.
    pub(super) fn add(&mut self, set: &[u8]) -> Result<(), Error> {
        let malformed = |error: prost::DecodeError| {
            Error::boundary(Code::InvalidArgument, error)
                .with_message("the bytes are no FileDescriptorSet")
                .with_reason("descriptors_malformed")
        };
        let set = Set::decode(Bytes::copy_from_slice(set)).map_err(malformed)?;
        for bytes in set.files {
            let file = FileDescriptorProto::decode(bytes.clone()).map_err(malformed)?;
            self.insert(bytes, file);
        }
        Ok(())
    }

    /// The names of all services.
    pub(super) fn services(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(String::as_str)
    }

    /// The file of this name, and what it imports.
    pub(super) fn named(&self, name: &str, sent: &mut HashSet<usize>) -> Option<Vec<Bytes>> {
        self.by_name.get(name).map(|&file| self.with_imports(file, sent))
    }

    /// The file of a symbol, and what it imports.
    pub(super) fn containing(&self, symbol: &str, sent: &mut HashSet<usize>) -> Option<Vec<Bytes>> {
        self.symbols.get(symbol.trim_start_matches('.')).map(|&file| self.with_imports(file, sent))
    }

    /// The file that extends a message by this number, and what it imports.
    pub(super) fn extending(&self, message: &str, number: i32, sent: &mut HashSet<usize>) -> Option<Vec<Bytes>> {
        let file = *self.extensions.get(message.trim_start_matches('.'))?.get(&number)?;
        Some(self.with_imports(file, sent))
    }

    /// The numbers that extend a message, if there is one of this name.
    pub(super) fn extensions(&self, message: &str) -> Option<Vec<i32>> {
        let message = message.trim_start_matches('.');
        let numbers = self.extensions.get(message).map(|numbers| numbers.keys().copied().collect());
        numbers.or_else(|| self.symbols.contains_key(message).then(Vec::new))
    }

    /// The file itself, and what it imports and was not sent before.
    fn with_imports(&self, file: usize, sent: &mut HashSet<usize>) -> Vec<Bytes> {
        sent.remove(&file);
        let mut queue = VecDeque::from([file]);
        let mut files = Vec::new();
        while let Some(next) = queue.pop_front() {
            if !sent.insert(next) {
                continue;
            }
            let file = &self.files[next];
            files.push(file.bytes.clone());
            queue.extend(file.dependencies.iter().filter_map(|name| self.by_name.get(name)));
        }
        files
    }

    /// Adds a file. Of those of one name the first counts: sets share what they import.
    pub(super) fn insert(&mut self, bytes: Bytes, file: FileDescriptorProto) {
        if self.by_name.contains_key(file.name()) {
            return;
        }
        let at = self.files.len();
        let package = file.package().to_owned();
        self.by_name.insert(file.name().to_owned(), at);
        for service in &file.service {
            let name = self.symbol(&package, service.name(), at);
            for method in &service.method {
                self.symbol(&name, method.name(), at);
            }
            self.services.insert(name);
        }
        for message in &file.message_type {
            self.message(&package, message, at);
        }
        for enumeration in &file.enum_type {
            self.enumeration(&package, enumeration, at);
        }
        self.extend(&package, &file.extension, at);
        self.files.push(File { bytes, dependencies: file.dependency });
    }

    fn message(&mut self, scope: &str, message: &DescriptorProto, at: usize) {
        let name = self.symbol(scope, message.name(), at);
        for field in &message.field {
            self.symbol(&name, field.name(), at);
        }
        for one_of in &message.oneof_decl {
            self.symbol(&name, one_of.name(), at);
        }
        for nested in &message.nested_type {
            self.message(&name, nested, at);
        }
        for enumeration in &message.enum_type {
            self.enumeration(&name, enumeration, at);
        }
        self.extend(&name, &message.extension, at);
    }

    /// The values of an enumeration stand beside it, not in it.
    fn enumeration(&mut self, scope: &str, enumeration: &EnumDescriptorProto, at: usize) {
        self.symbol(scope, enumeration.name(), at);
        for value in &enumeration.value {
            self.symbol(scope, value.name(), at);
        }
    }

    fn extend(&mut self, scope: &str, extensions: &[FieldDescriptorProto], at: usize) {
        for extension in extensions {
            self.symbol(scope, extension.name(), at);
            let extended = extension.extendee().trim_start_matches('.').to_owned();
            self.extensions.entry(extended).or_default().entry(extension.number()).or_insert(at);
        }
    }

    fn symbol(&mut self, scope: &str, name: &str, at: usize) -> String {
        let name = if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") };
        self.symbols.entry(name.clone()).or_insert(at);
        name
    }
}
