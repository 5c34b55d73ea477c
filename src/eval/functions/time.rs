//! Dates and times: RFC 3339 and what can be done with it.

use super::{CallError, Context, text};
use crate::value::Value;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const DAY: i64 = 86_400;
const NANOS: i64 = 1_000_000_000;

/// A moment as somebody's clock shows it.
#[derive(Clone, Copy)]
struct Moment {
    /// Seconds of the local clock since 1970; the years have four digits, so that it never overflows.
    local: i64,
    nanos: i64,
    /// How far the local clock is ahead of UTC, in minutes.
    offset: i64,
}

/// A day of the Gregorian calendar.
struct Date {
    year: i64,
    /// From 1.
    month: i64,
    day: i64,
}

/// The days from 1970-01-01 to a date. Years begin in March here, so that the leap day is last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date that is so many days after 1970-01-01.
fn date(days: i64) -> Date {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = (shifted + 2) % 12 + 1;
    Date {
        year: era * 400 + year_of_era + i64::from(month <= 2),
        month,
        day: of_year - (153 * shifted + 2) / 5 + 1,
    }
}

fn month_days(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Takes so many digits from the front.
fn digits(rest: &mut &str, count: usize) -> Option<i64> {
    let (taken, left) = rest.split_at_checked(count)?;
    if !taken.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    *rest = left;
    taken.parse().ok()
}

fn sign(rest: &mut &str, sign: char) -> Option<()> {
    *rest = rest.strip_prefix(sign)?;
    Some(())
}

/// The hours and minutes of the greatest offset.
const OFFSET: (i64, i64) = (23, 59);
/// Where moments are compared, Terraform lets these pass, and a comma before fractions.
const COMPARED_OFFSET: (i64, i64) = (24, 60);

impl Moment {
    /// Reads `2006-01-02T15:04:05.999Z` or with an offset such as `+02:00` in the place of `Z`, of
    /// as many hours and minutes at most.
    fn parse(given: &str, most: (i64, i64)) -> Result<Self, &'static str> {
        const SHAPE: &str = "a timestamp is written such as 2006-01-02T15:04:05Z";
        let mut rest = given;
        let mut day = || {
            let year = digits(&mut rest, 4)?;
            sign(&mut rest, '-')?;
            let month = digits(&mut rest, 2)?;
            sign(&mut rest, '-')?;
            Some((year, month, digits(&mut rest, 2)?))
        };
        let (year, month, day) = day().ok_or(SHAPE)?;
        if !(1..=12).contains(&month) || day < 1 || day > month_days(year, month) {
            return Err("there is no such day");
        }
        let mut clock = || {
            sign(&mut rest, 'T')?;
            let hour = digits(&mut rest, 2)?;
            sign(&mut rest, ':')?;
            let minute = digits(&mut rest, 2)?;
            sign(&mut rest, ':')?;
            Some((hour, minute, digits(&mut rest, 2)?))
        };
        let (hour, minute, second) = clock().ok_or(SHAPE)?;
        if hour > 23 || minute > 59 || second > 59 {
            return Err("there is no such time of a day");
        }
        let mut nanos = 0;
        let comma = rest.strip_prefix(',').filter(|_| most == COMPARED_OFFSET);
        if let Some(fraction) = rest.strip_prefix('.').or(comma) {
            let count = fraction.bytes().take_while(u8::is_ascii_digit).count();
            let (fraction, left) = fraction.split_at_checked(count).ok_or(SHAPE)?;
            if count == 0 {
                return Err(SHAPE);
            }
            // Digits beyond nanoseconds are dropped.
            let places = fraction.bytes().chain([b'0'; 9]).take(9);
            nanos = places.fold(0, |sum, b| sum * 10 + i64::from(b - b'0'));
            rest = left;
        }
        let mut zone = || {
            if rest == "Z" {
                return Some(0);
            }
            let ahead = if sign(&mut rest, '+').is_some() {
                1
            } else {
                sign(&mut rest, '-').map(|()| -1)?
            };
            let hours = digits(&mut rest, 2)?;
            sign(&mut rest, ':')?;
            let minutes = digits(&mut rest, 2)?;
            (hours <= most.0 && minutes <= most.1 && rest.is_empty())
                .then_some(ahead * (hours * 60 + minutes))
        };
        let offset = zone().ok_or("it must end with Z or an offset such as +02:00")?;
        let local = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
        Ok(Self { local, nanos, offset })
    }

    fn argument(args: &[Value], n: usize, most: (i64, i64)) -> Result<Self, CallError> {
        let given = text(args.get(n).ok_or_else(CallError::misfit)?)?;
        Self::parse(given, most).map_err(|reason| {
            CallError::at(n, format!("{given:?} is no timestamp of RFC 3339: {reason}"))
                .hiding(format!("is no timestamp of RFC 3339: {reason}"))
        })
    }

    /// Seconds and nanoseconds of the same moment at UTC.
    fn instant(self) -> (i64, i64) {
        (self.local - self.offset * 60, self.nanos)
    }

    /// The timestamp to the second.
    fn rfc3339(self) -> String {
        let Date { year, month, day } = date(self.local.div_euclid(DAY));
        let second = self.local.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let year = if year < 0 { format!("-{:04}", -year) } else { format!("{year:04}") };
        let zone = if self.offset == 0 { "Z".into() } else { self.zone(":") };
        format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
    }

    fn zone(self, between: &str) -> String {
        let ahead = if self.offset < 0 { '-' } else { '+' };
        let minutes = self.offset.abs();
        format!("{ahead}{:02}{between}{:02}", minutes / 60, minutes % 60)
    }
}

