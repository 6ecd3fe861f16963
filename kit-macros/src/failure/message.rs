use syn::LitStr;

/// A format string whose numbered fields are named as the derive binds them: `{0}` is `{_0}`.
pub(super) fn read(text: &LitStr) -> syn::Result<LitStr> {
    let value = text.value();
    let mut named = String::with_capacity(value.len() + 4);
    let mut rest = value.as_str();
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open + 1);
        named.push_str(before);
        match from.chars().next() {
            Some('{') => named.push('{'),
            Some('}' | ':') => {
                return Err(syn::Error::new(text.span(), "say which field is meant: `{name}`, or `{0}` of a tuple"));
            }
            Some(digit) if digit.is_ascii_digit() => {
                named.push('_');
                rest = from;
                continue;
            }
            _ => {
                rest = from;
                continue;
            }
        }
        rest = &from[1..];
    }
    named.push_str(rest);
    Ok(LitStr::new(&named, text.span()))
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    fn named(text: &str) -> Option<String> {
        read(&LitStr::new(text, Span::call_site())).ok().map(|text| text.value())
    }

    #[test]
    fn fields_of_a_tuple_are_named() {
        for (text, as_named) in [
            ("", ""),
            ("no field", "no field"),
            ("{0}", "{_0}"),
            ("{0} of {12:?}", "{_0} of {_12:?}"),
            ("{max}, {0:>4}", "{max}, {_0:>4}"),
            ("{{0}} {{{0}}} }}", "{{0}} {{{_0}}} }}"),
            ("ends in {", "ends in {"),
        ] {
            assert_eq!(named(text).as_deref(), Some(as_named), "{text}");
        }
        for nameless in ["{}", "{:?}", "a {{{}"] {
            assert_eq!(named(nameless), None, "{nameless}");
        }
    }
}
