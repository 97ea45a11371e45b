// Save a chart as it stands on the page. Plotly's program is not at hand by a name, but its own button is: hidden, with the
// format that it takes.
export default function ({ parentElement, data }) {
  const save = event => {
    const button = event.target.closest("button");
    const plot = document.querySelector(`.st-key-${CSS.escape(data.figure)} .js-plotly-plot`);
    const camera = plot && plot.querySelector('.modebar-btn[data-title*="ownload plot"]');
    if (!button || !camera) return;
    const kind = button.dataset.kind;
    plot._context.toImageButtonOptions = { format: kind, filename: data.name, scale: kind === "png" ? 3 : 1 };
    camera.click();
  };
  parentElement.addEventListener("click", save);
  return () => parentElement.removeEventListener("click", save);
}
