//! The lines that a StatsD daemon gets.

mod support;

use std::time::Duration;

use kit_metrics::statsd::{DATAGRAM, Observations, Statsd, StatsdError, Tags};
use kit_metrics::{Backend, Bytes, Registry, contract};
use support::daemon::{Daemon, Sent};

type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

#[test]
fn plain_lines_pass_the_contract() {
    contract::suite(|| Sent::new(Tags::Plain));
}

#[test]
fn tagged_lines_pass_the_contract() {
    contract::suite(|| Sent::new(Tags::Datadog));
}

/// The lines of one flush, what the registry counts by itself apart.
fn lines(daemon: &Daemon, statsd: &mut Statsd, registry: &Registry) -> Result<Vec<String>> {
    daemon.look(|state| state.datagrams.clear());
    statsd.export(&registry.snapshot())?;
    Ok(daemon.look(|state| {
        let lines = state.datagrams.iter().flat_map(|datagram| datagram.lines());
        lines.filter(|line| !line.starts_with("kit_metrics_")).map(str::to_owned).collect()
    }))
}

#[test]
fn only_differences_are_sent_and_gauges_every_time() -> Result {
    let (registry, daemon) = (Registry::new(), Daemon::default());
    let mut statsd = daemon.builder().prefix("shop").build(&Registry::new())?;
    let calls = registry.counter("calls_total", "Calls").labels(["method", "status"])?.with(["GET", "200"])?;
    registry.gauge("depth", "Depth").unlabelled()?.set(-2.5);
    calls.add(3);
    let first = lines(&daemon, &mut statsd, &registry)?;
    assert_eq!(first, ["shop.calls_total.GET.200:3|c", "shop.depth:0|g", "shop.depth:-2.5|g"]);
    assert_eq!(lines(&daemon, &mut statsd, &registry)?, ["shop.depth:0|g", "shop.depth:-2.5|g"]);
    calls.inc();
    assert_eq!(lines(&daemon, &mut statsd, &registry)?[0], "shop.calls_total.GET.200:1|c");
    Ok(())
}

#[test]
fn tags_are_written_as_datadog_reads_them() -> Result {
    let (registry, daemon) = (Registry::new(), Daemon::default());
    let mut statsd = daemon.builder().tags(Tags::Datadog).tag("env", "prod").build(&Registry::new())?;
    registry.counter("calls_total", "Calls").labels(["path"])?.with(["/a:b|c@d#e,f\ng"])?.inc();
    registry.gauge("depth", "Depth").unlabelled()?.set(-1.0);
    let sent = lines(&daemon, &mut statsd, &registry)?;
    assert_eq!(sent, ["calls_total:1|c|#env:prod,path:/a_b_c_d_e_f_g", "depth:-1|g|#env:prod"]);
    Ok(())
}

#[test]
fn a_histogram_sends_count_sum_and_quantiles_of_the_interval() -> Result {
    let (registry, daemon) = (Registry::new(), Daemon::default());
    let mut statsd = daemon.builder().build(&Registry::new())?;
    let wait = registry.histogram("wait_seconds", "Waits").buckets(&[1.0, 2.0]).unlabelled()?;
    (0..4).for_each(|_| wait.observe(Duration::from_millis(500)));
    let first = lines(&daemon, &mut statsd, &registry)?;
    assert_eq!(first[..3], ["wait_seconds.count:4|c", "wait_seconds.sum:2|c", "wait_seconds.p50:0.5|g"]);
    assert_eq!(lines(&daemon, &mut statsd, &registry)?, [""; 0]);
    wait.observe(Duration::from_millis(1500));
    let second = lines(&daemon, &mut statsd, &registry)?;
    assert_eq!(second[..3], ["wait_seconds.count:1|c", "wait_seconds.sum:1.5|c", "wait_seconds.p50:1.5|g"]);
    Ok(())
}

