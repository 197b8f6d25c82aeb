// Builds crates/vigie/assets/vendor from the packages of the lock file:
//   htmx.min.js   as published
//   icons.svg     one sprite with the icons named in icons.txt
//   atkinson.woff2 and atkinson-ext.woff2, the page's typeface (Latin and extended Latin)
//   NOTICES.txt   the licences of the above, served with them
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, "node_modules");
const out = join(here, "../crates/vigie/assets/vendor");
const lucide = join(packages, "lucide-static");
const font = join(packages, "@fontsource-variable/atkinson-hyperlegible-next");

function iconNames() {
  return readFileSync(join(here, "icons.txt"), "utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith("#"));
}

function symbol(name) {
  const path = join(lucide, "icons", `${name}.svg`);
  if (!existsSync(path)) throw new Error(`web/icons.txt: Lucide has no icon named "${name}"`);
  const svg = readFileSync(path, "utf8");
  const shapes = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s+/g, " ").trim()}</symbol>`;
}

function notice(title, folder) {
  return `${title}\n${"=".repeat(title.length)}\n\n${readFileSync(join(folder, "LICENSE"), "utf8")}\n`;
}

mkdirSync(out, { recursive: true });
copyFileSync(join(packages, "htmx.org/dist/htmx.min.js"), join(out, "htmx.min.js"));
copyFileSync(join(font, "files/atkinson-hyperlegible-next-latin-wght-normal.woff2"), join(out, "atkinson.woff2"));
copyFileSync(join(font, "files/atkinson-hyperlegible-next-latin-ext-wght-normal.woff2"), join(out, "atkinson-ext.woff2"));
writeFileSync(
  join(out, "icons.svg"),
  `<svg xmlns="http://www.w3.org/2000/svg" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${iconNames().map(symbol).join("")}</svg>\n`,
);
writeFileSync(
  join(out, "NOTICES.txt"),
  notice("htmx", join(packages, "htmx.org")) +
    notice("Lucide icons", lucide) +
    notice("Atkinson Hyperlegible Next", font),
);
