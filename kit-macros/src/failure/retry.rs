use proc_macro2::TokenStream;
use quote::quote;
use syn::LitStr;

/// What is known of another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    Never,
    Safe,
    MayHaveRun,
    /// After so many milliseconds.
    After(u64),
}

impl Retry {
    pub(super) fn read(text: &LitStr) -> syn::Result<Self> {
        let value = text.value();
        let hint = match value.as_str() {
            "never" => Some(Retry::Never),
            "safe" => Some(Retry::Safe),
            "may_have_run" => Some(Retry::MayHaveRun),
            pause => millis(pause).map(Retry::After),
        };
        hint.ok_or_else(|| {
            let line = format!(r#"{value:?} is no hint: a pause such as "250ms", "30s", "5m" or "1h", or "never", "safe", "may_have_run""#);
            syn::Error::new(text.span(), line)
        })
    }

    /// The value of the type that is found in `root`.
    pub(super) fn value(self, root: &TokenStream) -> TokenStream {
        match self {
            Retry::Never => quote!(#root::Retry::Never),
            Retry::Safe => quote!(#root::Retry::Safe),
            Retry::MayHaveRun => quote!(#root::Retry::MayHaveRun),
            Retry::After(ms) => quote!(#root::Retry::After(::core::time::Duration::from_millis(#ms))),
        }
    }
}

/// One term of the notation of settings.
fn millis(pause: &str) -> Option<u64> {
    let (number, unit) = pause.split_at(pause.find(|c: char| !c.is_ascii_digit())?);
    let unit: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_what_it_is_in_settings() {
        for pause in ["0ms", "250ms", "30s", "5m", "1h", "1000000s"] {
            let read = kit_core::duration::parse(pause).unwrap();
            assert_eq!(millis(pause).map(u128::from), Some(read.as_millis()), "{pause}");
        }
        for no in ["", "s", "1", "1 s", "-1s", "1.5s", "1d", "99999999999999999999s", "18446744073709551615h"] {
            assert_eq!(millis(no), None, "{no:?}");
        }
    }
}
