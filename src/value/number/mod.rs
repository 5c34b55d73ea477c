//! Numbers as Terraform counts: binary, of 512 bits where they were written in decimal digits, and
//! of the precision of a machine's number where one was counted or computed.
//!
//! A machine integer is kept as one; everything else is a [`Float`].

mod float;
mod text;

use self::float::{Float, Size};
use num_bigint::BigUint;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Bits that are kept of a number that is read.
const READ: u32 = 512;
/// Bits that are kept of a number that is counted.
const COUNTED: u32 = 64;
/// Bits that are kept of a number in double precision.
const DOUBLE: u32 = 53;
/// The most digits that are read: reading them costs the square of their number.
const MAX_DIGITS: usize = 100_000;

/// A number. Two are equal that are written with the same digits, so that what went through text or
/// JSON is what it was; whole numbers only if they are the same to the last bit.
#[derive(Clone, Debug)]
pub struct Number(Repr);

#[derive(Clone, Debug)]
enum Repr {
    /// Of no less precision than any machine integer needs.
    Int { int: i64, precision: u32 },
    /// Of less precision, or no machine integer, or zero with a negative sign.
    Float(Arc<Float>),
}

impl Number {
    fn new(float: Float) -> Self {
        match integer(&float) {
            Some(int) if float.precision >= COUNTED && !(int == 0 && float.negative) => {
                Self(Repr::Int { int, precision: float.precision })
            }
            _ => Self(Repr::Float(Arc::new(float))),
        }
    }

    fn float(&self) -> Float {
        match &self.0 {
            Repr::Int { int, precision } => Float::from_i64(*int, *precision),
            Repr::Float(float) => (**float).clone(),
        }
    }

    fn precision(&self) -> u32 {
        match &self.0 {
            Repr::Int { precision, .. } => *precision,
            Repr::Float(float) => float.precision,
        }
    }

    /// Both as machine integers, with the higher of their precisions.
    fn ints(&self, other: &Self) -> Option<(i64, i64, u32)> {
        match (&self.0, &other.0) {
            (Repr::Int { int: a, precision: p }, Repr::Int { int: b, precision: q }) => {
                Some((*a, *b, *p.max(q)))
            }
            (Repr::Float(_), _) | (_, Repr::Float(_)) => None,
        }
    }

    /// The number in double precision, if it is one.
    pub fn from_f64(number: f64) -> Option<Self> {
        if number.is_nan() {
            return None;
        }
        let negative = number.is_sign_negative();
        if number.is_infinite() {
            return Some(Self::new(Float::infinite(negative, DOUBLE)));
        }
        let bits = number.to_bits();
        let fraction = bits & ((1 << 52) - 1);
        let exponent = i64::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
        // Below the smallest exponent the first bit is not implied.
        let (mantissa, exponent) =
            if exponent == 0 { (fraction, 1) } else { (fraction | (1 << 52), exponent) };
        let mantissa = BigUint::from(mantissa);
        Some(Self::new(Float::round(negative, mantissa, exponent - 1075, false, DOUBLE)))
    }

    /// The whole number that digits to a base from 2 to 62 come to, each the value of one digit,
    /// with all the bits that it takes; nothing for what is no such digit, or for too many.
    pub fn from_digits(negative: bool, digits: &[u8], base: u32) -> Option<Self> {
        if digits.len() > MAX_DIGITS {
            return None;
        }
        let whole = BigUint::from_radix_be(digits, base)?;
        let precision = u32::try_from(whole.bits()).ok()?.max(COUNTED);
        let negative = negative && whole.bits() > 0;
        Some(Self::new(Float::round(negative, whole, 0, false, precision)))
    }

