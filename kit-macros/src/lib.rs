//! The derives of kit. A program takes them from `kit`, where each stands beside its trait under one name.

mod failure;

use proc_macro::TokenStream;

/// Makes an enum what a service can fail with: implements `kit::Failure`, and `From` into the one `kit::Error`, so that `?` and `into`
/// work on it. The trait's module is the guide; here is what can be written.
///
/// ```
/// use kit_core::{Code, Error, Retry};
/// use kit_macros::Failure;
///
/// #[derive(Debug, PartialEq, Failure)]
/// #[failure(crate = "kit_core", name = "shop.OrderError")]
/// enum OrderError {
///     #[failure(code = "NotFound", message = "there is no order {0}")]
///     NoOrder(u64),
///     #[failure(code = "FailedPrecondition", reason = "out_of_stock", message = "{item} is sold out; {left} left elsewhere")]
///     SoldOut { item: String, left: u32 },
///     #[failure(code = "ResourceExhausted", retry = "30s", message = "too many orders at once")]
///     Busy,
/// }
///
/// let error = Error::from(OrderError::SoldOut { item: "tea".into(), left: 2 });
/// assert_eq!((error.code(), error.reason()), (Code::FailedPrecondition, Some("out_of_stock")));
/// assert_eq!(error.message(), "tea is sold out; 2 left elsewhere");
/// assert_eq!(Error::from(OrderError::NoOrder(7)).reason(), Some("no_order"));
/// assert_eq!(Error::from(OrderError::Busy).retry(), Retry::After(std::time::Duration::from_secs(30)));
/// ```
///
/// On a variant, as `#[failure(...)]`:
///
/// | | |
/// |---|---|
/// | `code = "NotFound"` | one of the sixteen codes; every variant has one |
/// | `reason = "no_order"` | its name on wires; default: the variant's in snake case |
/// | `message = "no order {0}"` | the line that callers read, with fields by name or by number, as in `format!` |
/// | `retry = "30s"` | a pause before another try: a whole number with `ms`, `s`, `m` or `h`; or `never`, `safe`, `may_have_run`. Default: the code's |
///
/// On the enum:
///
/// | | |
/// |---|---|
/// | `name = "shop.OrderError"` | its name on wires; default: the enum's |
/// | `crate = "kit_core"` | where the trait is found; default `kit`. Its crate needs the feature `failure`, which `kit` has on |
///
/// With a message on every variant the enum gets `Display` and `std::error::Error`; with none it has them from elsewhere, such as
/// thiserror:
///
/// ```
/// # use kit_core::Error;
/// # use kit_macros::Failure;
/// #[derive(Debug, thiserror::Error, Failure)]
/// # #[failure(crate = "kit_core")]
/// enum CartError {
///     #[error("the cart holds {most} items at most")]
///     #[failure(code = "OutOfRange")]
///     Full { most: usize },
/// }
///
/// assert_eq!(Error::from(CartError::Full { most: 20 }).message(), "the cart holds 20 items at most");
/// ```
///
/// A field is of any type that serde writes and reads, and is sent to callers as JSON, under its name or, in a tuple, by its place. What
/// JSON cannot say does not arrive: a float that is no number.
#[proc_macro_derive(Failure, attributes(failure))]
pub fn failure(input: TokenStream) -> TokenStream {
    failure::derive(input.into()).into()
}
