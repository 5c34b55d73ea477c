//! What is known of S3 and KMS, fact by fact, and which tests show that Sealform heeds it.
//!
//! A fact without a test is a wish: each row names the tests, as `file#name`, and the test of this
//! file demands that they are there. Where S3's documentation leaves something open, the row says
//! so, and its tests show that either answer is borne.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test reads the source, tells how many facts there are, and fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::Path;

/// A fact, and the tests that show it.
type Fact = (&'static str, &'static [&'static str]);

const CALLS: &[Fact] = &[
    (
        "PUT, GET and DELETE of /{bucket}?encryption",
        &["src/sandbox/tests/encryption.rs#the_sdk_puts_gets_and_deletes"],
    ),
    (
        "the permissions are s3:Put… and s3:GetEncryptionConfiguration; a reset needs that of Put",
        &["src/provider/aws/tests/calls.rs#a_refusal_names_the_permission"],
    ),
    (
        "those of a directory bucket begin with s3express:",
        &[
            "src/provider/aws/tests/calls.rs#a_refusal_names_the_permission",
            "src/provider/aws/error.rs#texts_read_well",
        ],
    ),
    (
        "x-amz-expected-bucket-owner goes along",
        &[
            "src/provider/aws/tests/calls.rs#what_goes_over_the_wire",
            "src/provider/aws/tests/calls.rs#a_wrong_owner_is_told",
        ],
    ),
    (
        "the algorithm of the checksum goes along",
        &[
            "src/provider/aws/tests/calls.rs#what_goes_over_the_wire",
            "src/provider/aws/tests/calls.rs#every_checksum_is_accepted",
        ],
    ),
    (
        "Put replaces the whole configuration",
        &[
            "src/plan/tests/terms.rs#what_this_version_does_not_know_is_not_dropped_unless_allowed",
            "src/apply/tests/mod.rs#what_the_plan_did_not_see_is_not_dropped",
        ],
    ),
    (
        "Delete resets to SSE-S3; a bucket is never without a default",
        &["src/provider/aws/tests/calls.rs#reset_goes_back_to_sse_s3"],
    ),
    (
        "there is exactly one rule",
        &[
            "src/sandbox/tests/encryption.rs#what_s3_refuses_is_refused_and_changes_nothing",
            "tests/cli/safety.rs#a_rule_needs_its_default",
        ],
    ),
    (
        "AES256, aws:kms and aws:kms:dsse are a bucket's default",
        &["src/resource/encryption/tests.rs#what_s3_takes_and_refuses_for_each_kind_of_bucket"],
    ),
    (
        "aws:fsx and aws:backup are not, for a reason",
        &["src/resource/encryption/tests.rs#every_message_says_why"],
    ),
    (
        "an unknown algorithm survives being read, and is shown",
        &[
            "src/provider/aws/tests/faults.rs#an_unknown_algorithm_survives",
            "src/resource/encryption/tests.rs#an_algorithm_of_tomorrow_differs_from_todays",
        ],
    ),
    (
        "a key is named by its id, its ARN, an alias or the ARN of one",
        &[
            "src/resource/kms_key.rs#what_names_no_key_is_refused_and_why",
            "src/resource/kms_key.rs#the_parts_of_an_arn_are_told_apart",
        ],
    ),
    (
        "a key only with aws:kms and aws:kms:dsse, on a directory bucket with aws:kms only",
        &[
            "src/resource/encryption/tests.rs#what_s3_takes_and_refuses_for_each_kind_of_bucket",
            "src/plan/tests/terms.rs#what_is_ignored_never_makes_a_rule_that_s3_refuses",
        ],
    ),
    (
        "no key under aws:kms is alias/aws/s3",
        &["src/resource/key_names.rs#an_alias_is_the_key_that_it_points_to_now"],
    ),
    (
        "BucketKeyEnabled: absent is false, and always true on a directory bucket",
        &[
            "src/resource/encryption/tests.rs#what_is_not_declared_stays_or_is_as_s3_sets_it",
            "src/resource/encryption/tests.rs#a_directory_bucket_keeps_its_bucket_key_when_it_is_reset",
        ],
    ),
    (
        "blocked are SSE-C or NONE, which unblocks; general purpose buckets only",
        &[
            "src/resource/encryption/tests.rs#none_and_nothing_unblock",
            "src/resource/encryption/tests.rs#what_is_blocked_contradicts_nothing",
            "src/resource/encryption/tests.rs#what_else_directory_buckets_refuse",
        ],
    ),
    (
        "the checksums are CRC32, CRC32C, SHA1, SHA256, CRC64NVME",
        &[
            "src/provider/aws/tests/calls.rs#every_checksum_is_accepted",
            "src/resource/encryption/tests.rs#each_wrong_value_is_found_at_its_attribute",
        ],
    ),
    (
        "what is blocked is no longer so: new objects are protected less",
        &["src/resource/encryption/tests.rs#none_and_nothing_unblock"],
    ),
    (
        "a directory bucket takes no Content-MD5, and CRC32 is the default",
        &[
            "src/provider/aws/tests/calls.rs#what_goes_over_the_wire",
            "src/resource/encryption/tests.rs#what_else_directory_buckets_refuse",
            "src/provider/aws/tests/calls.rs#directory_buckets_take_a_key_and_no_owner",
        ],
    ),
    (
        "an expected owner has 12 digits; another one is 403 AccessDenied",
        &[
            "src/resource/encryption/tests.rs#each_wrong_value_is_found_at_its_attribute",
            "src/sandbox/tests/encryption.rs#the_expected_owner_is_held_to",
        ],
    ),
    (
        "on a directory bucket an expected owner is 501 NotImplemented",
        &[
            "src/resource/encryption/tests.rs#what_else_directory_buckets_refuse",
            "src/provider/aws/tests/calls.rs#directory_buckets_take_a_key_and_no_owner",
        ],
    ),
    (
        "requests are signed with version 4",
        &[
            "src/provider/aws/tests/calls.rs#what_goes_over_the_wire",
            "src/sandbox/tests/behaviour.rs#refusals_come_in_the_order_of_s3",
        ],
    ),
    (
        "objects that are there are not changed, so that they still need their key",
        &[
            "src/resource/encryption/tests.rs#the_key_that_is_left_behind_is_named_and_what_a_reset_leaves_is_told",
        ],
    ),
    (
        "Put does not look at the key of a general purpose bucket: the plan does",
        &[
            "src/plan/tests/terms.rs#a_key_that_is_broken_is_one_error_and_its_buckets_are_left_out",
            "src/plan/tests/terms.rs#the_keys_of_a_saved_plan_are_looked_at_once_more",
        ],
    ),
    (
        "Put looks at the key of a directory bucket",
        &["src/sandbox/tests/encryption.rs#a_directory_bucket_looks_at_its_key"],
    ),
    (
        "an alias is looked up in the account of whoever asks",
        &[
            "src/resource/encryption/tests.rs#every_message_says_why",
            "src/resource/encryption/tests.rs#a_key_that_no_upload_could_use_is_an_error_and_says_why",
        ],
    ),
    (
        "across accounts a key is named by its own ARN",
        &[
            "src/resource/encryption/tests.rs#a_key_of_another_account_is_doubted_and_that_of_aws_is_refused",
            "src/resource/encryption/tests.rs#a_slip_in_a_region_or_an_account_is_told_with_what_may_be_meant",
        ],
    ),
    (
        "a bare key id makes the delivery of flow logs fail",
        &["src/resource/encryption/tests.rs#every_message_says_why"],
    ),
    (
        "S3 takes symmetric keys for encryption, enabled, in the bucket's Region",
        &[
            "src/resource/encryption/tests.rs#a_key_that_no_upload_could_use_is_an_error_and_says_why",
            "src/resource/encryption/tests.rs#a_key_is_in_the_region_that_is_declared_or_that_the_zone_tells",
        ],
    ),
];

const DIRECTORY: &[Fact] = &[
    (
        "the name is base--zone--x-s3, and its end alone tells the kind",
        &["src/resource/encryption/name.rs#names_of_directory_buckets"],
    ),
    (
        "the zone in the name tells the Region",
        &[
            "src/resource/encryption/name.rs#a_zone_tells_its_region",
            "src/resource/encryption/tests.rs#a_key_is_in_the_region_that_is_declared_or_that_the_zone_tells",
        ],
    ),
    (
        "what ends with --xa-s3 is an access point of one, and no bucket",
        &["src/resource/encryption/name.rs#names_of_directory_buckets"],
    ),
    (
        "the control endpoint, path style",
        &["src/provider/aws/endpoint.rs#a_directory_bucket_is_in_the_path_of_the_control_endpoint"],
    ),
    (
        "AES256 and aws:kms only; nothing blocked",
        &["src/resource/encryption/tests.rs#what_s3_takes_and_refuses_for_each_kind_of_bucket"],
    ),
    (
        "a key of one's own, by id or ARN; neither alias nor aws/s3",
        &["src/resource/encryption/tests.rs#what_s3_takes_and_refuses_for_each_kind_of_bucket"],
    ),
    (
        "one customer managed key for its lifetime",
        &["src/resource/encryption/tests.rs#a_directory_bucket_has_one_key_for_its_lifetime"],
    ),
    (
        "Bucket Keys cannot be turned off",
        &["src/resource/encryption/tests.rs#what_else_directory_buckets_refuse"],
    ),
    (
        "no other account reaches one, and no owner is sent",
        &["src/provider/aws/tests/guard.rs#a_directory_bucket_is_never_told_of_an_owner"],
    ),
    (
        "Put with KMS needs kms:GenerateDataKey and kms:Decrypt",
        &["src/provider/aws/error.rs#texts_read_well"],
    ),
    (
        "open: whether Get is supported; where it is not, nothing is written blindly",
        &["src/provider/aws/tests/faults.rs#a_store_without_the_operation_is_told"],
    ),
    (
        "ListBuckets does not list them",
        &["src/sandbox/tests/behaviour.rs#listing_pages_and_filters"],
    ),
    (
        "ListDirectoryBuckets would: their names tell where they are, so that nobody is asked",
        &["src/provider/aws/tests/locating.rs#a_directory_bucket_is_where_its_name_says"],
    ),
];

const LIVE: &[Fact] = &[
    (
        "a bucket that nobody configured reads AES256 without a Bucket Key",
        &["src/provider/aws/tests/calls.rs#a_fresh_bucket_reads_as_s3_makes_it"],
    ),
    (
        "it reads SSE-C as blocked without anybody asking; what is not declared stays",
        &[
            "src/sandbox/tests/encryption.rs#a_bucket_nobody_configured_reads_sse_s3_with_sse_c_blocked",
            "src/resource/encryption/tests.rs#what_is_not_declared_stays_or_is_as_s3_sets_it",
        ],
    ),
    (
        "open: whether Put without the element keeps the block; it is always sent",
        &[
            "src/provider/aws/tests/calls.rs#what_goes_over_the_wire",
            "src/provider/aws/tests/calls.rs#every_configuration_survives_write_and_read",
        ],
    ),
    (
        "open: whether Delete clears the block",
        &["src/apply/tests/mod.rs#a_reset_may_or_may_not_keep_what_is_blocked"],
    ),
    (
        "stores answer 404 ServerSideEncryptionConfigurationNotFoundError",
        &["src/provider/aws/tests/faults.rs#no_configuration_reads_as_no_default"],
    ),
    (
        "stores answer 405 or 501",
        &["src/provider/aws/tests/faults.rs#a_store_without_the_operation_is_told"],
    ),
    (
        "open: whether an alias comes back as it was given; keys are compared by meaning",
        &[
            "src/resource/key_names.rs#an_alias_is_the_key_that_it_points_to_now",
            "src/plan/tests/terms.rs#an_alias_is_compared_as_the_key_that_it_points_to",
            "src/apply/tests/mod.rs#a_key_by_another_name_is_the_one_that_was_written",
        ],
    ),
    (
        "alias/x is its ARN of the same account and Region; an id is its ARN",
        &["src/resource/kms_key.rs#names_of_one_key_are_equal_by_meaning"],
    ),
    (
        "aws:kms without a key is alias/aws/s3, whatever else that is called",
        &["src/resource/encryption/tests.rs#a_key_that_aws_manages_is_one_whatever_it_is_called"],
    ),
    (
        "without kms:DescribeKey spelling counts, which is said once",
        &["src/plan/tests/terms.rs#where_kms_tells_nothing_spelling_counts_and_it_is_said_once"],
    ),
];

const ERRORS: &[Fact] = &[
    (
        "NoSuchBucket: its name is told; only a bucket that S3 has just told of is waited for",
        &[
            "src/provider/aws/tests/calls.rs#a_missing_bucket_is_named",
            "src/provider/aws/tests/locating.rs#a_bucket_that_was_just_told_of_is_waited_for",
        ],
    ),
    (
        "AccessDenied: the permission and the owner are named",
        &[
            "src/provider/aws/tests/calls.rs#a_refusal_names_the_permission",
            "src/provider/aws/tests/calls.rs#a_wrong_owner_is_told",
        ],
    ),
    ("OperationAborted", &["src/provider/aws/tests/faults.rs#a_conflict_is_repeated"]),
    (
        "SlowDown: fewer at once",
        &[
            "src/provider/aws/tests/faults.rs#a_throttled_fleet_is_read_to_the_end",
            "src/provider/aws/tests/faults.rs#throttling_without_end_is_told",
        ],
    ),
    (
        "InternalError, resets, timeouts",
        &[
            "src/provider/aws/tests/faults.rs#cut_connections_and_failures_are_repeated",
            "src/provider/aws/tests/faults.rs#silence_ends",
        ],
    ),
    (
        "PermanentRedirect",
        &["src/provider/aws/tests/calls.rs#a_bucket_elsewhere_is_followed_once_and_remembered"],
    ),
    (
        "AuthorizationHeaderMalformed carries the right Region",
        &["src/provider/aws/tests/faults.rs#the_right_region_may_stand_in_the_message"],
    ),
    (
        "MalformedXML and InvalidArgument are told in S3's words",
        &["src/provider/aws/tests/calls.rs#what_s3_refuses_is_told_in_its_words"],
    ),
    (
        "the SDK has no variants for them: each code has its kind",
        &["src/provider/aws/error.rs#every_code_has_its_kind"],
    ),
];

const TRAIL: &[Fact] = &[
    (
        "the events are PutBucketEncryption, GetBucketEncryption and DeleteBucketEncryption",
        &[
            "src/provider/aws/trail/event.rs#an_event_tells_who_when_and_from_where",
            "src/provider/aws/trail/event.rs#what_changed_nothing_is_passed_over",
            "src/sandbox/tests/trail.rs#each_change_leaves_an_event",
        ],
    ),
    (
        "those of a directory bucket have a source and a type of their own",
        &[
            "src/provider/aws/trail/event.rs#what_changed_nothing_is_passed_over",
            "src/provider/aws/tests/trail.rs#a_directory_bucket_is_blamed_too",
        ],
    ),
    (
        "a call that was refused leaves an event with an errorCode",
        &[
            "src/sandbox/tests/trail.rs#a_refused_change_leaves_an_event_that_says_so",
            "src/provider/aws/tests/trail.rs#a_call_that_was_refused_changed_nothing",
        ],
    ),
    (
        "LookupEvents filters by one attribute, newest first, fifty a page, ninety days",
        &[
            "src/sandbox/tests/trail.rs#a_lookup_pages_and_filters",
            "src/provider/aws/trail/search.rs#what_is_found_is_the_last_change_however_it_is_looked_up",
        ],
    ),
    (
        "LookupEvents bears two requests a second for an account in a Region",
        &[
            "src/sandbox/trail.rs#the_third_lookup_within_a_second_is_too_many",
            "src/provider/aws/tests/trail.rs#a_fleet_is_blamed_at_the_pace_that_the_service_bears",
        ],
    ),
    (
        "an event is delivered some minutes after the call",
        &[
            "src/provider/aws/trail/event.rs#a_call_that_left_other_settings_is_not_the_last_one",
            "tests/cli/blame.rs#what_is_not_told_yet_is_a_note",
        ],
    ),
];

const REST: &[Fact] = &[
    (
        "configuration is eventually consistent: Get is polled, on update as on create",
        &[
            "src/apply/tests/mod.rs#a_step_is_done_when_the_service_shows_it",
            "src/apply/tests/mod.rs#a_service_that_never_shows_it_is_told_and_not_recorded",
            "src/apply/tests/mod.rs#a_resource_says_how_long_the_service_may_take",
        ],
    ),
    (
        "no quota is published: start moderate, grow, halve",
        &[
            "src/provider/pace.rs#it_grows_to_the_cap_while_answers_are_clean",
            "src/provider/pace.rs#one_burst_of_throttling_halves_it_once",
            "src/refresh/mod.rs#a_service_that_asks_to_slow_down_gets_fewer_at_once",
        ],
    ),
    (
        "ListBuckets pages, filters, and tells Regions",
        &[
            "src/provider/aws/tests/locating.rs#regions_are_learnt_in_bulk_and_once",
            "src/provider/aws/data/tests.rs#buckets_are_listed_to_the_last_page",
            "src/sandbox/tests/behaviour.rs#listing_pages_and_filters",
        ],
    ),
    (
        "PutObject creates only if absent, or replaces only the version that was read; DeleteObject too",
        &[
            "src/state/s3/tests/mod.rs#without_a_lock_the_version_keeps_two_from_overwriting_each_other",
            "src/state/s3/tests/lock.rs#a_service_that_ignores_conditions_is_refused",
        ],
    ),
    (
        "HeadBucket tells the Region even where it refuses",
        &[
            "src/provider/aws/tests/locating.rs#a_redirect_without_a_region_is_asked_about",
            "src/sandbox/tests/behaviour.rs#a_head_is_answered_without_a_body_but_with_the_region",
        ],
    ),
    (
        "DescribeKey takes id, ARN and alias, and tells state, deletion, use, kind, manager, account",
        &[
            "src/provider/aws/data/tests.rs#a_key_is_told_by_each_of_its_names",
            "src/resource/encryption/tests.rs#a_key_that_no_upload_could_use_is_an_error_and_says_why",
            "src/resource/encryption/tests.rs#a_key_that_aws_manages_is_one_whatever_it_is_called",
        ],
    ),
];

#[test]
fn every_fact_is_shown_by_tests_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    let mut facts = 0;
    let mut missing = Vec::new();
    for (fact, tests) in [CALLS, DIRECTORY, LIVE, ERRORS, TRAIL, REST].into_iter().flatten() {
        facts += 1;
        assert!(!tests.is_empty(), "nothing shows: {fact}");
        for test in *tests {
            let (file, name) = test.split_once('#').unwrap();
            let source = files.entry(file).or_insert_with(|| {
                std::fs::read_to_string(root.join(file))
                    .unwrap_or_else(|error| panic!("{file}: {error}"))
            });
            if !is_test(source, name) {
                missing.push(format!("{fact}: {test}"));
            }
        }
    }
    println!("{facts} facts");
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Whether the source has a test of this name: an attribute that makes it one stands before it.
fn is_test(source: &str, name: &str) -> bool {
    let Some(at) = source.find(&format!("fn {name}(")) else { return false };
    let before: Vec<&str> = source[..at].lines().rev().take(4).collect();
    before.iter().any(|line| line.contains("#[test]") || line.contains("#[tokio::test"))
}

#[test]
fn a_test_is_told_from_any_other_function() {
    let source = "#[test]\nfn one() {}\n\n\n\n\n\nfn two() {}\n";
    assert!(is_test(source, "one"));
    assert!(!is_test(source, "two") && !is_test(source, "three"));
}
