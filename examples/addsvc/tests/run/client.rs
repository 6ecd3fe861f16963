use std::time::Duration;

use addsvc::client::{Client, Transport};
use addsvc::error::AddError;
use addsvc::service::{AddService as _, SERVICE, Series};
use futures_util::StreamExt as _;
use kit::discovery::Fixed;
use kit::log::Logger;
use kit::metrics::Registry;
use kit::{Code, Context, Error};
use program::PATIENCE;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

use crate::support::start;

const ALL: [Transport; 3] = [Transport::Http, Transport::Jsonrpc, Transport::Grpc];
const STREAMING: [Transport; 2] = [Transport::Http, Transport::Grpc];

/// A client of those at `addresses`. However busy the machine of the tests is, a call is to have its time.
async fn client(transport: Transport, addresses: &[&str]) -> Client {
    let config = kit::client::Config { attempt_timeout: Duration::from_secs(5), ..Default::default() };
    let source = Fixed::parse(SERVICE, &addresses.join(",")).expect("addresses");
    let client = Client::new(transport, source, config, &Logger::discard(), &Registry::new()).expect("a client");
    timeout(PATIENCE, client.instances().ready()).await.expect("in time").expect("somebody");
    client
}

fn all(count: u32, pause: Duration) -> Series {
    Series { a: 1, b: 1, count, pause }
}

#[tokio::test]
async fn it_is_the_service_over_every_transport() {
    let service = start(&[]).await;
    for transport in ALL {
        let client = client(transport, &[&service.addr]).await;
        let mut cx = Context::new();
        assert_eq!(client.sum(&mut cx, 1, -3).await.unwrap(), -2, "{transport:?}");
        let largest = i64::from(i32::MAX);
        assert_eq!(client.sum(&mut cx, largest, 0).await.unwrap(), largest, "{transport:?}");
        let both = client.concat(&mut cx, "grö\"".into(), "ße".into()).await.unwrap();
        assert_eq!(both, "grö\"ße", "{transport:?}");
    }
}

#[tokio::test]
async fn what_the_service_refuses_comes_back_as_its_own_variant_over_every_transport() {
    let service = start(&[]).await;
    let cause = |error: Error| (error.code(), error.message().to_owned(), error.cause::<AddError>().cloned());
    for transport in ALL {
        let client = client(transport, &[&service.addr]).await;
        let mut cx = Context::new();
        let zeroes = client.sum(&mut cx, 0, 0).await.map_err(cause).unwrap_err();
        let expected = (Code::InvalidArgument, "can't sum two zeroes".into(), Some(AddError::TwoZeroes));
        assert_eq!(zeroes, expected, "{transport:?}");
        let overflow = client.sum(&mut cx, i64::MAX, 1).await.map_err(cause).unwrap_err();
        let expected = (Code::OutOfRange, "integer overflow".into(), Some(AddError::IntOverflow));
        assert_eq!(overflow, expected, "{transport:?}");
        let long = client.concat(&mut cx, "123456".into(), "78901".into()).await.map_err(cause).unwrap_err();
        let variant = AddError::MaxSizeExceeded { length: 11 };
        let expected = (Code::InvalidArgument, "result exceeds maximum size".into(), Some(variant));
        assert_eq!(long, expected, "{transport:?}");
    }
    for transport in STREAMING {
        let client = client(transport, &[&service.addr]).await;
        let zeroes = Series { a: 0, b: 0, ..all(0, Duration::ZERO) };
        let refused = client.series(&mut Context::new(), zeroes).await.map_err(cause).err().expect("refused");
        assert_eq!(refused.2, Some(AddError::TwoZeroes), "{transport:?}");
    }
}

#[tokio::test]
async fn a_series_comes_as_it_is_made_and_is_stopped_by_whoever_leaves() {
    let service = start(&[]).await;
    for transport in STREAMING {
        let client = client(transport, &[&service.addr]).await;
        let sums = client.series(&mut Context::new(), all(5, Duration::ZERO)).await.unwrap();
        let sums: Vec<i64> = sums.map(Result::unwrap).collect().await;
        assert_eq!(sums, [2, 3, 5, 8, 13], "{transport:?}");

        let mut endless = client.series(&mut Context::new(), all(0, Duration::from_millis(100))).await.unwrap();
        let begun = Instant::now();
        let first =
            async { (endless.next().await.expect("one").unwrap(), endless.next().await.expect("two").unwrap()) };
        assert_eq!(timeout(PATIENCE, first).await.expect("in time"), (2, 3), "{transport:?}");
        assert!(begun.elapsed() < Duration::from_secs(3), "all 44 sums take four seconds");
        drop(endless);
        let gone = async {
            let left = r#"kit_server_requests_in_flight{service="pb.Add",method="Series"} 0"#;
            while !service.get("/metrics").await.body.lines().any(|line| line == left) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, gone).await.expect("the service has noticed");
    }
}

