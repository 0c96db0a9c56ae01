//! The record format, part by part. Numbers are lengths in characters and numbers of entries.

use super::{
    super::check::{At, Node},
    cvss,
    form::{
        has_cpe, has_cpe23, is_capec_id, is_cve_id, is_cwe_id, is_data_version, is_english, is_language,
        is_timestamp, is_uuid4,
    },
    refuse,
    shape::{Context, Form, List, Object, Open, Shape, Text},
};

const NO_END: usize = usize::MAX;

const fn text(min: usize, max: usize) -> Shape {
    Shape::Text(Text { min, max, form: None })
}

const fn formed(holds: fn(&str) -> bool, what: &'static str) -> Shape {
    Shape::Text(Text { min: 0, max: NO_END, form: Some(Form { holds, what }) })
}

const fn list(item: Shape, min: usize) -> List {
    List { min, max: NO_END, unique: true, item, more: None }
}

const fn closed(
    what: &'static str,
    required: &'static [&'static str],
    keys: &'static [(&'static str, Shape)],
) -> Object {
    Object { what, keys, required, open: Open::No, only: true, more: None }
}

const URI: Shape = text(1, 2048);
const UUID: Shape = formed(is_uuid4, "random UUID (version 4)");
const CVE_ID: Shape = formed(is_cve_id, "CVE ID");
const TIME: Shape = formed(is_timestamp, "timestamp such as 2026-01-31T12:00:00Z");
const LANGUAGE: Shape = formed(is_language, "language code such as `en`");
const SHORT_NAME: Shape = text(2, 32);
const VERSION: Shape = text(1, 1024);
const STATUS: Shape = Shape::Words(&["affected", "unaffected", "unknown"]);
const AND_OR: Shape = Shape::Words(&["AND", "OR"]);
const DATA_TYPE: Shape = Shape::Words(&["CVE_RECORD"]);
const DATA_VERSION: Shape = formed(is_data_version, "version of this format, such as `5.1`");
const ROOT_KEYS: &[&str] = &["dataType", "dataVersion", "cveMetadata", "containers"];

/// A record in state PUBLISHED.
pub(super) static PUBLISHED: Object = closed(
    "a CVE record",
    ROOT_KEYS,
    &[
        ("dataType", DATA_TYPE),
        ("dataVersion", DATA_VERSION),
        ("cveMetadata", Shape::Object(&PUBLISHED_METADATA)),
        ("containers", Shape::Object(&PUBLISHED_CONTAINERS)),
    ],
);

/// A record in state REJECTED.
pub(super) static REJECTED: Object = closed(
    "a rejected CVE record",
    ROOT_KEYS,
    &[
        ("dataType", DATA_TYPE),
        ("dataVersion", DATA_VERSION),
        ("cveMetadata", Shape::Object(&REJECTED_METADATA)),
        ("containers", Shape::Object(&REJECTED_CONTAINERS)),
    ],
);

static PUBLISHED_METADATA: Object = closed(
    "`cveMetadata`",
    &["cveId", "assignerOrgId", "state"],
    &[
        ("cveId", CVE_ID),
        ("assignerOrgId", UUID),
        ("assignerShortName", SHORT_NAME),
        ("requesterUserId", UUID),
        ("dateUpdated", TIME),
        ("serial", Shape::Whole(1)),
        ("dateReserved", TIME),
        ("datePublished", TIME),
        ("state", Shape::Words(&["PUBLISHED"])),
    ],
);

static REJECTED_METADATA: Object = closed(
    "`cveMetadata` of a rejected record",
    &["cveId", "assignerOrgId", "state"],
    &[
        ("cveId", CVE_ID),
        ("assignerOrgId", UUID),
        ("assignerShortName", SHORT_NAME),
        ("serial", Shape::Whole(1)),
        ("dateUpdated", TIME),
        ("datePublished", TIME),
        ("dateRejected", TIME),
        ("state", Shape::Words(&["REJECTED"])),
        ("dateReserved", TIME),
    ],
);

static PUBLISHED_CONTAINERS: Object =
    closed("`containers`", &["cna"], &[("cna", Shape::Object(&CNA)), ("adp", Shape::List(&ADPS))]);

