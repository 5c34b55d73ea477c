//! A request that writes, as it goes onto the wire.
//!
//! Between the last look at the fence and the first byte that is sent lie the pool of connections and
//! the scheduler. A process that is paused there for longer than its lease, and wakes, would still
//! write. So it is the body that looks once more: a connection asks it as it takes the request up,
//! before anything is sent. One with something in it is refused when that is asked for. One that is
//! empty, as of a reset, says then that there is more to come, and refuses that. Either way the request
//! ends before it is whole, and no service acts on that.

use crate::provider::{Fence, Fenced};
use aws_smithy_types::body::SdkBody;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Has a body be there only while the fence holds.
pub(super) fn keep_within(fence: Fence, body: &mut SdkBody) {
    let whole = std::mem::replace(body, SdkBody::taken());
    *body = SdkBody::from_body_1_x(FencedBody { body: whole, fence, begun: false });
}

struct FencedBody {
    body: SdkBody,
    fence: Fence,
    /// Something of it was handed over.
    begun: bool,
}

impl FencedBody {
    /// Whether there is nothing in it to refuse, and it is to be refused.
    fn is_withheld(&self) -> bool {
        !self.begun && self.body.is_end_stream() && !self.fence.holds()
    }
}

impl Body for FencedBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if !self.fence.holds() {
            return Poll::Ready(Some(Err(Fenced.into())));
        }
        self.begun = true;
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream() && !self.is_withheld()
    }

    fn size_hint(&self) -> SizeHint {
        // Of nothing, no more would be asked.
        if self.is_withheld() { SizeHint::default() } else { Body::size_hint(&self.body) }
    }
}
