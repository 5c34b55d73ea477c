//! The same suite against emulators that we did not write. Their URLs come in the environment;
//! without them the tests fail, so that they are never skipped unseen.

use crate::lifecycle::{Endpoint, suite};

pub(crate) fn url(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} must hold the emulator's URL"))
}

/// Answers as S3 does today.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs ministack running at SEALFORM_TEST_MINISTACK; .ci/run starts it"]
async fn on_ministack() {
    let url = url("SEALFORM_TEST_MINISTACK");
    suite(&Endpoint { url, has_default: true, keeps_blocked: true }).await;
}

/// Answers as an old S3-compatible store: no default, and no blocked types.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto running at SEALFORM_TEST_MOTO; .ci/run starts it"]
async fn on_moto() {
    let url = url("SEALFORM_TEST_MOTO");
    suite(&Endpoint { url, has_default: false, keeps_blocked: false }).await;
}
