//! CVE records (CVE page): what the record format demands, what makes a record hard to use, and where to mend it.

pub mod check;
pub mod lint;
pub mod schema;
