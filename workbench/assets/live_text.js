// Send the text a moment after the last key, and a pasted one at once. Text that comes from Python is taken over unless the reader is
// typing: an answer to an older text must not overwrite a newer one.
const PAUSE = 150; // milliseconds

export default function ({ parentElement, data, setTriggerValue }) {
  const area = parentElement.querySelector("textarea");
  area.placeholder = data.placeholder;
  area.maxLength = data.longest;
  area.setAttribute("aria-label", data.placeholder);
  if (area.getRootNode().activeElement !== area && area.value !== data.text) area.value = data.text;
  let waiting;
  const send = () => setTriggerValue("text", area.value);
  const typed = event => {
    clearTimeout(waiting);
    const whole = ["insertFromPaste", "insertFromDrop"].includes(event.inputType);
    waiting = setTimeout(send, whole ? 0 : PAUSE);
  };
  area.addEventListener("input", typed);
  return () => area.removeEventListener("input", typed);
}
