// The browser's history has an entry for each state that the reader chose, and none beside; Back and Forward return to
// where one was on the page, and so does a reload. This stands in the page before Streamlit does.
(() => {
  const former = /^(FORMER)$/; // addresses of older versions (workbench/page/links.py)
  const AT_ONCE = 600, LATEST = 8000; // milliseconds
  const push = history.pushState.bind(history), replace = history.replaceState.bind(history);
  const places = JSON.parse(sessionStorage.getItem("latent terms: places") || "{}"); // entry -> how far it is scrolled
  let acted = false, onTheWay = false, returning = 0;
  const main = () => document.querySelector("[data-testid=stMain]");
  const running = () => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning";
  const numbered = (state, entry) => ({ ...state, entry });
  const next = () => {
    const entry = Number(sessionStorage.getItem("latent terms: entries") || 0) + 1;
    sessionStorage.setItem("latent terms: entries", entry);
    return entry;
  };

  // What the page adds to its address before the reader does anything, such as the first study, is no state of its
  // own. Neither is an older address, which leads on, nor the one that Streamlit makes on the way to another page: the
  // old page with the new page's choices, to which the reader has done nothing.
  history.pushState = (state, title, address) => {
    const to = new URL(address ?? location.href, location.href);
    const sameChoices = to.pathname !== location.pathname && to.search === location.search;
    const leadsOn = former.test(location.pathname.split("/").pop());
    const instead = !acted || leadsOn || (sameChoices && onTheWay);
    const opens = to.pathname !== location.pathname;
    onTheWay = !opens;
    if (instead) history.replaceState(state, title, address);
    else push(numbered(state, next()), title, address);
    if (opens && acted) {
      scrollTo(0);
      focusHeading();
    }
  };
  history.replaceState = (state, title, address) =>
    replace(numbered(state, history.state?.entry ?? next()), title, address);

  // Scroll to a place once the page is long enough, and again while it is still being drawn; the reader's hand ends it.
  const scrollTo = (place) => {
    const turn = ++returning, since = performance.now();
    let rests = 0;
    const step = () => {
      if (turn !== returning) return;
      if (main()) main().scrollTop = place;
      rests = running() ? 0 : rests + 1;
      const there = main() && Math.abs(main().scrollTop - place) < 2;
      const late = performance.now() - since > (there ? AT_ONCE : LATEST);
      if (late && rests > 5) returning = 0;
      else setTimeout(step, 50);
    };
    step();
  };
  // The link that was followed is gone with its page: who reads by keyboard goes on at the new page's heading.
  const focusHeading = () => {
    const since = performance.now();
    const step = () => {
      const heading = main()?.querySelector("h1");
      if (running() || !heading) {
        if (performance.now() - since < LATEST) setTimeout(step, 50);
      } else if (document.activeElement === document.body) {
        heading.tabIndex = -1;
        heading.focus({ preventScroll: true });
      }
    };
    setTimeout(step, 50);
  };
  const keep = () => sessionStorage.setItem("latent terms: places", JSON.stringify(places));
  const act = () => {
    acted = true;
    returning = 0;
  };
  for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"])
    addEventListener(kind, act, { capture: true, passive: true });
  const chooses = () => {
    acted = true;
    onTheWay = false;
  };
  for (const kind of ["pointerdown", "keydown", "click"]) addEventListener(kind, chooses, true); // or a script's click
  addEventListener(
    "scroll",
    (event) => {
      const entry = history.state?.entry;
      if (!returning && entry !== undefined && event.target === main()) places[entry] = event.target.scrollTop;
    },
    { capture: true, passive: true },
  );
  addEventListener("popstate", () => scrollTo(places[history.state?.entry] ?? 0));
  addEventListener("pagehide", keep);
  if (history.state?.entry === undefined) history.replaceState(history.state, "", location.href);
  else if (places[history.state.entry]) scrollTo(places[history.state.entry]);
})();
