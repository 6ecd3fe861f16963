use std::fmt::{self, Write as _};
use std::sync::Arc;

use http::Uri;
use kit_core::{Error, Retry};

use super::Target;

/// What a request says in one place of its URI: nothing, one value, or several.
pub(super) type Values<Req> = Arc<dyn Fn(&Req, &mut dyn FnMut(&dyn fmt::Display)) + Send + Sync>;

/// The URI of a call: a template of the method's path, the values that fill it, and a query.
pub(super) struct Path<Req> {
    target: Target,
    parts: Vec<Part<Req>>,
    query: Vec<(&'static str, Values<Req>)>,
    /// Of a path without parameters and query: made once.
    whole: Option<Uri>,
}

enum Part<Req> {
    Text(&'static str),
    Parameter { name: &'static str, rest: bool, value: Values<Req> },
}

impl<Req> Path<Req> {
    /// The path of `template`, each of whose parameters is named once in `parameters`, and none besides.
    pub(super) fn new(
        target: &Target,
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
        let uri = target.uri(&texts).map_err(|_| refused("has characters that a path cannot have"))?;
        let whole = (parts.len() == 1 && query.is_empty()).then_some(uri);
        Ok(Self { target: target.clone(), parts, query, whole })
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// The URI for `request`.
    pub(super) fn uri(&self, request: &Req) -> Result<Uri, Error> {
        match &self.whole {
            Some(uri) => Ok(uri.clone()),
            None => self.target.uri(&self.write(request)?),
        }
    }

    fn write(&self, request: &Req) -> Result<String, Error> {
        let mut path = String::new();
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

impl<Req> fmt::Debug for Path<Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.target)?;
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
        Path::new(&Target::parse("http://h/p").unwrap(), template, vec![id()], vec![("tag", tags)]).unwrap()
    }

    fn uri(template: &'static str, id: &str, tags: &[u8]) -> Result<String, Error> {
        let request = Get { id: id.to_owned(), tags: tags.to_vec() };
        path(template).uri(&request).map(|uri| uri.to_string())
    }

    #[test]
    fn values_stand_in_their_places() {
        assert_eq!(uri("/a/{id}/b", "7", &[]).unwrap(), "http://h/p/a/7/b");
        assert_eq!(uri("/a/{id}", "7", &[1, 2]).unwrap(), "http://h/p/a/7?tag=1&tag=2");
        assert_eq!(uri("/a/{id}", "a/b?c#d é%", &[]).unwrap(), "http://h/p/a/a%2Fb%3Fc%23d%20%C3%A9%25");
        assert_eq!(uri("/f/{*id}", "a b/c", &[]).unwrap(), "http://h/p/f/a%20b/c");
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
        let target = Target::parse("http://h").unwrap();
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
            let error = Path::new(&target, template, vec![id()], Vec::new()).unwrap_err();
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
