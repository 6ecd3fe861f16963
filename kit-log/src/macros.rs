//! The macros that log.
//!
//! All have one shape: the logger, then perhaps a comma and a message, then perhaps a semicolon and pairs.
//! A message is a literal with arguments as `format!` takes them, by position or inline (`"{name}"`).
//! Pairs are slog's: `"key" => value`, `%value` by `Display`, `?value` by `Debug`, `#error` with its chain of causes.
//! Of an event that is refused nothing but the logger is evaluated.

/// Logs something that failed.
///
/// # Examples
/// ```
/// # let log = kit_log::Logger::discard();
/// let error = std::io::Error::other("disk full");
/// kit_log::error!(log, "cannot save"; "file" => "a.txt", "error" => #&error);
/// ```
#[macro_export]
macro_rules! error {
    ($($event:tt)*) => { $crate::__event!(Error, $($event)*) };
}

/// Logs something wrong that does no harm yet.
///
/// # Examples
/// ```
/// # let log = kit_log::Logger::discard();
/// kit_log::warn!(log, "slow reply"; "took" => ?std::time::Duration::from_secs(3));
/// ```
#[macro_export]
macro_rules! warn {
    ($($event:tt)*) => { $crate::__event!(Warn, $($event)*) };
}

/// Logs what an operator wants to see.
///
/// # Examples
/// ```
/// # let log = kit_log::Logger::discard();
/// let port = 8080;
/// kit_log::info!(log, "listening on {port}");
/// kit_log::info!(log, "listening on {}", port; "tls" => false);
/// kit_log::info!(log; "port" => port); // no message: level=info port=8080
/// kit_log::info!(log); // level=info
/// ```
#[macro_export]
macro_rules! info {
    ($($event:tt)*) => { $crate::__event!(Info, $($event)*) };
}

/// Logs what a developer wants to see.
///
/// # Examples
/// ```
/// # let log = kit_log::Logger::discard();
/// kit_log::debug!(log, "cache miss"; "key" => "user:7");
/// ```
#[macro_export]
macro_rules! debug {
    ($($event:tt)*) => { $crate::__event!(Debug, $($event)*) };
}

/// Logs every step.
///
/// # Examples
/// ```
/// # let log = kit_log::Logger::discard();
/// kit_log::trace!(log, "poll"; "ready" => true);
/// ```
#[macro_export]
macro_rules! trace {
    ($($event:tt)*) => { $crate::__event!(Trace, $($event)*) };
}

/// Logs a line without a level, printed unless the levels are `off`: `log!(log; "foo" => 123)` prints `foo=123`.
///
/// # Examples
/// ```
/// # let log = kit_log::Logger::discard();
/// kit_log::log!(log; "foo" => 123);
/// kit_log::log!(log, "hello"; "foo" => 123); // msg=hello foo=123
/// ```
#[macro_export]
macro_rules! log {
    ($($event:tt)*) => { $crate::__event!(_, $($event)*) };
}

/// Logs at a [`Level`](crate::Level) computed at run time.
///
/// # Examples
/// ```
/// use kit_log::Level;
///
/// # let log = kit_log::Logger::discard();
/// let status = 503;
/// let level = if status >= 500 { Level::Error } else { Level::Info };
/// kit_log::event!(log, level, "answered"; "status" => status);
/// ```
#[macro_export]
macro_rules! event {
    ($log:expr, $level:expr $(, $text:literal $(, $arg:expr)*)? $(,)? $(; $($pairs:tt)*)?) => {
        match $level {
            level => {
                static LOCATION: $crate::slog::RecordLocation = $crate::__location!();
                let record = $crate::slog::RecordStatic {
                    location: &LOCATION,
                    tag: "",
                    level: $crate::Level::to_slog(level),
                };
                $crate::__print!(
                    $log, ::core::option::Option::Some(level), record,
                    [$($text $(, $arg)*)?], [$($($pairs)*)?]
                )
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __event {
    ($level:tt, $log:expr $(, $text:literal $(, $arg:expr)*)? $(,)? $(; $($pairs:tt)*)?) => {{
        static LOCATION: $crate::slog::RecordLocation = $crate::__location!();
        static RECORD: $crate::slog::RecordStatic<'static> = $crate::__record!($level, LOCATION);
        $crate::__print!(
            $log, $crate::__level!($level), RECORD,
            [$($text $(, $arg)*)?], [$($($pairs)*)?]
        )
    }};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __print {
    ($log:expr, $level:expr, $record:ident, [$($text:tt)*], [$($pairs:tt)*]) => {{
        static SITE: $crate::__private::Site = $crate::__private::Site::new();
        // A method call finds the logger behind any number of references, in an `Arc`, or by value.
        match &$log {
            log => {
                if log.passes(&SITE, $level, ::core::module_path!()) {
                    log.print(&$crate::slog::Record::new(
                        &$record,
                        &$crate::__text!($($text)*),
                        $crate::slog::b!($($pairs)*),
                    ));
                }
            }
        }
    }};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __text {
    () => { ::core::format_args!("") };
    ($($text:tt)+) => { ::core::format_args!($($text)+) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __level {
    (_) => {
        ::core::option::Option::None
    };
    ($level:ident) => {
        ::core::option::Option::Some($crate::Level::$level)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __record {
    (_, $location:ident) => {
        $crate::slog::RecordStatic {
            location: &$location,
            tag: $crate::__private::UNLEVELLED,
            // Passes every filter of slog's between the macro and the drain.
            level: $crate::slog::Level::Critical,
        }
    };
    ($level:ident, $location:ident) => {
        $crate::slog::RecordStatic { location: &$location, tag: "", level: $crate::Level::$level.to_slog() }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __location {
    () => {
        $crate::slog::RecordLocation {
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            function: "",
            module: ::core::module_path!(),
        }
    };
}
