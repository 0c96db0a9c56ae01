//! Whose words are whose: a sender's own text apart from quotes, signatures, list footers and forwarded mail.
//! Signals are structural (line prefixes, header blocks, a date and a colon); words only confirm them.

use std::sync::LazyLock;

use crate::pattern::Regex;

/// A message forwarded inside a text. A field is `None` when its line is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// `From:` of the inner message, as written.
    pub from: Option<String>,
    /// `Subject:`.
    pub subject: Option<String>,
    /// `Date:` or `Sent:`, as written.
    pub date: Option<String>,
    /// `To:`.
    pub to: Option<String>,
    /// Its text, quote marks removed when every line had one.
    pub body: String,
}

/// Longest signature, lines; more after a `-- ` is text with a rule above it.
const MAX_SIGNATURE: usize = 25;
/// Longest signature behind a bare `--`, lines.
const MAX_BARE_SIGNATURE: usize = 8;

/// Verbs before the colon of an attribution line.
const WROTE: &str = "wrote|writes|said|schrieb|geschrieben|a écrit|ecrit|écrit|escribió|escribio|escreveu|ha scritto|scritto|\
    schreef|skrev|kirjoitti|napisał|napisała|napisał\\(a\\)|napsal|napsala|napsal\\(a\\)|írta|yazdı|şunları yazdı|пишет|писал|\
    писала|написал|написала|написал\\(а\\)|пише|έγραψε|写道|寫道|写到|のメール|書きました|작성|viết|menulis|כתב|كتب";

static ATTRIBUTION_END: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?i)(?:^|[\s>,)\]\d])(?:{WROTE})[^\n]{{0,24}}[:：]\s*$")).ok());
static OPENER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^\s*(?:on|am|le|el|em|il|op|den|på|dne|w dniu|dnia|vào|pada|tarihinde|в|at|\d{4}[-年/.]\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4})\b").ok()
});
static ORIGINAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^\s*-{2,}\s*(?:original message|original appointment|ursprüngliche nachricht|message d'origine|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|ursprungligt meddelande|opprinnelig melding|oprindelig meddelelse|alkuperäinen viesti|wiadomość oryginalna|původní zpráva|eredeti üzenet|исходное сообщение|оригинальное сообщение|原始邮件|原始郵件|元のメッセージ|원본 메시지|reply message)\s*-{2,}\s*$",
    )
    .ok()
});
static FORWARD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^\s*(?:-{2,}\s*(?:begin )?(?:forwarded message|forwarded by\b.*|weitergeleitete nachricht|message transféré|mensaje reenviado|mensagem encaminhada|messaggio inoltrato|doorgestuurd bericht|vidarebefordrat meddelande|wiadomość przekazana|přeposlaná zpráva|пересылаемое сообщение|转发邮件|转发的邮件|転送メッセージ|forwarded mail)\s*-*|(?:begin forwarded message|anfang der weitergeleiteten nachricht|début du message réexpédié|début du message transféré|inicio del mensaje reenviado|inizio messaggio inoltrato|start of forwarded message)\s*:?)\s*:?\s*$",
    )
    .ok()
});
static FOOTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)unsubscribe|mailing[ -]?list|listinfo|list (?:archive|info)|subscribed to|sent to the list|abmelden|désabonn|отписаться").ok()
});

fn is(re: &LazyLock<Option<Regex>>, line: &str) -> bool {
    // Lines longer than this are text, whatever they hold.
    line.len() <= 1000 && re.as_ref().is_some_and(|r| r.is_match(line))
}

/// `-----Original Message-----` and its translations.
fn is_original(line: &str) -> bool {
    line.trim_start().starts_with("--") && is(&ORIGINAL, line)
}

/// `---------- Forwarded message ----------`, `Begin forwarded message:` and their translations.
fn is_forward(line: &str) -> bool {
    let line = line.trim();
    (line.starts_with("--") || line.ends_with([':', 'e', 'é', 't'])) && line.len() < 200 && is(&FORWARD, line)
}

/// Field of a quoted header block, in the languages mail programs speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    From,
    Date,
    To,
    Subject,
    Cc,
}

