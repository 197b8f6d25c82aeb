// Small helps on top of pages that work without them.
"use strict";

// Closes an open menu (a <details>) when focus or a click goes elsewhere, and on Escape, giving focus back.
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.self[open], details.menu[open], details.menu-bar[open]")) {
    if (!except || !menu.contains(except)) menu.open = false;
  }
}
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("focusin", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.activeElement?.closest("details[open]");
  closeMenus(null);
  open?.querySelector("summary")?.focus();
});

// A form is sent once: a second press while the first is under way does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  else if (!event.defaultPrevented && !form.hasAttribute("hx-post")) form.dataset.sent = "1";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Copies what stands in the element named by data-copy, and says so on the button.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  if (!source) return;
  await navigator.clipboard.writeText(source.value ?? source.textContent);
  const label = button.querySelector("span") ?? button;
  label.textContent = button.dataset.copied;
});
