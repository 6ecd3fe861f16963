//! Decimal digits, two at a time.

/// `00` to `99`.
pub(crate) static PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut n = 0;
    while n < 100 {
        pairs[n] = [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
        n += 1;
    }
    pairs
};

/// Most digits of a `u64`.
pub(crate) const MAX: usize = 20;

/// Writes `number` at the end of `to`; says how many digits it has.
#[inline]
pub(crate) fn back(to: &mut [u8; MAX], mut number: u64) -> usize {
    let mut at = MAX;
    while number >= 100 {
        at -= 2;
        to[at..at + 2].copy_from_slice(&PAIRS[(number % 100) as usize]);
        number /= 100;
    }
    if number >= 10 {
        at -= 2;
        to[at..at + 2].copy_from_slice(&PAIRS[number as usize]);
    } else {
        at -= 1;
        to[at] = b'0' + number as u8;
    }
    MAX - at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(number: u64) -> String {
        let mut to = [0; MAX];
        let count = back(&mut to, number);
        String::from_utf8(to[MAX - count..].to_vec()).unwrap()
    }

    #[test]
    fn the_ends_of_each_length_are_right() {
        for power in 0..20 {
            let number = 10u64.pow(power);
            for number in [number - 1, number, number.saturating_add(1)] {
                assert_eq!(text(number), number.to_string());
            }
        }
        assert_eq!(text(u64::MAX), u64::MAX.to_string());
    }

    proptest! {
        #[test]
        fn every_number_has_its_digits(number: u64, shift in 0u32..64) {
            prop_assert_eq!(text(number >> shift), (number >> shift).to_string());
        }
    }
}
