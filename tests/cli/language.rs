//! What the language has besides expressions: modules, data sources, dynamic blocks, conditions,
//! and blocks about what is recorded.

use crate::harness::{Dir, resource};

const TYPE: &str = "aws_s3_bucket_server_side_encryption_configuration";

/// A module that looks after some buckets under one key.
const TEAM: &str = r#"
variable "name" {
  type = string
}
variable "buckets" {
  type    = set(string)
  default = []
}
resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = var.buckets
  bucket   = each.key
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "alias/${var.name}"
    }
  }
}
output "ids" {
  value = [for it in aws_s3_bucket_server_side_encryption_configuration.this : it.id]
}
output "where" {
  value = "${path.module} in ${path.root}: ${file("motto.txt")}"
}
"#;

fn teams(root: &str) -> Dir {
    let dir = Dir::with(root);
    dir.write("modules/team/main.seal.hcl", TEAM);
    dir.write("modules/team/motto.txt", "keep it");
    dir
}

#[test]
fn a_module_is_repeated_and_its_outputs_are_seen() {
    let dir = teams(
        r#"
module "team" {
  for_each = { red = ["red-logs", "red-data"], blue = ["blue-logs"] }
  source   = "./modules/team"
  name     = each.key
  buckets  = each.value
}
module "twice" {
  count   = 2
  source  = "./modules/team"
  name    = "twice"
  buckets = ["twice-${count.index}"]
}
output "ids" { value = { for name, team in module.team : name => team.ids } }
output "red" { value = module.team["red"].ids }
output "second" { value = module.twice[1].ids[0] }
output "all" { value = module.twice[*].ids }
output "where" { value = module.team["red"].where }
"#,
    );
    dir.run(&["apply", "-sandbox", "-auto-approve"])
        .status(0)
        .says("Apply complete! 5 updated, 5 outputs changed.");
    dir.run(&["plan", "-sandbox", "-detailed-exitcode"]).status(0);
    dir.run(&["state", "list"]).status(0).says(&format!(
        "module.team[\"blue\"].{TYPE}.this[\"blue-logs\"]\n\
         module.team[\"red\"].{TYPE}.this[\"red-data\"]\n\
         module.team[\"red\"].{TYPE}.this[\"red-logs\"]\n\
         module.twice[0].{TYPE}.this[\"twice-0\"]\n\
         module.twice[1].{TYPE}.this[\"twice-1\"]\n"
    ));
    let outputs = dir.run(&["output", "-json"]).status(0).json();
    assert_eq!(outputs["red"]["value"], serde_json::json!(["red-data", "red-logs"]));
    assert_eq!(outputs["second"]["value"], "twice-1");
    assert_eq!(outputs["all"]["value"], serde_json::json!([["twice-0"], ["twice-1"]]));
    assert_eq!(outputs["where"]["value"], "modules/team in .: keep it");
    // A target may be a module, or one of its instances.
    dir.run(&["plan", "-sandbox", "-destroy", "-target=module.team[\"red\"]"])
        .status(0)
        .says("Plan: 2 to reset");
    dir.run(&["destroy", "-sandbox", "-auto-approve"]).status(0).says("5 reset");
}

#[test]
fn modules_call_modules_and_hand_on_providers() {
    let dir = teams(
        r#"
provider "aws" {
  alias  = "far"
  region = "ap-southeast-2"
}
module "outer" {
  source    = "./modules/outer"
  providers = { aws = aws.far }
}
output "ids" { value = module.outer.ids }
"#,
    );
    dir.write(
        "modules/outer/main.seal.hcl",
        r#"
module "inner" {
  source  = "../team"
  name    = "inner"
  buckets = ["deep"]
}
output "ids" { value = module.inner.ids }
"#,
    );
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0);
    let plan = dir.run(&["plan", "-sandbox", "-destroy", "-json"]).status(0).json();
    let step = &plan["resources"][0];
    assert_eq!(step["address"], format!("module.outer.module.inner.{TYPE}.this[\"deep\"]"));
    assert_eq!(step["provider"], "aws.far");
}