/// A timestamp in its usual form, to the second; nothing for what is none.
pub(super) fn normal(given: &str) -> Option<String> {
    Moment::parse(given, OFFSET).ok().map(Moment::rfc3339)
}

/// When the run began, to the second. The same for every call of a run: a plan is complete, and
/// an apply of it does what it shows.
#[expect(clippy::unnecessary_wraps, reason = "the table holds functions of one shape")]
pub(super) fn timestamp(_: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    let local = context.host.now.as_second();
    Ok(Value::from(Moment { local, nanos: 0, offset: 0 }.rfc3339()))
}

/// Nanoseconds of a duration such as `1h30m` or `-1.5s`.
fn duration(given: &str) -> Result<i64, &'static str> {
    const SHAPE: &str = "a duration is written such as 1h30m or -1.5s";
    const UNITS: &str = "its units are h, m, s, ms, us and ns";
    const RANGE: &str = "it is beyond 292 years";
    let (negative, mut rest) = match given.as_bytes() {
        [b'-', ..] => (true, given.get(1..).unwrap_or_default()),
        [b'+', ..] => (false, given.get(1..).unwrap_or_default()),
        _ => (false, given),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(SHAPE);
    }
    let mut sum = 0_i128;
    while !rest.is_empty() {
        let mut number = || {
            let count = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (taken, left) = rest.split_at_checked(count)?;
            rest = left;
            Some(taken)
        };
        let whole = number().ok_or(SHAPE)?;
        let fraction = if let Some(left) = rest.strip_prefix('.') {
            rest = left;
            let count = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (taken, left) = rest.split_at_checked(count).ok_or(SHAPE)?;
            rest = left;
            taken
        } else {
            ""
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(SHAPE);
        }
        let end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
        let (unit, left) = rest.split_at_checked(end).ok_or(SHAPE)?;
        rest = left;
        let unit: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return Err(UNITS),
        };
        let whole = whole.trim_start_matches('0');
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| RANGE)? };
        // Digits beyond what can matter are dropped.
        let places: String = fraction.chars().take(18).collect();
        let scale = u32::try_from(places.len()).map_err(|_| RANGE)?;
        let part: i128 = if places.is_empty() { 0 } else { places.parse().map_err(|_| RANGE)? };
        let part = part * unit / 10_i128.pow(scale);
        sum = whole.checked_mul(unit).and_then(|it| it.checked_add(part + sum)).ok_or(RANGE)?;
        if sum > i128::from(i64::MAX) + i128::from(negative) {
            return Err(RANGE);
        }
    }
    i64::try_from(if negative { -sum } else { sum }).map_err(|_| RANGE)
}

pub(super) fn timeadd(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let moment = Moment::argument(args, 0, OFFSET)?;
    let given = text(args.get(1).ok_or_else(CallError::misfit)?)?;
    let added = duration(given).map_err(|reason| {
        CallError::at(1, format!("{given:?} is no duration: {reason}"))
            .hiding(format!("is no duration: {reason}"))
    })?;
    let nanos = moment.nanos + added.rem_euclid(NANOS);
    let local = moment.local + added.div_euclid(NANOS) + nanos.div_euclid(NANOS);
    Ok(Value::from(Moment { local, nanos: nanos.rem_euclid(NANOS), ..moment }.rfc3339()))
}

pub(super) fn timecmp(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let (a, b) =
        (Moment::argument(args, 0, COMPARED_OFFSET)?, Moment::argument(args, 1, COMPARED_OFFSET)?);
    Ok(Value::from(match a.instant().cmp(&b.instant()) {
        std::cmp::Ordering::Less => -1_i64,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
    }))
}

