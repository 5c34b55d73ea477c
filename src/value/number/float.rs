//! Binary floating point of any precision, rounded to the nearest and of two to the even one.
//!
//! Owns the arithmetic of [`super::Number`] beyond machine integers. It gives, bit by bit, what Go's
//! `big.Float` gives, which Terraform's numbers are: also where that reads decimals less exactly
//! than it could, and where a zero has a sign.

use num_bigint::BigUint;
use std::cmp::Ordering;

/// The exponents between which a number is neither zero nor infinite: those of 32 bits.
const MIN_EXPONENT: i64 = i32::MIN as i64;
const MAX_EXPONENT: i64 = i32::MAX as i64;

/// A number with a sign and a precision.
#[derive(Clone, Debug)]
pub(super) struct Float {
    pub(super) negative: bool,
    pub(super) size: Size,
    /// How many bits of the size are kept.
    pub(super) precision: u32,
}

/// How far from zero a number is.
#[derive(Clone, Debug)]
pub(super) enum Size {
    Zero,
    Finite(Finite),
    Infinite,
}

/// `mantissa` times two to the `exponent`; the mantissa is odd.
#[derive(Clone, Debug)]
pub(super) struct Finite {
    pub(super) mantissa: BigUint,
    pub(super) exponent: i64,
}

impl Finite {
    /// The power of two that is just above it.
    pub(super) fn top(&self) -> i64 {
        bits(&self.mantissa).saturating_add(self.exponent)
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.top().cmp(&other.top()).then_with(|| {
            // Of one top, so that the exponents differ by less than the mantissas are long.
            let low = self.exponent.min(other.exponent);
            shifted(self, low).cmp(&shifted(other, low))
        })
    }

    pub(super) fn is_integer(&self) -> bool {
        self.exponent >= 0
    }
}

pub(super) fn bits(mantissa: &BigUint) -> i64 {
    i64::try_from(mantissa.bits()).unwrap_or(i64::MAX)
}

/// The mantissa to the exponent `low`, which is not above the exponent of `number`.
fn shifted(number: &Finite, low: i64) -> BigUint {
    &number.mantissa << distance(number.exponent, low)
}

/// How far `high` is above `low`; nothing where it is not.
fn distance(high: i64, low: i64) -> u64 {
    u64::try_from(high.saturating_sub(low)).unwrap_or(0)
}

impl Float {
    pub(super) fn zero(negative: bool, precision: u32) -> Self {
        Self { negative, size: Size::Zero, precision }
    }

    pub(super) fn infinite(negative: bool, precision: u32) -> Self {
        Self { negative, size: Size::Infinite, precision }
    }

    /// `mantissa` times two to the `exponent`, and a little more if `inexact`, rounded.
    pub(super) fn round(
        negative: bool,
        mut mantissa: BigUint,
        mut exponent: i64,
        inexact: bool,
        precision: u32,
    ) -> Self {
        let excess = bits(&mantissa) - i64::from(precision);
        if excess > 0 {
            let cut = distance(excess, 0);
            let half = mantissa.bit(cut - 1);
            let beyond = inexact || mantissa.trailing_zeros().is_some_and(|zeros| zeros < cut - 1);
            mantissa >>= cut;
            exponent = exponent.saturating_add(excess);
            if half && (beyond || mantissa.bit(0)) {
                mantissa += 1_u8;
            }
        }
        let Some(zeros) = mantissa.trailing_zeros() else { return Self::zero(negative, precision) };
        mantissa >>= zeros;
        exponent = exponent.saturating_add(i64::try_from(zeros).unwrap_or(i64::MAX));
        let finite = Finite { mantissa, exponent };
        if finite.top() > MAX_EXPONENT {
            Self::infinite(negative, precision)
        } else if finite.top() < MIN_EXPONENT {
            Self::zero(negative, precision)
        } else {
            Self { negative, size: Size::Finite(finite), precision }
        }
    }

    pub(super) fn from_i64(int: i64, precision: u32) -> Self {
        Self::round(int < 0, BigUint::from(int.unsigned_abs()), 0, false, precision)
    }