#[test]
fn what_is_wrong_with_a_call_is_told_where_it_stands() {
    let dir = teams(
        r#"
module "team" {
  source  = "./modules/team"
  bucket  = ["x"]
}
module "gone" {
  source = "./modules/gone"
}
output "x" { value = module.team.id }
output "y" { value = module.tea.ids }
"#,
    );
    dir.run(&["validate"])
        .status(1)
        .complains("The module has no variable \"bucket\". Did you mean \"buckets\"?")
        .complains("The module needs a value for its variable \"name\"")
        .complains("There is no directory modules/gone.")
        .complains("The module \"team\" has no output \"id\". Did you mean \"ids\"?")
        .complains("There is no module \"tea\" here. Did you mean \"team\"?");
    dir.write("main.seal.hcl", "module \"a\" {\n  source = \"./a\"\n}\n");
    dir.write("a/main.seal.hcl", "module \"b\" {\n  source = \"..\"\n}\n");
    dir.run(&["validate"]).status(1).complains("calls itself, directly or by way of others");
}

#[test]
fn a_fault_in_a_module_that_is_called_often_is_told_once() {
    let dir = teams(
        r#"
module "team" {
  for_each = toset(["a", "b", "c"])
  source   = "./modules/team"
  name     = each.key
}
"#,
    );
    dir.write("modules/team/more.seal.hcl", "locals {\n  x = var.nme\n  y = upper([])\n}\n");
    let ran = dir.run(&["validate"]).status(1);
    assert_eq!(ran.stderr.matches("Unknown variable").count(), 1, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("Invalid function call").count(), 1, "{}", ran.stderr);
}

#[test]
fn data_sources_are_read_and_what_exists_can_be_run_over() {
    let dir = Dir::with(
        &(resource("a", "lake-raw", "AES256", "") + &resource("b", "lake-out", "AES256", "")),
    );
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0);
    dir.write(
        "main.seal.hcl",
        r#"
data "aws_caller_identity" "me" {}
data "aws_region" "here" {}
data "aws_s3_buckets" "lake" {
  prefix  = "lake-"
  exclude = ["lake-out"]
}
data "aws_s3_bucket" "raw" {
  for_each = data.aws_s3_buckets.lake.names
  bucket   = each.key
}
resource "aws_s3_bucket_server_side_encryption_configuration" "lake" {
  for_each = data.aws_s3_buckets.lake.names
  bucket   = data.aws_s3_bucket.raw[each.key].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "arn:aws:kms:${data.aws_region.here.name}:${data.aws_caller_identity.me.account_id}:alias/lake"
    }
  }
}
output "names" { value = data.aws_s3_buckets.lake.names }
"#,
    );
    // Nothing can be said of what is not read.
    dir.run(&["validate"]).status(0);
    dir.run(&["plan", "-sandbox"])
        .status(0)
        .says(&format!("~ {TYPE}.lake[\"lake-raw\"]"))
        .says("+           kms_master_key_id = \"arn:aws:kms:us-east-1:123456789012:alias/lake\"")
        .never_says("known after");
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0);
    dir.run(&["plan", "-sandbox", "-detailed-exitcode"]).status(0);
}

#[test]
fn a_dynamic_block_is_made_once_or_not_at_all() {
    let with = |collection: &str| {
        Dir::with(&format!(
            r#"
resource "{TYPE}" "x" {{
  bucket = "logs"
  dynamic "rule" {{
    for_each = {collection}
    iterator = it
    content {{
      apply_server_side_encryption_by_default {{
        sse_algorithm = it.value
      }}
    }}
  }}
}}
"#
        ))
    };
    with("[\"aws:kms\"]").run(&["plan", "-sandbox"]).status(0).says("-> \"aws:kms\"");
    with("[]").run(&["plan", "-sandbox"]).status(1).complains("this makes none");
    with("[\"aws:kms\", \"AES256\"]")
        .run(&["plan", "-sandbox"])
        .status(1)
        .complains("exactly one block `rule`");
    with("[var.x]").run(&["plan", "-sandbox"]).status(1).complains("There is no variable \"x\"");
    with("[\"aws:kms\"]\n    algorithm = 1")
        .run(&["validate"])
        .status(1)
        .complains("A `dynamic` block has no attribute \"algorithm\"");
}

