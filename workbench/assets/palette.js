// The box of Ctrl-K. Each text goes to Python a moment after the last key; choices that answer an older text are shown until
// those of the newer one are there. A choice is followed by clicking a link to it, which the router takes.
const PAUSE = 70; // milliseconds
// Outlives the box: a page that comes puts a new box in the old one's place, and what the reader opened or typed stays.
const kept = (window.latentTermsPalette ||= { wanted: false, text: "", toggle: null });

const shortcut = event => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    event.stopPropagation();
    if (kept.toggle) kept.toggle();
    else kept.wanted = !kept.wanted;
  }
};
if (!kept.listens) document.addEventListener("keydown", shortcut, true);
kept.listens = true;

export default function ({ parentElement, data, setTriggerValue }) {
  const [hint, dialog] = [parentElement.querySelector(".hint"), parentElement.querySelector("dialog")];
  const [input, list] = [dialog.querySelector("input"), dialog.querySelector("ul")];
  let chosen = 0;
  let waiting;

  const mark = place => {
    const rows = [...list.children];
    chosen = Math.max(0, Math.min(place, rows.length - 1));
    rows.forEach((row, at) => row.setAttribute("aria-selected", at === chosen));
    if (rows[chosen]) {
      rows[chosen].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", rows[chosen].id);
    }
  };
  const forget = () => Object.assign(kept, { wanted: false, text: "" });
  const close = () => {
    forget();
    dialog.close();
  };
  const open = choice => {
    close();
    const link = document.createElement("a");
    link.setAttribute("href", choice.href);
    document.body.append(link);
    link.click();
    link.remove();
  };
  const part = (name, text) => Object.assign(document.createElement("span"), { className: name, textContent: text });
  const rows = (data.choices || []).map((choice, at) => {
    const row = document.createElement("li");
    row.setAttribute("role", "option");
    row.id = `choice-${at}`;
    row.append(part("kind", choice.kind), part("title", choice.title), part("detail", choice.detail));
    row.addEventListener("click", () => open(choice));
    row.addEventListener("pointermove", () => at !== chosen && mark(at));
    return row;
  });
  list.replaceChildren(...rows);
  mark(0);

  const send = () => setTriggerValue("text", input.value);
  const show = () => {
    if (dialog.open) return;
    kept.wanted = true;
    input.value = kept.text;
    dialog.showModal();
    input.focus();
    send();
  };
  const toggle = () => (dialog.open ? close() : show());
  const typed = () => {
    kept.text = input.value;
    clearTimeout(waiting);
    waiting = setTimeout(send, PAUSE);
  };
  const pressed = event => {
    event.stopPropagation(); // the page's own keys are not meant
    if (event.key === "ArrowDown") mark(chosen + 1);
    else if (event.key === "ArrowUp") mark(chosen - 1);
    else if (event.key === "Enter" && data.choices && data.choices[chosen]) open(data.choices[chosen]);
    else return;
    event.preventDefault();
  };
  const outside = event => event.target === dialog && close();
  const listeners = [
    [hint, "click", show],
    [input, "input", typed],
    [dialog, "keydown", pressed],
    [dialog, "click", outside],
    [dialog, "cancel", forget], // by Esc
  ];
  for (const [on, name, listener] of listeners) on.addEventListener(name, listener);
  kept.toggle = toggle;
  if (kept.wanted) show();
  return () => {
    if (kept.toggle === toggle) kept.toggle = null;
    for (const [on, name, listener] of listeners) on.removeEventListener(name, listener);
  };
}
