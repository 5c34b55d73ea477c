//! Functions in double precision, to the last bit as Terraform's own program computes them.
//!
//! The machine's functions round a few results otherwise, and then `log(9, 3)` is 2 here and not
//! quite so there. Both series are well known: that of the logarithm is of FreeBSD's library, that
//! of the exponential function of the SLEEF library.

/// The natural logarithm of a number that is above zero.
pub(super) fn ln(number: f64) -> f64 {
    const HALF_ROOT: f64 = std::f64::consts::FRAC_1_SQRT_2;
    /// The logarithm of two, in two parts.
    const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
    const ODD: [f64; 4] = [
        1.479_819_860_511_658_6e-1,
        1.818_357_216_161_805e-1,
        2.857_142_874_366_239e-1,
        6.666_666_666_666_735e-1,
    ];
    const EVEN: [f64; 3] =
        [1.531_383_769_920_937_3e-1, 2.222_219_843_214_978_4e-1, 3.999_999_999_940_942e-1];

    if number.is_nan() || number <= 0.0 || number.is_infinite() {
        return number.ln();
    }
    // A number from a half to 1, and a power of two.
    let bits = number.to_bits();
    let fraction = f64::from_bits((bits & ((1 << 52) - 1)) | 0.5_f64.to_bits());
    let power = f64::from(u32::try_from(bits >> 52).unwrap_or(0)) - 1022.0;
    let (fraction, power) =
        if fraction <= HALF_ROOT { (fraction * 2.0, power - 1.0) } else { (fraction, power) };
    let above_one = fraction - 1.0;
    let quotient = above_one / (2.0 + above_one);
    let square = quotient * quotient;
    let fourth = square * square;
    let series = |terms: &[f64]| {
        let mut terms = terms.iter();
        let first = terms.next().copied().unwrap_or(0.0);
        terms.fold(first, |sum, term| sum * fourth + term)
    };
    let rest = square * series(&ODD) + fourth * series(&EVEN);
    let half_square = 0.5 * above_one * above_one;
    let low = quotient * (half_square + rest) + power * LN_2[1];
    power * LN_2[0] - ((half_square - low) - above_one)
}

/// The exponential function.
pub(super) fn exp(number: f64) -> f64 {
    /// The logarithm of two, in two parts.
    const LN_2: [f64; 2] = [0.693_147_180_559_663, 0.282_352_905_630_315_77e-12];
    const TERMS: [f64; 7] = [
        1.984_126_984_126_984e-4,
        1.388_888_888_888_889e-3,
        8.333_333_333_333_333e-3,
        4.166_666_666_666_666_4e-2,
        1.666_666_666_666_666_6e-1,
        0.5,
        1.0,
    ];

    if !number.is_finite() || number.abs() > 709.0 {
        return number.exp();
    }
    let power = (number * std::f64::consts::LOG2_E).round_ties_even();
    let rest = LN_2[1].mul_add(-power, LN_2[0].mul_add(-power, number)) * 0.0625;
    let sum = TERMS.iter().fold(2.480_158_730_158_73e-5_f64, |sum, term| sum.mul_add(rest, *term));
    let mut less_one = rest * sum;
    // Each step squares one more than the sum.
    for _ in 0..3 {
        less_one *= less_one + 2.0;
    }
    let result = less_one.mul_add(less_one + 2.0, 1.0);
    // The power is within ±1,023.
    #[expect(clippy::cast_possible_truncation, reason = "the number was looked at")]
    let power = power as i32;
    result * 2.0_f64.powi(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_close_to_the_machine_s_own() {
        for n in 1..2_000_u32 {
            let x = f64::from(n) * 0.37;
            assert!((ln(x) - x.ln()).abs() <= 1e-15 * (1.0 + x.ln().abs()), "{x}");
            let y = f64::from(n) * 0.7 - 700.0;
            assert!((exp(y) / y.exp() - 1.0).abs() < 1e-15, "{y}");
        }
        assert_eq!(ln(1.0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(exp(0.0).to_bits(), 1.0_f64.to_bits());
        assert!(ln(-1.0).is_nan());
    }
}
