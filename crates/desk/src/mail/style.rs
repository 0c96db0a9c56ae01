//! As much CSS as it takes to tell whether a reader sees a piece of text.

use std::collections::BTreeSet;

/// What an element passes on to its children, as far as visibility goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Not displayed, and no child can undo it.
    pub gone: bool,
    /// Letters of no size; a child may set its own.
    tiny: bool,
    /// Colour of the text.
    fg: Option<[u8; 3]>,
    /// Colour behind it; `None` when it cannot be known (an image, a gradient).
    pub bg: Option<[u8; 3]>,
    clear: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { gone: false, tiny: false, fg: None, bg: Some([255; 3]), clear: false }
    }
}

impl Look {
    /// Does a reader not see text in it?
    pub fn hidden(&self) -> bool {
        let same = match (self.fg, self.bg) {
            (Some(f), Some(b)) => f.iter().zip(b).map(|(x, y)| u32::from(x.abs_diff(y))).sum::<u32>() <= 24,
            _ => false,
        };
        self.gone || self.tiny || self.clear || same
    }

    /// Set the colour of text.
    pub fn colour(&mut self, value: &str) {
        let value = value.trim().to_ascii_lowercase();
        self.clear = is_transparent(&value);
        if let Some(c) = colour(&value) {
            self.fg = Some(c);
        }
    }

    /// Set the background, shorthand too.
    pub fn background(&mut self, value: &str) {
        let value = value.trim().to_ascii_lowercase();
        if value.contains("url(") || value.contains("gradient") {
            self.bg = None;
        } else if let Some(c) = colour(&value).or_else(|| value.split_whitespace().find_map(colour)) {
            self.bg = Some(c);
        }
    }

    /// Apply a `style` attribute.
    pub fn apply(&mut self, css: &str) {
        let (mut clipped, mut flat) = (false, false);
        for (name, value) in declarations(css) {
            let zero = number(&value).is_some_and(|n| n == 0.0);
            match name.as_str() {
                "display" if value == "none" => self.gone = true,
                "visibility" if value == "hidden" || value == "collapse" => self.gone = true,
                "mso-hide" if value == "all" => {}
                "opacity" if number(&value).is_some_and(|n| n < 0.05) => self.gone = true,
                "font-size" => {
                    if let Some(n) = number(&value) {
                        let absolute = value.ends_with("px") || value.ends_with("pt");
                        self.tiny = n == 0.0 || (absolute && n <= 1.0);
                    } else {
                        self.tiny = false;
                    }
                }
                "color" => self.colour(&value),
                "background" | "background-color" => self.background(&value),
                "background-image" if value != "none" => self.bg = None,
                "overflow" => clipped |= value == "hidden",
                "max-height" | "height" | "max-width" | "width" => flat |= zero,
                "text-indent" | "left" | "top" | "margin-left" => {
                    self.gone |= number(&value).is_some_and(|n| n <= -999.0);
                }
                "clip" => self.gone |= value.replace(' ', "").starts_with("rect(0"),
                _ => {}
            }
        }
        self.gone |= clipped && flat;
    }
}

fn declarations(css: &str) -> impl Iterator<Item = (String, String)> + '_ {
    css.split(';').filter_map(|d| {
        let (n, v) = d.split_once(':')?;
        let v = v.trim().to_ascii_lowercase();
        let v = v.split('!').next().unwrap_or("").trim().to_owned();
        Some((n.trim().to_ascii_lowercase(), v))
    })
}

fn number(value: &str) -> Option<f64> {
    let end =
        value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(value.len());
    value.get(..end)?.parse().ok()
}

fn is_transparent(value: &str) -> bool {
    if value == "transparent" {
        return true;
    }
    let Some(args) = value.strip_prefix("rgba(").and_then(|v| v.strip_suffix(')')) else { return false };
    args.rsplit([',', '/']).next().and_then(|a| a.trim().parse::<f64>().ok()).is_some_and(|a| a < 0.05)
}

fn colour(value: &str) -> Option<[u8; 3]> {
    let named = match value {
        "white" => Some([255, 255, 255]),
        "black" => Some([0, 0, 0]),
        "red" => Some([255, 0, 0]),
        "blue" => Some([0, 0, 255]),
        "green" => Some([0, 128, 0]),
        "navy" => Some([0, 0, 128]),
        "yellow" => Some([255, 255, 0]),
        "gray" | "grey" => Some([128, 128, 128]),
        "silver" => Some([192, 192, 192]),
        "whitesmoke" => Some([245, 245, 245]),
        "snow" => Some([255, 250, 250]),
        "ivory" => Some([255, 255, 240]),
        "ghostwhite" => Some([248, 248, 255]),
        _ => None,
    };
    if named.is_some() {
        return named;
    }
    if let Some(args) = value.strip_prefix("rgb(").or_else(|| value.strip_prefix("rgba(")) {
        let mut n = args
            .trim_end_matches(')')
            .split([',', ' ', '/'])
            .filter(|a| !a.trim().is_empty())
            .map(|a| a.trim().parse::<u8>().ok());
        return Some([n.next()??, n.next()??, n.next()??]);
    }
    let hex = value.strip_prefix('#').unwrap_or(value);
    if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let at = |i: usize, n: usize| u8::from_str_radix(hex.get(i..i + n)?, 16).ok();
    match hex.len() {
        3 | 4 => Some([at(0, 1)? * 17, at(1, 1)? * 17, at(2, 1)? * 17]),
        6 | 8 => Some([at(0, 2)?, at(2, 2)?, at(4, 2)?]),
        _ => None,
    }
}

/// Simple selectors (`.class`, `#id`, `tag`) a style sheet hides, added to `out`. Rules inside `@media` and other
/// blocks are left out: they hide on some screens only.
pub(super) fn rules(css: &str, out: &mut BTreeSet<String>) {
    let mut depth = 0usize;
    let mut selector_start = 0;
    let mut block_start = 0;
    let mut conditional = 0usize;
    for (i, b) in css.bytes().enumerate() {
        match b {
            b'{' => {
                depth += 1;
                let selector = css.get(selector_start..i).unwrap_or_default();
                if conditional == 0 && selector.trim_start().starts_with('@') {
                    conditional = depth;
                }
                if depth == 1 {
                    block_start = i + 1;
                }
            }
            b'}' => {
                if depth == 1 && conditional == 0 {
                    let block = css.get(block_start..i).unwrap_or_default();
                    let mut look = Look::default();
                    look.apply(block);
                    if look.gone || look.tiny {
                        let selectors =
                            css.get(selector_start..block_start.saturating_sub(1)).unwrap_or_default();
                        add_selectors(selectors, out);
                    }
                }
                if conditional == depth {
                    conditional = 0;
                }
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    selector_start = i + 1;
                }
            }
            b';' if depth == 0 => selector_start = i + 1,
            _ => {}
        }
    }
}

fn add_selectors(selectors: &str, out: &mut BTreeSet<String>) {
    // A sheet with more rules than this is not there to be read.
    for s in selectors.split(',').map(|s| s.trim().trim_start_matches("<!--").trim()) {
        if out.len() >= 1000 || s.is_empty() || s.contains([' ', '>', '+', '~', '[', ':']) {
            continue;
        }
        let key = s.find(['.', '#']).map_or(s, |at| s.get(at..).unwrap_or(s));
        out.insert(key.to_owned());
    }
}
