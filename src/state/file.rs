//! The state file as data and as bytes.

use crate::addr::{Address, AttrPath};
use crate::value::{Value, from_json, to_json};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;
use serde_json::error::Category;
use std::collections::BTreeMap;

/// The version of the format that this tool writes, and the newest that it reads.
pub const VERSION: u64 = 1;

/// All that is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateFile {
    /// The version of the format: [`VERSION`].
    pub version: u64,
    /// The Sealform that wrote it.
    pub tool_version: String,
    /// Counts the versions of one state, so that a saved plan can tell that it is stale.
    pub serial: u64,
    /// Which state this is, so that another one is never taken for an older version of it: a UUID.
    pub lineage: String,
    /// The outputs of the root module.
    pub outputs: BTreeMap<String, OutputState>,
    /// The managed resources.
    #[serde(with = "entries")]
    pub resources: BTreeMap<Address, Recorded>,
}

/// A recorded output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputState {
    /// Its value.
    pub value: Json,
    /// Whether it must not be shown.
    pub sensitive: bool,
}

/// What is recorded of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// What the provider knows it by: the name of the bucket.
    pub identity: String,
    /// The provider that manages it, with its alias: `aws`, `aws.eu`.
    pub provider: String,
    /// The Region that it was found in.
    pub region: Option<String>,
    /// Its attributes: an object. They are kept as JSON, so what is read back knows tuples where a
    /// list or a set was recorded, and no marks of sensitivity.
    pub values: Value,
    /// What must outlive it, in ascending order.
    pub depends_on: Vec<Address>,
    /// `prevent_destroy` of its last configuration, which still holds when the block is gone.
    pub prevent_destroy: bool,
    /// `on_destroy = "forget"` of its last configuration: what would be reset is only forgotten.
    pub forget_on_destroy: bool,
    /// The account that its last configuration expected it to belong to, where it said so openly:
    /// what is declared no more is read and reset as that account's.
    pub owner: Option<String>,
}

/// What is wrong with the bytes of a state file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// There are none.
    #[error("is empty")]
    Empty,
    /// They are the beginning of JSON.
    #[error("is truncated: {0}")]
    Truncated(String),
    /// They are not JSON.
    #[error("is not JSON: {0}")]
    NotJson(String),
    /// They are JSON of Terraform or OpenTofu.
    #[error("is a state of Terraform or OpenTofu, not of Sealform")]
    Terraform,
    /// They are JSON of something else.
    #[error("is JSON, but not a state of Sealform")]
    Foreign,
    /// A newer tool wrote them.
    #[error(
        "is of format version {version}, written by Sealform {tool_version}; this Sealform reads \
         up to version {VERSION}"
    )]
    Newer {
        /// The version of the format.
        version: u64,
        /// The tool that wrote them.
        tool_version: String,
    },
    /// They name our format and do not keep to it.
    #[error("is damaged: {0}")]
    Malformed(String),
}

/// As much of any JSON as tells whether it is ours.
#[derive(Deserialize)]
struct Sniffed {
    version: Option<Json>,
    lineage: Option<Json>,
    tool_version: Option<Json>,
    terraform_version: Option<Json>,
}

/// Tells what the bytes are, whatever they are, before anything relies on their form.
fn sniff(bytes: &[u8]) -> Result<(), FormatError> {
    let Some(first) = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) else {
        return Err(FormatError::Empty);
    };
    let sniffed = match serde_json::from_slice::<Sniffed>(bytes) {
        // An array would pass for an object whose fields come in order.
        Ok(sniffed) if *first == b'{' => sniffed,
        Ok(_) => return Err(FormatError::Foreign),
        Err(error) => {
            return Err(match error.classify() {
                Category::Eof => FormatError::Truncated(error.to_string()),
                Category::Syntax | Category::Io => FormatError::NotJson(error.to_string()),
                Category::Data => FormatError::Foreign,
            });
        }
    };
    if sniffed.terraform_version.is_some() {
        return Err(FormatError::Terraform);
    }
    let (Some(version), Some(tool_version), Some(_)) =
        (sniffed.version.as_ref().and_then(Json::as_u64), sniffed.tool_version, sniffed.lineage)
    else {
        return Err(FormatError::Foreign);
    };
    match version {
        VERSION => Ok(()),
        0 => Err(FormatError::Malformed("there is no format version 0".into())),
        version => Err(FormatError::Newer {
            version,
            tool_version: tool_version.as_str().unwrap_or("of an unknown version").to_owned(),
        }),
    }
}

/// What the lineage of a state of the sandbox begins with, so that its buckets are never taken for
/// those of AWS.
pub(super) const SANDBOX_LINEAGE: &str = "sandbox-";

