//! What numbers come to, by what they print.

use super::{Number, ParseNumberError};
use proptest::prelude::*;
use std::cmp::Ordering;
use std::str::FromStr as _;

fn number(text: &str) -> Number {
    text.parse().unwrap()
}

/// The result of an operation on two numbers that are read.
fn binary(a: &str, operation: char, b: &str) -> Option<String> {
    let (a, b) = (number(a), number(b));
    let result = match operation {
        '+' => a.add(&b),
        '-' => a.subtract(&b),
        '*' => a.multiply(&b),
        '/' => a.divide(&b),
        _ => a.remainder(&b),
    };
    result.map(|number| number.to_string())
}

#[test]
fn arithmetic_is_that_of_512_bits() {
    let rows = [
        ("0.1", '+', "0.2", "0.3"),
        ("9223372036854775807", '+', "1", "9223372036854775808"),
        ("-9223372036854775808", '-', "1", "-9223372036854775809"),
        ("1e100", '+', "1e-100", "1e100"),
        ("1e600", '-', "1", "1e600"),
        ("10", '/', "4", "2.5"),
        ("-7", '%', "3", "-1"),
        ("7", '%', "-3", "1"),
        ("5.5", '%', "2", "1.5"),
        ("1", '%', "0", "1"),
        ("0", '*', "-1", "-0"),
        ("0", '/', "-5", "-0"),
        ("1", '/', "0", "+Inf"),
        ("-1", '/', "0", "-Inf"),
        ("1", '/', "Inf", "0"),
        ("1e400", '*', "1e-400", "1"),
    ];
    for (a, operation, b, expected) in rows {
        let expected =
            if expected.contains('e') { number(expected).to_string() } else { expected.to_owned() };
        assert_eq!(binary(a, operation, b), Some(expected), "{a} {operation} {b}");
    }
}

#[test]
fn what_has_no_result_has_none() {
    for (a, operation, b) in [
        ("0", '/', "0"),
        ("Inf", '-', "Inf"),
        ("0", '*', "Inf"),
        ("Inf", '/', "Inf"),
        ("5", '%', "Inf"),
    ] {
        assert_eq!(binary(a, operation, b), None, "{a} {operation} {b}");
    }
}

#[test]
fn what_was_divided_is_whole_again() {
    for (a, b) in [(1, 3), (2, 3), (100, 3), (1, 7), (1, 49), (-5, 11), (1, 1_000_003)] {
        let (a, b) = (number(&a.to_string()), number(&b.to_string()));
        assert_eq!(a.divide(&b).unwrap().multiply(&b).unwrap(), a, "{a} / {b}");
    }
    let third = number("1").divide(&number("3")).unwrap();
    assert_eq!(third.add(&third).unwrap().add(&third).unwrap(), number("1"));
    let digits = format!("0.{}5", "3".repeat(154));
    assert_eq!(third.to_string(), digits);
}

#[test]
fn what_is_counted_has_64_bits() {
    let third = Number::from(1_i64).divide(&Number::from(3_i64)).unwrap();
    assert_eq!(third.to_string(), "0.33333333333333333334");
    let third = Number::from(1_i64).divide(&number("3")).unwrap();
    assert_eq!(third.to_string().len(), 157);
}

#[test]
fn doubles_have_53_bits() {
    let rows = [
        (0.1, "0.1"),
        (2.0_f64.sqrt(), "1.4142135623730951"),
        (1e23, "100000000000000000000000"),
        (2.0_f64.powi(60), "1152921504606847000"),
        (-0.0, "-0"),
        (f64::INFINITY, "+Inf"),
    ];
    for (float, expected) in rows {
        assert_eq!(Number::from_f64(float).unwrap().to_string(), expected);
    }
    assert_eq!(Number::from_f64(f64::NAN), None);
    // Equal by digits, and yet not the same number.
    let tenth = Number::from_f64(0.1).unwrap();
    assert_eq!(tenth, number("0.1"));
    assert_eq!(tenth.compare(&number("0.1")), Ordering::Greater);
    let one = number("1");
    let wide = tenth.multiply(&one).unwrap().to_string();
    assert_eq!(wide, "0.1000000000000000055511151231257827021181583404541015625");
}

#[test]
fn texts_that_are_numbers() {
    let rows = [
        ("5", "5"),
        ("-5", "-5"),
        ("+5", "5"),
        ("5.", "5"),
        (".5", "0.5"),
        ("-0", "-0"),
        ("0.0", "0"),
        ("007", "7"),
        ("1e3", "1000"),
        ("1E-2", "0.01"),
        ("1p3", "8"),
        ("1.5p-1", "0.75"),
        ("Inf", "+Inf"),
        ("-inf", "-Inf"),
        ("2.50", "2.5"),
        ("1e999999999", "+Inf"),
        ("-1e-999999999", "-0"),
    ];
    for (text, expected) in rows {
        assert_eq!(number(text).to_string(), expected, "{text}");
    }
}

