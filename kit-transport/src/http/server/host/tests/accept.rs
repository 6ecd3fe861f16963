//! Accepting, with a listener that the test plays.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::sync::{mpsc, oneshot};

use super::super::accept::{Accept, Door};
use super::super::{Drained, prepared, serve};
use super::*;

/// Hands out what it is told to, and waits when it is told nothing.
struct Listener(mpsc::Receiver<io::Result<DuplexStream>>);

impl Accept for Listener {
    type Io = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        let io = match self.0.recv().await {
            Some(told) => told?,
            None => std::future::pending().await,
        };
        Ok((io, (Ipv4Addr::LOCALHOST, 1).into()))
    }
}

struct Hosting {
    tell: mpsc::Sender<io::Result<DuplexStream>>,
    stats: Stats,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Drained>,
}

fn host(config: Config) -> Hosting {
    let (tell, told) = mpsc::channel(64);
    let (stop, stopped) = oneshot::channel::<()>();
    let host = Arc::new(Host::new(config));
    let stats = host.stats.clone();
    let door = Door::new(Listener(told), Arc::clone(&host));
    let serving = serve(door, |io| io, None, service(), host, async { drop(stopped.await) });
    Hosting { tell, stats, stop, serving: tokio::spawn(serving) }
}

impl Hosting {
    async fn connect(&self) -> DuplexStream {
        let (ours, theirs) = duplex(64 * 1024);
        self.tell.send(Ok(theirs)).await.unwrap();
        ours
    }

    async fn fail(&self, error: io::Error) {
        self.tell.send(Err(error)).await.unwrap();
    }

    fn count(&self, name: &str) -> u64 {
        let reading = self.stats.pairs().find(|reading| reading.name() == format!("http_server_{name}"));
        reading.expect("a number of this name").value()
    }
}

