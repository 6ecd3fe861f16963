use std::fmt;

use crate::jsonrpc::message::string;

/// The id of a call, as it is written and read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id(u128);

/// The largest number that every reader of JSON takes for itself: RFC 8259, 6.
const MOST: u128 = (1 << 53) - 1;

impl Id {
    pub(super) fn new(bits: u128) -> Self {
        Self(bits)
    }

    /// The id that the text, which is valid JSON, stands for, if it can be one of ours. A number that a server wrote in another
    /// way is the same number.
    pub(super) fn read(json: &str) -> Option<Self> {
        let Some(text) = string(json) else {
            let exact = json.parse::<u128>().ok();
            let number = exact.or_else(|| {
                let float: f64 = json.parse().ok()?;
                (float.fract() == 0.0 && (0.0..=MOST as f64).contains(&float)).then_some(float as u128)
            });
            return number.filter(|number| *number <= MOST).map(Self);
        };
        let id = Self(u128::from_str_radix(&text, 16).ok()?);
        (id.0 > MOST && id.digits() == *text).then_some(id)
    }

    fn digits(self) -> String {
        format!("{:032x}", self.0)
    }
}

/// As JSON.
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 <= MOST { write!(f, "{}", self.0) } else { write!(f, "\"{}\"", self.digits()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_the_same_however_it_is_written_and_a_text_only_as_it_was() {
        for json in ["100", "100.0", "1e2", "1E+2", "1000e-1"] {
            assert_eq!(Id::read(json), Some(Id(100)), "{json}");
        }
        for json in ["null", "-1", "0.5", "9007199254740992", "1e300", "\"100\"", "\"\"", "true", "[]"] {
            assert_eq!(Id::read(json), None, "{json}");
        }
        let large = Id(u128::MAX - 5).to_string();
        assert_eq!(Id::read(&large), Some(Id(u128::MAX - 5)));
        assert_eq!(Id::read(&large.to_uppercase()), None);
        assert_eq!(Id::read(&format!("\"{:032x}\"", 7)), None, "it would have been a number");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(bits in any::<u128>(), small in 0..=MOST) {
            for id in [Id(bits), Id(small), Id(MOST), Id(MOST + 1)] {
                prop_assert_eq!(Id::read(&id.to_string()), Some(id));
            }
        }

        #[test]
        fn any_text_is_no_id_or_one_that_can_be_written(json in "\\PC{0,40}|[0-9.eE+-]{1,9}") {
            if let Some(id) = Id::read(&json) {
                prop_assert_eq!(Id::read(&id.to_string()), Some(id));
            }
        }
    }
}
