//! Clock, sleep and chance of the client, injected so that tests do not wait.

use std::{
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use jiff::Timestamp;

/// How time passes for the client.
pub trait Pace: Send + Sync {
    /// Time since some fixed moment; never goes back.
    fn elapsed(&self) -> Duration;
    /// The time of day, for `Retry-After` with a date.
    fn now(&self) -> Timestamp;
    /// Wait.
    fn sleep(&self, time: Duration);
    /// A random number, for jitter.
    fn random(&self) -> u64;
}

/// The system's clock and sleep.
#[derive(Debug)]
pub struct SystemPace(Instant);

impl Default for SystemPace {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Pace for SystemPace {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn random(&self) -> u64 {
        // Each RandomState has keys of its own.
        RandomState::new().hash_one(0)
    }
}

/// Time that passes only when somebody sleeps.
#[cfg(test)]
#[derive(Clone, Default)]
pub(crate) struct Still(std::sync::Arc<std::sync::atomic::AtomicU64>);

#[cfg(test)]
impl Pace for Still {
    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }

    fn now(&self) -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn sleep(&self, time: Duration) {
        self.0.fetch_add(time.as_millis() as u64, std::sync::atomic::Ordering::SeqCst);
    }

    fn random(&self) -> u64 {
        0
    }
}

/// The wait before a try: it doubles, and a random half of it is left out so that many desks do not knock together.
pub(super) fn backoff(tries: u32, first: Duration, most: Duration, random: u64) -> Duration {
    let full = first.saturating_mul(1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX)).min(most);
    let half = full / 2;
    // 16 bits of chance are plenty for a wait.
    half + half.mul_f64((random & 0xffff) as f64 / 65535.0)
}

/// `Retry-After`: seconds, or a date.
pub(super) fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_a_limit_with_jitter() {
        let wait = |tries, random| backoff(tries, Duration::from_secs(1), Duration::from_secs(8), random);
        let least: Vec<u64> = (1..6).map(|t| wait(t, 0).as_millis() as u64).collect();
        assert_eq!(least, [500, 1000, 2000, 4000, 4000]);
        let most: Vec<u64> = (1..6).map(|t| wait(t, 0xffff).as_millis() as u64).collect();
        assert_eq!(most, [1000, 2000, 4000, 8000, 8000]);
        assert_eq!(wait(64, 0xffff), Duration::from_secs(8));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let secs = |t: &str| retry_after(t, now).map(|d| d.as_secs());
        assert_eq!(secs("120"), Some(120));
        assert_eq!(secs("Sun, 22 Nov 2026 12:01:00 GMT"), Some(60));
        assert_eq!(secs("Sun, 22 Nov 2026 11:00:00 GMT"), Some(0));
        assert_eq!(secs("soon"), None);
        assert_eq!(secs("-5"), None);
    }
}
