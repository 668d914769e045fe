"use strict";
{ // says whether the list still follows
  const tell = (isConnected) => {
    const pulse = document.getElementById("pulse"), isStopped = document.querySelector("#tasks .stopped") !== null;
    const text = !isConnected ? "connecting" : isStopped ? "stopped" : "live";
    pulse.classList.toggle("off", text !== "live");
    if (pulse.textContent !== text) pulse.textContent = text;
  };
  let isConnected = false;
  for (const name of ["htmx:sse:after:connection", "htmx:sse:after:message"]) document.addEventListener(name, () => tell((isConnected = true)));
  for (const name of ["htmx:error", "htmx:response:error", "htmx:sse:error", "htmx:sse:close"]) document.addEventListener(name, () => tell((isConnected = false)));
  new MutationObserver(() => tell(isConnected)).observe(document.getElementById("tasks"), { childList: true });
}
