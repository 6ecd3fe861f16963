use syn::meta::ParseNestedMeta;
use syn::{Attribute, LitStr};

/// The texts that `#[failure(key = "text", ...)]` gives for these keys, in their order.
pub(super) fn read<const N: usize>(attributes: &[Attribute], keys: [&str; N]) -> syn::Result<[Option<LitStr>; N]> {
    let mut texts = [const { None }; N];
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("failure")) {
        attribute.parse_nested_meta(|meta| {
            let Some(at) = keys.iter().position(|key| meta.path.is_ident(key)) else {
                return Err(meta.error(format!("unknown; known here: {}", keys.join(", "))));
            };
            if texts[at].is_some() {
                return Err(meta.error(format!("`{}` is given twice", keys[at])));
            }
            texts[at] = Some(text(&meta, keys[at])?);
            Ok(())
        })?;
    }
    Ok(texts)
}

fn text(meta: &ParseNestedMeta<'_>, key: &str) -> syn::Result<LitStr> {
    let literal: syn::Result<LitStr> = meta.value().and_then(|value| value.parse());
    literal.map_err(|fault| syn::Error::new(fault.span(), format!("a text is expected: `{key} = \"...\"`")))
}
