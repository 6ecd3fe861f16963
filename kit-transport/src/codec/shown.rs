//! A stranger's text in a line of ours.

/// As much of a stranger's text as fits `room` bytes, without control characters.
pub(crate) fn shown(text: &str, room: usize) -> String {
    let mut shown = String::with_capacity(room.min(text.len()));
    for c in text.chars() {
        let c = if c.is_control() { ' ' } else { c };
        if shown.len() + c.len_utf8() > room {
            shown.push('…');
            break;
        }
        shown.push(c);
    }
    shown
}

/// A line from the other side of a wire, made fit to be shown and logged: no control characters, 1 KiB at most.
#[cfg(any(feature = "http", feature = "local"))]
pub(crate) fn clean(line: String) -> String {
    let cut = line.floor_char_boundary(1024.min(line.len()));
    line[..cut].chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_shown_is_short_and_clean(text in "(?s).{0,300}", room in 0usize..60) {
            let shown = shown(&text, room);
            prop_assert!(shown.len() <= room + '…'.len_utf8());
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}
