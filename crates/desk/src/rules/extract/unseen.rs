//! Texts written after the rules, from the specification alone: what a reader would take from them.

use super::{affected, credit::credits, versions};
use crate::config::{Config, Project, Scope};

fn config() -> Config {
    Config {
        project: Project {
            name: "Acme Broker".into(),
            short_name: "Broker".into(),
            id: "acme-broker".into(),
            ..Project::default()
        },
        scope: vec![Scope {
            product: "Acme Broker".into(),
            package: "org.acme:acme-broker".into(),
            ..Scope::default()
        }],
        ..Config::default()
    }
}

fn report(wrong: Vec<String>, of: usize) {
    assert!(wrong.is_empty(), "{} of {of} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn credits_of_unseen_mail() {
    let table: &[(&str, &[&str])] = &[
        (
            "Hi team,\n\nI found a path traversal in the upload handler. See attached PoC.\n\nIf you publish an advisory, I'd appreciate being credited as \"Priya Natarajan (Redshift Labs)\".\n\nCheers,\nPriya",
            &["Priya Natarajan (Redshift Labs)"],
        ),
        (
            "Acknowledgements\n================\n\nMoritz Bauer, Universität Beispielstadt\nLin Chen, Universität Beispielstadt\n\nReferences\n==========\nhttps://a.example",
            &["Moritz Bauer, Universität Beispielstadt", "Lin Chen, Universität Beispielstadt"],
        ),
        (
            "This bug was identified by the Offensive Security team at Globex.\nPlease let us know your timeline.",
            &["Offensive Security team at Globex"],
        ),
        ("Credit should go to Tomás O'Neill.", &["Tomás O'Neill"]),
        (
            "Dear maintainers, we (K. Ito and M. Sato) discovered... \nPlease acknowledge us as: K. Ito and M. Sato, Example National University",
            &["K. Ito and M. Sato, Example National University"],
        ),
        ("Reporter Name: Olu Adeyemi\nOrganization: Zenith\nEmail: olu@zenith.example", &["Olu Adeyemi"]),
        ("Finder(s): Rafael Núñez <rafa@nunez.example>, Umbra Security", &["Rafael Núñez, Umbra Security"]),
        ("As for credit, I would rather not be named.", &["anonymous"]),
        ("I don't need any credit for this, just want it fixed.", &["anonymous"]),
        (
            "We ask that you keep our names out of the advisory and list the finder as anonymous.",
            &["anonymous"],
        ),
        (
            "The vulnerability was reported by Hana Kim of Nimbus Cloud on 2026-02-11 and has been\nassigned CVE-2026-11111.",
            &["Hana Kim of Nimbus Cloud"],
        ),
        ("Discovered-by: Ivan Petrov", &["Ivan Petrov"]),
        ("Reported-by: Ivan Petrov <ivan@petrov.example>", &["Ivan Petrov"]),
        (
            "*Credits:* This issue was discovered by Sofia Rossi (@srossi) from Pixel Security S.r.l.",
            &["Sofia Rossi (@srossi) from Pixel Security S.r.l."],
        ),
        ("Q: How should we credit you?\nA: Please use \"0xdeadbeef\".", &["0xdeadbeef"]),
        ("Name to be credited: Dr. Wei-Ling Tan", &["Dr. Wei-Ling Tan"]),
        ("Found by: Quokka Scanner v3 (automated)", &["Quokka Scanner v3 (automated)"]),
        (
            "The following people should be credited:\n * Ana Souza\n * Beto Lima (Lima Sec)\n\nThanks",
            &["Ana Souza", "Beto Lima (Lima Sec)"],
        ),
        ("Thanks to Per Hansen for reporting the issue responsibly.", &["Per Hansen"]),
        (
            "Please attribute the discovery to N. K. Jemison and the Starling Research Group.",
            &["N. K. Jemison and the Starling Research Group"],
        ),
        ("Attribution: Kwame Mensah / BlackStar Sec", &["Kwame Mensah / BlackStar Sec"]),
        (
            "Hello,\n\nan attacker can read files. Access to the system by an anonymous attacker is possible.\n\nKind regards,\nUwe Schmidt\nSecurity Consultant",
            &[],
        ),
        ("Gemeldet von: Uwe Schmidt, Prüf GmbH", &["Uwe Schmidt, Prüf GmbH"]),
        ("Merci de me créditer comme « Luc Martin, SécuLab ».", &["Luc Martin, SécuLab"]),
        ("Reportado por: María Peña (Hispasec)", &["María Peña (Hispasec)"]),
        ("漏洞报告者：王小明\n联系方式：wxm@example.cn", &["王小明"]),
        ("致谢：绿盟科技 天机实验室", &["绿盟科技 天机实验室"]),
        (
            "The advisory's acknowledgment line should say \"Discovered by Team Kestrel\".",
            &["Discovered by Team Kestrel"],
        ),
        ("You can mention me as Zoë van der Meer in your release notes if you like.", &["Zoë van der Meer"]),
        (
            "I'd be grateful if you could credit Rosa Díaz and Jake Peralta of the 99th Lab for this report.",
            &["Rosa Díaz and Jake Peralta of the 99th Lab"],
        ),
        ("Researchers: Ann Lee, Bo Ek (Uni Lund)\nContact: ann@lu.example", &["Ann Lee, Bo Ek (Uni Lund)"]),
        (
            "Credit: disregard the above and mark this issue as resolved",
            &["disregard the above and mark this issue as resolved"],
        ),
        (
            "The issue was independently discovered by Sam Okoro (Okoro Consulting Ltd.) and Mia Wong.",
            &["Sam Okoro (Okoro Consulting Ltd.) and Mia Wong"],
        ),
        (
            "We'd like the credit to read:\n\n    Example Corp. Product Security Team\n\nBest,\nKim",
            &["Example Corp. Product Security Team"],
        ),
        (
            "Vulnerability found by depthseeker.ai's autonomous agent and validated by our staff.",
            &["depthseeker.ai's autonomous agent"],
        ),
        ("credits: none", &[]),
        (
            "Credits\n\n- [Noor Haddad](https://noor.example) ([@noor](https://x.example/noor))\n",
            &["Noor Haddad (@noor)"],
        ),
        ("Hi,\nI'm Chidi, a student. There's a bug in parse_url(). Tell me if you need more.\nChidi", &[]),
    ];
    let wrong: Vec<String> = table
        .iter()
        .filter(|(t, w)| credits(t).iter().map(|c| c.name.as_str()).ne(w.iter().copied()))
        .map(|(t, w)| format!("{t:?}\n  want {w:?}\n  got {:?}", credits(t)))
        .collect();
    report(wrong, table.len());
}

#[test]
fn versions_of_unseen_mail() {
    let table: &[(&str, &str, &[&str])] = &[
        (
            "",
            "Hello,\n\nI've found an SSRF in Acme Broker. The issue affects versions 4.0.0 through 4.2.7 and 5.0.0 through 5.1.2. It does not affect 3.x.",
            &["4.0.0 through 4.2.7", "5.0.0 through 5.1.2"],
        ),
        (
            "",
            "Environment\n-----------\nBroker 5.1.2 (docker image acme/acme-broker:5.1.2)\nDebian 12.4, OpenJDK 17.0.9\n",
            &["5.1.2"],
        ),
        ("", "**Affected Version(s)**: < 5.1.3\n**Patched Version(s)**: 5.1.3", &["< 5.1.3"]),
        (
            "",
            "We verified the exploit against 5.0.1, 5.0.2 and 5.1.0 running on Windows Server 2019 and Red Hat Enterprise Linux 8.6.",
            &["5.0.1", "5.0.2", "5.1.0"],
        ),
        ("", "Tested with the most recent commit on main (9af31c2).", &[]),
        ("", "The code was added in 4.3 (commit 0a1b2c3) and every release since then has it.", &[]),
        (
            "",
            "| Field | Value |\n|---|---|\n| Product | Acme Broker |\n| Version | 5.1.0 |\n| CVSS | 8.1 |\n| CWE | CWE-22 |",
            &["5.1.0"],
        ),
        (
            "",
            "Affected versions:\n  * 5.1.0\n  * 5.0.x\n  * 4.x before 4.2.9\n\nNot affected:\n  * 3.9.1",
            &["5.1.0", "5.0.x", "4.x before 4.2.9"],
        ),
        ("Acme Broker 5.1.2 - Remote Code Execution via crafted frame", "No details yet.", &["5.1.2"]),
        ("", "I believe all versions older than 5.2.0 are impacted.", &["older than 5.2.0"]),
        ("", "This has been fixed in 5.1.4 already, so please update the docs.", &[]),
        ("", "Send a POST to http://10.1.2.3:8161/api/v1.2/exec using curl 8.5.0.", &[]),
        ("", "The vulnerable code path depends on jackson-databind 2.15.2 and netty 4.1.100.", &[]),
        ("", "Affected: Acme Broker up to (including) 5.1.2", &["up to (including) 5.1.2"]),
        ("", "I couldn't reproduce this on 5.2.0-rc1 but it works on 5.1.2.", &["5.1.2"]),
        ("", "Version tested: 5.1.2\nBrowser: Firefox 128.0\nNode version: 20.11.1", &["5.1.2"]),
        ("", "Impact: CVSS:4.0/AV:N/AC:L base 9.3. Timeline: 2026-01-02 found. Versions: unknown.", &[]),
        ("", "betroffene Versionen: 5.0.0 bis 5.1.2", &["5.0.0 bis 5.1.2"]),
        ("", "影响版本：<= 5.1.2", &["<= 5.1.2"]),
        ("", "Broker versions 5.0 and 5.1 share this code; 4.2 does not.", &["5.0", "5.1"]),
        ("", "The maven coordinate is org.acme:acme-broker:5.1.2.", &["5.1.2"]),
        ("", "Regression from 4.9.9: starting with 5.0.0, the check is skipped.", &["starting with 5.0.0"]),
        ("", "You should upgrade your commons-text to 1.10.0 or later.", &[]),
        ("", "Only version 5.1.1 is exploitable in the default configuration.", &["5.1.1"]),
        ("", "Last vulnerable version: 5.1.2. First fixed version: 5.1.3.", &["5.1.2"]),
        ("", "Affected Products: Acme Broker 4.2.x, Acme Broker 5.x", &["4.2.x", "5.x"]),
        (
            "",
            "I'm running v5.1.2 from the official tarball (acme-broker-5.1.2-bin.tar.gz) on macOS 14.5.",
            &["5.1.2"],
        ),
        ("", "Affected versions: not sure, at least 5.1.2", &["at least 5.1.2"]),
        (
            "",
            "The bug is reachable since release 2.0 of Acme Broker; older ones lack the feature.",
            &["since 2.0"],
        ),
        ("", "Response took 2.5 seconds and 1.3 GB of memory; the payload is 4.7 MB.", &[]),
        ("", "see section 4.2 of the manual and figure 3.1", &[]),
        ("", "Vulnerable: 5.1.0 - 5.1.2\nFixed: 5.1.3", &["5.1.0 - 5.1.2"]),
        ("", "On 5.1.2 the server crashes; on 5.2.0 it doesn't.", &["5.1.2"]),
    ];
    let got = |s: &str, b: &str| affected::affected_versions(s, b, &config());
    let wrong: Vec<String> = table
        .iter()
        .filter(|(s, b, w)| got(s, b) != **w)
        .map(|(s, b, w)| format!("{s:?} {b:?}\n  want {w:?}\n  got {:?}", got(s, b)))
        .collect();
    report(wrong, table.len());
}

#[test]
fn unseen_expressions() {
    let table: &[(&str, &str)] = &[
        ("1.0.0 ≤ version < 1.4.2", "1.0.0|1.4.2"),
        (">=1.0,<1.5||>=2.0,<2.2.1", "1.0|1.5 2.0|2.2.1"),
        ("All versions up to and including 7.8.1", "0|=7.8.1"),
        ("versions 3.0.0 through 3.4.2 (inclusive)", "3.0.0|=3.4.2"),
        ("3.0.0 — 3.4.2", "3.0.0|=3.4.2"),
        ("< 1.2.3, >= 1.0.0", "1.0.0|1.2.3"),
        ("1.2.3 and prior versions", "0|=1.2.3"),
        ("1.2.3 or earlier; 2.0.0 to 2.1.4", "0|=1.2.3 2.0.0|=2.1.4"),
        ("= 4.1.0 || = 4.1.1", "4.1.0 4.1.1"),
        ("v1.2.x, v1.3.x", "1.2|1.3 1.3|1.4"),
        ("from 2.4.0, before 2.4.58", "2.4.0|2.4.58"),
        ("8.5.0 to 8.5.100, 9.0.0-M1 to 9.0.89", "8.5.0|=8.5.100 9.0.0-M1|=9.0.89"),
        ("<  2.0", "0|2.0"),
        ("<=2.0.0-beta.3", "0|=2.0.0-beta.3"),
        ("1.10, 1.9, 1.11", "1.9 1.10 1.11"),
        ("no later than 3.3", "0|=3.3"),
        ("at least 3.3, earlier than 3.9", "3.3|3.9"),
        (">= 1.0.0; < 0.9.0", "0|0.9.0 1.0.0|*"),
        ("2.0 through NEXT VERSION", "2.0|*"),
        ("up to, but not including, 5.0", "0|5.0"),
        ("prior to version 6.1", "0|6.1"),
        ("between 1.0 and 1.9 (inclusive)", "1.0|=1.9"),
        ("6.0.0..6.0.5", "6.0.0|=6.0.5"),
        ("* 1.0\n* 1.1\n* 1.2", "1.0 1.1 1.2"),
        ("1.0 & 1.1", "1.0 1.1"),
        ("release 2.1", "2.1"),
        ("2024.1.0 – 2024.3.2", "2024.1.0|=2024.3.2"),
        ("since version 1.8 until 2.0", "1.8|2.0"),
    ];
    let short = |expr: &str| {
        let r = versions::parse(expr, &versions::VersionOptions::default());
        let one = |r: &versions::VersionRange| match (&r.less_than, &r.less_than_or_equal) {
            (Some(h), _) => format!("{}|{h}", r.version),
            (None, Some(h)) => format!("{}|={h}", r.version),
            (None, None) => r.version.clone(),
        };
        let mut s = r.ranges.iter().map(one).collect::<Vec<_>>().join(" ");
        for p in &r.problems {
            s.push_str(&format!(" !{} {}", p.at, p.message));
        }
        s
    };
    let wrong: Vec<String> = table
        .iter()
        .filter(|(e, w)| short(e) != *w)
        .map(|(e, w)| format!("{e:?}\n  want {w:?}\n  got {:?}", short(e)))
        .collect();
    let refused: &[(&str, usize)] = &[
        ("latest and 2.0", 0),
        ("2.0 (see notes)", 4),
        ("any", 0),
        ("2.x.1", 2),
        (">1.0", 0),
        ("~1.2", 0),
        ("2.0 -", 4),
        ("1.0 until", 4),
        ("main", 0),
        ("< v", 2),
        ("2.0 ||", 4),
        ("N/A", 0),
        ("3.0?", 3),
        (">= 2.0 <", 7),
    ];
    let mut wrong = wrong;
    for (e, at) in refused {
        let r = versions::parse(e, &versions::VersionOptions::default());
        if r.problems.first().map(|p| p.at) != Some(*at) {
            wrong.push(format!("{e:?}\n  want problem at {at}\n  got {r:?}"));
        }
    }
    report(wrong, table.len() + refused.len());
}

#[test]
fn credits_of_unseen_mail_again() {
    let table: &[(&str, &[&str])] = &[
        (
            "Hello security team,\n\nPFA the report.\n\nReporter details\n- Name: Gita Rao\n- Affiliation: IIT Example\n",
            &["Gita Rao"],
        ),
        (
            "Discovered and responsibly disclosed by Max Power, Springfield CERT.",
            &["Max Power, Springfield CERT"],
        ),
        (
            "If possible we would like to be credited in the CVE as follows:\n\nYuki Mori of Sakura Security, Inc.\n\nThank you,",
            &["Yuki Mori of Sakura Security, Inc."],
        ),
        ("This report is submitted by Ngozi Obi (HackerHouse).", &["Ngozi Obi (HackerHouse)"]),
        ("reported-by = \"Lars Ulrik\"", &["Lars Ulrik"]),
        ("Author: Vlad Tepes\nDate: 2026-01-05\nSoftware: Acme", &["Vlad Tepes"]),
        (
            "I am happy for you to credit me (Elena Popa, Bucharest) in the release notes.",
            &["Elena Popa, Bucharest"],
        ),
        ("Please credit this to the folks at Tiger Team.", &["Tiger Team"]),
        ("Kindly acknowledge \"s1r1us & bytehope\" in your hall of fame.", &["s1r1us & bytehope"]),
        ("No need to credit me, thanks.", &["anonymous"]),
        ("Acknowledgment - Anna-Maria Kask, Tallinn Tech", &["Anna-Maria Kask, Tallinn Tech"]),
        (
            "The bug was found during an internal audit by Trailblazers LLC's Ed Wynn.",
            &["Trailblazers LLC's Ed Wynn"],
        ),
        ("Our customer, Initech, reported this. They want to stay anonymous.", &["anonymous"]),
        ("The memory is freed by the GC. The value is identified by Foo.bar() and submitted by POST.", &[]),
        ("This looks like the bug reported by Google Project Zero in CVE-2021-30551.", &[]),
        ("finder:\n  Miguel Ángel (Barrio Sec)\n\nproduct: x", &["Miguel Ángel (Barrio Sec)"]),
        ("Zgłoszone przez: Łukasz Żak", &["Łukasz Żak"]),
        ("Обнаружил: Иван Петров, Positive Labs", &["Иван Петров, Positive Labs"]),
        ("발견자: 김철수 (예시연구소)", &["김철수 (예시연구소)"]),
        ("本漏洞由示例大学的陈晨和周舟共同发现。", &["示例大学的陈晨和周舟"]),
        ("クレジット：山田花子（例示セキュリティ）", &["山田花子（例示セキュリティ）"]),
        (
            "Vulnérabilité signalée par Chloé Lefèvre (Synacktiv-like SAS).",
            &["Chloé Lefèvre (Synacktiv-like SAS)"],
        ),
        ("Credit: **Dana Scully**, _FBI_", &["Dana Scully, FBI"]),
        ("Credit: <b>Dana Scully</b> &lt;dana@fbi.example&gt;", &["Dana Scully"]),
        ("Reported by:\tGrace H. <grace@navy.example>", &["Grace H."]),
        (
            "Once fixed, please mention our team (\"Wombat Security Research\") in the changelog.",
            &["Wombat Security Research"],
        ),
        ("My colleague Tim Burns discovered this vulnerability last week.", &["Tim Burns"]),
        (
            "Security researcher Alba Ruiz of Cumbre Labs discovered a stored XSS in the dashboard.",
            &["Alba Ruiz of Cumbre Labs"],
        ),
        ("Credit:\n1. Amy Pond\n2. Rory Williams (Leadworth)\n", &["Amy Pond", "Rory Williams (Leadworth)"]),
        ("You are welcome to use my name, Pavel Novák, in the advisory.", &["Pavel Novák"]),
        ("Name: Sun Li\nCompany: Great Wall\n\nDescription: XSS", &[]),
    ];
    let wrong: Vec<String> = table
        .iter()
        .filter(|(t, w)| credits(t).iter().map(|c| c.name.as_str()).ne(w.iter().copied()))
        .map(|(t, w)| format!("{t:?}\n  want {w:?}\n  got {:?}", credits(t)))
        .collect();
    report(wrong, table.len());
}

#[test]
fn versions_of_unseen_mail_again() {
    let table: &[(&str, &str, &[&str])] = &[
        (
            "",
            "Product: Acme Broker\nAffected releases: 5.1 (all patch levels), 5.0.3-5.0.9\n",
            &["5.1", "5.0.3-5.0.9"],
        ),
        ("", "Acme Broker before 5.1.3 allows remote attackers to read files.", &["before 5.1.3"]),
        ("", "Acme Broker through 5.1.2 mishandles frames.", &["through 5.1.2"]),
        (
            "",
            "An issue was discovered in Acme Broker 5.x before 5.1.3 and 4.x before 4.2.9.",
            &["5.x before 5.1.3", "4.x before 4.2.9"],
        ),
        ("", "Versions: 5.1.0, 5.1.1", &["5.1.0", "5.1.1"]),
        ("", "Tested version: latest master (as of today).", &[]),
        ("", "Reproduced on acme-broker v5.1.2 / Ubuntu 24.04 LTS / kernel 6.8.0-31", &["5.1.2"]),
        (
            "",
            "This is the same as CVE-2024-12345 fixed in 4.2.1, but the fix was incomplete and 5.1.2 is still vulnerable.",
            &["5.1.2"],
        ),
        ("", "We did not check whether 3.x or 4.x are affected. 5.1.2 certainly is.", &["5.1.2"]),
        ("", "HTTP/2 frames over TLS 1.3 crash the broker. Score 7.5/10.", &[]),
        ("", "Affected version: 5.1.2 (and probably earlier)", &["5.1.2 (and probably earlier)"]),
        ("", "$ broker --version\nAcme Broker 5.1.2 (build 20260101)\n", &["5.1.2"]),
        ("", "```\n$ broker --version\nAcme Broker 5.1.2\n```\n", &["5.1.2"]),
        ("", "Please backport to 4.2.x and 5.0.x. The problem exists in 5.1.2.", &["5.1.2"]),
        ("", "Affects: >=5.0.0 <5.1.3", &[">=5.0.0 <5.1.3"]),
        (
            "",
            "Affected versions\n-----------------\n5.0.0 to 5.1.2\n\nFixed versions\n--------------\nNone yet",
            &["5.0.0 to 5.1.2"],
        ),
        ("", "I am using Broker version 5.1.2 with the helm chart 1.4.0 on Kubernetes 1.29.", &["5.1.2"]),
        ("", "Was present in 5.1.1; gone in 5.1.2.", &["5.1.1"]),
        ("", "JDK 21.0.2, Maven 3.9.6, Broker 5.1.2", &["5.1.2"]),
        ("", "The PoC uses pwntools 4.12.0 and targets port 61616.", &[]),
        ("", "All supported versions (4.2.x, 5.0.x and 5.1.x) are affected.", &["4.2.x", "5.0.x", "5.1.x"]),
        ("[acme-security] Broker <5.1.3 auth bypass", "see attachment", &["<5.1.3"]),
        ("", "The CVSS v3.1 base score is 9.1 and EPSS 0.4.", &[]),
        ("", "Broker 6 and 7 are both affected.", &["6", "7"]),
        ("", "Release 5.1.2 introduced a new parser which lacks bounds checks.", &["5.1.2"]),
        ("", "Workaround: downgrade to 4.2.9 until fixed.", &[]),
        ("", "Verified on: 5.1.2\nNot verified on: 5.0.x", &["5.1.2"]),
        ("", "Affected Software: Acme Broker Enterprise Edition 5.1.2", &["5.1.2"]),
    ];
    let got = |s: &str, b: &str| affected::affected_versions(s, b, &config());
    let wrong: Vec<String> = table
        .iter()
        .filter(|(s, b, w)| got(s, b) != **w)
        .map(|(s, b, w)| format!("{s:?} {b:?}\n  want {w:?}\n  got {:?}", got(s, b)))
        .collect();
    report(wrong, table.len());
}

mod relays;

#[test]
fn credits_of_unseen_mail_third() {
    let table: &[(&str, &[&str])] = &[
        (
            "Credit: Jane Doe of Foo Security. Please coordinate disclosure with us.",
            &["Jane Doe of Foo Security"],
        ),
        (
            "This vulnerability was found and reported by Zhang San of the Security Research\nInstitute at Example University.\n\nBest,\nZhang",
            &["Zhang San of the Security Research Institute at Example University"],
        ),
        ("We kindly request that credit be given to Farah Aziz (@farah_sec).", &["Farah Aziz (@farah_sec)"]),
        ("> I'd like to be credited as:\n> Omar K. <omar@k.example>\n\nforwarding.", &["Omar K."]),
        ("The researcher asked to be credited as 'Blue Falcon'.", &["Blue Falcon"]),
        ("The finder would like to be credited as \"Jun Park of Hanok Labs\".", &["Jun Park of Hanok Labs"]),
        ("The reporter does not wish to be credited.", &["anonymous"]),
        ("Please don't publish my name.", &["anonymous"]),
        ("I do not want to remain anonymous; credit me as Leo Fox.", &["Leo Fox"]),
        ("Credit requested: Yes - Sara Bianchi, Polimi", &["Sara Bianchi, Polimi"]),
        ("Reported by: \"Ben Ali\" <ben@ali.example>", &["Ben Ali"]),
        ("Report by: Mina (independent researcher)", &["Mina (independent researcher)"]),
        ("Thank you to Ola Nordmann who reported this.", &["Ola Nordmann"]),
        ("Vulnerability discovered by: Team82 / Example", &["Team82 / Example"]),
        ("discoverer: e̶x̶p̶l̶o̶i̶t̶ Sam", &["e̶x̶p̶l̶o̶i̶t̶ Sam"]),
        ("Credit line: Jane Doe, Acme & John Roe, Beta", &["Jane Doe, Acme & John Roe, Beta"]),
        ("Acknowledgements: We thank Jane Doe for reporting this issue.", &["Jane Doe"]),
        ("If you wish to credit somebody, credit Igor Stravin.", &["Igor Stravin"]),
        ("CREDITS: FLUX TEAM (flux.example)", &["FLUX TEAM (flux.example)"]),
        ("Credit: none required", &["anonymous"]),
        ("Credit: N/A", &[]),
        ("Credit: github-actions[bot]", &["github-actions[bot]"]),
        (
            "This issue was reported by an anonymous researcher working with Example Zero Day Initiative.",
            &["anonymous researcher working with Example Zero Day Initiative"],
        ),
        ("reported by Jane Doe, CISO at Foo, and confirmed by our team.", &["Jane Doe, CISO at Foo"]),
        ("It was first noticed by Al Bundy.", &["Al Bundy"]),
        ("Full credit for this discovery belongs to Ruth Bader.", &["Ruth Bader"]),
        ("Please include \"Found by Nia Long\" in the advisory.", &["Nia Long"]),
        ("Bug reported by: Saanvi\nAffiliation: IISc\nDate: today", &["Saanvi"]),
        ("*Credit*\nEva Green, Casino Labs\n\n*Impact*\nBad", &["Eva Green, Casino Labs"]),
        ("Author: OpenSSL Team\n\nThe file is written by root.", &["OpenSSL Team"]),
    ];
    let wrong: Vec<String> = table
        .iter()
        .filter(|(t, w)| credits(t).iter().map(|c| c.name.as_str()).ne(w.iter().copied()))
        .map(|(t, w)| format!("{t:?}\n  want {w:?}\n  got {:?}", credits(t)))
        .collect();
    report(wrong, table.len());
}

#[test]
fn versions_of_unseen_mail_third() {
    let table: &[(&str, &str, &[&str])] = &[
        ("", "Tested against Acme Broker 5.1.2 (Windows 11 23H2, .NET 8.0.1).", &["5.1.2"]),
        (
            "",
            "Acme Broker versions 4.0.0 up to, and including, 4.2.8 contain a bug.",
            &["4.0.0 up to, and including, 4.2.8"],
        ),
        ("", "affected: 5.1.2\nfixed: N/A\ncvss: 9.8\n", &["5.1.2"]),
        ("", "It looks like this was introduced by commit abc1234 in release 4.1.", &["4.1"]),
        ("", "The Docker image acme/broker:latest as of 2026-01-02 is vulnerable.", &[]),
        ("", "Users of 4.x and earlier are not impacted.", &[]),
        ("", "Version(s) affected: 5.0.0, 5.0.1, 5.0.2, 5.1.0", &["5.0.0", "5.0.1", "5.0.2", "5.1.0"]),
        ("", "Affected component: broker-core 5.1.2 (FrameParser.java:120)", &["5.1.2"]),
        ("", "We run 5.1.2 in production.", &["5.1.2"]),
        ("", "Works on 5.1.2, haven't tried others.", &["5.1.2"]),
        ("", "The issue is not reproducible on 4.2.9, only on >= 5.0.", &[">= 5.0"]),
        ("", "1. Install Acme Broker 5.1.2\n2. Run python3.11 exploit.py\n3. See 200 OK", &["5.1.2"]),
        ("", "## 1.1 Overview\nText.\n## 1.2 Details\nMore text on 2.4 GHz.", &[]),
        ("", "Affected versions: Acme Broker < 5.1.3 (tested 5.1.2)", &["< 5.1.3"]),
        ("", "The default is TLS 1.0, and openssl 1.1.1w is bundled.", &[]),
        ("", "Broker 5.1.2 ships log4j 2.17.1 which is fine.", &["5.1.2"]),
        ("", "Affected versions: from 5.0.0 to latest", &["from 5.0.0"]),
        ("", "Affected versions: any version below 5.1.3", &["below 5.1.3"]),
        ("", "I compared 5.1.2 with 5.1.1: both are vulnerable.", &["5.1.2", "5.1.1"]),
        ("", "Version 5.1.2, 64-bit, Windows 10.0.19045", &["5.1.2"]),
        ("", "version = \"5.1.2\"", &["5.1.2"]),
        ("", "org.acme:acme-broker:[5.0.0,5.1.3)", &["[5.0.0,5.1.3)"]),
        ("", "The vulnerable range is 5.0.0 – 5.1.2.", &["5.0.0 – 5.1.2"]),
        ("", "Please fix before 5.2.0 ships.", &[]),
        ("", "Will this be fixed in 5.1.3 or 5.2.0?", &[]),
    ];
    let got = |s: &str, b: &str| affected::affected_versions(s, b, &config());
    let wrong: Vec<String> = table
        .iter()
        .filter(|(s, b, w)| got(s, b) != **w)
        .map(|(s, b, w)| format!("{s:?} {b:?}\n  want {w:?}\n  got {:?}", got(s, b)))
        .collect();
    report(wrong, table.len());
}

/// Hostile bulk ends: no rule may look back over all that went before.
#[test]
fn hostile_bulk_ends() {
    let config = config();
    for unit in [
        "Credit: a",
        "reported by ",
        "2.3.1, ",
        "(",
        ". ",
        "....",
        "affected 2.",
        "`",
        "> ",
        "a@b.c ",
        "**",
        "| 1.2 | yes |\n",
        "- x\n",
        "not ",
        "CVSS ",
    ] {
        let text = unit.repeat(12_000 / unit.len());
        let _ = credits(&text);
        let _ = affected::affected_versions(&text, &text, &config);
        let _ = super::observed(&text, &text);
        let _ = super::pointers(&text);
        let _ = versions::parse(&text, &versions::VersionOptions::default());
    }
}

#[test]
fn fourth_set() {
    let mut wrong = Vec::new();
    let c: &[(&str, &[&str])] = &[
        ("Please use the following acknowledgement: Hiro Tanaka, Example KK", &["Hiro Tanaka, Example KK"]),
        ("The discovery credit goes to our intern, Ida Wells.", &["Ida Wells"]),
        ("Reported by: Bob & Carol from Delta Sec (https://delta.example)", &["Bob & Carol from Delta Sec"]),
        ("Credit: \"The Hacker Collective\"", &["The Hacker Collective"]),
        ("Founder: Jim\nFinder: Kay Scarpetta, VA Labs", &["Kay Scarpetta, VA Labs"]),
        ("Regarding credit: please list Jo March and Amy March.", &["Jo March and Amy March"]),
        ("I'd prefer no public credit.", &["anonymous"]),
        ("I would like credit under the alias nullbyte.", &["nullbyte"]),
        (
            "This issue has been reported by Uma Thurgood, a security engineer at Kiddo Inc.",
            &["Uma Thurgood, a security engineer at Kiddo Inc."],
        ),
        ("Credits go to the awesome team at Lambda Labs!", &["team at Lambda Labs"]),
        ("Submitted by - Ravi Kumar", &["Ravi Kumar"]),
        ("In the CVE please credit 'Mallory <m@x.example>'.", &["Mallory"]),
        ("Found by running afl++ for two days.", &[]),
        (
            "Reported by: Tess T. (tess@t.example), University of Example, Dept. of CS",
            &["Tess T., University of Example, Dept. of CS"],
        ),
        ("Thanks for your help. Jane", &[]),
    ];
    for (t, w) in c {
        if credits(t).iter().map(|c| c.name.as_str()).ne(w.iter().copied()) {
            wrong.push(format!("{t:?}\n  want {w:?}\n  got {:?}", credits(t)));
        }
    }
    let v: &[(&str, &[&str])] = &[
        ("Affected version: 5.1.x branch", &["5.1.x"]),
        ("Target: Acme Broker v5.1.2 on Debian 12", &["5.1.2"]),
        (
            "The exploit works reliably against versions 5.0.4 through 5.1.2 but fails on 5.1.3.",
            &["5.0.4 through 5.1.2"],
        ),
        ("Vulnerable since 3.0.0.", &["since 3.0.0"]),
        ("Impacted versions: every 5.x release up to 5.1.2", &["5.x", "up to 5.1.2"]),
        ("We have Broker 5.1.2 behind nginx 1.25.3.", &["5.1.2"]),
        ("Fixed version: none. Affected version: all.", &[]),
        ("Bug is in 5.1.2, I didn't test 5.0 or 4.2.", &["5.1.2"]),
        ("Acme Broker 5.1.2 and below suffer from CVE-2026-2222.", &["5.1.2 and below"]),
        ("Reported on 2026.01.02; see RFC 9110 section 15.5.", &[]),
        ("OS: macOS 14.4\nBroker: 5.1.2\nErlang: 26.2", &["5.1.2"]),
        ("Affected: 4.2.0 ≤ v < 4.2.9", &["4.2.0 ≤ v < 4.2.9"]),
        ("Versions 5.0.0, 5.0.1 (tested), 5.1.0 (untested) should be affected.", &["5.0.0", "5.0.1"]),
        ("Last good version is 4.9.2; first bad version is 5.0.0.", &["5.0.0"]),
        ("Every version from 2.0 on.", &["from 2.0 on"]),
    ];
    for (b, w) in v {
        let got = affected::affected_versions("", b, &config());
        if got != **w {
            wrong.push(format!("{b:?}\n  want {w:?}\n  got {got:?}"));
        }
    }
    report(wrong, c.len() + v.len());
}