impl StateFile {
    /// A state in which nothing is recorded yet.
    pub fn new(lineage: String, tool_version: &str) -> Self {
        Self {
            version: VERSION,
            tool_version: tool_version.to_owned(),
            serial: 0,
            lineage,
            outputs: BTreeMap::new(),
            resources: BTreeMap::new(),
        }
    }

    /// The same, marked as one of the sandbox.
    #[must_use]
    pub fn for_sandbox(self) -> Self {
        Self { lineage: format!("{SANDBOX_LINEAGE}{}", self.lineage), ..self }
    }

    /// Reads a state file.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        sniff(bytes)?;
        serde_json::from_slice(bytes).map_err(|error| FormatError::Malformed(error.to_string()))
    }

    /// Whether the recorded buckets are the sandbox's.
    pub fn is_of_sandbox(&self) -> bool {
        self.lineage.starts_with(SANDBOX_LINEAGE)
    }

    /// Whether nothing is recorded: the state is that of no buckets, neither of the sandbox nor of AWS.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.outputs.is_empty()
    }

    /// The bytes of the state file: the same for the same state.
    pub fn print(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// A resource as it is written, here and in the journal.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    address: Address,
    identity: String,
    provider: String,
    // Null where it is not known; a file without it is no state.
    #[serde(deserialize_with = "Option::deserialize")]
    region: Option<String>,
    #[serde(with = "plain")]
    values: Value,
    /// Which of the values are never shown.
    sensitive: Vec<AttrPath>,
    depends_on: Vec<Address>,
    prevent_destroy: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    forget_on_destroy: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
}

impl Entry {
    pub(super) fn new(address: Address, recorded: Recorded) -> Self {
        let Recorded {
            identity,
            provider,
            region,
            values,
            depends_on,
            prevent_destroy,
            forget_on_destroy,
            owner,
        } = recorded;
        let sensitive = values.sensitive_paths().into_iter().map(AttrPath::from_iter).collect();
        Self {
            address,
            identity,
            provider,
            region,
            values,
            sensitive,
            depends_on,
            prevent_destroy,
            forget_on_destroy,
            owner,
        }
    }

    pub(super) fn into_parts(self) -> (Address, Recorded) {
        let Self {
            address,
            identity,
            provider,
            region,
            mut values,
            sensitive,
            depends_on,
            prevent_destroy,
            forget_on_destroy,
            owner,
        } = self;
        for path in &sensitive {
            values = values.mark_at(path.steps());
        }
        let recorded = Recorded {
            identity,
            provider,
            region,
            values,
            depends_on,
            prevent_destroy,
            forget_on_destroy,
            owner,
        };
        (address, recorded)
    }
}

/// Resources as an array in the order of their addresses.
mod entries {
    use super::{Address, BTreeMap, Deserialize as _, Deserializer, Entry, Recorded, Serializer};
    use serde::de::Error as _;

    pub(super) fn serialize<S: Serializer>(
        resources: &BTreeMap<Address, Recorded>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            resources.iter().map(|(address, it)| Entry::new(address.clone(), it.clone())),
        )
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Address, Recorded>, D::Error> {
        let entries = Vec::<Entry>::deserialize(deserializer)?;
        let count = entries.len();
        let resources: BTreeMap<_, _> = entries.into_iter().map(Entry::into_parts).collect();
        if resources.len() < count {
            return Err(D::Error::custom("two resources have the same address"));
        }
        Ok(resources)
    }
}

/// The attributes of a resource as plain JSON.
mod plain {
    use super::{Deserialize as _, Deserializer, Json, Serialize as _, Serializer, Value};
    use super::{from_json, to_json};
    use serde::de::Error as _;