#[test]
fn conditions_stop_and_checks_warn_with_the_values_involved() {
    let configuration = |owner: &str, suffix: &str| {
        format!(
            r#"
variable "owner" {{ default = "{owner}" }}
resource "{TYPE}" "x" {{
  bucket = "logs-{suffix}"
  rule {{
    apply_server_side_encryption_by_default {{ sse_algorithm = "aws:kms" }}
  }}
  lifecycle {{
    precondition {{
      condition     = var.owner == "me"
      error_message = "Only I may do this, not ${{var.owner}}."
    }}
    postcondition {{
      condition     = !endswith(self.bucket, "-old")
      error_message = "No old buckets."
    }}
  }}
}}
check "naming" {{
  assert {{
    condition     = length({TYPE}.x.bucket) > 8
    error_message = "Short names are hard to find."
  }}
}}
"#
        )
    };
    Dir::with(&configuration("you", "new"))
        .run(&["plan", "-sandbox"])
        .status(1)
        .complains("Precondition failed")
        .complains("Only I may do this, not you.")
        .complains("var.owner is \"you\"");
    Dir::with(&configuration("me", "old"))
        .run(&["plan", "-sandbox"])
        .status(1)
        .complains("Postcondition failed")
        .complains("self.bucket is \"logs-old\"");
    Dir::with(&configuration("me", "new"))
        .run(&["apply", "-sandbox", "-auto-approve"])
        .status(0)
        .complains("warning: Check failed")
        .complains("Short names are hard to find.");
    // `validate` knows no values from outside, and holds no conditions.
    Dir::with(&configuration("you", "old")).run(&["validate"]).status(0);
}

#[test]
fn what_moves_is_neither_reset_nor_forgotten() {
    let dir = teams(
        r#"
module "team" {
  source  = "./modules/team"
  name    = "team"
  buckets = ["one"]
}
"#,
    );
    let second = resource("a", "two", "aws:kms", "");
    dir.write("second.seal.hcl", &second);
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0);
    dir.write(
        "main.seal.hcl",
        r#"
module "crew" {
  count   = 1
  source  = "./modules/team"
  name    = "team"
  buckets = ["one"]
}
moved {
  from = module.team
  to   = module.crew[0]
}
moved {
  from = aws_s3_bucket_server_side_encryption_configuration.a
  to   = aws_s3_bucket_server_side_encryption_configuration.b
}
"#,
    );
    dir.write("second.seal.hcl", second.replace("\"a\"", "\"b\""));
    dir.run(&["plan", "-sandbox", "-detailed-exitcode"])
        .status(2)
        .says(&format!("# has moved from {TYPE}.a"))
        .says(&format!("# has moved from module.team.{TYPE}.this[\"one\"]"))
        .says("Plan: 2 to move.");
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0);
    dir.run(&["plan", "-sandbox", "-detailed-exitcode"]).status(0);
    dir.run(&["state", "list"])
        .status(0)
        .says(&format!("{TYPE}.b\nmodule.crew[0].{TYPE}.this[\"one\"]\n"));
    // What is said to have moved away must not be there.
    dir.write("third.seal.hcl", resource("a", "three", "AES256", ""));
    dir.run(&["plan", "-sandbox"]).status(1).complains("Moved object still exists");
}

#[test]
fn what_has_moved_away_must_not_be_there_before_anything_is_recorded() {
    let moved = format!("moved {{\n  from = {TYPE}.a\n  to   = {TYPE}.b\n}}\n");
    let dir = Dir::with(&(moved + &resource("a", "logs", "aws:kms", "")));
    dir.run(&["plan", "-sandbox"]).status(1).complains("Moved object still exists");
}

