//! Functions of numbers.

use super::{CallError, Context, double, whole};
use crate::value::{Number, Value};
use std::cmp::Ordering;

fn number(value: &Value) -> Result<&Number, CallError> {
    value.as_number().ok_or_else(CallError::misfit)
}

fn one(args: &[Value]) -> Result<&Number, CallError> {
    number(args.first().ok_or_else(CallError::misfit)?)
}

pub(super) fn abs(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    Ok(Value::Number(one(args)?.abs()))
}

pub(super) fn ceil(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    Ok(Value::Number(one(args)?.ceil()))
}

pub(super) fn floor(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    Ok(Value::Number(one(args)?.floor()))
}

pub(super) fn max(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    furthest(args, Ordering::Greater)
}

pub(super) fn min(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    furthest(args, Ordering::Less)
}

/// The number that lies furthest on one side; of equal ones the first, which may be a negative zero.
fn furthest(args: &[Value], side: Ordering) -> Result<Value, CallError> {
    let mut numbers = args.iter().map(number);
    let mut furthest = numbers.next().ok_or_else(CallError::misfit)??;
    for number in numbers {
        let number = number?;
        if number.compare(furthest) == side {
            furthest = number;
        }
    }
    Ok(Value::Number(furthest.clone()))
}

/// Refuses fractions, as Terraform does.
pub(super) fn signum(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    Ok(Value::from(whole(args, 0)?.signum()))
}

pub(super) fn parseint(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [given, _] = args else { return Err(CallError::misfit()) };
    let base = whole(args, 1)?;
    let Value::String(given) = given else {
        return Err(CallError::at(0, format!("must be a string, not {}", given.ty().friendly())));
    };
    if !(2..=62).contains(&base) {
        return Err(CallError::at(1, "must be a whole number between 2 and 62 inclusive"));
    }
    let wrong = || {
        CallError::at(0, format!("cannot parse {given:?} as a base {base} integer"))
            .hiding(format!("cannot parse the text as a base {base} integer"))
    };
    let (negative, digits) = match given.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if digits.is_empty() {
        return Err(wrong());
    }
    let values = digits.iter().map(|digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'z' => digit - b'a' + 10,
            // Up to base 36 both cases mean the same.
            b'A'..=b'Z' if base <= 36 => digit - b'A' + 10,
            b'A'..=b'Z' => digit - b'A' + 36,
            _ => return Err(wrong()),
        };
        if i64::from(value) < base { Ok(value) } else { Err(wrong()) }
    });
    let values = values.collect::<Result<Vec<_>, _>>()?;
    let range = || CallError::at(0, "is a number of more than 100,000 digits");
    let base = u32::try_from(base).map_err(|_| CallError::misfit())?;
    Number::from_digits(negative, &values, base).map(Value::Number).ok_or_else(range)
}

/// Argument `n` in double precision.
fn float(args: &[Value], n: usize) -> Result<f64, CallError> {
    let number = number(args.get(n).ok_or_else(CallError::misfit)?)?;
    let float = if number.has_text() {
        number.to_string().parse().unwrap_or(f64::NAN)
    } else if number.abs() > Number::from(1_i64) {
        f64::INFINITY
    } else {
        0.0
    };
    if float.is_infinite() && !number.is_infinite() {
        return Err(CallError::at(n, "must be within double precision: up to about 1e308"));
    }
    Ok(float)
}

/// A number in double precision, infinity among them.
fn in_double(float: f64) -> Result<Value, CallError> {
    let none = || CallError::new("has no result for these numbers");
    Number::from_f64(float).map(Value::Number).ok_or_else(none)
}

/// Computes in double precision, as Terraform does.
pub(super) fn pow(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    in_double(power_of(float(args, 0)?, float(args, 1)?))
}

