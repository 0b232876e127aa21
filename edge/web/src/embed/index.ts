// The page's side of the embed channel, put together. A page that stands alone
// has nobody to listen to.

import { realClock } from "../protocol/clock";
import { call, type Meeting } from "./calls";
import { Door } from "./door";
import { report } from "./news";
import { reportLook } from "./looking";
import { listed } from "./origins";

export function embed(app: Meeting): void {
  if (window.parent === window) return;
  const door = new Door({ window, list: listed(document), clock: realClock }, (method, params) => call(app, method, params));
  report(app, (event, detail) => door.tell(event, detail));
  reportLook(app.look, (event, detail) => door.tell(event, detail));
}