static REJECTED_CONTAINERS: Object =
    closed("`containers` of a rejected record", &["cna"], &[("cna", Shape::Object(&REJECTED_CNA))]);

static CNA: Object = Object {
    what: "the CNA container",
    required: &["providerMetadata", "descriptions", "affected", "references"],
    keys: &[
        ("providerMetadata", Shape::Object(&PROVIDER)),
        ("dateAssigned", TIME),
        ("datePublic", TIME),
        ("title", text(1, 256)),
        ("descriptions", Shape::List(&DESCRIPTIONS)),
        ("affected", Shape::List(&AFFECTED)),
        ("cpeApplicability", Shape::List(&CPE_APPLICABILITY)),
        ("problemTypes", Shape::List(&PROBLEM_TYPES)),
        ("references", Shape::List(&REFERENCES)),
        ("impacts", Shape::List(&IMPACTS)),
        ("metrics", Shape::List(&METRICS)),
        ("configurations", Shape::List(&TEXTS)),
        ("workarounds", Shape::List(&TEXTS)),
        ("solutions", Shape::List(&TEXTS)),
        ("exploits", Shape::List(&TEXTS)),
        ("timeline", Shape::List(&TIMELINE)),
        ("credits", Shape::List(&CREDITS)),
        ("source", Shape::Object(&SOURCE)),
        ("tags", Shape::List(&CNA_TAGS)),
        ("taxonomyMappings", Shape::List(&TAXONOMIES)),
    ],
    open: Open::Own,
    only: true,
    more: None,
};

static REJECTED_CNA: Object = Object {
    what: "the CNA container of a rejected record",
    required: &["providerMetadata", "rejectedReasons"],
    keys: &[
        ("providerMetadata", Shape::Object(&PROVIDER)),
        ("rejectedReasons", Shape::List(&DESCRIPTIONS)),
        ("replacedBy", Shape::List(&REPLACED_BY)),
    ],
    open: Open::Own,
    only: true,
    more: None,
};

static ADP: Object = Object {
    what: "an ADP container",
    required: &["providerMetadata"],
    keys: &[
        ("providerMetadata", Shape::Object(&PROVIDER)),
        ("datePublic", TIME),
        ("title", text(1, 256)),
        ("descriptions", Shape::List(&DESCRIPTIONS)),
        ("affected", Shape::List(&AFFECTED)),
        ("cpeApplicability", Shape::List(&CPE_APPLICABILITY)),
        ("problemTypes", Shape::List(&PROBLEM_TYPES)),
        ("references", Shape::List(&REFERENCES)),
        ("impacts", Shape::List(&IMPACTS)),
        ("metrics", Shape::List(&METRICS)),
        ("configurations", Shape::List(&TEXTS)),
        ("workarounds", Shape::List(&TEXTS)),
        ("solutions", Shape::List(&TEXTS)),
        ("exploits", Shape::List(&TEXTS)),
        ("timeline", Shape::List(&TIMELINE)),
        ("credits", Shape::List(&CREDITS)),
        ("source", Shape::Object(&SOURCE)),
        ("tags", Shape::List(&ADP_TAGS)),
        ("taxonomyMappings", Shape::List(&TAXONOMIES)),
    ],
    open: Open::Own,
    only: true,
    more: Some(|node, at, cx| {
        if node.object().is_some_and(|o| o.len() < 2) {
            let message = "an ADP container says nothing besides who it is from";
            refuse(cx.sink, "schema.properties", at, message);
        }
    }),
};

static ADPS: List = list(Shape::Object(&ADP), 1);
static REPLACED_BY: List = list(CVE_ID, 1);
static CNA_TAGS: List =
    list(Shape::Tag(&["unsupported-when-assigned", "exclusively-hosted-service", "disputed"]), 1);
static ADP_TAGS: List = list(Shape::Tag(&["disputed"]), 1);

static PROVIDER: Object = closed(
    "`providerMetadata`",
    &["orgId"],
    &[("orgId", UUID), ("shortName", SHORT_NAME), ("dateUpdated", TIME)],
);

static SOURCE: Object =
    Object { what: "`source`", required: &[], keys: &[], open: Open::Yes, only: true, more: Some(not_empty) };

