//! A fingerprint of what a picture shows, for recognising it again after it was made smaller, darker or saved anew.
//!
//! 64 bits of the lowest frequencies (a discrete cosine transform of 32 by 32 points), each above or below the median.
//! A crop or a turn gives another fingerprint.

use std::f32::consts::PI;

use image::DynamicImage;
use image::imageops::FilterType;

/// Bits that may differ between two versions of one picture.
pub const NEAR: u32 = 10;

const POINTS: usize = 32;
const LOW: usize = 8;

/// The fingerprint; `None` for a picture that shows next to nothing (one colour), where it would mean nothing.
pub fn of(picture: &DynamicImage) -> Option<u64> {
    let small = picture.thumbnail_exact(256, 256).to_luma8();
    let small = image::imageops::resize(&small, POINTS as u32, POINTS as u32, FilterType::Triangle);
    let points: Vec<f32> = small.as_raw().iter().map(|p| f32::from(*p)).collect();
    let (low, high) = points
        .iter()
        .fold((f32::MAX, f32::MIN), |(l, h), p| (l.min(*p), h.max(*p)));
    if high - low < 12.0 {
        return None;
    }
    let waves = transform(&points);
    let mut sorted: Vec<f32> = waves.iter().skip(1).copied().collect();
    sorted.sort_by(f32::total_cmp);
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    let bits = waves.iter().enumerate();
    Some(bits.fold(0, |hash, (n, w)| hash | u64::from(*w > median) << n))
}

/// The lowest frequencies, rows first and then columns.
fn transform(points: &[f32]) -> Vec<f32> {
    let wave = |n: usize, k: usize| (PI / POINTS as f32 * (n as f32 + 0.5) * k as f32).cos();
    let rows: Vec<f32> = points
        .chunks(POINTS)
        .flat_map(|row| {
            (0..LOW).map(move |k| row.iter().enumerate().map(|(n, p)| p * wave(n, k)).sum())
        })
        .collect();
    (0..LOW * LOW)
        .map(|at| {
            let (v, u) = (at / LOW, at % LOW);
            rows.chunks(LOW)
                .enumerate()
                .map(|(n, row)| row.get(u).copied().unwrap_or_default() * wave(n, v))
                .sum()
        })
        .collect()
}

/// A fingerprint as 16 hexadecimal digits.
pub fn write(hash: u64) -> String {
    format!("{hash:016x}")
}

/// Reads [`write`]'s form.
pub fn read(text: &str) -> Option<u64> {
    (text.len() == 16).then(|| u64::from_str_radix(text, 16).ok())?
}

/// Whether two fingerprints are those of one picture.
pub fn near(a: u64, b: u64) -> bool {
    (a ^ b).count_ones() <= NEAR
}
