//! Does the mail itself say that the fix is public, and show it? (intake page §4, Weakness 13)

use crate::pattern::Regex;

use super::{
    cue::{Signal, words},
    text::Doc,
};
use crate::config::Config;

words! {
    CHANGE = r"=https?://[^\s<>()\x22']+/(?:pull|pulls|merge_requests|commit|commits|changeset|pull-requests|rev|c)/[0-9a-zA-Z]+[^\s<>()\x22']*|https?://[^\s<>()\x22']*[?&](?:id|h|rev|revision)=[0-9a-f]{7,40}|\b(?:PR|MR|pull\s+request|merge\s+request)\s*[#!]?\d+|\b(?:commit|revision|changeset)\s+[0-9a-f]{7,40}|(?:^|\s)#\d{2,6}\b";
    FIXED = r"(?:already |since |now |recently |silently |publicly |quietly |meanwhile |just |previously |properly )*(?:been |was |were |got |is |are )*(?:already |now |silently |publicly |recently |quietly |since )*(?:fix(?:es|ed)?|patched|patch(?:es)?|resolved|resolves|corrected|addressed|addresses|closes|closed|plugs|plugged|dealt with|taken care of|solved|solves|eliminat\w+|remediated|mitigated|behoben|gefixt|corrigée?|corregid[oa]|corrigid[oa]|corretto|исправлен\w*|устранен\w*)|fix|bugfix";
    FIXED_CJK = r"=已(?:经)?(?:被)?(?:修复|修正)|修复(?:提交|补丁)|修正済み";
    LANDED = r"merged|landed|committed|released|shipped|public(?:ly)?(?: visible| available)?|(?:in|on|to|into) (?:the )?(?:main|master|trunk|head|development|default|stable|release)(?: branch)?|already (?:been )?(?:fixed|patched|resolved|addressed|merged|public|corrected)|(?:was|were|been|got|is) (?:\w+ly )?(?:already )?(?:fixed|patched|resolved|corrected|addressed) (?:in|by|with|through|via)|silently (?:fixed|patched)|(?:fixed|patched|resolved|corrected|addressed) (?:\w+ )?(?:in|by|with|via)|last (?:week|month|year|night)|yesterday|(?:days|weeks|months|years) ago|bereits (?:\w+ )?(?:behoben|gefixt|gemergt)|(?:schon|öffentlich) (?:\w+ )?(?:behoben|gefixt)|gemerge?[td]|zusammengeführt|veröffentlicht|fusionnée?|fusionad[oa]|mescl\w+|integrad[oa]|влит\w*|смержен\w*|déjà (?:corrigée?|fusionnée?)|ya (?:está |fue |ha sido )?corregid\w+|já (?:foi |está )?corrigid\w+|уже исправлен\w*";
    // The link is to something other than the fix.
    OTHER_LINK = r"introduc\w+|regress\w+|caused by|originat\w+|came in|added (?:in|by|with)|since (?:pr|commit|https?)|similar|related|unrelated|analogous|different|another|incomplete|insufficient|does(?:n't| not) (?:fully |completely |really |properly )?(?:fix|address|resolve|cover)|not (?:fully |completely |properly )?(?:fixed|addressed|resolved|merged|been merged|yet)|unfixed|unmerged|unpatched|still (?:vulnerable|exploitable|reproduces?|possible|present|works?|affected|exists?)|bypass\w*|reintroduc\w+|revert\w*|broke|partial\w*|proposed|suggested|propos\w+|my (?:patch|fix|pr|branch|fork)|(?:i|we)(?:'ve| have|'d| can| could|'ll| will| am| are|'m)? ?(?:\w+ )?(?:open\w*|submit\w*|prepar\w+|creat\w+|push\w*|propos\w+|draft\w*|attach\w*|sent|suggest\w*|wrote|written) |should be (?:fixed|patched)|could be (?:fixed|patched)|can be (?:fixed|patched)|to fix|needs? (?:to be )?|before (?:the )?(?:pr|commit|fix)|forgot|missed|overlook\w*";
    DEPENDENCY = r"(?:upstream|dependenc\w+|bundled|vendored|third[- ]party|transitive|embedded|outdated) (?:\w+ )?(?:project|library|package|version|copy|module|dependency|fix|in)?|your (?:bundled|vendored|copy)|backport\w*";
    URL = r"=https?://[^\s<>()\x22']+";
    EXAMPLE_LINK = r"=(?:see\s+also|cf\.?|compare|similar\s+to|like|e\.g\.?|for\s+example)\W*$";
    BLAMES = r"introduc\w+|regress\w+|caused by|originat\w+|since (?:pr|commit|https?)|bypass\w*|incomplete|insufficient|revert\w*|my (?:patch|fix|pr|branch|fork)|(?:proposed|suggested|possible|simple|easy) fix|fix (?:is|would be|could be|should be)";
    NOT_FIXED = r"(?:not|never|no|isn't|hasn't|haven't|wasn't|without|un)[- ]?(?:\w+ ){0,2}(?:fix\w*|patch\w*|resolved|merged|addressed|released)";
    STILL = r"(?:there is |there's |i see |we see |with )?no (?:public |released |available |known )?(?:fix|patch)(?: yet| so far| available| exists| for)?|(?:the |that |this )?(?:fix|patch|pr|change) (?:is |was |seems |appears |looks )?(?:\w+ )?(?:incomplete|insufficient|wrong|ineffective|bypass\w*|does not|doesn't|can be bypassed|only covers|misses|missed)|(?:still|nevertheless) (?:\w+ )?(?:vulnerable|exploitable|reproduces?|reproducible|possible|works?|crashes)|incomplete (?:fix|patch)|bypass (?:of|for|the) (?:the )?(?:fix|patch|cve)";
}