/// A power by squaring, with the binary exponent kept aside: the last digit comes out as in
/// Terraform, where the machine's own function rounds otherwise.
fn power_of(base: f64, power: f64) -> f64 {
    let magnitude = power.abs();
    if magnitude.to_bits() == 0.5_f64.to_bits() && power < 0.0 && base > 0.0 {
        return 1.0 / base.sqrt();
    }
    let simple = base == 0.0
        || base.is_infinite()
        || magnitude.to_bits() == 0.5_f64.to_bits()
        || magnitude >= 1e15;
    if simple || (base < 0.0 && power.fract() != 0.0) {
        return base.powf(power);
    }
    let (mut whole, mut part) = (magnitude.trunc(), magnitude.fract());
    let mut result = 1.0_f64;
    let mut exponent = 0_i64;
    if part != 0.0 {
        if part > 0.5 {
            part -= 1.0;
            whole += 1.0;
        }
        result = double::exp(part * double::ln(base));
    }
    let (mut square, mut square_exponent) = halved(base);
    while whole >= 1.0 {
        if square_exponent.abs() > 1 << 12 {
            // Beyond every number, or below.
            exponent += square_exponent;
            break;
        }
        if whole % 2.0 > 0.5 {
            result *= square;
            exponent += square_exponent;
        }
        whole = (whole / 2.0).trunc();
        square *= square;
        square_exponent *= 2;
        if square < 0.5 {
            square += square;
            square_exponent -= 1;
        }
    }
    if power < 0.0 {
        result = 1.0 / result;
        exponent = -exponent;
    }
    // In steps, so that a result that is barely a number does not vanish on the way.
    let step = |result: f64, by: i64| result * 2.0_f64.powi(i32::try_from(by).unwrap_or(0));
    let exponent = exponent.clamp(-3000, 3000);
    let half = exponent / 2;
    step(step(result, half), exponent - half)
}

/// A number as one of a magnitude from a half to 1, and a power of two.
fn halved(number: f64) -> (f64, i64) {
    let mut fraction = number;
    let mut exponent = 0;
    while fraction.abs() >= 1.0 {
        fraction /= 2.0;
        exponent += 1;
    }
    while fraction.abs() < 0.5 && fraction != 0.0 {
        fraction *= 2.0;
        exponent -= 1;
    }
    (fraction, exponent)
}

/// Computes in double precision, as Terraform does: `log(1000, 10)` is not quite 3.
pub(super) fn log(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    in_double(double::ln(float(args, 0)?) / double::ln(float(args, 1)?))
}

/// Numbers from the first to before the last.
pub(super) fn range(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let zero = Number::from(0_i64);
    let (start, end, step) = match args {
        [end] => (&zero, number(end)?, None),
        [start, end] => (number(start)?, number(end)?, None),
        [start, end, step] => (number(start)?, number(end)?, Some(number(step)?)),
        _ => return Err(CallError::misfit()),
    };
    let down = match step {
        Some(step) => step.is_negative(),
        None => end < start,
    };
    let step = match step {
        Some(step) => step.clone(),
        None => Number::from(if down { -1_i64 } else { 1 }),
    };
    if down && end > start {
        return Err(CallError::at(1, "must be less than the start when the step is negative"));
    }
    if !down && end < start {
        return Err(CallError::at(1, "must be greater than the start when the step is positive"));
    }
    if step.is_zero() && start != end {
        return Err(CallError::at(2, "must not be zero"));
    }
    // Terraform stops at 1,024; a fleet of buckets needs more.
    let most = Number::from(super::MAX_GENERATED);
    let count = end.subtract(start).and_then(|far| far.divide(&step));
    if !step.is_zero() && count.is_none_or(|count| count > most) {
        return Err(CallError::new(
            "would build more than 1,000,000 elements; use a larger step or nearer ends",
        ));
    }
    let mut numbers = Vec::new();
    let mut next = start.clone();
    while if down { next > *end } else { next < *end } {
        let after = next.add(&step).ok_or_else(|| CallError::new("leaves the range of numbers"))?;
        numbers.push(Value::Number(next));
        next = after;
    }
    Ok(Value::list(crate::value::Type::Number, numbers))
}

/// The sum of the elements.
pub(super) fn sum(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [list] = args else { return Err(CallError::misfit()) };
    let Some(items) = list.as_items() else {
        let message = format!("must be a list, set or tuple of numbers, not {}", super::kind(list));
        return Err(CallError::at(0, message));
    };
    if items.is_empty() {
        return Err(CallError::at(0, "must not be empty: there is nothing to sum"));
    }
    let mut sum = Number::from(0_i64);
    for (n, item) in items.iter().enumerate() {
        let item = item.convert(&crate::value::Type::Number).ok();
        let Some(Value::Number(item)) = item else {
            return Err(CallError::at(0, format!("[{n}]: a number is required")));
        };
        sum = sum.add(&item).ok_or_else(|| CallError::new("leaves the range of numbers"))?;
    }
    Ok(Value::Number(sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_an_error() {
        let host = super::super::Host::default();
        let context = Context { files: &super::super::NoFiles, host: &host };
        for (base, power) in [("-8", "0.5"), ("-1", "1.5")] {
            let args = [base, power].map(|text| Value::Number(text.parse().unwrap()));
            assert!(pow(&args, &context).is_err(), "{base} to the {power}");
        }
    }
}
