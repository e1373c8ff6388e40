//! Every scheme against hashes of one password, and against texts that are none.

mod vectors;

use std::cell::Cell;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use vestibule_plugin::Password;

use super::*;
use vectors::{PASSWORD, VECTORS};

fn hasher() -> Hasher {
    Hasher::new(Cost { memory: 8, passes: 1, lanes: 1 }, 2, 8)
}

fn password(text: &str) -> Password {
    Password::parse(text.to_owned()).unwrap()
}

async fn compare(text: &str, hash: &str, beyond: Beyond) -> Verdict {
    let stored = Arc::new(Stored::recognise(hash).unwrap_or_else(|why| panic!("{hash}: {why}")));
    hasher().compare(&password(text), &stored, beyond).await.unwrap()
}

#[tokio::test]
async fn the_hashes_of_other_programs_verify() {
    for (hash, scheme, weak) in VECTORS {
        let stored = Stored::recognise(hash).unwrap_or_else(|why| panic!("{hash}: {why}"));
        assert_eq!(stored.scheme, *scheme, "{hash}");
        assert_eq!(stored.is_weak(), *weak, "{hash}");
        let right = compare(PASSWORD, hash, Beyond::Refuse).await;
        assert_eq!(right, Verdict::RightButOutdated, "{hash}");
        for wrong in ["password of 1 rabbit", "pässword of 1 rabbi", "pässword of 1 rabbit ", "x"]
        {
            assert_eq!(compare(wrong, hash, Beyond::Refuse).await, Verdict::Wrong, "{hash}");
        }
    }
}

#[tokio::test]
async fn a_hash_of_the_configured_cost_is_up_to_date() {
    let hash = hasher().hash(&password(PASSWORD)).await.unwrap();
    assert_eq!(compare(PASSWORD, &hash, Beyond::Refuse).await, Verdict::Right);
}

// bcrypt.hashpw(b"x" * 72 + b"yz", bcrypt.gensalt(4)) of bcrypt 4.0.1, which cuts.
#[tokio::test]
async fn bcrypt_refuses_or_cuts_long_passwords_as_configured() {
    const CUT: &str = "$2b$04$2CAfN6pvNbRM4HCdTHuPg.ICiPDiVBtT23Jluqp6gbuwmSvRr.oW.";
    let full = "x".repeat(72);
    let longer = format!("{full}yz");
    assert_eq!(compare(&full, CUT, Beyond::Refuse).await, Verdict::RightButOutdated);
    assert_eq!(compare(&longer, CUT, Beyond::Refuse).await, Verdict::Wrong);
    assert_eq!(compare(&longer, CUT, Beyond::Truncate).await, Verdict::RightButOutdated);
    assert_eq!(compare(&"x".repeat(71), CUT, Beyond::Truncate).await, Verdict::Wrong);
}

#[test]
fn a_hash_that_asks_for_too_much_is_not_tried() {
    let b64 = |length: usize| "A".repeat(length.div_ceil(3) * 4);
    for greedy in [
        format!("$argon2id$v=19$m=1048577,t=1,p=1${0}${0}", b64(18)),
        format!("$argon2id$v=19$m=1048576,t=17,p=1${0}${0}", b64(18)),
        format!("$argon2id$v=19$m=64,t=65,p=1${0}${0}", b64(18)),
        format!("$argon2id$v=19$m=640,t=1,p=17${0}${0}", b64(18)),
        "$2b$16$Lgn5ZEq/25zwOK7aTwAmZeff4soS8I1sc1XyMt7SMps2oNw7Rgu2W".to_owned(),
        format!("$scrypt$ln=21,r=8,p=1${0}${0}", b64(18)),
        format!("$scrypt$ln=20,r=8,p=2${0}${0}", b64(18)),
        format!("$scrypt$ln=1,r=65,p=1${0}${0}", b64(18)),
        format!("$pbkdf2-sha256$10000001${0}${0}", b64(18)),
        // Two blocks of output cost twice as much.
        format!("$pbkdf2-sha256$5000001${}${}", b64(18), b64(60)),
        format!("pbkdf2_sha256$4000000000$salt${}", b64(30)),
        format!("{{PBKDF2-SHA512}}10000001${0}${0}", b64(18)),
        format!("$6$rounds=1000001$salt${}", "a".repeat(86)),
        "$P$LQEW5ztiLLdAdl7A8.i6hsiwaqd4uI0".to_owned(),
        format!("{},10000001", "Zz".repeat(32)),
        "AQAAAAH/////AAAAEOxEO8KPXn3ZyivTKsfvNdv/1//NtuzS94GFMlKy8DWgmVY1VybQur49YuOQf6HArQ=="
            .to_owned(),
    ] {
        let refused = Stored::recognise(&greedy);
        assert!(matches!(refused, Err(Unusable::TooMuch { .. })), "{greedy}: {refused:?}");
    }
}

#[test]
fn an_unknown_scheme_is_named_and_the_hash_is_not() {
    for (hash, told) in [
        ("$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o", "it begins with `$y$`"),
        ("$2x$04$Lgn5ZEq/25zwOK7aTwAmZeff4soS8I1sc1XyMt7SMps2oNw7Rgu2W", "it begins with `$2x$`"),
        ("{CRYPT}rl.3StKT.4T8M.bcdefghij", "it begins with `{CRYPT}`"),
        ("{SASL}alice@EXAMPLE.COM", "it begins with `{SASL}`"),
        (
            "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
            "64 hexadecimal digits, a digest without salt",
        ),
        ("hunter2", "it names no scheme; is it a password in the open?"),
    ] {
        let refused = Stored::recognise(hash).unwrap_err();
        assert_eq!(refused, Unusable::Unknown(told.to_owned()));
    }
    let broken = Stored::recognise("$2b$12$secret").unwrap_err().to_string();
    assert_eq!(broken, "the stored password hash begins like bcrypt and is broken");
}