#[test]
fn an_import_may_be_repeated_for_the_elements_of_a_list() {
    let block = resource("a", "logs", "aws:kms", "").replacen(
        "  bucket = \"logs\"",
        "  count = 2\n  bucket = \"logs-${count.index}\"",
        1,
    );
    let import = format!(
        "import {{\n  for_each = [\"logs-0\", \"logs-1\"]\n  to = {TYPE}.a[each.key]\n  id = \
         each.value\n}}\n"
    );
    let dir = Dir::with(&(block.clone() + &import));
    dir.run(&["plan", "-sandbox"]).status(0);
    dir.write("main.seal.hcl", block + &import.replace("\"logs-1\"", "\"logs-2\""));
    dir.run(&["plan", "-sandbox"]).status(1).complains("Import of another bucket");
}

#[test]
fn a_count_that_comes_or_goes_moves_the_first_instance() {
    let block = resource("a", "logs", "aws:kms", "");
    let dir = Dir::with(&block);
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0);
    dir.write("main.seal.hcl", block.replacen("  bucket = ", "  count = 1\n  bucket = ", 1));
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0).says("Plan: 1 to move.");
    dir.run(&["state", "list"]).status(0).says(&format!("{TYPE}.a[0]\n"));
    dir.write("main.seal.hcl", &block);
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0).says("Plan: 1 to move.");
    dir.run(&["state", "list"]).status(0).says(&format!("{TYPE}.a\n"));
}

#[test]
fn what_is_removed_without_destruction_stays_as_it_is() {
    let dir = Dir::with(&resource("a", "logs", "aws:kms", ""));
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0);
    let removed =
        format!("removed {{\n  from = {TYPE}.a\n  lifecycle {{\n    destroy = false\n  }}\n}}\n");
    dir.write("removed.seal.hcl", &removed);
    dir.run(&["plan", "-sandbox"]).status(1).complains("Removed object still exists");
    dir.write("main.seal.hcl", "");
    dir.run(&["apply", "-sandbox", "-auto-approve"])
        .status(0)
        .says("# removed by a block `removed`: only the record is dropped")
        .says("1 forgotten");
    dir.write("main.seal.hcl", resource("a", "logs", "aws:kms", ""));
    dir.write("removed.seal.hcl", "");
    dir.run(&["plan", "-sandbox"]).status(0).says("already live as declared");
}

#[test]
fn an_import_says_which_bucket_an_address_takes() {
    let import = |id: &str| {
        format!(
            "import {{\n  for_each = {{ a = \"{id}\" }}\n  to = {TYPE}.x[each.key]\n  id = \
             each.value\n}}\n"
        )
    };
    let block = resource("x", "logs", "AES256", "").replacen(
        "  bucket = ",
        "  for_each = { a = 1 }\n  bucket = ",
        1,
    );
    let dir = Dir::with(&block);
    dir.write("import.seal.hcl", import("other"));
    dir.run(&["plan", "-sandbox"]).status(1).complains("the `import` names \"other\"");
    dir.write("import.seal.hcl", import("logs"));
    let plan = dir.run(&["plan", "-sandbox", "-json"]).status(0).json();
    assert_eq!(plan["resources"][0]["imported"], "logs");
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0).says("# imported");
    // Once it is recorded, the block says nothing more.
    dir.run(&["plan", "-sandbox", "-detailed-exitcode"]).status(0);
    dir.write("main.seal.hcl", "");
    dir.run(&["plan", "-sandbox"]).status(1).complains("does not declare");
}

