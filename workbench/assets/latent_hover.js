// Show a latent's card while the pointer, or the keyboard, rests on a link to it. The card is asked for once, when it is first needed.
const PAUSE = 220; // milliseconds: a pointer that passes over asks for nothing
const known = new Map();
let card, anchor, waiting, ask;

const address = link => link.getAttribute("href") || link.getAttributeNS("http://www.w3.org/1999/xlink", "href") || "";
const latentLink = event => {
  const link = event.target.closest && event.target.closest("a");
  return link && !link.classList.contains("lt-token") && /^[a-z-]+\?(?:.*&)?latent=\d+(?:&|$)/.test(address(link)) ? link : null;
};

function place() {
  const app = getComputedStyle(document.querySelector(".stApp"));
  card.style.background = app.backgroundColor;
  card.style.color = app.color;
  card.style.display = "block";
  const at = anchor.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, window.innerWidth - card.offsetWidth - 8));
  const below = at.bottom + 8 + card.offsetHeight <= window.innerHeight;
  card.style.left = `${left}px`;
  card.style.top = `${below ? at.bottom + 8 : Math.max(8, at.top - 8 - card.offsetHeight)}px`;
}

function show() {
  const html = anchor && known.get(address(anchor));
  if (!html || !anchor.isConnected) return;
  card.innerHTML = html;
  place();
}

function hide() {
  clearTimeout(waiting);
  anchor = null;
  if (card) card.style.display = "none";
}

function enter(event) {
  const link = latentLink(event);
  if (!link || link === anchor) return;
  hide();
  anchor = link;
  waiting = setTimeout(() => (known.has(address(link)) ? show() : ask(address(link))), PAUSE);
}

function leave(event) {
  if (anchor && !anchor.contains(event.relatedTarget)) hide();
}

function install() {
  card = document.createElement("div");
  card.className = "lt-hover";
  card.setAttribute("role", "tooltip");
  document.body.append(card);
  document.addEventListener("mouseover", enter, true);
  document.addEventListener("focusin", enter, true);
  document.addEventListener("mouseout", leave, true);
  document.addEventListener("focusout", leave, true);
  document.addEventListener("click", hide, true);
  document.addEventListener("scroll", hide, true);
  document.addEventListener("keydown", event => event.key === "Escape" && hide(), true);
}

export default function ({ data, setTriggerValue }) {
  ask = wanted => setTriggerValue("wanted", wanted);
  if (!card) install();
  if (data && data.address) {
    known.set(data.address, data.html);
    if (anchor && address(anchor) === data.address) show();
  }
}
