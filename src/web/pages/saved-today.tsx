/** What moved since midnight, here, and what did not have to. */
import type { JSX } from "preact";
import { call } from "../api/client.ts";
import { href } from "../route.ts";
import { bytes, savedPercent } from "../text/format.ts";
import { useData } from "../ui/use-data.ts";

/** A day does not change much in a moment. */
const REST_MS = 5000;

export function SavedToday(): JSX.Element {
  const { value } = useData((signal) => call("statsHistory", { from: midnight(), points: 1 }, signal), "today", {
    ...{ live: true, restMs: REST_MS, goesOn: () => true },
  });
  const { sent = 0, received = 0, fileBytes = 0, saved = { delta: 0, reuse: 0, compression: 0 } } = value?.totals ?? {};
  const { delta, reuse, compression } = saved;
  const all = delta + reuse + compression;
  const percent = savedPercent(fileBytes, all);
  const parts = `${bytes(delta)} by delta, ${bytes(reuse)} by reuse, ${bytes(compression)} by compression`;
  return (
    <>
      <dl class="facts number">
        <dt>Received today</dt>
        <dd>{bytes(received)}</dd>
        <dt>Sent today</dt>
        <dd>{bytes(sent)}</dd>
        <dt>Saved today</dt>
        <dd>
          {percent === undefined || all <= 0 ? "nothing yet" : `${bytes(all)}, ${percent} of what moved: ${parts}`}
        </dd>
      </dl>
      <p class="small">
        <a href={href("statistics")}>All statistics</a>
      </p>
    </>
  );
}

function midnight(): string {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate()).toISOString();
}