#[test]
fn what_is_sensitive_is_in_no_message() {
    let secret = "variable \"k\" {\n  sensitive = true\n  default   = \"SEKRET!\"\n}\n";
    for (attribute, told) in [
        ("sse_algorithm = var.k", "(sensitive) is no encryption algorithm"),
        ("sse_algorithm = \"x${var.k}\"", "(sensitive) is no encryption algorithm"),
        ("sse_algorithm = \"aws:kms\"\n      kms_master_key_id = var.k", "(sensitive)"),
    ] {
        let block =
            resource("x", "logs", "AES256", "").replace("sse_algorithm = \"AES256\"", attribute);
        let dir = Dir::with(&(secret.to_owned() + &block));
        let ran = dir.run(&["validate"]).status(1).complains(told);
        assert!(!ran.stderr.contains("SEKRET"), "{}", ran.stderr);
        dir.run(&["validate", "-json"]).status(1).never_says("SEKRET");
    }
    let name = secret.to_owned() + &resource("x", "acme-${lower(var.k)}", "AES256", "");
    Dir::with(&name).run(&["plan", "-sandbox"]).status(1).complains("Sensitive bucket name");
    // Neither is the source of its value shown.
    let number = "variable \"n\" {\n  sensitive = true\n  type      = number\n}\n";
    let dir = Dir::with(number);
    dir.write("sealform.sealvars.hcl", "n = \"SEKRET\"\n");
    let ran = dir.run(&["plan", "-sandbox"]).status(1).complains("does not conform to its type");
    assert!(!ran.stderr.contains("SEKRET"), "{}", ran.stderr);
    // Nor are its keys.
    let map = "variable \"m\" {\n  sensitive = true\n  type      = map(number)\n}\n";
    let ran = Dir::with(map).run(&["plan", "-sandbox", "-var", "m={\"SEKRET\"=\"x\"}"]).status(1);
    assert!(!ran.complains("a number is required").stderr.contains("SEKRET"));
}

#[test]
fn moves_that_lead_nowhere_are_told() {
    for (moves, told) in [
        (vec![("t.a", "t.a")], "is said to move to itself"),
        (vec![("t.a", "t.b"), ("t.a", "t.c")], "is said to move to t.b and to t.c"),
        (vec![("t.a", "t.b"), ("t.b", "t.a")], "back to it"),
    ] {
        let blocks: Vec<String> = moves
            .iter()
            .map(|(from, to)| format!("moved {{\n  from = {from}\n  to   = {to}\n}}\n"))
            .collect();
        Dir::with(&blocks.concat()).run(&["validate"]).status(1).complains(told);
    }
}

#[test]
fn a_provider_with_an_alias_is_handed_on_under_any_name() {
    let dir = Dir::with(
        r#"
provider "aws" {
  alias  = "us"
  region = "us-east-1"
}
module "m" {
  source    = "./m"
  providers = { aws.other = aws.us }
}
"#,
    );
    let block =
        resource("x", "logs", "AES256", "").replace("  bucket", "  provider = aws.other\n  bucket");
    dir.write("m/main.seal.hcl", block);
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0);
}

#[test]
fn repetitions_within_repetitions_are_bounded() {
    let nested = "locals {\n  r = range(1000)\n  x = [for a in local.r : [for b in local.r : [for c in local.r : 1]]]\n}\n";
    Dir::with(nested).run(&["validate"]).status(1).complains("Too many repetitions");
    let dir = teams(
        "module \"m\" {\n  count  = 1000000\n  source = \"./modules/team\"\n  name   = \"x\"\n}\n",
    );
    dir.run(&["validate"]).status(1).complains("more than 100000 instances of modules");
}

#[test]
fn who_forgets_the_key_of_an_instance_is_told_how_to_write_it() {
    let block = resource("x", "logs", "AES256", "")
        .replace("  bucket =", "  for_each = { a = 1 }\n  bucket =");
    Dir::with(&(block + &format!("output \"b\" {{\n  value = {TYPE}.x.bucket\n}}\n")))
        .run(&["validate"])
        .status(1)
        .complains("There is no attribute \"bucket\".")
        .complains(&format!("write `{TYPE}.x[\"key\"].bucket` for one of its instances"));
}
