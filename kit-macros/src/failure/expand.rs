use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Fields, Ident};

use super::definition::{Definition, Variant};

pub(super) fn expand(definition: &Definition) -> TokenStream {
    let (failure, conversion) = (failure(definition), conversion(definition));
    let displayed = definition.has_messages().then(|| displayed(definition));
    quote! {
        #failure
        #conversion
        #displayed
    }
}

fn failure(definition: &Definition) -> TokenStream {
    let Definition { ident, root, name, variants } = definition;
    let codes = variants.iter().map(|Variant { ident, code, .. }| quote!(Self::#ident { .. } => #root::Code::#code,));
    let reasons = variants.iter().map(|Variant { ident, reason, .. }| quote!(Self::#ident { .. } => #reason,));
    let payloads = variants.iter().map(|variant| payload(variant, definition));
    let reads = variants.iter().map(|variant| read(variant, definition));
    let retry = retry(definition);
    quote! {
        #[automatically_derived]
        impl #root::failure::Failure for #ident {
            const NAME: &'static str = #name;

            fn code(&self) -> #root::Code {
                match self { #(#codes)* }
            }

            fn reason(&self) -> &'static str {
                match self { #(#reasons)* }
            }

            #retry

            fn details(&self) -> ::core::option::Option<#root::failure::Details> {
                let (reason, payload) = match self { #(#payloads)* };
                #root::failure::Details::new(#name, reason, payload)
            }

            fn from_details(details: &#root::failure::Details) -> ::core::option::Option<Self> {
                match details.reason() {
                    #(#reads)*
                    _ => ::core::option::Option::None,
                }
            }
        }
    }
}

/// The hint, where a variant has one.
fn retry(Definition { root, variants, .. }: &Definition) -> Option<TokenStream> {
    let hints: Vec<_> = variants
        .iter()
        .filter_map(|Variant { ident, retry, .. }| {
            let hint = retry.as_ref()?.value(&root.to_token_stream());
            Some(quote!(Self::#ident { .. } => ::core::option::Option::Some(#hint),))
        })
        .collect();
    let rest = (hints.len() < variants.len()).then(|| quote!(_ => ::core::option::Option::None,));
    (!hints.is_empty()).then(|| {
        quote! {
            fn retry(&self) -> ::core::option::Option<#root::Retry> {
                match self { #(#hints)* #rest }
            }
        }
    })
}

/// The arm that writes what a variant holds.
fn payload(Variant { ident, reason, fields, .. }: &Variant, Definition { root, .. }: &Definition) -> TokenStream {
    if fields.is_empty() {
        return quote!(Self::#ident { .. } => (#reason, ::core::option::Option::None),);
    }
    let (pattern, bound) = (pattern(fields), bindings(fields));
    // At the type, where the compiler then says what of it serde cannot write.
    let written = fields.iter().zip(&bound).map(|(field, binding)| match &field.ident {
        Some(name) => {
            let name = name.unraw().to_string();
            quote_spanned!(field.ty.span()=> .field(#name, #binding)?)
        }
        None => quote_spanned!(field.ty.span()=> .item(#binding)?),
    });
    let shape = if matches!(fields, Fields::Named(_)) { quote!(object) } else { quote!(array) };
    quote! {
        Self::#ident #pattern => {
            let payload = #root::failure::json::Writer::#shape() #(#written)* .end()?;
            (#reason, ::core::option::Option::Some(payload))
        }
    }
}

/// The arm that reads a variant.
fn read(Variant { ident, reason, fields, .. }: &Variant, Definition { root, .. }: &Definition) -> TokenStream {
    let taken = fields.iter().map(|field| match &field.ident {
        Some(name) => {
            let text = name.unraw().to_string();
            quote_spanned!(field.ty.span()=> #name: values.take(#text)?,)
        }
        None => quote_spanned!(field.ty.span()=> values.take()?,),
    });
    match fields {
        _ if fields.is_empty() => quote!(#reason => ::core::option::Option::Some(Self::#ident {}),),
        Fields::Named(_) => quote! {
            #reason => {
                let mut values = #root::failure::json::Fields::read(details)?;
                ::core::option::Option::Some(Self::#ident { #(#taken)* })
            }
        },
        _ => quote! {
            #reason => {
                let mut values = #root::failure::json::Items::read(details)?;
                ::core::option::Option::Some(Self::#ident( #(#taken)* ))
            }
        },
    }
}

fn conversion(Definition { ident, root, .. }: &Definition) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl ::core::convert::From<#ident> for #root::Error {
            #[track_caller]
            fn from(failure: #ident) -> Self {
                #root::Error::from_failure(failure)
            }
        }
    }
}

fn displayed(Definition { ident, variants, .. }: &Definition) -> TokenStream {
    let lines = variants.iter().map(|Variant { ident, message, fields, .. }| {
        let pattern = pattern(fields);
        quote!(Self::#ident #pattern => ::core::write!(__formatter, #message),)
    });
    quote! {
        #[automatically_derived]
        #[allow(unused_variables, reason = "a line need not name every field")]
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, __formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self { #(#lines)* }
            }
        }

        #[automatically_derived]
        impl ::core::error::Error for #ident {}
    }
}

/// What takes a variant apart.
fn pattern(fields: &Fields) -> TokenStream {
    let bound = bindings(fields);
    match fields {
        Fields::Named(_) => quote!({ #(#bound),* }),
        Fields::Unnamed(_) => quote!(( #(#bound),* )),
        Fields::Unit => TokenStream::new(),
    }
}

/// The names of the fields within an arm: their own, or `_0`, `_1` and so on.
fn bindings(fields: &Fields) -> Vec<Ident> {
    let named = |(at, field): (usize, &syn::Field)| field.ident.clone().unwrap_or_else(|| format_ident!("_{at}"));
    fields.iter().enumerate().map(named).collect()
}
