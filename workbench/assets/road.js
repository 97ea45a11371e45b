// The picture arrives as SVG that Python has made and escaped.
export default function ({ parentElement, data }) {
  parentElement.querySelector("figure").innerHTML = data.svg;
}