#[test]
fn timings_are_a_line_each_in_the_daemons_unit() -> Result {
    let (registry, daemon) = (Registry::new(), Daemon::default());
    let plain = daemon.builder().observations(Observations::Timings);
    let mut statsd = plain.build(&Registry::new())?;
    let wait = registry.histogram("wait_seconds", "Waits").buckets(&[0.1, 0.2]).unlabelled()?;
    wait.observe(Duration::from_millis(50));
    wait.observe(Duration::from_millis(120));
    wait.observe(Duration::from_millis(180));
    let sizes = registry.histogram_of::<Bytes>("body_bytes", "Bodies").buckets(&[100.0]).unlabelled()?;
    sizes.observe(10);
    assert_eq!(
        lines(&daemon, &mut statsd, &registry)?,
        ["body_bytes:50|ms", "wait_seconds:50|ms", "wait_seconds:125|ms", "wait_seconds:175|ms"]
    );
    assert_eq!(lines(&daemon, &mut statsd, &registry)?, [""; 0]);
    Ok(())
}

#[test]
fn a_sampled_counter_sends_its_share_and_the_daemon_knows_the_total() -> Result {
    // Go kit marked its lines with a rate and sent every one, so the daemon counted too much.
    let (registry, daemon) = (Registry::new(), Daemon::default());
    let mut statsd = daemon.builder().sample("calls_total", 0.1).build(&Registry::new())?;
    let calls = registry.counter("calls_total", "Calls").unlabelled()?;
    calls.add(123);
    assert_eq!(lines(&daemon, &mut statsd, &registry)?, ["calls_total:12|c|@0.1"]);
    calls.add(4);
    // 0.3 left over and 0.4 more: nothing is due.
    assert_eq!(lines(&daemon, &mut statsd, &registry)?, [""; 0]);
    calls.add(3);
    assert_eq!(lines(&daemon, &mut statsd, &registry)?, ["calls_total:1|c|@0.1"]);
    for _ in 0..1000 {
        calls.add(7);
        statsd.export(&registry.snapshot())?;
    }
    let told = daemon.counter("calls_total").ok_or("not told")?;
    assert!((told - calls.value()).abs() < 10.0, "{told} for {}", calls.value());
    Ok(())
}

#[test]
fn sampled_timings_stand_for_all_and_never_exceed_a_thousand() -> Result {
    let (registry, daemon) = (Registry::new(), Daemon::default());
    let timings = daemon.builder().observations(Observations::Timings).sample("wait_seconds", 0.25);
    let mut statsd = timings.build(&Registry::new())?;
    let wait = registry.histogram("wait_seconds", "Waits").unlabelled()?;
    (0..100).for_each(|ms| wait.observe(Duration::from_millis(ms)));
    statsd.export(&registry.snapshot())?;
    let sent = |daemon: &Daemon| daemon.look(|state| state.timings["wait_seconds"].clone());
    assert_eq!(sent(&daemon).len(), 25);
    (0..100_000).for_each(|_| wait.observe(Duration::from_millis(3)));
    statsd.export(&registry.snapshot())?;
    let sent = sent(&daemon);
    assert_eq!(sent.len(), 1025);
    let stands_for: f64 = sent.iter().map(|(_, count)| count).sum();
    assert!((stands_for - 100_100.0).abs() <= 100.0, "{stands_for}");
    Ok(())
}

#[test]
fn datagrams_hold_whole_lines_and_stay_within_their_size() -> Result {
    for size in [128, 508, DATAGRAM, 8932] {
        let (registry, daemon) = (Registry::new(), Daemon::default());
        let mut statsd = daemon.builder().datagram(size).build(&Registry::new())?;
        let calls = registry.counter("calls_total", "Calls").labels(["path"])?;
        for n in 0..1000_u64 {
            calls.with([format!("/path/{n}")])?.add(n);
        }
        statsd.export(&registry.snapshot())?;
        daemon.look(|state| {
            assert!(state.datagrams.iter().all(|datagram| datagram.len() <= size && !datagram.ends_with('\n')));
            // Packed, and not a line each.
            assert!(state.datagrams.len() < 999 / (size / 64), "{size}: {}", state.datagrams.len());
            assert_eq!(state.malformed, [""; 0]);
            assert_eq!(state.counters.values().sum::<f64>(), 499_500.0);
        });
    }
    Ok(())
}

#[test]
fn a_datagram_is_filled_to_its_last_byte_and_no_further() -> Result {
    let registry = Registry::new();
    let calls = registry.counter("calls_total", "Calls").labels(["path"])?;
    for n in 0..100_u64 {
        calls.with([n.to_string()])?.add(n * n);
    }
    let mut longest = Vec::new();
    for size in 128..=192 {
        let daemon = Daemon::default();
        daemon.builder().datagram(size).build(&Registry::new())?.export(&registry.snapshot())?;
        let fullest = daemon.look(|state| state.datagrams.iter().map(String::len).max());
        assert!(fullest <= Some(size), "{fullest:?} of {size}");
        longest.push(fullest == Some(size));
    }
    assert!(longest.contains(&true));
    Ok(())
}

