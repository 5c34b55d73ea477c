//! Numbers as text, the way C's and Go's format verbs write them.

use crate::value::Number;

/// The decimal digits of a number: 0.d₁d₂d₃… times a power of ten.
pub(super) struct Decimal {
    /// Zero may be so, too.
    pub(super) negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    pub(super) fn new(number: &Number) -> Self {
        let written = number.to_string();
        let plain = written.trim_start_matches('-');
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..zeros);
        let exponent = length(whole.len()) - length(zeros);
        let mut decimal = Self { negative: plain.len() < written.len(), digits, exponent };
        decimal.trim();
        decimal
    }

    fn trim(&mut self) {
        while self.digits.last() == Some(&b'0') {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.exponent = 0;
        }
    }

    /// Keeps `count` digits, rounding a half to the even neighbour.
    fn round(&mut self, count: i64) {
        let Ok(count) = usize::try_from(count) else {
            self.digits.clear();
            self.exponent = 0;
            return;
        };
        if count >= self.digits.len() {
            return;
        }
        let rest = self.digits.split_off(count);
        let odd = self.digits.last().is_some_and(|digit| digit % 2 == 1);
        // No zeros end the digits, so a half is a lone five.
        let up = match rest.split_first() {
            Some((b'5', [])) => odd,
            Some((digit, _)) => *digit >= b'5',
            None => false,
        };
        if up {
            while self.digits.last() == Some(&b'9') {
                self.digits.pop();
            }
            if let Some(last) = self.digits.last_mut() {
                *last += 1;
            } else {
                self.digits.push(b'1');
                self.exponent += 1;
            }
        }
        self.trim();
    }

    /// `%f`: all digits before the point, `precision` after it.
    pub(super) fn fixed(mut self, precision: usize) -> String {
        self.round(self.exponent.saturating_add(length(precision)));
        let digit = |n: i64| {
            usize::try_from(n).ok().and_then(|n| self.digits.get(n)).copied().unwrap_or(b'0')
        };
        let mut out = String::new();
        if self.exponent <= 0 {
            out.push('0');
        }
        out.extend((0..self.exponent).map(|n| char::from(digit(n))));
        if precision > 0 {
            out.push('.');
            let places = self.exponent..self.exponent.saturating_add(length(precision));
            out.extend(places.map(|n| char::from(digit(n))));
        }
        out
    }

    /// `%e`: one digit before the point, `precision` after it, and the power of ten.
    pub(super) fn scientific(mut self, precision: usize) -> String {
        self.round(length(precision).saturating_add(1));
        let digit = |n: usize| char::from(self.digits.get(n).copied().unwrap_or(b'0'));
        let mut out = String::from(digit(0));
        if precision > 0 {
            out.push('.');
            out.extend((1..=precision).map(digit));
        }
        let power = if self.digits.is_empty() { 0 } else { self.exponent - 1 };
        let sign = if power < 0 { '-' } else { '+' };
        out + &format!("e{sign}{:02}", power.abs())
    }

    /// `%g`: whichever of the two is shorter; all digits without a `precision`.
    pub(super) fn general(mut self, precision: Option<usize>) -> String {
        let most = match precision {
            None => 6,
            Some(precision) => {
                let precision = length(precision.max(1));
                self.round(precision);
                let count = length(self.digits.len());
                if precision > count && count >= self.exponent { count } else { precision }
            }
        };
        let power = self.exponent - 1;
        let count = length(self.digits.len());
        if power < -4 || power >= most {
            self.scientific(usize::try_from(count - 1).unwrap_or(0))
        } else {
            let places = usize::try_from(count - self.exponent).unwrap_or(0);
            self.fixed(places)
        }
    }
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The digits of a whole number's magnitude to the base 2 to the `bits`, of 1, 3 or 4.
pub(super) fn radix(number: &Number, bits: u32) -> String {
    const CHUNK: u64 = 1 << 24;
    let digit = |value: u64| char::from_digit(u32::try_from(value).unwrap_or(0), 1 << bits);
    // Decimal digits nine at a time, the least first; each round divides off 24 bits, which are
    // a whole number of digits for all three bases.
    let plain = number.abs().to_string();
    let mut limbs: Vec<u64> = plain
        .as_bytes()
        .rchunks(9)
        .map(|chunk| chunk.iter().fold(0, |sum, b| sum * 10 + u64::from(b - b'0')))
        .collect();
    let mut reversed = Vec::new();
    while !limbs.is_empty() {
        let mut carry = 0;
        for limb in limbs.iter_mut().rev() {
            let value = carry * 1_000_000_000 + *limb;
            *limb = value / CHUNK;
            carry = value % CHUNK;
        }
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
        for n in 0..24 / bits {
            reversed.extend(digit((carry >> (n * bits)) & ((1 << bits) - 1)));
        }
    }
    while reversed.len() > 1 && reversed.last() == Some(&'0') {
        reversed.pop();
    }
    reversed.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_shows_all_digits() {
        let rows = [
            ("0", 4, "0"),
            ("255", 4, "ff"),
            ("8", 3, "10"),
            ("5", 1, "101"),
            ("16777216", 4, "1000000"),
            ("123456789012345678901234567890", 4, "18ee90ff6c373e0ee4e3f0ad2"),
        ];
        for (number, bits, expected) in rows {
            assert_eq!(radix(&number.parse().unwrap(), bits), expected);
        }
    }
}
