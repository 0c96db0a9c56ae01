//! Machine output without a person's own work (intake page §4, `automated-scanner`).

use std::{collections::BTreeSet, sync::LazyLock};

use crate::pattern::Regex;

use super::{
    cue::{Hit, Signal, cues, score, words},
    features::Features,
    text::Doc,
};
use crate::{config::Config, mail::Message};

/// Products that print findings. Names only; a desk adds its own in `confidentiality.scanner`.
const PRODUCTS: &str = r"nessus|tenable|openvas|greenbone|qualys|rapid7|nexpose|insightvm|burp(?: ?suite)?(?: (?:pro|professional|scanner))?|owasp zap|zap(?:roxy)?|acunetix|netsparker|invicti|appscan|webinspect|nikto|nuclei|wapiti|arachni|skipfish|w3af|detectify|intruder\.io|trivy|grype|syft|clair|anchore|snyk|dependabot|renovate|black ?duck|whitesource|mend|sonatype|nexus iq|jfrog xray|xray|prisma cloud|twistlock|aqua(?: security)?|docker scout|ecr (?:image )?scan\w*|inspector|wiz|orca|lacework|sysdig|checkmarx|fortify|veracode|sonarqube|sonarcloud|semgrep|codeql|bandit|brakeman|gosec|flawfinder|cppcheck|rats|spotbugs|findsecbugs|coverity|klocwork|pvs-studio|infer|dependency[- ]check|osv-scanner|npm audit|yarn audit|pip-audit|cargo[- ]audit|bundler-audit|retire\.?js|mobsf|securityscorecard|bitsight|upguard|gitleaks|trufflehog|checkov|tfsec|kube-bench|kubescape|lynis|wpscan|(?:ssllabs|testssl(?:\.sh)?)|mozilla observatory|(?:microsoft )?defender(?: for cloud)?|security ?hub|crowdstrike|aikido|deepsource|codacy|stackhawk|probely|pentest-tools|immuniweb|hostedscan|shodan|censys|endor labs|debricked|fossa|oss ?index|cve-bin-tool|prowler|neuvector|kics|terrascan|contrast security|trend micro|phpstan|psalm|njsscan|horusec";

static PRODUCT: LazyLock<Regex> = LazyLock::new(|| super::cue::pattern(PRODUCTS));

cues! {
    OUTPUT = [
        "class.scanner.severity-counts" 4 r"=(?:critical|high|medium|moderate|low|info\w*|unknown|negligible)\b(?:\s+severity)?\s*[:=(|-]?\s*\d+\b.{0,30}(?:critical|high|medium|moderate|low|info\w*|unknown|negligible)\b(?:\s+severity)?\s*[:=(|-]?\s*\d+|\b\d+\s+(?:critical|high|medium|moderate|low)\b.{0,15}\b\d+\s+(?:critical|high|medium|moderate|low|info\w*)\b",
        "class.scanner.counts-findings" 3 r"(?:total(?: of)?|found|detected|identified|reported|contains?|flagged|lists?|shows?|returned) ?:? ?(?:\w+ ){0,3}\d+ (?:\w+ ){0,3}(?:vulnerabilit\w+|findings?|issues?|alerts?|cves?|problems?|results|weaknesses)|\d{2,} (?:\w+ )?(?:vulnerabilities|findings|alerts|cves)|\d+ (?:\w+ ){0,2}(?:vulnerabilities|findings|alerts|cves) (?:\w+ ){0,2}(?:found|detected|identified|in|across|were)",
        "class.scanner.scan-report" 3 r"(?:vulnerability |security |image |container |automated |static |dependency |code |sast |dast |sca |web |penetration |site |network )+(?:scan|scanner|scanning|analysis|audit)(?: tool)? (?:results?|reports?|output|summary|findings|shows?|has|found|detected|identified|flagged|reported)|(?:automat\w+|autonomous) (?:\w+ ){0,4}(?:report|audit|assessment|tests?|checks?|scan|review|analysis)|(?:dast|sast|iast)|scan (?:results?|reports?|output|summary|date|id|target|started|finished|completed|duration)|(?:scanner|scan|tool) (?:has )?(?:flagged|reports?|reported|detected|found|identified)|scanned (?:your|the|by|with|image|at|on|using|host|target)",
        "class.scanner.plugin" 3 r"=\b(?:plugin|rule|check|query|alert|qid|vuln(?:erability)?)[ _-]?id\s*[:=|]|\bQID\b|\bplugin output\b|confidence\s*[:=|]\s*(?:high|medium|low|firm|certain|tentative)|\brisk(?:\s+(?:level|factor|rating))?\s*[:=|]\s*(?:high|medium|low|critical|info)|\bfixed[ _-]version\b|\binstalled[ _-]version\b",
        "class.scanner.sarif" 5 r"=\x22\$schema\x22\s*:\s*\x22[^\x22]*sarif|\x22ruleId\x22\s*:|sarif-schema|\x22runs\x22\s*:\s*\[",
        "class.scanner.base-image" 3 r"base[- ]image|(?:docker|container|oci|helm)[- ]?(?:registry )?(?:image|chart)s?(?: \S+){0,4} (?:should|contain\w*|has|have|with|ships?|include\w*|vulnerab\w+)|os packages?|(?:debian|ubuntu|alpine|rhel|ubi|distroless)(?: \S+)? (?:packages?|image|\d)|image digest|sha256:[0-9a-f]{12,}",
        "class.scanner.asks-to-clear" 2 r"(?:please|kindly|request you to|need you to|must) (?:\w+ ){0,3}(?:fix|remediate|address|resolve|patch|upgrade|update|review|mitigate) (?:\w+ ){0,3}(?:these|the following|all|the (?:below|above|listed|attached)|them|below|attached)|(?:see|find|review) (?:the )?(?:attached|enclosed) (?:\w+ )?(?:report|scan|results|findings)|false positives?|remediation (?:plan|timeline|eta)|(?:eta|timeline) for (?:the )?(?:fix|remediation|patch)",
        "class.scanner.robot-voice" 3 r"this (?:report|message|e-?mail) (?:was|has been|is) (?:automatically|auto-?)\s?(?:generated|created|sent)|(?:automatically |auto-?)generated|generated automatically|(?:our|the|an?) (?:automat\w+|autonomous) (?:\w+ ){0,2}(?:system|scanner|tool|bot|agent|audit|service|engine|crawler|platform)|(?:system|tool|engine|agent|service|platform|crawler) (?:has )?(?:checked|scanned|analy[sz]ed|audited|crawled|monitors?) (?:the|your)|generated (?:by|with|using) (?:\S+ ){0,3}(?:scanner|tool|bot|agent|scan|ai)|automated (?:security )?(?:scan\w*|tool|report|assessment|notification)|security alert digest|weekly digest",
    ];
}

