//! Addresses and prefixes of IP networks.

use super::{CallError, Context, strings, text, whole};
use crate::value::Value;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The most subnets that one call may ask for.
const MAX_SUBNETS: usize = 65_536;

/// A network: its first address in the low bits, and the length of its prefix.
#[derive(Clone, Copy)]
struct Network {
    /// Bits of an address: 32 or 128.
    bits: u32,
    base: u128,
    length: u32,
}

impl Network {
    fn parse(given: &str) -> Option<Self> {
        let (address, length) = given.split_once('/')?;
        let (bits, address) = if address.contains(':') {
            (128, u128::from(address.parse::<Ipv6Addr>().ok()?))
        } else {
            (32, u128::from(ipv4(address)?))
        };
        if length.is_empty() || length.len() > 32 || !length.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let length = length.parse().ok().filter(|length| *length <= bits)?;
        let network = Self { bits, base: 0, length };
        Some(Self { base: address & network.mask(), ..network })
    }

    fn argument(args: &[Value]) -> Result<Self, CallError> {
        let given = text(args.first().ok_or_else(CallError::misfit)?)?;
        Self::parse(given).ok_or_else(|| {
            let rule = "a prefix is written such as 10.0.0.0/16 or 2001:db8::/32";
            CallError::at(0, format!("{given:?} is no prefix of a network; {rule}"))
                .hiding(format!("is no prefix of a network; {rule}"))
        })
    }

    /// All the bits of an address.
    fn all(self) -> u128 {
        u128::MAX >> (128 - self.bits)
    }

    /// The bits of the hosts within.
    fn hosts(self) -> u128 {
        self.all().checked_shr(self.length).unwrap_or(0)
    }

    fn mask(self) -> u128 {
        self.all() & !self.hosts()
    }

    /// An address as Terraform writes it: one of IPv4 within IPv6 is one of IPv4.
    fn address(self, address: u128) -> String {
        let mapped = Ipv6Addr::from(address).to_ipv4_mapped();
        match (u32::try_from(address), mapped) {
            (Ok(address), _) if self.bits == 32 => Ipv4Addr::from(address).to_string(),
            (_, Some(address)) => address.to_string(),
            _ => Ipv6Addr::from(address).to_string(),
        }
    }

    /// Whether it is a network of IPv4 within IPv6.
    fn is_mapped(self) -> bool {
        self.bits == 128 && Ipv6Addr::from(self.base).to_ipv4_mapped().is_some()
    }

    fn prefix(self) -> String {
        let length = if self.is_mapped() { self.length.saturating_sub(96) } else { self.length };
        format!("{}/{length}", self.address(self.base))
    }

    /// The address with the bits of a number set that is moved to the left, as Terraform reckons: a
    /// negative number is one in two's complement without end, and of what comes out the magnitude
    /// counts.
    fn with(self, negative: bool, number: u128, shift: u32) -> Option<u128> {
        let moved = match number {
            0 => 0,
            number => number.checked_shl(shift).filter(|moved| moved >> shift == number)?,
        };
        let address = if negative {
            (self.base | moved.wrapping_neg()).wrapping_neg()
        } else {
            self.base | moved
        };
        (address <= self.all()).then_some(address)
    }
}

/// Four decimal numbers; noughts before them mean nothing, as in Terraform.
fn ipv4(given: &str) -> Option<u32> {
    let mut count = 0;
    let mut address = 0_u32;
    for part in given.split('.') {
        let digits = part.trim_start_matches('0');
        if part.is_empty() || digits.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let part: u8 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        address = address.checked_shl(8)? | u32::from(part);
        count += 1;
        if count > 4 {
            return None;
        }
    }
    (count == 4).then_some(address)
}

/// The whole number that argument `n` is: whether it is negative, and its magnitude; more than 128
/// bits are the greatest number.
fn large(args: &[Value], n: usize) -> Result<(bool, u128), CallError> {
    let number = args.get(n).and_then(Value::as_number).ok_or_else(CallError::misfit)?;
    if !number.is_integer() {
        return Err(CallError::at(n, "must be a whole number"));
    }
    Ok((number.is_negative(), number.abs().to_string().parse().unwrap_or(u128::MAX)))
}