pub(super) fn formatdate(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let moment = Moment::argument(args, 1, OFFSET)?;
    let mut rest = text(args.first().ok_or_else(CallError::misfit)?)?;
    let mut out = String::new();
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let (literal, left) = literal(rest)
                .ok_or_else(|| CallError::at(0, "has a quote ' that is not closed"))?;
            out.push_str(&literal);
            rest = left;
            continue;
        }
        let same = rest.find(|c| c != first).unwrap_or(rest.len());
        let (verb, left) = rest.split_at_checked(same).ok_or_else(CallError::misfit)?;
        rest = left;
        if first.is_ascii_alphabetic() {
            out.push_str(&moment.verb(verb).map_err(|rule| {
                CallError::at(0, format!("has {verb:?}, which means nothing; {rule}"))
                    .hiding("has letters that mean nothing")
            })?);
        } else {
            out.push_str(verb);
        }
        super::check_text(Some(out.len()))?;
    }
    Ok(Value::from(out))
}

/// Takes the text within quotes from the front; a quote doubled stands for itself, but for one at
/// the end that nothing else closes. Two quotes alone are a quote, too.
fn literal(rest: &str) -> Option<(String, &str)> {
    let mut rest = rest.strip_prefix('\'')?;
    if let Some(left) = rest.strip_prefix('\'') {
        return Some(("'".into(), left));
    }
    let mut literal = String::new();
    loop {
        let (part, left) = rest.split_once('\'')?;
        literal.push_str(part);
        match left.strip_prefix('\'') {
            Some("") => return Some((literal + "'", "")),
            Some(left) => {
                literal.push('\'');
                rest = left;
            }
            None => return Some((literal, left)),
        }
    }
}

impl Moment {
    /// What a run of one letter stands for; an error says which runs of it there are.
    fn verb(self, verb: &str) -> Result<String, &'static str> {
        let day = self.local.div_euclid(DAY);
        let of_day = self.local.rem_euclid(DAY);
        let Date { year, month, day: of_month } = date(day);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        let half = if hour % 12 == 0 { 12 } else { hour % 12 };
        let named = |names: &[&'static str], n: i64| {
            usize::try_from(n).ok().and_then(|n| names.get(n)).copied().unwrap_or_default()
        };
        let short = |name: &str| name.chars().take(3).collect::<String>();
        let month_name = named(&MONTHS, month - 1);
        let weekday = named(&WEEKDAYS, (day + 4).rem_euclid(7));
        Ok(match verb {
            "YYYY" => format!("{year:04}"),
            "YY" => format!("{:02}", year % 100),
            "MMMM" => month_name.to_owned(),
            "MMM" => short(month_name),
            "MM" => format!("{month:02}"),
            "M" => month.to_string(),
            "DD" => format!("{of_month:02}"),
            "D" => of_month.to_string(),
            "EEEE" => weekday.to_owned(),
            "EEE" => short(weekday),
            "hh" => format!("{hour:02}"),
            "h" => hour.to_string(),
            "HH" => format!("{half:02}"),
            "H" => half.to_string(),
            "AA" => if hour < 12 { "AM" } else { "PM" }.to_owned(),
            "aa" => if hour < 12 { "am" } else { "pm" }.to_owned(),
            "mm" => format!("{minute:02}"),
            "m" => minute.to_string(),
            "ss" => format!("{second:02}"),
            "s" => second.to_string(),
            "Z" if self.offset == 0 => "Z".to_owned(),
            "ZZZ" if self.offset == 0 => "UTC".to_owned(),
            "Z" | "ZZZZZ" => self.zone(":"),
            "ZZZ" | "ZZZZ" => self.zone(""),
            other => {
                return Err(match other.as_bytes().first() {
                    Some(b'Y') => "a year is YY or YYYY",
                    Some(b'M') => "a month is M, MM, MMM or MMMM",
                    Some(b'D') => "a day is D or DD",
                    Some(b'E') => "a day of the week is EEE or EEEE",
                    Some(b'h') => "an hour of 24 is h or hh",
                    Some(b'H') => "an hour of 12 is H or HH",
                    Some(b'A' | b'a') => "before or after noon is AA or aa",
                    Some(b'm') => "a minute is m or mm",
                    Some(b's') => "a second is s or ss",
                    Some(b'Z') => "a zone is Z, ZZZ, ZZZZ or ZZZZZ",
                    _ => "letters that are to stay stand between single quotes",
                });
            }
        })
    }
}