words! {
    KNOWN = r"=\b(?:CVE-\d{4}-\d{4,}|GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}|RHSA-\d{4}:\d+|USN-\d+-\d|SNYK-[A-Z]+-\S+|TEMP-\d+-\w+|DSA-\d+)\b";
    ROW = r"=^.{0,80}(?:[|│┃\t]|\s{2,}).*(?:[|│┃\t]|\s{2,}).*$";
    FINDING_LINE = r"=^\W*(?:[\w./-]+:\d+(?::\d+)?:?\s+(?:\[|\(|error|warning|note|high|medium|low|critical)|\[?(?:critical|high|medium|moderate|low|info(?:rmational)?|warning)\]?\s*[-:|)\]]\s*\S)";
    // One row of a checklist about a web server.
    HYGIENE_ROW = r"=^\W*(?:\d+\W+)?(?:missing|no|weak|absent|insecure|cookies?|dmarc|spf|dkim|tls|ssl|server|directory|robots\.txt|strict-transport|content-security|x-[a-z-]+|permissions-policy|referrer-policy|hsts|csp|autocomplete|open\s+port|port\s+\d+)\b.{0,60}$";
    OWN_WORK = r"(?:i|we|i've|we've) (?:have |manually |then |also |was |were |could |can |am |are )*(?:manually )?(?:verif\w+|confirm\w*|validat\w+|reproduc\w+|exploit\w*|trac\w+|analy[sz]\w+|wrote|built|develop\w+|review\w+|audited|debugg\w+|reverse\w*|able to|managed to|dug|looked (?:into|at)|tested (?:it|this) (?:by hand|manually))|by hand|manually (?:verified|confirmed|validated|reproduced|tested|reviewed)|manual (?:verification|testing|review|analysis|confirmation)|reachable (?:from|via|through|by)|root cause|call (?:path|chain|graph)|my (?:exploit|poc|script|analysis|fuzzer)|our (?:exploit|poc|analysis|fuzzer)";
    SAYS = r"says?|said|reports?|reported|flag\w*|found|finds|shows?|showed|detect\w*|lists?|listed|complain\w*|gave|gives|returned|returns|alert\w*|identif\w+|ran|run|results?|output|tells";
    NO_WORK = r"(?:not|haven't|have not|did not|didn't|unable to|no|without|couldn't|could not|yet to|cannot|can't) (?:yet |manually |been able to |any |actually |personally |had time to )*(?:verif\w+|confirm\w*|validat\w+|reproduc\w+|exploit\w*|triag\w+|analy[sz]\w*|test\w*)|not been (?:\w+ )?(?:verified|confirmed|validated|reproduced|triaged)";
}

