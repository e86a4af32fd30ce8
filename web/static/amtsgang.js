// Comfort only: every page works without this file.

const summary = document.querySelector("[data-focus]");
if (summary) summary.focus();

// A wide diagram opens where the work is.
const active = document.querySelector(".diagram .node.incident, .diagram .node.active");
if (active) {
  const frame = active.closest(".diagram");
  const [here, all] = [active.getBoundingClientRect(), frame.getBoundingClientRect()];
  frame.scrollLeft += here.left - all.left - (all.width - here.width) / 2;
  frame.scrollTop += here.top - all.top - (all.height - here.height) / 2;
}

const form = document.querySelector("form[data-keep]");
if (form) {
  document.documentElement.classList.add("scripted");
  let dirty = summary !== null;
  let leaving = false;
  form.addEventListener("input", () => { dirty = true; });
  form.addEventListener("submit", () => { leaving = true; });
  window.addEventListener("beforeunload", (event) => {
    if (dirty && !leaving) event.preventDefault();
  });

  // A choice may show or hide fields; the server says which.
  if ("conditional" in form.dataset) {
    let asked = 0;
    form.addEventListener("change", async (event) => {
      if (!event.target.matches("select, [type=radio], [type=checkbox]")) return;
      const mine = ++asked;
      const posted = new URLSearchParams(new FormData(form));
      posted.set("aktion", "anzeigen");
      const answer = await fetch(form.action, { method: "POST", body: posted });
      if (!answer.ok || answer.redirected || mine !== asked) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("felder");
      const old = document.getElementById("felder");
      if (!fresh || !old || new URLSearchParams(new FormData(form)).toString() !== without(posted)) return;
      const focused = document.activeElement && document.activeElement.id;
      old.replaceWith(fresh);
      if (focused) document.getElementById(focused)?.focus();
    });
  }
}

// What was typed while the answer was on its way must not be overwritten.
function without(posted) {
  const plain = new URLSearchParams(posted);
  plain.delete("aktion");
  return plain.toString();
}

// A jump from the summary of faults lands in the field itself.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".note a[href^='#']");
  const target = link && document.getElementById(link.hash.slice(1));
  const field = target && (target.matches("fieldset") ? target.querySelector("input, select, textarea") : target);
  if (field) { event.preventDefault(); field.focus(); field.scrollIntoView({ block: "center" }); }
});

// Too much is said before it is sent: a server can only break off.
const files = document.querySelector("input[type=file][data-most-bytes]");
if (files) {
  const fault = document.getElementById(`${files.id}-fehler`);
  files.addEventListener("change", () => {
    const size = [...files.files].reduce((sum, file) => sum + file.size, 0);
    const [mostFiles, mostBytes] = [Number(files.dataset.mostFiles), Number(files.dataset.mostBytes)];
    let said = "";
    if (files.files.length > mostFiles) said = `Höchstens ${mostFiles} Dateien auf einmal, gewählt sind ${files.files.length}.`;
    else if (size > mostBytes) said = `Zusammen höchstens ${Math.floor(mostBytes / 2 ** 20)} MB, gewählt sind ${Math.ceil(size / 2 ** 20)} MB.`;
    fault.textContent = said;
    files.setCustomValidity(said);
  });
}
