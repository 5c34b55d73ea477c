//! Exact decimal numbers: a machine integer where it fits, a big decimal elsewhere.

use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, RoundingMode, Signed as _, ToPrimitive as _, Zero as _};
use std::cmp::Ordering;
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::sync::Arc;

/// Digits that are kept of a number; the 512 bits of Terraform's numbers hold 154.
const DIGITS: u64 = 154;
/// Digits at the end of a rounded number that may be wrong.
const GUARD: u64 = 4;
/// Powers of ten beyond which a number is refused, so that no short literal costs much memory.
const MAX_EXPONENT: i64 = 4096;

/// A decimal number of up to 154 significant digits.
#[derive(Clone, Debug)]
pub struct Number(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Int(i64),
    /// Never an integer that fits `Int`.
    Big(Arc<BigDecimal>),
}

impl Number {
    fn new(big: &BigDecimal) -> Option<Self> {
        if big.is_zero() {
            return Some(Self(Repr::Int(0)));
        }
        let (_, scale) = big.as_bigint_and_exponent();
        let magnitude = i64::try_from(big.digits()).ok()?.checked_sub(scale)?;
        if magnitude.abs() > MAX_EXPONENT {
            return None;
        }
        let big = if big.digits() > DIGITS {
            big.with_precision_round(NonZeroU64::new(DIGITS)?, RoundingMode::HalfEven)
        } else {
            big.clone()
        };
        let big = big.normalized();
        Some(match big.is_integer().then(|| big.to_i64()).flatten() {
            Some(int) => Self(Repr::Int(int)),
            None => Self(Repr::Big(Arc::new(big))),
        })
    }

    /// The result of arithmetic. One that takes all digits has been rounded somewhere, so its last
    /// digits are not to be trusted: where all that they say is a long row of nines or noughts, the
    /// short number is meant, and a third three times is one.
    fn settled(big: &BigDecimal) -> Option<Self> {
        if big.digits() + 1 >= DIGITS {
            let short = big
                .with_precision_round(NonZeroU64::new(DIGITS - GUARD)?, RoundingMode::HalfEven)
                .normalized();
            if short.digits() <= DIGITS / 2 {
                return Self::new(&short);
            }
        }
        Self::new(big)
    }

    fn big(&self) -> BigDecimal {
        match &self.0 {
            Repr::Int(int) => BigDecimal::from(*int),
            Repr::Big(big) => (**big).clone(),
        }
    }

    /// The number as a machine integer, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(int) => Some(*int),
            Repr::Big(_) => None,
        }
    }

    /// The number as an index or a count, if it is one.
    pub fn as_usize(&self) -> Option<usize> {
        self.as_i64().and_then(|int| usize::try_from(int).ok())
    }

    /// Whether there is no fraction.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Int(_) => true,
            Repr::Big(big) => big.is_integer(),
        }
    }

    /// The sum, if it is in range.
    pub fn add(&self, other: &Self) -> Option<Self> {
        match (&self.0, &other.0) {
            (Repr::Int(a), Repr::Int(b)) if a.checked_add(*b).is_some() => {
                Some(Self(Repr::Int(a.wrapping_add(*b))))
            }
            _ => Self::settled(&(self.big() + other.big())),
        }
    }

    /// The difference, if it is in range.
    pub fn subtract(&self, other: &Self) -> Option<Self> {
        match (&self.0, &other.0) {
            (Repr::Int(a), Repr::Int(b)) if a.checked_sub(*b).is_some() => {
                Some(Self(Repr::Int(a.wrapping_sub(*b))))
            }
            _ => Self::settled(&(self.big() - other.big())),
        }
    }

    /// The product, if it is in range.
    pub fn multiply(&self, other: &Self) -> Option<Self> {
        match (&self.0, &other.0) {
            (Repr::Int(a), Repr::Int(b)) if a.checked_mul(*b).is_some() => {
                Some(Self(Repr::Int(a.wrapping_mul(*b))))
            }
            _ => Self::settled(&(self.big() * other.big())),
        }
    }

    /// The quotient, if the divisor is not zero and it is in range.
    pub fn divide(&self, other: &Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        match (&self.0, &other.0) {
            (Repr::Int(a), Repr::Int(b)) if a.checked_rem(*b) == Some(0) => {
                Some(Self(Repr::Int(a.checked_div(*b)?)))
            }
            _ => {
                let (dividend, divisor) = (self.big(), other.big());
                Self::settled(&quotient(&dividend, &divisor)?)
            }
        }
    }

    /// The remainder of the division that truncates towards zero, if the divisor is not zero.
    pub fn remainder(&self, other: &Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        match (&self.0, &other.0) {
            (Repr::Int(a), Repr::Int(b)) => Some(Self(Repr::Int(a.checked_rem(*b).unwrap_or(0)))),
            _ => Self::new(&(self.big() % other.big())),
        }
    }

    /// The number with its sign changed.
    #[must_use]
    pub fn negate(&self) -> Self {
        match &self.0 {
            Repr::Int(int) => match int.checked_neg() {
                Some(int) => Self(Repr::Int(int)),
                None => Self(Repr::Big(Arc::new(-BigDecimal::from(*int)))),
            },
            Repr::Big(big) => {
                let big = -(**big).clone();
                match big.is_integer().then(|| big.to_i64()).flatten() {
                    Some(int) => Self(Repr::Int(int)),
                    None => Self(Repr::Big(Arc::new(big))),
                }
            }
        }
    }

    /// The magnitude.
    #[must_use]
    pub fn abs(&self) -> Self {
        if self.is_negative() { self.negate() } else { self.clone() }
    }

    /// The largest integer that is not above the number, in range as the number is.
    #[must_use]
    pub fn floor(&self) -> Self {
        match &self.0 {
            Repr::Int(_) => self.clone(),
            Repr::Big(big) => Self::new(&big.with_scale_round(0, RoundingMode::Floor))
                .unwrap_or_else(|| self.clone()),
        }
    }

    /// The smallest integer that is not below the number, in range as the number is.
    #[must_use]
    pub fn ceil(&self) -> Self {
        self.negate().floor().negate()
    }

    /// Whether the number is zero.
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Int(0))
    }

    /// Whether the number is below zero.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Int(int) => *int < 0,
            Repr::Big(big) => big.is_negative(),
        }
    }
}