#[test]
fn a_negative_zero_is_no_decrement() -> Result {
    let (registry, daemon) = (Registry::new(), Daemon::default());
    let mut statsd = daemon.builder().build(&Registry::new())?;
    let depth = registry.gauge("depth", "Depth").unlabelled()?;
    depth.set(4.0);
    statsd.export(&registry.snapshot())?;
    depth.set(-0.0);
    assert_eq!(lines(&daemon, &mut statsd, &registry)?, ["depth:0|g"]);
    Ok(())
}

#[test]
fn what_fits_no_datagram_is_dropped_and_counted() -> Result {
    let (registry, daemon) = (Registry::new(), Daemon::default());
    let mut statsd = daemon.builder().datagram(128).build(&registry)?;
    registry.counter("calls_total", "Calls").labels(["a"])?.with(["x".repeat(128)])?.inc();
    registry.gauge("depth", "Depth").labels(["of"])?.with(["nothing"])?.set(f64::NAN);
    statsd.export(&registry.snapshot())?;
    statsd.export(&registry.snapshot())?;
    let dropped = |reason| registry.snapshot().value("kit_metrics_statsd_lines_dropped_total", &[("reason", reason)]);
    assert_eq!(dropped("too_long"), Some(2.0));
    assert_eq!(dropped("not_finite"), Some(2.0));
    assert!(daemon.look(|state| state.counters.keys().all(|key| !key.starts_with("calls_total"))));
    Ok(())
}

#[test]
fn two_backends_read_one_handle() -> Result {
    let (registry, plain, tagged) = (Registry::new(), Daemon::default(), Daemon::default());
    let mut first = plain.builder().build(&Registry::new())?;
    let mut second = tagged.builder().tags(Tags::Datadog).build(&Registry::new())?;
    let calls = registry.counter("calls_total", "Calls").labels(["m"])?.with(["a"])?;
    calls.add(2);
    first.export(&registry.snapshot())?;
    calls.add(3);
    second.export(&registry.snapshot())?;
    first.export(&registry.snapshot())?;
    assert_eq!(plain.counter("calls_total.a"), Some(5.0));
    assert_eq!(tagged.counter("calls_total#m:a"), Some(5.0));
    assert!(kit_metrics::prometheus::text(&registry).contains("calls_total{m=\"a\"} 5\n"));
    Ok(())
}

#[test]
fn a_series_that_is_removed_and_made_again_counts_from_its_own_start() -> Result {
    let (registry, daemon) = (Registry::new(), Daemon::default());
    let mut statsd = daemon.builder().build(&Registry::new())?;
    let calls = registry.counter("calls_total", "Calls").labels(["m"])?;
    calls.with(["a"])?.add(10);
    statsd.export(&registry.snapshot())?;
    calls.remove(["a"])?;
    statsd.export(&registry.snapshot())?;
    calls.with(["a"])?.add(4);
    statsd.export(&registry.snapshot())?;
    assert_eq!(daemon.counter("calls_total.a"), Some(14.0));
    Ok(())
}

#[test]
fn settings_that_are_not_usable_are_refused() {
    let build = |change: fn(kit_metrics::statsd::StatsdBuilder) -> kit_metrics::statsd::StatsdBuilder| {
        change(Statsd::udp("127.0.0.1:8125")).build(&Registry::new()).map(drop)
    };
    assert_eq!(build(|b| b.prefix("a:b")), Err(StatsdError::Prefix("a:b".into())));
    assert_eq!(build(|b| b.tag("env", "prod")), Err(StatsdError::Tag("env".into())));
    assert_eq!(build(|b| b.tags(Tags::Datadog).tag("env", "a,b")), Err(StatsdError::Tag("env".into())));
    assert_eq!(build(|b| b.datagram(64)), Err(StatsdError::Datagram(64)));
    assert_eq!(build(|b| b.sample("a_total", 0.0)), Err(StatsdError::Rate { name: "a_total".into(), rate: 0.0 }));
    assert!(build(|b| b.sample("a_total", f64::NAN)).is_err());
    assert_eq!(build(|b| b), Ok(()));
}
