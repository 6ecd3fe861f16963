//! What may stand in a line as it is, and how the rest is written.
//!
//! Both formats escape alike, with JSON's escapes: `\n`, `\"`, `\u202e`. Escaped is what could end a line, end a
//! value, drive a terminal or reorder what is shown: ASCII and C1 controls, DEL, quote, backslash, the bidirectional
//! controls, the line and paragraph separators, and invisible characters that only carry hidden text. Letters, marks,
//! symbols and emoji of any script stay readable.
//!
//! # Source
//! The bidirectional controls: Unicode `PropList.txt`, `Bidi_Control`; "Trojan Source", Boucher and Anderson, 2021.

/// Stands as it is, in quotes or out of them.
const PLAIN: u8 = 0;
/// Stands as it is in quotes.
const QUOTE: u8 = 1;
/// Is escaped, in quotes.
const ESCAPE: u8 = 2;
/// Begins a character of more than one byte.
const WIDE: u8 = 3;

/// What each byte asks for.
static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [PLAIN; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            0..=0x1f | 0x7f | b'"' | b'\\' => ESCAPE,
            b' ' | b'=' => QUOTE,
            0x80.. => WIDE,
            _ => PLAIN,
        };
        byte += 1;
    }
    table
}

/// Whether a text may stand as it is, out of quotes: it is ASCII, not empty, and needs no escape.
#[inline]
pub(crate) fn plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) if bytes.len() <= 8 => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            eight_plain(u64::from(first) << 32 | u64::from(last))
        }
        (Some(_), Some(_)) => {
            let (eights, _) = bytes.as_chunks::<8>();
            let (first, last) = (eights[0], bytes.last_chunk().copied().unwrap_or_default());
            // Mostly these two are all of it.
            eight_plain(u64::from_le_bytes(first))
                && eight_plain(u64::from_le_bytes(last))
                && (bytes.len() <= 16 || eights[1..].iter().all(|eight| eight_plain(u64::from_le_bytes(*eight))))
        }
        _ => !bytes.is_empty() && bytes.iter().all(|byte| CLASS[usize::from(*byte)] == PLAIN),
    }
}

/// Whether eight bytes are plain, all at once.
///
/// # Source
/// "Determine if a word has a zero byte" and its neighbours, Sean Eron Anderson, Bit Twiddling Hacks.
#[inline]
fn eight_plain(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x80 * ONES;
    const fn zero(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word
    }
    let is = |byte: u8| zero(word ^ (u64::from(byte) * ONES));
    let small = word.wrapping_sub(0x21 * ONES) & !word;
    // Where a byte is wide a borrow may mark its neighbours too, which does no harm: the word is not plain anyway.
    (word | small | is(b'"') | is(b'=') | is(b'\\') | is(0x7f)) & TOPS == 0
}

/// What became of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Escaped {
    /// A part of it may stand only in quotes.
    pub(crate) quoted: bool,
    /// It did not fit: its end is missing.
    pub(crate) cut: bool,
}

/// Appends `text` to `out`, escaped, as long as `out` stays within `end` bytes. Characters and escapes stay whole.
pub(crate) fn escape(out: &mut Vec<u8>, end: usize, text: &str) -> Escaped {
    let bytes = text.as_bytes();
    let mut done = Escaped::default();
    // Text from `run` to `at` stands as it is and is copied in one piece.
    let (mut run, mut at) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        let width = match CLASS[usize::from(byte)] {
            PLAIN => {
                at += 1;
                continue;
            }
            QUOTE => {
                done.quoted = true;
                at += 1;
                continue;
            }
            ESCAPE => 1,
            _ => {
                let Some(wide) = text[at..].chars().next() else {
                    break;
                };
                if !hidden(wide) {
                    done.quoted |= !wide.is_alphanumeric();
                    at += wide.len_utf8();
                    continue;
                }
                wide.len_utf8()
            }
        };
        done.quoted = true;
        if !copy(out, end, &text[run..at]) || !escape_char(out, end, &text[at..at + width]) {
            done.cut = true;
            return done;
        }
        at += width;
        run = at;
    }
    done.cut = !copy(out, end, &text[run..]);
    done
}

fn copy(out: &mut Vec<u8>, end: usize, text: &str) -> bool {
    let room = end.saturating_sub(out.len());
    if text.len() <= room {
        out.extend_from_slice(text.as_bytes());
        return true;
    }
    out.extend_from_slice(&text.as_bytes()[..text.floor_char_boundary(room)]);
    false
}

