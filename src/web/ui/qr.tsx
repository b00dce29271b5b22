import type { JSX } from "preact";
import { qrCode } from "../../shared/qr-code.ts";

const QUIET = 4;

/** A text as a QR code, dark on white in both colour schemes, as readers want it. */
export function Qr({ text, label }: { readonly text: string; readonly label: string }): JSX.Element | null {
  const code = qrCode(new TextEncoder().encode(text));
  if (code === undefined) return null;
  const size = code.length + 2 * QUIET;
  const dark = code.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x + QUIET} ${y + QUIET}h1v1h-1z`] : [])),
  );
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={dark.join("")} fill="#000" />
    </svg>
  );
}
