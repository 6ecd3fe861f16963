use syn::LitStr;

/// How long a name and a reason may be on wires, in bytes: `Details::MAX_NAME_BYTES`.
const MAX_BYTES: usize = 128;

/// A name for wires, as it was given.
pub(super) fn read(text: &LitStr) -> syn::Result<String> {
    let value = text.value();
    match fits(&value) {
        true => Ok(value),
        false => {
            Err(syn::Error::new(text.span(), format!("a name on wires is 1 to {MAX_BYTES} visible ASCII characters")))
        }
    }
}

pub(super) fn fits(name: &str) -> bool {
    (1..=MAX_BYTES).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The name of a variant in snake case: `TwoZeroes` is `two_zeroes`, `HTTPError` is `http_error`.
pub(super) fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (at, &letter) in letters.iter().enumerate() {
        let after_small = at > 0 && !letters[at - 1].is_uppercase() && letters[at - 1] != '_';
        let before_small =
            at > 0 && letters[at - 1].is_uppercase() && letters.get(at + 1).is_some_and(|c| c.is_lowercase());
        if letter.is_uppercase() && (after_small || before_small) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_named_in_snake_case() {
        for (variant, reason) in [
            ("TwoZeroes", "two_zeroes"),
            ("Busy", "busy"),
            ("HTTPError", "http_error"),
            ("NoTLS", "no_tls"),
            ("Http2Only", "http2_only"),
            ("A", "a"),
            ("AB", "ab"),
            ("Snake_Case", "snake_case"),
        ] {
            assert_eq!(snake_case(variant), reason);
        }
    }

    #[test]
    fn the_bound_is_that_of_kit_core() {
        assert_eq!(MAX_BYTES, kit_core::failure::Details::MAX_NAME_BYTES);
        for (name, good) in
            [("a".repeat(128), true), ("a".repeat(129), false), (String::new(), false), ("a b".into(), false)]
        {
            assert_eq!(fits(&name), good, "{name}");
            assert_eq!(kit_core::failure::Details::new(name, "reason", None).is_some(), good);
        }
    }
}
