//! What a family's clones share.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use crate::error::LabelError;
use crate::labels::{Hasher, OTHER, clean};
use crate::registry::cell::{Cell, Refusals};
use crate::registry::meta::Meta;
use crate::registry::table::{Series, Source, Table, next_id};
use crate::snapshot::{FamilySnapshot, Kind, SeriesSnapshot, Value};

/// A family's series. Lookups read the table without a lock; additions replace it under one.
pub(crate) struct Core<I> {
    pub(crate) meta: Arc<Meta>,
    hasher: Hasher,
    table: ArcSwap<Table<I>>,
    writer: Mutex<()>,
    refusals: Refusals,
    overflow: AtomicU64,
    replaced: AtomicU64,
    panics: AtomicU64,
}

/// What a family had to do to what it was given, counted since it was registered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mishaps {
    pub(crate) overflow: u64,
    pub(crate) replaced: u64,
    pub(crate) refused: u64,
    pub(crate) panics: u64,
}

impl<I: Cell> Core<I> {
    pub(crate) fn new(meta: Meta) -> Self {
        Self {
            meta: Arc::new(meta),
            hasher: Hasher::random(),
            table: ArcSwap::from_pointee(Table::new()),
            writer: Mutex::new(()),
            refusals: Refusals::default(),
            overflow: AtomicU64::new(0),
            replaced: AtomicU64::new(0),
            panics: AtomicU64::new(0),
        }
    }

    /// Calls `f` with the series of these values, one for each label.
    #[inline]
    pub(crate) fn find<T>(&self, values: &[&[u8]], f: impl FnOnce(&Series<I>) -> T) -> T {
        let hash = self.hash(values);
        if let Some(series) = self.table.load().find(hash, values) {
            return f(series);
        }
        f(&self.find_clean(values))
    }

    /// A label value made safe; counted if that changed it.
    pub(crate) fn clean<'a>(&self, value: &'a [u8]) -> Cow<'a, str> {
        let clean = clean(value);
        if matches!(clean, Cow::Owned(_)) {
            self.replaced.fetch_add(1, Ordering::Relaxed);
        }
        clean
    }

    /// Adds a series that is read from a function.
    pub(crate) fn add_function(
        &self,
        values: &[&[u8]],
        function: Box<dyn Fn() -> f64 + Send + Sync>,
    ) -> Result<(), LabelError> {
        let clean: Vec<Cow<'_, str>> = values.iter().map(|value| self.clean(value)).collect();
        let bytes: Vec<&[u8]> = clean.iter().map(|value| value.as_bytes()).collect();
        let hash = self.hash(&bytes);
        let _writer = self.lock();
        let table = self.table.load();
        if table.find(hash, &bytes).is_some() {
            return Err(LabelError::Taken { family: (*self.meta.name).into() });
        }
        if table.len() >= self.meta.limit {
            return Err(LabelError::Full { family: (*self.meta.name).into(), limit: self.meta.limit });
        }
        self.insert(&table, hash, &clean, Source::Function(function));
        Ok(())
    }

    /// Forgets a series; whether it was there.
    pub(crate) fn remove(&self, values: &[&[u8]]) -> bool {
        let clean: Vec<Cow<'_, str>> = values.iter().map(|value| clean(value)).collect();
        let bytes: Vec<&[u8]> = clean.iter().map(|value| value.as_bytes()).collect();
        let _writer = self.lock();
        let table = self.table.load();
        let Some(id) = table.find(self.hash(&bytes), &bytes).map(|series| series.id) else { return false };
        self.table.store(Arc::new(table.minus(id)));
        true
    }

    pub(crate) fn mishaps(&self) -> Mishaps {
        Mishaps {
            overflow: self.overflow.load(Ordering::Relaxed),
            replaced: self.replaced.load(Ordering::Relaxed),
            refused: self.refusals.get(),
            panics: self.panics.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn read(&self) -> FamilySnapshot {
        let table = self.table.load_full();
        let series = table.iter().filter_map(|series| {
            let value = self.value(series)?;
            Some(SeriesSnapshot::new(series.id, Arc::clone(&series.values), value))
        });
        let meta = &self.meta;
        FamilySnapshot::new(
            Arc::clone(&meta.name),
            Arc::clone(&meta.help),
            meta.kind,
            meta.unit,
            Arc::clone(&meta.labels),
            series.collect(),
        )
    }

    fn value(&self, series: &Series<I>) -> Option<Value> {
        match &series.source {
            Source::Handle(handle) => Some(handle.read()),
            Source::Function(function) => match catch_unwind(AssertUnwindSafe(function)) {
                Ok(value) if self.meta.kind == Kind::Counter => Some(Value::Counter(value)),
                Ok(value) => Some(Value::Gauge(value)),
                Err(_) => {
                    self.panics.fetch_add(1, Ordering::Relaxed);
                    None
                }
            },
        }
    }

    /// The way of a label set that is new, not clean, or too many.
    #[cold]
    fn find_clean(&self, values: &[&[u8]]) -> Arc<Series<I>> {
        let clean: Vec<Cow<'_, str>> = values.iter().map(|value| self.clean(value)).collect();
        let bytes: Vec<&[u8]> = clean.iter().map(|value| value.as_bytes()).collect();
        let hash = self.hash(&bytes);
        {
            let table = self.table.load();
            if let Some(series) = table.find(hash, &bytes) {
                return Arc::clone(series);
            }
            if table.len() >= self.meta.limit {
                return self.other();
            }
        }
        let _writer = self.lock();
        let table = self.table.load();
        if let Some(series) = table.find(hash, &bytes) {
            return Arc::clone(series);
        }
        if table.len() < self.meta.limit {
            return self.insert(&table, hash, &clean, self.handle());
        }
        drop((table, _writer));
        self.other()
    }

    /// The series that takes what is past the limit.
    fn other(&self) -> Arc<Series<I>> {
        self.overflow.fetch_add(1, Ordering::Relaxed);
        let values = vec![Cow::Borrowed(OTHER); self.meta.labels.len()];
        let bytes = vec![OTHER.as_bytes(); self.meta.labels.len()];
        let hash = self.hash(&bytes);
        if let Some(series) = self.table.load().find(hash, &bytes) {
            return Arc::clone(series);
        }
        let _writer = self.lock();
        let table = self.table.load();
        match table.find(hash, &bytes) {
            Some(series) => Arc::clone(series),
            None => self.insert(&table, hash, &values, self.handle()),
        }
    }

    /// Puts a series that is not there into the table; the caller holds the lock.
    fn insert(&self, table: &Table<I>, hash: u64, values: &[Cow<'_, str>], source: Source<I>) -> Arc<Series<I>> {
        let values = values.iter().map(|value| Box::from(&**value)).collect();
        let series = Arc::new(Series { id: next_id(), values, source });
        self.table.store(Arc::new(table.plus(hash, Arc::clone(&series))));
        series
    }

    fn handle(&self) -> Source<I> {
        Source::Handle(I::new(&self.meta, &self.refusals))
    }

    #[inline]
    fn hash(&self, values: &[&[u8]]) -> u64 {
        self.hasher.hash(values.iter().copied())
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        // It guards no data, and the table is replaced in one step, so a panic leaves nothing half done.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
