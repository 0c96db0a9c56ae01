//! Joins bounds into ranges.

use super::VersionRange;

/// A bound or a complete range, as read from left to right.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Lower(String),
    Upper(String, bool),
    /// A range or single version: lower bound, upper bound if any.
    Whole(String, Option<(String, bool)>),
}

/// Pieces with the byte they were read from.
pub(super) type Pieces = Vec<(usize, Piece)>;

/// The version after every version that begins with `prefix`: its last number plus one.
pub(super) fn next(prefix: &str) -> String {
    let (head, last) = prefix.rsplit_once('.').map_or((None, prefix), |(h, l)| (Some(h), l));
    let mut digits: Vec<u8> = last.bytes().collect();
    let mut carry = true;
    for d in digits.iter_mut().rev() {
        if !carry {
            break;
        }
        if *d == b'9' {
            *d = b'0';
        } else {
            *d += 1;
            carry = false;
        }
    }
    if carry {
        digits.insert(0, b'1');
    }
    let last: String = digits.into_iter().map(char::from).collect();
    head.map_or_else(|| last.clone(), |h| format!("{h}.{last}"))
}

/// Joins bounds: a lower bound with the upper bound beside it, in either order. The flag marks an open range
/// whose missing upper bound nobody stated.
pub(super) fn join(pieces: Pieces) -> Vec<(usize, VersionRange, bool)> {
    let mut out = Vec::new();
    let mut i = 0;
    let range = |low: &str, high: Option<(&String, bool)>| {
        let mut r = VersionRange { version: low.to_string(), ..VersionRange::default() };
        match high {
            Some((h, true)) => r.less_than_or_equal = Some(h.clone()),
            Some((h, false)) => r.less_than = Some(h.clone()),
            None => {}
        }
        r
    };
    let star = "*".to_string();
    while let Some((at, piece)) = pieces.get(i) {
        let beside = pieces.get(i + 1).map(|(_, p)| p);
        let after = pieces.get(i + 2).map(|(_, p)| p);
        match (piece, beside, after) {
            (Piece::Lower(l), Some(Piece::Upper(h, inc)), _) => {
                out.push((*at, range(l, Some((h, *inc))), false));
                i += 2;
            }
            // `< 2.5.1, >= 3.0, < 3.2`: the lower bound belongs to what follows it.
            (Piece::Upper(h, inc), Some(Piece::Lower(_)), Some(Piece::Upper(..))) => {
                out.push((*at, range("0", Some((h, *inc))), false));
                i += 1;
            }
            (Piece::Upper(h, inc), Some(Piece::Lower(l)), _) => {
                out.push((*at, range(l, Some((h, *inc))), false));
                i += 2;
            }
            (Piece::Lower(l), ..) => {
                out.push((*at, range(l, Some((&star, false))), true));
                i += 1;
            }
            (Piece::Upper(h, inc), ..) => {
                out.push((*at, range("0", Some((h, *inc))), false));
                i += 1;
            }
            (Piece::Whole(l, h), ..) => {
                let open = h.as_ref().is_some_and(|(h, _)| h == "*");
                out.push((*at, range(l, h.as_ref().map(|(h, inc)| (h, *inc))), open));
                i += 1;
            }
        }
    }
    out
}
