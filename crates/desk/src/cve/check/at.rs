//! Where a value stands in a record: a chain of steps on the stack, written out only when something is found.

use std::fmt::Write as _;

/// One step down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'p> {
    /// The record itself.
    Root,
    /// Into an object.
    Key(&'p str),
    /// Into a list, from 0.
    Index(usize),
}

/// A place in a record.
#[derive(Clone, Copy, Debug)]
pub struct At<'p> {
    up: Option<&'p At<'p>>,
    step: Step<'p>,
}

impl<'p> At<'p> {
    /// The record itself.
    pub const ROOT: At<'static> = At { up: None, step: Step::Root };

    /// Down into an object.
    #[must_use]
    pub fn key(&'p self, key: &'p str) -> At<'p> {
        At { up: Some(self), step: Step::Key(key) }
    }

    /// Down into a list.
    #[must_use]
    pub fn index(&'p self, n: usize) -> At<'p> {
        At { up: Some(self), step: Step::Index(n) }
    }

    /// The steps from the record down.
    #[must_use]
    pub fn steps(&self) -> Vec<Step<'p>> {
        let mut out = Vec::with_capacity(8);
        let mut at = *self;
        loop {
            if at.step != Step::Root {
                out.push(at.step);
            }
            match at.up {
                Some(up) => at = *up,
                None => break,
            }
        }
        out.reverse();
        out
    }

    /// The place as a JSONPath: `$.containers.cna.references[0].url`.
    #[must_use]
    pub fn path(&self) -> String {
        path_of(&self.steps())
    }
}

/// Steps as a JSONPath.
pub(super) fn path_of(steps: &[Step<'_>]) -> String {
    let mut out = String::with_capacity(64);
    out.push('$');
    for step in steps {
        push_step(&mut out, *step);
    }
    out
}

/// Add a step to a path.
fn push_step(path: &mut String, step: Step<'_>) {
    match step {
        Step::Root => {}
        Step::Index(n) => {
            // Writing to a String cannot fail.
            let _ = write!(path, "[{n}]");
        }
        Step::Key(k) if is_plain(k) => {
            path.push('.');
            path.push_str(k);
        }
        Step::Key(k) => {
            path.push_str("['");
            path.push_str(&k.replace('\\', r"\\").replace('\'', r"\'"));
            path.push_str("']");
        }
    }
}

fn is_plain(key: &str) -> bool {
    let mut bytes = key.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_json_paths() {
        let (a, b) = (At::ROOT.key("containers"), "it's.x");
        let c = a.key(b);
        let d = c.index(3);
        assert_eq!(d.path(), r"$.containers['it\'s.x'][3]");
        assert_eq!(At::ROOT.path(), "$");
    }
}
