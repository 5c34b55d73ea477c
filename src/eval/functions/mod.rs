//! The functions of the expression language.
//!
//! Owns the one list of them, [`FUNCTIONS`], and what all calls have in common: the count of
//! arguments, their conversion, null, unknown and sensitive arguments. A function never reads a
//! file by itself (it asks [`Files`]), never asks for the time or for randomness (it asks
//! [`Host`]) and never costs more than its arguments and the limits below allow.
//!
//! ```
//! use sealform::eval::functions::{Context, Host, NoFiles, find};
//! use sealform::value::Value;
//!
//! let upper = find("upper").unwrap();
//! let context = Context { files: &NoFiles, host: &Host::default() };
//! let loud = upper.call(&[Value::from("logs")], &context).unwrap();
//! assert_eq!(loud, Value::from("LOGS"));
//! assert_eq!(upper.signature(), "upper(str: string) -> string");
//! ```

mod collection;
mod conversion;
mod decimal;
mod double;
mod encoding;
mod files;
mod format;
mod glob;
mod hash;
mod host;
mod network;
mod numeric;
mod re2;
mod reference;
mod regexp;
mod sets;
mod string;
mod table;
#[cfg(test)]
mod tests;
mod text_encoding;
mod time;
mod type_text;
mod typing;
mod yaml;

pub(in crate::eval) use self::files::template_text;
pub use self::host::{Context, FileKind, Files, Host, NoFiles};
pub use self::reference::reference;
pub use self::table::FUNCTIONS;
pub use self::type_text::type_text;

use crate::value::{Bounds, Type, Value};
use std::fmt;
use std::sync::LazyLock;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};
use unicode_segmentation::UnicodeSegmentation as _;

/// Bytes that one call or one template may build.
pub(in crate::eval) const MAX_TEXT: usize = 16 << 20;
/// Elements that one call may build out of few arguments: `range`, `setproduct`.
const MAX_GENERATED: usize = 1_000_000;
/// Elements that one call may gather out of its arguments: `concat`, `flatten`.
const MAX_GATHERED: usize = 10_000_000;

/// What surrounds a call where there are no files.
pub static NOWHERE: LazyLock<Context<'static>> = LazyLock::new(|| {
    static HOST: LazyLock<Host> = LazyLock::new(Host::default);
    Context { files: &NoFiles, host: &HOST }
});

/// A type that can stand in the static table of functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamType {
    /// Anything.
    Any,
    /// `bool`.
    Bool,
    /// `number`.
    Number,
    /// `string`.
    String,
    /// `list(any)`.
    ListOfAny,
    /// `list(bool)`.
    ListOfBool,
    /// `list(number)`.
    ListOfNumber,
    /// `list(string)`.
    ListOfString,
    /// `set(any)`.
    SetOfAny,
    /// `set(string)`.
    SetOfString,
    /// `map(any)`.
    MapOfAny,
    /// `map(list(string))`.
    MapOfListOfString,
}

impl ParamType {
    /// The type that it stands for.
    pub fn ty(self) -> Type {
        match self {
            Self::Any => Type::Any,
            Self::Bool => Type::Bool,
            Self::Number => Type::Number,
            Self::String => Type::String,
            Self::ListOfAny => Type::list(Type::Any),
            Self::ListOfBool => Type::list(Type::Bool),
            Self::ListOfNumber => Type::list(Type::Number),
            Self::ListOfString => Type::list(Type::String),
            Self::SetOfAny => Type::set(Type::Any),
            Self::SetOfString => Type::set(Type::String),
            Self::MapOfAny => Type::map(Type::Any),
            Self::MapOfListOfString => Type::map(Type::list(Type::String)),
        }
    }
}

/// What a function is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as its title says")]
pub enum Category {
    Numeric,
    String,
    Collection,
    Encoding,
    Files,
    Time,
    Hash,
    Network,
    Conversion,
}

impl Category {
    /// All categories in the order of the reference.
    pub const ALL: [Self; 9] = [
        Self::Numeric,
        Self::String,
        Self::Collection,
        Self::Encoding,
        Self::Files,
        Self::Time,
        Self::Hash,
        Self::Network,
        Self::Conversion,
    ];

    /// The category as a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Numeric => "Numeric",
            Self::String => "String",
            Self::Collection => "Collection",
            Self::Encoding => "Encoding",
            Self::Files => "File system",
            Self::Time => "Date and time",
            Self::Hash => "Hash and crypto",
            Self::Network => "IP network",
            Self::Conversion => "Type conversion",
        }
    }
}

