//! What is asked in the query language of the host. A test holds every document beside the published schema.

/// Who asks, and of what.
macro_rules! standing {
    () => {
        "isPrivate viewerPermission"
    };
}

/// A tracker with what belongs to it.
macro_rules! issue {
    () => {
        "fragment issue on Issue {
  id number title body state stateReason createdAt updatedAt closedAt
  author { login }
  labels(first: 100) { nodes { name } }
  assignees(first: 20) { nodes { login } }
  milestone { title }
  comments(first: 50) {
    nodes { fullDatabaseId body createdAt author { login } }
    pageInfo { hasNextPage endCursor }
  }
  projectItems(first: 10, includeArchived: true) {
    nodes {
      id isArchived project { id number owner { ... on Organization { login } ... on User { login } } }
      fieldValueByName(name: \"Status\") { ... on ProjectV2ItemFieldSingleSelectValue { name } }
    }
  }
}"
    };
}

/// Trackers that changed since a moment, oldest change first, with every milestone.
pub const CHANGED: &str = concat!(
    "query changed($owner: String!, $name: String!, $first: Int!, $after: String, $since: DateTime) {
  viewer { login }
  repository(owner: $owner, name: $name) {
    ",
    standing!(),
    "
    all: issues { totalCount }
    issues(first: $first, after: $after, orderBy: {field: UPDATED_AT, direction: ASC}, filterBy: {since: $since}) {
      nodes { ...issue }
      pageInfo { hasNextPage endCursor }
    }
    milestones(first: 100, orderBy: {field: NUMBER, direction: DESC}) {
      nodes { number title state dueOn }
      pageInfo { hasNextPage }
    }
  }
  rateLimit { cost }
}
",
    issue!()
);

/// One tracker.
pub const ONE: &str = concat!(
    "query one($owner: String!, $name: String!, $number: Int!) {
  viewer { login }
  repository(owner: $owner, name: $name) { ",
    standing!(),
    " issue(number: $number) { ...issue } }
  rateLimit { cost }
}
",
    issue!()
);

/// The newest trackers, to look for one whose answer was lost.
pub const NEWEST: &str = concat!(
    "query newest($owner: String!, $name: String!) {
  viewer { login }
  repository(owner: $owner, name: $name) {
    ",
    standing!(),
    "
    issues(first: 30, orderBy: {field: CREATED_AT, direction: DESC}) { nodes { ...issue } }
  }
  rateLimit { cost }
}
",
    issue!()
);

/// More comments of a tracker.
pub const COMMENTS: &str = "query comments($id: ID!, $after: String) {
  node(id: $id) {
    ... on Issue {
      comments(first: 100, after: $after) {
        nodes { fullDatabaseId body createdAt author { login } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
  rateLimit { cost }
}";

/// Where trackers are, by their ids.
pub const THERE: &str = "query there($ids: [ID!]!) {
  nodes(ids: $ids) { ... on Issue { number repository { nameWithOwner } } }
  rateLimit { cost }
}";

macro_rules! board {
    ($owner:literal) => {
        concat!(
            "query board($owner: String!, $number: Int!, $after: String) {
  owner: ",
            $owner,
            "(login: $owner) {
    projectV2(number: $number) {
      id
      field(name: \"Status\") { ... on ProjectV2SingleSelectField { id options { id name } } }
      items(first: 100, after: $after) {
        nodes {
          id isArchived
          content { ... on Issue { number repository { nameWithOwner } } }
          fieldValueByName(name: \"Status\") { ... on ProjectV2ItemFieldSingleSelectValue { name } }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
  rateLimit { cost }
}"
        )
    };
}

/// The board of an organization: its columns and its cards.
pub const BOARD_OF_ORGANIZATION: &str = board!("organization");

/// The board of a person.
pub const BOARD_OF_USER: &str = board!("user");

/// Put a tracker on the board.
pub const ADD_CARD: &str = "mutation add($project: ID!, $content: ID!) {
  addProjectV2ItemById(input: {projectId: $project, contentId: $content}) { item { id } }
}";

/// Move a card.
pub const MOVE_CARD: &str = "mutation move($project: ID!, $item: ID!, $field: ID!, $option: String!) {
  updateProjectV2ItemFieldValue(
    input: {projectId: $project, itemId: $item, fieldId: $field, value: {singleSelectOptionId: $option}}
  ) { projectV2Item { id } }
}";

/// Archive a card.
pub const ARCHIVE_CARD: &str = "mutation archive($project: ID!, $item: ID!) {
  archiveProjectV2Item(input: {projectId: $project, itemId: $item}) { item { id isArchived } }
}";

/// Bring an archived card back.
pub const UNARCHIVE_CARD: &str = "mutation unarchive($project: ID!, $item: ID!) {
  unarchiveProjectV2Item(input: {projectId: $project, itemId: $item}) { item { id isArchived } }
}";

macro_rules! boards {
    ($owner:literal) => {
        concat!(
            "query boards($owner: String!, $title: String!) {
  owner: ",
            $owner,
            "(login: $owner) {
    id
    projectsV2(first: 50, query: $title) {
      nodes { title url field(name: \"Status\") { ... on ProjectV2SingleSelectField { id } } }
    }
  }
}"
        )
    };
}

/// Boards of an organization that are called so.
pub const BOARDS_OF_ORGANIZATION: &str = boards!("organization");

/// Boards of a person that are called so.
pub const BOARDS_OF_USER: &str = boards!("user");

/// Make a board.
pub const MAKE_BOARD: &str = "mutation board($owner: ID!, $title: String!) {
  createProjectV2(input: {ownerId: $owner, title: $title}) {
    projectV2 { title url field(name: \"Status\") { ... on ProjectV2SingleSelectField { id } } }
  }
}";

/// Give a new board its columns.
pub const SET_COLUMNS: &str =
    "mutation columns($field: ID!, $options: [ProjectV2SingleSelectFieldOptionInput!]) {
  updateProjectV2Field(input: {fieldId: $field, singleSelectOptions: $options}) {
    projectV2Field { ... on ProjectV2SingleSelectField { id } }
  }
}";

/// Every document, by name.
pub const QUERIES: &[(&str, &str)] = &[
    ("changed", CHANGED),
    ("one", ONE),
    ("newest", NEWEST),
    ("comments", COMMENTS),
    ("there", THERE),
    ("board-of-organization", BOARD_OF_ORGANIZATION),
    ("board-of-user", BOARD_OF_USER),
    ("add-card", ADD_CARD),
    ("move-card", MOVE_CARD),
    ("archive-card", ARCHIVE_CARD),
    ("unarchive-card", UNARCHIVE_CARD),
    ("boards-of-organization", BOARDS_OF_ORGANIZATION),
    ("boards-of-user", BOARDS_OF_USER),
    ("make-board", MAKE_BOARD),
    ("set-columns", SET_COLUMNS),
];
