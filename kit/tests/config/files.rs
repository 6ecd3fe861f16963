use std::path::PathBuf;

use kit::config::{Loader, Place};

use crate::support::{Settings, errors};

/// A folder of this test, taken away at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("kit-config-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn loader() -> Loader {
    Loader::new("greeter")
}

#[test]
fn a_file_is_read_and_its_errors_have_its_name() {
    let folder = Folder::new("read");
    let path = folder.file("a.toml", "workers = 1\n\nverbose = 1\n");
    let errors = errors(loader().file(&path).load::<Settings>());
    let error = errors.iter().next().unwrap();
    assert_eq!(error.place(), Some(&Place::File { file: path.as_str().into(), line: Some(3) }));
    assert_eq!(error.key(), Some("verbose"));
    assert_eq!(error.to_string(), format!("{path}:3: verbose: invalid type: integer `1`, expected a boolean"));
}

#[test]
fn a_file_that_is_named_must_exist_wherever_it_was_named() {
    let wrong = |loader: Loader| errors(loader.load::<Settings>()).to_string();
    assert!(wrong(loader().file("/no/such.toml")).starts_with("/no/such.toml: cannot be read: No such file"));
    let by_flag = wrong(loader().flags(["--config", "/no/such.toml"]));
    assert!(by_flag.starts_with("--config: cannot read \"/no/such.toml\": No such file"), "{by_flag}");
    let by_env = wrong(loader().env("KIT_", [("KIT_CONFIG", "/no/such.toml")]));
    assert!(by_env.starts_with("KIT_CONFIG: cannot read \"/no/such.toml\""), "{by_env}");
    assert!(loader().file_if_exists("/no/such.toml").load::<Settings>().is_ok());
}

#[test]
fn what_is_no_file_is_told_even_if_it_need_not_exist() {
    let folder = Folder::new("folder");
    let told = errors(loader().file_if_exists(&folder.0).load::<Settings>()).to_string();
    assert!(told.contains("cannot be read: "), "{told}");
}

#[test]
fn the_file_that_is_named_from_outside_is_read_instead_of_the_programs_and_the_flag_is_stronger() {
    let folder = Folder::new("named");
    let (one, two) = (folder.file("one.toml", "workers = 1"), folder.file("two.toml", "workers = 2"));
    let program = || loader().toml("program", "workers = 9\nname = 'program'");
    let settings: Settings = program().env("KIT_", [("KIT_CONFIG", &one)]).load().unwrap();
    assert_eq!((settings.workers, settings.name.as_str()), (1, "greeter"));
    let both = program().env("KIT_", [("KIT_CONFIG", &one)]).flags(["--config", &two]);
    assert_eq!(both.load::<Settings>().unwrap().workers, 2);
}
