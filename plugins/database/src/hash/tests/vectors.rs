//! Hashes of [`PASSWORD`] by other programs: passlib 1.7.4, bcrypt 4.0.1, argon2-cffi and hashlib
//! of Python 3.11, OpenSSL 3, slappasswd of OpenLDAP 2.5 and pwdhash of 389 Directory Server 2.3, as
//! noted at each; the costs are the least that the programs allow. The forms of Keycloak, Glewlwyd and
//! ASP.NET Identity were put together with hashlib and argon2-cffi after our reading of those products.

pub(super) const PASSWORD: &str = "pässword of 1 rabbit";

/// The hash, the scheme that it is recognised as, and whether it is weak.
#[rustfmt::skip]
pub(super) const VECTORS: &[(&str, &str, bool)] = &[
    // bcrypt 4.0.1: bcrypt.hashpw(P, bcrypt.gensalt(4, b'2b'))
    ("$2b$04$JM8bHf5LcHCSMimp3MAi2OeNf.GBsRWZ.e3mkN0YUdqr134AZatpS", "bcrypt", false),
    // bcrypt.hashpw(P, bcrypt.gensalt(4, b'2a'))
    ("$2a$04$X88AmGqLoxGuGXkKE2amweyrx6Rs0gQsOUqQuco.Na9x9s4BgZdzW", "bcrypt", false),
    // passlib bcrypt.using(rounds=4, ident='2y')
    ("$2y$04$EHW23vBsLwtF10Rwffo9Uuq6fvOUaunwOXBoIyZkVgcU5ZASzXU9K", "bcrypt", false),
    // Django's BCryptPasswordHasher
    ("bcrypt$$2b$04$LLAq4jR3W.OrjI7gc6GwQui1PMQNRFUBOqT6NK8C2T1XFhaxfftGa", "bcrypt", false),
    // argon2-cffi, type I
    ("$argon2i$v=19$m=64,t=2,p=2$/Z/T+j+HcG4tJYRwrnUuxQ$IKOgeeez9XJ2iVfJv4M4j4rM2QzXW5dYYqmXRlmQ37o", "argon2i", false),
    // argon2-cffi, type D
    ("$argon2d$v=19$m=64,t=2,p=1$tvZe651TihGC0Pp/793buw$Qxn2+Zx+3nQLhIL6urm+QU32MqWkG+VDRXAO1s7fZhQ", "argon2d", false),
    // argon2-cffi, type ID
    ("$argon2id$v=19$m=64,t=2,p=1$8F7rXcv5X6uVcg6htDZGCA$kVc3wFda5Fcz6hDlsLe5AqszTBXRS983YAkKeC2Ywvk", "argon2id", false),
    // Django's Argon2PasswordHasher
    ("argon2$argon2id$v=19$m=64,t=2,p=1$iVEKAYAw5jzHOIfQeq8V4g$Lf0usNL7w0kRzmVDKYmPe5uL3DM5sQoGuihfmjraLB8", "argon2id", false),
    // passlib scrypt.using(rounds=6, block_size=8, parallelism=2)
    ("$scrypt$ln=6,r=8,p=2$QQhBaK1Vyhlj7H3Pubd2rg$sOqxT27fHNSFJwHQhrp/1PgxORQRiYbQDpLeCBWRFb4", "scrypt", false),
    // passlib pbkdf2_sha256
    ("$pbkdf2-sha256$100$R8h5b80ZgxCilDImZAxBiA$ceK1Z0ycQH/YJR89QuW1RTdn1LEkPSUNCUOM2togE.Q", "PBKDF2-SHA256", false),
    // passlib pbkdf2_sha512
    ("$pbkdf2-sha512$100$wpjzXislpDSmNAbgHANA6A$509abwYgEUPeLKJoi8wkArs9gFQ.UusOQK853n2mN6VnWcs8fqo36E859acY4.81QPOpOok1jJYANleG3c9K/g", "PBKDF2-SHA512", false),
    // passlib pbkdf2_sha1
    ("$pbkdf2$100$/j/H.N97r5UypnTunRNiLA$VplbP.RppP04MT5nfl7ohE7lPvY", "PBKDF2-SHA1", false),
    // hashlib.pbkdf2_hmac('sha256', P, salt, 120, 32), written as PHC
    ("$pbkdf2-sha256$i=120,l=32$IMf+dIG0pCLu5XLswIF6UQ$N7HHUj/mRDOgZrnEWaobUoKkHsavZCmnLVVGH09Ch2U", "PBKDF2-SHA256", false),
    // passlib ldap_pbkdf2_*.using(rounds=100)
    ("{PBKDF2-SHA256}100$QogRAkDofU.JcU5JKaV0bg$iRGNU1ifGlJ5S.3YLdDLJ/ilB7nQ0eKBeKgynTMJaeE", "PBKDF2-SHA256", false),
    ("{PBKDF2-SHA512}100$GuPce4/Rem.NUQoB4BxDiA$Y.V4EA.IPE/vFQqr2Ia/lwEIpMfBKiSMVVkLI9htPcRUiRGN7Saw44XEH7C6HyZ8DGpgsT2xoicTNisUN8NR5A", "PBKDF2-SHA512", false),
    ("{PBKDF2}100$yrl3jnFuLWWsdU4pRahVKg$/XO46WgivIbCNwQp6TOBZZ7Ycg4", "PBKDF2-SHA1", false),
    // passlib django_pbkdf2_*.using(rounds=100)
    ("pbkdf2_sha256$100$BOgfwUF4tFe6$+TYQ+8o1tl6R2sd4tGYJgg+LWVvLYnP9wq4qmQ6CF3Y=", "PBKDF2-SHA256 (Django)", false),
    ("pbkdf2_sha1$100$uj7f3Uo5u5rC$8tPUZG6OF2+ngfLSlZIO50gFtag=", "PBKDF2-SHA1 (Django)", false),
    // hashlib.pbkdf2_hmac(…, dklen=64) in the columns of Keycloak's table `credential`
    (r#"[{"value":"RFzuoqXFFWdpe4ivrJ6NrtfUo8sJHMI34kHv15Cpc5nxe2C/+ZKxabTET/uU5yWLbeOB4/a01XhNXclewCqaxw==","salt":"IMf+dIG0pCLu5XLswIF6UQ==","additionalParameters":{}},{"hashIterations":100,"algorithm":"pbkdf2-sha256","additionalParameters":{}}]"#, "PBKDF2-SHA256 (Keycloak)", false),
    (r#"{"value":"0V9q1HPBUo//zQsJKZtStk4PhFVfuDi6bRQIjGaszHsKgophidsXRnf1eCx1aFn6xEVqgthYBP2EnM2MNjvxcw==","salt":"IMf+dIG0pCLu5XLswIF6UQ==","hashIterations":100,"algorithm":"pbkdf2-sha512"}"#, "PBKDF2-SHA512 (Keycloak)", false),
    // argon2-cffi in the columns of Keycloak 24
    (r#"[{"value":"GTYfKrnjKxTRcILUvauRSfu3R3YIY5quPoTPem/FTns=","salt":"IMf+dIG0pCLu5XLswIF6UQ==","additionalParameters":{}},{"hashIterations":2,"algorithm":"argon2","additionalParameters":{"hashLength":["32"],"memory":["64"],"type":["id"],"version":["1.3"],"parallelism":["1"]}}]"#, "argon2 (Keycloak)", false),
    // hashlib.pbkdf2_hmac('sha256', P, salt, 150) + salt
    ("a9THhxtZf93Nr7NMWiUMp1ggrWeTxS+A+GAmRn2RYWdhQjNkRTVmRzdoSTlrTDFt,150", "PBKDF2-SHA256 (Glewlwyd)", false),
    // the same of 1000 rounds, without a suffix
    ("ZCBPOkCPOU2vmhp/r6ndtcQWGLs6OBg9xwHEwwxnv/VhQjNkRTVmRzdoSTlrTDFt", "PBKDF2-SHA256 (Glewlwyd)", false),
    // struct.pack('>BIII', 1, prf, 100, 16) + salt + hashlib.pbkdf2_hmac(…)
    ("AQAAAAAAAABkAAAAECDH/nSBtKQi7uVy7MCBelGFf5siLu7NH+K9QuBXJDa1PdG4TPcXGT2tMISFsELVVQ==", "PBKDF2 (ASP.NET Identity)", false),
    ("AQAAAAEAAABkAAAAECDH/nSBtKQi7uVy7MCBelFEXO6ipcUVZ2l7iK+sno2u19SjywkcwjfiQe/XkKlzmQ==", "PBKDF2 (ASP.NET Identity)", false),
    ("AQAAAAIAAABkAAAAECDH/nSBtKQi7uVy7MCBelHRX2rUc8FSj//NCwkpm1K2Tg+EVV+4OLptFAiMZqzMew==", "PBKDF2 (ASP.NET Identity)", false),
    // passlib sha256_crypt
    ("$5$rounds=1000$972yd2XUG/f2SFbw$UIuHKatSbvnnAL8llqd0OEWUH71LzSxJLuqugOSB647", "SHA256-crypt", false),
    // passlib sha512_crypt
    ("$6$rounds=1000$dHrSUDUZymlWy2Ik$UawzuYQjDAJOYAph.Hblq9V5XNtTUegiEOBAIdJUMQZqMXs2OreZGgVoj3vvz1MURLR9Zt2O.TaundlU7zEAN0", "SHA512-crypt", false),
    // openssl passwd -6
    ("$6$4rUlydQrZakAq.OM$fVygqJbtLLJu1oGSeHLMPO/jwwUe/FmDrsD9FTqJux0DCZs6RMjd9IBct14Ua58g6rOVbDG6Z7C5k4hbpVOfn1", "SHA512-crypt", false),
    // openssl passwd -5
    ("$5$hvca.ox5zs6yl5ay$o9wSSKNR0JScX4NUg51MLTk0DDfz/iD6eQFEbnTgB.5", "SHA256-crypt", false),
    // openssl passwd -1
    ("$1$Df19dlL0$Nh4n3HlHVedA.7bA1zwlW.", "MD5-crypt", true),
    // openssl passwd -apr1
    ("$apr1$2WdmSfjr$p.74f94/pVEE1GlU72V7W/", "MD5-crypt", true),
    // passlib phpass.using(rounds=7)
    ("$P$539Q89Buwntz4UaQ.yvsM0zagz6LNK.", "phpass", true),
    // passlib phpass.using(rounds=8, ident='H')
    ("$H$6DUQaKjXdvTnU10tCBtv9OK8BU5Vim.", "phpass", true),
    // slappasswd -h {SHA}
    ("{SHA}1VatGB4/AjkAe8fkZ4Dh1BY2pZM=", "{SHA}", true),
    // slappasswd -h {SSHA}
    ("{SSHA}dbnrKlBvyDw1zJeydti4nbcYplsBuiyP", "{SSHA}", false),
    // slappasswd -h {MD5}
    ("{MD5}yzPORYb5qBFdIx55my3MCQ==", "{MD5}", true),
    // slappasswd -h {SMD5}
    ("{SMD5}QyrXIQVCKWBVA1PE+10M19Lf4DU=", "{SMD5}", true),
    // slappasswd -h {CRYPT} -c $6$%.16s
    ("{CRYPT}$6$nYx1.kUyiXInC7XN$1o0YL1niGYJefns.f3WAOphx5gKSPjFBCkjKqOEgUoWUQ0PQAGQSoOGvW1LQnun47GXexoT02dcFYIQUbWPUM/", "SHA512-crypt", false),
    // slappasswd -o module-load=pw-sha2
    ("{SSHA256}OsiV/Sy4lASK86WDlqf35IzkQm4kJxeipbdeyoFqLrmhvKQnuN7bHA==", "{SSHA256}", false),
    ("{SSHA512}vDOffNcpY/kqVCPP44wFmlZchZeAPA4Dx+is6xpr4DFwBtzmBsxWgXnnDLbHV5eSzRKnp70XJhM3wi5emjGzk39P8XIIKwz0", "{SSHA512}", false),
    ("{SSHA384}8QAblktMO9I7s5PCZXcGvfX0kpfGYi572y0q+CocGed4y53DKqL3UXd1l9yhFl8ZR14mcLwsCms=", "{SSHA384}", false),
    ("{SHA512}tfIU8YD6woqUurRLkyss70HJDFqEFI2zICozXLVaj8u/fta5panlQxV+m+4ZS7zD1lnE7e3mD0aQppfVFcqc2w==", "{SHA512}", true),
    // slappasswd -o module-load=argon2 -h {ARGON2}
    ("{ARGON2}$argon2i$v=19$m=4096,t=3,p=1$jPt/nNPjdIvFTP5TxGXalA$hu4tFSoltgaJu+FFf8vXtkTvS2V5IB7JIxtopUHNGvM", "argon2i", false),
    // slappasswd -o module-load=pw-pbkdf2
    ("{PBKDF2-SHA256}10000$Zzgi6YEbVU5R0xRoS92G2g$QfTGzipVGLL5LGxRhqzMPOM4liI8x6B1yVtwPipTJKo", "PBKDF2-SHA256", false),
    // pwdhash -s PBKDF2_SHA256
    ("{PBKDF2_SHA256}AAAgANAdyWrjq8zIbfK15IX0imD170X8RmQ+lv3nREkGQZj0Ls+LuH11GRblUh7lGq2WqCE9INtmkiSxcY/v2VdDjDw195n675okVc3Qb8MrtT5iqoxhgvN3PR/WC0Sgktrff/BVKhEtEiFrhI11qVJE+dl+GvRwDHM39WH91DFEmO29MJxOpOWJeDXu9syFFG/XiwLaQXhgitdFc1pFzmLmAyW6Hb/qq5lIxB0ndlEd+IYKeANOpdSUlt+yHGGltYH/V5yO9WtHiZ/MHfa611OcBKkvutmTSmix8rPUVWp4+uARBVeqWeEpWWsvXvK36BpXFXMNxSu+M56rEA2jnS7lQ71kZimRJU7cxGtqlFwjOsFb0AbNGYXnRmIUgAo2rJ789HMjqJ0eQrPXVLKKUsiroho/yEmzIaBDa6D0kuAK6F6l", "PBKDF2-SHA256 (389 Directory Server)", false),
    // pwdhash -s PBKDF2-SHA256
    ("{PBKDF2-SHA256}10000$w/5TChlfmNS62gE39G6tTEZ3tqyKR7WF$rBRU3wdvvMVFhlJdGEDlxIffkmsKgNTAhUuPrCEkv0c=", "PBKDF2-SHA256", false),
];
