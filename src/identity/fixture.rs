//! What the tests of this folder share.

use crate::seal::{MasterKey, Sealer};
use crate::secret;

pub(super) fn sealer() -> Sealer {
    Sealer::new(&MasterKey::parse(&secret::token()).unwrap(), None).unwrap()
}
