use etcd_client::PermissionType;
use kit_core::Code;

use super::*;

/// Turns authentication on; `strings` may read and write below the prefix, `writer` write alone.
async fn locked(member: &Member) {
    let mut admin = member.admin().await;
    let done = async {
        for (role, kind) in [("strings", PermissionType::Readwrite), ("writer", PermissionType::Write)] {
            admin.user_add(role, "guess", None).await.unwrap();
            admin.role_add(role).await.unwrap();
            let below = match kind {
                PermissionType::Write => etcd_client::Permission::write("/services/strings/"),
                _ => etcd_client::Permission::read_write("/services/strings/"),
            };
            admin.role_grant_permission(role, below.with_range_end("/services/strings0")).await.unwrap();
            admin.user_grant_role(role, role).await.unwrap();
        }
        admin.user_add("root", "root", None).await.unwrap();
        admin.user_grant_role("root", "root").await.unwrap();
        admin.auth_enable().await.unwrap();
    };
    timeout(PATIENCE, done).await.expect("answers");
}

fn user(endpoint: &str, user: &str, password: &str) -> Etcd {
    let config = Config { user: Some(user.into()), password: Some(password.into()), ..config(&[endpoint]) };
    Etcd::with(config).unwrap()
}

#[tokio::test]
#[ignore = "wants an etcd: tests/real/etcd"]
async fn a_user_outlives_its_token() {
    let member = Member::with(&["--auth-token-ttl", "2"]).await;
    let proxy = Proxy::to(member.address()).await;
    locked(&member).await;
    let etcd = user(proxy.address(), "strings", "guess");
    let discovery = etcd.instancer(SERVICE).unwrap().start().unwrap();
    let mut subscription = discovery.subscribe();
    let registration =
        timeout(PATIENCE, registrar(&etcd).register(Instance::new("10.0.0.1:1"))).await.unwrap().unwrap();
    until_set(&mut subscription, &["10.0.0.1:1"]).await;
    sleep(5 * SECOND).await;
    // Both are asked for again with tokens that ran out long ago.
    proxy.cut(true);
    until_failing(&mut subscription).await;
    proxy.cut(false);
    until_set(&mut subscription, &["10.0.0.1:1"]).await;
    let writer = registrar(&user(&member.address(), "writer", "guess"));
    let writer = timeout(PATIENCE, writer.register(Instance::new("10.0.0.1:2"))).await.unwrap().unwrap();
    sleep(2 * TTL).await;
    until_set(&mut subscription, &["10.0.0.1:1", "10.0.0.1:2"]).await;
    assert!(matches!(writer.standing(), Standing::Registered { times: 1, .. }), "{writer:?}");
    for registration in [writer, registration] {
        timeout(PATIENCE, registration.withdraw()).await.expect("an end").unwrap();
    }
    until_set(&mut subscription, &[]).await;
}

#[tokio::test]
#[ignore = "wants an etcd: tests/real/etcd"]
async fn a_wrong_password_and_a_foreign_prefix_are_failures_with_their_reason() {
    let member = Member::start().await;
    locked(&member).await;
    for (etcd, prefix, reason) in [
        (user(&member.address(), "strings", "wrong"), SERVICE, "authentication failed"),
        (user(&member.address(), "strings", "guess"), "/services/other", "permission denied"),
        (Etcd::with(config(&[&member.address()])).unwrap(), SERVICE, "user name is empty"),
    ] {
        let discovery = etcd.instancer(prefix).unwrap().start().unwrap();
        let mut subscription = discovery.subscribe();
        until_failing(&mut subscription).await;
        let error = subscription.state().error().unwrap().clone();
        assert!(error.message().contains(reason), "{error:?}");
        assert_ne!(error.code(), Code::Internal);
        let registrar = etcd.registrar(prefix).unwrap();
        let error =
            timeout(PATIENCE, registrar.register(Instance::new("10.0.0.1:1"))).await.expect("an answer").unwrap_err();
        assert!(error.message().contains(reason), "{error:?}");
    }
}

/// A certificate for 127.0.0.1 and its key, in PEM files.
#[cfg(feature = "etcd-tls")]
fn certificate(folder: &std::path::Path, name: &str) -> (String, String) {
    let file = |kind: &str| folder.join(format!("{name}.{kind}")).to_str().unwrap().to_owned();
    let (cert, key, settings) = (file("cert.pem"), file("key.pem"), file("conf"));
    let text = "[req]\ndistinguished_name = name\nx509_extensions = more\n[name]\n[more]\n\
                subjectAltName = IP:127.0.0.1\nbasicConstraints = critical, CA:FALSE\n";
    std::fs::write(&settings, text).unwrap();
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", &format!("/CN={name}"), "-config", &settings, "-keyout", &key, "-out", &cert])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (cert, key)
}

#[cfg(feature = "etcd-tls")]
#[tokio::test]
#[ignore = "wants an etcd: tests/real/etcd"]
async fn a_certificate_counts_if_it_is_trusted() {
    use kit_discovery::etcd::Tls;

    let folder = std::env::temp_dir().join(format!("kit-etcd-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let ((cert, key), stranger) = (certificate(&folder, "kit"), certificate(&folder, "stranger"));
    // One certificate for both sides, which both trust.
    let flags = ["--cert-file", &*cert, "--key-file", &key, "--trusted-ca-file", &cert, "--client-cert-auth"];
    let member = Member::with(&flags).await;
    let https = format!("https://{}", member.address());
    let with = |ca: &str, own: (&str, &str)| {
        let tls = Tls { ca: Some(ca.into()), cert: Some(own.0.into()), key: Some(own.1.into()), ..Tls::default() };
        Etcd::with(Config { tls: Some(tls), ..config(&[&https]) }).unwrap()
    };
    let etcd = with(&cert, (&cert, &key));
    let registered = registrar(&etcd);
    let registered = timeout(PATIENCE, registered.register(Instance::new("10.0.0.1:1"))).await.unwrap().unwrap();
    let discovery = etcd.instancer(SERVICE).unwrap().start().unwrap();
    until_set(&mut discovery.subscribe(), &["10.0.0.1:1"]).await;
    timeout(PATIENCE, registered.withdraw()).await.expect("an end").unwrap();
    // A server that is not trusted, and a client that is not.
    for etcd in [with(&stranger.0, (&cert, &key)), with(&cert, (&stranger.0, &stranger.1))] {
        let discovery = etcd.instancer(SERVICE).unwrap().start().unwrap();
        let mut subscription = discovery.subscribe();
        until_failing(&mut subscription).await;
        assert!(subscription.state().instances().is_none());
    }
    let _ = std::fs::remove_dir_all(&folder);
}
