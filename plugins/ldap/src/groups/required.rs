//! Whether somebody is surely not in the required group.
//!
//! *Why* it is not enough to find no such group: when the service account may no longer read
//! `memberOf`, or `group_base` has moved, everybody looks like somebody without groups, and the next
//! look-ups would end everybody's sessions. So the group itself is asked, too: it must be there, its
//! members must be visible, and the person must not be one of them. Otherwise nobody knows.

use vestibule_plugin::Unavailable;

use super::filters::{Members, WITH_MEMBERS, named};
use super::{Climb, has};
use crate::asker::Asker;
use crate::entry::Entry;
use crate::settings::{GroupSource, Scope};

impl Climb<'_> {
    /// Called for a person whose groups lack the required one.
    pub(crate) async fn is_surely_without(
        &self,
        required: &str,
        person: &Entry,
        asker: &mut Asker<'_>,
    ) -> Result<(), Unavailable> {
        // Whoever sees one `memberOf` sees all, and such a group may keep no members of its own.
        let is_readable =
            self.source == GroupSource::MemberOf && person.texts("memberOf").next().is_some();
        let visible = if is_readable { "(objectClass=*)" } else { WITH_MEMBERS };
        let groups = if required.contains('=') {
            self.search_below(required, Scope::Base, visible, asker).await?
        } else {
            let filter = format!("(&{}{visible})", named(self.settings, required));
            self.search_below(self.base(), Scope::Subtree, &filter, asker).await?
        };
        if groups.is_empty() {
            return Err(Unavailable::because(format!(
                "nobody can tell who is in the required group {required}: it is not there, it is \
                 empty, or its members may not be read"
            )));
        }
        if self.is_named_by(&groups, required, person, asker).await? {
            return Err(Unavailable::because(format!(
                "the required group {required} has {} as a member, and does not appear among their \
                 groups: see `group_base`, and whether `memberOf` may be read",
                person.dn
            )));
        }
        Ok(())
    }

    /// Whether the groups themselves have the person as a member.
    async fn is_named_by(
        &self,
        groups: &[String],
        required: &str,
        person: &Entry,
        asker: &mut Asker<'_>,
    ) -> Result<bool, Unavailable> {
        let names: Vec<&str> = person.texts("uid").collect();
        let members = Members { dns: &[&person.dn], names: &names };
        let filter = members.filter(self.settings, self.root.flavour);
        for group in groups {
            if !self.search_below(group, Scope::Base, &filter, asker).await?.is_empty() {
                return Ok(true);
            }
        }
        if self.source == GroupSource::Search || !self.settings.groups.nested {
            return Ok(false);
        }
        let searched = Climb { source: GroupSource::Search, ..*self };
        Ok(has(&searched.of(person, asker).await?, required))
    }
}