    /// The same number with another precision.
    pub(super) fn with_precision(self, precision: u32) -> Self {
        match self.size {
            Size::Finite(Finite { mantissa, exponent }) => {
                Self::round(self.negative, mantissa, exponent, false, precision)
            }
            Size::Zero | Size::Infinite => Self { precision, ..self },
        }
    }

    pub(super) fn negate(mut self) -> Self {
        self.negative = !self.negative;
        self
    }

    pub(super) fn is_integer(&self) -> bool {
        match &self.size {
            Size::Zero => true,
            Size::Finite(finite) => finite.is_integer(),
            Size::Infinite => false,
        }
    }

    /// The sign as -1, 0 or 1; a zero of either sign has none.
    pub(super) fn signum(&self) -> i8 {
        match (&self.size, self.negative) {
            (Size::Zero, _) => 0,
            (Size::Finite(_) | Size::Infinite, true) => -1,
            (Size::Finite(_) | Size::Infinite, false) => 1,
        }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.signum().cmp(&other.signum()).then_with(|| {
            let sizes = match (&self.size, &other.size) {
                (Size::Finite(a), Size::Finite(b)) => a.compare(b),
                (Size::Infinite, Size::Finite(_)) => Ordering::Greater,
                (Size::Finite(_), Size::Infinite) => Ordering::Less,
                (Size::Infinite, Size::Infinite) | (Size::Zero, _) | (_, Size::Zero) => {
                    Ordering::Equal
                }
            };
            if self.negative { sizes.reverse() } else { sizes }
        })
    }

    /// The sum with the given precision; nothing for infinities of both signs.
    pub(super) fn add(&self, other: &Self, precision: u32) -> Option<Self> {
        Some(match (&self.size, &other.size) {
            (Size::Infinite, Size::Infinite) if self.negative != other.negative => return None,
            (Size::Infinite, _) => Self::infinite(self.negative, precision),
            (_, Size::Infinite) => Self::infinite(other.negative, precision),
            (Size::Zero, Size::Zero) => Self::zero(self.negative && other.negative, precision),
            (Size::Zero, Size::Finite(_)) => other.clone().with_precision(precision),
            (Size::Finite(_), Size::Zero) => self.clone().with_precision(precision),
            (Size::Finite(a), Size::Finite(b)) => {
                let order = a.compare(b);
                if order.is_eq() && self.negative != other.negative {
                    return Some(Self::zero(false, precision));
                }
                let (large, small, negative) =
                    if order.is_lt() { (b, a, other.negative) } else { (a, b, self.negative) };
                sum(large, small, self.negative == other.negative, negative, precision)
            }
        })
    }

    /// The product with the given precision; nothing for zero times infinity.
    pub(super) fn multiply(&self, other: &Self, precision: u32) -> Option<Self> {
        let negative = self.negative != other.negative;
        Some(match (&self.size, &other.size) {
            (Size::Zero, Size::Infinite) | (Size::Infinite, Size::Zero) => return None,
            (Size::Infinite, _) | (_, Size::Infinite) => Self::infinite(negative, precision),
            (Size::Zero, _) | (_, Size::Zero) => Self::zero(negative, precision),
            (Size::Finite(a), Size::Finite(b)) => {
                let mantissa = &a.mantissa * &b.mantissa;
                Self::round(negative, mantissa, a.exponent + b.exponent, false, precision)
            }
        })
    }