fn not_empty(node: &Node<'_>, at: &At<'_>, cx: &mut Context<'_, '_, '_>) {
    if node.object().is_some_and(super::super::check::Object::is_empty) {
        refuse(cx.sink, "schema.properties", at, "is an empty object: leave the key out, or say something");
    }
}

static TEXTS: List = list(Shape::Object(&DESCRIPTION), 1);
static DESCRIPTIONS: List = List {
    min: 1,
    max: NO_END,
    unique: true,
    item: Shape::Object(&DESCRIPTION),
    more: Some(|node, at, cx| {
        let english = |d: &Node<'_>| d.get("lang").and_then(Node::text).is_some_and(is_english);
        if !node.list().unwrap_or_default().iter().any(english) {
            refuse(cx.sink, "schema.english", at, "no entry is in English (`lang`: `en`)");
        }
    }),
};
static DESCRIPTION: Object = closed(
    "a description",
    &["lang", "value"],
    &[("lang", LANGUAGE), ("value", text(1, 4096)), ("supportingMedia", Shape::List(&MEDIA))],
);
static MEDIA: List = list(Shape::Object(&MEDIUM), 1);
static MEDIUM: Object = closed(
    "an entry of `supportingMedia`",
    &["type", "value"],
    &[("type", text(1, 256)), ("base64", Shape::Flag), ("value", text(1, 16384))],
);

static AFFECTED: List =
    List { min: 1, max: NO_END, unique: false, item: Shape::Object(&PRODUCT), more: None };
static PRODUCT: Object = Object {
    what: "an entry of `affected`",
    required: &[],
    keys: &[
        ("vendor", text(1, 512)),
        ("product", text(1, 2048)),
        ("collectionURL", URI),
        ("packageName", text(1, 2048)),
        ("cpes", Shape::List(&CPES)),
        ("modules", Shape::List(&MODULES)),
        ("programFiles", Shape::List(&FILES)),
        ("programRoutines", Shape::List(&ROUTINES)),
        ("platforms", Shape::List(&PLATFORMS)),
        ("repo", URI),
        ("defaultStatus", STATUS),
        ("versions", Shape::List(&VERSIONS)),
        ("packageURL", Shape::Any),
    ],
    open: Open::Until((5, 2)),
    only: true,
    more: Some(product),
};

/// What identifies a product, and what is said of it.
fn product(node: &Node<'_>, at: &At<'_>, cx: &mut Context<'_, '_, '_>) {
    let has = |key: &str| node.get(key).is_some();
    if !(has("vendor") && has("product") || has("collectionURL") && has("packageName")) {
        let message =
            "an entry of `affected` names `vendor` and `product`, or `collectionURL` and `packageName`";
        refuse(cx.sink, "schema.one-of", at, message);
    }
    if !has("versions") && !has("defaultStatus") {
        let message = "an entry of `affected` needs `versions` or `defaultStatus`";
        refuse(cx.sink, "schema.one-of", at, message);
    }
    // The key came with 5.2; before, it was any key of one's own.
    if cx.version >= (5, 2)
        && let Some(purl) = node.get("packageURL")
    {
        let at = at.key("packageURL");
        match purl.text() {
            None => refuse(cx.sink, "schema.type", &at, format!("must be text, is {}", purl.kind())),
            Some(t) if t.is_empty() || t.chars().count() > 2048 => {
                refuse(cx.sink, "schema.length", &at, "must have 1 to 2048 characters");
            }
            Some(_) => {}
        }
    }
}

static CPES: List =
    list(Shape::Text(Text { min: 1, max: 2048, form: Some(Form { holds: has_cpe, what: "CPE name" }) }), 0);
static MODULES: List = list(text(1, 4096), 0);
static FILES: List = list(text(1, 1024), 0);
static PLATFORMS: List = list(text(0, 1024), 1);
static ROUTINES: List = list(Shape::Object(&ROUTINE), 0);
static ROUTINE: Object = closed("an entry of `programRoutines`", &["name"], &[("name", text(1, 4096))]);

static VERSIONS: List = list(Shape::Object(&RANGE), 1);
static RANGE: Object = Object {
    what: "an entry of `versions`",
    required: &["version", "status"],
    keys: &[
        ("version", VERSION),
        ("status", STATUS),
        ("versionType", text(1, 128)),
        ("lessThan", VERSION),
        ("lessThanOrEqual", VERSION),
        ("changes", Shape::List(&CHANGES)),
    ],
    open: Open::No,
    only: true,
    more: Some(range),
};
static CHANGES: List = list(Shape::Object(&CHANGE), 1);
static CHANGE: Object =
    closed("an entry of `changes`", &["at", "status"], &[("at", VERSION), ("status", STATUS)]);

