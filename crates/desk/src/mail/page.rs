//! Reports that came by no mail, from a page that people write on (a private advisory). The connector says so in the place a
//! message was read at, which nothing in a message can forge; who wrote it is answered there, by hand.

const BEFORE: &str = "private report at ";

/// The place of a message that was read off that page.
#[must_use]
pub fn place_of_page(url: &str) -> String {
    format!("{BEFORE}{url}")
}

/// The page a message was read off; none for mail.
#[must_use]
pub fn page_of_place(place: &str) -> Option<&str> {
    let url = place.strip_prefix(BEFORE)?;
    let plain = url.bytes().all(|b| b.is_ascii_graphic() && !b"<>`\"\\".contains(&b));
    let web = url.starts_with("https://") || url.starts_with("http://");
    (plain && web && url.len() <= 500).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_is_a_page() {
        let url = "https://forge.example/o/r/security/advisories/GHSA-2h5m-9qxw-vr3c";
        assert_eq!(page_of_place(&place_of_page(url)), Some(url));
        for other in
            ["in.mbox at byte 0", "private report at the bar", "private report at https://a b", url, ""]
        {
            assert_eq!(page_of_place(other), None, "{other}");
        }
    }
}
