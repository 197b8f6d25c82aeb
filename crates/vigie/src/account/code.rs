//! One-time codes: those of an authenticator app (RFC 6238), and recovery codes on paper.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use totp_rs::{Algorithm, Builder, Totp};

/// How many recovery codes there are.
pub const RECOVERY: usize = 10;
/// Letters and digits that nobody mixes up.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789x";

/// A fresh secret for an authenticator app: 160 bits.
///
/// # Errors
/// No randomness from the system.
pub fn secret() -> anyhow::Result<[u8; 20]> {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes)
        .map_err(|e| anyhow::anyhow!("no randomness from the system: {e}"))?;
    Ok(bytes)
}

fn totp(secret: &[u8]) -> anyhow::Result<Totp> {
    // SHA-1 is what every authenticator app really does; collisions do not matter in HMAC.
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(secret.to_vec())
        .build()
        .map_err(|e| anyhow::anyhow!("totp: {e}"))
}

/// The step that a code belongs to, one step early or late allowed. The caller spends the step, so that a code works
/// once.
pub fn step(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    if digits.len() != 6 {
        return None;
    }
    let seconds = u64::try_from(now.as_second()).ok()?;
    let step = totp(secret).ok()?.check(&digits, seconds)?;
    i64::try_from(step).ok()
}

/// The code of a moment, for tests of the whole way.
///
/// # Errors
/// A secret that is none.
pub fn code_at(secret: &[u8], now: Timestamp) -> anyhow::Result<String> {
    let seconds = u64::try_from(now.as_second())?;
    Ok(totp(secret)?.generate(seconds).to_string())
}

/// The secret as people type it: base32 in groups of four.
pub fn typed(secret: &[u8]) -> String {
    base32(secret)
        .as_bytes()
        .chunks(4)
        .map(|c| String::from_utf8_lossy(c).into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The address in the QR code.
pub fn address(secret: &[u8], issuer: &str, login: &str) -> String {
    let part = |text: &str| crate::web::encode(&text.replace(':', " ")).replace('+', "%20");
    format!(
        "otpauth://totp/{0}:{1}?secret={2}&issuer={0}",
        part(issuer),
        part(login),
        base32(secret)
    )
}

/// The QR code as SVG, dark on light whatever the theme: cameras want it so.
///
/// # Errors
/// An address too long for a QR code.
pub fn picture(address: &str) -> anyhow::Result<String> {
    let code = qrcode::QrCode::new(address.as_bytes())?;
    let svg = code
        .render::<qrcode::render::svg::Color<'_>>()
        .min_dimensions(200, 200)
        .dark_color(qrcode::render::svg::Color("#000000"))
        .light_color(qrcode::render::svg::Color("#ffffff"))
        .build();
    // The XML declaration has no place inside a page.
    Ok(svg
        .find("<svg")
        .and_then(|at| svg.get(at..))
        .unwrap_or_default()
        .to_owned())
}

fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut out = String::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            let index = usize::try_from((bits >> held) & 31).unwrap_or(0);
            out.push(char::from(LETTERS[index]));
        }
    }
    if held > 0 {
        let index = usize::try_from((bits << (5 - held)) & 31).unwrap_or(0);
        out.push(char::from(LETTERS[index]));
    }
    out
}

/// Fresh recovery codes: ten of fifty bits each.
///
/// # Errors
/// No randomness from the system.
pub fn recovery() -> anyhow::Result<Vec<String>> {
    let mut bytes = [0; RECOVERY * 10];
    getrandom::fill(&mut bytes)
        .map_err(|e| anyhow::anyhow!("no randomness from the system: {e}"))?;
    Ok(bytes
        .chunks(10)
        .map(|chunk| {
            let letters: String = chunk
                .iter()
                .map(|b| char::from(ALPHABET[usize::from(b & 31)]))
                .collect();
            let (a, b) = letters.split_at(5);
            format!("{a}-{b}")
        })
        .collect())
}

/// What is kept of a recovery code. Its fifty random bits need no slow hash.
pub fn recovery_hash(code: &str) -> [u8; 32] {
    let plain: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    Sha256::new()
        .chain_update(b"vigie-recovery\n")
        .chain_update(plain)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_6238() {
        let secret = b"12345678901234567890";
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (20_000_000_000, "353130"),
        ] {
            let now = Timestamp::from_second(second).unwrap();
            assert_eq!(code_at(secret, now).unwrap(), code);
            assert_eq!(step(secret, code, now), Some(second / 30));
        }
        let late = Timestamp::from_second(59 + 90).unwrap();
        assert_eq!(step(secret, "287082", late), None);
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI");
    }

    #[test]
    fn recovery_codes_are_read_however_they_are_typed() {
        let codes = recovery().unwrap();
        assert_eq!(codes.len(), RECOVERY);
        let code = &codes[0];
        assert_eq!(
            recovery_hash(code),
            recovery_hash(&code.to_uppercase().replace('-', " "))
        );
        assert_ne!(recovery_hash(code), recovery_hash(&codes[1]));
    }
}
