//! Groups as a tree: below each group those that it is in. For people who look, not for logins: it
//! asks once for each group.

use std::collections::{HashMap, HashSet};

use vestibule_plugin::Unavailable;

use super::{Climb, Group, Members};
use crate::asker::Asker;
use crate::dn;

/// Nobody reads more, and the directory need not be asked.
const READABLE: usize = 100;

impl Climb<'_> {
    /// A line for each group, indented below one that is in it.
    pub(crate) async fn tree(
        &self,
        groups: &[Group],
        asker: &mut Asker<'_>,
    ) -> Result<Vec<String>, Unavailable> {
        let places: HashMap<_, _> = groups
            .iter()
            .enumerate()
            .map(|(place, group)| (dn::canonical(&group.dn), place))
            .collect();
        let mut above = HashMap::new();
        if self.settings.groups.nested && groups.len() <= READABLE {
            for (place, group) in groups.iter().enumerate() {
                let members = Members { dns: &[&group.dn], names: &[] };
                let found =
                    self.search(&members.filter(self.settings, self.root.flavour), asker).await?;
                let found = found.iter().filter_map(|dn| places.get(&dn::canonical(dn)).copied());
                above.insert(place, found.collect());
            }
        }
        Ok(lines(groups, &above))
    }
}

/// Depth first, from those that the person is in. What a group is in is told once.
fn lines(groups: &[Group], above: &HashMap<usize, Vec<usize>>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut told = HashSet::new();
    let direct = groups.iter().enumerate().filter(|(_, group)| group.depth == 0);
    let mut next: Vec<(usize, usize)> = direct.map(|(place, _)| (place, 0)).rev().collect();
    // Those that nothing leads to stand at the end, as deep as they were found.
    let rest: Vec<(usize, usize)> =
        groups.iter().enumerate().map(|(place, group)| (place, group.depth)).collect();
    let mut rest = rest.into_iter();
    while let Some((place, depth)) =
        next.pop().or_else(|| rest.find(|(place, _)| !told.contains(place)))
    {
        let Some(group) = groups.get(place) else { continue };
        let first = told.insert(place);
        let parents = above.get(&place).map(Vec::as_slice).unwrap_or_default();
        let again = if first || parents.is_empty() { "" } else { " (as above)" };
        lines.push(format!("{}{}{again}", "  ".repeat(depth), dn::name(&group.dn)));
        if first {
            next.extend(parents.iter().rev().map(|parent| (*parent, depth + 1)));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(names: &[(&str, usize)]) -> Vec<Group> {
        names
            .iter()
            .map(|(name, depth)| Group { dn: format!("cn={name}"), depth: *depth })
            .collect()
    }

    #[test]
    fn a_group_stands_below_one_that_is_in_it() {
        let groups = groups(&[("a", 0), ("b", 0), ("c", 1), ("d", 2)]);
        let above = [(0, vec![2]), (1, vec![2]), (2, vec![3])].into();
        assert_eq!(lines(&groups, &above), ["a", "  c", "    d", "b", "  c (as above)"]);
    }

    #[test]
    fn a_ring_is_told_once_around() {
        let groups = groups(&[("a", 0), ("b", 1)]);
        let above = [(0, vec![1]), (1, vec![0])].into();
        assert_eq!(lines(&groups, &above), ["a", "  b", "    a (as above)"]);
    }

    #[test]
    fn without_a_way_to_it_a_group_is_as_deep_as_it_was_found() {
        let groups = groups(&[("a", 0), ("b", 1), ("c", 2)]);
        assert_eq!(lines(&groups, &HashMap::new()), ["a", "  b", "    c"]);
    }
}