pub(super) fn cidrhost(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let network = Network::argument(args)?;
    let (negative, number) = large(args, 1)?;
    // -1 is the last address.
    let host = if negative {
        number.checked_sub(1).filter(|back| *back <= network.hosts()).map(|it| network.hosts() - it)
    } else {
        // Terraform compares the lowest 64 bits, the first of them as a sign.
        let low = number.to_le_bytes().first_chunk().map(|low| i64::from_le_bytes(*low));
        let fits =
            |low: i64| u128::try_from(low).is_ok_and(|low| low <= network.hosts()) || low < 0;
        Some(number).filter(|number| *number < u128::MAX && low.is_some_and(fits))
    };
    // Terraform takes a network of IPv4 within IPv6 for one of 32 bits here.
    let shift = if network.is_mapped() { 96 } else { 0 };
    let host = host.and_then(|host| network.with(false, host, shift)).ok_or_else(|| {
        let message = format!("is outside of the hosts of a prefix of {} bits", network.length);
        CallError::at(1, message)
    })?;
    Ok(Value::from(network.address(host)))
}

pub(super) fn cidrnetmask(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let network = Network::argument(args)?;
    if network.bits != 32 && !network.is_mapped() {
        return Err(CallError::at(0, "must be an IPv4 prefix: IPv6 has no netmasks"));
    }
    Ok(Value::from(network.address(network.mask())))
}

pub(super) fn cidrsubnet(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let network = Network::argument(args)?;
    let added = whole(args, 1)?;
    let (negative, number) = large(args, 2)?;
    let length = i64::from(network.length)
        .checked_add(added)
        .filter(|length| *length <= i64::from(network.bits))
        .ok_or_else(|| {
            let message = format!(
                "cannot lengthen a prefix of {} bits by {added}: an address has {} bits",
                network.length, network.bits
            );
            CallError::at(1, message)
        })?;
    // A prefix that becomes shorter by its number, as in Terraform, takes any.
    let most = match u32::try_from(added) {
        Ok(added @ 0..64) => (1_u64 << added) - 1,
        Ok(_) | Err(_) => u64::MAX,
    };
    let low = u64::try_from(number & u128::from(u64::MAX)).unwrap_or(u64::MAX);
    if low > most {
        let message = format!("must be between 0 and {most}: {added} bits number no more subnets");
        return Err(CallError::at(2, message));
    }
    let shift = u32::try_from(i64::from(network.bits) - length).unwrap_or(u32::MAX);
    let base = network.with(negative, number, shift).ok_or_else(|| {
        CallError::at(2, format!("leads out of the addresses, which have {} bits", network.bits))
    })?;
    // There is no prefix of a negative length, which Terraform writes so.
    let Ok(length) = u32::try_from(length) else { return Ok(Value::from("<nil>")) };
    Ok(Value::from(Network { base, length, ..network }.prefix()))
}

pub(super) fn cidrsubnets(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let network = Network::argument(args)?;
    if args.len() > MAX_SUBNETS {
        return Err(CallError::new(format!("cannot make more than {MAX_SUBNETS} subnets")));
    }
    // What Terraform gives up on is an error here, too.
    if args.len() > 1 && (network.base == 0 || network.is_mapped()) {
        let what = if network.base == 0 {
            "begins at the first of all addresses"
        } else {
            "is of IPv4 within IPv6"
        };
        let message = format!("{what} and is not divided; use cidrsubnet for each subnet");
        return Err(CallError::at(0, message));
    }
    let mut subnets = Vec::with_capacity(args.len());
    // Where the next subnet may begin; nothing when the last address is taken.
    let mut next = Some(network.base);
    let last = network.base | network.hosts();
    for n in 1..args.len() {
        let added = whole(args, n)?;
        let added = match u32::try_from(added) {
            Ok(added @ 1..=32) => added,
            Ok(0) | Err(_) if added < 1 => {
                return Err(CallError::at(n, "must lengthen the prefix by at least one bit"));
            }
            _ => return Err(CallError::at(n, "must not lengthen the prefix by more than 32 bits")),
        };
        let length = network.length + added;
        if length > network.bits {
            let message = format!(
                "would make a prefix of {length} bits, and an address has {}",
                network.bits
            );
            return Err(CallError::at(n, message));
        }
        let subnet = Network { length, ..network };
        // Subnets begin at multiples of their size.
        let base = next
            .and_then(|next| Some(next.checked_add(subnet.hosts())? & subnet.mask()))
            .filter(|base| *base <= last)
            .ok_or_else(|| {
                let message = format!("leaves no room for a subnet with a prefix of {length} bits");
                CallError::at(n, message)
            })?;
        let subnet = Network { base, ..subnet };
        next = (base | subnet.hosts()).checked_add(1).filter(|next| *next <= subnet.all());
        subnets.push(subnet.prefix());
    }
    Ok(strings(subnets))
}
