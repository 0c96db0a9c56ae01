//! A yes, bound to the bytes that were shown (DESIGN §2, Approve).

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{FORMAT, Item, ItemNo, Plan};
use crate::people::Role;

/// An approval lapses after this time; a plan a day old is planned again.
pub const LAPSES_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// How we know who said yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnownBy {
    /// The operating system's user.
    OsUser,
    /// A forge's token.
    ForgeToken,
    /// A session of the web board.
    WebSession,
}

/// The person who says yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Handle without `@`.
    pub handle: String,
    /// How we know.
    pub known_by: KnownBy,
    /// Roles held, from the roster, or stated on an embedded desk.
    pub roles: BTreeSet<Role>,
    /// Are the roles this person's own statement?
    pub stated: bool,
}

/// A yes to some items of one plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Digest of the plan that was shown.
    pub plan: String,
    /// The items.
    pub items: BTreeSet<ItemNo>,
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
}

/// Why an approval does not bind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// The plan is not the one that was approved.
    #[error(
        "the plan is not the one that was approved (approved {approved}, found {found}); review it again"
    )]
    Digest {
        /// Digest in the approval.
        approved: String,
        /// Digest of the plan at hand.
        found: String,
    },
    /// Made by another version of the program.
    #[error("the plan has format {0}, this program writes {FORMAT}; make the plan again")]
    Format(u32),
    /// No such item.
    #[error("the plan has no item {0}")]
    NoItem(ItemNo),
    /// The item is blocked.
    #[error("item {0} is blocked: {1}")]
    Blocked(ItemNo, String),
    /// It comes after one that was not approved.
    #[error("item {item} comes after item {needs}, which is not approved; approve both or neither")]
    Alone {
        /// The item.
        item: ItemNo,
        /// What it needs.
        needs: ItemNo,
    },
    /// The actor lacks a role.
    #[error("item {item} needs {needs}; {actor} does not hold it")]
    Role {
        /// The item.
        item: ItemNo,
        /// Roles, any of which would do.
        needs: String,
        /// Who tried.
        actor: String,
    },
    /// Too old.
    #[error("the approval is more than 24 hours old; review the plan again")]
    Lapsed,
    /// From the future.
    #[error("the approval is dated after now; check the clock")]
    Future,
    /// Nobody said yes.
    #[error("an approval needs a person; this one names none")]
    NoActor,
    /// Nothing was approved.
    #[error("the approval names no item")]
    Empty,
}

/// A plan together with a yes that matches it. There is no other way to make one, and nothing else can be
/// applied (G1).
///
/// ```compile_fail,E0451
/// use desk::plan::{Approval, Approved, Plan};
/// fn forge(plan: Plan, approval: Approval) -> Approved {
///     Approved { plan, approval }
/// }
/// ```
///
/// A plan alone is not an approval:
///
/// ```compile_fail,E0308
/// use desk::plan::{Approved, Plan};
/// fn shortcut(plan: Plan) -> Approved {
///     plan
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Approved {
    plan: Plan,
    approval: Approval,
}

impl Approved {
    /// Bind an approval to its plan.
    ///
    /// # Errors
    /// Any mismatch of digest, item, order, role or time.
    pub fn bind(plan: Plan, approval: Approval, now: Timestamp) -> Result<Self, ApprovalError> {
        if plan.format != FORMAT {
            return Err(ApprovalError::Format(plan.format));
        }
        let found = plan.digest();
        if found != approval.plan {
            return Err(ApprovalError::Digest { approved: approval.plan, found });
        }
        if approval.actor.handle.trim().is_empty() {
            return Err(ApprovalError::NoActor);
        }
        if approval.items.is_empty() {
            return Err(ApprovalError::Empty);
        }
        let age = now.duration_since(approval.at);
        if age > LAPSES_AFTER {
            return Err(ApprovalError::Lapsed);
        }
        if age < SignedDuration::from_mins(-5) {
            return Err(ApprovalError::Future);
        }
        for n in &approval.items {
            let item = plan.item(*n).ok_or(ApprovalError::NoItem(*n))?;
            check_item(item, &approval)?;
        }
        Ok(Self { plan, approval })
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The yes.
    #[must_use]
    pub fn approval(&self) -> &Approval {
        &self.approval
    }

    /// The approved items, in plan order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.plan.items.iter().filter(|i| self.approval.items.contains(&i.n))
    }
}

fn check_item(item: &Item, approval: &Approval) -> Result<(), ApprovalError> {
    if let Some(why) = &item.blocked {
        return Err(ApprovalError::Blocked(item.n, why.clone()));
    }
    if let Some(needs) = item.after.iter().find(|a| !approval.items.contains(a)) {
        return Err(ApprovalError::Alone { item: item.n, needs: *needs });
    }
    if !item.needs.is_empty() && !item.needs.iter().any(|r| approval.actor.roles.contains(r)) {
        let needs = item.needs.iter().map(|r| r.title()).collect::<Vec<_>>().join(" or ");
        return Err(ApprovalError::Role { item: item.n, needs, actor: approval.actor.handle.clone() });
    }
    Ok(())
}
