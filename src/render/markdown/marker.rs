//! The hidden line by which a bot finds its own comment.

use crate::report::Report;

/// The hidden line by which a bot finds its own comment: `<!-- sealform:plan:DIRECTORY -->`. Letters,
/// digits and `._/~` of the directory stand for themselves, and a single hyphen; the rest is percent-encoded. A share of a
/// fleet has its number behind: `:2-of-8`.
pub fn marker(report: &Report) -> String {
    let command = report.command.word();
    let mut directory = String::new();
    for byte in report.directory.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"._/~".contains(&byte);
        // Two hyphens end a comment, or make it none at all.
        if plain || (byte == b'-' && !directory.ends_with('-')) {
            directory.push(char::from(byte));
        } else {
            directory.push_str(&format!("%{byte:02X}"));
        }
    }
    if directory.len() > 200 {
        // Still one name for one directory, but a short one.
        let digest = report.directory.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        directory.truncate(150);
        directory.push_str(&format!("~{digest:016x}"));
    }
    let share = report.share.map_or_else(String::new, |it| format!(":{}-of-{}", it.part, it.of));
    format!("<!-- sealform:{command}:{directory}{share} -->")
}
