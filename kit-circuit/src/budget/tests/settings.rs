//! Names, settings, and what changes while it runs.

use super::*;

#[test]
fn whoever_asks_for_a_name_shares_it() {
    let (budgets, now) = (Budgets::default(), Instant::now());
    let [one, same, other] = ["orders", "orders", "stock"].map(|name| budgets.named(name));
    assert_eq!((one.name(), other.name()), ("orders", "stock"));
    assert_eq!(spend_all(&one, now), 100);
    assert!(!same.spend(now, 1));
    assert!(other.spend(now, 1));
    assert_eq!(budgets.clone().all().len(), 2);
}

#[test]
fn past_the_limit_of_names_the_rest_share_one() {
    let budgets = Budgets::default();
    for n in 0..Budgets::LIMIT + 5 {
        budgets.named(&format!("service {n}"));
    }
    assert_eq!(budgets.all().len(), Budgets::LIMIT);
    assert_eq!(budgets.named("one more").name(), Budgets::OTHER);
    assert_eq!(budgets.named("service 7").name(), "service 7");
}

#[test]
fn settings_change_while_it_runs_and_what_was_counted_stays() {
    let (budget, now) = (budget(0.1, 0, 10), Instant::now());
    for _ in 0..100 {
        budget.call(now);
    }
    assert_eq!(spend_all(&budget, now), 10);
    budget.set(Config { ratio: 0.5, ..budget.config() }).unwrap();
    assert_eq!(spend_all(&budget, now), 40);
    // A longer window sees what it did not see before.
    budget.set(Config { window: 30 * SECOND, ..budget.config() }).unwrap();
    let stats = budget.stats(now + 20 * SECOND);
    assert_eq!((stats.calls, stats.spent), (100, 50));
    let error = budget.set(Config { ratio: f64::NAN, ..budget.config() }).unwrap_err();
    assert_eq!(error.to_string(), "ratio is NaN, it must be within 0.0 to 100.0");
    assert_eq!(budget.config().ratio, 0.5);
}

#[test]
fn a_setting_out_of_its_range_is_refused_by_name() {
    let message = |config: Config| Budget::new(config).unwrap_err().to_string();
    let config = Config::default();
    assert_eq!(message(Config { ratio: -0.1, ..config }), "ratio is -0.1, it must be within 0.0 to 100.0");
    assert_eq!(message(Config { per_second: 10_001, ..config }), "per_second is 10001, it must be within 0 to 10000");
    for window in [Duration::ZERO, SECOND / 2, 61 * SECOND] {
        assert!(message(Config { window, ..config }).ends_with("it must be whole seconds from 1s to 60s"));
    }
    assert_eq!(Budgets::new(Config { ratio: 101.0, ..config }).unwrap_err().field(), "ratio");
    Budget::new(Config { ratio: 0.0, per_second: 0, window: SECOND }).unwrap();
    Budget::new(Config { ratio: 100.0, per_second: 10_000, window: 60 * SECOND }).unwrap();
}

#[test]
fn what_a_file_leaves_out_is_the_default_and_what_it_gets_wrong_is_refused() {
    assert_eq!(toml::from_str::<Config>("").unwrap(), Config::default());
    assert_eq!(toml::from_str::<Config>("ratio = 0.1").unwrap(), Config { ratio: 0.1, ..Config::default() });
    let error = toml::from_str::<Config>("percent = 20").unwrap_err();
    assert!(error.message().contains("unknown field `percent`"));
    let text = toml::to_string(&Config::default()).unwrap();
    assert_eq!(text, "ratio = 0.2\nper_second = 10\nwindow = \"10s\"\n");
    assert_eq!(toml::from_str::<Config>(&text).unwrap(), Config::default());
}
