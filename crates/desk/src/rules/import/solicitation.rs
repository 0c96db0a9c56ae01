//! Spam, and requests of the press: mail that wants something from the team other than a fix (intake page §4).

use super::{
    cue::{Hit, cues, words},
    text::Doc,
};

cues! {
    /// Unsolicited offers, phishing, extortion.
    pub SPAM = [
        "class.spam.payment-first" 6 r"(?:(?:before|until|unless|prior to|once|after|upon|when|as soon as|only (?:if|after|when|for)|in (?:exchange|return) for|subject to|conditional on|depending on) (?:\S+ ){0,8}?(?:pay\w*|paid|payments?|bount(?:y|ies)|rewards?|compensat\w+|fees?|deposit|btc|bitcoins?|usdt|ethereum|eth|monero|money|donation))",
        "class.spam.payment-first" 6 r"(?:(?:pay\w*|paid|bount(?:y|ies)|rewards?|compensat\w+|fee|deposit|\$ ?\d[\d,.]*k?|\d+ ?(?:usd|eur|dollars|btc)) (?:\S+ ){0,10}?(?:first|upfront|up front|in advance|before (?:i|we|the details?|any|sharing|disclos\w+|details?|i'll|we'll|revealing|sending|reporting)|to (?:receive|get|obtain|see|unlock) (?:the )?(?:\w+ )?(?:details?|poc|report|information|exploit)|or (?:i|we) (?:will|shall|publish|sell|leak|disclose)|for (?:the )?(?:full )?(?:details?|report|poc|information|exploit|disclosure)))",
        "class.spam.payment-first" 6 r"(?:0-?days?|zero[- ]days?|exploits?|vulnerabilit\w+|access|database|chain|poc) (?:\w+ )?(?:is |are )?(?:for sale|available for purchase)|no (?:payment|money|bounty|reward|pay),? no (?:details?|poc|report|disclosure)|asking price|(?:other|interested) buyers|highest bidder|(?:price|cost|fee) (?:is|of) \S+ ?(?:btc|bitcoins?|usdt|usd|eur|eth|dollars)",
        "class.spam.pay-to-see" 6 r"=(?:после|до|без)\s+оплаты|предоплат\w*|стоимость\s*.{0,20}\b(?:usdt|btc|bitcoins?|руб\w*|долл\w*)|кошел[её]к\s+для|nach\s+(?:der\s+|ihrer\s+|eingang\s+der\s+)?(?:zahlung|bezahlung|überweisung)|gegen\s+(?:zahlung|bezahlung)|après\s+(?:le\s+|votre\s+)?paiement|contre\s+paiement|(?:tras|después\s+de(?:l)?|contra)\s+(?:el\s+|su\s+)?pago|após\s+o\s+pagamento|mediante\s+pagamento|dopo\s+il\s+pagamento|付款后|支付后|先付款|付费后|入金後|支払い後|입금\s*후",
        "class.spam.bounty-question" 2 r"(?:do|does|will|would|are|is|can|could|have) (?:you|there|your (?:company|team|organi[sz]ation))(?: \w+)? (?:give|pay|offer|provide|have|be|reward|giving|paying|offering|any)? ?(?:\w+ ){0,5}(?:bount(?:y|ies)|rewards?|compensation|monetary|payment|paid|swag) (?:\S+ ){0,8}(?:report\w*|bugs?|vulnerabilit\w+|findings?|then|so|before|details?|valid|researchers?)",
        "class.spam.payment-first" 5 r"(?:share|send|disclose|provide|reveal|submit|give|tell) (?:you )?(?:\S+ ){0,6}?(?:details?|poc|report|information|vulnerabilit\w+|exploit|steps) (?:\S+ ){0,8}?(?:pay\w*|bount\w+|reward\w*|compensat\w+|bitcoins?|btc|usdt)",
        "class.spam.extortion" 6 r"(?:we|i) (?:have )?(?:hacked|compromised|encrypted|stolen|exfiltrated|downloaded) (?:your|all|the)|(?:transfer|send|pay) (?:\S+ ){0,5}(?:btc|bitcoins?|usdt|monero|xmr|ethereum)|(?:will be|going to be) (?:leaked|published|sold) (?:on|to|if|unless)|ransom",
        "class.spam.wallet" 3 r"=\b(?:bc1[a-z0-9]{25,60}|[13][a-km-zA-HJ-NP-Z1-9]{30,34}|0x[a-fA-F0-9]{40}|T[A-Za-z1-9]{33})\b",
        "class.spam.offer" 3 r"(?:we|our (?:company|team|agency|firm|experts|specialists|services?)|i) (?:are |am |is )?(?:\w+ )?(?:offer\w*|provid\w+|speciali[sz]\w+|deliver\w*|develop custom|help (?:businesses|companies|organi[sz]ations|teams|startups|clients|brands|you)|excited to (?:offer|introduce|announce)|leading (?:provider|company)|a leading|pleased to (?:introduce|offer))",
        "class.spam.call-to-action" 4 r"(?:team|company|agency|firm|network) of (?:over |more than )?\d+\+? (?:\w+ )?(?:developers|engineers|experts|specialists|testers|professionals|people)|half the (?:cost|price)|(?:send|share|see|view) (?:you )?(?:our|my) (?:portfolio|brochure|catalog\w*|company profile|case studies|rates|deck)|(?:build|develop|design) (?:custom )?(?:software|websites|apps) (?:for|at)|(?:schedule|book|arrange|set up|hop on|jump on|have|available for) (?:a |an |for )?(?:quick |short |brief |free |15[- ]min\w* |30[- ]min\w* |\d+[- ]minutes? )*(?:call|demo|meeting|chat|consultation|discovery call|webinar)|(?:quick|short|brief|live|personali[sz]ed) (?:demo|call|chat|walk-?through|intro)|(?:15|20|30) min\w* (?:on|this|next|for|to|call|chat|of your)|free (?:trial|demo|consultation|quote|audit|assessment)|special (?:offer|price|discount)|\d+ ?% (?:off|discount)|limited[- ]time|act now|best price|competitive (?:rates|prices|pricing)|price list|wholesale",
        "class.spam.marketing" 4 r"seo (?:\w+ )?(?:services?|ranking|agency|expert|audit|packages?|optimi\w+)|(?:rank\w*|first page|top) (?:of|on|in|higher)(?: \w+)? (?:google|search)|back-?links?|guest post\w*|sponsored (?:post|article|content|link)s?|link (?:exchange|insertion|building)|domain authority|web (?:design|development) (?:services?|company|agency)|(?:mobile )?app development (?:company|services?)|increase (?:your )?(?:\w+ )?(?:traffic|sales|revenue|leads|followers)|digital marketing|(?:bring|get|give|deliver) you [\d,.]+k? (?:\w+ )?(?:downloads|followers|visitors|leads|reviews|customers|users|installs|views)|(?:5|five)[- ]star reviews|best prices?|prices? guaranteed|paypal accepted|lead generation|email (?:list|database) of|(?:targeted|verified) (?:leads|contacts|email list)|attendees? list|influencer",
        "class.spam.marketing" 3 r"penetration testing (?:services?|company|as a service|engagement)|pentest\w* (?:services?|packages?|offer)|managed (?:soc|security|detection)|(?:security|compliance) (?:platform|solution)s? (?:that|for|to|helps?)|our (?:platform|product|solution|tool) (?:helps?|can help|enables|automates|detects)|webinar|white ?paper|register (?:now|today|here)|join us (?:for|on|at)|newsletter|unsubscribe (?:here|at any time)|opt[- ]out",
        "class.spam.event" 4 r"(?:free|upcoming|exclusive|live|on-demand) (?:\w+ )?(?:webinar|masterclass|training|virtual event)|register (?:now|today|here|free)|(?:save|reserve) your (?:seat|spot)|limited (?:seats|spots)|(?:join|attend) (?:us|our) (?:for|on|at|live|in|webinar)|download (?:our|the|your) (?:free )?(?:white ?paper|ebook|guide|report now)",
        "class.spam.phishing" 5 r"(?:verify|confirm|update|validate|reactivate) (?:your )?(?:\w+ )?(?:account|mailbox|password|identity|billing|e-?mail|credentials|information) ?(?:now|immediately|within|by clicking|to avoid|below|here|$)?|(?:mailbox|account|storage|quota|password) (?:\w+ ){0,4}(?:is (?:almost )?full|exceeded|suspended|deactivated|will be (?:closed|suspended|deleted|terminated|blocked)|expires?(?: today| soon)?)|(?:parcel|package|shipment|delivery) (?:\w+ ){0,3}(?:could not be|cannot be|can't be|on hold|pending|failed|was not|is waiting)|customs (?:fees?|dut\w+|charges?)|click (?:on )?(?:here|below|this link|the (?:link|button))(?: below)? (?:to|and) (?:\w+ )?(?:verify|confirm|update|avoid|keep|restore|claim|release)|unusual (?:sign[- ]?in|activity)|pending (?:messages|emails|documents?)",
        "class.spam.scam" 6 r"lottery|(?:you have|you've) (?:won|been selected)|(?:your|an|large|unclaimed) inheritance|next of kin|beneficiary|million (?:us )?(?:dollars|euros|usd|pounds)|\d+ million|business proposal|wire transfer|investment opportunit\w+|(?:guaranteed|daily|passive) (?:returns?|profits?|income)|loan offer|airdrop|presale|pre-sale|token (?:launch|sale|listing)|ico listing|list your token|double your|crypto (?:trading|investment|signals)|trading bot|kindly (?:reply|respond) for (?:more )?details|urgent (?:business|assistance)",
        "class.spam.topic" 3 r"casino|viagra|cialis|pills|betting|forex|poker|(?:job|career|employment) (?:opportunit\w+|offers?|openings?|vacanc\w+)|recruit(?:ers?|ing|ment)",
        "class.spam.jobs" 5 r"we are (?:hiring|recruiting)|hiring (?:for|a|an)|(?:your|attached|my) (?:cv|resume|résumé)|(?:looking|searching) for a (?:\w+ )?(?:developer|engineer|position|job|role)|remote (?:position|role|job)|(?:competitive )?salary (?:up to|of|range|package)|qualified candidates|outsourc\w+|hire (?:dedicated |our )?(?:developers|engineers)|staff augmentation",
        "class.spam.invoice" 4 r"(?:invoice|purchase order|payment advice|remittance|quotation|quote request|proforma|overdue (?:invoice|payment))(?: \S+)? (?:is |is attached|attached|enclosed|number|no|due|below|for your)|(?:attached|enclosed|find) (?:\w+ ){0,3}(?:invoice|purchase order|quotation|proforma)|new order|rfq|we are (?:a |an |one of |the )?(?:\w+ ){0,4}(?:suppliers?|manufacturers?|exporters?)|(?:leading|professional|reliable|trusted) (?:\w+ )?(?:supplier|manufacturer|exporter)s?|manufacturer of|product catalog\w*",
        "class.spam.foreign-offer" 5 r"=发票|代开|贷款|优惠|招商|加微信|代理商|外贸|推广(?:服务|优化)|скидк[аи]|продвижени[ея]\s+сайт|заработ|казино|кредит\s+без|oferta\s+(?:especial|exclusiva)|posicionamiento\s+seo|kredit\s+ohne|gewinnspiel|votre\s+compte\s+(?:sera|a\s+été)\s+(?:suspendu|bloqué)|su\s+cuenta\s+(?:será|ha\s+sido)\s+(?:suspendida|bloqueada)|ihr\s+konto\s+(?:wird|wurde)\s+(?:gesperrt|eingeschränkt)",
        "class.spam.greeting" 1 r"dear (?:sir|madam|sir/madam|sir or madam|webmaster|website owner|site owner|business owner|valued customer|customer|friend|beneficiary|user|admin)|greetings of the day|hope this (?:e-?mail )?finds you well|to whom it may concern",
    ];
    /// Journalists, bloggers, speakers, conference and disclosure-timing enquiries.
    pub MEDIA = [
        "class.media.press" 4 r"(?:i'm|i am|we're|we are|my name is \S+(?: \S+)?,?(?: and)? (?:i am|i'm)?|as) (?:a |an |the )?(?:\w+ ){0,4}(?:journalist|reporter|editor|correspondent|columnist|blogger|podcaster|host|producer|staff writer|freelance writer)|(?:reporter|journalist|editor|correspondent|writer|producer) (?:at|for|with|from|covering)|(?:produce|host|anchor|edit|present|run) (?:a |an |the )?(?:\w+ ){0,4}(?:programme|radio show|tv show|show|podcast|magazine|newspaper|newscast)|on air|live broadcast|(?:radio|television|tv) (?:station|feature|programme|show|interview|channel)|press (?:inquiry|enquiry|request|office|contact|release|statement|query)|media (?:inquiry|enquiry|request|contact|query|relations|outlet)|presseanfrage|journalistin?|pressestelle|demande (?:de )?presse|journaliste|periodista|jornalista|giornalista|журналист\w*|корреспондент\w*",
        "class.media.press" 4 r"=记者|媒体(?:采访|咨询)|取材|記者",
        "class.media.story" 4 r"(?:making|make|recording|filming|writing|write|working on|preparing|publish\w*|running|run|researching|filing|drafting|doing) (?:on |up )?(?:a |an |our |the |this |my |some )?(?:\w+ ){0,4}(?:story|article|piece|feature|blog ?post|blog|write-?up|podcast|episode|news item|newsletter|documentary|book|column|report about|video|case study|profile)|(?:article|story|blog ?post|podcast|episode|video|write-?up) (?:\w+ ){0,3}(?:about|on|covering|regarding|goes live|will be published|is scheduled)",
        "class.media.story" 4 r"(?:schreibe|schreiben|arbeite|arbeiten|recherchiere|recherchieren|plane|planen) (?:\S+ ){0,6}?(?:artikel|beitrag|blogbeitrag|buch|reportage|podcast|sendung)|(?:blog)?artikel (?:über|zu|zum)|(?:produzco|producimos|presento|escribo|escribimos|escribiendo|preparo|preparamos|prepararemos) (?:\S+ ){0,6}?(?:artículo|reportaje|episodio|pódcast|podcast|programa|libro)|(?:episodio|pódcast|podcast|programa) (?:\S+ ){0,3}(?:sobre|acerca)|(?:j'écris|j'anime|écrivons|prépare|préparons|rédige|rédigeons) (?:\S+ ){0,5}?(?:article|reportage|livre|épisode|émission|podcast|dossier)|(?:scrivo|preparo|conduco) (?:\S+ ){0,5}?(?:articolo|puntata|libro|podcast)|(?:escrevo|escrevendo|preparo|produzo|apresento) (?:\S+ ){0,5}?(?:artigo|matéria|reportagem|episódio|livro|podcast)|(?:пишу|готовлю|готовим) (?:\S+ ){0,4}?(?:статью|книгу|материал|репортаж|выпуск)",
        "class.media.comment" 3 r"interviewe[nrz]|entrevista\w*|entretien avec|intervista\w*|интервью",
        "class.media.comment" 3 r"(?:for |on |request\w* |provide |offer |like |want |have |get |seeking |give |make )(?:a |an |any |the |your |us )*(?:\w+ )?(?:comments?|statements?|quotes?|interview|remarks?|on the record)|(?:answer|ask) (?:\w+ )?(?:a few |some |three |several |\d+ )*questions|on camera|(?:willing|available|like|able|agree|happy|open) (?:\w+ )?(?:to |for |with )(?:\w+ ){0,4}(?:interview|comment|quote|questions|speak|talk)|on (?:the|or off the) record|interview (?:with|you|someone|somebody|a|one|your|request|members?)|deadline (?:is|for|of|today|tomorrow|on)|(?:by|before) (?:my|our) deadline|stellungnahme|interview\w*",
        "class.media.talk" 4 r"(?:present\w*|speak\w*|talk\w*|give|giving|submit\w*|accepted|keynote|demo\w*) (?:\S+ ){0,8}?(?:at|to|for) (?:the |this year's |next |an? |our )?(?:\S+ ){0,3}(?:conference|black ?hat|def ?con|defcon|rsa|ccc|\d\dc3|usenix|fosdem|summit|meetup|symposium|workshop|bsides\w*|hitb|offensivecon|recon|con|event)|(?:conference|black ?hat|defcon|def con) (?:talk|presentation|submission|slides|paper|session)|(?:my|our|the|a) (?:upcoming )?(?:talk|presentation|paper|slides|keynote)|call for (?:papers|speakers)|speaker|guest (?:speaker|lecture)|camera[- ]ready",
        "class.media.timing" 3 r"(?:when|what (?:date|time)|what is the (?:date|timeline|schedule)|timeline|timing|schedule|date) (?:\S+ ){0,10}?(?:disclos\w+|publish\w*|publication|embargo|public|advisory|announce\w*|go(?:es)? live)|(?:disclosure|publication|release|embargo) (?:date|timing|timeline|schedule|lift\w*)|coordinat\w+ (?:the |our |on |a |your )*(?:\w+ )?(?:disclosure|publication|announcement|press release|blog ?post|timing)|(?:can|may|could) (?:we|i) (?:now )?(?:publish|blog|talk|write|tweet|disclose|go public|post)|embargo lift\w*",
        "class.media.audience" 2 r"thesis|dissertation|research paper|our (?:readers|audience|listeners|viewers|subscribers|publication|outlet|magazine|newspaper|channel|blog)|(?:publication|magazine|newspaper|news ?desk|newsroom|editorial|broadcast\w*)|feature you|cover(?:age|ing) (?:of|the)",
    ];
}