    /// The quotient with the given precision; nothing for zero by zero and infinity by infinity.
    pub(super) fn divide(&self, other: &Self, precision: u32) -> Option<Self> {
        let negative = self.negative != other.negative;
        Some(match (&self.size, &other.size) {
            (Size::Zero, Size::Zero) | (Size::Infinite, Size::Infinite) => return None,
            (Size::Zero, _) | (_, Size::Infinite) => Self::zero(negative, precision),
            (Size::Infinite, _) | (_, Size::Zero) => Self::infinite(negative, precision),
            (Size::Finite(a), Size::Finite(b)) => {
                // Two bits more than are kept: one to round by, one for a short first digit.
                let wanted = i64::from(precision) + 2 + bits(&b.mantissa) - bits(&a.mantissa);
                let shift = wanted.max(0);
                let dividend = &a.mantissa << distance(shift, 0);
                let quotient = &dividend / &b.mantissa;
                let inexact = &quotient * &b.mantissa != dividend;
                let exponent = a.exponent - b.exponent - shift;
                Self::round(negative, quotient, exponent, inexact, precision)
            }
        })
    }

    /// The whole part, which has no sign if it is zero; infinity has none.
    pub(super) fn truncate(&self) -> Option<Self> {
        match &self.size {
            Size::Zero => Some(Self::zero(false, self.precision)),
            Size::Infinite => None,
            Size::Finite(finite) if finite.is_integer() => Some(self.clone()),
            Size::Finite(Finite { mantissa, exponent }) => {
                let whole = mantissa >> distance(0, *exponent);
                let negative = self.negative && whole.bits() > 0;
                Some(Self::round(negative, whole, 0, false, self.precision))
            }
        }
    }

    /// What `digits` to the base ten spell, times ten to the power of `tens` and two to that of
    /// `twos`; nothing where that is beyond all exponents.
    pub(super) fn from_decimal(
        negative: bool,
        digits: BigUint,
        tens: i64,
        twos: i64,
        precision: u32,
    ) -> Option<Self> {
        if digits.bits() == 0 {
            return Some(Self::zero(negative, precision));
        }
        let exponent = tens.checked_add(twos)?;
        let finite = Finite { mantissa: digits, exponent };
        if !(MIN_EXPONENT..=MAX_EXPONENT).contains(&finite.top()) {
            return None;
        }
        if tens == 0 {
            return Some(Self::round(negative, finite.mantissa, exponent, false, precision));
        }
        // The digits are exact until this last step; the power of five may have been rounded.
        let exact = Self { negative, size: Size::Finite(finite), precision };
        let power = power_of_five(tens.unsigned_abs(), precision + 64);
        if tens < 0 { exact.divide(&power, precision) } else { exact.multiply(&power, precision) }
    }
}

/// The sum, or the difference, of two sizes of which the first is not the smaller one.
fn sum(large: &Finite, small: &Finite, same_sign: bool, negative: bool, precision: u32) -> Float {
    // What lies far below the last bit that is kept only says that there is something.
    let floor = large.exponent.min(large.top() - i64::from(precision) - 2);
    if small.top() < floor - 1 {
        let mut mantissa = shifted(large, floor);
        if !same_sign {
            mantissa -= 1_u8;
        }
        return Float::round(negative, mantissa, floor, true, precision);
    }
    let low = large.exponent.min(small.exponent);
    let (a, b) = (shifted(large, low), shifted(small, low));
    let mantissa = if same_sign { a + b } else { a - b };
    Float::round(negative, mantissa, low, false, precision)
}

/// The greatest power of five that fits a machine word, and its exponent.
const WORD_OF_FIVES: (u64, u64) = (7_450_580_596_923_828_125, 27);

fn power_of_five(exponent: u64, precision: u32) -> Float {
    let word =
        |power: u64, precision| Float::round(false, BigUint::from(power), 0, false, precision);
    let (most, most_exponent) = WORD_OF_FIVES;
    if exponent <= most_exponent {
        let small = u32::try_from(exponent).unwrap_or(0);
        return word(5_u64.pow(small), precision);
    }
    let mut power = word(most, precision);
    let mut square = word(5, precision + 64);
    let mut rest = exponent - most_exponent;
    while rest > 0 {
        // Neither is ever zero, so that there always is a product.
        if rest & 1 == 1
            && let Some(next) = power.multiply(&square, precision)
        {
            power = next;
        }
        if let Some(next) = square.multiply(&square, precision + 64) {
            square = next;
        }
        rest >>= 1;
    }
    power
}
