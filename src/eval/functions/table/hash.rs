//! Functions of hashes, identifiers and decryption.

use super::super::{Function, ParamType};
use super::super::{files, hash};
use super::required;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "base64sha256",
        &[required("str", ParamType::String)],
        ParamType::String,
        "The SHA-256 hash of a text in base 64.",
        hash::base64sha256,
    ),
    Function::new(
        "base64sha512",
        &[required("str", ParamType::String)],
        ParamType::String,
        "The SHA-512 hash of a text in base 64.",
        hash::base64sha512,
    ),
    Function::new(
        "bcrypt",
        &[required("str", ParamType::String)],
        ParamType::String,
        "A bcrypt hash of a text, with a new salt each time.",
        hash::bcrypt,
    )
    .variadic(required("cost", ParamType::Number))
    .at_most(2),
    Function::new(
        "filebase64sha256",
        &[required("path", ParamType::String)],
        ParamType::String,
        "The SHA-256 hash of a file in base 64.",
        files::filebase64sha256,
    ),
    Function::new(
        "filebase64sha512",
        &[required("path", ParamType::String)],
        ParamType::String,
        "The SHA-512 hash of a file in base 64.",
        files::filebase64sha512,
    ),
    Function::new(
        "filemd5",
        &[required("path", ParamType::String)],
        ParamType::String,
        "The MD5 hash of a file in base 16.",
        files::filemd5,
    ),
    Function::new(
        "filesha1",
        &[required("path", ParamType::String)],
        ParamType::String,
        "The SHA-1 hash of a file in base 16.",
        files::filesha1,
    ),
    Function::new(
        "filesha256",
        &[required("path", ParamType::String)],
        ParamType::String,
        "The SHA-256 hash of a file in base 16.",
        files::filesha256,
    ),
    Function::new(
        "filesha512",
        &[required("path", ParamType::String)],
        ParamType::String,
        "The SHA-512 hash of a file in base 16.",
        files::filesha512,
    ),
    Function::new(
        "md5",
        &[required("str", ParamType::String)],
        ParamType::String,
        "The MD5 hash of a text in base 16.",
        hash::md5,
    ),
    Function::new(
        "rsadecrypt",
        &[required("ciphertext", ParamType::String), required("privatekey", ParamType::String)],
        ParamType::String,
        "The text that was encrypted with an RSA key and PKCS #1 padding.",
        hash::rsadecrypt,
    ),
    Function::new(
        "sha1",
        &[required("str", ParamType::String)],
        ParamType::String,
        "The SHA-1 hash of a text in base 16.",
        hash::sha1,
    ),
    Function::new(
        "sha256",
        &[required("str", ParamType::String)],
        ParamType::String,
        "The SHA-256 hash of a text in base 16.",
        hash::sha256,
    ),
    Function::new(
        "sha512",
        &[required("str", ParamType::String)],
        ParamType::String,
        "The SHA-512 hash of a text in base 16.",
        hash::sha512,
    ),
    Function::new(
        "uuid",
        &[],
        ParamType::String,
        "A random UUID, another one each time.",
        hash::uuid,
    ),
    Function::new(
        "uuidv5",
        &[required("namespace", ParamType::String), required("name", ParamType::String)],
        ParamType::String,
        "The UUID of a name in a namespace: dns, url, oid, x500 or a UUID.",
        hash::uuidv5,
    ),
];
