//! Where the middle of an Aztec code may be: rings of one width around a point. The reader looks for an Aztec code in
//! the middle of what it is shown only, so it is shown the surroundings of each such point.

use image::GrayImage;

/// Points that are tried.
const MOST: usize = 10;
/// Columns that are looked at.
const MOST_TRIES: usize = 4_000;
/// Runs that a line through the middle crosses before it meets what belongs to the message.
const RINGS: usize = 7;

/// A point and the width of its rings, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Middle {
    /// Across.
    pub x: u32,
    /// Down.
    pub y: u32,
    /// Width of one ring.
    pub ring: f32,
}

/// The points with rings around them, seen both across and down.
pub fn find(luma: &GrayImage) -> Vec<Middle> {
    let dark = Dark::of(luma);
    let mut out: Vec<Middle> = Vec::new();
    let mut tries = 0;
    for y in (0..luma.height()).step_by(2) {
        let row: Vec<bool> = (0..luma.width()).map(|x| dark.at(x, y)).collect();
        for (x, ring) in centres(&row) {
            // A wall of stripes would ask for every column on every row.
            tries += 1;
            if tries > MOST_TRIES {
                return out;
            }
            let column: Vec<bool> = (0..luma.height()).map(|y| dark.at(x, y)).collect();
            let down = centres(&column).into_iter().find(|(at, other)| {
                at.abs_diff(y) as f32 <= ring && *other < ring * 1.6 && ring < *other * 1.6
            });
            let Some((y, _)) = down else { continue };
            let known = |m: &Middle| {
                m.x.abs_diff(x) as f32 <= m.ring * 3.0 && m.y.abs_diff(y) as f32 <= m.ring * 3.0
            };
            if !out.iter().any(known) {
                out.push(Middle { x, y, ring });
            }
            if out.len() >= MOST {
                return out;
            }
        }
    }
    out
}

/// Middles of dark runs that stand among runs of one length.
fn centres(line: &[bool]) -> Vec<(u32, f32)> {
    let mut runs: Vec<(u32, u32, bool)> = Vec::new();
    for (at, dark) in line.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if run.2 == *dark => run.1 += 1,
            _ => runs.push((at as u32, 1, *dark)),
        }
    }
    let even = |window: &[(u32, u32, bool)]| {
        let sum: u32 = window.iter().map(|r| r.1).sum();
        let mean = sum as f32 / RINGS as f32;
        let alike = window
            .iter()
            .all(|r| (r.1 as f32) > mean * 0.5 && (r.1 as f32) < mean * 1.5 + 1.0);
        (mean >= 1.5 && alike).then_some(mean)
    };
    runs.windows(RINGS)
        .filter_map(|window| {
            let middle = window.get(RINGS / 2).filter(|m| m.2)?;
            Some((middle.0 + middle.1 / 2, even(window)?))
        })
        .collect()
}

/// Which points are darker than their surroundings.
struct Dark<'a> {
    luma: &'a GrayImage,
    /// Sums of all points above and to the left.
    sums: Vec<u32>,
    reach: u32,
}

impl<'a> Dark<'a> {
    fn of(luma: &'a GrayImage) -> Self {
        let (width, height) = luma.dimensions();
        let stride = width as usize + 1;
        let mut sums = vec![0_u32; stride * (height as usize + 1)];
        for (y, row) in luma.rows().enumerate() {
            let mut line = 0_u32;
            for (x, point) in row.enumerate() {
                line = line.wrapping_add(u32::from(point.0[0]));
                let above = sums.get(y * stride + x + 1).copied().unwrap_or_default();
                if let Some(slot) = sums.get_mut((y + 1) * stride + x + 1) {
                    *slot = above.wrapping_add(line);
                }
            }
        }
        let reach = (width.max(height) / 24).max(8);
        Self { luma, sums, reach }
    }

    fn at(&self, x: u32, y: u32) -> bool {
        let (width, height) = self.luma.dimensions();
        let (left, top) = (x.saturating_sub(self.reach), y.saturating_sub(self.reach));
        let (right, bottom) = ((x + self.reach).min(width), (y + self.reach).min(height));
        let stride = width as usize + 1;
        let sum = |x: u32, y: u32| {
            let at = y as usize * stride + x as usize;
            self.sums.get(at).copied().unwrap_or_default()
        };
        let area = (right - left) * (bottom - top);
        let total = sum(right, bottom)
            .wrapping_sub(sum(left, bottom))
            .wrapping_sub(sum(right, top))
            .wrapping_add(sum(left, top));
        u32::from(self.luma.get_pixel(x, y).0[0]) * area < total
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use rxing::{BarcodeFormat, MultiFormatWriter, Writer as _};

    #[test]
    fn the_middle_of_a_code_is_found_where_it_stands() {
        let code = "M1ROUX/LUCIE          EQ7XK2P CDGHNDAF 0274 328Y021A0043 100";
        let matrix = MultiFormatWriter
            .encode(code, &BarcodeFormat::AZTEC, 180, 180)
            .unwrap();
        let luma = GrayImage::from_fn(700, 500, |x, y| {
            let inside = (400..400 + matrix.getWidth()).contains(&x)
                && (250..250 + matrix.getHeight()).contains(&y);
            let dark = inside && matrix.get(x - 400, y - 250);
            image::Luma([if dark { 20 } else { 230 }])
        });
        let found = find(&luma);
        let middle = (400 + matrix.getWidth() / 2, 250 + matrix.getHeight() / 2);
        assert!(
            found
                .iter()
                .any(|m| m.x.abs_diff(middle.0) < 6 && m.y.abs_diff(middle.1) < 6),
            "{found:?} {middle:?}"
        );
        assert!(found.len() < 4);
    }
}
