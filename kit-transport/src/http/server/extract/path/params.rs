use std::fmt;

/// What a route's parameters are in one path, as it was sent: the router leaves it in the request's extensions where a route
/// has parameters. [`Path`](super::Path) reads it.
///
/// Two allocations, however many there are.
#[derive(Clone, Default)]
pub struct PathParams {
    /// Names and values, one after the other.
    text: String,
    /// Where each name and its value end.
    ends: Vec<(usize, usize)>,
}

impl PathParams {
    /// These names and values, the values as they stand in the path, percent escapes and all.
    pub fn new<'n, 'v>(params: impl IntoIterator<Item = (&'n str, &'v str)>) -> Self {
        let params = params.into_iter();
        // Room for what most paths have; one parameter at least, or nobody would ask.
        let mut this = Self { text: String::with_capacity(64), ends: Vec::with_capacity(params.size_hint().0.max(1)) };
        for (name, value) in params {
            this.text.push_str(name);
            let name = this.text.len();
            this.text.push_str(value);
            this.ends.push((name, this.text.len()));
        }
        this
    }

    /// The value of this name, as it stands in the path.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// Every name and value, in the order of the path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = 0;
        self.ends.iter().map(move |&(name, value)| {
            let pair = (&self.text[start..name], &self.text[name..value]);
            start = value;
            pair
        })
    }
}

impl fmt::Debug for PathParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
