//! As much JSON as backends write.

use std::fmt::Write as _;

/// Adds a string with its quotes.
pub(crate) fn push_string(to: &mut String, text: &str) {
    to.push('"');
    for c in text.chars() {
        match c {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            c if c < ' ' => {
                let _ = write!(to, "\\u{:04x}", u32::from(c));
            }
            c => to.push(c),
        }
    }
    to.push('"');
}

/// Adds a number; what JSON has no number for becomes `null`.
pub(crate) fn push_number(to: &mut String, number: f64) {
    // Beyond these an exponent is shorter, and some readers take no hundreds of digits.
    let plain = number == 0.0 || (1e-6..1e17).contains(&number.abs());
    let _ = match number {
        number if !number.is_finite() => write!(to, "null"),
        number if plain => write!(to, "{number}"),
        number => write!(to, "{number:e}"),
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_string_is_read_back_by_another_parser(text in any::<String>()) {
            let mut json = String::new();
            push_string(&mut json, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }

        #[test]
        fn any_number_is_read_back_or_null(number in any::<f64>()) {
            let mut json = String::new();
            push_number(&mut json, number);
            let read: Option<f64> = serde_json::from_str(&json).unwrap();
            // The other parser rounds by its last bit without a feature that nothing else needs.
            let near = |read: f64| (read - number).abs() <= number.abs() * 1e-15 + f64::MIN_POSITIVE;
            prop_assert!(read.map_or(!number.is_finite(), near), "{json}");
        }
    }
}