/// The media cues in a text.
#[must_use]
pub fn media(text: &str) -> Vec<Hit> {
    MEDIA.hits(text)
}

words! {
    MONEY = r"pay\w*|paid|bount\w+|reward\w*|compensat\w+|fees?|btc|bitcoins?|usdt|ethereum|eth|monero|money|deposit|usd|dollars|euros?|donation";
    DEAL = r"details?|shar\w+|disclos\w+|report\w*|poc|vulnerabilit\w+|bugs?|findings?|exploit|you|your|information|send|publish|sell|leak|proof";
}

/// The spam cues that stand, payment cues only where a sentence ties money to the disclosure.
#[must_use]
pub fn spam_in(doc: &Doc) -> Vec<Hit> {
    let text = doc.all_prose();
    let mut hits = SPAM.hits(&text);
    hits.retain(|h| h.rule != "class.spam.payment-first" || PERSONAL.is_match(&h.words));
    for s in &doc.sentences {
        if MONEY.is_match(s) && DEAL.is_match(s) && PERSONAL.is_match(s) {
            hits.extend(SPAM.hits(s).into_iter().filter(|h| h.rule == "class.spam.payment-first"));
        }
    }
    hits
}

words! {
    PERSONAL = r"i|we|i'll|we'll|i'd|me|us|my|our|you|your|details?|poc|disclos\w+";
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("class.spam.call-to-action", "it calls for a click, a call or a payment"),
    ("class.spam.event", "it invites to an event"),
    ("class.spam.topic", "it is about something this project has no part in"),
    ("class.media.audience", "it names a publication, a show or a readership"),
    ("class.media.comment", "it asks for a comment or an interview"),
    ("class.media.press", "the writer says that they are press"),
    ("class.media.story", "it is about a story in the making"),
    ("class.media.talk", "it is about a talk, a podcast or a panel"),
    ("class.media.timing", "it asks when something may be published"),
    ("class.spam.bounty-question", "it asks for a bounty before anything else"),
    ("class.spam.extortion", "it threatens and asks for money"),
    ("class.spam.foreign-offer", "a trade offer in another language"),
    ("class.spam.greeting", "the greeting of a mass mail"),
    ("class.spam.invoice", "an invoice, or a vendor's form, for something unknown"),
    ("class.spam.jobs", "a job offer or a staffing offer"),
    ("class.spam.marketing", "marketing, ranking, leads"),
    ("class.spam.offer", "an offer of services"),
    ("class.spam.payment-first", "details only after payment"),
    ("class.spam.phishing", "it asks to log in, verify or unlock something"),
    ("class.spam.scam", "an inheritance, a lottery, a loan"),
    ("class.spam.wallet", "the address of a wallet"),
];
