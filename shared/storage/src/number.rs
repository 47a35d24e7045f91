//! DynamoDB's numbers: decimals of at most 38 significant digits, which come back in their shortest plain form. Rust has no
//! such type, and floating point would call different numbers the same.

use std::cmp::Ordering;

/// Most significant digits of a number (DynamoDB, "Data types").
const DIGITS_MAX: usize = 38;
/// The power of ten of the leading digit of the greatest number, 9.99…E+125.
const MAGNITUDE_MAX: i64 = 125;
/// The power of ten of the leading digit of the number that is nearest to zero, 1E-130.
const MAGNITUDE_MIN: i64 = -130;
/// Longest text of a number, in bytes: beyond it nobody looks for a number's end.
const TEXT_BYTES_MAX: usize = 512;

/// A number that DynamoDB can store: `0.DIGITS × 10^point`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Number {
    is_negative: bool,
    /// Each 0 to 9, without zeros at either end; none of zero.
    digits: Vec<u8>,
    /// Where the decimal point is, counted from before the first digit; 0 of zero.
    point: i64,
}

impl Number {
    /// Reads a decimal with or without sign, fraction and exponent; `None` where it is none, or none that can be stored.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, fraction].concat();
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let digits = digits.bytes().map(|digit| digit - b'0').collect();
        let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?;
        Self { is_negative, digits, point }.normal()
    }

    /// The shortest form of the text of a number.
    pub(crate) fn normalized(text: &str) -> Option<String> {
        Self::parse(text).map(|number| number.to_text())
    }

    /// The sum, where it can be stored without loss.
    pub(crate) fn plus(&self, other: &Self) -> Option<Self> {
        let end = |number: &Self| number.point - number.digits.len() as i64;
        let low = end(self).min(end(other));
        let high = self.point.max(other.point) + 1;
        // Whatever fits, fits into the digits that a number has, and one to carry.
        let width = usize::try_from(high - low).ok()?;
        let mut sum = vec![0i16; width];
        for number in [self, other] {
            let first = usize::try_from(high - number.point).ok()?;
            let sign = if number.is_negative { -1 } else { 1 };
            for (place, digit) in sum.iter_mut().skip(first).zip(&number.digits) {
                *place += sign * i16::from(*digit);
            }
        }
        let is_negative = sum.iter().find(|digit| **digit != 0).is_some_and(|digit| *digit < 0);
        let mut carry = 0;
        for digit in sum.iter_mut().rev() {
            let value = if is_negative { -*digit } else { *digit } + carry;
            carry = value.div_euclid(10);
            *digit = value.rem_euclid(10);
        }
        let digits = sum.iter().map(|digit| u8::try_from(*digit)).collect::<Result<_, _>>().ok()?;
        Self { is_negative, digits, point: high }.normal()
    }

    /// The same without zeros at either end, if it can be stored.
    fn normal(mut self) -> Option<Self> {
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        let leading = self.digits.iter().take_while(|digit| **digit == 0).count();
        self.digits.drain(..leading);
        if self.digits.is_empty() {
            return Some(Self { is_negative: false, digits: Vec::new(), point: 0 });
        }
        self.point = self.point.checked_sub(i64::try_from(leading).ok()?)?;
        let is_storable =
            (MAGNITUDE_MIN..=MAGNITUDE_MAX).contains(&(self.point - 1)) && self.digits.len() <= DIGITS_MAX;
        is_storable.then_some(self)
    }

    /// The shortest plain form, without an exponent.
    pub(crate) fn to_text(&self) -> String {
        if self.digits.is_empty() {
            return "0".to_owned();
        }
        let mut text = String::from(if self.is_negative { "-" } else { "" });
        if self.point <= 0 {
            text.push_str("0.");
        }
        (self.point..0).for_each(|_| text.push('0'));
        for (place, digit) in (0..).zip(&self.digits) {
            if place == self.point && place > 0 {
                text.push('.');
            }
            text.push(char::from(b'0' + digit));
        }
        (self.digits.len() as i64..self.point).for_each(|_| text.push('0'));
        text
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits.is_empty(), number.is_negative) {
            (true, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        };
        // Zeros at the end being left out, digits order as text does.
        let size = |number: &Self| (number.point, number.digits.clone());
        sign(self).cmp(&sign(other)).then_with(|| match self.is_negative {
            true => size(other).cmp(&size(self)),
            false => size(self).cmp(&size(other)),
        })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        let digits = value.unsigned_abs().to_string().bytes().map(|digit| digit - b'0').collect::<Vec<_>>();
        let point = digits.len() as i64;
        let zero = Self { is_negative: false, digits: Vec::new(), point: 0 };
        Self { is_negative: value < 0, digits, point }.normal().unwrap_or(zero)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
    }

    #[test]
    fn numbers_have_one_shortest_form() {
        let forms = [
            ("0", "0"),
            ("-0", "0"),
            ("0.000", "0"),
            ("007", "7"),
            ("1.50", "1.5"),
            ("-1E3", "-1000"),
            ("12e-1", "1.2"),
            ("1e-3", "0.001"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+3", "3"),
            ("100", "100"),
            ("123.456", "123.456"),
        ];
        for (text, form) in forms {
            assert_eq!(Number::normalized(text).as_deref(), Some(form), "{text}");
        }
        let one_and_zeros = format!("1{}", "0".repeat(125));
        assert_eq!(Number::normalized("1E125"), Some(one_and_zeros));
    }

    #[test]
    fn what_cannot_be_stored_is_no_number() {
        for text in ["", "-", ".", "e3", "1e", "NaN", "inf", "0x10", "1_000", " 1", "1E126", "1E-131", "--1"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
        assert_eq!(Number::parse(&"1".repeat(39)), None);
        assert!(Number::parse(&"9".repeat(38)).is_some());
        assert!(Number::parse(&format!("0.{}1", "0".repeat(129))).is_some());
        assert_eq!(Number::parse(&"0".repeat(TEXT_BYTES_MAX + 1)), None);
    }

    #[test]
    fn sums_are_exact_or_none() {
        let sums = [
            ("1", "2", "3"),
            ("1", "-2", "-1"),
            ("0.1", "1", "1.1"),
            ("-1", "1", "0"),
            ("999", "1", "1000"),
            ("1000", "-1", "999"),
            ("-0.5", "-0.5", "-1"),
            ("18446744073709551615", "1", "18446744073709551616"),
            ("0", "0", "0"),
            ("0", "-5", "-5"),
            ("-100", "1", "-99"),
        ];
        for (left, right, sum) in sums {
            assert_eq!(number(left).plus(&number(right)), Some(number(sum)), "{left} + {right}");
            assert_eq!(number(right).plus(&number(left)), Some(number(sum)), "{right} + {left}");
        }
        assert_eq!(number("1E38").plus(&number("1")), None, "39 digits");
        assert_eq!(number(&"9".repeat(38)).plus(&number("1")), Some(number("1E38")));
    }

    #[test]
    fn numbers_are_in_their_order() {
        let ordered =
            ["-1E125", "-10", "-9", "-0.5", "-0.05", "0", "1E-130", "0.05", "0.5", "9", "10", "10.01", "1E125"];
        for (index, left) in ordered.iter().enumerate() {
            for (other, right) in ordered.iter().enumerate() {
                assert_eq!(number(left).cmp(&number(right)), index.cmp(&other), "{left} and {right}");
            }
        }
        assert_eq!(Number::from(i64::MIN), number("-9223372036854775808"));
        assert_eq!(Number::from(0), number("0"));
    }
}
