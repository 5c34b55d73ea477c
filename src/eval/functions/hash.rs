//! Hashes, random identifiers and decryption.

use super::{CallError, Context, MAX_TEXT, nfc, text, whole};
use crate::value::Value;
use aws_lc_rs::rsa::{Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use uuid::Uuid;

/// The costliest `bcrypt`: each step more takes twice the time, and this one some seconds.
const MAX_COST: i64 = 16;
/// What `bcrypt` takes where no cost is given.
const DEFAULT_COST: i64 = 10;

fn one(args: &[Value]) -> Result<&str, CallError> {
    text(args.first().ok_or_else(CallError::misfit)?)
}

/// The digits of a hash in base 16.
pub(super) fn hex(bytes: &[u8]) -> Value {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16);
    let digits: String =
        bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).flatten().collect();
    Value::from(digits)
}

/// The bytes in base 64.
pub(super) fn base64(bytes: &[u8]) -> Value {
    Value::from(BASE64_STANDARD.encode(bytes))
}

pub(super) fn md5(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    one(args).map(|text| hex(&Md5::digest(text)))
}

pub(super) fn sha1(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    one(args).map(|text| hex(&Sha1::digest(text)))
}

pub(super) fn sha256(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    one(args).map(|text| hex(&Sha256::digest(text)))
}

pub(super) fn sha512(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    one(args).map(|text| hex(&Sha512::digest(text)))
}

pub(super) fn base64sha256(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    one(args).map(|text| base64(&Sha256::digest(text)))
}

pub(super) fn base64sha512(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    one(args).map(|text| base64(&Sha512::digest(text)))
}

/// A random identifier; each call of a run gives another.
#[expect(clippy::unnecessary_wraps, reason = "the table holds functions of one shape")]
pub(super) fn uuid(_: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    let id = uuid::Builder::from_random_bytes(context.host.draw()).into_uuid();
    Ok(Value::from(id.to_string()))
}

pub(super) fn uuidv5(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [namespace, name] = args else { return Err(CallError::misfit()) };
    let (namespace, name) = (text(namespace)?, text(name)?);
    let namespace = match namespace {
        "dns" => Uuid::NAMESPACE_DNS,
        "url" => Uuid::NAMESPACE_URL,
        "oid" => Uuid::NAMESPACE_OID,
        "x500" => Uuid::NAMESPACE_X500,
        other => Uuid::try_parse(other).map_err(|_| {
            let rule = "a namespace is \"dns\", \"url\", \"oid\", \"x500\" or a UUID";
            CallError::at(0, format!("{other:?} is no namespace; {rule}")).hiding(rule)
        })?,
    };
    let hash = Sha1::new().chain_update(namespace.as_bytes()).chain_update(name).finalize();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash).for_each(|(byte, hashed)| *byte = hashed);
    Ok(Value::from(uuid::Builder::from_sha1_bytes(bytes).into_uuid().to_string()))
}

/// The salt is drawn, so that each call of a run gives another hash.
pub(super) fn bcrypt(args: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    let password = one(args)?;
    let cost = match args.get(1) {
        Some(_) => whole(args, 1)?,
        None => DEFAULT_COST,
    };
    // As in Terraform, what is too cheap to be safe takes the default.
    let cost = if cost < 4 { DEFAULT_COST } else { cost };
    if cost > MAX_COST {
        return Err(CallError::at(1, format!("must be at most {MAX_COST}")));
    }
    if password.len() > 72 {
        return Err(CallError::at(0, "must not be longer than 72 bytes"));
    }
    let cost = u32::try_from(cost).map_err(|_| CallError::misfit())?;
    let hash = bcrypt::hash_with_salt(password, cost, context.host.draw())
        .map_err(|error| CallError::new(format!("the text cannot be hashed: {error}")))?;
    Ok(Value::from(hash.format_for_version(bcrypt::Version::TwoA)))
}

/// Decrypts what was encrypted with an RSA key and PKCS #1 padding, such as the password data of
/// an instance.
pub(super) fn rsadecrypt(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [cipher, key] = args else { return Err(CallError::misfit()) };
    let cipher = super::encoding::decode_base64(text(cipher)?)
        .ok_or_else(|| CallError::at(0, "must be base64"))?;
    let key = private_key(text(key)?).map_err(|reason| CallError::at(1, reason))?;
    let wrong = |_| CallError::new("the text cannot be decrypted with this key");
    let mut room = vec![0; key.min_output_size()];
    let plain = key.decrypt(&cipher, &mut room).map_err(wrong)?;
    match std::str::from_utf8(plain) {
        Ok(plain) if plain.len() <= MAX_TEXT => Ok(nfc(plain.to_owned())),
        _ => Err(CallError::new("what was encrypted is no text in UTF-8")),
    }
}

/// Reads a private key out of its PEM armour.
fn private_key(pem: &str) -> Result<Pkcs1PrivateDecryptingKey, String> {
    let none = "holds no private key: a PEM block `-----BEGIN RSA PRIVATE KEY-----` or \
                `-----BEGIN PRIVATE KEY-----` is required";
    let (_, rest) = pem.split_once("-----BEGIN ").ok_or(none)?;
    let (kind, rest) = rest.split_once("-----").ok_or(none)?;
    let (body, _) = rest.split_once("-----END ").ok_or(none)?;
    if kind.contains("ENCRYPTED") || body.contains("ENCRYPTED") {
        return Err(
            "is protected by a passphrase; decrypt it first, such as with `openssl pkey`".into()
        );
    }
    let der = super::encoding::decode_base64(&body.split_ascii_whitespace().collect::<String>())
        .ok_or("has something in its PEM block that is not base64")?;
    let der = match kind {
        "PRIVATE KEY" => der,
        "RSA PRIVATE KEY" => wrap(&der),
        other => {
            return Err(format!(
                "is a PEM block of the kind {other:?}; \"RSA PRIVATE KEY\" or \"PRIVATE KEY\" is \
                 required; `openssl pkey` converts others"
            ));
        }
    };
    PrivateDecryptingKey::from_pkcs8(&der)
        .ok()
        .and_then(|key| Pkcs1PrivateDecryptingKey::new(key).ok())
        .ok_or_else(|| "is no RSA key of 2048 to 8192 bits".into())
}

/// An RSA key of PKCS #1 as one of PKCS #8: the version, the algorithm, then the key.
fn wrap(key: &[u8]) -> Vec<u8> {
    const HEAD: &[u8] = &[
        0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
        0x01, 0x05, 0x00,
    ];
    let tagged = |tag: u8, content: &[u8]| {
        let length = content.len().to_be_bytes();
        let short: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
        let mut out = vec![tag];
        match (short.as_slice(), u8::try_from(short.len())) {
            ([only], _) if *only < 0x80 => out.push(*only),
            (_, Ok(count)) => {
                out.push(0x80 | count);
                out.extend(&short);
            }
            (_, Err(_)) => {}
        }
        out.extend(content);
        out
    };
    tagged(0x30, &[HEAD, &tagged(0x04, key)].concat())
}