/// A single version, or a range with exactly one upper end and a type.
fn range(node: &Node<'_>, at: &At<'_>, cx: &mut Context<'_, '_, '_>) {
    let has = |key: &str| node.get(key).is_some();
    let size = node.object().map_or(0, super::super::check::Object::len);
    if !has("version") || !has("status") {
        return;
    }
    let (typed, below, to) = (has("versionType"), has("lessThan"), has("lessThanOrEqual"));
    let shapes = [size <= 2, typed && size <= 3, typed && below, typed && to];
    if shapes.iter().filter(|s| **s).count() == 1 {
        return;
    }
    let message = if below && to {
        "has both `lessThan` and `lessThanOrEqual`; a range ends once"
    } else if (below || to) && !typed {
        "is a range without `versionType`: nobody can tell how its versions are ordered"
    } else {
        "has `changes` without `lessThan` or `lessThanOrEqual` and `versionType`"
    };
    refuse(cx.sink, "schema.one-of", at, message);
}

static CPE_APPLICABILITY: List =
    List { min: 0, max: NO_END, unique: false, item: Shape::Object(&CPE_ELEMENT), more: None };
static CPE_ELEMENT: Object = Object {
    what: "an entry of `cpeApplicability`",
    required: &["nodes"],
    keys: &[("operator", AND_OR), ("negate", Shape::Flag), ("nodes", Shape::List(&CPE_NODES))],
    open: Open::Yes,
    only: false,
    more: None,
};
static CPE_NODES: List =
    List { min: 0, max: NO_END, unique: false, item: Shape::Object(&CPE_NODE), more: None };
static CPE_NODE: Object = Object {
    what: "a node of `cpeApplicability`",
    required: &["operator", "cpeMatch"],
    keys: &[("operator", AND_OR), ("negate", Shape::Flag), ("cpeMatch", Shape::List(&CPE_MATCHES))],
    open: Open::Yes,
    only: false,
    more: None,
};
static CPE_MATCHES: List =
    List { min: 0, max: NO_END, unique: false, item: Shape::Object(&CPE_MATCH), more: None };
static CPE_MATCH: Object = closed(
    "an entry of `cpeMatch`",
    &["vulnerable", "criteria"],
    &[
        ("vulnerable", Shape::Flag),
        (
            "criteria",
            Shape::Text(Text {
                min: 1,
                max: 2048,
                form: Some(Form { holds: has_cpe23, what: "CPE 2.3 name" }),
            }),
        ),
        ("matchCriteriaId", UUID),
        ("versionStartExcluding", VERSION),
        ("versionStartIncluding", VERSION),
        ("versionEndExcluding", VERSION),
        ("versionEndIncluding", VERSION),
    ],
);

static PROBLEM_TYPES: List = list(Shape::Object(&PROBLEM_TYPE), 1);
static PROBLEM_TYPE: Object =
    closed("an entry of `problemTypes`", &["descriptions"], &[("descriptions", Shape::List(&PROBLEMS))]);
static PROBLEMS: List = list(Shape::Object(&PROBLEM), 1);
static PROBLEM: Object = closed(
    "a description in `problemTypes`",
    &["lang", "description"],
    &[
        ("lang", LANGUAGE),
        ("description", text(1, 4096)),
        (
            "cweId",
            Shape::Text(Text {
                min: 5,
                max: 9,
                form: Some(Form { holds: is_cwe_id, what: "CWE ID such as `CWE-79`" }),
            }),
        ),
        ("type", text(1, 128)),
        ("references", Shape::List(&REFERENCES)),
    ],
);

static REFERENCES: List =
    List { min: 1, max: 512, unique: true, item: Shape::Object(&REFERENCE), more: None };