fn field(line: &str) -> Option<(Field, &str)> {
    let line = line.trim_start().trim_start_matches(['>', ' ', '|']).trim_start_matches('*');
    let (name, value) = line.split_once([':', '：'])?;
    let name = name.trim().trim_matches('*').trim();
    if name.is_empty() || name.chars().count() > 18 {
        return None;
    }
    let kind = match name.to_lowercase().as_str() {
        "from" | "von" | "de" | "da" | "van" | "från" | "fra" | "lähettäjä" | "od" | "feladó" | "kimden"
        | "gönderen" | "от" | "от кого" | "від" | "από" | "发件人" | "寄件者" | "差出人" | "送信者"
        | "보낸 사람" => Field::From,
        "sent"
        | "date"
        | "gesendet"
        | "datum"
        | "envoyé"
        | "enviado"
        | "enviado el"
        | "enviada em"
        | "fecha"
        | "data"
        | "inviato"
        | "verzonden"
        | "skickat"
        | "sendt"
        | "dato"
        | "lähetetty"
        | "wysłano"
        | "odesláno"
        | "elküldve"
        | "tarih"
        | "дата"
        | "отправлено"
        | "发送时间"
        | "日期"
        | "傳送時間"
        | "日時"
        | "送信日時"
        | "보낸 날짜" => Field::Date,
        "to" | "an" | "à" | "a" | "para" | "aan" | "till" | "til" | "vastaanottaja" | "do" | "komu"
        | "címzett" | "kime" | "кому" | "收件人" | "收件者" | "宛先" | "받는 사람" => {
            Field::To
        }
        "subject" | "betreff" | "objet" | "asunto" | "assunto" | "oggetto" | "onderwerp" | "ämne"
        | "emne" | "aihe" | "temat" | "předmět" | "tárgy" | "konu" | "тема" | "θέμα" | "主题" | "主旨"
        | "件名" | "제목" => Field::Subject,
        "cc" | "kopie" | "copie" | "kopia" | "копия" | "抄送" | "reply-to" | "importance" | "attachments" => {
            Field::Cc
        }
        _ => return None,
    };
    Some((kind, value.trim().trim_start_matches('*').trim()))
}

/// Does a quoted header block start here? From first, and two more of Date, To and Subject in the lines that follow.
fn is_header_block(lines: &[&str]) -> bool {
    if field(lines.first().copied().unwrap_or("")).is_none_or(|(f, v)| f != Field::From || v.is_empty()) {
        return false;
    }
    let mut others = 0;
    for l in lines.iter().skip(1).take(7) {
        match field(l) {
            Some((Field::Date | Field::To | Field::Subject, _)) => others += 1,
            Some(_) => {}
            None if l.trim().is_empty() && others == 0 => {}
            // A folded value.
            None if l.starts_with([' ', '\t']) => {}
            None => break,
        }
    }
    others >= 2
}

/// Quoted by `>`. A prompt of three is code when nothing else in the text is quoted.
fn quotes(lines: &[&str]) -> impl Fn(&str) -> bool + use<> {
    let depth = |l: &str| l.trim_start().chars().take_while(|c| *c == '>').count();
    let shallow = lines.iter().any(|l| matches!(depth(l), 1 | 2) && !starts_tag(l));
    move |l: &str| match depth(l) {
        0 => false,
        1 => l.starts_with(['>', ' ']) && !starts_tag(l),
        2 => true,
        _ => shallow,
    }
}

/// `><script>`: the end of a tag, not a quote.
fn starts_tag(l: &str) -> bool {
    l.trim_start().starts_with("><")
}

/// First line of the attribution that ends at line `i`: itself, or up to three lines above when it was wrapped.
fn attribution(lines: &[&str], i: usize) -> Option<usize> {
    let line = lines.get(i)?;
    if !line.trim_end().ends_with([':', '：']) {
        return None;
    }
    if !is(&ATTRIBUTION_END, line) && !bare_attribution(lines, i) {
        return None;
    }
    for back in 0..=3usize {
        let at = i.checked_sub(back)?;
        let start = lines.get(at)?;
        if start.trim().is_empty() {
            break;
        }
        if is(&OPENER, start)
            || (back == 0 && (start.contains('@') || start.chars().any(|c| c.is_ascii_digit())))
        {
            return Some(at);
        }
    }
    Some(i)
}

