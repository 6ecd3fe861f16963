use std::fmt::{self, Write as _};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::uri::PathAndQuery;
use kit_core::{Code, Error, Retry};

/// What a request says in one place of its URI: nothing, one value, or several.
pub(super) type Values<Req> = Arc<dyn Fn(&Req, &mut dyn FnMut(&dyn fmt::Display)) + Send + Sync>;

/// Path and query of a call: a template of the method's path, the values that fill it, and a query.
pub(super) struct Path<Req> {
    parts: Vec<Part<Req>>,
    query: Vec<(&'static str, Values<Req>)>,
    /// Of a path without parameters and query.
    whole: Option<Whole>,
}

/// A path that is the same for every call.
struct Whole {
    path: PathAndQuery,
    /// Below the prefix that came first: all channels of a factory have the same.
    below: OnceLock<(Arc<str>, PathAndQuery)>,
}

enum Part<Req> {
    Text(&'static str),
    Parameter { name: &'static str, rest: bool, value: Values<Req> },
}

impl<Req> Path<Req> {
    /// The path of `template`, each of whose parameters is named once in `parameters`, and none besides.
    pub(super) fn new(
        template: &'static str,
        mut parameters: Vec<(&'static str, Values<Req>)>,
        query: Vec<(&'static str, Values<Req>)>,
    ) -> Result<Self, Error> {
        let refused =
            |problem: &str| Error::invalid_argument(format!("the path {template:?} {problem}")).with_reason("bad_path");
        if !template.starts_with('/') {
            return Err(refused("does not begin with a slash"));
        }
        if template.contains(['?', '#']) {
            return Err(refused("has a query or a fragment"));
        }
        let (mut parts, mut left) = (Vec::new(), template);
        while let Some(open) = left.find(['{', '}']) {
            let (text, from) = left.split_at(open);
            let close =
                from.find('}').filter(|&close| close > 1).ok_or_else(|| refused("has a brace without its other"))?;
            let (name, rest) = match from[1..close].strip_prefix('*') {
                Some(name) => (name, true),
                None => (&from[1..close], false),
            };
            let place = parameters.iter().position(|(given, _)| *given == name);
            let place = place.ok_or_else(|| refused(&format!("has a parameter {name:?} that nothing fills")))?;
            parts.push(Part::Text(text));
            parts.push(Part::Parameter { name, rest, value: parameters.swap_remove(place).1 });
            left = &from[close + 1..];
        }
        parts.push(Part::Text(left));
        if let Some((name, _)) = parameters.first() {
            return Err(refused(&format!("has no parameter {name:?}, or only once")));
        }
        let texts: String = parts.iter().map(|part| if let Part::Text(text) = part { text } else { "x" }).collect();
        let path = path_and_query(texts.into()).map_err(|_| refused("has characters that a path cannot have"))?;
        let whole = (parts.len() == 1 && query.is_empty()).then(|| Whole { path, below: OnceLock::new() });
        Ok(Self { parts, query, whole })
    }

    /// Path and query for `request`, below `prefix`: empty, or `/a/b`.
    pub(super) fn below(&self, prefix: &Arc<str>, request: &Req) -> Result<PathAndQuery, Error> {
        match &self.whole {
            Some(whole) => whole.below(prefix),
            None => path_and_query(self.write(prefix, request)?.into()),
        }
    }

    fn write(&self, prefix: &str, request: &Req) -> Result<String, Error> {
        let mut path = String::from(prefix);
        for part in &self.parts {
            match part {
                Part::Text(text) => path.push_str(text),
                Part::Parameter { name, rest, value } => {
                    let mut text = String::new();
                    value(request, &mut |value| append(&mut text, value));
                    check(name, &text, *rest)?;
                    escape(&mut path, &text, *rest);
                }
            }
        }
        let mut before = '?';
        for (name, values) in &self.query {
            values(request, &mut |value| {
                let mut text = String::new();
                append(&mut text, value);
                path.push(before);
                before = '&';
                escape(&mut path, name, false);
                path.push('=');
                escape(&mut path, &text, false);
            });
        }
        Ok(path)
    }
}

impl Whole {
    fn below(&self, prefix: &Arc<str>) -> Result<PathAndQuery, Error> {
        if prefix.is_empty() {
            return Ok(self.path.clone());
        }
        let make = || path_and_query([&**prefix, self.path.as_str()].concat().into());
        match self.below.get() {
            Some((known, path)) if Arc::ptr_eq(known, prefix) => Ok(path.clone()),
            Some(_) => make(),
            None => {
                let path = make()?;
                // Whoever was first: the others make theirs each time, which only a binding of many factories meets.
                let _ = self.below.set((Arc::clone(prefix), path.clone()));
                Ok(path)
            }
        }
    }
}

/// Reads what was written to be path and query.
pub(crate) fn path_and_query(text: Bytes) -> Result<PathAndQuery, Error> {
    PathAndQuery::from_maybe_shared(text)
        .map_err(|error| Error::boundary(Code::InvalidArgument, error).with_message("the path of the call is no path"))
}

impl<Req> fmt::Debug for Path<Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Parameter { name, .. } => write!(f, "{{{name}}}"),
        })
    }
}

fn append(text: &mut String, value: &dyn fmt::Display) {
    write!(text, "{value}").expect("a String takes all");
}

/// A value must stay in its place: an empty one, or one that a proxy reads as a step upwards, would call another route.
fn check(name: &str, text: &str, rest: bool) -> Result<(), Error> {
    let strays = |segment: &str| matches!(segment, "" | "." | "..");
    let refused = if rest { text.split('/').any(strays) } else { strays(text) };
    if !refused {
        return Ok(());
    }
    let line = format!("the path parameter {name} is empty or made of dots");
    Err(Error::invalid_argument(line).with_reason("bad_path_parameter").with_retry(Retry::Never))
}

/// Everything but RFC 3986's unreserved characters as `%XX`: no value ends its segment or begins a query.
fn escape(into: &mut String, text: &str, keep_slashes: bool) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => into.push(char::from(byte)),
            b'/' if keep_slashes => into.push('/'),
            _ => write!(into, "%{byte:02X}").expect("a String takes all"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use http::Uri;

    use super::*;

    struct Get {
        id: String,
        tags: Vec<u8>,
    }

    fn id() -> (&'static str, Values<Get>) {
        ("id", Arc::new(|get, put| put(&get.id)))
    }

    fn path(template: &'static str) -> Path<Get> {
        let tags: Values<Get> = Arc::new(|get, put| get.tags.iter().for_each(|tag| put(tag)));
        Path::new(template, vec![id()], vec![("tag", tags)]).unwrap()
    }

    fn uri(template: &'static str, id: &str, tags: &[u8]) -> Result<String, Error> {
        let request = Get { id: id.to_owned(), tags: tags.to_vec() };
        path(template).below(&"/p".into(), &request).map(|path| path.to_string())
    }

    #[test]
    fn a_path_that_is_always_the_same_stands_below_each_prefix() {
        let path = Path::<Get>::new("/count", Vec::new(), Vec::new()).unwrap();
        let request = Get { id: String::new(), tags: Vec::new() };
        let below = |prefix: &Arc<str>| path.below(prefix, &request).unwrap().to_string();
        let (none, one, other): (Arc<str>, Arc<str>, Arc<str>) = ("".into(), "/a/b".into(), "/c".into());
        for _ in 0..2 {
            assert_eq!(
                (below(&one), below(&other), below(&none)),
                ("/a/b/count".into(), "/c/count".into(), "/count".into())
            );
        }
    }

    #[test]
    fn values_stand_in_their_places() {
        assert_eq!(uri("/a/{id}/b", "7", &[]).unwrap(), "/p/a/7/b");
        assert_eq!(uri("/a/{id}", "7", &[1, 2]).unwrap(), "/p/a/7?tag=1&tag=2");
        assert_eq!(uri("/a/{id}", "a/b?c#d é%", &[]).unwrap(), "/p/a/a%2Fb%3Fc%23d%20%C3%A9%25");
        assert_eq!(uri("/f/{*id}", "a b/c", &[]).unwrap(), "/p/f/a%20b/c");
    }

    #[test]
    fn a_value_that_would_call_another_route_is_refused() {
        for (template, id) in
            [("/a/{id}", ""), ("/a/{id}", "."), ("/a/{id}", ".."), ("/f/{*id}", "a/../b"), ("/f/{*id}", "a//b")]
        {
            let error = uri(template, id, &[]).unwrap_err();
            assert_eq!((error.reason(), error.retry()), (Some("bad_path_parameter"), Retry::Never), "{id:?}");
        }
    }

    #[test]
    fn a_template_that_cannot_be_filled_is_refused() {
        for (template, told) in [
            ("a/{id}", "does not begin with a slash"),
            ("", "does not begin with a slash"),
            ("/a/{id}?x=1", "has a query or a fragment"),
            ("/a/{id", "has a brace without its other"),
            ("/a/id}", "has a brace without its other"),
            ("/a/{}", "has a brace without its other"),
            ("/a/{name}", "has a parameter \"name\" that nothing fills"),
            ("/a/{id}/{id}", "has a parameter \"id\" that nothing fills"),
            ("/a", "has no parameter \"id\""),
            ("/a b/{id}", "has characters that a path cannot have"),
        ] {
            let error = Path::new(template, vec![id()], Vec::new()).unwrap_err();
            assert!(error.message().contains(told), "{template}: {}", error.message());
        }
    }

    proptest! {
        #[test]
        fn no_value_leaves_its_segment(id in "\\PC{1,40}") {
            let Ok(uri) = uri("/a/{id}/b", &id, &[]) else {
                prop_assert!(matches!(&*id, "." | ".."));
                return Ok(());
            };
            let uri: Uri = uri.parse().unwrap();
            prop_assert_eq!(uri.query(), None);
            prop_assert_eq!(uri.path().split('/').count(), 5);
        }
    }
}
