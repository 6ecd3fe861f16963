//! A strict reader of logfmt: it accepts exactly what this crate may print, and nothing a lenient reader would guess at.

/// The pairs of a line, in order.
pub(crate) fn logfmt(line: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        if !pairs.is_empty() {
            rest = rest.strip_prefix(' ').ok_or_else(|| format!("no space before {rest:?}"))?;
        }
        let (key, after) = rest.split_once('=').ok_or_else(|| format!("no `=` in {rest:?}"))?;
        if key.is_empty() || key.chars().any(|letter| letter.is_control() || " \"\\".contains(letter)) {
            return Err(format!("bad key {key:?}"));
        }
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted_value(quoted)?,
            None => bare_value(after)?,
        };
        pairs.push((key.to_owned(), value));
        rest = after;
    }
    Ok(pairs)
}

fn bare_value(text: &str) -> Result<(String, &str), String> {
    let end = text.find(' ').unwrap_or(text.len());
    let (value, rest) = text.split_at(end);
    if value.is_empty() || value.chars().any(|letter| letter.is_control() || "=\"\\".contains(letter)) {
        return Err(format!("bad bare value {value:?}"));
    }
    Ok((value.to_owned(), rest))
}

/// Everything up to the closing quote, its escapes undone; JSON's rules.
fn quoted_value(text: &str) -> Result<(String, &str), String> {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                let json = format!("\"{}\"", &text[..at]);
                let value = serde_json::from_str(&json).map_err(|error| format!("{json}: {error}"))?;
                return Ok((value, &text[at + 1..]));
            }
            _ => {}
        }
    }
    Err(format!("no closing quote in {text:?}"))
}
