//! What is no report at all: questions, list administration, answers of machines, courtesies (DESIGN §7).

use super::{
    cue::{Hit, cues, words},
    text::Doc,
};
use crate::mail::Message;

cues! {
    MACHINE = [
        "class.other.auto-reply" 4 r"=^\W*(?:auto(?:matic|mated|-)?\s*-?\s*(?:reply|response|antwort)|out\s+of\s+(?:the\s+)?office|autoreply|abwesenheits\w*|automatische\s+antwort|réponse\s+automatique|respuesta\s+automática|resposta\s+automática|risposta\s+automatica|автоответ\w*|自动回复|自動応答|不在)",
        "class.other.bounce" 4 r"=^\W*(?:undeliver\w+|delivery\s+status\s+notification|mail\s+delivery\s+(?:failed|subsystem)|returned\s+mail|failure\s+notice|delivery\s+failure|message\s+not\s+delivered|read:|read\s+receipt|delivered:)",
        "class.other.list-administration" 4 r"=^\W*(?:MODERATE\s+for|confirm\s+(?:subscribe|unsubscribe)|(?:un)?subscribe\s*$|(?:un)?subscription\s+(?:request|confirmation|results?)|(?:your\s+)?(?:un)?subscription\s+to\s+.{1,60}\s(?:confirmed|approved|pending|ended|removed)|welcome\s+to\s+(?:the\s+)?\S+(?:\s+mailing)?\s+list|goodbye\s+from|your\s+message\s+to\s+\S+\s+awaits|\d+\s+\S*\s*moderator\s+request|mailing\s+list\s+(?:memberships?|reminders?)|digest,?\s+vol)",
        "class.other.ci-notice" 3 r"=^\W*(?:build\s+(?:failed|failure|fixed|is\s+still|succe\w+)|(?:run|workflow|pipeline|job)\s+(?:failed|succeeded|cancelled)|jenkins|ci\s*(?:failed|passed))",
    ];
    AWAY = [
        "class.other.auto-reply" 4 r"(?:i am|i'm|i will be) (?:currently )?(?:out of (?:the )?office|on (?:annual |parental |sick |maternity |paternity )?(?:leave|vacation|holiday)|away (?:from|until))|limited access to (?:my )?e-?mail|ich bin (?:bis|ab|vom|derzeit|zurzeit) .{0,40}(?:abwesend|nicht (?:im büro|erreichbar))|je suis (?:actuellement )?absent\w*|estoy (?:fuera de la oficina|de vacaciones)|estou (?:fora do escritório|de férias)|this is an automat(?:ic|ed) (?:reply|response|message)",
        "class.other.bounce" 4 r"(?:your message|message) (?:could not|couldn't|was not|wasn't|cannot) be delivered|recipient address rejected|mailbox (?:is )?(?:full|unavailable)|user unknown",
        "class.other.list-administration" 4 r"(?:please )?(?:unsubscribe|remove|take) (?:me|us|my (?:e-?mail )?address)(?: from| off|$)|how (?:do|can) i (?:un)?subscribe|to (?:un)?subscribe (?:me|to|from)|(?:approve|reject) this (?:post|message|subscription)|welcome to (?:the )?(?:\S+ ){1,4}(?:mailing )?list|you have been (?:un)?subscribed|add me to (?:the|this|your) (?:mailing )?list|confirm (?:your|that you) (?:subscri\w+|would like)",
    ];
    ASKING = [
        "class.other.how-to-report" 3 r"(?:how|where|whom|who (?:should|do|does|can|is|would|will|to|else)|which address|what is the (?:best|right|proper|correct|preferred)|is this the (?:right|correct)|right (?:place|address|channel|person)) (?:\S+ ){0,10}(?:report\w*|disclos\w+|submit\w*|contact)|(?:do|does|have) (?:you|the project|your \w+) (?:\w+ ){0,3}(?:have |run |offer )?(?:a |an |any )?(?:bug[- ]?bounty|vulnerability disclosure|security (?:policy|contact)|pgp|gpg|hall of fame|security\.txt)|pgp (?:public )?key",
        "class.other.usage-question" 3 r"(?:how|what) (?:do|can|should|would|could|must|to|is the (?:best|right|recommended|correct|proper) way) (?:i|we|you|one|someone)?|is it possible to|is there (?:a|any|some) (?:way|option|setting|plan|documentation|flag|guide|example|support|roadmap|eta)|(?:can|could|may|would|will) (?:someone|anyone|anybody|you|i|we) (?:please |kindly )?(?:help|explain|tell|clarify|point|advise|confirm|let|share|provide|use|install|upgrade|get|have)|which (?:version|release|option|branch|setting)|what (?:version|is the|are the|does)|when (?:will|is|do you)|wie (?:kann|muss|soll|richte|konfiguriere) (?:ich|man|wir)|comment (?:puis-je|peut-on|faire|configurer|installer)|¿?c[oó]mo (?:puedo|se puede|configuro|instalo)|como (?:posso|faço|configuro|instalo)|come (?:posso|si fa|faccio)|как (?:мне|можно|настроить|установить|включить)",
        "class.other.usage-question" 3 r"=(?:^|[.!?,;:)]\s+|\n\s*)(?:and\s+|so\s+|but\s+|hi,?\s+|hello,?\s+)?(?:does|do|will|is|are)\s+(?:\S+\s+){1,8}?(?:support\w*|compatible|available|affected|vulnerable|impacted|supported|safe|patched|work\w*)\b[^.!?]{0,120}\?",
        "class.other.usage-question" 3 r"=请问|如何|怎么(?:配置|安装|使用|办)|教えて|どうすれば|方法を",
        "class.other.support-request" 2 r"(?:mis)?configured (?:the|my|our|it|something)|after (?:the )?(?:upgrad\w+|updat\w+|install\w+|migrat\w+)|(?:get|gets|getting|got|receiv\w+|seeing|see|throws?|fails? with) (?:a |an |the |this |following )*(?:error|errors|40\d|50\d|exception|timeout|warning|message)|(?:could|can|would) you (?:please )?(?:make|add|change|support|consider|provide)|(?:trying|want|need|attempting|planning|unable|having (?:trouble|problems|issues|difficulty)) (?:to |with )?(?:configur\w+|install\w*|set(?:ting)? ?up|upgrad\w+|deploy\w*|connect\w*|build\w*|compil\w+|migrat\w+|integrat\w+|run(?:ning)?|start\w*|us(?:e|ing)|enabl\w+|understand)|documentation|licen[cs]e|licensing|feature request|roadmap|tutorial",
        "class.other.compliance-question" 4 r"(?:fill (?:in|out)|complete) (?:the|this|our|attached|following) (?:\w+ ){0,4}(?:questionnaire|survey|form|assessment)|vendor (?:risk|security) (?:assessment|questionnaire)|soc ?2|iso ?27001|export control|eccn|gdpr (?:request|inquiry)|sbom|end[- ]of[- ](?:life|support)",
        "class.other.administration" 3 r"(?:yearly|annual|quarterly|monthly|biannual|periodic) (?:reminder|review|check|confirmation|report)|(?:confirm|update|review|check|verify) (?:your |the |that )*(?:\w+ ){0,2}(?:contacts?|members? of|membership|roster|contact details|list of (?:members|contacts|people))|board (?:report|meeting)|minutes of (?:the|our)|agenda (?:for|of)",
        "class.other.courtesy" 3 r"(?:thanks|thank you|thx|merci|danke|gracias|obrigado|grazie|спасибо|谢谢|ありがとう\w*)(?: (?:you|so|very|much|a lot|for))*|congratulations|happy (?:new year|holidays)",
    ];
}

