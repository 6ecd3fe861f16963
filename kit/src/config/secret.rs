//! How a secret is told from other values: by its type, or by what it prints.

use std::any::type_name;
use std::sync::LazyLock;

use kit_log::Secret;

/// What `--print-config` prints for a secret.
pub(super) const STARS: &str = "***";

/// What a [`Secret`] serializes to.
static MASK: LazyLock<String> = LazyLock::new(|| Secret::new(()).to_string());

/// Whether a type is a [`Secret`] or made of them: `Option<Secret<String>>`. To serde a secret looks like its value, so the
/// type's name is all there is to see; a test holds the compiler to it. What prints masked counts as well.
pub(super) fn is_secret_type<T>() -> bool {
    let known = type_name::<Secret<()>>();
    type_name::<T>().contains(known.trim_end_matches("()>"))
}

/// Whether this is what a secret serializes to.
pub(super) fn is_masked(text: &str) -> bool {
    text == *MASK
}

/// Whether this is what is printed for a secret, here or elsewhere.
pub(super) fn is_mask(text: &str) -> bool {
    text == STARS || is_masked(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_type_whatever_holds_it() {
        assert!(is_secret_type::<Secret<String>>());
        assert!(is_secret_type::<Option<Secret<u64>>>());
        assert!(is_secret_type::<Vec<Secret<String>>>());
        struct Secretive;
        assert!(!is_secret_type::<Secretive>() && !is_secret_type::<Option<String>>());
    }

    #[test]
    fn a_mask_is_what_a_secret_serializes_to() {
        assert!(is_masked(serde_json::to_value(Secret::new("a")).unwrap().as_str().unwrap()));
        assert!(is_mask(STARS) && !is_mask("****") && !is_masked(STARS));
    }
}
