"use strict";
{ // says whether the list still follows
  const tell = (isLive) => {
    const pulse = document.getElementById("pulse");
    pulse.classList.toggle("off", !isLive);
    if (pulse.textContent !== (isLive ? "live" : "connecting again")) pulse.textContent = isLive ? "live" : "connecting again";
  };
  for (const name of ["htmx:sse:after:connection", "htmx:sse:after:message"]) document.addEventListener(name, () => tell(true));
  for (const name of ["htmx:sse:error", "htmx:sse:close"]) document.addEventListener(name, () => tell(false));
}
