//! YAML.

mod decode;
mod encode;
mod tabs;

pub(super) use self::decode::yamldecode;
pub(super) use self::encode::yamlencode;