// Taken for a wrong password, nobody would ever learn why the person is shut out.
#[test]
fn a_sha_crypt_hash_that_cannot_be_read_is_broken() {
    for broken in [
        format!("$6$salt${}", "!".repeat(86)),
        format!("$5$sa lt${}", "a".repeat(43)),
        format!("$5$rounds=1000$sä${}", "a".repeat(43)),
        format!("$5$salt${}", "a".repeat(42)),
        format!("$6$rounds=999$salt${}", "a".repeat(86)),
    ] {
        let verdict = Stored::recognise(&broken)
            .and_then(|stored| stored.function.verify(b"x", &mut Vec::new(), Beyond::Refuse));
        assert!(matches!(verdict, Err(Unusable::Broken(_))), "{broken}: {verdict:?}");
    }
}

/// A hash of another program with some of its bytes changed, a piece of it, or anything.
fn almost_a_hash() -> impl Strategy<Value = String> {
    let vector = proptest::sample::select(VECTORS).prop_map(|(hash, ..)| hash.to_owned());
    let changed = (vector.clone(), any::<prop::sample::Index>(), any::<char>()).prop_map(
        |(hash, at, with)| {
            let mut letters: Vec<char> = hash.chars().collect();
            let at = at.index(letters.len());
            letters[at] = with;
            letters.into_iter().collect()
        },
    );
    let digit = (vector.clone(), any::<prop::sample::Index>(), "[0-9]{1,12}").prop_map(
        |(hash, at, digits)| {
            let mut hash = hash;
            hash.insert_str(at.index(hash.len()), &digits);
            hash
        },
    );
    let piece = (vector, any::<prop::sample::Index>())
        .prop_map(|(hash, end)| hash[..end.index(hash.len())].to_owned());
    let named = (
        proptest::sample::select(
            &[
                "$argon2id$",
                "$2b$",
                "$scrypt$",
                "$pbkdf2$",
                "pbkdf2_sha256$",
                "$5$",
                "$6$",
                "$1$",
                "$P$",
                "{SSHA}",
                "{PBKDF2}",
                "{PBKDF2_SHA256}",
                "{CRYPT}{CRYPT}",
                "AQAAAA",
                "{\"",
                "[",
            ][..],
        ),
        ".{0,90}",
    )
        .prop_map(|(prefix, rest)| format!("{prefix}{rest}"));
    prop_oneof![any::<String>(), changed, digit, piece, named]
}

/// Whether a hash asks for no more work than those of the table, which were made as cheap as could be.
fn is_cheap(stored: &Stored, text: &str) -> bool {
    let cost = |text: &str| text.rsplit_once('$').map(|(before, _)| before.to_owned());
    match stored.function {
        Function::Digest(_) | Function::Md5Crypt(_) => true,
        Function::Phpass(_) => false,
        _ => VECTORS.iter().any(|(hash, ..)| hash.contains('$') && cost(hash) == cost(text)),
    }
}

proptest! {
    // What is taken for a hash is verified, too. The work of the dear ones is bounded below.
    #[test]
    fn any_text_is_a_stored_hash_or_none(text in almost_a_hash(), typed in "\\PC{1,80}") {
        if let Ok(stored) = Stored::recognise(&text) && is_cheap(&stored, &text) {
            let _ = stored.function.verify(typed.as_bytes(), &mut Vec::new(), Beyond::Refuse);
        }
    }
}

// Drawn from around the bounds: hashes of both sides are met.
#[test]
fn work_is_bounded_whatever_a_hash_asks_for() {
    const SALT: &str = "c29tZXNhbHRvZnRlc3RzIQ";
    let magnitude = |bits: u32| (0..=bits).prop_flat_map(|bits| 0_u32..=1 << bits);
    let [argon2, scrypt, pbkdf2] = [const { Cell::new((0, 0)) }; 3];
    let met = |met: &Cell<(u32, u32)>, taken: bool| {
        let (accepted, refused) = met.get();
        met.set((accepted + u32::from(taken), refused + u32::from(!taken)));
    };
    let costs = (magnitude(22), 1_u32..80, 1_u32..20, 1_u32..24, magnitude(7), magnitude(28));
    let run = |(m, t, p, ln, r, rounds)| {
        let stored = Stored::recognise(&format!("$argon2id$v=19$m={m},t={t},p={p}${SALT}${SALT}"));
        met(&argon2, stored.is_ok());
        if stored.is_ok() {
            prop_assert!(u64::from(m) * u64::from(t) <= 16 << 20 && m <= 1 << 20);
            prop_assert!(t <= 64 && p <= 16);
        }
        let stored = Stored::recognise(&format!("$scrypt$ln={ln},r={r},p={p}${SALT}${SALT}"));
        met(&scrypt, stored.is_ok());
        if stored.is_ok() {
            prop_assert!(ln <= 20 && (u64::from(r) * u64::from(p)) << ln <= 1 << 23);
        }
        let stored = Stored::recognise(&format!("$pbkdf2-sha512${rounds}${SALT}${SALT}"));
        met(&pbkdf2, stored.is_ok());
        if stored.is_ok() {
            prop_assert!(rounds <= 10_000_000);
        }
        Ok(())
    };
    let config = Config { failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&costs, run).unwrap();
    for met in [argon2, scrypt, pbkdf2] {
        let (accepted, refused) = met.get();
        assert!(accepted >= 10 && refused >= 10, "{accepted} {refused}");
    }
}
