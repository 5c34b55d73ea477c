//! What is random or has no one right answer.

use super::super::{Context, Host, find};
use super::Memory;
use crate::value::Value;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeySize, Pkcs1PublicEncryptingKey, PrivateDecryptingKey};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::io::Read as _;

fn call(name: &str, args: &[Value], host: &Host) -> Result<String, String> {
    let result = find(name).unwrap().call(args, &Context { files: &Memory, host });
    result.map(|value| value.as_str().unwrap().to_string()).map_err(|error| error.to_string())
}

#[test]
fn the_same_seed_gives_the_same_random_values() {
    let run = |seed| {
        let host = Host::new(jiff::Timestamp::UNIX_EPOCH, [seed; 16]);
        let first = (0..3).map(|_| call("uuid", &[], &host).unwrap()).collect::<Vec<_>>();
        host.rewind();
        assert_eq!(call("uuid", &[], &host).unwrap(), first[0], "a second evaluation");
        first
    };
    let ids = run(1);
    assert_eq!(run(1), ids);
    assert_ne!(run(2), ids);
    assert!(ids[0] != ids[1] && ids[1] != ids[2]);
    let id = uuid::Uuid::try_parse(&ids[0]).unwrap();
    assert_eq!(id.get_version_num(), 4);
}

#[test]
fn timestamps_are_when_the_run_began() {
    let host = Host::new("2024-02-29T12:30:45.9Z".parse().unwrap(), [0; 16]);
    for name in ["timestamp", "plantimestamp"] {
        assert_eq!(call(name, &[], &host).unwrap(), "2024-02-29T12:30:45Z");
    }
}

#[test]
fn what_bcrypt_gives_verifies() {
    let host = Host::default();
    let args = [Value::from("pa55"), Value::from(4)];
    let (first, second) =
        (call("bcrypt", &args, &host).unwrap(), call("bcrypt", &args, &host).unwrap());
    assert_ne!(first, second, "each has its salt");
    assert!(bcrypt::verify("pa55", &first).unwrap() && !bcrypt::verify("pa56", &first).unwrap());
    let error = call("bcrypt", &[Value::from("a"), Value::from(17)], &host).unwrap_err();
    assert_eq!(error, "must be at most 16");
}

#[test]
fn what_was_compressed_reads_back() {
    let host = Host::default();
    let texts = ["", "hello", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", &"many lines\n".repeat(100_000)];
    for text in texts {
        let packed = call("base64gzip", &[Value::from(text)], &host).unwrap();
        let packed = BASE64_STANDARD.decode(packed).unwrap();
        let mut read = String::new();
        flate2::read::GzDecoder::new(&*packed).read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
    }
    // Terraform's very bytes.
    let short = call("base64gzip", &[Value::from("hello")], &host).unwrap();
    assert_eq!(short, "H4sIAAAAAAAA/8pIzcnJBwAAAP//AQAA//+GphA2BQAAAA==");
}

#[test]
fn what_was_encrypted_for_a_key_is_decrypted() {
    let host = Host::default();
    let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let public = Pkcs1PublicEncryptingKey::new(key.public_key()).unwrap();
    let mut room = vec![0; public.ciphertext_size()];
    let cipher = public.encrypt("säcret".as_bytes(), &mut room).unwrap();
    let cipher = Value::from(BASE64_STANDARD.encode(cipher));
    let der = key.as_der().unwrap();
    let pem = |kind: &str, der: &[u8]| {
        let body = BASE64_STANDARD.encode(der);
        let lines: Vec<&str> =
            body.as_bytes().chunks(64).map(|it| str::from_utf8(it).unwrap()).collect();
        Value::from(format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n")))
    };
    let decrypt = |key: Value| call("rsadecrypt", &[cipher.clone(), key], &host);
    assert_eq!(decrypt(pem("PRIVATE KEY", der.as_ref())).unwrap(), "säcret");
    // PKCS #8 holds the older form behind 26 bytes of its own.
    assert_eq!(decrypt(pem("RSA PRIVATE KEY", &der.as_ref()[26..])).unwrap(), "säcret");
    assert!(
        decrypt(pem("EC PRIVATE KEY", der.as_ref())).unwrap_err().contains("\"EC PRIVATE KEY\"")
    );
    assert!(decrypt(pem("ENCRYPTED PRIVATE KEY", b"")).unwrap_err().contains("passphrase"));
    assert!(decrypt(Value::from("nothing")).unwrap_err().contains("holds no private key"));
    let other = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let error = decrypt(pem("PRIVATE KEY", other.as_der().unwrap().as_ref())).unwrap_err();
    assert_eq!(error, "the text cannot be decrypted with this key");
}
