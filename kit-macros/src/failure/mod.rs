//! `#[derive(Failure)]`: read the enum, say all that is wrong with it at once, write the impls.

mod code;
mod definition;
mod expand;
mod keys;
mod message;
mod reason;
mod retry;

use proc_macro2::TokenStream;

use definition::Definition;

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let definition = syn::parse2(input).and_then(Definition::read);
    definition.map_or_else(syn::Error::into_compile_error, |definition| expand::expand(&definition))
}

/// What was found wrong so far: told together, so that a user mends all of it at once.
#[derive(Default)]
struct Faults(Option<syn::Error>);

impl Faults {
    fn add(&mut self, fault: syn::Error) {
        match &mut self.0 {
            None => self.0 = Some(fault),
            Some(faults) => faults.combine(fault),
        }
    }

    /// What a step made, if it did.
    fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|fault| self.add(fault)).ok()
    }

    fn end(self) -> syn::Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
