/** Traffic over the last two minutes: received above the line, sent below it. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { traffic } from "../api/live.ts";
import type { Rate } from "../api/traffic-log.ts";
import { bytes } from "../text/format.ts";

const SECONDS = 120;
const HEIGHT = 96;
/** What the axis shows at least, so that a ping is no mountain. */
const LEAST = 10_000;

export function Throughput(): JSX.Element {
  const now = useSignal(performance.now());
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) now.value = performance.now();
    }, 1000);
    return () => clearInterval(timer);
  }, []);
  const rates = traffic.value.rates(now.value, SECONDS);
  const top = Math.max(LEAST, ...rates.map(({ up, down }) => Math.max(up, down)));
  const last = rates.at(-1) ?? { up: 0, down: 0 };
  return (
    <figure class="throughput">
      <figcaption>
        <span class="down">↓ {bytes(last.down)}/s received</span>
        <span class="up">↑ {bytes(last.up)}/s sent</span>
        <span class="muted">2 min, peak {bytes(top)}/s</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${SECONDS} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Received ${bytes(last.down)} a second, sent ${bytes(last.up)} a second`}
      >
        <path class="down" d={area(rates, ({ down }) => -down / top)} />
        <path class="up" d={area(rates, ({ up }) => up / top)} />
        <path class="axis" d={`M0 ${HEIGHT / 2}H${SECONDS}`} />
      </svg>
    </figure>
  );
}

/** An area from the middle line; `of` gives -1 at the top and 1 at the bottom. */
function area(rates: readonly Rate[], of: (rate: Rate) => number): string {
  const middle = HEIGHT / 2;
  const points = rates.map((rate, x) => `L${x} ${(middle + of(rate) * (middle - 2)).toFixed(1)}`);
  return `M0 ${middle}${points.join("")}L${rates.length - 1} ${middle}Z`;
}