/// The sentence that shows a public fix: a link to a change, said to be the fix, said to be in. A change that
/// introduced the flaw, that the author only proposes, that falls short, or that lies in another project is none.
#[must_use]
pub fn judge(doc: &Doc, config: &Config) -> Option<Signal> {
    find(doc, config).map(|(s, _)| Signal::new("class.already-public.says-fixed", s))
}

/// The web address of that change, where it lies in the configured upstream; any other is nothing to cite.
#[must_use]
pub fn address(doc: &Doc, config: &Config) -> Option<String> {
    let (sentence, link) = find(doc, config)?;
    let url = URL.find(sentence).map_or(link, |m| m.as_str());
    let url = url.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '"']);
    let known = !config.upstream.repo.is_empty() && url.starts_with("https://") && in_upstream(url, config);
    known.then(|| url.to_owned())
}

fn find<'d>(doc: &'d Doc, config: &Config) -> Option<(&'d str, &'d str)> {
    if STILL.is_match(&doc.all_prose()) {
        return None;
    }
    for (n, s) in doc.sentences.iter().enumerate() {
        let Some(link) = CHANGE.find(s) else { continue };
        // What the sentence of the link leaves open, its neighbours or the subject may say.
        let near = [n.checked_sub(1), n.checked_add(1), Some(0)]
            .into_iter()
            .flatten()
            .filter(|i| *i != n)
            .filter_map(|i| doc.sentences.get(i))
            .map(|t| URL.replace_all(t, " ").into_owned());
        let own = URL.replace_all(s, " ").replace(link.as_str(), " ");
        let aside = EXAMPLE_LINK.is_match(s.get(..link.start()).unwrap_or_default());
        if aside || OTHER_LINK.is_match(&own) || DEPENDENCY.is_match(&own) {
            continue;
        }
        // A neighbour that speaks of another change, or says that this one falls short, does not help.
        let near: Vec<String> = near.filter(|t| !NOT_FIXED.is_match(t) && !BLAMES.is_match(t)).collect();
        let says = |re: &Regex| re.is_match(&own) || near.iter().any(|t| re.is_match(t));
        let fixed = says(&FIXED) || says(&FIXED_CJK);
        let landed = LANDED.is_match(&own)
            || FIXED_CJK.is_match(&own)
            || (FIXED.is_match(&own) || own.trim().len() < 80) && says(&LANDED);
        if fixed && landed && in_upstream(link.as_str(), config) {
            return Some((s, link.as_str()));
        }
    }
    None
}

/// A web link must lead to the configured upstream; a bare number is taken to.
fn in_upstream(link: &str, config: &Config) -> bool {
    let repo = config.upstream.repo.to_lowercase();
    if repo.is_empty() || !link.to_lowercase().contains("://") {
        return true;
    }
    let link = link.to_lowercase();
    // Self-hosted forges and cgit name only the last part.
    link.contains(&format!("/{repo}/"))
        || (repo.rsplit('/').next().is_some_and(|n| n.len() > 2 && link.contains(&format!("/{n}"))))
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] =
    &[("class.already-public.says-fixed", "the mail says where the fix is public, and that it is one")];