static REFERENCE: Object = closed(
    "a reference",
    &["url"],
    &[("url", URI), ("name", text(1, 512)), ("tags", Shape::List(&REFERENCE_TAGS))],
);
static REFERENCE_TAGS: List = list(
    Shape::Tag(&[
        "broken-link",
        "customer-entitlement",
        "exploit",
        "government-resource",
        "issue-tracking",
        "mailing-list",
        "mitigation",
        "not-applicable",
        "patch",
        "permissions-required",
        "media-coverage",
        "product",
        "related",
        "release-notes",
        "signature",
        "technical-description",
        "third-party-advisory",
        "vendor-advisory",
        "vdb-entry",
    ]),
    1,
);

static IMPACTS: List = list(Shape::Object(&IMPACT), 1);
static IMPACT: Object = closed(
    "an entry of `impacts`",
    &["descriptions"],
    &[
        (
            "capecId",
            Shape::Text(Text {
                min: 7,
                max: 11,
                form: Some(Form { holds: is_capec_id, what: "CAPEC ID such as `CAPEC-66`" }),
            }),
        ),
        ("descriptions", Shape::List(&DESCRIPTIONS)),
    ],
);

static METRICS: List = list(Shape::Object(&METRIC), 1);
static METRIC: Object = Object {
    what: "an entry of `metrics`",
    required: &[],
    keys: &[
        ("format", text(1, 64)),
        ("scenarios", Shape::List(&SCENARIOS)),
        ("cvssV4_0", Shape::Object(&cvss::V4_0)),
        ("cvssV3_1", Shape::Object(&cvss::V3_1)),
        ("cvssV3_0", Shape::Object(&cvss::V3_0)),
        ("cvssV2_0", Shape::Object(&cvss::V2_0)),
        ("other", Shape::Object(&OTHER_METRIC)),
    ],
    open: Open::No,
    only: true,
    more: Some(|node, at, cx| {
        let kinds = ["cvssV4_0", "cvssV3_1", "cvssV3_0", "cvssV2_0", "other"];
        if node.object().is_some_and(|o| !kinds.iter().any(|k| o.has(k))) {
            let message = format!("an entry of `metrics` needs one of `{}`", kinds.join("`, `"));
            refuse(cx.sink, "schema.one-of", at, message);
        }
    }),
};
static SCENARIOS: List = list(Shape::Object(&SCENARIO), 1);
static SCENARIO: Object =
    closed("a scenario", &["lang", "value"], &[("lang", LANGUAGE), ("value", text(1, 4096))]);
static OTHER_METRIC: Object = closed(
    "a metric of another kind",
    &["type", "content"],
    &[("type", text(1, 128)), ("content", Shape::Object(&CONTENT))],
);
static CONTENT: Object = Object {
    what: "`content`",
    required: &[],
    keys: &[],
    open: Open::Yes,
    only: true,
    more: Some(not_empty),
};

static TIMELINE: List = list(Shape::Object(&EVENT), 1);
static EVENT: Object = closed(
    "an entry of `timeline`",
    &["time", "lang", "value"],
    &[("time", TIME), ("lang", LANGUAGE), ("value", text(1, 4096))],
);

static CREDITS: List = list(Shape::Object(&CREDIT), 1);
static CREDIT: Object = closed(
    "a credit",
    &["lang", "value"],
    &[
        ("lang", LANGUAGE),
        ("value", text(1, 4096)),
        ("user", UUID),
        (
            "type",
            Shape::Words(&[
                "finder",
                "reporter",
                "analyst",
                "coordinator",
                "remediation developer",
                "remediation reviewer",
                "remediation verifier",
                "tool",
                "sponsor",
                "other",
            ]),
        ),
    ],
);

static TAXONOMIES: List = list(Shape::Object(&TAXONOMY), 1);
static TAXONOMY: Object = closed(
    "an entry of `taxonomyMappings`",
    &["taxonomyName", "taxonomyRelations"],
    &[
        ("taxonomyName", text(1, 128)),
        ("taxonomyVersion", text(1, 128)),
        ("taxonomyRelations", Shape::List(&RELATIONS)),
    ],
);
static RELATIONS: List = list(Shape::Object(&RELATION), 1);
static RELATION: Object = closed(
    "a taxonomy relation",
    &["taxonomyId", "relationshipName", "relationshipValue"],
    &[
        ("taxonomyId", text(1, 2048)),
        ("relationshipName", text(1, 128)),
        ("relationshipValue", text(1, 2048)),
    ],
);