/// `Jane Doe <jane@x.example>:` and the like, in a language we do not know, right above a quote.
fn bare_attribution(lines: &[&str], i: usize) -> bool {
    let line = lines.get(i).map_or("", |l| l.trim_end());
    line.ends_with([':', '：'])
        && line.len() < 300
        && line.contains('@')
        && line.chars().any(|c| c.is_ascii_digit())
        && lines
            .get(i + 1..)
            .unwrap_or_default()
            .iter()
            .find(|l| !l.trim().is_empty())
            .is_some_and(|l| l.starts_with('>'))
}

/// Does an attribution that says when (or from which address) stand there? Then what follows is quoted even
/// without marks.
fn is_dated(lines: &[&str]) -> bool {
    let time = |l: &str| {
        l.as_bytes()
            .windows(4)
            .any(|w| matches!(w, [a, b':', b, c] if [a, b, c].iter().all(|d| d.is_ascii_digit())))
    };
    lines.iter().any(|l| l.contains('@') || time(l))
}

/// What each line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Own,
    Quote,
    Signature,
    Footer,
}

fn classify(lines: &[&str]) -> Vec<Kind> {
    let quoted = quotes(lines);
    let mut kinds = vec![Kind::Own; lines.len()];
    let mut set = |from: usize, to: usize, kind: Kind| {
        for k in kinds.get_mut(from..to).unwrap_or_default() {
            *k = kind;
        }
    };
    let footer = footer_start(lines);
    let end = footer.unwrap_or(lines.len());
    set(end, lines.len(), Kind::Footer);
    let mut i = 0;
    // Was there a word of the sender's own above? And are we inside a fence, where marks are code?
    let (mut spoke, mut fenced) = (false, false);
    while i < end {
        let line = lines.get(i).copied().unwrap_or("");
        if line.trim_start().starts_with("```") {
            fenced = !fenced && fence_closes(lines.get(i + 1..end).unwrap_or_default());
        }
        if fenced {
            i += 1;
            continue;
        }
        if quoted(line) {
            set(i, i + 1, Kind::Quote);
            i += 1;
            continue;
        }
        let rest = lines.get(i..end).unwrap_or_default();
        // A text that starts with such a block and no word before it shows one, or is a report of spoofed headers.
        let apart =
            i.checked_sub(1).and_then(|p| lines.get(p)).is_some_and(|l| l.trim().is_empty() || is_rule(l));
        if is_original(line) || is_forward(line) || (spoke && apart && is_header_block(rest)) {
            // A rule of underscores belongs to the block below it.
            let rule = i.checked_sub(1).filter(|r| lines.get(*r).is_some_and(|l| is_rule(l)));
            set(rule.unwrap_or(i), end, Kind::Quote);
            return kinds;
        }
        if let Some(start) = attribution(lines, i) {
            let next = lines.get(i + 1..end).unwrap_or_default().iter().find(|l| !l.trim().is_empty());
            let marked = next.is_some_and(|l| quoted(l));
            let later = lines.get(i + 1..end).unwrap_or_default();
            if marked {
                set(start, i + 1, Kind::Quote);
            } else if spoke
                && next.is_some()
                && is_dated(lines.get(start..=i).unwrap_or_default())
                && !some(later, &quoted)
            {
                set(start, end, Kind::Quote);
                return kinds;
            }
            spoke |= !marked;
            i += 1;
            continue;
        }
        if is_delimiter(line) {
            let stop = signature_end(lines, i + 1, end, &quoted);
            let bare = line.trim_end().len() == line.len();
            let limit = if bare { MAX_BARE_SIGNATURE } else { MAX_SIGNATURE };
            // Two bare ones are rules around something.
            let rules = bare && lines.get(stop).is_some_and(|l| stop < end && is_delimiter(l));
            if stop - (i + 1) <= limit && !rules {
                set(i, stop, Kind::Signature);
                i = stop;
                continue;
            }
        }
        spoke |= !line.trim().is_empty() && !is_rule(line);
        i += 1;
    }
    kinds
}

/// Is a fence closed soon enough to be one?
fn fence_closes(lines: &[&str]) -> bool {
    lines.iter().take(500).any(|l| l.trim_start().starts_with("```"))
}

