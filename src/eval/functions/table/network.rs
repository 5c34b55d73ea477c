//! Functions of IP networks.

use super::super::network;
use super::super::{Function, ParamType};
use super::required;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "cidrhost",
        &[required("prefix", ParamType::String), required("hostnum", ParamType::Number)],
        ParamType::String,
        "The address of a host in a network, counted from either end.",
        network::cidrhost,
    ),
    Function::new(
        "cidrnetmask",
        &[required("prefix", ParamType::String)],
        ParamType::String,
        "The netmask of an IPv4 network.",
        network::cidrnetmask,
    ),
    Function::new(
        "cidrsubnet",
        &[
            required("prefix", ParamType::String),
            required("newbits", ParamType::Number),
            required("netnum", ParamType::Number),
        ],
        ParamType::String,
        "A subnet of a network, by its number.",
        network::cidrsubnet,
    ),
    Function::new(
        "cidrsubnets",
        &[required("prefix", ParamType::String)],
        ParamType::ListOfString,
        "Subnets of a network one after the other, by how many bits they add.",
        network::cidrsubnets,
    )
    .variadic(required("newbits", ParamType::Number)),
];