async fn answered(io: &mut DuplexStream) -> bool {
    io.write_all(GET.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    io.read_exact(&mut start).await.is_ok_and(|_| start == *b"HTTP/1.1 200")
}

/// The system's number for "too many open files": of the process, and of the machine.
const EMFILE: i32 = 24;
const ENFILE: i32 = 23;

#[tokio::test(start_paused = true)]
async fn descriptors_that_run_out_pause_accepting_longer_and_longer_and_never_end_it() {
    let hosting = host(Config::default());
    let (mut open, mut other) = (hosting.connect().await, hosting.connect().await);
    assert!(answered(&mut open).await);
    for error in [EMFILE, ENFILE].repeat(10) {
        hosting.fail(io::Error::from_raw_os_error(error)).await;
    }
    // Who is connected already is served meanwhile.
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(hosting.count("accept_paused"), 1);
    assert!(answered(&mut other).await);
    let mut next = hosting.connect().await;
    let (took, served) = timed(answered(&mut next)).await;
    assert!(served);
    // 5 + 10 + ... + 320 ms, then half a second each.
    assert!((Duration::from_secs(7)..Duration::from_secs(8)).contains(&took), "{took:?}");
    assert_eq!((hosting.count("accept_errors_total"), hosting.count("accept_paused")), (20, 0));
    // The next trouble begins with a short pause again.
    hosting.fail(io::Error::from_raw_os_error(EMFILE)).await;
    let (took, served) = timed(async { answered(&mut hosting.connect().await).await }).await;
    assert!(served && took <= Duration::from_millis(6), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_went_away_before_it_was_accepted_costs_no_pause() {
    let hosting = host(Config::default());
    for kind in [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset].repeat(20) {
        hosting.fail(kind.into()).await;
    }
    let (took, served) = timed(async { answered(&mut hosting.connect().await).await }).await;
    assert!(served);
    assert_eq!((took, hosting.count("accept_pauses_total")), (Duration::ZERO, 0));
}

#[tokio::test(start_paused = true)]
async fn above_the_connection_cap_accepting_pauses_and_goes_on_with_the_next_place() {
    let hosting = host(config(|config| config.max_connections = 2));
    let (mut first, mut second) = (hosting.connect().await, hosting.connect().await);
    assert!(answered(&mut first).await && answered(&mut second).await);
    let mut third = hosting.connect().await;
    third.write_all(GET.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!((hosting.stats.open_connections(), hosting.count("accept_paused")), (2, 1));
    assert_eq!(hosting.stats.accepted(), 2);
    drop(first);
    let mut start = [0; 12];
    third.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
    assert_eq!((hosting.stats.accepted(), hosting.stats.open_connections()), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn listeners_of_one_server_share_its_places() {
    let host = Arc::new(Host::new(config(|config| config.max_connections = 1)));
    let door = |host: &Arc<Host>| {
        let (tell, told) = mpsc::channel(1);
        (tell, Door::new(Listener(told), Arc::clone(host)))
    };
    let ((tell, mut one), (other, mut two)) = (door(&host), door(&host));
    // One that has nobody holds no place.
    assert!(tokio::time::timeout(Duration::from_secs(1), one.next()).await.is_err());
    other.send(Ok(duplex(1).0)).await.unwrap();
    let (_io, _peer, place) = two.next().await;
    tell.send(Ok(duplex(1).0)).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(60), one.next()).await.is_err());
    let paused = host.stats.counts().accept_paused.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(paused, 0, "a dropped wait is over");
    drop(place);
    // Who waited was not lost with the wait.
    let (_io, _peer, _place) = one.next().await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_is_over_when_the_last_connection_is_and_counts_what_it_cut_off() {
    let hosting = host(config(|config| config.drain_timeout = Duration::from_secs(4)));
    let mut idle = hosting.connect().await;
    assert!(answered(&mut idle).await);
    let mut hanging = Vec::new();
    for path in ["/hang", "/stream", "/hang"] {
        let mut io = hosting.connect().await;
        io.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await.unwrap();
        hanging.push(io);
    }
    while hosting.stats.in_flight() < 3 {
        tokio::task::yield_now().await;
    }
    drop(hosting.stop);
    let (took, drained) = timed(hosting.serving).await;
    assert_eq!((took, drained.unwrap().aborted), (Duration::from_secs(4), 3));
    assert_eq!((hosting.stats.aborted(), hosting.stats.open_connections(), hosting.stats.in_flight()), (3, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn who_stands_in_the_queue_when_a_drain_begins_is_still_served() {
    let hosting = host(Config::default());
    let mut open = hosting.connect().await;
    assert!(answered(&mut open).await);
    // Neither task runs in between.
    let (first, theirs) = duplex(1024);
    hosting.tell.try_send(Ok(theirs)).unwrap();
    let (second, theirs) = duplex(1024);
    hosting.tell.try_send(Ok(theirs)).unwrap();
    drop(hosting.stop);
    for mut io in [first, second] {
        assert!(answered(&mut io).await);
    }
    assert_eq!(hosting.serving.await.unwrap().aborted, 0);
}

#[tokio::test(start_paused = true)]
async fn a_drain_without_connections_is_over_at_once_also_while_accepting_pauses() {
    let hosting = host(Config::default());
    hosting.fail(io::Error::from_raw_os_error(EMFILE)).await;
    tokio::task::yield_now().await;
    drop(hosting.stop);
    let (took, drained) = timed(hosting.serving).await;
    assert_eq!((took, drained.unwrap().aborted), (Duration::ZERO, 0));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_dropped_cuts_everything_off() {
    let hosting = host(Config::default());
    let mut io = hosting.connect().await;
    io.write_all(b"GET /hang HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    while hosting.stats.in_flight() == 0 {
        tokio::task::yield_now().await;
    }
    hosting.serving.abort();
    let mut rest = Vec::new();
    io.read_to_end(&mut rest).await.unwrap();
    assert_eq!((rest.len(), hosting.stats.in_flight(), hosting.stats.open_connections()), (0, 0, 0));
}

#[tokio::test]
async fn small_answers_leave_at_once_unless_the_config_says_otherwise() {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    for nodelay in [true, false] {
        let (_theirs, accepted) =
            tokio::join!(tokio::net::TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        assert_eq!(prepared(accepted.unwrap().0, nodelay).nodelay().unwrap(), nodelay);
    }
}