    /// The number as a machine integer, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int { int, .. } => Some(*int),
            Repr::Float(float) => integer(float),
        }
    }

    /// The number as an index or a count, if it is one.
    pub fn as_usize(&self) -> Option<usize> {
        self.as_i64().and_then(|int| usize::try_from(int).ok())
    }

    /// Whether there is no fraction. Infinity is no integer.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Int { .. } => true,
            Repr::Float(float) => float.is_integer(),
        }
    }

    /// Whether the number is infinite: what was divided by zero, or is beyond all exponents.
    pub fn is_infinite(&self) -> bool {
        match &self.0 {
            Repr::Int { .. } => false,
            Repr::Float(float) => matches!(float.size, Size::Infinite),
        }
    }

    /// Whether the number has a text: a few signs can spell one that has a billion digits.
    pub fn has_text(&self) -> bool {
        match &self.0 {
            Repr::Int { .. } => true,
            Repr::Float(float) => match &float.size {
                Size::Finite(finite) => !text::too_long(finite),
                Size::Zero | Size::Infinite => true,
            },
        }
    }

    /// The sum, if there is one: infinities of both signs have none.
    pub fn add(&self, other: &Self) -> Option<Self> {
        if let Some((a, b, precision)) = self.ints(other)
            && let Some(int) = a.checked_add(b)
        {
            return Some(Self(Repr::Int { int, precision }));
        }
        let precision = self.precision().max(other.precision());
        self.float().add(&other.float(), precision).map(Self::new)
    }

    /// The difference, if there is one: infinities of one sign have none.
    pub fn subtract(&self, other: &Self) -> Option<Self> {
        if let Some((a, b, precision)) = self.ints(other)
            && let Some(int) = a.checked_sub(b)
        {
            return Some(Self(Repr::Int { int, precision }));
        }
        self.add(&other.negate())
    }

    /// The product, if there is one: zero times infinity is none. It has all bits that it takes, up
    /// to those of a number that is read.
    pub fn multiply(&self, other: &Self) -> Option<Self> {
        if let Some((a, b, precision)) = self.ints(other)
            && let Some(int) = a.checked_mul(b)
            // The zero may have a sign.
            && int != 0
        {
            return Some(Self(Repr::Int { int, precision }));
        }
        let product = self.float().multiply(&other.float(), READ)?;
        let needed = match &product.size {
            Size::Finite(finite) => u32::try_from(finite.mantissa.bits()).unwrap_or(READ),
            Size::Zero | Size::Infinite => 0,
        };
        let precision = self.precision().max(other.precision()).max(needed);
        Some(Self::new(product.with_precision(precision)))
    }

    /// The quotient, if there is one: zero by zero and infinity by infinity have none. What else is
    /// divided by zero is infinite.
    pub fn divide(&self, other: &Self) -> Option<Self> {
        if let Some((a, b, precision)) = self.ints(other)
            && a != 0
            && a.checked_rem(b) == Some(0)
            && let Some(int) = a.checked_div(b)
        {
            return Some(Self(Repr::Int { int, precision }));
        }
        let precision = self.precision().max(other.precision());
        self.float().divide(&other.float(), precision).map(Self::new)
    }

    /// The remainder of the division that truncates towards zero. By zero it is the number itself,
    /// and that of an infinity, too; otherwise infinities have none.
    pub fn remainder(&self, other: &Self) -> Option<Self> {
        if other.is_zero() {
            return Some(self.clone());
        }
        if self.is_infinite() || other.is_infinite() {
            return None;
        }
        if let (Repr::Int { int, precision }, Repr::Int { int: divisor, .. }) = (&self.0, &other.0)
        {
            let int = int.checked_rem(*divisor).unwrap_or(0);
            return Some(Self(Repr::Int { int, precision: *precision }));
        }
        let (dividend, divisor) = (self.float(), other.float());
        let quotient = dividend.divide(&divisor, dividend.precision.max(divisor.precision))?;
        let whole = quotient.truncate()?.with_precision(dividend.precision);
        let part = divisor.multiply(&whole, dividend.precision)?;
        dividend.add(&part.negate(), dividend.precision).map(Self::new)
    }

    /// The number with its sign changed, also that of zero.
    #[must_use]
    pub fn negate(&self) -> Self {
        match &self.0 {
            Repr::Int { int, precision } if *int != 0 && *int != i64::MIN => {
                Self(Repr::Int { int: -*int, precision: *precision })
            }
            Repr::Int { .. } | Repr::Float(_) => Self::new(self.float().negate()),
        }
    }

    /// The magnitude.
    #[must_use]
    pub fn abs(&self) -> Self {
        Self::new(Float { negative: false, ..self.float() })
    }

    /// The largest integer that is not above the number; infinity itself.
    #[must_use]
    pub fn floor(&self) -> Self {
        self.whole(self.is_negative())
    }

    /// The smallest integer that is not below the number; infinity itself.
    #[must_use]
    pub fn ceil(&self) -> Self {
        self.whole(!self.is_negative())
    }

    /// The integer towards zero or, if there is a fraction and `away` says so, away from it.
    fn whole(&self, away: bool) -> Self {
        let Repr::Float(float) = &self.0 else { return self.clone() };
        let Some(whole) = float.truncate() else { return self.clone() };
        if float.is_integer() || !away {
            return Self::new(whole);
        }
        let step = Float::from_i64(i64::from(float.signum()), float.precision);
        whole.add(&step, float.precision).map_or_else(|| self.clone(), Self::new)
    }

    /// Whether the number is zero, of either sign.
    pub fn is_zero(&self) -> bool {
        match &self.0 {
            Repr::Int { int, .. } => *int == 0,
            Repr::Float(float) => matches!(float.size, Size::Zero),
        }
    }

    /// Whether the number is below zero.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Int { int, .. } => *int < 0,
            Repr::Float(float) => float.signum() < 0,
        }
    }

    /// Which of two is the greater, to the last bit: unlike the order of numbers as values, where
    /// two are equal that are written with the same digits.
    pub fn compare(&self, other: &Self) -> Ordering {
        match self.ints(other) {
            Some((a, b, _)) => a.cmp(&b),
            None => self.float().compare(&other.float()),
        }
    }

    /// Ten digits at most, with an exponent where that is shorter.
    pub(super) fn ten_digits(&self) -> String {
        let float = self.float();
        let sign = if float.negative { "-" } else { "" };
        match &float.size {
            Size::Finite(finite) if self.has_text() => {
                format!("{sign}{}", text::ten_digits(finite))
            }
            Size::Zero | Size::Finite(_) | Size::Infinite => self.to_string(),
        }
    }
}