#[test]
fn what_is_no_number_is_refused() {
    for text in [
        "", "-", ".", "abc", "1x", "0x10", "1_0", "NaN", "INF", " 1", "1 ", "1e", "1e+", "--1",
        "1.2.3", "e5", "1e5.0",
    ] {
        assert_eq!(Number::from_str(text), Err(ParseNumberError::Syntax), "{text}");
    }
    for text in ["1e99999999999999999999", "1e3000000000", &"1".repeat(100_001)] {
        assert_eq!(Number::from_str(text), Err(ParseNumberError::Range), "{text}");
    }
}

#[test]
fn whole_numbers_below_and_above() {
    let rows = [
        ("2.5", "2", "3"),
        ("-2.5", "-3", "-2"),
        ("-0.5", "-1", "0"),
        ("0.5", "0", "1"),
        ("-0", "0", "0"),
        ("7", "7", "7"),
        ("Inf", "+Inf", "+Inf"),
    ];
    for (text, floor, ceil) in rows {
        assert_eq!(number(text).floor().to_string(), floor, "{text}");
        assert_eq!(number(text).ceil().to_string(), ceil, "{text}");
    }
}

#[test]
fn a_short_text_cannot_ask_for_gigabytes() {
    let huge = number("1e600000000");
    assert!(!huge.has_text());
    assert_eq!(huge.to_string(), "(a number of more than 100000 digits)");
    assert!(huge > number("1"));
    assert_eq!(huge.add(&number("1")), Some(huge.clone()));
    assert_eq!(huge.subtract(&number("1")), Some(huge.clone()));
    assert_eq!(huge.floor(), huge);
    assert_eq!(huge.as_i64(), None);
    assert!(huge.remainder(&number("7")).is_some());
    assert!(
        huge.multiply(&huge)
            .unwrap()
            .multiply(&huge)
            .unwrap()
            .multiply(&huge)
            .unwrap()
            .is_infinite()
    );
    assert_eq!(number("1e-600000000").floor(), number("0"));
    assert_eq!(number("1e50000").to_string().len(), 50_001);
}

#[test]
fn digits_to_any_base() {
    assert_eq!(Number::from_digits(true, &[15, 15], 16).unwrap().to_string(), "-255");
    let long = Number::from_digits(false, &[9; 300], 10).unwrap();
    assert_eq!(long.to_string(), "9".repeat(300));
    assert_eq!(Number::from_digits(false, &[2], 2), None);
}

#[test]
fn ten_digits() {
    let rows = [
        ("0", "0"),
        ("12", "12"),
        ("-0.5", "-0.5"),
        ("12345678901", "1.23456789e+10"),
        ("100000000000", "1e+11"),
        ("0.00001", "1e-05"),
        ("0.0001", "0.0001"),
        ("0.33333333333333", "0.3333333333"),
    ];
    for (text, expected) in rows {
        assert_eq!(number(text).ten_digits(), expected, "{text}");
    }
}

fn any_number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<i64>().prop_map(|int| number(&int.to_string())),
        any::<f64>().prop_filter_map("no number", Number::from_f64),
        "-?[0-9]{1,40}(\\.[0-9]{0,40})?(e-?[0-9]{1,3})?".prop_map(|text| number(&text)),
        (any::<i64>(), any::<i64>())
            .prop_filter_map("no number", |(a, b)| { Number::from(a).divide(&Number::from(b)) }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(number in any_number()) {
        let again: Number = number.to_string().parse().unwrap();
        prop_assert_eq!(again.to_string(), number.to_string());
        // A whole number may have more digits than its precision lets it print.
        if !number.is_integer() || number.precision() >= 64 {
            prop_assert_eq!(&again, &number);
        }
    }

    #[test]
    fn a_double_prints_as_short_as_rust_prints_it(float in any::<f64>()) {
        // Below the normal ones Rust knows how few bits are left; a precision does not.
        if float.is_normal() {
            let (ours, theirs) = (Number::from_f64(float).unwrap().to_string(), float.to_string());
            // Half-way between two shortest texts, Go takes the even digit, and Rust either.
            prop_assert_eq!(ours.parse::<f64>().unwrap().to_bits(), float.to_bits());
            prop_assert_eq!(ours.len(), theirs.len(), "{} and {}", ours, theirs);
        }
    }

    #[test]
    fn the_order_is_total(a in any_number(), b in any_number(), c in any_number()) {
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
    }

    #[test]
    fn integers_of_the_machine_and_of_bits_agree(a in any::<i32>(), b in any::<i32>()) {
        let counted = [a, b].map(|int| Number::from(i64::from(int)));
        // Of low precision they take the long way.
        let long = [a, b].map(|int| Number::from_f64(f64::from(int)).unwrap());
        let operations =
            [Number::add, Number::subtract, Number::multiply, Number::divide, Number::remainder];
        for operation in operations {
            let (short, long) =
                (operation(&counted[0], &counted[1]), operation(&long[0], &long[1]));
            let (Some(short), Some(long)) = (short, long) else { continue };
            if short.is_integer() {
                prop_assert_eq!(&short, &long);
                prop_assert_eq!(short.as_i64(), long.as_i64());
            }
        }
    }
}
