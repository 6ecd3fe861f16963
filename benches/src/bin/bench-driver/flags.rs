//! The flags of the driver's commands: kit's settings, with lists as shells write them.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::ops::RangeInclusive;

use kit::config::{Loader, Stop};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Failed;

/// Reads `args`; an argument of `lists` is followed by as many values as there are before the next flag.
pub(crate) fn read<T>(loader: Loader, args: Vec<OsString>, lists: &[&str]) -> Result<T, Failed>
where
    T: Serialize + DeserializeOwned + Default,
{
    let args = gathered(args, lists).map_err(Failed::Given)?;
    loader.flags(args).load().map_err(|stop| match stop {
        Stop::Asked(text) => Failed::Asked(text),
        wrong => Failed::Given(wrong.to_string()),
    })
}

/// `--executed a b` as the settings take it: `--executed=a,b`.
fn gathered(args: Vec<OsString>, lists: &[&str]) -> Result<Vec<OsString>, String> {
    let is_flag = |arg: &OsStr| arg.as_encoded_bytes().starts_with(b"--");
    let mut args = args.into_iter().peekable();
    let mut plain = Vec::new();
    let mut of_lists: Vec<Vec<String>> = vec![Vec::new(); lists.len()];
    while let Some(arg) = args.next() {
        let Some(list) = lists.iter().position(|list| arg == **list) else {
            plain.push(arg);
            continue;
        };
        let values = std::iter::from_fn(|| args.next_if(|arg| !is_flag(arg)));
        let values: Vec<String> = values.map(|value| value.to_string_lossy().into_owned()).collect();
        if values.is_empty() {
            return Err(format!("{}: needs a value", lists[list]));
        }
        if let Some(value) = values.iter().find(|value| value.contains(',')) {
            return Err(format!("{}: {value:?} has a comma, which parts the values of a list", lists[list]));
        }
        of_lists[list].extend(values);
    }
    for (list, values) in lists.iter().zip(of_lists).filter(|(_, values)| !values.is_empty()) {
        plain.push(format!("{list}={}", values.join(",")).into());
    }
    Ok(plain)
}

/// Looks at settings that were read, and keeps a line for each that cannot be used.
pub(crate) struct Ranges {
    command: &'static str,
    wrong: Vec<String>,
}

impl Ranges {
    pub(crate) fn of(command: &'static str) -> Self {
        Self { command, wrong: Vec::new() }
    }

    /// The flag's value, which has to be within `range`.
    pub(crate) fn within<T: PartialOrd + Display>(&mut self, flag: &str, value: T, range: RangeInclusive<T>) {
        if !range.contains(&value) {
            self.refuse(format!("{flag} is {value}, it must be within [{}, {}]", range.start(), range.end()));
        }
    }

    /// The flag's value, without which there is nothing to do.
    pub(crate) fn given<T: Default>(&mut self, flag: &str, value: Option<T>) -> T {
        if value.is_none() {
            self.refuse(format!("{flag} is missing"));
        }
        value.unwrap_or_default()
    }

    pub(crate) fn refuse(&mut self, line: String) {
        self.wrong.push(line);
    }

    /// # Errors
    /// Everything that is wrong, a line each.
    pub(crate) fn end(self) -> Result<(), Failed> {
        match &self.wrong[..] {
            [] => Ok(()),
            [one] => Err(Failed::Given(format!("{}: {one}", self.command))),
            many => Err(Failed::Given(format!(
                "{}: {} settings are wrong:\n  {}",
                self.command,
                many.len(),
                many.join("\n  ")
            ))),
        }
    }
}

/// What `read` makes of `args`, or what whoever gave them is told.
#[cfg(test)]
pub(crate) fn told<T>(read: impl Fn(Vec<OsString>) -> Result<T, Failed>, args: &[&str]) -> Result<T, String> {
    read(args.iter().map(OsString::from).collect()).map_err(|failed| match failed {
        Failed::Given(text) | Failed::Asked(text) | Failed::Broken(text) => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(args: &[&str]) -> Vec<OsString> {
        args.iter().map(OsString::from).collect()
    }

    #[test]
    fn a_list_takes_what_follows_up_to_the_next_flag() {
        let gathered = |given: &[&str]| gathered(args(given), &["--executed"]);
        assert_eq!(
            gathered(&["--executed", "a", "b", "--calls", "c", "--executed", "d"]),
            Ok(args(&["--calls", "c", "--executed=a,b,d"]))
        );
        assert_eq!(gathered(&["--executed=a,b"]), Ok(args(&["--executed=a,b"])));
        assert_eq!(gathered(&["--executed", "--calls", "c"]), Err("--executed: needs a value".to_owned()));
        assert!(gathered(&["--executed", "a,b"]).unwrap_err().contains("comma"));
    }

    #[test]
    fn everything_that_is_wrong_is_told_in_a_line_each() {
        let mut ranges = Ranges::of("bench call");
        ranges.within("--n", 1, 1..=2);
        ranges.end().ok().expect("in range");

        let mut ranges = Ranges::of("bench call");
        ranges.within("--n", 0, 1..=2);
        let ledger: String = ranges.given("--ledger", None);
        assert_eq!(ledger, "");
        let Err(Failed::Given(text)) = ranges.end() else { panic!("it is refused") };
        assert_eq!(
            text,
            "bench call: 2 settings are wrong:\n  --n is 0, it must be within [1, 2]\n  --ledger is missing"
        );
    }
}