/// What a function wants in one place.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name, for messages and help.
    pub name: &'static str,
    /// What an argument is converted to.
    pub ty: ParamType,
    /// Whether null may stand here.
    pub allow_null: bool,
}

/// How deep [`Function::call`] looks into arguments before the function itself sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    /// All the way: the function sees nothing of the kind.
    Deep,
    /// The argument itself: its elements carry theirs through the function.
    Top,
    /// Not at all: the function deals with it.
    Raw,
}

/// A function of the language.
#[derive(Clone, Copy)]
pub struct Function {
    /// The name that calls it.
    pub name: &'static str,
    /// The arguments that must be given.
    pub parameters: &'static [Parameter],
    /// What each further argument is, if there may be any.
    pub variadic: Option<Parameter>,
    /// What it does, in one line.
    pub description: &'static str,
    /// What it is about.
    pub category: Category,
    /// Whether the evaluator itself carries out the call, because arguments may fail.
    pub special: bool,
    /// The type of the result, as far as it is always the same.
    pub result: ParamType,
    /// How many arguments may be given.
    most: usize,
    unknown: Depth,
    marks: Depth,
    /// The type of a result that is not known yet, where the arguments tell more of it.
    typed: Option<fn(&[Value]) -> typing::Typed>,
    /// What else is known of such a result.
    bounds: Option<fn(&[Value]) -> Bounds>,
    /// Whether a null whose type nothing has decided leaves the result open, as in Terraform.
    open_null: bool,
    /// Whether the result may be null, or Terraform does not know that it never is.
    may_be_null: bool,
    call: fn(&[Value], &Context<'_>) -> Result<Value, CallError>,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.signature())
    }
}

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// The argument that is at fault, counted from 0, if it is one.
    pub argument: Option<usize>,
    /// What is wrong: lower-case, without a final stop.
    pub message: String,
    /// What to say instead where arguments must not be shown.
    discreet: Option<String>,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CallError {}

impl CallError {
    /// An error of the call as a whole.
    fn new(message: impl Into<String>) -> Self {
        Self { argument: None, message: message.into(), discreet: None }
    }

    /// An error of one argument.
    pub(in crate::eval) fn at(argument: usize, message: impl Into<String>) -> Self {
        Self { argument: Some(argument), ..Self::new(message) }
    }

    /// What to say instead where arguments must not be shown: the message quotes one.
    fn hiding(mut self, discreet: impl Into<String>) -> Self {
        self.discreet = Some(discreet.into());
        self
    }

    /// The error as it is told where arguments must not be shown.
    pub(in crate::eval) fn discreet(mut self) -> Self {
        if let Some(discreet) = self.discreet.take() {
            self.message = discreet;
        }
        self
    }

    /// The error of a function that was handed what its row in the table does not allow.
    pub(in crate::eval) fn misfit() -> Self {
        Self::new(
            "was handed arguments that its parameters do not describe; this is a fault of this program",
        )
    }
}

/// The function called `name`, with or without the `core::` in front that tells it from the
/// functions of providers.
pub fn find(name: &str) -> Option<&'static Function> {
    let name = name.strip_prefix("core::").unwrap_or(name);
    let at = FUNCTIONS.binary_search_by(|function| function.name.cmp(name)).ok()?;
    FUNCTIONS.get(at)
}

impl Function {
    /// The function as one line: `join(separator: string, lists: list(string)...) -> string`.
    pub fn signature(&self) -> String {
        let mut parts: Vec<String> = self
            .parameters
            .iter()
            .map(|parameter| format!("{}: {}", parameter.name, parameter.ty.ty()))
            .collect();
        if let Some(parameter) = self.variadic {
            let ty = parameter.ty.ty();
            parts.push(if self.most == self.parameters.len() + 1 {
                format!("{}?: {ty}", parameter.name)
            } else {
                format!("{}: {ty}...", parameter.name)
            });
        }
        format!("{}({}) -> {}", self.name, parts.join(", "), self.result.ty())
    }

