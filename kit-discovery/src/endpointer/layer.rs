use std::fmt;
use std::sync::Arc;

use kit_core::order::{Placed, place};
use kit_core::{Channel, Layer};

use super::{Balanced, Endpointer};

/// Wraps endpoints in [`Balanced`], all over one [`Endpointer`] and by one balancer. Made by [`Endpointer::layer`].
pub struct BalanceLayer<C, B> {
    endpointer: Endpointer<C>,
    balancer: Arc<B>,
}

impl<C, B> BalanceLayer<C, B> {
    pub(super) fn new(endpointer: Endpointer<C>, balancer: B) -> Self {
        Self { endpointer, balancer: Arc::new(balancer) }
    }
}

impl<E, C: Channel, B> Layer<E> for BalanceLayer<C, B> {
    type Service = Balanced<E, B, C>;

    fn layer(&self, inner: E) -> Self::Service {
        Balanced::new(inner, Arc::clone(&self.balancer), self.endpointer.clone())
    }
}

impl<C, B> Placed for BalanceLayer<C, B> {
    type Place = place::Balance;
}

impl<C, B> Clone for BalanceLayer<C, B> {
    fn clone(&self) -> Self {
        Self { endpointer: self.endpointer.clone(), balancer: Arc::clone(&self.balancer) }
    }
}

impl<C, B> fmt::Debug for BalanceLayer<C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BalanceLayer").field("endpointer", &self.endpointer).finish_non_exhaustive()
    }
}