/// The machine integer that a number is.
fn integer(float: &Float) -> Option<i64> {
    match &float.size {
        Size::Zero => Some(0),
        Size::Infinite => None,
        Size::Finite(finite) => {
            let shift = u32::try_from(finite.exponent).ok().filter(|shift| *shift < 64)?;
            let size = i128::from(u64::try_from(&finite.mantissa).ok()?) << shift;
            i64::try_from(if float.negative { -size } else { size }).ok()
        }
    }
}

/// A number that is counted. One that is written out has more bits: see [`FromStr`].
impl From<i64> for Number {
    fn from(int: i64) -> Self {
        Self(Repr::Int { int, precision: COUNTED })
    }
}

impl From<usize> for Number {
    fn from(int: usize) -> Self {
        match i64::try_from(int) {
            Ok(int) => Self::from(int),
            Err(_) => Self::new(Float::round(false, BigUint::from(int), 0, false, COUNTED)),
        }
    }
}

/// Why a text is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseNumberError {
    /// The text does not spell a number.
    #[error("not a number")]
    Syntax,
    /// The text spells a number of more than 100,000 digits, or one beyond all exponents.
    #[error("a number that is out of range")]
    Range,
}

impl FromStr for Number {
    type Err = ParseNumberError;

    /// Reads decimal digits with an optional sign, a point, an exponent of ten behind `e` or of two
    /// behind `p`, or infinity as `Inf`.
    fn from_str(text: &str) -> Result<Self, ParseNumberError> {
        // What a machine integer prints is what it reads, but for `+5`, which is read, and `-0`.
        if let Ok(int) = text.parse::<i64>()
            && int != 0
        {
            return Ok(Self(Repr::Int { int, precision: READ }));
        }
        let (negative, rest) = match text.as_bytes() {
            [b'-', ..] => (true, text.get(1..).unwrap_or_default()),
            [b'+', ..] => (false, text.get(1..).unwrap_or_default()),
            _ => (false, text),
        };
        if matches!(rest, "Inf" | "inf") {
            return Ok(Self::new(Float::infinite(negative, READ)));
        }
        let (mantissa, exponent) = match rest.find(['e', 'E', 'p', 'P']) {
            Some(at) => (rest.get(..at), rest.get(at..)),
            None => (Some(rest), None),
        };
        let (whole, fraction) = mantissa
            .and_then(|it| it.split_once('.'))
            .unwrap_or((mantissa.unwrap_or_default(), ""));
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Err(ParseNumberError::Syntax);
        }
        let (tens, twos) = exponent.map_or(Ok((0, 0)), exponents)?;
        if digits.len() > MAX_DIGITS {
            return Err(ParseNumberError::Range);
        }
        let digits = BigUint::parse_bytes(&digits, 10).ok_or(ParseNumberError::Syntax)?;
        let places = i64::try_from(fraction.len()).map_err(|_| ParseNumberError::Range)?;
        let float = tens
            .checked_sub(places)
            .and_then(|tens| Float::from_decimal(negative, digits, tens, twos, READ));
        float.map(Self::new).ok_or(ParseNumberError::Range)
    }
}

/// The exponents of ten and of two that a text such as `e-5` spells.
fn exponents(text: &str) -> Result<(i64, i64), ParseNumberError> {
    let (sign, digits) = text.split_at_checked(1).ok_or(ParseNumberError::Syntax)?;
    let bare = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    if bare.is_empty() || !bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ParseNumberError::Syntax);
    }
    let exponent = digits.parse().map_err(|_| ParseNumberError::Range)?;
    Ok(if sign.eq_ignore_ascii_case("e") { (exponent, 0) } else { (0, exponent) })
}

/// Writes the fewest digits that give the number again, without an exponent.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let float = match &self.0 {
            Repr::Int { int, .. } => return write!(f, "{int}"),
            Repr::Float(float) => float,
        };
        let sign = if float.negative { "-" } else { "" };
        match &float.size {
            Size::Zero => write!(f, "{sign}0"),
            Size::Infinite => f.write_str(if float.negative { "-Inf" } else { "+Inf" }),
            Size::Finite(finite) if text::too_long(finite) => {
                f.write_str("(a number of more than 100000 digits)")
            }
            Size::Finite(finite) => {
                write!(f, "{sign}{}", text::shortest(finite, float.precision).plain())
            }
        }
    }
}

/// The order of whole numbers, and of the digits that others are written with.
impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        if let Some((a, b, _)) = self.ints(other) {
            return a.cmp(&b);
        }
        let (a, b) = (self.float(), other.float());
        // Bits tell as much where they are as many, and where there is no fraction.
        let exact = a.precision == b.precision || a.is_integer() || b.is_integer();
        let (Size::Finite(first), Size::Finite(second), false) = (&a.size, &b.size, exact) else {
            return a.compare(&b);
        };
        if a.negative != b.negative || text::too_long(first) || text::too_long(second) {
            return a.compare(&b);
        }
        let sizes = text::shortest(first, a.precision).cmp(&text::shortest(second, b.precision));
        if a.negative { sizes.reverse() } else { sizes }
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
mod tests;