    /// The result for `args`: unknown if it hangs on what is unknown, sensitive if it could tell
    /// anything of what is sensitive.
    ///
    /// # Errors
    /// Says what is wrong, and with which argument.
    pub fn call(&self, args: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
        let mut marked = false;
        let open: Vec<Value> = args
            .iter()
            .map(|arg| match self.marks {
                Depth::Deep => {
                    let (open, mark) = arg.reveal_deep();
                    marked |= mark;
                    open
                }
                Depth::Top => {
                    marked |= arg.is_sensitive();
                    arg.reveal().clone()
                }
                Depth::Raw => arg.clone(),
            })
            .collect();
        match self.call_open(open, context) {
            Ok(value) => {
                let value = if self.may_be_null { value } else { value.never_null() };
                Ok(value.sensitive_if(marked))
            }
            Err(mut error) => {
                // Looked for here only: a call such as `element` must not walk through its list.
                let secret = || args.iter().any(|arg| arg.any(&|part| part.is_sensitive()));
                if let Some(discreet) = error.discreet.take()
                    && secret()
                {
                    error.message = discreet;
                }
                Err(error)
            }
        }
    }

    /// The arguments as the function wants them: as many, none null that must not be, each of the
    /// type of its parameter.
    ///
    /// # Errors
    /// Says what is wrong, and with which argument.
    pub(in crate::eval) fn prepare(&self, mut args: Vec<Value>) -> Result<Vec<Value>, CallError> {
        self.check_count(args.len())?;
        for (n, arg) in args.iter_mut().enumerate() {
            let Some(parameter) = self.parameters.get(n).or(self.variadic.as_ref()) else {
                return Err(CallError::misfit());
            };
            if !parameter.allow_null && arg.is_null() {
                return Err(CallError::at(n, "must not be null"));
            }
            if parameter.ty != ParamType::Any {
                let ty = parameter.ty.ty();
                let converted = convert(n, arg, ty.clone())?;
                // A set of what is not known becomes a list of what it holds, not of what is wanted.
                if let Value::Unknown(given, _) = converted.reveal()
                    && !ty.has_any()
                    && *given != ty
                {
                    return Err(CallError::at(n, format!("{} required", ty.friendly())));
                }
                *arg = converted;
            }
        }
        Ok(args)
    }

    fn call_open(&self, args: Vec<Value>, context: &Context<'_>) -> Result<Value, CallError> {
        let too_many = self.check_most(args.len());
        let args = self.prepare(args)?;
        let undecided = match self.unknown {
            Depth::Deep => !args.iter().all(Value::is_wholly_known),
            Depth::Top => args.iter().any(Value::is_unknown),
            Depth::Raw => false,
        };
        if undecided {
            let bounds = self.bounds.map(|bounds| bounds(&args)).unwrap_or_default();
            return self.undecided(&args).map(|ty| Value::bounded(ty, bounds));
        }
        // As in Terraform, what is not known yet is met first.
        let mut wanted = args.iter().take(self.parameters.len());
        if !wanted.any(|arg| matches!(arg, Value::Unknown(Type::Any, _))) {
            too_many?;
        }
        if self.open_null && args.iter().any(|arg| matches!(arg, Value::Null(Type::Any))) {
            return Ok(Value::unknown(Type::Any));
        }
        Ok(match (self.call)(&args, context)? {
            // What was put together of parts may compose.
            Value::String(text) if !is_normal(&text) => nfc(text.to_string()),
            other => other,
        })
    }

    /// The type of a result that is not known yet.
    fn undecided(&self, args: &[Value]) -> typing::Typed {
        let open = args.iter().enumerate().any(|(n, arg)| {
            let parameter = self.parameters.get(n).or(self.variadic.as_ref());
            let any = parameter.is_some_and(|parameter| parameter.ty == ParamType::Any);
            any && matches!(arg, Value::Unknown(Type::Any, _) | Value::Null(Type::Any))
        });
        match self.typed {
            Some(typed) => typed(args),
            // Of what type an argument will be may decide everything.
            None if open => Ok(Type::Any),
            None => Ok(self.result.ty()),
        }
    }

