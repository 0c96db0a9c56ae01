//! What is written down about requests: enough to see what happened, never a secret and never a body.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::Service;

/// One request that left, or was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceLine {
    /// Which service.
    pub service: Service,
    /// Method, host and path; of the query only its keys.
    pub what: String,
    /// Bytes sent in the body.
    pub sent: usize,
    /// Which try this was, from 1.
    pub attempt: u32,
    /// How it ended: a status, or what went wrong.
    pub end: String,
    /// Bytes of the answer.
    pub received: usize,
    /// How long it took.
    pub took: Duration,
}

impl fmt::Display for TraceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, what, sent, attempt, end, received, took } = self;
        write!(f, "{} {what}", service.name())?;
        if *sent > 0 {
            write!(f, " ({sent} bytes)")?;
        }
        if *attempt > 1 {
            write!(f, ", try {attempt}")?;
        }
        write!(f, " → {end}, {received} bytes, {} ms", took.as_millis())
    }
}

/// What a run has spent, by service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that left.
    pub requests: BTreeMap<Service, u64>,
    /// Points of a service's own measure that its answers say they cost.
    pub points: BTreeMap<Service, u64>,
    /// Of the requests, tries after the first.
    pub retries: u64,
    /// Bytes of answers.
    pub received: u64,
    /// Time spent waiting because a service asked for it, or between tries.
    pub waited: Duration,
}

impl Counts {
    /// These and others.
    pub fn add(&mut self, other: &Self) {
        for (to, from) in [(&mut self.requests, &other.requests), (&mut self.points, &other.points)] {
            for (service, n) in from {
                *to.entry(*service).or_default() += n;
            }
        }
        self.retries += other.retries;
        self.received += other.received;
        self.waited += other.waited;
    }

    /// Requests to all services.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.requests.values().sum()
    }
}