/// Looks at few lines only: quotes far below belong to something else.
fn some(lines: &[&str], quoted: &impl Fn(&str) -> bool) -> bool {
    lines.iter().take(200).any(|l| quoted(l))
}

fn is_rule(line: &str) -> bool {
    let l = line.trim();
    l.len() >= 10
        && (l.bytes().all(|b| b == b'_') || l.bytes().all(|b| b == b'-') || l.bytes().all(|b| b == b'='))
}

/// `-- `, also without its space, and the no-break space of some programs.
fn is_delimiter(line: &str) -> bool {
    matches!(line, "-- " | "--" | "--\u{a0}")
}

/// Where the signature that starts at `from` ends: at a quote, an attribution, or the end.
fn signature_end(lines: &[&str], from: usize, end: usize, quoted: &impl Fn(&str) -> bool) -> usize {
    for i in from..end.min(from + MAX_SIGNATURE + 1) {
        let line = lines.get(i).copied().unwrap_or("");
        if quoted(line) || is_original(line) || is_forward(line) || is_delimiter(line) {
            return i;
        }
        if is_header_block(lines.get(i..end).unwrap_or_default()) {
            return i;
        }
        if let Some(start) = attribution(lines, i).filter(|s| *s >= from)
            && is_dated(lines.get(start..=i).unwrap_or_default())
        {
            return start;
        }
    }
    end
}

/// A list's footer: a rule followed by words about the list, near the end; or unmarked unsubscribe lines at it.
fn footer_start(lines: &[&str]) -> Option<usize> {
    let from = lines.len().saturating_sub(16);
    for i in from..lines.len() {
        let line = lines.get(i).copied().unwrap_or("");
        let below = lines.get(i + 1..lines.len().min(i + 7)).unwrap_or_default();
        if (is_rule(line) || is_delimiter(line))
            && below.iter().any(|l| !l.starts_with('>') && is(&FOOTER, l))
        {
            return Some(i);
        }
        let lower = line.get(..40).unwrap_or(line).to_ascii_lowercase();
        if lower.starts_with("to unsubscribe")
            || lower.starts_with("you received this message because you are subscribed")
        {
            return Some(i);
        }
    }
    None
}

