//! Passwords: what is taken, how it is kept (argon2id), how it is compared.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};

/// Fewest characters.
pub const FEWEST: usize = 12;
/// Most bytes: hashing must stay bounded.
const MOST: usize = 1024;

/// 19 MiB, two passes, one lane: OWASP's second choice for argon2id, about 30 ms on a small server.
fn argon() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The key of what is wrong with a password; `None` when it is taken. No rules about kinds of characters: length and
/// not being guessable are what counts (ASVS 6.2).
pub fn problem(password: &str, about: &[&str]) -> Option<&'static str> {
    if password.chars().count() < FEWEST {
        return Some("password-too-short");
    }
    if password.len() > MOST {
        return Some("password-too-long");
    }
    let folded = password.to_lowercase();
    let mut different: Vec<char> = folded.chars().collect();
    different.sort_unstable();
    different.dedup();
    let known = COMMON
        .iter()
        .any(|common| folded.starts_with(common) && folded.len() <= common.len() + 4);
    let personal = personal(&folded, about);
    (different.len() < 5 || known || personal).then_some("password-guessable")
}

/// Whether little is left of a password without the words of its owner and company.
fn personal(folded: &str, about: &[&str]) -> bool {
    let mut words: Vec<String> = about
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.chars().count() >= 3)
        .map(str::to_lowercase)
        .collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut left = folded.to_owned();
    for word in words {
        left = left.replace(&word, "");
    }
    left.len() < folded.len() && left.chars().filter(|c| c.is_alphanumeric()).count() < 8
}

/// What the long passwords of leaked lists begin with.
const COMMON: &[&str] = &[
    "123456789012",
    "1234567890",
    "qwertyuiop",
    "azertyuiop",
    "password1234",
    "passwordpassword",
    "motdepasse",
    "administrator",
    "administrateur",
    "letmeinletmein",
    "iloveyouiloveyou",
    "jetaimejetaime",
    "abcdefghijkl",
    "qwerty123456",
    "azerty123456",
    "welcomewelcome",
    "bienvenue",
    "soleilsoleil",
    "changemechangeme",
];

/// The hash to keep.
///
/// # Errors
/// No randomness, no memory.
pub async fn hash(password: String) -> anyhow::Result<String> {
    tokio::task::spawn_blocking(move || {
        let hash = argon()
            .hash_password(password.as_bytes())
            .map_err(|e| anyhow::anyhow!("argon2: {e}"))?;
        Ok(hash.to_string())
    })
    .await?
}

/// Whether the password fits. Without a hash the same work is done, so that the time tells nobody who exists.
pub async fn fits(password: String, hash: Option<String>) -> bool {
    let work = tokio::task::spawn_blocking(move || match hash.as_deref().map(PasswordHash::new) {
        Some(Ok(hash)) => argon().verify_password(password.as_bytes(), &hash).is_ok(),
        _ => {
            let _ = argon().hash_password(password.as_bytes());
            false
        }
    });
    work.await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let kept = hash("correct horse battery".into()).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(fits("correct horse battery".into(), Some(kept.clone())).await);
        assert!(!fits("correct horse batterz".into(), Some(kept)).await);
        assert!(!fits("anything".into(), None).await);
    }

    #[test]
    fn short_and_guessable_ones_are_refused() {
        let about = ["Inès Caron", "ines", "Atelier Merlin"];
        for bad in [
            "short",
            "aaaaaaaaaaaaaaaa",
            "Motdepasse123",
            "123456789012",
            "atelier merlin1",
            "InèsCaronAtelierMerlin2026",
        ] {
            assert!(problem(bad, &about).is_some(), "{bad}");
        }
        assert_eq!(problem("le chat dort sur le toit", &about), None);
    }
}