    pub(super) fn serialize<S: Serializer>(
        values: &Value,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        to_json(values).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Value, D::Error> {
        let json = Json::deserialize(deserializer)?;
        if !json.is_object() {
            return Err(D::Error::custom("the values of a resource are not an object"));
        }
        from_json(&json).ok_or_else(|| D::Error::custom("a number is out of range"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::{InstanceKey, ResourceAddr};
    use proptest::prelude::*;

    const VERSION_1: &str = r#"{
  "version": 1,
  "tool_version": "0.1.0",
  "serial": 7,
  "lineage": "6f1c7f0e-1d6f-4c39-9c55-0a3f5b1de7b1",
  "outputs": {
    "arns": {
      "value": [
        "arn:aws:s3:::my-logs"
      ],
      "sensitive": false
    }
  },
  "resources": [
    {
      "address": "aws_s3_bucket_server_side_encryption_configuration.logs[\"eu\"]",
      "identity": "my-logs",
      "provider": "aws.eu",
      "region": "eu-west-1",
      "values": {
        "bucket": "my-logs",
        "rule": {
          "blocked_encryption_types": [
            "SSE-C"
          ],
          "bucket_key_enabled": true
        }
      },
      "sensitive": [],
      "depends_on": [
        "aws_s3_bucket_server_side_encryption_configuration.first"
      ],
      "prevent_destroy": true
    },
    {
      "address": "module.m.aws_s3_bucket_server_side_encryption_configuration.logs",
      "identity": "my-other-logs",
      "provider": "aws",
      "region": null,
      "values": {},
      "sensitive": [],
      "depends_on": [],
      "prevent_destroy": false
    }
  ]
}
"#;

    #[test]
    fn version_1_is_read_and_written_as_it_was() {
        let state = StateFile::parse(VERSION_1.as_bytes()).unwrap();
        assert_eq!(state.serial, 7);
        let address = r#"aws_s3_bucket_server_side_encryption_configuration.logs["eu"]"#;
        let logs = &state.resources[&address.parse().unwrap()];
        assert_eq!(logs.identity, "my-logs");
        assert!(logs.prevent_destroy);
        assert_eq!(String::from_utf8(state.print().unwrap()).unwrap(), VERSION_1);
    }

    /// Every object that is written has just the properties that the schema requires of it.
    #[test]
    fn the_schema_describes_what_is_written() {
        fn keys(json: &Json) -> Vec<&str> {
            json.as_object().unwrap().keys().map(String::as_str).collect()
        }
        fn same(schema: &Json, written: &Json) {
            let mut required: Vec<_> = schema["required"]
                .as_array()
                .unwrap()
                .iter()
                .map(|x| x.as_str().unwrap())
                .collect();
            required.sort_unstable();
            // What is absent where it says nothing is not among what must be there.
            let mut properties = keys(&schema["properties"]);
            properties.retain(|name| !["forget_on_destroy", "owner"].contains(name));
            assert_eq!(required, properties);
            assert_eq!(required, keys(written));
            assert_eq!(schema["additionalProperties"], Json::Bool(false));
        }
        let schema: Json = serde_json::from_str(include_str!("../../state/schema.json")).unwrap();
        let state: Json = serde_json::from_str(VERSION_1).unwrap();
        same(&schema, &state);
        same(&schema["$defs"]["output"], &state["outputs"]["arns"]);
        same(&schema["$defs"]["resource"], &state["resources"][0]);
        assert_eq!(schema["properties"]["version"]["const"], VERSION);
    }

    /// These fields came later: a state without them is read, and one that needs them not is written
    /// without them.
    #[test]
    fn what_came_later_is_recorded() {
        let with = VERSION_1.replacen(
            "\"prevent_destroy\": false",
            "\"prevent_destroy\": false,\n      \"forget_on_destroy\": true,\n      \"owner\": \"444455556666\"",
            1,
        );
        let state = StateFile::parse(with.as_bytes()).unwrap();
        let forgotten = state.resources.values().filter(|it| it.forget_on_destroy);
        assert_eq!(forgotten.count(), 1);
        let owners = state.resources.values().filter_map(|it| it.owner.as_deref());
        assert_eq!(owners.collect::<Vec<_>>(), ["444455556666"]);
        assert_eq!(String::from_utf8(state.print().unwrap()).unwrap().trim_end(), with.trim_end());
        assert!(schema().is_valid(&serde_json::from_str(&with).unwrap()));
        let before = StateFile::parse(VERSION_1.as_bytes()).unwrap();
        assert!(before.resources.values().all(|it| it.owner.is_none()));
    }

    fn schema() -> jsonschema::Validator {
        let schema: Json = serde_json::from_str(include_str!("../../state/schema.json")).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    }

    /// What lacks a field, has one more or one of another kind is refused by the schema as it is by
    /// the tool.
    #[test]
    fn nonsense_is_refused_by_the_schema_and_by_the_tool() {
        let schema = schema();
        let whole: Json = serde_json::from_str(VERSION_1).unwrap();
        assert!(schema.is_valid(&whole));
        let mut nonsense = Vec::new();
        for place in ["", "/outputs/arns", "/resources/0"] {
            let names: Vec<String> =
                whole.pointer(place).unwrap().as_object().unwrap().keys().cloned().collect();
            let mut with = |change: &dyn Fn(&mut serde_json::Map<String, Json>)| {
                let mut other = whole.clone();
                change(other.pointer_mut(place).unwrap().as_object_mut().unwrap());
                nonsense.push(other);
            };
            with(&|fields| {
                fields.insert("unheard_of".into(), Json::Null);
            });
            for name in names {
                with(&|fields| {
                    fields.remove(&name);
                });
                // The value of an output may be anything.
                if name != "value" {
                    with(&|fields| {
                        fields.insert(name.clone(), 1.5.into());
                    });
                }
            }
        }
        for json in nonsense {
            assert!(!schema.is_valid(&json), "{json}");
            StateFile::parse(json.to_string().as_bytes()).unwrap_err();
        }
    }

    #[test]
    fn what_is_no_state_of_ours_says_what_it_is() {
        let whole = VERSION_1.as_bytes();
        let with = |from: &str, to: &str| VERSION_1.replacen(from, to, 1).into_bytes();
        let newer = with("\"version\": 1", "\"version\": 2, \"unheard_of\": []");
        let twice = with("module.m.aws_s3_bucket_server_side_encryption_configuration.logs\"", {
            r#"aws_s3_bucket_server_side_encryption_configuration.logs[\"eu\"]""#
        });
        let rows: [(&[u8], &str); 13] = [
            (b"", "is empty"),
            (b" \n", "is empty"),
            (b"\0\0\0\0", "is not JSON"),
            (b"serial = 7", "is not JSON"),
            (&whole[..whole.len() / 2], "is truncated"),
            (
                br#"{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"x"}"#,
                "Terraform",
            ),
            (b"{}", "not a state of Sealform"),
            (b"[1]", "not a state of Sealform"),
            (br#"[1,"x","0.1.0",null]"#, "not a state of Sealform"),
            (&newer, "is of format version 2, written by Sealform 0.1.0"),
            (&with("\"serial\": 7", "\"serial\": -7"), "is damaged"),
            (&with("\"serial\": 7", "\"serial\": 7, \"x\": 1"), "unknown field `x`"),
            (&twice, "two resources have the same address"),
        ];
        for (bytes, message) in rows {
            let error = StateFile::parse(bytes).unwrap_err().to_string();
            assert!(error.contains(message), "{error:?} for {:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_state_cut_anywhere_is_not_taken_for_one() {
        let whole = VERSION_1.trim_end().as_bytes();
        for end in 0..whole.len() {
            StateFile::parse(&whole[..end]).unwrap_err();
        }
    }

    fn json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            "-?(0|[1-9][0-9]{0,30})\\.[0-9]{0,10}[1-9]"
                .prop_map(|digits| Json::Number(digits.parse().unwrap())),
            ".*".prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::btree_map(".*", inner, 0..4)
                    .prop_map(|fields| Json::Object(fields.into_iter().collect())),
            ]
        })
    }

    prop_compose! {
        fn address()(name in "[a-z]{1,3}", key in ".*") -> Address {
            ResourceAddr::managed("t", &name).instance(InstanceKey::Name(key.into()))
        }
    }

    prop_compose! {
        fn recorded()(
            identity in ".*",
            region in prop::option::of("[a-z]*"),
            values in prop::collection::btree_map(".*", json(), 0..4),
            depends_on in prop::collection::vec(address(), 0..3),
            prevent_destroy: bool,
            forget_on_destroy: bool,
            owner in prop::option::of("[0-9]{12}"),
        ) -> Recorded {
            let values = Json::Object(values.into_iter().collect());
            let values = from_json(&values).unwrap();
            Recorded {
                identity,
                provider: "aws".into(),
                region,
                values,
                depends_on,
                prevent_destroy,
                forget_on_destroy,
                owner,
            }
        }
    }

    prop_compose! {
        fn state()(
            serial: u64,
            lineage in ".*",
            outputs in prop::collection::btree_map(".*", (json(), any::<bool>()), 0..3),
            resources in prop::collection::btree_map(address(), recorded(), 0..4),
        ) -> StateFile {
            let outputs = outputs.into_iter();
            let outputs =
                outputs.map(|(name, (value, sensitive))| (name, OutputState { value, sensitive }));
            StateFile { serial, resources, outputs: outputs.collect(), ..StateFile::new(lineage, "1") }
        }
    }

    thread_local! {
        static SCHEMA: jsonschema::Validator = schema();
    }

    proptest! {
        #[test]
        fn any_state_survives_writing_and_reading(state in state()) {
            let bytes = state.print().unwrap();
            let json: Json = serde_json::from_slice(&bytes).unwrap();
            prop_assert!(SCHEMA.with(|schema| schema.is_valid(&json)), "{}", json);
            let back = StateFile::parse(&bytes).unwrap();
            prop_assert_eq!(&back, &state);
            prop_assert_eq!(back.print().unwrap(), bytes);
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _either = StateFile::parse(&bytes);
        }
    }
}
