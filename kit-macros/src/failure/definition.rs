use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DataEnum, DeriveInput, Fields, Ident, LitStr, Path, Variant as Written};

use super::retry::Retry;
use super::{Faults, code, keys, message, reason};

/// An enum that can be made a failure of.
pub(super) struct Definition {
    pub(super) ident: Ident,
    /// Where the trait is found.
    pub(super) root: Path,
    /// On wires.
    pub(super) name: String,
    pub(super) variants: Vec<Variant>,
}

pub(super) struct Variant {
    pub(super) ident: Ident,
    pub(super) code: Ident,
    pub(super) reason: String,
    /// The format string: every variant has one, or none.
    pub(super) message: Option<LitStr>,
    pub(super) retry: Option<Retry>,
    pub(super) fields: Fields,
}

impl Definition {
    pub(super) fn read(input: DeriveInput) -> syn::Result<Self> {
        let variants = variants(&input)?;
        let mut faults = Faults::default();
        let [root, name] = faults.take(keys::read(&input.attrs, ["crate", "name"])).unwrap_or_default();
        let root = match root {
            None => syn::parse_str("::kit"),
            Some(root) => root.parse_with(Path::parse_mod_style),
        };
        let root = faults.take(root);
        let name = match name {
            None => own_name(&input.ident),
            Some(name) => reason::read(&name),
        };
        let name = faults.take(name);
        let read: Vec<_> = variants.variants.iter().filter_map(|variant| Variant::read(variant, &mut faults)).collect();
        told_apart(&read, &mut faults);
        displayed(&read, &mut faults);
        faults.end()?;
        // Whatever is missing was a fault.
        match (root, name) {
            (Some(root), Some(name)) => Ok(Self { ident: input.ident, root, name, variants: read }),
            _ => Err(syn::Error::new(input.ident.span(), "incomplete")),
        }
    }

    /// Whether the lines that callers read are given here.
    pub(super) fn has_messages(&self) -> bool {
        self.variants.iter().any(|variant| variant.message.is_some())
    }
}

impl Variant {
    fn read(written: &Written, faults: &mut Faults) -> Option<Self> {
        let [code, reason, message, retry] =
            faults.take(keys::read(&written.attrs, ["code", "reason", "message", "retry"]))?;
        let code = code.ok_or_else(|| {
            let line = format!("`{}` has no code: #[failure(code = \"...\")], one of {}", written.ident, code::list());
            syn::Error::new(written.ident.span(), line)
        });
        let code = faults.take(code.and_then(|code| code::read(&code)));
        let reason = match reason {
            Some(reason) => reason::read(&reason),
            None => own_reason(&written.ident),
        };
        let reason = faults.take(reason);
        let message = faults.take(message.as_ref().map(message::read).transpose());
        let retry = faults.take(retry.as_ref().map(Retry::read).transpose());
        for attribute in written.fields.iter().flat_map(|field| &field.attrs) {
            if attribute.path().is_ident("failure") {
                faults
                    .add(syn::Error::new(attribute.path().span(), "`failure` stands on the enum and on its variants"));
            }
        }
        let (ident, fields) = (written.ident.clone(), written.fields.clone());
        Some(Self { ident, code: code?, reason: reason?, message: message?, retry: retry?, fields })
    }
}

/// The enum that it is, without what no caller could know.
fn variants(input: &DeriveInput) -> syn::Result<&DataEnum> {
    if let Some(parameter) = input.generics.params.first() {
        let line = "a failure has no parameters: its callers get back the type that its name on wires stands for";
        return Err(syn::Error::new(parameter.span(), line));
    }
    match &input.data {
        Data::Enum(data) if data.variants.is_empty() => {
            Err(syn::Error::new(input.ident.span(), "a failure has at least one variant"))
        }
        Data::Enum(data) => Ok(data),
        _ => Err(syn::Error::new(input.ident.span(), "a failure is an enum: one variant for each way to fail")),
    }
}

fn own_name(ident: &Ident) -> syn::Result<String> {
    let name = ident.unraw().to_string();
    named(name, ident, "name")
}

fn own_reason(ident: &Ident) -> syn::Result<String> {
    named(reason::snake_case(&ident.unraw().to_string()), ident, "reason")
}

fn named(name: String, ident: &Ident, key: &str) -> syn::Result<String> {
    match reason::fits(&name) {
        true => Ok(name),
        false => {
            Err(syn::Error::new(ident.span(), format!("no name for wires: give it one, #[failure({key} = \"...\")]")))
        }
    }
}

/// Two variants of one reason could not be told apart.
fn told_apart(variants: &[Variant], faults: &mut Faults) {
    for (at, variant) in variants.iter().enumerate() {
        if let Some(first) = variants[..at].iter().find(|first| first.reason == variant.reason) {
            let line = format!("`{}` has the reason {:?} too", first.ident, variant.reason);
            faults.add(syn::Error::new(variant.ident.span(), line));
        }
    }
}

/// A line for each variant, or for none.
fn displayed(variants: &[Variant], faults: &mut Faults) {
    if variants.iter().all(|variant| variant.message.is_none()) {
        return;
    }
    for variant in variants.iter().filter(|variant| variant.message.is_none()) {
        let line =
            format!("`{}` has no message: every variant has one, or none and `Display` is your own", variant.ident);
        faults.add(syn::Error::new(variant.ident.span(), line));
    }
}
