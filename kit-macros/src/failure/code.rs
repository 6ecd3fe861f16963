use syn::{Ident, LitStr};

/// The codes of `kit_core::Code`, which a derive cannot ask: a test compares the two.
const CODES: [&str; 16] = [
    "Cancelled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];

/// The variant of `Code` that is meant.
pub(super) fn read(text: &LitStr) -> syn::Result<Ident> {
    if CODES.contains(&text.value().as_str()) {
        return Ok(Ident::new(&text.value(), text.span()));
    }
    Err(syn::Error::new(text.span(), format!("{:?} is no code; the codes are {}", text.value(), list())))
}

pub(super) fn list() -> String {
    CODES.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_kit_core() {
        assert_eq!(CODES, kit_core::Code::ALL.map(kit_core::Code::as_str));
    }
}
