//! YAML.

mod decode;
mod encode;
mod settle;

pub(super) use self::decode::yamldecode;
pub(super) use self::encode::yamlencode;
