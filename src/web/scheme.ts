/** Dark or light: as the system has it, until a person chooses. */
import { signal } from "@preact/signals";

type Scheme = "light" | "dark";

const KEY = "syncline-scheme";
const system = matchMedia("(prefers-color-scheme: dark)");

function stored(): Scheme | undefined {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : undefined;
  } catch {
    return undefined;
  }
}

export const scheme = signal<Scheme>(stored() ?? (system.matches ? "dark" : "light"));

/** Changes to the other one. */
export function chooseScheme(): void {
  scheme.value = scheme.value === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, scheme.value);
  } catch {
    // Storage is off: it holds for this page.
  }
}

scheme.subscribe((value) => {
  document.documentElement.dataset["scheme"] = value;
});
system.addEventListener("change", ({ matches }) => {
  if (stored() === undefined) scheme.value = matches ? "dark" : "light";
});