    /// Refuses fewer arguments than there must be, and more where there are no others.
    fn check_count(&self, given: usize) -> Result<(), CallError> {
        let least = self.parameters.len();
        match self.variadic {
            None if given != least => Err(wrong_count("", least, given)),
            Some(_) if given < least => Err(wrong_count("at least ", least, given)),
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses more arguments than there may be of those that need not be there.
    fn check_most(&self, given: usize) -> Result<(), CallError> {
        if self.variadic.is_some() && given > self.most {
            return Err(wrong_count("at most ", self.most, given));
        }
        Ok(())
    }
}

fn wrong_count(bound: &str, count: usize, given: usize) -> CallError {
    let noun = if count == 1 { "argument" } else { "arguments" };
    CallError::new(format!("expects {bound}{count} {noun}, got {given}"))
}

/// Converts argument `n` to what its parameter asks for.
fn convert(n: usize, arg: &Value, ty: Type) -> Result<Value, CallError> {
    arg.convert(&ty).map_err(|error| {
        let collection = match ty {
            Type::List(element) if *element == Type::Any => Some("list"),
            Type::Set(element) if *element == Type::Any => Some("set"),
            _ => None,
        };
        match collection.filter(|_| error.path.is_empty()) {
            Some(noun) => CallError::at(n, format!("{noun} of any single type required")),
            None => CallError::at(n, error.to_string()).hiding(error.reason),
        }
    })
}

/// The text of a parameter that the table declares a string.
fn text(value: &Value) -> Result<&str, CallError> {
    value.as_str().map(|text| &**text).ok_or_else(CallError::misfit)
}

/// The whole number that argument `n` must be.
fn whole(args: &[Value], n: usize) -> Result<i64, CallError> {
    args.get(n)
        .and_then(Value::as_number)
        .and_then(crate::value::Number::as_i64)
        .ok_or_else(|| CallError::at(n, "must be a whole number"))
}

/// The elements of a parameter that the table declares a list or set.
fn items(value: &Value) -> Result<&[Value], CallError> {
    value.as_items().ok_or_else(CallError::misfit)
}

/// The kind of a value as a noun for messages, without a walk through it.
fn kind(value: &Value) -> String {
    match value.reveal() {
        Value::Tuple(_) => "tuple".into(),
        Value::Object(_) => "object".into(),
        other => other.ty().friendly(),
    }
}

/// The type of the elements of a list, set or map.
fn element_type(value: &Value) -> Type {
    match value.reveal() {
        Value::List(elements) | Value::Set(elements) => elements.element_type.clone(),
        Value::Map(map) => map.element_type.clone(),
        Value::Null(ty) | Value::Unknown(ty, _) => match ty {
            Type::List(element) | Type::Set(element) | Type::Map(element) => (**element).clone(),
            Type::Any
            | Type::Bool
            | Type::Number
            | Type::String
            | Type::Tuple(_)
            | Type::Object(_) => Type::Any,
        },
        Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Tuple(_)
        | Value::Object(_)
        | Value::Sensitive(_) => Type::Any,
    }
}

/// What a user takes for one character each, by the rules of Unicode 15.0, which Terraform goes by:
/// there, a consonant of India does not yet join the one before.
fn clusters(text: &str) -> impl Iterator<Item = &str> {
    text.graphemes(true).flat_map(|cluster| {
        let mut rest = Some(cluster);
        std::iter::from_fn(move || {
            let cluster = rest.take()?;
            let Some((first, left)) = joint(cluster).and_then(|at| cluster.split_at_checked(at))
            else {
                return Some(cluster);
            };
            rest = Some(left);
            Some(first)
        })
    })
}

/// Where a cluster holds a consonant that only newer rules join to what stands before it.
fn joint(cluster: &str) -> Option<usize> {
    let mut pairs = cluster.chars().zip(cluster.char_indices().skip(1));
    let joint = pairs.find(|(before, (_, c))| {
        let indic = ('\u{900}'..='\u{d7f}').contains(c);
        indic && String::from_iter([before, c]).graphemes(true).count() == 2
    });
    joint.map(|(_, (at, _))| at)
}

/// Refuses a text that would become longer than one call may build.
fn check_text(bytes: Option<usize>) -> Result<(), CallError> {
    match bytes {
        Some(bytes) if bytes <= MAX_TEXT => Ok(()),
        _ => Err(CallError::new("would build a text of more than 16 MiB")),
    }
}

fn is_normal(text: &str) -> bool {
    text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes
}

/// The text in normal form C, in which the language keeps all texts.
fn normal(text: String) -> String {
    if is_normal(&text) { text } else { text.nfc().collect() }
}

/// The text as a value.
fn nfc(text: String) -> Value {
    Value::from(normal(text))
}

/// A list of strings.
fn strings(items: impl IntoIterator<Item = impl Into<String>>) -> Value {
    Value::list(Type::String, items.into_iter().map(|item| nfc(item.into())).collect())
}