/// The quotient with all the digits that are kept and a few more, so that rounding happens once.
fn quotient(dividend: &BigDecimal, divisor: &BigDecimal) -> Option<BigDecimal> {
    let (a, a_scale) = dividend.as_bigint_and_exponent();
    let (b, b_scale) = divisor.as_bigint_and_exponent();
    // Enough powers of ten that the integer quotient has the digits wanted.
    let wanted = i64::try_from(DIGITS + GUARD).ok()?;
    let has = i64::try_from(dividend.digits()).ok()? - i64::try_from(divisor.digits()).ok()?;
    let shift = (wanted - has).max(0);
    let shifted = a * BigInt::from(10).pow(u32::try_from(shift).ok()?);
    Some(BigDecimal::new(shifted / b, a_scale - b_scale + shift))
}

impl From<i64> for Number {
    fn from(int: i64) -> Self {
        Self(Repr::Int(int))
    }
}

impl From<usize> for Number {
    fn from(int: usize) -> Self {
        match i64::try_from(int) {
            Ok(int) => Self(Repr::Int(int)),
            Err(_) => Self(Repr::Big(Arc::new(BigDecimal::from(BigInt::from(int))))),
        }
    }
}

/// Why a text is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseNumberError {
    /// The text does not spell a number.
    #[error("not a number")]
    Syntax,
    /// The text spells a number of more than 4,096 digits before or after the point.
    #[error("a number of more than 4096 digits")]
    Range,
}

impl FromStr for Number {
    type Err = ParseNumberError;

    /// Reads decimal digits with an optional sign, fraction and exponent.
    fn from_str(text: &str) -> Result<Self, ParseNumberError> {
        if let Ok(int) = text.parse::<i64>()
            && !text.starts_with('+')
        {
            return Ok(Self(Repr::Int(int)));
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
        if !plain {
            return Err(ParseNumberError::Syntax);
        }
        if text.len() > usize::try_from(MAX_EXPONENT).unwrap_or(usize::MAX) {
            return Err(ParseNumberError::Range);
        }
        let big = BigDecimal::from_str(text).map_err(|_| ParseNumberError::Syntax)?;
        Self::new(&big).ok_or(ParseNumberError::Range)
    }
}

/// Writes all digits, without an exponent.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Int(int) => write!(f, "{int}"),
            Repr::Big(big) => f.write_str(&big.to_plain_string()),
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Int(a), Repr::Int(b)) => a.cmp(b),
            _ => self.big().cmp(&other.big()),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_exact() {
        assert_eq!(number("0.1").add(&number("0.2")).unwrap().to_string(), "0.3");
        assert_eq!(
            number("9223372036854775807").add(&number("1")).unwrap().to_string(),
            "9223372036854775808"
        );
        assert_eq!(number("1e3").to_string(), "1000");
        assert_eq!(number("10").divide(&number("4")).unwrap().to_string(), "2.5");
        assert_eq!(number("-7").remainder(&number("3")).unwrap().to_string(), "-1");
        assert_eq!(number("-2.5").floor().to_string(), "-3");
        assert_eq!(number("-2.5").ceil().to_string(), "-2");
        assert_eq!(number("2.50"), number("2.5"));
    }

    #[test]
    fn what_was_divided_is_whole_again() {
        for (a, b) in [(1_i64, 3_i64), (2, 3), (100, 3), (1, 7), (1, 49), (-5, 11), (1, 1_000_003)]
        {
            let (a, b) = (Number::from(a), Number::from(b));
            assert_eq!(a.divide(&b).unwrap().multiply(&b).unwrap(), a, "{a} / {b}");
        }
        let third = number("1").divide(&number("3")).unwrap();
        assert_eq!(third.add(&third).unwrap().add(&third).unwrap(), number("1"));
        assert_eq!(third.to_string().len(), 2 + 154);
        assert_eq!(
            number("1e100").add(&number("1e-100")).unwrap().subtract(&number("1e100")),
            Some(number("0")),
            "beyond the digits that are kept"
        );
        assert_eq!(number("1e75").add(&number("1e-75")).unwrap().to_string().len(), 152);
    }

    #[test]
    fn division_by_zero_has_no_result() {
        assert_eq!(number("10").divide(&number("0")), None);
        assert_eq!(number("10").remainder(&number("0")), None);
    }

    #[test]
    fn a_short_text_cannot_ask_for_gigabytes() {
        assert_eq!(Number::from_str("1e999999999"), Err(ParseNumberError::Range));
        assert_eq!(Number::from_str("1e-999999999"), Err(ParseNumberError::Range));
        assert_eq!(number("1e4000").multiply(&number("1e4000")), None);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", "abc", "1x", "0x10", "+1", ".5", "inf", "NaN", " 1", "1e", "--1"] {
            assert_eq!(Number::from_str(text), Err(ParseNumberError::Syntax), "{text}");
        }
    }
}
