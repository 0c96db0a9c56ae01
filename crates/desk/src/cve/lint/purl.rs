//! Package URLs: `pkg:type/namespace/name@version?qualifiers#subpath`.

/// The parts of a package URL that the rules look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Purl {
    pub namespace: String,
    pub name: String,
    pub version: Option<String>,
}

/// Read a package URL; the error says what is wrong.
pub(super) fn parse(text: &str) -> Result<Purl, &'static str> {
    let rest = text.strip_prefix("pkg:").ok_or("does not begin with `pkg:`")?;
    let rest = rest.trim_start_matches('/');
    if rest.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("holds white space");
    }
    let rest = rest.split('#').next().unwrap_or_default();
    let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    if qualifiers.split('&').any(|q| !q.is_empty() && !q.split_once('=').is_some_and(|(k, _)| is_key(k))) {
        return Err("has a qualifier that is not key=value");
    }
    let (kind, path) = rest.split_once('/').ok_or("has no type and name")?;
    let mut letters = kind.bytes();
    if !(letters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || b".+-".contains(&b)))
    {
        return Err("has no type such as `pypi` or `maven`");
    }
    let (path, version) = match path.rsplit_once('@') {
        // A scope, `@scope/name`, is part of the path.
        Some((p, v)) if !v.contains('/') && !p.is_empty() => (p, Some(v)),
        _ => (path, None),
    };
    let path = path.trim_matches('/');
    let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
    let name = decode(name).ok_or("holds a `%` without two hexadecimal digits")?;
    let namespace = decode(namespace).ok_or("holds a `%` without two hexadecimal digits")?;
    if name.is_empty() {
        return Err("has no name");
    }
    if version == Some("") {
        return Err("has an empty version");
    }
    let version = match version {
        Some(v) => Some(decode(v).ok_or("holds a `%` without two hexadecimal digits")?),
        None => None,
    };
    Ok(Purl { namespace, name, version })
}

fn is_key(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
}

fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while let Some(&b) = bytes.get(i) {
        if b == b'%' {
            let hex = text.get(i + 1..i + 3)?;
            out.push(
                u8::from_str_radix(hex, 16).ok().filter(|_| hex.bytes().all(|h| h.is_ascii_hexdigit()))?,
            );
            i += 3;
        } else {
            out.push(b);
            i += 1;
        }
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls() {
        let p = parse("pkg:maven/org.example/server@1.0?type=jar#sub").unwrap();
        assert_eq!(
            (p.namespace.as_str(), p.name.as_str(), p.version.as_deref()),
            ("org.example", "server", Some("1.0"))
        );
        let p = parse("pkg:npm/%40scope/name").unwrap();
        assert_eq!((p.namespace.as_str(), p.name.as_str(), p.version), ("@scope", "name", None));
        assert_eq!(parse("pkg:npm/@scope/name").unwrap().namespace, "@scope");
        for bad in [
            "pkg:",
            "pkg:pypi",
            "pkg:pypi/",
            "pypi/x",
            "pkg:1x/y",
            "pkg:pypi/a b",
            "pkg:pypi/a@",
            "pkg:pypi/%zz",
            "pkg:pypi/a?b",
            "pkg:pypi/%é",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
