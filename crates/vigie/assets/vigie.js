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
  else if (!event.defaultPrevented && (form.id === "compose" || !form.hasAttribute("hx-post"))) form.dataset.sent = "1";
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

// Passkeys: what needs a script is shown only where one runs and the browser can.
const canPasskey = Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON);
if (canPasskey) for (const part of document.querySelectorAll(".js-only")) part.hidden = false;

async function post(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  // A fresh proof is asked for first.
  if (answer.redirected) {
    location.assign(answer.url);
    return new Promise(() => {});
  }
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

async function passkey(work) {
  const problem = document.getElementById("passkey-problem");
  if (problem) problem.hidden = true;
  try {
    await work();
  } catch (error) {
    console.warn(error);
    if (problem) problem.hidden = false;
  }
}

document.getElementById("passkey-sign-in")?.addEventListener("click", () => passkey(async () => {
  const { ceremony, options } = await post("/passkey/sign-in/start", {});
  const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey) });
  const next = document.querySelector("[data-passkey-sign-in]").dataset.next;
  const done = await post("/passkey/sign-in/finish", { ceremony, answer: credential.toJSON(), next });
  location.assign(done.next);
}));

document.getElementById("passkey-add")?.addEventListener("click", (event) => {
  const { name } = event.currentTarget.dataset;
  passkey(async () => {
    const { ceremony, options } = await post("/passkey/add/start", {});
    const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey) });
    await post("/passkey/add/finish", { ceremony, answer: credential.toJSON(), name });
    location.reload();
  });
});

// An approval sealed with a passkey: the challenge is the digest of what is approved. Without a script, or without a
// passkey, the form is sent as it is.
document.querySelector("form[data-seal]")?.addEventListener("submit", (event) => {
  const form = event.target;
  if (!canPasskey || form.elements.assertion.value) return;
  event.preventDefault();
  delete form.dataset.sent;
  passkey(async () => {
    const options = JSON.parse(form.dataset.seal);
    const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey) });
    form.elements.assertion.value = JSON.stringify(credential.toJSON());
    form.requestSubmit();
  });
});

// The composer. The last answer of the check underlines what it found in the field that still holds the same text; the
// number of findings is said once; a picture is taken in as soon as it is chosen; leaving with unsaved words is asked.
const compose = document.getElementById("compose");
const live = document.getElementById("live");
if (compose && live) {
  const fields = [...compose.querySelectorAll("textarea[data-ink]")];
  const ink = () => {
    const answers = [...live.querySelectorAll(".marked")];
    for (const field of fields) {
      const under = field.previousElementSibling;
      const answer = answers.find((one) => one.textContent === field.value);
      under.replaceChildren(...(answer ? answer.cloneNode(true).childNodes : []));
      under.scrollTop = field.scrollTop;
    }
  };
  for (const field of fields) {
    field.addEventListener("input", ink);
    field.addEventListener("scroll", () => { field.previousElementSibling.scrollTop = field.scrollTop; });
  }
  document.documentElement.classList.add("inked");
  ink();

  const said = document.getElementById("live-said");
  const jump = document.querySelector("#live-jump span");
  document.body.addEventListener("htmx:afterSwap", () => {
    ink();
    const title = document.getElementById("findings-title")?.textContent ?? "";
    if (said.textContent !== title) said.textContent = title;
    if (jump) jump.textContent = title || jump.textContent;
  });

  // Where a text is only tried, nothing was going to be kept, and nobody is held back.
  if (!("private" in compose.dataset)) unsavedWords(compose);
}

function unsavedWords(compose) {
  const add = document.getElementById("add-picture");
  document.getElementById("file")?.addEventListener("change", (event) => {
    if (event.target.files.length) compose.requestSubmit(add);
  });

  let unsaved = location.pathname === "/posts/picture";
  addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

  compose.addEventListener("input", () => { unsaved = true; });
  compose.addEventListener("submit", () => { unsaved = false; });
}