#[tokio::test]
async fn a_series_that_overflows_gives_its_sums_and_then_the_error() {
    let service = start(&[]).await;
    for transport in STREAMING {
        let client = client(transport, &[&service.addr]).await;
        let from = Series { a: (1 << 30) - 1, ..all(0, Duration::ZERO) };
        let sums: Vec<_> = client.series(&mut Context::new(), from).await.unwrap().collect().await;
        let (last, sums) = sums.split_last().expect("items");
        let sums: Vec<i64> = sums.iter().map(|sum| *sum.as_ref().unwrap()).collect();
        assert_eq!(sums, [1 << 30, (1 << 30) + 1], "{transport:?}");
        let error = last.as_ref().unwrap_err();
        match transport {
            Transport::Grpc => assert_eq!(error.cause(), Some(&AddError::IntOverflow)),
            // A line of NDJSON cannot say what the rest failed with.
            _ => assert_eq!(error.code(), Code::Unavailable),
        }
    }
}

#[tokio::test]
async fn jsonrpc_has_no_series_and_says_so_without_a_call() {
    let client = client(Transport::Jsonrpc, &["127.0.0.1:1"]).await;
    let none = client.series(&mut Context::new(), all(1, Duration::ZERO)).await.err().expect("refused");
    assert_eq!((none.code(), none.reason()), (Code::Unimplemented, Some("no_streams")));
}

#[tokio::test]
async fn calls_are_spread_over_all_instances_and_the_end_of_one_costs_none() {
    for transport in ALL {
        let (first, second) = (start(&[]).await, start(&[]).await);
        let client = client(transport, &[&first.addr, &second.addr]).await;
        let call = async || client.sum(&mut Context::new(), 1, 2).await;
        for _ in 0..30 {
            assert_eq!(call().await.unwrap(), 3, "{transport:?}");
        }
        let logged = |ended: String| ended.lines().filter(|line| line.contains("method=pb.Add.Sum")).count();
        let before = logged(first.stop().await.stderr);
        for _ in 0..30 {
            assert_eq!(call().await.unwrap(), 3, "{transport:?}");
        }
        let after = logged(second.stop().await.stderr);
        assert!(before > 0 && after > 30 && before + after == 60, "{transport:?}: {before} and {after}");
        // Nobody is there any more.
        let gone = call().await.unwrap_err();
        assert_eq!(gone.code(), Code::Unavailable, "{transport:?}");
    }
}

#[tokio::test]
async fn a_deadline_ends_a_series_where_it_is() {
    let service = start(&[]).await;
    for transport in STREAMING {
        let client = client(transport, &[&service.addr]).await;
        let mut cx = Context::new().with_deadline(Some(Instant::now() + Duration::from_secs(1)));
        let sums = client.series(&mut cx, all(0, Duration::from_millis(300))).await.unwrap();
        let sums: Vec<_> = timeout(PATIENCE, sums.collect()).await.expect("in time");
        let (last, sums) = sums.split_last().expect("items");
        assert!(!sums.is_empty() && sums.len() <= 4 && sums.iter().all(Result::is_ok), "{transport:?}: {sums:?}");
        assert_eq!(last.as_ref().unwrap_err().code(), Code::DeadlineExceeded, "{transport:?}");
    }
}

#[tokio::test]
async fn a_service_that_does_not_answer_costs_the_time_that_its_caller_has_and_no_more() {
    // It takes connections, as a listener does by itself, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = silent.local_addr().expect("bound").to_string();
    for transport in ALL {
        let client = client(transport, &[&addr]).await;
        let begun = Instant::now();
        let mut cx = Context::new().with_deadline(Some(begun + Duration::from_millis(200)));
        let late = timeout(PATIENCE, client.sum(&mut cx, 1, 2)).await.expect("in time").unwrap_err();
        assert_eq!(late.code(), Code::DeadlineExceeded, "{transport:?}");
        assert!(begun.elapsed() >= Duration::from_millis(200));
    }
}
