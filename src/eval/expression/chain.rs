//! Long rows of operators, which are walked from left to right instead of down a tree.

use super::{Fault, Scope};
use crate::config::{BinaryOp, Expr, ExprKind};
use crate::value::Value;

impl Scope<'_> {
    pub(super) fn chain(&self, first: &Expr, rest: &[(BinaryOp, Expr)]) -> Result<Value, Fault> {
        let mut left = self.eval(first)?;
        let mut span = first.span;
        for (operator, right) in rest {
            let both = [Expr { kind: ExprKind::Literal(left), span }, right.clone()];
            span = span.to(right.span);
            left = self.binary(*operator, &both, span)?;
        }
        Ok(left)
    }
}
