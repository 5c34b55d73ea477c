//! Text in other encodings than UTF-8.

mod pages;

use super::encoding::decode_base64;
use super::{CallError, Context, MAX_TEXT, hash, nfc, text};
use crate::diag::suggest;
use crate::value::Value;
use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, GB18030, GBK, IBM866, ISO_2022_JP, ISO_8859_2, ISO_8859_3, ISO_8859_4,
    ISO_8859_5, ISO_8859_6, ISO_8859_7, ISO_8859_8, ISO_8859_10, ISO_8859_13, ISO_8859_14,
    ISO_8859_15, ISO_8859_16, KOI8_R, KOI8_U, MACINTOSH, SHIFT_JIS, WINDOWS_874, WINDOWS_1250,
    WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256,
    WINDOWS_1257, WINDOWS_1258,
};
use encoding_rs::{DecoderResult, EncoderResult, Encoding};

/// How an encoding is carried out.
#[derive(Clone, Copy)]
enum Kind {
    Ascii,
    Utf8,
    /// With a byte order mark where `marked`; of 16-bit units, the high byte first where `big`.
    Utf16 {
        big: bool,
        marked: bool,
    },
    /// ISO 8859-1: each byte is the code point.
    Latin1,
    /// ISO 8859-9: the same with six letters changed for Turkish ones.
    Latin5,
    /// One of IBM's code pages.
    Page(&'static str),
    /// An encoding of the web.
    Web(&'static Encoding),
}

/// The encodings with their names at the IANA, in small letters; case does not matter.
static ENCODINGS: &[(Kind, &str)] = &[
    (
        Kind::Ascii,
        "ansi_x3.4-1968 ansi_x3.4-1986 cp367 csascii ibm367 iso-ir-6 iso646-us iso_646.irv:1991 us us-ascii",
    ),
    (Kind::Utf8, "csutf8 utf-8"),
    (Kind::Utf16 { big: true, marked: true }, "csutf16 utf-16"),
    (Kind::Utf16 { big: true, marked: false }, "csutf16be utf-16be"),
    (Kind::Utf16 { big: false, marked: false }, "csutf16le utf-16le"),
    (
        Kind::Latin1,
        "cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso_8859-1 iso_8859-1:1987 l1 latin1",
    ),
    (Kind::Latin5, "csisolatin5 iso-8859-9 iso-ir-148 iso_8859-9 iso_8859-9:1989 l5 latin5"),
    (Kind::Page("IBM437"), "437 cp437 cspc8codepage437 ibm437"),
    (Kind::Page("IBM850"), "850 cp850 cspc850multilingual ibm850"),
    (Kind::Page("IBM852"), "852 cp852 cspcp852 ibm852"),
    (Kind::Page("IBM855"), "855 cp855 csibm855 ibm855"),
    (Kind::Page("IBM00858"), "ccsid00858 cp00858 csibm00858 ibm00858 pc-multilingual-850+euro"),
    (Kind::Page("IBM860"), "860 cp860 csibm860 ibm860"),
    (Kind::Page("IBM862"), "862 cp862 cspc862latinhebrew ibm862"),
    (Kind::Page("IBM863"), "863 cp863 csibm863 ibm863"),
    (Kind::Page("IBM865"), "865 cp865 csibm865 ibm865"),
    (
        Kind::Page("IBM037"),
        "cp037 csibm037 ebcdic-cp-ca ebcdic-cp-nl ebcdic-cp-us ebcdic-cp-wt ibm037",
    ),
    (Kind::Page("IBM01140"), "ccsid01140 cp01140 csibm01140 ebcdic-us-37+euro ibm01140"),
    (Kind::Page("IBM1047"), "csibm1047 ibm-1047 ibm1047"),
    (
        Kind::Web(ISO_8859_2),
        "csisolatin2 iso-8859-2 iso-ir-101 iso_8859-2 iso_8859-2:1987 l2 latin2",
    ),
    (
        Kind::Web(ISO_8859_3),
        "csisolatin3 iso-8859-3 iso-ir-109 iso_8859-3 iso_8859-3:1988 l3 latin3",
    ),
    (
        Kind::Web(ISO_8859_4),
        "csisolatin4 iso-8859-4 iso-ir-110 iso_8859-4 iso_8859-4:1988 l4 latin4",
    ),
    (
        Kind::Web(ISO_8859_5),
        "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso_8859-5 iso_8859-5:1988",
    ),
    (
        Kind::Web(ISO_8859_6),
        "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i iso-ir-127 iso_8859-6 iso_8859-6-e iso_8859-6:1987",
    ),
    (
        Kind::Web(ISO_8859_7),
        "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso_8859-7 iso_8859-7:1987",
    ),
    (
        Kind::Web(ISO_8859_8),
        "csiso88598e csiso88598i csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-8859-8-i iso-ir-138 iso_8859-8 iso_8859-8-i iso_8859-8:1988",
    ),
    (Kind::Web(ISO_8859_10), "csisolatin6 iso-8859-10 iso-ir-157 l6 latin6"),
    (Kind::Web(ISO_8859_13), "csiso885913 iso-8859-13"),
    (
        Kind::Web(ISO_8859_14),
        "csiso885914 iso-8859-14 iso-celtic iso-ir-199 iso_8859-14 iso_8859-14:1998 l8 latin8",
    ),
    (Kind::Web(ISO_8859_15), "csiso885915 iso-8859-15 iso_8859-15 latin-9"),
    (
        Kind::Web(ISO_8859_16),
        "csiso885916 iso-8859-16 iso-ir-226 iso_8859-16 iso_8859-16:2001 l10 latin10",
    ),
    (Kind::Web(KOI8_R), "cskoi8r koi8-r"),
    (Kind::Web(KOI8_U), "cskoi8u koi8-u"),
    (Kind::Web(MACINTOSH), "csmacintosh mac macintosh"),
    (Kind::Web(IBM866), "866 cp866 csibm866 ibm866"),
    (Kind::Web(WINDOWS_874), "cswindows874 windows-874"),
    (Kind::Web(WINDOWS_1250), "cswindows1250 windows-1250"),
    (Kind::Web(WINDOWS_1251), "cswindows1251 windows-1251"),
    (Kind::Web(WINDOWS_1252), "cswindows1252 windows-1252"),
    (Kind::Web(WINDOWS_1253), "cswindows1253 windows-1253"),
    (Kind::Web(WINDOWS_1254), "cswindows1254 windows-1254"),
    (Kind::Web(WINDOWS_1255), "cswindows1255 windows-1255"),
    (Kind::Web(WINDOWS_1256), "cswindows1256 windows-1256"),
    (Kind::Web(WINDOWS_1257), "cswindows1257 windows-1257"),
    (Kind::Web(WINDOWS_1258), "cswindows1258 windows-1258"),
    (Kind::Web(BIG5), "big5 csbig5"),
    (Kind::Web(EUC_JP), "cseucpkdfmtjapanese euc-jp extended_unix_code_packed_format_for_japanese"),
    (Kind::Web(EUC_KR), "cseuckr euc-kr"),
    (Kind::Web(GB18030), "csgb18030 gb18030"),
    (Kind::Web(GBK), "cp936 csgbk gbk ms936 windows-936"),
    (Kind::Web(ISO_2022_JP), "csiso2022jp iso-2022-jp"),
    (Kind::Web(SHIFT_JIS), "csshiftjis ms_kanji shift_jis"),
];

/// Where ISO 8859-9 differs from ISO 8859-1.
const TURKISH: [(u8, char); 6] =
    [(0xd0, 'Ğ'), (0xdd, 'İ'), (0xde, 'Ş'), (0xf0, 'ğ'), (0xfd, 'ı'), (0xfe, 'ş')];

/// The encoding that argument 1 names, with the name.
fn encoding(args: &[Value]) -> Result<(Kind, &str), CallError> {
    let given = text(args.get(1).ok_or_else(CallError::misfit)?)?;
    let name = given.trim().to_ascii_lowercase();
    let found = ENCODINGS.iter().find(|(_, names)| names.split(' ').any(|known| known == name));
    found.map(|(kind, _)| (*kind, given)).ok_or_else(|| {
        let known = ENCODINGS.iter().flat_map(|(_, names)| names.split(' '));
        let rule = "is no encoding by the names of the IANA that is known here";
        let hint =
            suggest(&name, known).map_or_else(String::new, |near| format!("; {near:?} is one"));
        CallError::at(1, format!("{given:?} {rule}{hint}")).hiding(rule)
    })
}

/// What the bytes of a code page stand for: all of them.
fn page(name: &str) -> Vec<char> {
    let named = |(page, _): &&(&str, &str)| *page == name;
    let lower = (0..128_u8).map(char::from);
    match pages::IBM.iter().find(named) {
        Some((_, upper)) => lower.chain(upper.chars()).collect(),
        None => {
            pages::EBCDIC.iter().find(named).map_or_else(Vec::new, |(_, all)| all.chars().collect())
        }
    }
}

pub(super) fn textencodebase64(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let given = text(args.first().ok_or_else(CallError::misfit)?)?;
    let (kind, name) = encoding(args)?;
    let bytes = encode(given, kind).ok_or_else(|| {
        CallError::at(0, format!("holds characters that {name} has no bytes for"))
    })?;
    super::check_text(bytes.len().checked_mul(4).map(|length| length / 3))?;
    Ok(hash::base64(&bytes))
}

fn encode(given: &str, kind: Kind) -> Option<Vec<u8>> {
    match kind {
        Kind::Utf8 => Some(given.as_bytes().to_vec()),
        Kind::Ascii => given.is_ascii().then(|| given.as_bytes().to_vec()),
        Kind::Utf16 { big, marked } => {
            let mark = marked.then_some(0xfeff);
            let units = mark.into_iter().chain(given.encode_utf16());
            Some(
                units
                    .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                    .collect(),
            )
        }
        Kind::Latin1 => given.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect(),
        Kind::Latin5 => given
            .chars()
            .map(|c| match TURKISH.iter().find(|(_, letter)| *letter == c) {
                Some((byte, _)) => Some(*byte),
                None => u8::try_from(u32::from(c))
                    .ok()
                    .filter(|byte| TURKISH.iter().all(|(taken, _)| taken != byte)),
            })
            .collect(),
        Kind::Page(name) => {
            let page = page(name);
            given
                .chars()
                .map(|c| {
                    page.iter().position(|known| *known == c).and_then(|at| u8::try_from(at).ok())
                })
                .collect()
        }
        Kind::Web(encoding) => {
            if given.chars().any(|c| ('\u{80}'..'\u{a0}').contains(&c)) {
                return None;
            }
            let mut encoder = encoding.new_encoder();
            let room = encoder.max_buffer_length_from_utf8_without_replacement(given.len())?;
            let mut bytes = Vec::with_capacity(room);
            match encoder.encode_from_utf8_to_vec_without_replacement(given, &mut bytes, true).0 {
                EncoderResult::InputEmpty => Some(bytes),
                EncoderResult::OutputFull | EncoderResult::Unmappable(_) => None,
            }
        }
    }
}

pub(super) fn textdecodebase64(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let given = text(args.first().ok_or_else(CallError::misfit)?)?;
    let (kind, name) = encoding(args)?;
    let bytes = decode_base64(given).ok_or_else(|| CallError::at(0, "must be base64"))?;
    let decoded = decode(&bytes, kind)
        .ok_or_else(|| CallError::at(0, format!("holds bytes that stand for nothing in {name}")))?;
    super::check_text(Some(decoded.len()).filter(|length| *length <= MAX_TEXT))?;
    Ok(nfc(decoded))
}

fn decode(bytes: &[u8], kind: Kind) -> Option<String> {
    match kind {
        Kind::Utf8 => String::from_utf8(bytes.to_vec()).ok(),
        Kind::Ascii if !bytes.is_ascii() => None,
        Kind::Ascii | Kind::Latin1 => Some(bytes.iter().copied().map(char::from).collect()),
        Kind::Latin5 => Some(
            bytes
                .iter()
                .map(|byte| {
                    let turkish = TURKISH.iter().find(|(known, _)| known == byte);
                    turkish.map_or_else(|| char::from(*byte), |(_, letter)| *letter)
                })
                .collect(),
        ),
        Kind::Utf16 { mut big, marked } => {
            let mut bytes = bytes;
            if marked {
                match bytes {
                    [0xfe, 0xff, rest @ ..] => bytes = rest,
                    [0xff, 0xfe, rest @ ..] => {
                        bytes = rest;
                        big = false;
                    }
                    _ => {}
                }
            }
            let (pairs, rest) = bytes.as_chunks::<2>();
            let unit = |pair: &[u8; 2]| {
                if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) }
            };
            let decoded = char::decode_utf16(pairs.iter().map(unit)).collect::<Result<String, _>>();
            decoded.ok().filter(|_| rest.is_empty())
        }
        Kind::Page(name) => {
            let page = page(name);
            bytes.iter().map(|byte| page.get(usize::from(*byte)).copied()).collect()
        }
        Kind::Web(encoding) => {
            let mut decoder = encoding.new_decoder_without_bom_handling();
            let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len())?;
            let mut decoded = String::with_capacity(room);
            match decoder.decode_to_string_without_replacement(bytes, &mut decoded, true).0 {
                DecoderResult::InputEmpty => {
                    // The web lets these bytes through; the encodings have nothing in their place.
                    let gap = decoded.chars().any(|c| ('\u{80}'..'\u{a0}').contains(&c));
                    (!gap).then_some(decoded)
                }
                DecoderResult::OutputFull | DecoderResult::Malformed(..) => None,
            }
        }
    }
}
