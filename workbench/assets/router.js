// Follow links inside the app without a reload: a plain click on one sends its address to Python.
// A click with a modifier key is the browser's, so that a link still opens in a new tab.
const inside = /^(PAGES)\?/; // workbench/page/links.py names them

// On a narrow screen the sidebar covers the page, which its link is about to show.
const closeSidebar = (anchor) => {
  const sidebar = anchor.closest("[data-testid=stSidebar]");
  if (sidebar && window.innerWidth < 768)
    sidebar.querySelector("[data-testid=stSidebarCollapseButton] button")?.click();
};

const NARROW = window.matchMedia("(max-width: 640px)"); // what CSS cannot do there, such as a table's columns, Python does

export default function ({ setStateValue, setTriggerValue }) {
  const tellWidth = () => {
    if (window.latentTermsNarrow === NARROW.matches) return;
    window.latentTermsNarrow = NARROW.matches;
    setStateValue("narrow", NARROW.matches);
  };
  if (NARROW.matches || window.latentTermsNarrow) tellWidth();
  NARROW.addEventListener("change", tellWidth);
  const follow = (event) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const anchor = event.target.closest && event.target.closest("a");
    const address =
      anchor &&
      (anchor.getAttribute("href") || anchor.getAttributeNS("http://www.w3.org/1999/xlink", "href"));
    if (!address || !inside.test(address)) return;
    event.preventDefault();
    event.stopPropagation();
    closeSidebar(anchor);
    setTriggerValue("follow", address);
  };
  document.addEventListener("click", follow, true);
  return () => {
    document.removeEventListener("click", follow, true);
    NARROW.removeEventListener("change", tellWidth);
  };
}
