use std::path::PathBuf;

/// A file that a test writes and a program reads; it is taken away at the end.
pub struct File(PathBuf);

impl File {
    /// A new one with this text. `name` is nobody else's in the crate, and has the ending by which the program knows the format.
    pub fn new(name: &str, text: &str) -> Self {
        let file = Self(std::env::temp_dir().join(format!("{}-{name}", std::process::id())));
        file.write(text);
        file
    }

    /// Writes another text, at one go: half of it would be a trouble of its own.
    pub fn write(&self, text: &str) {
        let new = self.0.with_extension("new");
        std::fs::write(&new, text).expect("a file");
        std::fs::rename(&new, &self.0).expect("renamed");
    }

    /// Where it is.
    pub fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }

    /// Takes it away already.
    pub fn remove(&self) {
        std::fs::remove_file(&self.0).expect("it was there");
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
