//! Numbers as decimal digits.

use super::float::{Finite, bits};
use num_bigint::BigUint;

/// Zeros between the digits and the point beyond which a number is not written out.
pub(super) const MAX_ZEROS: i64 = 100_000;

/// Decimal digits: 0.d₁d₂d₃… times a power of ten.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Digits {
    /// The power of ten. First, so that numbers of one sign are in order.
    pub(super) exponent: i64,
    /// `0` to `9`, without zeros at either end.
    pub(super) digits: Vec<u8>,
}

impl Digits {
    fn new(mut digits: Vec<u8>, exponent: i64) -> Self {
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        Self { exponent, digits }
    }

    fn at(&self, place: usize) -> u8 {
        self.digits.get(place).copied().unwrap_or(b'0')
    }

    /// Keeps `count` digits, rounding to the nearest and of two to the even one.
    fn round(self, count: usize) -> Self {
        let Some(next) = self.digits.get(count).copied() else { return self };
        let up = if next == b'5' && count + 1 == self.digits.len() {
            count > 0 && self.at(count - 1) % 2 == 1
        } else {
            next >= b'5'
        };
        if up { self.round_up(count) } else { self.round_down(count) }
    }

    fn round_down(mut self, count: usize) -> Self {
        self.digits.truncate(count);
        Self::new(self.digits, self.exponent)
    }

    fn round_up(mut self, count: usize) -> Self {
        self.digits.truncate(count);
        while self.digits.last() == Some(&b'9') {
            self.digits.pop();
        }
        match self.digits.last_mut() {
            Some(last) => *last += 1,
            None => {
                self.digits.push(b'1');
                self.exponent += 1;
            }
        }
        self
    }

    /// All digits, without an exponent.
    pub(super) fn plain(&self) -> String {
        let text =
            |digits: &[u8]| digits.iter().map(|digit| char::from(*digit)).collect::<String>();
        let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
        let count = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        if self.exponent <= 0 {
            return format!("0.{}{}", zeros(-self.exponent), text(&self.digits));
        }
        match usize::try_from(self.exponent).ok().and_then(|at| self.digits.split_at_checked(at)) {
            Some((whole, [])) => text(whole),
            Some((whole, fraction)) => format!("{}.{}", text(whole), text(fraction)),
            None => text(&self.digits) + &zeros(self.exponent - count),
        }
    }

    /// `count` digits at most, with an exponent where the number is much larger or smaller than
    /// that: what the verb `%g` gives.
    pub(super) fn general(self, count: usize) -> String {
        let rounded = self.round(count);
        let power = rounded.exponent - 1;
        let most = i64::try_from(count.max(1)).unwrap_or(i64::MAX);
        let length = i64::try_from(rounded.digits.len()).unwrap_or(i64::MAX);
        let most = if most > length && length >= rounded.exponent { length } else { most };
        if (-4..most).contains(&power) {
            return rounded.plain();
        }
        let sign = if power < 0 { '-' } else { '+' };
        let digits = String::from_utf8_lossy(&rounded.digits).into_owned();
        let (first, rest) = digits.split_at_checked(1).unwrap_or((&digits, ""));
        let point = if rest.is_empty() { "" } else { "." };
        format!("{first}{point}{rest}e{sign}{:02}", power.abs())
    }
}

/// Whether the number has more zeros than are written out.
pub(super) fn too_long(number: &Finite) -> bool {
    // One bit is a little less than a third of a digit.
    number.top().abs() / 10 * 3 > MAX_ZEROS
}

/// All digits of a number, or as many as are asked for. Those that are missing are not all zeros.
fn digits(mantissa: &BigUint, exponent: i64, wanted: i64) -> Digits {
    // A negative power of two is a power of five with the point moved.
    let power = u32::try_from(exponent.unsigned_abs()).unwrap_or(u32::MAX);
    let (whole, point) = if exponent >= 0 {
        (mantissa << power, 0)
    } else {
        (mantissa * BigUint::from(5_u8).pow(power), -exponent)
    };
    let length = bits(&whole) / 100 * 30;
    let excess = length - wanted;
    if excess < wanted {
        let text = whole.to_string().into_bytes();
        let count = i64::try_from(text.len()).unwrap_or(i64::MAX);
        return Digits::new(text, count - point);
    }
    let unit = BigUint::from(10_u8).pow(u32::try_from(excess).unwrap_or(u32::MAX));
    let head = &whole / &unit;
    let inexact = &head * &unit != whole;
    let mut text = head.to_string().into_bytes();
    let count = i64::try_from(text.len()).unwrap_or(i64::MAX);
    if inexact {
        text.push(b'1');
    }
    Digits::new(text, count + excess - point)
}

/// The fewest digits that, read again with the same precision, give the number.
pub(super) fn shortest(number: &Finite, precision: u32) -> Digits {
    // More digits than the precision tells apart.
    let wanted = i64::from(precision) / 3 + 20;
    let all = digits(&number.mantissa, number.exponent, wanted);
    // Everything that is read as this number lies within half a unit of its last bit.
    let shift = i64::from(precision) + 1 - bits(&number.mantissa);
    let mantissa = &number.mantissa << u64::try_from(shift).unwrap_or(0);
    let exponent = number.exponent - shift;
    let lower = digits(&(&mantissa - 1_u8), exponent, wanted);
    let upper = digits(&(&mantissa + 1_u8), exponent, wanted);
    // What lies just between two numbers is read as the even one.
    let inclusive = !mantissa.bit(1);
    for place in 0..all.digits.len() {
        let (digit, low, high) = (all.at(place), lower.at(place), upper.at(place));
        let ends = |bound: &Digits| place + 1 >= bound.digits.len();
        let down = low != digit || inclusive && place + 1 == lower.digits.len();
        let up = digit != high && (inclusive || digit + 1 < high || !ends(&upper));
        match (down, up) {
            (true, true) => return all.round(place + 1),
            (true, false) => return all.round_down(place + 1),
            (false, true) => return all.round_up(place + 1),
            (false, false) => {}
        }
    }
    all
}

/// Ten digits of a number, or fewer.
pub(super) fn ten_digits(number: &Finite) -> String {
    digits(&number.mantissa, number.exponent, 30).general(10)
}
