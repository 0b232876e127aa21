// The page of a partner who uses React, for the browser test alone: StrictMode
// mounts every component twice in development, and this is built as such.

import { StrictMode, useEffect, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import { createMeeting } from "../src/index";

window.told = [];
window.mounts = 0;

function Room({ url }) {
  const box = useRef(null);
  useEffect(() => {
    window.mounts++;
    const meeting = createMeeting(box.current, { url });
    window.meeting = meeting;
    meeting.on("joined", () => window.told.push("joined"));
    meeting.on("left", ({ reason }) => window.told.push(`left:${reason}`));
    meeting.on("error", ({ code }) => window.told.push(`error:${code}`));
    return () => meeting.destroy();
  }, [url]);
  return <div ref={box} style={{ width: 800, height: 500 }} />;
}

function Shop() {
  const [room, setRoom] = useState(window.rooms[0]);
  window.setRoom = setRoom;
  return room ? <Room url={room} /> : <p id="closed">Closed</p>;
}

createRoot(document.getElementById("shop")).render(
  <StrictMode>
    <Shop />
  </StrictMode>,
);