fn escape_char(out: &mut Vec<u8>, end: usize, text: &str) -> bool {
    let start = out.len();
    match text {
        "\"" => out.extend_from_slice(b"\\\""),
        "\\" => out.extend_from_slice(b"\\\\"),
        "\n" => out.extend_from_slice(b"\\n"),
        "\r" => out.extend_from_slice(b"\\r"),
        "\t" => out.extend_from_slice(b"\\t"),
        other => {
            for unit in other.encode_utf16() {
                out.extend_from_slice(b"\\u");
                for shift in [12, 8, 4, 0] {
                    out.push(hex(unit >> shift));
                }
            }
        }
    }
    if out.len() > end {
        out.truncate(start);
        return false;
    }
    true
}

/// The digit of the low four bits.
pub(crate) fn hex(value: impl Into<u16>) -> u8 {
    b"0123456789abcdef"[usize::from(value.into() & 0xf)]
}

/// Whether a character beyond ASCII must not reach a reader's screen as it is.
fn hidden(wide: char) -> bool {
    matches!(wide,
        '\u{80}'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{2028}' | '\u{2029}'
        | '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Appends a key that no reader can take for anything else: what may not stand outside quotes becomes `_`, nothing
/// becomes `_`, and what is longer than [`KEY_MAX`] is cut.
pub(crate) fn key(out: &mut Vec<u8>, text: &str) {
    let text = &text[..text.floor_char_boundary(KEY_MAX)];
    if text.is_empty() {
        out.push(b'_');
    } else if plain(text) {
        out.extend_from_slice(text.as_bytes());
    } else {
        for letter in text.chars() {
            let fits = match u8::try_from(letter) {
                Ok(byte) if byte.is_ascii() => CLASS[usize::from(byte)] == PLAIN,
                _ => letter.is_alphanumeric(),
            };
            let letter = if fits { letter } else { '_' };
            out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// Longest key printed, in bytes.
pub(crate) const KEY_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> (String, bool) {
        let mut out = Vec::new();
        let done = escape(&mut out, usize::MAX, text);
        (String::from_utf8(out).unwrap(), done.quoted)
    }

    fn safe(text: &str) -> String {
        let mut out = Vec::new();
        key(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn plain_text_stands_as_it_is_and_needs_no_quotes() {
        for text in ["hello", "a/b:c,d;{e}[f]", "Zürich", "日本語", "'x'"] {
            assert_eq!(escaped(text), (text.to_owned(), false));
        }
    }

    #[test]
    fn a_text_is_plain_when_each_of_its_bytes_is() {
        for len in 0..20 {
            for at in 0..len {
                for byte in 0..128 {
                    let mut text = vec![b'x'; len];
                    text[at] = byte;
                    let text = String::from_utf8(text).unwrap();
                    assert_eq!(plain(&text), CLASS[usize::from(byte)] == PLAIN, "{text:?}");
                }
            }
            assert_eq!(plain(&"x".repeat(len)), len > 0);
            assert!(!plain(&format!("{}é", "x".repeat(len))));
        }
    }

    #[test]
    fn space_equals_and_symbols_need_quotes_only() {
        for text in ["a b", "a=b", "a\u{a0}b", "a\u{3000}b", "👍🏽", "👨\u{200d}👩"] {
            assert_eq!(escaped(text), (text.to_owned(), true));
        }
    }

    #[test]
    fn controls_quotes_and_hidden_characters_are_escaped() {
        for (text, expected) in [
            ("\"", r#"\""#),
            ("\\", r"\\"),
            ("\n\r\t", r"\n\r\t"),
            ("\0\u{1b}[2J\u{7f}", r"\u0000\u001b[2J\u007f"),
            ("\u{85}\u{9b}", r"\u0085\u009b"),
            ("\u{202e}\u{2066}", r"\u202e\u2066"),
            ("\u{2028}\u{2029}\u{feff}", r"\u2028\u2029\ufeff"),
            ("\u{e0041}", r"\udb40\udc41"),
        ] {
            assert_eq!(escaped(text), (expected.to_owned(), true));
        }
    }

    #[test]
    fn a_cut_falls_between_characters_and_between_escapes() {
        for (text, end, expected) in
            [("abcdef", 4, "abcd"), ("aéé", 4, "aé"), ("ab\n", 3, "ab"), ("\u{1b}\u{1b}", 11, r"\u001b")]
        {
            let mut out = Vec::new();
            assert!(escape(&mut out, end, text).cut);
            assert_eq!(out, expected.as_bytes());
        }
    }

    #[test]
    fn keys_lose_what_could_forge_another() {
        for (text, expected) in [
            ("method", "method"),
            ("http.method", "http.method"),
            ("größe", "größe"),
            ("a b=c\"d\\e\nf", "a_b_c_d_e_f"),
            ("a\u{202e}b\u{2028}c", "a_b_c"),
            ("", "_"),
        ] {
            assert_eq!(safe(text), expected);
        }
        assert_eq!(safe(&"é".repeat(100)).len(), KEY_MAX);
    }
}