words! {
    AFFECTED = r"(?:is|are|does|do|was|were|am) (?:\S+ ){1,10}?(?:affected|vulnerable|impacted|exposed|susceptible)|(?:affected|impacted) by|(?:status|position|statement) (?:on|of|regarding) CVE-\d+-\d+|betroffen|afectad[oa]s?|affecté\w*|затронут\w*";
    KNOWN_ID = r"=\b(?:CVE-\d{4}-\d{4,}|GHSA(?:-[a-z0-9]{4}){3}|log4shell|spring4shell|heartbleed|shellshock|text4shell|regresshion|polyfill)\b";
}

/// The machine or list notice that a message is, if any.
#[must_use]
pub fn machine(message: &Message, doc: &Doc) -> Option<Hit> {
    MACHINE
        .first(&doc.subject)
        .or_else(|| MACHINE.first(&message.subject))
        .or_else(|| AWAY.first(&doc.all_prose()))
}

/// Only the notices that come from a machine's own header or subject; certain enough to outrank a claim that is
/// merely quoted.
#[must_use]
pub fn machine_subject(message: &Message, doc: &Doc) -> Option<Hit> {
    MACHINE.first(&message.subject).or_else(|| MACHINE.first(&doc.subject))
}

/// What a message asks for that is not the handling of a flaw.
#[must_use]
pub fn asking(doc: &Doc) -> Vec<Hit> {
    ASKING.hits(&doc.all_prose())
}

/// Asks whether the product is affected by something already known under a public name.
#[must_use]
pub fn affected_question(doc: &Doc) -> Option<String> {
    doc.sentences
        .iter()
        .find(|s| {
            AFFECTED.is_match(s)
                && (s.contains('?') || s.contains('？'))
                && KNOWN_ID.is_match(&doc.all_prose())
        })
        .cloned()
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("class.other.administration", "administration of the list or the team"),
    ("class.other.auto-reply", "an automatic reply"),
    ("class.other.bounce", "a bounce"),
    ("class.other.ci-notice", "a notice of a build or a bot"),
    ("class.other.compliance-question", "a questionnaire, an export or licence question"),
    ("class.other.courtesy", "thanks and greetings"),
    ("class.other.how-to-report", "it asks how or where to report"),
    ("class.other.list-administration", "administration of a mailing list"),
    ("class.other.support-request", "it asks for help with the product"),
    ("class.other.usage-question", "it asks how to use the product"),
];
