use std::fmt::Write as _;

/// A path with its query, each part encoded: whatever a name holds, it stays one segment or one value.
pub(super) struct Target(String);

impl Target {
    /// A path that is written here.
    pub(super) fn new(path: &'static str) -> Self {
        Self(path.to_owned())
    }

    /// One more segment.
    pub(super) fn segment(mut self, text: &str) -> Self {
        self.0.push('/');
        self.encoded(text);
        self
    }

    /// One more parameter; none without a value.
    pub(super) fn with(mut self, name: &'static str, value: Option<&str>) -> Self {
        let Some(value) = value else { return self };
        self.0.push(if self.0.contains('?') { '&' } else { '?' });
        self.0.push_str(name);
        if !value.is_empty() {
            self.0.push('=');
            self.encoded(value);
        }
        self
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }

    /// All but RFC 3986's unreserved characters is escaped.
    fn encoded(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => self.0.push(char::from(byte)),
                _ => write!(self.0, "%{byte:02X}").expect("a string takes everything"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_segment_and_a_value_one_value() {
        let target = Target::new("/v1/health/service").segment("a/b?c#é").with("passing", Some("")).with("tag", None);
        let target = target.with("filter", Some("Service.Meta.v == \"1&2\""));
        assert_eq!(
            target.into_string(),
            "/v1/health/service/a%2Fb%3Fc%23%C3%A9?passing&filter=Service.Meta.v%20%3D%3D%20%221%262%22"
        );
    }
}
