//! Web pages behind a message. The connector names them in the place that a message was read at, which nothing in a message
//! can forge: the page of a report that came by no mail (a private advisory), whose author is answered there, by hand; and the
//! page where a list's archive shows a mail to those who may read it.

const BEFORE: &str = "private report at ";
const ARCHIVED: &str = "archived at ";

/// The place of a message that was read off that page.
#[must_use]
pub fn place_of_page(url: &str) -> String {
    format!("{BEFORE}{url}")
}

/// The page a message was read off; none for mail.
#[must_use]
pub fn page_of_place(place: &str) -> Option<&str> {
    place.strip_prefix(BEFORE).filter(|url| is_address(url))
}

/// The place of a mail that an archive shows on that page.
#[must_use]
pub fn place_of_archive(url: &str) -> String {
    format!("{ARCHIVED}{url}")
}

/// The page of an archive that a mail was read from; none for what was read elsewhere.
#[must_use]
pub fn archive_of_place(place: &str) -> Option<&str> {
    place.strip_prefix(ARCHIVED).filter(|url| is_address(url))
}

fn is_address(url: &str) -> bool {
    let plain = url.bytes().all(|b| b.is_ascii_graphic() && !b"<>`\"\\".contains(&b));
    let web = url.starts_with("https://") || url.starts_with("http://");
    plain && web && url.len() <= 500
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_is_a_page() {
        let url = "https://forge.example/o/r/security/advisories/GHSA-2h5m-9qxw-vr3c";
        assert_eq!(page_of_place(&place_of_page(url)), Some(url));
        assert_eq!(archive_of_place(&place_of_archive(url)), Some(url));
        assert_eq!(
            (page_of_place(&place_of_archive(url)), archive_of_place(&place_of_page(url))),
            (None, None)
        );
        for other in
            ["in.mbox at byte 0", "private report at the bar", "private report at https://a b", url, ""]
        {
            assert_eq!((page_of_place(other), archive_of_place(other)), (None, None), "{other}");
        }
    }
}
