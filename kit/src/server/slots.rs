use kit_circuit::timeout::DeadlineLayer;
use kit_core::Layer;
use kit_core::recover::RecoverLayer;
use kit_core::request_id::RequestIdLayer;
use kit_log::request::RequestLogLayer;
use kit_metrics::red::RedLayer;

/// A slot that holds no layer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Empty;

impl<E> Layer<E> for Empty {
    type Service = E;

    fn layer(&self, inner: E) -> E {
        inner
    }
}

/// The layers of a [`Stack`](super::Stack), outermost first. Nobody names its parameters: `replace` and `remove` change them.
#[derive(Clone, Debug)]
pub struct Slots<Net, RequestId, Trace, Metrics, Log, Deadline, Classify, Shed, Limit, Auth, Cache, Recover> {
    pub(super) net: Net,
    pub(super) request_id: RequestId,
    pub(super) trace: Trace,
    pub(super) metrics: Metrics,
    pub(super) log: Log,
    pub(super) deadline: Deadline,
    pub(super) classify: Classify,
    pub(super) shed: Shed,
    pub(super) limit: Limit,
    pub(super) auth: Auth,
    pub(super) cache: Cache,
    pub(super) recover: Recover,
}

/// What [`Stack::new`](super::Stack::new) fills in.
pub type DefaultSlots = Slots<
    RecoverLayer,
    RequestIdLayer,
    Empty,
    RedLayer,
    RequestLogLayer,
    DeadlineLayer,
    Empty,
    Empty,
    Empty,
    Empty,
    Empty,
    RecoverLayer,
>;

/// From the inside out: each layer takes what the one before it made.
impl<E, Ne, Ri, Tr, Me, Lo, De, Cl, Sh, Li, Au, Ca, Re> Layer<E>
    for Slots<Ne, Ri, Tr, Me, Lo, De, Cl, Sh, Li, Au, Ca, Re>
where
    Re: Layer<E>,
    Ca: Layer<Re::Service>,
    Au: Layer<Ca::Service>,
    Li: Layer<Au::Service>,
    Sh: Layer<Li::Service>,
    Cl: Layer<Sh::Service>,
    De: Layer<Cl::Service>,
    Lo: Layer<De::Service>,
    Me: Layer<Lo::Service>,
    Tr: Layer<Me::Service>,
    Ri: Layer<Tr::Service>,
    Ne: Layer<Ri::Service>,
{
    type Service = Ne::Service;

    fn layer(&self, inner: E) -> Ne::Service {
        let inner = self.recover.layer(inner);
        let inner = self.cache.layer(inner);
        let inner = self.auth.layer(inner);
        let inner = self.limit.layer(inner);
        let inner = self.shed.layer(inner);
        let inner = self.classify.layer(inner);
        let inner = self.deadline.layer(inner);
        let inner = self.log.layer(inner);
        let inner = self.metrics.layer(inner);
        let inner = self.trace.layer(inner);
        let inner = self.request_id.layer(inner);
        self.net.layer(inner)
    }
}
