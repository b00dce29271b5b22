/** Where the page begins: signs in by the link it was opened with, then shows the node and follows it. */
import { render } from "preact";
import { begin } from "./api/live.ts";
import { App } from "./app.tsx";

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
void begin();
