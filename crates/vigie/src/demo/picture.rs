//! A drawing for the example's posts: three tins on a shelf in the morning. Drawn by code, so that no file is shipped.

use anyhow::Result;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

const WIDTH: u32 = 960;
const HEIGHT: u32 = 540;

/// A tin: its left side, its width, its top, and its colour.
const TINS: [(u32, u32, u32, [u8; 3]); 3] = [
    (190, 150, 210, [31, 107, 92]),
    (405, 170, 170, [231, 148, 42]),
    (640, 140, 230, [28, 78, 128]),
];
/// Where the shelf begins.
const SHELF: u32 = 430;

/// The drawing, as PNG. `shade` (0 to 40) varies the light.
///
/// # Errors
/// Never for a picture of this size.
pub fn tins(shade: u8) -> Result<Vec<u8>> {
    let picture = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| Rgb(colour(x, y, shade)));
    let mut out = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture).write_to(&mut out, ImageFormat::Png)?;
    Ok(out.into_inner())
}

fn colour(x: u32, y: u32, shade: u8) -> [u8; 3] {
    for (left, width, top, paint) in TINS {
        if (left..left + width).contains(&x) && (top..SHELF).contains(&y) {
            let lid = y < top + 26;
            let label =
                (top + 80..top + 150).contains(&y) && (left + 16..left + width - 16).contains(&x);
            // A tin is round: darker towards its sides.
            let side = (x - left).abs_diff(width / 2) * 60 / width;
            let tone = if label { [246, 240, 228] } else { paint };
            let dim = side + u32::from(lid) * 24;
            return tone.map(|c| darker(c, dim));
        }
    }
    if y >= SHELF {
        return [116, 84, 58].map(|c| darker(c, (y - SHELF) / 3));
    }
    let light = (HEIGHT - y) * 40 / HEIGHT;
    [232, 222, 206].map(|c| darker(c, 40 - light.min(40) + u32::from(shade)))
}

fn darker(colour: u8, by: u32) -> u8 {
    colour.saturating_sub(u8::try_from(by).unwrap_or(u8::MAX))
}
