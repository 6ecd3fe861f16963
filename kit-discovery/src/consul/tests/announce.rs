use std::sync::Mutex;

use kit_core::Health;
use kit_core::health::{Limits, Probe};
use serde_json::json;

use super::*;
use crate::registration::{Registration, Standing};

const ID: &str = "strings-10.0.0.1:80";

fn registrar(double: &Double, announcement: Announcement) -> ConsulRegistrar {
    consul(double).registrar(SERVICE, announcement).unwrap()
}

fn ttl(seconds: u32) -> Announcement {
    Announcement { check: Check::Ttl(seconds * SECOND), ..Announcement::default() }
}

async fn registered(registrar: &ConsulRegistrar) -> Registration {
    timeout(10 * SECOND, registrar.register(Instance::new("10.0.0.1:80"))).await.unwrap().unwrap()
}

async fn standing(registration: &Registration, mut is: impl FnMut(&Standing) -> bool) {
    let mut standing = registration.watch();
    timeout(60 * SECOND, standing.wait_for(|standing| is(standing))).await.expect("in time").unwrap();
}

fn times(wanted: u64) -> impl FnMut(&Standing) -> bool {
    move |standing| matches!(standing, Standing::Registered { times } if *times == wanted)
}

#[tokio::test(start_paused = true)]
async fn an_instance_is_told_whole_and_read_back_the_same() {
    let double = Double::new();
    let mut instance = Instance::new("[2001:db8::1]:80");
    instance.id = "strings/1".into();
    (instance.priority, instance.weight, instance.zone) = (2, 5, Some("b".into()));
    instance.tags = vec!["blue".into()];
    instance.metadata = [("version".into(), "2".into())].into();
    let registration = registrar(&double, ttl(15)).register(instance.clone()).await.unwrap();
    assert_eq!(
        double.services()["strings/1"],
        json!({
            "ID": "strings/1", "Name": "strings", "Address": "2001:db8::1", "Port": 80, "Tags": ["blue"],
            "Meta": { "version": "2", "zone": "b", "priority": "2" }, "Weights": { "Passing": 5, "Warning": 1 },
            "Check": { "CheckID": "service:strings/1", "Name": "strings says how it is", "TTL": "15000ms",
                "Status": "passing", "DeregisterCriticalServiceAfter": "600000ms" },
        })
    );
    let state = follow(&double, Query::default()).ready().await.unwrap();
    let seen = &state.instances().unwrap()[0];
    instance.id = "n1/strings/1".into();
    assert_eq!(**seen, instance);
    registration.withdraw().await.unwrap();
    assert!(double.services().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_weight_is_what_consul_takes_and_a_name_is_the_service_and_the_address() {
    for (given, told) in [(0, 1), (1, 1), (65_535, 65_535), (u32::MAX, 65_535)] {
        let double = Double::new();
        let mut instance = Instance::new("10.0.0.1:80");
        instance.weight = given;
        let _registration = registrar(&double, ttl(15)).register(instance).await.unwrap();
        assert_eq!(double.services()[ID]["Weights"]["Passing"], told);
    }
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_comes_each_quarter_of_the_ttl_and_without_it_the_check_runs_out() {
    let double = Double::new();
    let registrar = registrar(&double, ttl(8));
    let registration = registered(&registrar).await;
    double.requests();
    let start = Instant::now();
    sleep(Duration::from_millis(10_100)).await;
    let beats: Vec<_> = double.requests().iter().map(|beat| (beat.at - start).as_secs()).collect();
    assert_eq!(beats, [2, 4, 6, 8, 10]);
    assert_eq!(double.status(ID), Some(("passing".into(), "announced".into())));
    // What cannot be heard cannot be kept.
    double.fault(Some(Play::Refuse));
    sleep(10 * SECOND).await;
    assert_eq!(double.status(ID).unwrap().0, "critical");
    assert!(matches!(registration.standing(), Standing::Lost { .. }));
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_forgot_is_told_again_within_half_of_the_ttl() {
    for seconds in [4, 15, 60] {
        let double = Double::new();
        let registration = registered(&registrar(&double, ttl(seconds))).await;
        sleep(7 * SECOND).await;
        double.forget();
        let forgot = Instant::now();
        standing(&registration, times(2)).await;
        assert!(forgot.elapsed() <= seconds * SECOND / 2, "{:?}", forgot.elapsed());
        assert_eq!(double.status(ID).unwrap().0, "passing");
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_returns_is_told_again_within_half_of_the_ttl_however_long_it_was_away() {
    for seconds in [1, 4, 15] {
        let double = Double::new();
        let registration = registered(&registrar(&double, ttl(seconds))).await;
        double.fault(Some(Play::Refuse));
        sleep(100 * SECOND).await;
        double.forget();
        double.fault(None);
        let back = Instant::now();
        standing(&registration, Standing::is_registered).await;
        assert!(back.elapsed() <= seconds * SECOND / 2, "{:?}", back.elapsed());
        assert_eq!(double.status(ID).unwrap().0, "passing");
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_closes_after_each_answer_has_lost_nothing() {
    let double = Double::new();
    let registration = registered(&registrar(&double, ttl(8))).await;
    let Play::Bytes(answer) = Play::answer("200 OK", "", "") else { unreachable!("it is bytes") };
    double.fault(Some(Play::Cut(answer)));
    sleep(60 * SECOND).await;
    assert!(matches!(registration.standing(), Standing::Registered { times: 1 }));
    // The first heartbeat had the old connection.
    let beats = double.requests().len() - 1;
    assert_eq!((beats, double.connections()), (29, (29, 0)));
    registration.withdraw().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_hangs_is_a_loss_within_half_of_the_ttl() {
    let double = Double::new();
    let registration = registered(&registrar(&double, ttl(16))).await;
    double.fault(Some(Play::Hang));
    let hung = Instant::now();
    standing(&registration, |standing| matches!(standing, Standing::Lost { .. })).await;
    assert!(hung.elapsed() <= 8 * SECOND, "{:?}", hung.elapsed());
    double.fault(None);
    standing(&registration, Standing::is_registered).await;
    assert_eq!(double.status(ID).unwrap().0, "passing");
}

#[tokio::test(start_paused = true)]
async fn consul_is_told_what_the_health_registry_says() {
    for unready in [Grade::Critical, Grade::Warning] {
        let double = Double::new();
        let health = Health::new();
        let [dead, down] = [(); 2].map(|()| Arc::new(Mutex::new(false)));
        for (probe, name, failing) in [(Probe::Liveness, "worker", &dead), (Probe::Readiness, "database", &down)] {
            let check = kit_core::health::check_with(Arc::clone(failing), async |failing: &Arc<Mutex<bool>>| {
                if *failing.lock().unwrap() {
                    Err(kit_core::Error::unavailable("10.0.0.7 refused the password"))
                } else {
                    Ok(())
                }
            });
            health.add_within(probe, name, Limits { cache: Duration::ZERO, ..Limits::default() }, check).unwrap();
        }
        let announcement = Announcement { unready, ..ttl(8) };
        let registrar = registrar(&double, announcement).health(health.clone());
        let _registration = registered(&registrar).await;
        let mut told = Vec::new();
        let steps: [&dyn Fn(); 6] = [
            &|| {},
            &|| health.set_started(),
            &|| *down.lock().unwrap() = true,
            &|| health.set_ready(false),
            &|| {
                health.set_ready(true);
                *down.lock().unwrap() = false;
                *dead.lock().unwrap() = true;
            },
            &|| *dead.lock().unwrap() = false,
        ];
        for step in steps {
            step();
            sleep(Duration::from_millis(2_100)).await;
            told.push(double.status(ID).unwrap());
        }
        let told: Vec<_> = told.iter().map(|(status, output)| (&**status, &**output)).collect();
        assert_eq!(
            told,
            [
                ("critical", "failing: started"),
                ("passing", "ready"),
                (unready.as_str(), "failing: database"),
                ("critical", "failing: ready, database"),
                ("critical", "failing: worker"),
                ("passing", "ready"),
            ]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_not_ready_is_announced_as_that_and_one_whose_checks_hang_too() {
    let double = Double::new();
    let health = Health::new();
    let registration = registered(&registrar(&double, ttl(8)).health(health.clone())).await;
    assert_eq!(double.status(ID).unwrap().0, "critical");
    health.set_started();
    let limits = Limits { deadline: 60 * SECOND, ..Limits::default() };
    health.add_within(Probe::Readiness, "database", limits, async || std::future::pending().await).unwrap();
    sleep(5 * SECOND).await;
    assert_eq!(double.status(ID), Some(("critical".into(), "the health checks did not answer in time".into())));
    assert!(matches!(registration.standing(), Standing::Registered { times: 1 }));
}

#[tokio::test(start_paused = true)]
async fn an_http_check_is_the_agents_and_only_whether_it_knows_the_instance_is_asked() {
    let double = Double::new();
    let http = HttpCheck { path: "/live?deep=1".into(), port: Some(81), ..HttpCheck::default() };
    let announcement = Announcement { check: Check::Http(http), deregister_after: None, ..Announcement::default() };
    let registrar = registrar(&double, announcement);
    let registration = registrar.register(Instance::new("[::1]:80")).await.unwrap();
    let id = "strings-[::1]:80";
    assert_eq!(
        double.services()[id]["Check"],
        json!({ "CheckID": "service:strings-[::1]:80", "Name": "strings is asked how it is", "Status": "passing",
            "HTTP": "http://[::1]:81/live?deep=1", "Interval": "5000ms", "Timeout": "2000ms" })
    );
    double.requests();
    sleep(11 * SECOND).await;
    let asked: Vec<_> = double.requests().into_iter().map(|request| (request.method, request.target)).collect();
    assert_eq!(asked, vec![("GET".to_owned(), "/v1/agent/service/strings-%5B%3A%3A1%5D%3A80".to_owned()); 2]);
    double.forget();
    standing(&registration, times(2)).await;
    assert!(double.services().contains_key(id));
}

#[tokio::test(start_paused = true)]
async fn maintenance_outlasts_a_loss_and_ends_with_the_registration() {
    let double = Double::new();
    let registrar = registrar(&double, ttl(8));
    let registration = registered(&registrar).await;
    let instance = Instance::new("10.0.0.1:80");
    registrar.enter_maintenance(&instance, "a new disk & more").await.unwrap();
    assert_eq!(double.in_maintenance(ID).as_deref(), Some("a new disk & more"));
    double.requests();
    double.forget();
    standing(&registration, times(2)).await;
    assert_eq!(double.in_maintenance(ID).as_deref(), Some("a new disk & more"));
    // Between the two requests of that nobody is sent to it either.
    let announced = double.requests().into_iter().find(|request| request.target.ends_with("/register")).unwrap();
    assert_eq!(announced.body["Check"]["Status"], "critical");
    sleep(3 * SECOND).await;
    assert_eq!(double.status(ID).unwrap().0, "passing");
    assert!(follow(&double, Query::default()).ready().await.unwrap().instances().unwrap().is_empty());
    // Another reason that cannot be told changes nothing.
    double.fault(Some(Play::Refuse));
    registrar.enter_maintenance(&instance, "another").await.unwrap_err();
    double.fault(None);
    double.forget();
    standing(&registration, |standing| matches!(standing, Standing::Registered { times } if *times >= 3)).await;
    assert_eq!(double.in_maintenance(ID).as_deref(), Some("a new disk & more"));
    sleep(3 * SECOND).await;
    registrar.leave_maintenance(&instance).await.unwrap();
    assert_eq!(double.in_maintenance(ID), None);
    assert_eq!(follow(&double, Query::default()).ready().await.unwrap().instances().unwrap().len(), 1);
    registrar.enter_maintenance(&instance, "again").await.unwrap();
    registration.withdraw().await.unwrap();
    let _registration = registered(&registrar).await;
    assert_eq!((double.in_maintenance(ID), double.status(ID).unwrap().0.as_str()), (None, "passing"));
    let unknown = registrar.enter_maintenance(&Instance::new("10.0.0.9:80"), "who").await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    let empty = registrar.enter_maintenance(&instance, "").await.unwrap_err();
    assert!(empty.message().starts_with("reason is empty"), "{empty}");
}

#[tokio::test(start_paused = true)]
async fn withdrawing_is_tried_twice_and_bounded() {
    let double = Double::new();
    let registrar = registrar(&double, ttl(15));
    for (fault, code) in [
        (Play::Hang, Code::DeadlineExceeded),
        (Play::DialHangs, Code::DeadlineExceeded),
        (Play::Refuse, Code::Unavailable),
        (Play::answer("403 Forbidden", "", "Permission denied"), Code::PermissionDenied),
    ] {
        let registration = registered(&registrar).await;
        double.fault(Some(fault));
        let began = Instant::now();
        let error = registration.withdraw().await.unwrap_err();
        assert_eq!(error.code(), code);
        assert!(began.elapsed() <= 5 * SECOND, "{:?}", began.elapsed());
        double.fault(None);
    }
    // One that comes back in between.
    let registration = registered(&registrar).await;
    double.fault(Some(Play::Refuse));
    let back = double.clone();
    tokio::spawn(async move {
        sleep(Duration::from_millis(50)).await;
        back.fault(None);
    });
    timeout(10 * SECOND, registration.withdraw()).await.unwrap().unwrap();
    // One that the agent has never heard of is withdrawn as well, whatever it says.
    let registration = registered(&registrar).await;
    double.fault(Some(Play::answer("404 Not Found", "", "Unknown service ID")));
    registration.withdraw().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn dropping_the_guard_withdraws_and_leaves_no_connection() {
    let double = Double::new();
    let registrar = registrar(&double, ttl(15));
    let registration = registered(&registrar).await;
    sleep(20 * SECOND).await;
    assert_eq!(double.connections(), (1, 1));
    drop(registration);
    sleep(SECOND / 10).await;
    assert!(double.services().is_empty());
    assert_eq!(double.connections().1, 0);
}

#[tokio::test(start_paused = true)]
async fn what_consul_refuses_is_an_error_with_its_words() {
    let double = Double::new();
    double.fault(Some(Play::answer("400 Bad Request", "", "Invalid Service Meta: too many")));
    let error = registrar(&double, ttl(15)).register(Instance::new("10.0.0.1:80")).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::InvalidArgument, "consul answered 400"));
    assert!(error.fields().any(|field| field == ("said", "\"Invalid Service Meta: too many\"")));
}

#[tokio::test]
async fn a_bad_setting_or_address_is_refused_before_anybody_is_asked() {
    let double = Double::new();
    let consul = consul(&double);
    let refused = |announcement| consul.registrar(SERVICE, announcement).unwrap_err().message().to_owned();
    let http = |change: fn(&mut HttpCheck)| {
        let mut http = HttpCheck::default();
        change(&mut http);
        Announcement { check: Check::Http(http), ..Announcement::default() }
    };
    assert_eq!(refused(ttl(0)), "check.ttl is 0s, it must be within [1s, 1day]");
    assert_eq!(
        refused(Announcement { deregister_after: Some(59 * SECOND), ..Announcement::default() }),
        "deregister_after is 59s, it must be within [1m, 30days]"
    );
    let unready = Announcement { unready: Grade::Passing, ..Announcement::default() };
    assert_eq!(refused(unready), "unready is passing, it must be warning or critical");
    let path = "check.http.path must begin with a slash and hold no space";
    assert_eq!(refused(http(|http| http.path = "readyz".into())), path);
    assert_eq!(refused(http(|http| http.path = "/a b".into())), path);
    assert_eq!(refused(http(|http| http.port = Some(0))), "check.http.port is 0");
    assert!(refused(http(|http| http.interval = SECOND / 2)).starts_with("check.http.interval is 500ms"));
    assert!(consul.registrar("", ttl(15)).is_err());
    let registrar = consul.registrar(SERVICE, ttl(15)).unwrap();
    for (address, reason) in [
        ("nowhere", "no port in \"nowhere\""),
        ("0.0.0.0:80", "nobody can call \"0.0.0.0:80\""),
        ("[::]:80", "nobody can call \"[::]:80\""),
    ] {
        let error = registrar.register(Instance::new(address)).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::InvalidArgument, reason));
    }
    assert_eq!(double.connections().0, 0);
}