/// The sender's own words: without quoted lines and their attributions, quoted header blocks and what follows
/// them, forwarded mail, signatures and list footers. Answers above, below and between quotes are kept.
#[must_use]
pub fn own_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for (line, kind) in lines.iter().zip(classify(&lines)) {
        if kind != Kind::Own || line.trim().is_empty() {
            blank += 1;
            continue;
        }
        if blank > 0 && !out.is_empty() {
            out.push('\n');
        }
        blank = 0;
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The signature of the sender, without its delimiter line; `None` when there is none.
#[must_use]
pub fn signature(text: &str) -> Option<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let kinds = classify(&lines);
    let first = kinds.iter().position(|k| *k == Kind::Signature)?;
    let count = kinds.get(first..)?.iter().take_while(|k| **k == Kind::Signature).count();
    let at = |l: &str| (l.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    let start = lines.get(first + 1).filter(|_| count > 1).map(|l| at(l))?;
    let last = lines.get(first + count - 1)?;
    let sig = text.get(start..at(last) + last.len())?.trim_matches('\n').trim_end();
    (!sig.trim().is_empty()).then_some(sig)
}

/// The message forwarded inside a text, if there is one with at least a From or a Subject.
#[must_use]
pub fn forwarded(text: &str) -> Option<Forwarded> {
    let lines: Vec<&str> = text.lines().collect();
    let marks = lines
        .iter()
        .enumerate()
        .filter(|(_, l)| is_forward(l.trim_start_matches(['>', ' '])))
        .map(|(i, _)| i);
    marks.take(20).find_map(|i| forwarded_at(lines.get(i + 1..).unwrap_or_default()))
}

fn forwarded_at(lines: &[&str]) -> Option<Forwarded> {
    let mut out = Forwarded::default();
    let unmark = |l: &str| -> String {
        let l = l.strip_prefix('>').map_or(l, |l| l.strip_prefix(' ').unwrap_or(l));
        l.to_owned()
    };
    let blank = |l: &str| l.trim_matches(['>', ' ', '\t']).is_empty();
    let mut i = 0;
    while lines.get(i).is_some_and(|l| blank(l)) {
        i += 1;
    }
    let mut last: Option<Field> = None;
    while let Some(line) = lines.get(i).filter(|l| !blank(l)) {
        if i > 40 {
            break;
        }
        match field(line) {
            Some((f, v)) => {
                let slot = match f {
                    Field::From => Some(&mut out.from),
                    Field::Subject => Some(&mut out.subject),
                    Field::Date => Some(&mut out.date),
                    Field::To => Some(&mut out.to),
                    Field::Cc => None,
                };
                if let Some(slot) = slot.filter(|s| s.is_none()) {
                    *slot = Some(v.to_owned());
                }
                last = Some(f);
            }
            // Another header, or a folded value.
            None if line
                .trim_start_matches(['>', ' '])
                .split_once(':')
                .is_some_and(|(n, _)| !n.contains(' ')) =>
            {
                last = None;
            }
            None => {
                let slot = match last {
                    Some(Field::Subject) => &mut out.subject,
                    Some(Field::From) => &mut out.from,
                    Some(Field::To) => &mut out.to,
                    _ => &mut None,
                };
                match slot {
                    Some(v) => {
                        v.push(' ');
                        v.push_str(line.trim_matches(['>', ' ']));
                    }
                    // No header line at all: the body starts without a blank line.
                    None => break,
                }
            }
        }
        i += 1;
    }
    if out.from.is_none() && out.subject.is_none() {
        return None;
    }
    let rest = lines.get(i..).unwrap_or_default();
    let marked = rest.iter().any(|l| l.starts_with('>'))
        && rest.iter().all(|l| l.trim().is_empty() || l.starts_with('>'));
    let body: Vec<String> = rest.iter().map(|l| if marked { unmark(l) } else { (*l).to_owned() }).collect();
    let body = body.join("\n");
    let body = body.trim_matches('\n').trim_end();
    out.body = if body.is_empty() { String::new() } else { format!("{body}\n") };
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn own_words_of_replies() {
        for (text, want) in [
            ("plain report\n", "plain report\n"),
            // Top posting, bottom posting, between.
            ("Thanks!\n\nOn Mon, 4 May 2026, Jane <j@x.example> wrote:\n> hello\n> there\n", "Thanks!\n"),
            ("On Mon, 4 May 2026 at 10:00, Jane <j@x.example>\nwrote:\n\n> hello\n\nThanks!\n", "Thanks!\n"),
            ("> one\nyes\n> two\nno\n", "yes\n\nno\n"),
            ("Danke\n\nAm 04.05.26 um 10:00 schrieb Jane Doe:\n> hallo\n", "Danke\n"),
            ("Merci\n\nLe lun. 4 mai 2026 à 10:00, Jane <j@x.example> a écrit :\n> bonjour\n", "Merci\n"),
            (
                "Gracias\n\nEl lun, 4 may 2026 a las 10:00, Jane (<j@x.example>) escribió:\n> hola\n",
                "Gracias\n",
            ),
            ("好的\n\n2026年5月4日 10:00,Jane <j@x.example> 写道:\n> 你好\n", "好的\n"),
            ("ok\n\n4.5.2026 10:00 Jane j@x.example zxqwy:\n> in a tongue unknown\n", "ok\n"),
            // A quote without marks.
            ("Thanks\n\nOn Mon, 4 May 2026, Jane <j@x.example> wrote:\n\nhello there\n", "Thanks\n"),
            ("Thanks\n\n-----Original Message-----\nFrom: Jane\nhello\n", "Thanks\n"),
            (
                "Thanks\n\n________________________________\nFrom: Jane <j@x.example>\nSent: Monday\nTo: us\nSubject: x\n\nhello\n",
                "Thanks\n",
            ),
            ("Danke\n\nVon: Jane\nGesendet: Montag\nAn: uns\nBetreff: x\n\nhallo\n", "Danke\n"),
            ("FYI\n\n---------- Forwarded message ---------\nFrom: Jane\nSubject: x\n\nhello\n", "FYI\n"),
            // Signature and footers.
            ("text\n-- \nJane\nAcme\n", "text\n"),
            ("text\n--\nJane\n", "text\n"),
            ("text\n-- \nJane\n\nOn Mon, 4 May 2026, Bob <b@x.example> wrote:\n> q\n", "text\n"),
            (
                "text\n_______________________________________________\nsecurity mailing list\nhttps://lists.x/listinfo\n",
                "text\n",
            ),
            (
                "text\n\n---------------------------------------------------------------------\nTo unsubscribe, e-mail: x\n",
                "text\n",
            ),
            // Not quotes: a PoC, a prompt, prose, a table rule, From in a list of fields.
            (
                "payload:\n\"><script>alert(1)</script>\n><img src=x>\n",
                "payload:\n\"><script>alert(1)</script>\n><img src=x>\n",
            ),
            (">>> import os\n>>> os.system('id')\n", ">>> import os\n>>> os.system('id')\n"),
            ("As the vendor wrote:\nno fix will come.\n", "As the vendor wrote:\nno fix will come.\n"),
            ("see\n```\n> POST / HTTP/1.1\n< 200\n```\n", "see\n```\n> POST / HTTP/1.1\n< 200\n```\n"),
            (
                "From: a\nTo: b\nSubject: c\nis what one gets\n",
                "From: a\nTo: b\nSubject: c\nis what one gets\n",
            ),
            ("On 4 May 2026 the vendor wrote:\nno\n", "On 4 May 2026 the vendor wrote:\nno\n"),
            ("From: the code\nit follows\n", "From: the code\nit follows\n"),
            ("a\n----------\nb\n", "a\n----------\nb\n"),
            ("", ""),
        ] {
            assert_eq!(own_words(text), want, "{text}");
        }
        let long = format!("intro\n-- \n{}", "line\n".repeat(60));
        assert!(own_words(&long).matches("line").count() == 60, "a rule above a long text is no signature");
    }

    #[test]
    fn signatures() {
        assert_eq!(signature("text\n-- \nJane\nAcme\n"), Some("Jane\nAcme"));
        assert_eq!(signature("text\n-- \nJane\n\n> quoted\n"), Some("Jane"));
        assert_eq!(signature("text\n"), None);
        assert_eq!(signature("text\n-- \n"), None);
        assert_eq!(signature("> -- \n> Bob\ntext\n"), None);
    }

    #[test]
    fn forwarded_messages() {
        let gmail = "see below\n\n---------- Forwarded message ---------\nFrom: Jane Doe <j@x.example>\nDate: Mon, May 4, \
                     2026\nSubject: A very\n long subject\nTo: <s@lists.x>\n\nHello,\n\nthere is a flaw.\n";
        let f = forwarded(gmail).unwrap();
        assert_eq!(f.from.as_deref(), Some("Jane Doe <j@x.example>"));
        assert_eq!(f.subject.as_deref(), Some("A very long subject"));
        assert_eq!(f.date.as_deref(), Some("Mon, May 4, 2026"));
        assert_eq!(f.body, "Hello,\n\nthere is a flaw.\n");
        let apple =
            "Begin forwarded message:\n\n> From: Jane <j@x.example>\n> Subject: Flaw\n> \n> Hello\n> there\n";
        let f = forwarded(apple).unwrap();
        assert_eq!((f.subject.as_deref(), f.body.as_str()), (Some("Flaw"), "Hello\nthere\n"));
        assert_eq!(forwarded("no forward\nFrom: x\n"), None);
        assert_eq!(forwarded("---------- Forwarded message ---------\nno headers\n"), None);
    }

    #[test]
    fn long_hostile_texts_are_linear() {
        let lines = 50_000;
        for l in [
            "> x\n",
            "On 2026 wrote:\n",
            "-- \n",
            "--\n",
            "From: x\n",
            "From: x\nTo: y\n",
            "x@1:\n",
            "__________\n",
        ] {
            let _ = own_words(&l.repeat(lines));
        }
        let _ = own_words(&">".repeat(1_000_000));
    }

    proptest! {
        #[test]
        fn never_panics(text in "(> |-- \n|On 1 wrote:\n|From: x\n|To: y\n|Subject: z\n|\n|[ -~é]{0,8}|-{10}){0,40}") {
            let own = own_words(&text);
            prop_assert!(own.lines().count() <= text.lines().count() + 1);
            let _ = (signature(&text), forwarded(&text));
        }
    }
}