/// Points, and what spoke, for a text being machine output.
#[must_use]
pub fn cues_in(message: &Message, doc: &Doc, config: &Config) -> (i32, Vec<Signal>) {
    let mut text = doc.everything();
    let mut tables = doc.raw.clone();
    for a in &message.attachments {
        if !a.text.is_empty() {
            let t = super::text::cap(&a.text);
            text.push('\n');
            text.push_str(&t);
            tables.push('\n');
            tables.push_str(&t);
        }
    }
    let hits: Vec<Hit> = OUTPUT.hits(&text);
    let mut points = score(&hits);
    let mut signals: Vec<Signal> = hits.iter().map(Hit::signal).collect();
    if let Some(m) =
        PRODUCT.find(&text).map(|m| m.as_str().to_owned()).or_else(|| named_by_config(&text, config))
    {
        points += 2;
        signals.push(Signal::new("class.scanner.product", &m));
    }
    // A product that says something: the mail passes its words on.
    if doc.sentences.iter().any(|s| PRODUCT.is_match(s) && SAYS.is_match(s)) && points < 5 {
        points += 3;
    }
    let known: BTreeSet<String> =
        KNOWN.find_iter(&text).take(4000).map(|m| m.as_str().to_ascii_uppercase()).collect();
    if known.len() >= 3 {
        points += if known.len() >= 5 { 5 } else { 4 };
        let some: Vec<_> = known.iter().take(4).cloned().collect();
        signals.push(Signal::new("class.scanner.known-ids", &some.join(", ")));
    }
    let rows: Vec<&str> = tables
        .lines()
        .filter(|l| {
            l.len() < 600
                && ((KNOWN.is_match(l) && (ROW.is_match(l) || terse_row(l))) || FINDING_LINE.is_match(l))
        })
        .collect();
    let hygiene: Vec<&str> = tables.lines().filter(|l| l.len() < 200 && HYGIENE_ROW.is_match(l)).collect();
    if hygiene.len() >= 3 {
        points += 3;
        signals.push(Signal::new("class.scanner.hygiene-rows", hygiene.first().copied().unwrap_or("")));
    }
    if rows.len() >= 3 {
        points += 4;
        signals.push(Signal::new("class.scanner.finding-rows", rows.first().copied().unwrap_or("")));
    }
    (points, signals)
}

/// A known id among a handful of words, one of them a version: a row whose columns were lost.
fn terse_row(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    (2..=8).contains(&words.len())
        && !line.trim_end().ends_with(['.', '?', '!'])
        && words.iter().any(|w| w.starts_with(|c: char| c.is_ascii_digit()) && w.contains('.'))
}

fn named_by_config(text: &str, config: &Config) -> Option<String> {
    let lower = text.to_lowercase();
    config
        .confidentiality
        .scanner
        .iter()
        .flat_map(|s| s.aliases.iter().chain([&s.token]))
        .find(|n| n.len() > 2 && lower.contains(&n.to_lowercase()))
        .cloned()
}

/// Did a person add work of their own: a reproduction, an analysis, a payload that fits the product?
#[must_use]
pub fn own_work(doc: &Doc, f: &Features) -> Option<Signal> {
    let text = doc.all_prose();
    if NO_WORK.is_match(&text) {
        return None;
    }
    let strong = f.signals.iter().find(|s| {
        matches!(
            s.rule.as_str(),
            "class.report.poc"
                | "class.report.reproduction"
                | "class.report.steps"
                | "class.report.sanitizer-output"
        )
    });
    let said = OWN_WORK.find(&text);
    let pointed = f.signals.iter().find(|s| s.rule == "class.report.code-pointer");
    let found = f.signals.iter().any(|s| s.rule == "class.report.discovery");
    if let (Some(p), true, 1..=2) = (pointed, found, f.classes.len()) {
        return Some(p.clone());
    }
    match (strong, said) {
        (Some(s), _) => Some(s.clone()),
        (None, Some(m)) if f.substance >= 2 || f.reproduction > 0 => {
            Some(Signal::new("class.report.own-analysis", m.as_str()))
        }
        _ => None,
    }
}

/// Is this machine output and nothing more? Five points decide; a person's own work turns it into a report.
#[must_use]
pub fn judge(message: &Message, doc: &Doc, f: &Features, config: &Config) -> Option<Vec<Signal>> {
    let (points, signals) = cues_in(message, doc, config);
    (points >= 5 && own_work(doc, f).is_none()).then_some(signals)
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("class.scanner.hygiene-rows", "rows about headers, certificates or DNS"),
    ("class.report.own-analysis", "a person worked on what a tool printed, so it is a report"),
    ("class.scanner.asks-to-clear", "it asks for a list to be worked off"),
    ("class.scanner.base-image", "findings in a base image or in operating system packages"),
    ("class.scanner.counts-findings", "it counts findings"),
    ("class.scanner.finding-rows", "it is made of rows of findings"),
    ("class.scanner.known-ids", "it lists three or more known ids"),
    ("class.scanner.plugin", "it has the fields of a scanner: plugin id, confidence, fixed version"),
    ("class.scanner.product", "it names a scanner"),
    ("class.scanner.robot-voice", "it says that it was generated"),
    ("class.scanner.sarif", "it holds SARIF"),
    ("class.scanner.scan-report", "it calls itself the result of a scan"),
    ("class.scanner.severity-counts", "it counts findings by severity"),
];
